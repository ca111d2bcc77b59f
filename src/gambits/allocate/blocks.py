"""Rules of money, time and dependence as rows: one block a function, its formula in its docstring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.eligible import own_reason, place_of, waits
from gambits.allocate.layout import Layout
from gambits.allocate.limits import ABSENT, NO_LIMITS, Limits, Quantities, Term, joined, limits, unknown
from gambits.allocate.waiting import ahead, picked
from gambits.errors import BrokenRule, Where
from gambits.portfolio.model import Initiative, Need
from gambits.words import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Rows = NDArray[np.int64]

PAID: Final = "money that is paid stays paid"
MEANING: Final = "what the programme's own columns mean"
STRUCTURE: Final = frozenset({PAID, MEANING})
"""Rules that nobody could drop."""


def structure(layout: Layout, words: str = MEANING) -> BrokenRule:
    """Give a rule that says what columns mean: no user wrote it."""
    return BrokenRule(words, Where(layout.portfolio.file))


def rule_of(layout: Layout, i: int, key: str, words: str) -> BrokenRule:
    """Give the rule that stands below a key of an initiative."""
    return BrokenRule(words, place_of(layout.portfolio, layout.initiatives[i], key))


def keep_what_is_paid(layout: Layout) -> Limits:
    """Money is not taken back: φ[i,t−1] ≤ φ[i,t]."""
    i, t = (layout.funded != ABSENT).nonzero()
    # Below the first column of a row lies what was paid, which bounds that column already.
    i, t = i[t > layout.now], t[t > layout.now]
    names = _names("keep", layout, i, t)
    return limits(names, structure(layout, PAID), [(layout.at(i, t), 1.0), (layout.at(i, t - 1), -1.0)], low=0.0)


def pace(layout: Layout) -> Limits:
    """An initiative that takes n periods gets at most 1/n of its cost in one: φ[i,t] − φ[i,t−1] ≤ 1/n.

    A whole one has its pace from its start (``begin_once``).
    """
    takes = np.array([1 if each.whole else each.takes for each in layout.initiatives], dtype=int)
    i, t = ((layout.funded != ABSENT) & (takes > 1)[:, np.newaxis]).nonzero()
    rules = {
        int(k): rule_of(layout, k, "takes", f"{layout.initiatives[k].id} takes {takes[k]} periods")
        for k in np.unique(i)
    }
    terms: list[Term] = [(layout.at(i, t), 1.0), (layout.at(i, t - 1), -1.0)]
    return limits(_names("pace", layout, i, t), [rules[int(k)] for k in i], terms, high=1 / takes[i])


def wait_for_the_start(layout: Layout) -> Limits:
    """No money before the start: φ[i,t] ≤ what has been paid. The master has no such columns, and so no such rows."""
    parts = []
    for i, each in enumerate(layout.initiatives):
        t = np.flatnonzero(layout.funded[i, : each.start] != ABSENT)
        if len(t):
            when = layout.periods[each.start] if each.start < len(layout.periods) else "after the horizon"
            rule = rule_of(layout, i, "start", f"{each.id} starts in {when}")
            terms = [(layout.at(i, t[-1:]), 1.0)]
            parts.append(limits([f"start_{each.id}"], rule, terms, high=layout.paid[i, t[-1:]]))
    return joined(parts)


def stop_what_may_not_go_on(layout: Layout) -> Limits:
    """What has had money and may get no more stays as it is: φ[i,T] ≤ what has been paid, by columns in the master."""
    parts = []
    for i, each in enumerate(layout.initiatives):
        reason = own_reason(each, layout.portfolio, layout.gambit)
        if reason is not None and layout.funded[i, -1] != ABSENT:
            terms = [(layout.at([i], -1 % layout.funded.shape[1]), 1.0)]
            parts.append(limits([f"stop_{each.id}"], reason, terms, high=layout.paid[i, -1]))
    return joined(parts)


def fund_what_must_be(layout: Layout) -> Limits:
    """What must be funded is, at the end: φ[i,T] ≥ 1, and one size of several: Σ φ[i,T] ≥ 1 over the sizes."""
    parts = []
    for id, rows in layout.entries.items():
        first = layout.initiatives[rows[0]]
        if not first.must:
            continue
        rule = rule_of(layout, rows[0], "must", f"{id} must be funded")
        sets = [rows] if first.is_size else [(i,) for i in rows]
        for together in sets:
            name = f"must_{id if first.is_size else layout.initiatives[together[0]].id}"
            parts.append(limits([name], rule, _at_the_end(layout, together), low=1.0))
    return joined(parts)


def fund_prerequisites_first(layout: Layout) -> Limits:
    """A successor is funded only as far as what it waits for: φ[j,t] ≤ φ[i,t−lag] / share.

    What it was paid ahead of them before now stays ahead.
    """
    parts = []
    for j, each in enumerate(layout.initiatives):
        t = np.flatnonzero(layout.funded[j] != ABSENT)
        for key, need in _needs(each):
            if len(need.of) > 1 or not len(t):
                continue
            extra = _ahead(layout, j, need)[t]
            i = layout.ids.get(need.of[0])
            before: list[Term] = [] if i is None else [(layout.at(i, t - need.lag), -1 / need.share)]
            names = (f"{key}_{each.id}_{need.of[0]}_{layout.periods[k]}" for k in t)
            rule = waits(layout.portfolio, each, key, need)
            parts.append(limits(names, rule, [(layout.at(j, t), 1.0), *before], high=extra))
    return joined(parts)


def choose_among_prerequisites(layout: Layout) -> Limits:
    """Of n it waits for, k are enough: Σ_i min(φ[i,t−lag] / share, φ[j,t]) ≥ k · φ[j,t].

    A column m[i,t] is each minimum: m ≤ φ[i,t−lag] / share, m ≤ φ[j,t], Σ m ≥ k · φ[j,t]. Paid ahead stays ahead.
    """
    parts = []
    for choice in layout.choices:
        j, need = choice.who, choice.need
        each = layout.initiatives[j]
        t = np.flatnonzero(layout.funded[j] != ABSENT)
        if not len(t):
            continue
        extra = _ahead(layout, j, need)[t]
        theirs = "_".join((choice.key, each.id))
        for i, part in zip(choice.rows, choice.part[:, t], strict=True):
            other = layout.initiatives[i].id
            met: list[Term] = [(unknown(part), 1.0)]
            names = [f"{theirs}_{other}_{layout.periods[k]}" for k in t]
            meaning = structure(layout)
            parts.append(limits(names, meaning, [*met, (layout.at(i, t - need.lag), -1 / need.share)], high=0.0))
            own = [f"{name}_own" for name in names]
            parts.append(limits(own, meaning, [*met, (layout.at(j, t), -1.0)], high=-extra))
        enough: list[Term] = [(unknown(part), 1.0) for part in choice.part[:, t]]
        names = [f"{theirs}_{layout.periods[k]}" for k in t]
        rule = waits(layout.portfolio, each, choice.key, need)
        terms = [*enough, (layout.at(j, t), -float(need.count))]
        parts.append(limits(names, rule, terms, low=-need.count * extra))
    return joined(parts)


def limit_spend(layout: Layout) -> Limits:
    """Money spent by the end of t ≤ money released by then, or in each period its own release; and the total.

    Money of the horizon that was spent before now is counted; where it is more than was released, nothing more is
    spent until it is not. Money from funds is not the budget's own. The bill for serving tokens is spent as well, where
    the budget includes it.
    """
    if not len(layout.open):
        return NO_LIMITS
    budget = layout.portfolio.budget
    spent = layout.spent.sum()
    rows, t = np.arange(len(layout.initiatives)), layout.open[:, np.newaxis]
    by = layout.money_by(rows, t) if budget.carry_over else layout.money_in(rows, t)
    released = np.array(budget.per_period) / layout.budget
    allowed = np.maximum(np.cumsum(released) - spent, 0.0) if budget.carry_over else released
    place = layout.portfolio.place("budget.per_period")
    names = [layout.periods[k] for k in layout.open]
    rules = [BrokenRule(f"the budget by {name}", place) for name in names]
    terms = [*by, *_from_funds(layout), *_for_serving(layout)]
    parts = [limits([f"budget_{name}" for name in names], rules, terms, high=allowed[layout.open])]
    everything = [*_at_once(layout.total(rows)), (unknown(layout.bill[np.newaxis]), 1.0)]
    for name, words, part, where in _ceilings(layout):
        high = max(part * budget.total / layout.budget - spent, 0.0)
        parts.append(limits([name], BrokenRule(words, where), everything, high=high))
    return joined(parts)


def _for_serving(layout: Layout) -> list[Term]:
    """Give the bill of each open period, and with carry-over of those before it."""
    if not layout.portfolio.budget.carry_over:
        return [(unknown(layout.bill[layout.open]), 1.0)]
    until = np.arange(len(layout.bill)) <= layout.open[:, np.newaxis]
    return [(unknown(np.broadcast_to(layout.bill, until.shape)), until)]


def _ceilings(layout: Layout) -> Iterator[tuple[str, str, float, Where]]:
    """List (name, words, part of the total, place) of the ceilings over the horizon."""
    portfolio, gambit = layout.portfolio, layout.gambit
    budget = portfolio.budget
    released = sum(budget.per_period) + sum(sum(fund.per_period) for fund in budget.funds)
    # The sum of the releases is a ceiling of its own only where it is not the last of the periods' limits.
    if budget.total < released or (layout.spent.any() and not budget.carry_over):
        yield "budget_total", f"the total budget of {budget.total:g}", 1.0, portfolio.place("budget.total")
    if budget.reserve:
        words = f"the budget's reserve of {percent(budget.reserve)}"
        yield "budget_reserve", words, 1 - budget.reserve, portfolio.place("budget.reserve")
    if gambit.reserve:
        words = f"{gambit.name}'s reserve of {percent(gambit.reserve)}"
        yield "reserve", words, 1 - gambit.reserve, gambit.place("reserve")


def _from_funds(layout: Layout) -> list[Term]:
    """Take the money of funds from what the budget has to pay, in each open period."""
    columns = layout.fund[:, :, layout.open].reshape(-1, len(layout.open)).T
    terms: list[Term] = [(unknown(columns), -1.0)]
    if not layout.portfolio.budget.carry_over:
        earlier = np.concatenate([np.full((1, columns.shape[1]), ABSENT), columns[:-1]])
        terms.append((unknown(earlier), 1.0))
    return terms if columns.size else []


def spend_funds(layout: Layout) -> Limits:
    """A fund pays for its paths alone, for no more than they get, and no more than it has released.

    With d[f,q,t] its money for path q by the end of t: d[f,q,t−1] ≤ d[f,q,t]; Σ_f d[f,q,t] − d[f,q,t−1] ≤ money of
    the path in t; Σ_q d[f,q,t] ≤ Σ_{u ≤ t} release[f,u], or in each period its own release.
    """
    parts = []
    for f, fund in enumerate(layout.portfolio.budget.funds):
        parts += [_grow(layout, f, p) for p, path in enumerate(layout.paths) if path in fund.paths]
        released = np.array(fund.per_period) / layout.budget
        columns = layout.fund[f][:, layout.open].T
        terms: list[Term] = [(unknown(columns), 1.0)]
        if layout.portfolio.budget.carry_over:
            released = np.cumsum(released)
        else:
            terms.append((unknown(_before(columns)), -1.0))
        rule = BrokenRule(f"the fund {fund.name}", layout.portfolio.place("budget.funds"))
        names = [f"fund_{f + 1}_{layout.periods[t]}" for t in layout.open]
        parts.append(limits(names, rule, terms, high=released[layout.open]))
    helped = np.flatnonzero((layout.fund != ABSENT).any(axis=(0, 2)))
    return joined([*parts, *(_pay_for_work(layout, int(p)) for p in helped)])


def _grow(layout: Layout, f: int, p: int) -> Limits:
    columns = layout.fund[f, p, layout.open]
    names = [f"fund_{f + 1}_{layout.paths[p]}_{layout.periods[t]}" for t in layout.open[1:]]
    terms: list[Term] = [(unknown(columns[1:]), 1.0), (unknown(columns[:-1]), -1.0)]
    return limits(names, structure(layout), terms, low=0.0)


def _pay_for_work(layout: Layout, p: int) -> Limits:
    rows = np.array([i for i, each in enumerate(layout.initiatives) if each.path == layout.paths[p]])
    columns = layout.fund[:, p][:, layout.open].T
    paid: list[Term] = [(unknown(columns), 1.0), (unknown(_before(columns)), -1.0)]
    work = [(quantities, -factor) for quantities, factor in layout.money_in(rows, layout.open[:, np.newaxis])]
    names = [f"fund_for_{layout.paths[p]}_{layout.periods[t]}" for t in layout.open]
    return limits(names, structure(layout), [*paid, *work], high=0.0)


def _before(columns: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give the columns of one period earlier, along the first axis."""
    return np.concatenate([np.full_like(columns[:1], ABSENT), columns[:-1]])


def limit_resources(layout: Layout) -> Limits:
    """What the money of a period uses of a resource ≤ its capacity in that period."""
    parts = []
    for resource in layout.portfolio.resources:
        rows = np.array([i for i, each in enumerate(layout.initiatives) if resource.name in each.uses], dtype=int)
        if not len(rows):
            continue
        scale = max(resource.capacity) or 1.0
        uses = np.array([layout.initiatives[i].uses[resource.name].central for i in rows]) / scale
        t = layout.open[:, np.newaxis]
        place = layout.portfolio.place(f"resources.{resource.name}.capacity")
        names = [layout.periods[k] for k in layout.open]
        rules = [BrokenRule(f"the capacity of {resource.name} in {name}", place) for name in names]
        terms: list[Term] = [(layout.at(rows, t), uses), (layout.at(rows, t - 1), -uses)]
        capacity = np.array(resource.capacity)[layout.open] / scale
        parts.append(limits([f"resource_{resource.name}_{name}" for name in names], rules, terms, high=capacity))
    return joined(parts)


def hold_shares(layout: Layout) -> Limits:
    """A path's money lies within its share of the money on the paths that shares are of."""
    gambit, parts = layout.gambit, []
    rows = np.array([i for i, each in enumerate(layout.initiatives) if each.path in gambit.share_paths], dtype=int)
    for path, share in gambit.shares.items():
        rule = BrokenRule(f"{gambit.name}'s share of {path}: {share}", gambit.place(f"shares.{path}"))
        on_path = np.array([layout.initiatives[i].path == path for i in rows])
        parts += _between(layout, f"share_{path}", rule, rows, on_path, (share.low, share.high))
    return joined(parts)


def hold_groups(layout: Layout) -> Limits:
    """A group's money lies between its parts of all money."""
    parts, rows = [], np.arange(len(layout.initiatives))
    for number, group in enumerate(layout.portfolio.groups, start=1):
        names = ", ".join(group.among)
        limit = f"{percent(group.low)} to {percent(group.high)}"
        rule = BrokenRule(f"the group of {names}: {limit} of all money", layout.portfolio.place("groups"))
        inside = np.array([each.entry in group.among for each in layout.initiatives])
        parts += _between(layout, f"group_{number}", rule, rows, inside, (group.low, group.high))
    return joined(parts)


def _between(
    layout: Layout, name: str, rule: BrokenRule, rows: Rows, inside: NDArray[np.bool_], band: tuple[float, float]
) -> list[Limits]:
    """Hold the money inside between two parts of the money of all rows."""

    def beyond(fraction: float) -> list[Term]:
        return _at_once([(quantities, factor * (inside - fraction)) for quantities, factor in layout.total(rows)])

    low, high = band
    if not len(rows):
        return []
    if low == high:
        return [limits([name], rule, beyond(low), low=0.0, high=0.0)]
    found = [limits([f"{name}_low"], rule, beyond(low), low=0.0)] if low > 0 else []
    return [*found, limits([f"{name}_high"], rule, beyond(high), high=0.0)] if high < 1 else found


def limit_each(layout: Layout) -> Limits:
    """No initiative, all its stages together, gets more than the gambit's part of the total budget."""
    gambit = layout.gambit
    if gambit.most_for_one is None:
        return NO_LIMITS
    rule = BrokenRule(f"{gambit.name}'s most for one: {percent(gambit.most_for_one)}", gambit.place("most_for_one"))
    parts = []
    for id, rows in layout.entries.items():
        some = np.array(rows)
        if (layout.costs[some] * layout.prices[-1]).sum() > gambit.most_for_one - layout.spent[some].sum():
            high = max(gambit.most_for_one - float(layout.spent[some].sum()), 0.0)
            parts.append(limits([f"most_{id}"], rule, _at_once(layout.total(some)), high=high))
    return joined(parts)


def limit_extrapolation(layout: Layout) -> Limits:
    """Money on gains that reach beyond their evidence ≤ the gambit's part of all money."""
    cap = layout.gambit.extrapolation_cap
    if cap is None or not layout.initiatives:
        return NO_LIMITS
    beyond = np.array([layout.portfolio.reaches_beyond(each) for each in layout.initiatives])
    rows = np.arange(len(layout.initiatives))
    terms = [(quantities, factor * (beyond - cap)) for quantities, factor in layout.total(rows)]
    words = f"{layout.gambit.name}'s cap of {percent(cap)} on extrapolation"
    rule = BrokenRule(words, layout.gambit.place("extrapolation_cap"))
    return limits(["extrapolation"], rule, _at_once(terms), high=0.0)


def hold_floor(layout: Layout) -> Limits:
    """The tail is worth at least the gambit's floor: θ[tail] ≥ floor; cuts bound θ[tail] by what the tail is worth."""
    floor = layout.gambit.cvar_floor
    if floor is None:
        return NO_LIMITS
    rule = BrokenRule(f"{layout.gambit.name}'s floor of {floor:g} OOM", layout.gambit.place("cvar_floor"))
    return limits(["cvar_floor"], rule, [(unknown([layout.tail]), 1.0)], low=floor)


def _names(kind: str, layout: Layout, i: Rows, t: Rows) -> Iterator[str]:
    ids, periods = [each.id for each in layout.initiatives], layout.periods
    return (f"{kind}_{ids[row]}_{periods[when]}" for row, when in zip(i.tolist(), t.tolist(), strict=True))


def _needs(initiative: Initiative) -> Iterable[tuple[str, Need]]:
    yield from (("requires", need) for need in initiative.requires)
    yield from (("after", need) for need in initiative.after)


def _at_the_end(layout: Layout, rows: Iterable[int]) -> list[Term]:
    """Give Σ φ at the end over rows, as the terms of one limit."""
    return [(layout.at([i], layout.funded.shape[1] - 1), 1.0) for i in rows]


def _at_once(terms: Iterable[tuple[Quantities, Array]]) -> list[Term]:
    """Put terms of shape (n,) into one limit: shape (1, n)."""
    return [
        (Quantities(columns[np.newaxis], known[np.newaxis]), factor[np.newaxis]) for (columns, known), factor in terms
    ]


def _ahead(layout: Layout, j: int, need: Need) -> Array:
    """Say how far an initiative was paid beyond what it waits for, shape (T,)."""
    return ahead(need, layout.paid[j], *picked([layout.ids.get(id) for id in need.of], layout.paid, layout.before))
