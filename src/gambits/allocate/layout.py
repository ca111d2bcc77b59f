"""The columns of the master programme: which number stands for what.

φ[i,t] is the funded fraction of initiative i at the end of period t, p[i,t] its progress (where returns
diminish), θ a term of the objective, which cuts bound from above. Where a rule needs to know whether an
initiative gets money at all, a switch says so (0 or 1), and another when a whole one begins. Money is counted in
parts of the total budget, so that the solver's absolute tolerances mean the same in dollars and in billions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.eligible import own_reason
from gambits.allocate.limits import ABSENT, Quantities
from gambits.allocate.money import money_paid, paid_before, paid_by, prices
from gambits.allocate.response import progress_of
from gambits.allocate.waiting import held_back
from gambits.forecast.bill import Bill, serving_bill
from gambits.forecast.curves import Curve
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Need, Portfolio
from gambits.quantities.periods import Periods

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]
    Columns = NDArray[np.int32]

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Choice:
    """A need that some of several can meet: ``who`` waits for k of n, and ``part`` says how far each meets it.

    ``part`` has shape (n, T): columns of min(φ of one / share, φ of who waits); ``ABSENT`` where it is 0.
    """

    who: int
    key: str
    need: Need
    rows: tuple[int, ...]
    part: Columns


@dataclass(frozen=True)
class Layout:
    """Which column stands for what.

    Attributes
    ----------
    initiatives
        The I initiatives that may get money or have had some, in the order of the portfolio.
    funded, progress
        Shape (I, T): columns of φ and p; the same column where returns do not diminish; ``ABSENT`` where
        there can be no money.
    effect
        Shape (I, T): columns of g(p), the part of its effects that an initiative is expected to reach, where its
        cost is a range; ``ABSENT`` elsewhere.
    curves
        g of each initiative by its id.
    paid
        Shape (I, T): φ if nothing more is paid. No column lies below it, and where there is none φ is this.
    before
        Shape (I,): φ before the first period.
    switch
        Shape (I,): columns that are 1 where an initiative gets money, shared by the stages of one; ``ABSENT`` where
        no rule asks.
    begin
        Shape (I, T): columns that are 1 in the period in which a whole initiative that takes several begins.
    choices
        The needs that some of several can meet.
    fund
        Shape (F, P, T): columns of money from a fund for the work of a path (in the order of ``paths``) by the end
        of a period, in parts of the total budget.
    bill
        Shape (T,): columns of what serving tokens takes from the budget in each period, in parts of the total;
        ``ABSENT`` where it takes nothing.
    serving
        What that is for a plan; None where it is nothing.
    worth
        Shape (K,): columns of θ by period, ``ABSENT`` where the period has no weight.
    tail
        The column of θ of the tail, ``ABSENT`` without aversion and floor.
    names, lower, upper
        Of every column, its name and its least and largest value, infinite where there is none: their order is
        their number.
    """

    portfolio: Portfolio
    gambit: Gambit
    initiatives: tuple[Initiative, ...]
    funded: Columns
    progress: Columns
    effect: Columns
    curves: Mapping[str, Curve]
    paid: Array
    before: Array
    switch: Columns
    begin: Columns
    choices: tuple[Choice, ...]
    fund: Columns
    bill: Columns
    serving: Bill | None
    worth: Columns
    tail: int
    names: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    paths: tuple[str, ...] = field(default=())

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """Row of each initiative."""
        return {each.id: i for i, each in enumerate(self.initiatives)}

    @cached_property
    def entries(self) -> Mapping[str, tuple[int, ...]]:
        """Rows of the parts of each initiative of the file."""
        return _entries(self.initiatives)

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """The periods by name."""
        return self.portfolio.periods.names

    @property
    def now(self) -> int:
        """The first period that is still to be decided."""
        return self.portfolio.now

    @cached_property
    def open(self) -> NDArray[np.int64]:
        """The periods that are still to be decided."""
        return np.arange(self.now, self.funded.shape[1])

    @cached_property
    def binary(self) -> NDArray[np.int32]:
        """The columns that are 0 or 1."""
        found = np.concatenate([self.switch, self.begin.ravel()])
        return np.unique(found[found != ABSENT]).astype(np.int32)

    @property
    def budget(self) -> float:
        """The total budget that money is counted in; 1 where there is none."""
        return self.portfolio.budget.total or 1.0

    @cached_property
    def prices(self) -> Array:
        """Shape (T,): what the same work costs in a period, against the first one that is open."""
        return prices(self.portfolio)

    @cached_property
    def costs(self) -> Array:
        """Shape (I,): cost of each initiative in parts of the total budget, at the prices of the first open period."""
        return np.array([each.price for each in self.initiatives]) / self.budget

    @cached_property
    def spent(self) -> Array:
        """Shape (I,): money paid in periods of the horizon that are over, in parts of the total budget."""
        return np.asarray(money_paid(self.initiatives, self.funded.shape[1]).sum(axis=1) / self.budget)

    def at(self, i: ArrayLike, t: ArrayLike) -> Quantities:
        """Give φ[i,t], broadcast; before the first period for negative t."""
        rows, when = np.broadcast_arrays(np.asarray(i), np.asarray(t))
        seen = np.maximum(when, 0)
        columns = np.where(when >= 0, self.funded[rows, seen], ABSENT)
        known = np.where(when >= 0, self.paid[rows, seen], self.before[rows])
        return Quantities(columns.astype(np.int32), np.where(columns == ABSENT, known, 0.0))

    def made_at(self, i: ArrayLike, t: ArrayLike) -> Quantities:
        """Give p[i,t], broadcast; before the first period for negative t."""
        columns, known = self.at(i, t)
        rows, when = np.broadcast_arrays(np.asarray(i), np.asarray(t))
        found = np.where(columns == ABSENT, ABSENT, self.progress[rows, np.maximum(when, 0)]).astype(np.int32)
        for k, each in enumerate(self.initiatives):
            known[rows == k] = progress_of(each.response, known[rows == k])
        return Quantities(found, np.where(found == ABSENT, known, 0.0))

    def money_in(self, i: ArrayLike, t: ArrayLike) -> list[tuple[Quantities, Array]]:
        """Give the terms of what initiatives receive in open periods, in parts of the total budget."""
        rows, when = np.broadcast_arrays(np.asarray(i), np.asarray(t))
        factor = self.costs[rows] * self.prices[when]
        return [(self.at(rows, when), factor), (self.at(rows, when - 1), -factor)]

    def money_by(self, i: ArrayLike, t: ArrayLike) -> list[tuple[Quantities, Array]]:
        """Give the terms of what initiatives receive from now to the end of open periods."""
        rows, when = np.broadcast_arrays(np.asarray(i), np.asarray(t))
        costs, prices = self.costs[rows], self.prices
        terms = [
            (self.at(rows, when), costs * prices[when]),
            (self.at(rows, np.full(when.shape, self.now - 1)), -costs * prices[self.now]),
        ]
        if prices[-1] > prices[self.now]:
            # Work done earlier was cheaper: Σ price · growth of φ, summed by parts.
            for u in range(self.now, len(prices) - 1):
                factor = np.where(u < when, costs * (prices[u] - prices[u + 1]), 0.0)
                terms.append((self.at(rows, np.full(when.shape, u)), factor))
        return terms

    def total(self, i: ArrayLike) -> list[tuple[Quantities, Array]]:
        """Give the terms of what initiatives receive from now to the end of the horizon."""
        return self.money_by(i, self.funded.shape[1] - 1)


def lay_out(
    portfolio: Portfolio,
    gambit: Gambit,
    initiatives: tuple[Initiative, ...],
    weights: tuple[float, ...],
    aversion: float,
    curves: Mapping[str, Curve] = MappingProxyType({}),
    *,
    bare: bool = False,
) -> Layout:
    """Number the columns. Names begin with the number, since PuLP 3 sorts columns by name.

    Initiatives with one of the ``curves`` have columns for how far along it they are. A ``bare`` layout has every
    column, so that every rule is a row: for the search of a conflict.
    """
    numbered = _Columns()
    periods = portfolio.periods.names
    paid, before = paid_by(initiatives, len(periods)), paid_before(initiatives)
    most = (
        np.where(np.arange(len(periods)) < portfolio.now, paid, 1.0)
        if bare
        else ceilings(portfolio, gambit, initiatives)
    )
    funded = np.full(paid.shape, ABSENT, dtype=np.int32)
    progress, effect = funded.copy(), funded.copy()
    low = paid.copy()
    for i, each in enumerate(initiatives):
        low[i, -1] = max(low[i, -1], portfolio.asked.get(each.id, 0.0))
    for i, each in enumerate(initiatives):
        for t in np.flatnonzero(most[i] > paid[i]):
            funded[i, t] = progress[i, t] = numbered.add(low[i, t], most[i, t], "funded", each.id, periods[t])
            if not each.response.is_linear:
                least, highest = (float(progress_of(each.response, part[i, t])) for part in (low, most))
                progress[i, t] = numbered.add(least, highest, "progress", each.id, periods[t])
            if each.id in curves:
                column = progress[i, t]
                ends = np.array([numbered.lower[column], numbered.upper[column]])
                none, all_of_it = curves[each.id].at(ends)[0].tolist()
                effect[i, t] = numbered.add(none, all_of_it, "effect", each.id, periods[t])
    counted = Periods(portfolio.periods.first, len(weights)).names
    worth = [
        numbered.add(-math.inf, math.inf, "worth", name) if weight > 0 and aversion < 1 else ABSENT
        for name, weight in zip(counted, weights, strict=True)
    ]
    has_tail = aversion > 0 or gambit.cvar_floor is not None
    tail = numbered.add(-math.inf, math.inf, "tail") if has_tail else ABSENT
    paths = tuple(sorted({each.path for each in initiatives}))
    return Layout(
        portfolio=portfolio,
        gambit=gambit,
        initiatives=initiatives,
        funded=funded,
        progress=progress,
        effect=effect,
        curves=curves,
        paid=paid,
        before=before,
        switch=_switches(numbered, portfolio, gambit, initiatives),
        begin=_begins(numbered, portfolio, initiatives, paid),
        choices=_choices(numbered, portfolio, initiatives, funded),
        fund=_funds(numbered, portfolio, paths),
        bill=_bills(numbered, portfolio),
        serving=serving_bill(portfolio),
        worth=np.array(worth, dtype=np.int32),
        tail=tail,
        names=tuple(numbered.names),
        lower=tuple(numbered.lower),
        upper=tuple(numbered.upper),
        paths=paths,
    )


class _Columns:
    """Columns numbered one after another."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.lower: list[float] = []
        self.upper: list[float] = []

    def add(self, low: float, high: float, kind: str, *parts: str) -> int:
        self.lower.append(float(low))
        self.upper.append(float(high))
        # LP files know no -, / or space in names; ids have no dots.
        readable = "_".join((kind, *parts)).replace("-", ".").replace("/", ".")
        self.names.append(f"c{len(self.names):06d}_{readable}")
        return len(self.names) - 1


def ceilings(portfolio: Portfolio, gambit: Gambit, initiatives: tuple[Initiative, ...]) -> Array:
    """Give the most that φ can be by the end of each period, shape (I, T): by start, pace, money, prerequisites.

    Where it is what has been paid there is no column, and elsewhere it bounds the column: near 0 the tangents of a
    power lie too far above it to do so.
    """
    count, now = portfolio.periods.count, portfolio.now
    paid, before = paid_by(initiatives, count), paid_before(initiatives)
    if not initiatives:
        return paid
    budget = portfolio.budget
    released = np.sum([budget.per_period, *(fund.per_period for fund in budget.funds)], axis=0)
    money = np.minimum(np.cumsum(released), budget.total)
    elapsed = np.arange(1, count + 1)
    rows = []
    for each, done in zip(initiatives, paid, strict=True):
        begun = done[now - 1] if now else done[0]
        earliest = max(each.start, now)
        most = np.minimum(np.clip((elapsed - earliest) / each.takes, 0, None), money / each.price)
        is_stopped = own_reason(each, portfolio, gambit) is not None
        rows.append(done if is_stopped else np.where(elapsed > now, begun + most, done))
    most = np.maximum(np.minimum(np.array(rows), 1.0), paid)
    return held_back(initiatives, most, paid, before)


def _entries(initiatives: Iterable[Initiative]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for i, each in enumerate(initiatives):
        found.setdefault(each.entry, []).append(i)
    return {id: tuple(rows) for id, rows in sorted(found.items())}


def _switches(numbered: _Columns, portfolio: Portfolio, gambit: Gambit, initiatives: tuple[Initiative, ...]) -> Columns:
    counts = portfolio.counts.fewest > 0 or portfolio.counts.most is not None or gambit.most_initiatives is not None
    excluded = {id for ids in portfolio.excludes for id in ids}
    columns = np.full(len(initiatives), ABSENT, dtype=np.int32)
    for id, rows in _entries(initiatives).items():
        parts = [initiatives[i] for i in rows]
        if counts or id in excluded or any(each.whole or each.minimum > 0 for each in parts):
            if parts[0].is_size:
                columns[list(rows)] = [numbered.add(0, 1, "switch", each.id) for each in parts]
            else:
                columns[list(rows)] = numbered.add(0, 1, "switch", id)
    return columns


def _begins(numbered: _Columns, portfolio: Portfolio, initiatives: tuple[Initiative, ...], paid: Array) -> Columns:
    columns = np.full(paid.shape, ABSENT, dtype=np.int32)
    for i, each in enumerate(initiatives):
        if each.whole and each.takes > 1:
            last = portfolio.periods.count - instalments(each, float(paid[i, -1]))
            for t in range(max(each.start, portfolio.now), last + 1):
                columns[i, t] = numbered.add(0, 1, "begin", each.id, portfolio.periods.names[t])
    return columns


def instalments(initiative: Initiative, paid: float) -> int:
    """Say in how many equal parts the rest of a whole initiative is paid, at its own pace."""
    return max(1, math.ceil(initiative.takes * (1 - paid) - _ROUNDING))


def _choices(
    numbered: _Columns, portfolio: Portfolio, initiatives: tuple[Initiative, ...], funded: Columns
) -> tuple[Choice, ...]:
    number = {each.id: i for i, each in enumerate(initiatives)}
    names = portfolio.periods.names
    found = []
    for j, each in enumerate(initiatives):
        for key, needs in (("requires", each.requires), ("after", each.after)):
            for need in needs:
                rows = tuple(number[id] for id in need.of if id in number)
                if len(need.of) == 1:
                    continue
                part = np.full((len(rows), len(names)), ABSENT, dtype=np.int32)
                for n, i in enumerate(rows):
                    for t in np.flatnonzero(funded[j] != ABSENT):
                        part[n, t] = numbered.add(0, 1, "part", each.id, initiatives[i].id, names[t])
                found.append(Choice(j, key, need, rows, part))
    return tuple(found)


def _funds(numbered: _Columns, portfolio: Portfolio, paths: tuple[str, ...]) -> Columns:
    funds, names = portfolio.budget.funds, portfolio.periods.names
    columns = np.full((len(funds), len(paths), len(names)), ABSENT, dtype=np.int32)
    for f, fund in enumerate(funds):
        for p in (p for p, path in enumerate(paths) if path in fund.paths):
            for t in range(portfolio.now, len(names)):
                columns[f, p, t] = numbered.add(0, 1, "fund", re.sub(r"\W", "_", fund.name), paths[p], names[t])
    return columns


def _bills(numbered: _Columns, portfolio: Portfolio) -> Columns:
    names = portfolio.periods.names
    if not portfolio.budget.includes_serving:
        return np.full(len(names), ABSENT, dtype=np.int32)
    return np.array([numbered.add(0, math.inf, "serving", name) for name in names], dtype=np.int32)
