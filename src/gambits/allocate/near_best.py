"""The plans that are nearly the best: how far the money of initiatives can go while the value hardly falls.

The value is concave, so plans worth at least a floor form a convex set, which cuts close in on from outside; the
best plan lies inside it. What is asked is the plan farthest in a direction: a linear programme, and a look at what the
plan that it proposes is worth. Where that is too little, the way back to the best plan crosses the edge of the set.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.cuts import Ending, Optimum, Patience, Search
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import Layout, lay_out
from gambits.allocate.limits import ABSENT, joined
from gambits.allocate.nearest import worth_at_least
from gambits.allocate.pool import Point
from gambits.allocate.programme import BLOCKS, Programme, build, diminishing, held
from gambits.allocate.rows import lines_above
from gambits.allocate.serving import leaves_room, planes
from gambits.allocate.solver import Effort, Row, Solution, Status
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_MOST_ROUNDS: Final = 30
_MOST_STEPS: Final = 4000
"""Steps of a simplex, which takes some hundred: HiGHS 1.15 can run in circles here."""
_SLACK: Final = 0.02
"""Part of what may be given up that is kept for the cuts, which lie a little above the value."""
_NEARLY: Final = 0.02
"""A plan is far enough if nobody goes farther by more than this part of the way."""
_LITTLE: Final = 1e-3
"""Or if nobody goes farther by more than this part of the total budget."""
_WHOLE_GAP: Final = 1e-4
"""How close to the farthest a plan must be where choices are whole, in parts of the total budget."""
_LOWEST: Final = 1e3
"""No plan is worth less than minus this in a period, OOM."""
_FAR: Final = 0.02
"""Cuts farther than this from an answer are dropped, in parts of what may be given up."""


class NearBest:
    """Plans that obey every rule and are worth at most so much less than the best.

    Parameters
    ----------
    portfolio, gambit, forecast
        The rules, and the value of plans under them.
    best
        The best plan under them, with points at which the oracle was asked.
    within
        What may be given up, OOM; above 0.
    """

    def __init__(self, portfolio: Portfolio, gambit: Gambit, forecast: Forecast, best: Optimum, within: float) -> None:
        self.best = best
        self.within = within
        self.floor = best.objective - within
        initiatives, _ = eligible(portfolio, gambit)
        aversion = gambit.aversion_over(forecast.draws.count)
        layout = lay_out(portfolio, gambit, initiatives, forecast.objective.weights, aversion)
        layout = _bounded(layout)
        rules = joined(block(layout) for block in BLOCKS)
        worth = worth_at_least(layout, aversion, self.floor + _SLACK * within)
        rows = joined([rules, worth, diminishing(layout)])
        programme = Programme(layout, rows, build(layout, rows, [(0, 0.0)], held(layout, rules)))
        self._search = Search(programme, forecast, aversion, Patience(aim=_SLACK * within))
        self._stated = len(rows)
        for point in best.points:
            programme.model.add(self._search.cuts(point))
        programme.model.solve()
        programme.model.hurry(_MOST_STEPS)

    def farthest(self, direction: Array) -> Optimum:
        """Find a plan whose money lies as far in a direction as nearly the best plans go, to a fiftieth of the way.

        Parameters
        ----------
        direction
            Shape (I,): what a unit of money counts, at the prices of the first open period, by initiative.

        Returns
        -------
        :
            The plan; its ``bound`` is that of the best one. Where the search does not come to an end, the farthest that
            it saw.
        """
        layout, model = self._search.layout, self._search.programme.model
        there = layout.funded[:, -1] != ABSENT
        weight = direction[self._search.rows] * layout.costs
        goal = [(int(k), -float(w)) for k, w in zip(layout.funded[there, -1], weight[there], strict=True)]

        def reach(funded: Array) -> float:
            return float(weight @ funded[self._search.rows, -1])

        found, start = self.best, reach(self.best.funded)
        for number in range(_MOST_ROUNDS):
            solution = self._solve(model.solve() if number else model.solve_for(goal))
            if solution.status is not Status.OPTIMAL:
                break
            proposed = self._search.funded(solution.values)
            first, middle = self._looked_at(proposed)
            for point in self._plans(solution.values, first, middle):
                if reach(point.funded) > reach(found.funded):
                    found = self._as_plan(point)
            left, way = reach(first.funded) - reach(found.funded), reach(first.funded) - start
            if left <= max(_NEARLY * way, _LITTLE):
                break
            model.add(self._cuts((first, *middle)) + lines_above(layout, solution.values, proposed))
        model.forget(self._stated, _FAR * self.within)
        return found

    def _cuts(self, points: tuple[Point, ...]) -> list[Row]:
        layout, rows = self._search.layout, self._search.rows
        cuts = [row for point in points for row in self._search.cuts(point)]
        if layout.serving is not None:
            for point in points:
                cuts += planes(layout, point.progress[rows], point.funded[rows])
        return cuts

    def _solve(self, solution: Solution) -> Solution:
        """Make choices whole where they have to be."""
        if len(self._search.layout.binary) and solution.status is Status.OPTIMAL:
            return self._search.programme.model.solve_whole(Effort(_WHOLE_GAP))
        return solution

    def _looked_at(self, proposed: Array) -> tuple[Point, tuple[Point, ...]]:
        """Ask what the proposal is worth, and, if it is too little, a plan on the way to it near the edge."""
        first = self._search.ask_plan(proposed)
        short = self.best.objective - self._worth(first)
        if short <= self.within:
            return first, ()
        # The value falls with the square of the way at first.
        part = float(np.sqrt(self.within / short))
        best = self.best.funded[self._search.rows]
        return first, (self._search.ask_plan(best + part * (proposed - best)),)

    def _plans(self, values: Array, first: Point, middle: tuple[Point, ...]) -> list[Point]:
        """List those that obey every rule and are worth enough; whole choices and bills do not mix."""
        layout, rows = self._search.layout, self._search.rows
        is_paid = leaves_room(layout, values, first.progress[rows], first.funded[rows])
        mixed = () if len(layout.binary) or layout.serving is not None else middle
        return [point for point in ((first,) if is_paid else ()) + mixed if self._worth(point) >= self.floor]

    def _worth(self, point: Point) -> float:
        aversion = self._search.aversion
        return (1 - aversion) * point.values.expected + aversion * point.values.tail

    def _as_plan(self, point: Point) -> Optimum:
        worth = self._worth(point)
        return Optimum(point.funded, point.progress, point.values, worth, self.best.bound, 0, Ending.OPTIMAL)


def _bounded(layout: Layout) -> Layout:
    """Bound the terms of the value from below, where none of them comes near.

    No cut holds them there and the goal does not count them: left free, the dual simplex of HiGHS 1.15 can run forever.
    """
    lower = np.array(layout.lower)
    terms = np.append(layout.worth, layout.tail)
    lower[terms[terms != ABSENT]] = -_LOWEST
    return replace(layout, lower=tuple(lower.tolist()))
