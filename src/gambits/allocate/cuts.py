"""The best allocation by tangent cuts (Kelley 1960, The cutting-plane method for solving convex programs).

The master proposes a plan; the oracle says what it is worth and how that changes; since the value is concave,
that is a cut which no plan escapes. The master's optimum is then a bound on every plan, and the loop ends
when the best plan found is within the tolerance of it. The programme never grows with the draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.conflicts import can_hold, explain
from gambits.allocate.eligible import eligible
from gambits.allocate.programme import ABSENT, Programme, formulate, hold_floor, lay_out
from gambits.allocate.response import line_at, progress_of
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
_PROGRESS_TOLERANCE: Final = 1e-9


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
    programme
        The master as it stood at the end of the search, with every cut.
    """

    funded: Array
    progress: Array
    values: Values
    objective: float
    bound: float
    rounds: int
    ending: Ending
    programme: Programme = field(repr=False, compare=False)


Watch = Callable[[int, float, float], None]
"""Told (round, bound, best objective) after each round."""


def allocate(
    portfolio: Portfolio,
    gambit: Gambit,
    forecast: Forecast,
    *,
    near: Optimum | None = None,
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
    initiatives, _ = eligible(portfolio, gambit)
    # One draw has no tail: its mean is its worst, and cuts by period are the tighter ones.
    aversion = gambit.aversion if forecast.draws.count > 1 else 0.0
    layout = lay_out(portfolio, gambit, initiatives, forecast.objective.weights, aversion)
    search = _Search(formulate(layout, aversion), forecast, aversion)
    try:
        return search.run(near, aim, watch)
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


class _Search:
    """The loop between master and oracle."""

    def __init__(self, programme: Programme, forecast: Forecast, aversion: float) -> None:
        self.programme = programme
        self.layout = programme.layout
        self.forecast = forecast
        self.aversion = aversion
        number = {id: i for i, id in enumerate(forecast.ids)}
        self.rows = np.array([number[each.id] for each in self.layout.initiatives], dtype=np.int64)
        periods = self.layout.portfolio.periods.count
        self.seen = timing.counting_period(self.layout.portfolio.initiatives, periods, forecast.periods)
        self.shape = (len(forecast.ids), periods)
        self.best: Optimum | None = None
        self.bound = np.inf
        self.rounds = 0

    def run(self, near: Optimum | None, aim: float, watch: Watch | None) -> Optimum:
        ending = Ending.GAP
        try:
            self._start(near)
            ending = self._loop(aim, watch)
        except KeyboardInterrupt:
            ending = Ending.INTERRUPTED
        if self.best is None:
            raise UnfinishedError(f"no plan was found ({ending.value})", "let it run longer, or use fewer draws")
        bound = max(self.bound, self.best.objective)
        ending = Ending.OPTIMAL if bound - self.best.objective <= GAP else ending
        return replace(self.best, bound=bound, rounds=self.rounds, ending=ending)

    def _start(self, near: Optimum | None) -> None:
        """Add the cuts to begin with: nothing, half, all, and what answered a similar question."""
        levels = [self._spread(np.full((len(self.rows), self.shape[1]), level)) for level in _STARTS]
        plans = [(level, level) for level in levels]
        plans += [(near.progress, near.funded)] if near is not None else []
        for progress, funded in plans:
            self.programme.model.add(self._cuts(progress, funded, self._evaluate(progress, funded)))

    def _loop(self, aim: float, watch: Watch | None) -> Ending:
        while self.rounds < _MOST_ROUNDS:
            self.rounds += 1
            solution = self.programme.model.solve()
            if solution.status is Status.INFEASIBLE:
                raise self._infeasible()
            if solution.status is not Status.OPTIMAL:
                break
            self.bound = min(self.bound, -solution.objective)
            # A cut at the proposal tightens the bound; one halfway to the best plan keeps proposals from swinging.
            found = self._judge(self._funded(solution.values))
            between = [] if self.best is None else [self._judge((self.best.funded + found.funded)[self.rows] / 2)]
            for plan in (found, *between):
                if self._is_better(plan):
                    self.best = plan
            best = self.best.objective if self.best else -np.inf
            if watch is not None:
                watch(self.rounds, self.bound, best)
            if self.bound - best <= aim:
                return Ending.OPTIMAL
            cuts = [row for plan in (found, *between) for row in self._cuts(plan.progress, plan.funded, plan.values)]
            self.programme.model.add(cuts + self._tangents(solution.values))
        return Ending.GAP

    def _is_better(self, found: Optimum) -> bool:
        floor = self.layout.gambit.cvar_floor
        # The floor is met to the tolerance of the certificate: cuts close in on it from outside.
        if floor is not None and found.values.tail < floor - GAP:
            return False
        return self.best is None or found.objective > self.best.objective

    def _infeasible(self) -> Exception:
        floor = next(hold_floor(self.layout), None)
        if floor is not None and can_hold(self.layout):
            return FloorTooHigh(floor.rule)
        return explain(self.layout)

    def _funded(self, values: Array) -> Array:
        """Read φ of the master's plan, shape (I eligible, T)."""
        funded = np.where(self.layout.funded == ABSENT, 0.0, values[self.layout.funded])
        funded = np.clip(np.where(funded < 1e-12, 0.0, funded), 0.0, 1.0)  # noqa: PLR2004  (a solver's zero)
        return np.asarray(np.maximum.accumulate(funded, axis=1))

    def _judge(self, funded: Array) -> Optimum:
        """Say what a plan of the eligible initiatives is worth, with progress as it truly is."""
        progress = self._spread(timing.progress(self.layout.initiatives, funded))
        funded = self._spread(funded)
        worth = self._evaluate(progress, funded)
        objective = (1 - self.aversion) * worth.expected + self.aversion * worth.tail
        return Optimum(funded, progress, worth, objective, self.bound, self.rounds, Ending.GAP, self.programme)

    def _spread(self, part: Array) -> Array:
        """Put the rows of eligible initiatives among those of all."""
        whole = np.zeros(self.shape)
        whole[self.rows] = part
        return whole

    def _evaluate(self, progress: Array, funded: Array) -> Values:
        return self.forecast.evaluate(timing.as_counted(progress, self.seen), timing.as_counted(funded, self.seen))

    def _cuts(self, progress: Array, funded: Array, worth: Values) -> list[Row]:
        """Give the cuts at a plan: θ ≤ value + slopes · (plan − this plan), for each term of the objective."""
        cuts = []
        for k, column in enumerate(self.layout.worth):
            if column != ABSENT:
                slopes = tuple(part[:, k : k + 1] for part in worth.expected_slopes)
                seen = self.seen[:, k : k + 1]
                cuts.append(self._cut(int(column), worth.by_period[k], slopes, seen, progress, funded))
        if self.layout.tail != ABSENT:
            cuts.append(self._cut(self.layout.tail, worth.tail, worth.tail_slopes, self.seen, progress, funded))
        return cuts

    def _cut(
        self,
        term: int,
        value: float,
        slopes: tuple[Array, ...],
        seen: NDArray[np.int32],
        progress: Array,
        funded: Array,
    ) -> Row:
        """Give θ − slopes · plan ≤ value − slopes · this plan, adding up slopes of one column."""
        coefficients = np.zeros(len(self.layout.names))
        upper = value
        parts = ((self.layout.progress, slopes[0], progress), (self.layout.funded, slopes[1], funded))
        for columns, slope, plan in parts:
            for k in range(seen.shape[1]):
                counts = (seen[self.rows, k] >= 0).nonzero()[0]
                whole = self.rows[counts]
                when = seen[whole, k]
                at = columns[counts, when]
                upper -= float(slope[whole, k] @ plan[whole, when])
                present = at != ABSENT
                np.subtract.at(coefficients, at[present], slope[whole[present], k])
        coefficients[term] = 1.0
        used = coefficients.nonzero()[0].astype(np.int32)
        return Row(used, coefficients[used], upper)

    def _tangents(self, values: Array) -> list[Row]:
        """Give lines under which progress falls back to its curve, wherever the master left it above."""
        rows = []
        funded = self._funded(values)
        for i, each in enumerate(self.layout.initiatives):
            if each.response.is_linear or each.response.points:
                continue
            above = values[self.layout.progress[i]] - progress_of(each.response, funded[i])
            for t in np.flatnonzero(self.layout.progress[i] != ABSENT):
                if above[t] > _PROGRESS_TOLERANCE:
                    slope, intercept = line_at(each.response, float(funded[i, t]))
                    columns = np.array([self.layout.progress[i, t], self.layout.funded[i, t]], dtype=np.int32)
                    rows.append(Row(columns, np.array([1.0, -slope]), intercept))
        return rows
