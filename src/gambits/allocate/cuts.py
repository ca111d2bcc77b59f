"""The best allocation by tangent cuts (Kelley 1960, The cutting-plane method for solving convex programs).

The master proposes a plan; the oracle says what it is worth and how that changes; since the value is concave,
that is a cut which no plan escapes. The master's optimum is then a bound on every plan, and the loop ends
when the best plan found is within the tolerance of it. The programme never grows with the draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.conflicts import can_hold, explain
from gambits.allocate.eligible import eligible
from gambits.allocate.pool import Point
from gambits.allocate.programme import ABSENT, Programme, formulate, hold_floor, lay_out
from gambits.allocate.rows import Cutter, lines_above
from gambits.allocate.solver import Row, Status
from gambits.errors import BrokenRule, InfeasibleError, UnfinishedError
from gambits.forecast.oracle import Forecast, Values
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

GAP: Final = 1e-5
"""How close the certificate must be, in objective units (OOM)."""
AIM: Final = 1e-6
"""How close the loop tries to come: the plan moves far less than its value, so ties of value need more."""
_MOST_ROUNDS: Final = 200
_STARTS: Final = (0.0, 0.5, 1.0)
_BETWEEN: Final = (0.6, 0.2)
"""How far from the best plan to the proposal the oracle is asked: the fewest rounds of what was tried."""
_STALLED: Final = 1e-9
"""A bound that falls by less stands still, OOM."""
_PART_OF_GAP: Final = 0.1
"""Progress may exceed its curve by this part of the gap until the gap is smaller."""
_BETTER: Final = 1e-13
"""A plan is better from here on: less is the rounding of another processor, OOM."""


class Ending(Enum):
    """How a search ended. All but the first give a plan whose certificate is loose."""

    OPTIMAL = "optimal"
    GAP = "gap not met"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best plan found, over every initiative of the portfolio.

    Attributes
    ----------
    funded, progress
        Shape (I, T): φ and p at the end of each period.
    values
        What it is worth.
    objective, bound
        (1 − λ)·E[V] + λ·CVaR[V] of the plan, and what no plan exceeds; OOM.
    rounds
        Solves of the master.
    ending
        Whether bound − objective is within the tolerance, or why not.
    points
        Where the oracle was asked and its cut holds the bound, and the plan itself: a start for the next search.
    """

    funded: Array
    progress: Array
    values: Values
    objective: float
    bound: float
    rounds: int
    ending: Ending
    points: tuple[Point, ...] = ()


Watch = Callable[[int, float, float], None]
"""Told (round, bound, best objective) after each round."""


def allocate(
    portfolio: Portfolio,
    gambit: Gambit,
    forecast: Forecast,
    *,
    near: Optimum | None = None,
    start: tuple[Point, ...] = (),
    aim: float = AIM,
    watch: Watch | None = None,
) -> Optimum:
    """Find the best plan that obeys every rule.

    An interrupt (Ctrl-C) ends the search with the best plan so far.

    Parameters
    ----------
    portfolio, gambit, forecast
        The rules, and the value of plans under them.
    near
        The answer to a similar question: a cut there saves half the rounds.
    start
        Where earlier searches over this very forecast asked the oracle, under whatever rules.
    aim
        Gap at which the search stops, OOM.
    watch
        Told of every round.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules; it names some that cannot hold together.
    UnfinishedError
        If the search ended before it found any plan.
    """
    return search(portfolio, gambit, forecast, near=near, start=start, aim=aim, watch=watch)[0]


def search(
    portfolio: Portfolio,
    gambit: Gambit,
    forecast: Forecast,
    *,
    near: Optimum | None = None,
    start: tuple[Point, ...] = (),
    aim: float = AIM,
    watch: Watch | None = None,
) -> tuple[Optimum, Programme]:
    """Do what ``allocate`` does, and give the master as well, as it stood at the end with every cut."""
    initiatives, _ = eligible(portfolio, gambit)
    # One draw has no tail: its mean is its worst, and cuts by period are the tighter ones.
    aversion = gambit.aversion if forecast.draws.count > 1 else 0.0
    layout = lay_out(portfolio, gambit, initiatives, forecast.objective.weights, aversion)
    programme = formulate(layout, aversion)
    try:
        return Search(programme, forecast, aversion, aim).run(near, start, watch), programme
    except FloorTooHigh as error:
        # Asked for the best tail alone, the same search says how high a floor could be.
        highest = allocate(portfolio, replace(gambit, aversion=1.0, cvar_floor=None), forecast).values.tail
        raise InfeasibleError(
            f"no plan has a tail worth {gambit.cvar_floor:g} OOM; the best tail is worth {highest:.6g}",
            (error.rule,),
            f"lower `cvar_floor` to {math.floor(highest * 1e4) / 1e4:.4f} or less",
        ) from None


class FloorTooHigh(Exception):
    """The rules can hold, but not with the gambit's floor."""

    def __init__(self, rule: BrokenRule) -> None:
        super().__init__(rule.rule)
        self.rule = rule


class Search:
    """The loop between master and oracle."""

    def __init__(self, programme: Programme, forecast: Forecast, aversion: float, aim: float) -> None:
        self.programme = programme
        self.layout = programme.layout
        self.forecast = forecast
        self.aversion = aversion
        self.aim = aim
        number = {id: i for i, id in enumerate(forecast.ids)}
        self.rows = np.array([number[each.id] for each in self.layout.initiatives], dtype=np.int64)
        periods = self.layout.portfolio.periods.count
        self.seen = timing.counting_period(self.layout.portfolio.initiatives, periods, forecast.periods)
        self.cutter = Cutter(self.layout, self.rows, self.seen, aim)
        self.shape = (len(forecast.ids), periods)
        self.asked: list[tuple[Point, list[Row]]] = []
        self.best: Optimum | None = None
        self.bound = np.inf
        self.rounds = 0

    def run(self, near: Optimum | None, start: tuple[Point, ...], watch: Watch | None) -> Optimum:
        ending = Ending.GAP
        try:
            self._start(near, start)
            ending = self._loop(watch)
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
        if self.best is None:
            raise UnfinishedError(f"no plan was found ({ending.value})", "let it run longer, or use fewer draws")
        bound = max(self.bound, self.best.objective)
        ending = Ending.OPTIMAL if bound - self.best.objective <= GAP else ending
        return replace(self.best, bound=bound, rounds=self.rounds, ending=ending, points=self._telling())

    def _start(self, near: Optimum | None, start: tuple[Point, ...]) -> None:
        """Add the first cuts: where others asked, or at nothing, half and all; and at what answered a like question."""
        points = list(start)
        levels = [] if points else [np.full((len(self.rows), self.shape[1]), level) for level in _STARTS]
        plans = [(spread, spread) for spread in map(self._spread, levels)]
        plans += [(near.progress, near.funded)] if near is not None else []
        points += [self._ask(progress, funded) for progress, funded in plans]
        for point in points:
            self.programme.model.add(self.cuts(point))

    def _loop(self, watch: Watch | None) -> Ending:
        while self.rounds < _MOST_ROUNDS:
            self.rounds += 1
            solution = self.programme.model.solve()
            if solution.status is Status.INFEASIBLE:
                raise self._infeasible()
            if solution.status is not Status.OPTIMAL:
                break
            self.values = solution.values
            stalls = -solution.objective > self.bound - _STALLED
            self.bound = min(self.bound, -solution.objective)
            proposed = self.funded(solution.values)
            points = [self.ask_plan(plan) for plan in self._between(proposed, stalls=stalls)]
            for point in points:
                self._judge(point)
            best = self.best.objective if self.best else -np.inf
            if watch is not None:
                watch(self.rounds, self.bound, best)
            if self.bound - best <= self.aim:
                return Ending.OPTIMAL
            cuts = [row for point in points for row in self.cuts(point)]
            # Far from the end a line for every small excess of progress would only make the programme slower.
            loose = _PART_OF_GAP * (self.bound - best) if self.best else 0.0
            self.programme.model.add(cuts + lines_above(self.layout, solution.values, proposed, loose))
        return Ending.GAP

    def _between(self, proposed: Array, *, stalls: bool) -> list[Array]:
        """Give the plans to look at: between the best and the proposal, which swings from corner to corner.

        Cuts there are deeper than at the proposal itself (Ben-Ameur and Neto 2007, Networks 49(1)); where they did
        not lower the bound, the proposal is looked at.
        """
        if self.best is None or stalls:
            return [proposed]
        best = self.best.funded[self.rows]
        return [best + far * (proposed - best) for far in _BETWEEN]

    def _judge(self, point: Point) -> None:
        """Take a plan as the best so far, if it is."""
        floor = self.layout.gambit.cvar_floor
        # The floor is met to the tolerance of the certificate: cuts close in on it from outside.
        if floor is not None and point.values.tail < floor - GAP:
            return
        objective = (1 - self.aversion) * point.values.expected + self.aversion * point.values.tail
        if self.best is None or objective > self.best.objective + _BETTER:
            self.best = Optimum(
                point.funded, point.progress, point.values, objective, self.bound, self.rounds, Ending.GAP
            )

    def _infeasible(self) -> Exception:
        floor = next(hold_floor(self.layout), None)
        if floor is not None and can_hold(self.layout):
            return FloorTooHigh(floor.rule)
        return explain(self.layout)

    def funded(self, values: Array) -> Array:
        """Read φ of the master's plan, shape (I eligible, T)."""
        funded = np.where(self.layout.funded == ABSENT, 0.0, values[self.layout.funded])
        funded = np.clip(np.where(funded < 1e-12, 0.0, funded), 0.0, 1.0)  # noqa: PLR2004  (a solver's zero)
        return np.asarray(np.maximum.accumulate(funded, axis=1))

    def ask_plan(self, funded: Array) -> Point:
        """Ask what a plan of the eligible initiatives is worth, with progress as it truly is."""
        return self._ask(self._spread(timing.progress(self.layout.initiatives, funded)), self._spread(funded))

    def _ask(self, progress: Array, funded: Array) -> Point:
        counted = (timing.as_counted(part, self.seen) for part in (progress, funded))
        return Point(progress, funded, self.forecast.evaluate(*counted))

    def _spread(self, part: Array) -> Array:
        """Put the rows of eligible initiatives among those of all."""
        whole = np.zeros(self.shape)
        whole[self.rows] = part
        return whole

    def cuts(self, point: Point) -> list[Row]:
        """Give the cuts at a point, and remember them."""
        rows = self.cutter.cuts(point)
        self.asked.append((point, rows))
        return rows

    def _telling(self) -> tuple[Point, ...]:
        """List the points whose cuts hold the last bound, and the best plan as the latest."""
        best = self.best
        assert best is not None
        tight = [
            point
            for point, rows in self.asked
            if point.funded is best.funded or any(row.slack(self.values) < self.aim for row in rows)
        ]
        known = any(point.funded is best.funded for point in tight)
        return tuple(tight) if known else (*tight, Point(best.progress, best.funded, best.values))
