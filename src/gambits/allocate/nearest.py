"""The least change: among plans that are nearly the best, the one nearest a plan that people already follow.

The same rules and the same cuts, with the goal and a rule exchanged: the value may not fall below a floor, and what is
made small is the money that moves. Cuts lie above the value, so the programme's optimum is a bound from below on the
money of any such plan; the oracle has the last word on the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.blocks import structure
from gambits.allocate.conflicts import explain
from gambits.allocate.cuts import Ending, Optimum, Patience, Search
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import Layout, lay_out
from gambits.allocate.limits import ABSENT, Limits, Term, joined, limits, unknown
from gambits.allocate.money import spend
from gambits.allocate.programme import BLOCKS, Programme, build, diminishing, held
from gambits.allocate.rows import lines_above
from gambits.allocate.serving import leaves_room, planes
from gambits.allocate.solver import Effort, Solution, Status
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_MOST_ROUNDS: Final = 60
_WHOLE_GAP: Final = 1e-6
"""How close to the least the money that moves must be where choices are whole, in parts of the total budget."""
_SLACK: Final = 0.02
"""Part of what may be given up that is kept for the cuts, which lie a little above the value."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """A plan that is nearly the best, and near another.

    ``moved`` is ½ Σ of absolute differences of money to the other plan, over initiatives and periods, in the
    portfolio's money; no plan worth as much moves less than ``least``.
    """

    plan: Optimum
    moved: float
    least: float


def nearest(
    portfolio: Portfolio,
    gambit: Gambit,
    forecast: Forecast,
    best: Optimum,
    money: Mapping[str, Array],
    within: float,
) -> Nearest:
    """Find the plan nearest another among those worth at most ``within`` less than the best.

    Parameters
    ----------
    portfolio, gambit, forecast
        The rules, and the value of plans under them.
    best
        The best plan under them, with points at which the oracle was asked.
    money
        The other plan: for each id the money by period, shape (T,); nothing for an id that it lacks.
    within
        What may be given up, OOM; above 0.

    Notes
    -----
    Where the search does not come to an end, the best plan itself is given, which is one of those.
    """
    search = _search(portfolio, gambit, forecast, money, best.objective - within, _SLACK * within)
    for point in best.points:
        search.programme.model.add(search.cuts(point))
    found = _loop(search, portfolio, money, best.objective - within)
    return found or Nearest(best, moved(portfolio, best.funded, money), 0.0)


def nearest_allowed(portfolio: Portfolio, gambit: Gambit, forecast: Forecast, money: Mapping[str, Array]) -> Nearest:
    """Find the plan nearest another that obeys every rule, whatever it is worth; the same money where that does.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules.
    """
    search = _search(portfolio, gambit, forecast, money, -np.inf, 1.0)
    found = _loop(search, portfolio, money, -np.inf)
    if found is None:
        raise explain(search.layout)
    return found


def _search(
    portfolio: Portfolio, gambit: Gambit, forecast: Forecast, money: Mapping[str, Array], floor: float, slack: float
) -> Search:
    initiatives, _ = eligible(portfolio, gambit)
    aversion = gambit.aversion_over(forecast.draws.count)
    layout = lay_out(portfolio, gambit, initiatives, forecast.objective.weights, aversion)
    return Search(_formulate(layout, aversion, money, floor + slack), forecast, aversion, Patience(aim=slack))


def _loop(search: Search, portfolio: Portfolio, money: Mapping[str, Array], floor: float) -> Nearest | None:
    layout, model = search.layout, search.programme.model
    there = {each.id for each in layout.initiatives}
    lost = sum(float(np.abs(row).sum()) for id, row in money.items() if id not in there) / 2
    for _ in range(_MOST_ROUNDS):
        solution = _solve(search)
        if solution.status is not Status.OPTIMAL:
            break
        funded = search.funded(solution.values)
        point = search.ask_plan(funded)
        worth = (1 - search.aversion) * point.values.expected + search.aversion * point.values.tail
        mine = point.progress[search.rows], point.funded[search.rows]
        if worth >= floor and leaves_room(layout, solution.values, *mine):
            plan = Optimum(point.funded, point.progress, point.values, worth, worth, 0, Ending.OPTIMAL)
            return Nearest(plan, moved(portfolio, plan.funded, money), max(0.0, solution.bound) * layout.budget + lost)
        paying = [] if layout.serving is None else planes(layout, *mine)
        model.add(search.cuts(point) + paying + lines_above(layout, solution.values, funded))
    return None


def _solve(search: Search) -> Solution:
    solution = search.programme.model.solve()
    if len(search.layout.binary) and solution.status is Status.OPTIMAL:
        return search.programme.model.solve_whole(Effort(_WHOLE_GAP))
    return solution


def _formulate(layout: Layout, aversion: float, money: Mapping[str, Array], floor: float) -> Programme:
    """State the master with a column for the absolute difference of each spend, which are made small."""
    first = len(layout.names)
    wanted = _targets(layout, money)
    wide = replace(
        layout,
        names=layout.names + tuple(f"c{first + k:06d}_moved" for k in range(wanted.size)),
        lower=layout.lower + (0.0,) * wanted.size,
        upper=layout.upper + tuple((1.0 + wanted).ravel().tolist()),
    )
    columns = first + np.arange(wanted.size).reshape(wanted.shape)
    rules = joined(block(layout) for block in BLOCKS)
    worth = [worth_at_least(layout, aversion, floor)] if floor > -np.inf else []
    rows = joined([rules, _differences(layout, columns, wanted), *worth, diminishing(layout)])
    goal = [(int(k), 0.5) for k in columns.ravel()]
    still = np.concatenate([held(layout, rules), np.zeros(wanted.size, dtype=bool)])
    return Programme(wide, rows, build(wide, rows, goal, still))


def _targets(layout: Layout, money: Mapping[str, Array]) -> Array:
    """Give the other plan's money in parts of the total budget, in the periods that are still open."""
    nothing = np.zeros(layout.funded.shape[1])
    rows = [money.get(each.id, nothing) / layout.budget for each in layout.initiatives]
    return np.array(rows).reshape(layout.funded.shape)[:, layout.now :]


def _differences(layout: Layout, columns: NDArray[np.int64], wanted: Array) -> Limits:
    """A difference is at least what money exceeds the other plan by, and what it falls short by."""
    i, t = (part.ravel() for part in np.meshgrid(np.arange(len(wanted)), layout.open, indexing="ij"))
    difference: Term = (unknown(columns.ravel()), 1.0)
    spent = layout.money_in(i, t)
    parts = []
    for name, sign in (("more", -1.0), ("less", 1.0)):
        names = [f"{name}_{layout.initiatives[row].id}_{layout.periods[when]}" for row, when in zip(i, t, strict=True)]
        terms = [difference, *((quantities, sign * factor) for quantities, factor in spent)]
        parts.append(limits(names, structure(layout), terms, low=sign * wanted.ravel()))
    return joined(parts)


def worth_at_least(layout: Layout, aversion: float, floor: float) -> Limits:
    """The value is at least the floor: cuts bound each θ by what the plan is worth."""
    columns = [*layout.worth[layout.worth != ABSENT], *([layout.tail] if aversion > 0 else [])]
    factors = [1.0 - aversion] * int((layout.worth != ABSENT).sum()) + [aversion] * (aversion > 0)
    return limits(["worth"], structure(layout), [(unknown([columns]), [factors])], low=floor)


def moved(portfolio: Portfolio, funded: Array, money: Mapping[str, Array]) -> float:
    """Give ½ Σ of absolute differences between the money of a plan and the other's."""
    nothing = np.zeros(funded.shape[1])
    spend = dict.fromkeys(money, nothing) | spend_of(portfolio, funded)
    return sum(float(np.abs(row - money.get(id, nothing)).sum()) for id, row in spend.items()) / 2


def spend_of(portfolio: Portfolio, funded: Array) -> dict[str, Array]:
    """Give the money of each initiative by period, shape (T,), from funded fractions, shape (I, T)."""
    return {each.id: row for each, row in zip(portfolio.initiatives, spend(portfolio, funded), strict=True)}
