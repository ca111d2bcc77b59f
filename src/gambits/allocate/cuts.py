"""The best allocation by tangent cuts (Kelley 1960, The cutting-plane method for solving convex programs).

The master proposes a plan; the oracle says what it is worth and how that changes; since the value is concave,
that is a cut which no plan escapes. The master's optimum is then a bound on every plan, and the loop ends
when the best plan found is within the tolerance of it. The programme never grows with the draws.

Where rules make columns 0 or 1, the loop runs with them free in between first, for its cuts. Then the solver
proposes whole choices, one at a time, and the loop finds the best plan for each (outer approximation, Duran and
Grossmann 1986, Mathematical Programming 36): its bound falls, and the best plan rises, until they meet.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.blocks import hold_floor
from gambits.allocate.conflicts import can_hold, explain
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import lay_out
from gambits.allocate.limits import ABSENT
from gambits.allocate.money import paid_before
from gambits.allocate.pool import Point
from gambits.allocate.programme import Programme, formulate
from gambits.allocate.rows import Cutter, lines_above
from gambits.allocate.serving import PAID, bills, planes
from gambits.allocate.solver import Effort, Row, Status
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
_MOST_CHOICES: Final = 500
_CARE: Final = 0.2
"""How closely the solver looks for a whole choice, against the gap that is left: its next cuts may change its mind."""
_BETWEEN: Final = (0.6, 0.2)
"""How far from the best plan to the proposal the oracle is asked: the fewest rounds of what was tried."""
_STALLED: Final = 1e-9
"""A bound that falls by less stands still, OOM."""
_MOST_STALLS: Final = 10
"""Rounds without a lower bound after which a certified plan is good enough."""
_PART_OF_GAP: Final = 0.1
"""Progress may exceed its curve by this part of the gap until the gap is smaller."""
_SLACK_OF_GAP: Final = 0.05
_SLACK_OF_AIM: Final = 1 / 16
"""A cut that bends may lie above the value at its plan by these parts of the gap, and of the one aimed at."""
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


@dataclass(frozen=True, slots=True)
class Patience:
    """When a search ends.

    Attributes
    ----------
    aim
        The gap that it tries to reach, OOM; where choices are whole it is content with ``gap``.
    gap
        The gap up to which a plan is called optimal, OOM.
    at, clock
        The moment by which it stops with the best plan so far, on a clock that counts seconds.
    """

    aim: float = AIM
    gap: float = GAP
    at: float = math.inf
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)

    @property
    def left(self) -> float:
        """Seconds until the search has to stop, at least 0."""
        return max(0.0, self.at - self.clock()) if self.at < math.inf else math.inf


PATIENT: Final = Patience()


def allocate(
    portfolio: Portfolio,
    gambit: Gambit,
    forecast: Forecast,
    *,
    near: Optimum | None = None,
    start: tuple[Point, ...] = (),
    patience: Patience = PATIENT,
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
    patience
        When the search ends.
    watch
        Told of every round.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules; it names some that cannot hold together.
    UnfinishedError
        If the search ended before it found any plan.
    """
    return search(portfolio, gambit, forecast, near=near, start=start, patience=patience, watch=watch)[0]


def search(
    portfolio: Portfolio,
    gambit: Gambit,
    forecast: Forecast,
    *,
    near: Optimum | None = None,
    start: tuple[Point, ...] = (),
    patience: Patience = PATIENT,
    watch: Watch | None = None,
) -> tuple[Optimum, Programme]:
    """Do what ``allocate`` does, and give the master as well, as it stood at the end with every cut."""
    initiatives, _ = eligible(portfolio, gambit)
    # Over one draw cuts by period are tighter than one of a tail that is the mean.
    aversion = gambit.aversion_over(forecast.draws.count)
    layout = lay_out(portfolio, gambit, initiatives, forecast.objective.weights, aversion, forecast.curve)
    programme = formulate(layout, aversion)
    try:
        return Search(programme, forecast, aversion, patience).run(near, start, watch), programme
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

    def __init__(
        self,
        programme: Programme,
        forecast: Forecast,
        aversion: float,
        patience: Patience,
        between: tuple[float, ...] = _BETWEEN,
    ) -> None:
        self.programme = programme
        self.layout = programme.layout
        self.forecast = forecast
        self.aversion = aversion
        self.aim, self.gap = patience.aim, patience.gap
        self.patience = patience
        self.between = between
        number = {id: i for i, id in enumerate(forecast.ids)}
        self.rows = np.array([number[each.id] for each in self.layout.initiatives], dtype=np.int64)
        periods = self.layout.portfolio.periods.count
        self.seen = timing.counting_period(self.layout.portfolio.initiatives, periods, forecast.periods)
        self.cutter = Cutter(self.layout, self.rows, self.seen, self.aim, has_memory=forecast.has_memory)
        everyone = self.layout.portfolio.initiatives
        self.before = paid_before(everyone)
        self.made_before = timing.progress_before(everyone, self.before)
        self.shape = (len(forecast.ids), periods)
        self.asked: list[tuple[Point, list[Row]]] = []
        self.best: Optimum | None = None
        self.guide: Point | None = None
        self.bound = self.level = np.inf
        self.rounds = self.stalls = 0
        self.is_stuck = False
        self.closed = -np.inf
        self.left_out: list[int] = []

    def run(self, near: Optimum | None, start: tuple[Point, ...] | None, watch: Watch | None = None) -> Optimum:
        """Find the best plan; ``start`` is None where the master has its first cuts already."""
        ending = Ending.GAP
        try:
            if start is not None:
                self._start(near, start)
            self._choose(watch) if len(self.layout.binary) else self._close_in(watch)
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
        finally:
            self.programme.model.drop(self.left_out)
            self.left_out = []
        if self.best is None:
            raise UnfinishedError(f"no plan was found ({ending.value})", "let it run longer, or use fewer draws")
        bound = max(self.bound, self.best.objective)
        ending = Ending.OPTIMAL if bound - self.best.objective <= self.gap else ending
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

    def _choose(self, watch: Watch | None) -> None:
        """Find the best whole choice: the solver proposes one, and the best plan that it allows is found."""
        model, tried = self.programme.model, set()
        self._close_in(watch, mixed=True)
        for _ in range(_MOST_CHOICES):
            if not self.patience.left:
                return
            effort = Effort(self._care(), self.patience.left)
            solution = model.solve_whole(effort)
            if solution.status is Status.INFEASIBLE:
                if not self.left_out:
                    raise self._infeasible()
                self.bound = min(self.bound, self.closed)
                return
            self.bound = min(self.bound, max(-solution.bound, self.closed))
            if solution.status is Status.STOPPED:
                return
            choice = np.rint(solution.values[self.layout.binary])
            model.hold(choice)
            if not self._close_in(watch, chosen=True):
                model.add([self._any_but(choice)])
            model.release()
            if self.best is not None and self.bound - self.best.objective <= self.gap:
                return
            was_stuck, self.is_stuck = self.is_stuck, choice.tobytes() in tried
            if was_stuck and self.is_stuck:
                self._leave_out(choice)
            tried.add(choice.tobytes())

    def _leave_out(self, choice: Array) -> None:
        """Look at other choices only: this one was searched to its end, and the solver still takes it for better.

        Numbers that lie far apart make its tolerances worth something. What plans of the choice are worth at most is
        known from the programme in which it was held.
        """
        self.closed = max(self.closed, self.level)
        self.left_out.append(self.programme.model.size)
        self.programme.model.add([self._any_but(choice)])

    def _close_in(self, watch: Watch | None, *, mixed: bool = False, chosen: bool = False) -> bool:
        """Add cuts until the solver's bound and the best plan meet; say whether there is any plan.

        ``mixed`` choices, in between 0 and 1, are no plans and only serve cuts; the bound of one that was ``chosen``
        is no bound on others.
        """
        self.guide, self.level, self.stalls = None, np.inf, 0
        for _ in range(_MOST_ROUNDS):
            if self.rounds and not self.patience.left:
                return True
            self.rounds += 1
            solution = self.programme.model.solve()
            if solution.status is Status.INFEASIBLE:
                if chosen:
                    return False
                raise self._infeasible()
            if solution.status is not Status.OPTIMAL:
                return True
            self.values = solution.values
            stalls, self.level = -solution.objective > self.level - _STALLED, min(self.level, -solution.objective)
            self.stalls = self.stalls + 1 if stalls else 0
            if not chosen:
                self.bound = min(self.bound, self.level)
            if self._cut_off(solution.values, watch, stalls=stalls, keep=not mixed):
                return True
        return True

    def _cut_off(self, values: Array, watch: Watch | None, *, stalls: bool, keep: bool) -> bool:
        """Ask the oracle near what the solver proposes, and add cuts there; say whether its bound is met."""
        proposed = self.funded(values)
        parts = (1.0,) if self.guide is None or stalls else self.between
        points = [self.ask_plan(self._towards(proposed, part)) for part in parts]
        paid = [self._is_paid(point, values, part) for point, part in zip(points, parts, strict=True)]
        for point, is_paid in zip(points, paid, strict=True):
            if is_paid:
                self._judge(point, keep=keep)
        if watch is not None:
            watch(self.rounds, self.bound, self.best.objective if self.best else -np.inf)
        left = self.level - self._objective(self.guide) if self.guide else np.inf
        if left <= self.aim or (left <= self.gap and self.stalls >= _MOST_STALLS):
            return True
        cuts = [row for point in points for row in self.cuts(point)]
        if self.layout.serving is not None:
            for point in points:
                cuts += planes(self.layout, point.progress[self.rows], point.funded[self.rows])
        # Far from the end a line for every small excess of progress would only make the programme slower.
        loose = _PART_OF_GAP * left if self.guide else 0.0
        self.programme.model.add(cuts + lines_above(self.layout, values, proposed, loose))
        return False

    def _towards(self, proposed: Array, part: float) -> Array:
        """Give a plan between the best and the proposal, which swings from corner to corner.

        Cuts there are deeper than at the proposal itself (Ben-Ameur and Neto 2007, Networks 49(1)); where they did
        not lower the bound, the proposal is looked at.
        """
        if self.guide is None:
            return proposed
        best = self.guide.funded[self.rows]
        return np.asarray(best + part * (proposed - best))

    def _is_paid(self, point: Point, values: Array, part: float) -> bool:
        """Whether the budget has room for the bill of a plan that lies part of the way to the proposal."""
        if self.layout.serving is None:
            return True
        room = values[self.layout.bill]
        if self.guide is not None:
            best = self._bills(self.guide)
            room = best + part * (room - best)
        return bool(np.all(self._bills(point) <= room + PAID))

    def _bills(self, point: Point) -> Array:
        return bills(self.layout, point.progress[self.rows], point.funded[self.rows])

    def _care(self) -> float:
        """Say how close to its best the next whole choice must be."""
        if self.best is None:
            return max(self.gap, _CARE * abs(self.bound)) if np.isfinite(self.bound) else self.gap
        open_gap = self.bound - self.best.objective
        return self.gap / 4 if self.is_stuck else max(self.gap / 4, _CARE * open_gap)

    def _any_but(self, choice: Array) -> Row:
        """Forbid a choice that no plan can follow: Σ over its ones of y − Σ over its zeros of y ≤ ones − 1."""
        return Row(self.layout.binary, np.where(choice > 0, 1.0, -1.0), float(choice.sum()) - 1.0)

    def _objective(self, point: Point) -> float:
        return (1 - self.aversion) * point.values.expected + self.aversion * point.values.tail

    def _judge(self, point: Point, *, keep: bool) -> None:
        """Take a plan as the best so far, if it is; one that is not to be kept only guides the search."""
        floor = self.layout.gambit.cvar_floor
        # The floor is met to the tolerance of the certificate: cuts close in on it from outside.
        if floor is not None and point.values.tail < floor - GAP:
            return
        objective = self._objective(point)
        if self.guide is None or objective > self._objective(self.guide) + _BETTER:
            self.guide = point
        if keep and (self.best is None or objective > self.best.objective + _BETTER):
            self.best = Optimum(
                point.funded, point.progress, point.values, objective, self.bound, self.rounds, Ending.GAP
            )

    def _infeasible(self) -> Exception:
        floor = hold_floor(self.layout)
        if len(floor) and can_hold(self.layout):
            return FloorTooHigh(floor.rules[0])
        return explain(self.layout)

    def funded(self, values: Array) -> Array:
        """Read φ of the master's plan, shape (I eligible, T)."""
        paid = self.layout.paid
        funded = np.where(self.layout.funded == ABSENT, paid, values[self.layout.funded])
        funded = np.clip(np.where(funded < paid + 1e-12, paid, funded), paid, 1.0)
        return np.asarray(np.maximum.accumulate(funded, axis=1))

    def ask_plan(self, funded: Array) -> Point:
        """Ask what a plan of the eligible initiatives is worth, with progress as it truly is."""
        return self._ask(self._spread(timing.progress(self.layout.initiatives, funded)), self._spread(funded))

    def _ask(self, progress: Array, funded: Array) -> Point:
        made, paid = (
            timing.as_counted(part, self.seen, before)
            for part, before in ((progress, self.made_before), (funded, self.before))
        )
        return Point(progress, funded, self.forecast.evaluate(made, paid, self._loose()))

    def _loose(self) -> float:
        """Say by how much a cut may lie above the value at its own plan, if it bends with the value in return."""
        if not self.layout.curves:
            return 0.0
        left = self.level - self._objective(self.guide) if self.guide else np.inf
        # Where no plan has been good enough, as to hold a floor, there is no gap to go by.
        return max(_SLACK_OF_GAP * min(left, 0.5**self.rounds), _SLACK_OF_AIM * self.aim)

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
