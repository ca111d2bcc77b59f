"""The oracle: what a plan's progress is worth in every draw and period, and how that value changes.

``Forecast.evaluate`` is all that the allocation knows of laws, draws and scenarios.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gambits.forecast.draws import ON_COMPUTE, ON_DATA, ON_OOM, Draws, central_draw
from gambits.portfolio.model import Objective, Portfolio
from gambits.scaling.frontier import Reach, effective_compute

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Values:
    """What a plan is worth, from the do-nothing baseline, with supergradients.

    Attributes
    ----------
    by_period
        Shape (K,): expected value by period, weights applied; sums to ``expected``. OOM.
    expected, tail
        E[V] and CVaR_α[V] (mean of the worst α of the draws). OOM.
    expected_slopes, tail_slopes
        Pairs of shape (I, K): by progress and by funded fraction, both as they count in period k. Those of
        ``expected`` belong to that period's entry of ``by_period``; those of ``tail`` to its total.
    """

    by_period: Array
    expected: float
    tail: float
    expected_slopes: tuple[Array, Array]
    tail_slopes: tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class Projection:
    """Effective compute by draw and period, without and with a plan: shape (R, K), log10 FLOP."""

    baseline: Array
    reached: Array

    @property
    def gain(self) -> Array:
        """The plan's gain in OOM, shape (R, K)."""
        return self.reached - self.baseline


@dataclass(frozen=True, slots=True)
class Forecast:
    """Draws seen through an objective: the value of any plan.

    ``tail`` is the α of CVaR. Progress and funded fractions are given as they count in each period, lags
    applied: shape (I, K) for I initiatives (in the order of ``ids``) and K periods, those after the horizon
    included.
    """

    draws: Draws
    objective: Objective
    tail: float = 1.0
    baseline: Reach | None = field(init=False)

    def __post_init__(self) -> None:
        law = self.draws.law
        reach = None if law is None else effective_compute(law, self.draws.ln_compute, self.draws.ln_tokens)
        object.__setattr__(self, "baseline", reach)

    @property
    def ids(self) -> tuple[str, ...]:
        """The initiatives, in the order of the arrays."""
        return self.draws.ids

    @property
    def periods(self) -> int:
        """Periods that count: those of the horizon and those after it."""
        return len(self.objective.weights)

    def evaluate(self, progress: Array, funded: Array) -> Values:
        """Give the value of a plan and its supergradients.

        Parameters
        ----------
        progress, funded
            Shape (I, K), in [0, 1], as they count in each period.
        """
        weights = np.array(self.objective.weights)
        reach, worth, tokens = self._reach(progress, funded)
        value = weights * (
            self.objective.effective_compute * worth + self.objective.value * (self.draws.value @ funded)
        )
        total = value.sum(axis=1)
        in_tail = tail_weights(total, self.draws.probability, self.tail)
        return Values(
            by_period=self.draws.probability @ value,
            expected=float(self.draws.probability @ total),
            tail=float(in_tail @ total),
            expected_slopes=self._slopes(self.draws.probability, reach, tokens),
            tail_slopes=self._slopes(in_tail, reach, tokens),
        )

    def project(self, progress: Array, funded: Array) -> Projection:
        """Give effective compute by draw and period without and with a plan."""
        if self.baseline is None:
            nothing = np.zeros((self.draws.count, self.periods))
            return Projection(nothing, nothing)
        _, worth, _ = self._reach(progress, funded)
        return Projection(self.baseline.oom, self.baseline.oom + worth)

    def _reach(self, progress: Array, funded: Array) -> tuple[Reach | None, Array, Array]:
        """Give the frontier with a plan, the gain in OOM, and the stock of tokens, each of shape (R, K)."""
        draws = self.draws
        if draws.law is None or self.baseline is None:
            nothing = np.zeros((draws.count, self.periods))
            return None, nothing, nothing
        moved = draws.helps @ progress + draws.harms @ funded
        tokens = np.exp(draws.ln_tokens) + draws.tokens @ progress
        reach = effective_compute(
            draws.law,
            draws.ln_compute + moved[ON_COMPUTE],
            np.log(tokens) + moved[ON_DATA],
            self.baseline.split,
        )
        return reach, reach.oom - self.baseline.oom + moved[ON_OOM], tokens

    def _slopes(self, weight: Array, reach: Reach | None, tokens: Array) -> tuple[Array, Array]:
        """Give the slopes of a weighted mean over draws, by progress and by funded fraction: shape (I, K)."""
        draws = self.draws
        shares = weight[:, np.newaxis] * np.array(self.objective.weights)
        by_funded = draws.value.T @ (shares * self.objective.value)
        if reach is None:
            return np.zeros_like(by_funded), by_funded
        shares = shares * self.objective.effective_compute
        rows = {ON_COMPUTE: reach.by_compute * shares, ON_DATA: reach.by_tokens * shares, ON_OOM: shares}
        by_progress = draws.tokens.T @ (rows[ON_DATA] / tokens)
        for row, slope in rows.items():
            by_progress += draws.helps[row].T @ slope
            by_funded = by_funded + draws.harms[row].T @ slope
        return by_progress, by_funded


def tail_weights(total: Array, probability: Array, alpha: float) -> Array:
    """Weigh draws so that the weighted mean is CVaR_α: from the worst up until α is full, the last in part.

    Parameters
    ----------
    total, probability
        Shape (R,).
    alpha
        In (0, 1]; 1 gives the mean.

    Notes
    -----
    Rockafellar and Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2(3).
    """
    worst_first = np.argsort(total, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(probability[worst_first])[:-1]])
    weights = np.empty_like(probability)
    weights[worst_first] = np.clip(alpha - before, 0, probability[worst_first])
    return np.asarray(weights / weights.sum())


def forecast(portfolio: Portfolio, objective: Objective, tail: float) -> Forecast:
    """Draw a portfolio's uncertain numbers and see them through an objective."""
    return Forecast(central_draw(portfolio, len(objective.weights)), objective, tail)
