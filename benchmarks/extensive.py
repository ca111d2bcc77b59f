"""The same problem as one linear programme over all draws, to compare with.

A variable for each lever in each draw and period, equal to what the plan moves it by; an epigraph variable for
the value in each draw and period, under tangents that the oracle of the package makes where they are violated;
a shortfall variable for each draw (Rockafellar and Uryasev 2000). Ready arrays go into HiGHS in bulk and every
round goes on from the last basis. Costs must be certain, for then progress is the same in every draw.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from gambits.allocate import timing
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import Layout, lay_out
from gambits.allocate.limits import ABSENT, joined
from gambits.allocate.programme import BLOCKS
from gambits.allocate.response import FIRST_TANGENTS, line_at, progress_of
from gambits.forecast.draws import ON_COMPUTE, ON_DATA, ON_OOM, ON_STOCK
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import effective_compute

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TOKENS = 3
"""The lever after the three rows of ``Draws.helps``."""
LEVERS = 4
TRILLION = 1e12
"""Tokens are counted in these, so that coefficients are near 1."""
VIOLATED = 1e-7
STARTS = (0.0, 0.5, 1.0)
INF = highspy.kHighsInf


@dataclass(frozen=True)
class Answer:
    """``objective`` is the plan's value by the oracle; ``is_done`` says that the gap was met in time."""

    objective: float
    bound: float
    rounds: int
    seconds: float
    rows: int
    columns: int
    is_done: bool


class Rows:
    """Rows gathered as arrays: low ≤ Σ coefficients · columns ≤ high."""

    def __init__(self) -> None:
        self.parts: list[tuple[Array, Array, NDArray[np.int32], NDArray[np.int32], Array]] = []

    def add(self, columns: Any, coefficients: Any, low: Any, high: Any) -> None:
        """Add m rows of n terms each: shapes (m, n), (m, n), (m,), (m,)."""
        columns, coefficients = np.broadcast_arrays(np.atleast_2d(columns), np.atleast_2d(coefficients))
        count = len(columns)
        keep = (columns != ABSENT) & (coefficients != 0)
        lengths = keep.sum(axis=1).astype(np.int32)
        low, high = (np.broadcast_to(np.asarray(each, dtype=float), (count,)) for each in (low, high))
        self.parts.append((low, high, lengths, columns[keep].astype(np.int32), coefficients[keep].astype(float)))

    def send(self, highs: Any) -> None:
        """Hand them to HiGHS."""
        if not self.parts:
            return
        low, high, lengths, columns, coefficients = (np.concatenate(each) for each in zip(*self.parts, strict=True))
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int32)
        highs.addRows(len(low), low, high, len(columns), starts, columns, coefficients)


class Extensive:
    """The programme, its columns and its tangents."""

    def __init__(self, portfolio: Portfolio, gambit: Gambit, forecast: Forecast) -> None:
        draws = forecast.draws
        assert draws.cost_ratio is None, "costs must be certain"
        assert draws.law is not None, "there must be a frontier"
        self.portfolio, self.gambit, self.forecast, self.draws = portfolio, gambit, forecast, draws
        self.weights = np.array(forecast.objective.weights)
        initiatives, _ = eligible(portfolio, gambit)
        # Without weights and aversion the layout has the plan's own columns only.
        self.layout: Layout = lay_out(portfolio, gambit, initiatives, (0.0,) * len(self.weights), 0.0)
        number = {id: i for i, id in enumerate(forecast.ids)}
        self.rows = np.array([number[each.id] for each in initiatives])
        everyone = timing.counting_period(portfolio.initiatives, portfolio.periods.count, forecast.periods)
        self.everyone, self.seen = everyone, everyone[self.rows]
        self.baseline = effective_compute(draws.law, draws.ln_compute, draws.ln_tokens).oom
        self._number_columns()

    def _helps(self) -> Array:
        """Effects on the four levers of the loss law, shape (4, R, I), tokens in trillions."""
        helps = self.draws.helps
        return np.concatenate([helps[: ON_OOM + 1], helps[ON_STOCK : ON_STOCK + 1] / TRILLION])

    def _number_columns(self) -> None:
        count, periods = self.draws.ln_compute.shape
        plan = len(self.layout.names)
        self.value = plan + np.arange(count * periods).reshape(count, periods)
        self.lever = self.value[-1, -1] + 1 + np.arange(LEVERS * count * periods).reshape(LEVERS, count, periods)
        self.shortfall = self.lever[-1, -1, -1] + 1 + np.arange(count)
        self.threshold = self.shortfall[-1] + 1
        self.columns = self.threshold + 1

    def state(self) -> Any:
        """Give HiGHS with every column, the rules, and the first tangents."""
        highs = highspy.Highs()
        options = {"output_flag": False, "threads": 1, "primal_feasibility_tolerance": 1e-9}
        for name, value in (options | {"dual_feasibility_tolerance": 1e-9}).items():
            highs.setOptionValue(name, value)
        low, high, cost = (np.zeros(self.columns) for _ in range(3))
        low[len(self.layout.names) : self.shortfall[0]] = low[self.threshold] = -INF
        high[:] = INF
        high[: len(self.layout.names)] = 1.0
        aversion, probability = self.gambit.aversion, self.draws.probability
        cost[self.value] = -(1 - aversion) * probability[:, np.newaxis] * self.weights
        cost[self.threshold] = -aversion
        cost[self.shortfall] = aversion * probability / self.gambit.tail
        none = np.empty(0, dtype=np.int32)
        highs.addCols(self.columns, cost, low, high, 0, none, none, np.empty(0))
        rows = Rows()
        self._rules(rows)
        self._moves(rows)
        self._shortfalls(rows)
        rows.send(highs)
        return highs

    def _rules(self, rows: Rows) -> None:
        """What any plan obeys, as the package states it, and the tangents of diminishing returns."""
        stated = joined(block(self.layout) for block in BLOCKS)
        starts = stated.starts
        for k in range(len(stated)):
            entries = slice(starts[k], starts[k + 1])
            low, high = max(stated.low[k], -INF), min(stated.high[k], INF)
            rows.add(stated.column[entries], stated.coefficient[entries], low, high)
        shape = self.layout.funded.shape
        for at in FIRST_TANGENTS:
            self._bend(rows, np.full(shape, at), np.full(shape, np.inf))

    def _moves(self, rows: Rows) -> None:
        """Every lever is what progress (and, where it harms, money) moves it by."""
        helps = self._helps()[:, :, self.rows]
        harms = self.draws.harms[:, :, self.rows]
        for k in range(len(self.weights)):
            at = np.where(self.seen[:, k] >= 0, self.seen[:, k], 0)
            pick = np.arange(len(at)), at
            progress = np.where(self.seen[:, k] >= 0, self.layout.progress[pick], ABSENT)
            funded = np.where(self.seen[:, k] >= 0, self.layout.funded[pick], ABSENT)
            for lever in range(LEVERS):
                here = self.lever[lever, :, k, np.newaxis]
                columns = [here, np.broadcast_to(progress, (len(here), len(at)))]
                factors = [np.full_like(here, -1, dtype=float), helps[lever]]
                if lever < TOKENS and harms[lever].any():
                    columns.append(np.broadcast_to(funded, (len(here), len(at))))
                    factors.append(harms[lever])
                rows.add(np.hstack(columns), np.hstack(factors), 0.0, 0.0)

    def _shortfalls(self, rows: Rows) -> None:
        """How far a draw falls below the threshold: z ≥ η − Σ w v."""
        count = self.draws.count
        columns = np.hstack([self.shortfall[:, np.newaxis], np.full((count, 1), self.threshold), self.value])
        rows.add(
            columns, np.hstack([np.ones((count, 1)), -np.ones((count, 1)), np.tile(self.weights, (count, 1))]), 0.0, INF
        )

    def _bend(self, rows: Rows, funded: Array, above: Array) -> None:
        """Progress lies below the tangent of its curve at a funded fraction, where it lies above the curve."""
        for i, each in enumerate(self.layout.initiatives):
            assert not each.response.points, "the benchmark's curves are powers"
            if each.response.is_linear:
                continue
            for t in np.flatnonzero(self.layout.funded[i] != ABSENT):
                if above[i, t] > progress_of(each.response, funded[i, t]) + VIOLATED:
                    slope, intercept = line_at(each.response, float(funded[i, t]))
                    rows.add([self.layout.progress[i, t], self.layout.funded[i, t]], [1.0, -slope], -INF, intercept)

    def tangents(self, rows: Rows, levers: Array, value: Array) -> None:
        """Add the tangent of the value at some levers, shape (4, R, K), wherever ``value`` lies above it."""
        draws, law = self.draws, self.draws.law
        assert law is not None
        tokens = np.exp(draws.ln_tokens) + levers[TOKENS] * TRILLION
        reach = effective_compute(law, draws.ln_compute + levers[ON_COMPUTE], np.log(tokens) + levers[ON_DATA])
        worth = reach.oom - self.baseline + levers[ON_OOM]
        slopes = np.array([reach.by_compute, reach.by_tokens, np.ones_like(worth), reach.by_tokens / tokens * TRILLION])
        kept = value > worth + VIOLATED
        columns = np.concatenate([self.value[np.newaxis], self.lever])[:, kept].T
        factors = np.concatenate([np.ones((1, *worth.shape)), -slopes])[:, kept].T
        rows.add(columns, factors, -INF, (worth - (slopes * levers).sum(axis=0))[kept])

    def levers_at(self, level: float) -> Array:
        """Give the levers when every progress and funded fraction is at one level."""
        counts = np.where(self.seen >= 0, level, 0.0)
        helps = self._helps()[:, :, self.rows] @ counts
        helps[:TOKENS] += self.draws.harms[:TOKENS, :, self.rows] @ counts
        return np.asarray(helps)

    def judge(self, values: Array) -> tuple[Array, float]:
        """Give the plan in a solution, φ of shape (I, T), and its value by the oracle."""
        funded = np.where(self.layout.funded == ABSENT, 0.0, values[self.layout.funded])
        funded = np.maximum.accumulate(np.clip(np.where(funded < 1e-12, 0.0, funded), 0.0, 1.0), axis=1)
        whole_funded = np.zeros((len(self.everyone), funded.shape[1]))
        whole_progress = np.zeros_like(whole_funded)
        whole_funded[self.rows] = funded
        whole_progress[self.rows] = timing.progress(self.layout.initiatives, funded)
        everyone = self.portfolio.initiatives
        worth = self.forecast.evaluate(*timing.counted(everyone, whole_progress, whole_funded, self.forecast.periods))
        return funded, (1 - self.gambit.aversion) * worth.expected + self.gambit.aversion * worth.tail


def solve(
    portfolio: Portfolio, gambit: Gambit, forecast: Forecast, *, gap: float, seconds: float, **options: Any
) -> Answer:
    """Find the best plan with all draws in one programme, within some seconds.

    The first programme is solved by interior point with crossover, the rest by hot dual simplex: the fastest of
    what was tried (see ``bench_uncertainty.py``).
    """
    begun = time.perf_counter()
    options = {"solver": "ipm"} | options
    programme = Extensive(portfolio, gambit, forecast)
    highs = programme.state()
    rows = Rows()
    for level in STARTS:
        programme.tangents(rows, programme.levers_at(level), np.full(programme.value.shape, np.inf))
    rows.send(highs)
    for name, value in options.items():
        highs.setOptionValue(name, value)
    best, bound, rounds = -np.inf, np.inf, 0
    while bound - best > gap:
        left = seconds - (time.perf_counter() - begun)
        highs.setOptionValue("time_limit", highs.getRunTime() + max(left, 0.0))
        if left <= 0 or highs.run() != highspy.HighsStatus.kOk:
            break
        rounds += 1
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        highs.setOptionValue("solver", "simplex")
        bound = min(bound, -highs.getInfo().objective_function_value)
        values = np.array(highs.getSolution().col_value)
        funded, objective = programme.judge(values)
        best = max(best, objective)
        rows = Rows()
        programme.tangents(rows, values[programme.lever], values[programme.value])
        above = np.where(programme.layout.progress == ABSENT, 0.0, values[programme.layout.progress])
        programme._bend(rows, funded, above)
        rows.send(highs)
    spent = time.perf_counter() - begun
    return Answer(best, bound, rounds, spent, highs.getNumRow(), programme.columns, bound - best <= gap)
