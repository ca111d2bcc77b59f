"""The master programme: funded fractions by initiative and period, and every rule that limits them.

Columns are φ[i,t] (funded fraction at the end of period t), p[i,t] (progress, where returns diminish) and one
θ for each term of the objective, which cuts bound from above. Money is counted in parts of the total budget,
so that the solver's absolute tolerances mean the same in dollars and in billions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pulp

from gambits.allocate.response import lines, progress_of
from gambits.allocate.solver import LiveModel, expression
from gambits.errors import BrokenRule, Where
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Portfolio
from gambits.quantities.periods import Periods

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Columns = NDArray[np.int32]

ABSENT: Final = -1
"""Stands in an array of columns where there is no column: the quantity is 0."""


_LARGEST_EXPONENT: Final = 10
"""Rows whose largest coefficient is below 2 to this power are stated as they are."""

PAID: Final = "money that is paid stays paid"
"""A rule that nobody could drop."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One row: low ≤ Σ coefficient · column ≤ high, and the rule of the user's that it holds."""

    name: str
    terms: dict[int, float]
    low: float
    high: float
    rule: BrokenRule


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column stands for what.

    Attributes
    ----------
    initiatives
        The I initiatives that may get money, in the order of the portfolio.
    funded, progress
        Shape (I, T): columns of φ and p; the same column where returns do not diminish; ``ABSENT`` where
        there can be no money yet.
    worth
        Shape (K,): columns of θ by period, ``ABSENT`` where the period has no weight.
    tail
        The column of θ of the tail, ``ABSENT`` without aversion and floor.
    names, upper
        Of every column, its name and its largest value: their order is their number.
    """

    portfolio: Portfolio
    gambit: Gambit
    initiatives: tuple[Initiative, ...]
    funded: Columns
    progress: Columns
    worth: Columns
    tail: int
    names: tuple[str, ...]
    upper: tuple[float | None, ...]

    @property
    def ids(self) -> dict[str, int]:
        """Row of each initiative."""
        return {each.id: i for i, each in enumerate(self.initiatives)}

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods by name."""
        return self.portfolio.periods.names

    @property
    def budget(self) -> float:
        """The total budget that money is counted in; 1 where there is none."""
        return self.portfolio.budget.total or 1.0

    def cost(self, i: int) -> float:
        """Cost of initiative i in parts of the total budget."""
        return self.initiatives[i].price / self.budget

    def last(self, i: int) -> int:
        """The column of what initiative i has received at the end."""
        return int(self.funded[i, -1])


def lay_out(
    portfolio: Portfolio,
    gambit: Gambit,
    initiatives: tuple[Initiative, ...],
    weights: tuple[float, ...],
    aversion: float,
    *,
    bare: bool = False,
) -> Layout:
    """Number the columns. Names begin with the number, since PuLP 3 sorts columns by name.

    A ``bare`` layout has every column, so that every rule is a row: for the search of a conflict.
    """
    shape = (len(initiatives), portfolio.periods.count)
    funded = np.full(shape, ABSENT, dtype=np.int32)
    progress = np.full(shape, ABSENT, dtype=np.int32)
    names: list[str] = []
    upper: list[float | None] = []
    most = np.ones(shape) if bare else ceilings(portfolio, initiatives)

    def column(limit: float | None, kind: str, *parts: str) -> int:
        upper.append(limit)
        # LP files know no -, / or space in names; ids have no dots.
        readable = "_".join((kind, *parts)).replace("-", ".").replace("/", ".")
        names.append(f"c{len(names):06d}_{readable}")
        return len(names) - 1

    for i, each in enumerate(initiatives):
        for t, period in enumerate(portfolio.periods.names):
            if most[i, t] > 0:
                funded[i, t] = progress[i, t] = column(most[i, t], "funded", each.id, period)
                if not each.response.is_linear:
                    highest = float(progress_of(each.response, most[i, t]))
                    progress[i, t] = column(highest, "progress", each.id, period)
    counted = Periods(portfolio.periods.first, len(weights)).names
    worth = [
        column(None, "worth", name) if weight > 0 and aversion < 1 else ABSENT
        for name, weight in zip(counted, weights, strict=True)
    ]
    return Layout(
        portfolio=portfolio,
        gambit=gambit,
        initiatives=initiatives,
        funded=funded,
        progress=progress,
        worth=np.array(worth, dtype=np.int32),
        tail=column(None, "tail") if aversion > 0 or gambit.cvar_floor is not None else ABSENT,
        names=tuple(names),
        upper=tuple(upper),
    )


def ceilings(portfolio: Portfolio, initiatives: tuple[Initiative, ...]) -> Array:
    """Give the most that φ can be by the end of each period, shape (I, T): by start, pace, money, prerequisites.

    Where it is 0 there is no column, and elsewhere it bounds the column: near 0 the tangents of a power lie too
    far above it to do so.
    """
    released = np.minimum(np.cumsum(portfolio.budget.per_period), portfolio.budget.total)
    elapsed = np.arange(1, portfolio.periods.count + 1)
    rows = [np.clip((elapsed - each.start) / each.takes, 0, released / each.price) for each in initiatives]
    most = np.minimum(np.array(rows).reshape(len(initiatives), portfolio.periods.count), 1.0)
    number = {each.id: i for i, each in enumerate(initiatives)}
    moved = True
    while moved:
        before = most.copy()
        for i, each in enumerate(initiatives):
            for name in each.requires + each.after:
                most[i] = np.minimum(most[i], most[number[name]])
        moved = not np.array_equal(before, most)
    return most


def _terms(*pairs: tuple[int, float]) -> dict[int, float]:
    """Add up coefficients by column, leaving out what is absent."""
    terms: dict[int, float] = {}
    for column, coefficient in pairs:
        if column != ABSENT:
            terms[column] = terms.get(column, 0.0) + coefficient
    return terms


def _in_period(columns: Columns, i: int, t: int, factor: float) -> list[tuple[int, float]]:
    """Give the terms of factor · (φ[i,t] − φ[i,t−1]): what initiative i receives in period t."""
    return [(int(columns[i, t]), factor), (int(columns[i, t - 1]) if t else ABSENT, -factor)]


def keep_what_is_paid(layout: Layout) -> Iterator[Limit]:
    """Money is not taken back: φ[i,t−1] ≤ φ[i,t]."""
    rule = BrokenRule(PAID, Where(layout.portfolio.file))
    for i, each in enumerate(layout.initiatives):
        for t in range(1, layout.funded.shape[1]):
            yield Limit(
                f"keep_{each.id}_{layout.periods[t]}",
                _terms(*_in_period(layout.funded, i, t, -1.0)),
                -np.inf,
                0.0,
                rule,
            )


def pace(layout: Layout) -> Iterator[Limit]:
    """An initiative that takes n periods gets at most 1/n of its cost in one: φ[i,t] − φ[i,t−1] ≤ 1/n."""
    for i, each in enumerate(layout.initiatives):
        if each.takes > 1:
            rule = _rule(layout, each, "takes", f"{each.id} takes {each.takes} periods")
            for t in range(layout.funded.shape[1]):
                yield Limit(
                    f"pace_{each.id}_{layout.periods[t]}",
                    _terms(*_in_period(layout.funded, i, t, 1.0)),
                    -np.inf,
                    1 / each.takes,
                    rule,
                )


def wait_for_the_start(layout: Layout) -> Iterator[Limit]:
    """No money before the start: φ[i,t] ≤ 0. The master has no such columns, and so no such rows."""
    for i, each in enumerate(layout.initiatives):
        if each.start > 0:
            names = layout.periods
            when = names[each.start] if each.start < len(names) else "after the horizon"
            rule = _rule(layout, each, "start", f"{each.id} starts in {when}")
            terms = _terms(*((int(column), 1.0) for column in layout.funded[i, : each.start]))
            if terms:
                yield Limit(f"start_{each.id}", terms, -np.inf, 0.0, rule)


def fund_what_must_be(layout: Layout) -> Iterator[Limit]:
    """What must be funded is, at the end: φ[i,T] ≥ 1."""
    for i, each in enumerate(layout.initiatives):
        if each.must:
            rule = _rule(layout, each, "must", f"{each.id} must be funded")
            yield Limit(f"must_{each.id}", _terms((layout.last(i), 1.0)), 1.0, np.inf, rule)


def fund_prerequisites_first(layout: Layout) -> Iterator[Limit]:
    """A successor is funded only as far as what it waits for: φ[j,t] ≤ φ[i,t]."""
    for j, each in enumerate(layout.initiatives):
        for key, names in (("requires", each.requires), ("after", each.after)):
            for name in names:
                rule = _rule(layout, each, key, f"{each.id} waits for {name} ({key})")
                i = layout.ids[name]
                for t in range(layout.funded.shape[1]):
                    pairs = ((int(layout.funded[j, t]), 1.0), (int(layout.funded[i, t]), -1.0))
                    yield Limit(f"{key}_{each.id}_{name}_{layout.periods[t]}", _terms(*pairs), -np.inf, 0.0, rule)


def limit_spend(layout: Layout) -> Iterator[Limit]:
    """Money spent by the end of t ≤ money released by then, or in each period its own release; and the total."""
    budget = layout.portfolio.budget
    costs = [layout.cost(i) for i in range(len(layout.initiatives))]
    released = np.array(budget.per_period) / layout.budget
    if budget.carry_over:
        released = np.cumsum(released)
    for t, name in enumerate(layout.periods):
        pairs = []
        for i, cost in enumerate(costs):
            pairs += [(int(layout.funded[i, t]), cost)] if budget.carry_over else _in_period(layout.funded, i, t, cost)
        rule = BrokenRule(f"the budget by {name}", layout.portfolio.place("budget.per_period"))
        yield Limit(f"budget_{name}", _terms(*pairs), -np.inf, float(released[t]), rule)
    if budget.total < sum(budget.per_period):
        pairs = [(layout.last(i), cost) for i, cost in enumerate(costs)]
        rule = BrokenRule(f"the total budget of {budget.total:g}", layout.portfolio.place("budget.total"))
        yield Limit("budget_total", _terms(*pairs), -np.inf, budget.total / layout.budget, rule)
    if layout.gambit.reserve:
        pairs = [(layout.last(i), cost) for i, cost in enumerate(costs)]
        words = f"{layout.gambit.name}'s reserve of {layout.gambit.reserve:.0%}"
        spendable = (1 - layout.gambit.reserve) * budget.total / layout.budget
        rule = BrokenRule(words, layout.gambit.place("reserve"))
        yield Limit("reserve", _terms(*pairs), -np.inf, spendable, rule)


def limit_resources(layout: Layout) -> Iterator[Limit]:
    """What the money of a period uses of a resource ≤ its capacity in that period."""
    for resource in layout.portfolio.resources:
        scale = max(resource.capacity) or 1.0
        for t, name in enumerate(layout.periods):
            pairs = []
            for i, each in enumerate(layout.initiatives):
                if resource.name in each.uses:
                    pairs += _in_period(layout.funded, i, t, each.uses[resource.name].central / scale)
            place = layout.portfolio.place(f"resources.{resource.name}.capacity")
            rule = BrokenRule(f"the capacity of {resource.name} in {name}", place)
            if pairs:
                capacity = resource.capacity[t] / scale
                yield Limit(f"resource_{resource.name}_{name}", _terms(*pairs), -np.inf, capacity, rule)


def hold_shares(layout: Layout) -> Iterator[Limit]:
    """A path's money lies within its share of the money on the paths that shares are of."""
    gambit = layout.gambit
    counted = [(i, each) for i, each in enumerate(layout.initiatives) if each.path in gambit.share_paths]
    for path, share in gambit.shares.items():
        place = gambit.place(f"shares.{path}")
        rule = BrokenRule(f"{gambit.name}'s share of {path}: {share}", place)

        def beyond(fraction: float, path: str = path) -> dict[int, float]:
            return _terms(*((layout.last(i), layout.cost(i) * ((each.path == path) - fraction)) for i, each in counted))

        if share.low == share.high:
            yield Limit(f"share_{path}", beyond(share.low), 0.0, 0.0, rule)
        else:
            yield Limit(f"share_{path}_low", beyond(share.low), 0.0, np.inf, rule)
            yield Limit(f"share_{path}_high", beyond(share.high), -np.inf, 0.0, rule)


def limit_each(layout: Layout) -> Iterator[Limit]:
    """No initiative gets more than the gambit's part of the total budget."""
    gambit = layout.gambit
    if gambit.most_for_one is None:
        return
    rule = BrokenRule(f"{gambit.name}'s most for one: {gambit.most_for_one:.0%}", gambit.place("most_for_one"))
    for i, each in enumerate(layout.initiatives):
        if layout.cost(i) > gambit.most_for_one:
            yield Limit(
                f"most_{each.id}",
                _terms((layout.last(i), layout.cost(i))),
                -np.inf,
                gambit.most_for_one,
                rule,
            )


def limit_extrapolation(layout: Layout) -> Iterator[Limit]:
    """Money on gains that reach beyond their evidence ≤ the gambit's part of all money."""
    cap = layout.gambit.extrapolation_cap
    if cap is None:
        return
    beyond = [layout.portfolio.reaches_beyond(each) for each in layout.initiatives]
    pairs = [(layout.last(i), layout.cost(i) * (far - cap)) for i, far in enumerate(beyond)]
    rule = BrokenRule(
        f"{layout.gambit.name}'s cap of {cap:.0%} on extrapolation", layout.gambit.place("extrapolation_cap")
    )
    yield Limit("extrapolation", _terms(*pairs), -np.inf, 0.0, rule)


def hold_floor(layout: Layout) -> Iterator[Limit]:
    """The tail is worth at least the gambit's floor: θ[tail] ≥ floor; cuts bound θ[tail] by what the tail is worth."""
    floor = layout.gambit.cvar_floor
    if floor is not None:
        rule = BrokenRule(f"{layout.gambit.name}'s floor of {floor:g} OOM", layout.gambit.place("cvar_floor"))
        yield Limit("cvar_floor", {layout.tail: 1.0}, floor, np.inf, rule)


BLOCKS: Final[tuple[Callable[[Layout], Iterator[Limit]], ...]] = (
    keep_what_is_paid,
    pace,
    wait_for_the_start,
    fund_what_must_be,
    fund_prerequisites_first,
    limit_spend,
    limit_resources,
    hold_shares,
    limit_each,
    limit_extrapolation,
    hold_floor,
)


@dataclass(frozen=True, slots=True)
class Programme:
    """The master as stated: its layout, its limits, and the PuLP problem with its live solver."""

    layout: Layout
    limits: tuple[Limit, ...]
    model: LiveModel = field(compare=False)


def formulate(layout: Layout, aversion: float) -> Programme:
    """State the master: maximise (1 − λ) Σ θ[k] + λ θ[tail] under every rule.

    Parameters
    ----------
    layout
        The columns.
    aversion
        λ, the weight of the tail.
    """
    limits = tuple(limit for block in BLOCKS for limit in block(layout))
    goal = [(int(k), aversion - 1.0) for k in layout.worth if k != ABSENT]
    goal += [(layout.tail, -aversion)] if aversion > 0 else []
    nothing = fixed_at_zero(layout, limits)
    return Programme(layout, limits, build(layout, (*limits, *diminishing(layout)), goal, nothing))


def build(
    layout: Layout,
    limits: tuple[Limit, ...],
    goal: list[tuple[int, float]],
    nothing: Container[int] = frozenset(),
) -> LiveModel:
    """Write columns, limits and what to minimise, as (column, coefficient), into PuLP; ``nothing`` stays at 0."""
    problem = pulp.LpProblem("gambits", pulp.LpMinimize)
    columns = [
        problem.add_variable(name, None if most is None else 0, 0 if k in nothing else most)
        for k, (name, most) in enumerate(zip(layout.names, layout.upper, strict=True))
    ]
    problem.setObjective(expression((columns[k], coefficient) for k, coefficient in goal))
    state(problem, columns, limits)
    return LiveModel(problem, columns)


def fixed_at_zero(layout: Layout, limits: tuple[Limit, ...]) -> set[int]:
    """Find the columns that the rules hold at 0, as shares that cannot be met do.

    A row Σ c·x ≤ 0 whose live coefficients are all above 0 leaves nothing to any of them; one row can decide
    the next. Progress goes with its funded fraction: near 0 its tangents would leave it loose.
    """
    zero: set[int] = set()
    made = {int(f): int(p) for f, p in zip(layout.funded.flat, layout.progress.flat, strict=True)}
    size = -1
    while size < len(zero):
        size = len(zero)
        for limit in limits:
            live = {k: c for k, c in limit.terms.items() if k not in zero and c}
            down = limit.high <= 0 and all(c > 0 for c in live.values())
            up = limit.low >= 0 and limit.low < np.inf and all(c < 0 for c in live.values())
            if live and (down or up) and set(live) <= set(made):
                zero |= {k for column in live for k in (column, made[column])}
    return zero


def state(problem: Any, columns: list[Any], limits: tuple[Limit, ...]) -> None:
    """Write limits into a PuLP problem."""
    for number, limit in enumerate(limits):
        if not limit.terms and limit.low <= 0 <= limit.high:
            continue
        # A row without columns that cannot hold is kept, so that the solver says so.
        terms = limit.terms or {0: 0.0}
        scale = _scale(terms.values())
        left = expression((columns[k], coefficient * scale) for k, coefficient in terms.items())
        name = f"r{number:06d}_{limit.name}".replace("-", ".").replace("/", ".").replace(" ", ".")
        if limit.low == limit.high:
            problem += (left - limit.low * scale == 0), name
        elif limit.high < np.inf:
            problem += (left <= limit.high * scale), name
        else:
            problem += (left >= limit.low * scale), name


def _scale(coefficients: Iterable[float]) -> float:
    """Give the power of two that brings a row's coefficients down to a thousand: HiGHS refuses those above 1e15."""
    _, exponent = math.frexp(max(map(abs, coefficients)))
    return math.ldexp(1.0, -max(0, exponent - _LARGEST_EXPONENT))


def diminishing(layout: Layout) -> Iterator[Limit]:
    """Progress lies below lines that touch its curve: p[i,t] ≤ slope · φ[i,t] + intercept."""
    rule = BrokenRule("diminishing returns", Where(layout.portfolio.file))
    for i, each in enumerate(layout.initiatives):
        if each.response.is_linear:
            continue
        for t in np.flatnonzero(layout.funded[i] != ABSENT):
            for n, (slope, intercept) in enumerate(lines(each.response)):
                pairs = ((int(layout.progress[i, t]), 1.0), (int(layout.funded[i, t]), -slope))
                yield Limit(f"response_{each.id}_{layout.periods[t]}_{n}", _terms(*pairs), -np.inf, intercept, rule)


def _rule(layout: Layout, initiative: Initiative, key: str, words: str) -> BrokenRule:
    return BrokenRule(words, layout.portfolio.place(initiative.key(key)))
