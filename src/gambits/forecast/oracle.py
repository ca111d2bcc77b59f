"""The oracle: what a plan's progress is worth in every draw and period, and how that value changes.

``Forecast.evaluate`` is all that the allocation knows of laws, draws and scenarios. Draws are worked through in
blocks of fixed size whose sums are added in order: any number of workers gives the same result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.forecast.block import Block, Sums, cut_into_blocks, evaluate_block, evaluate_worst
from gambits.forecast.curves import Bend, Curve, Curves, bend, curves_of
from gambits.forecast.draws import Draws
from gambits.forecast.workers import THREADS, Workers
from gambits.portfolio.model import Objective

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


_SAME_VALUE: Final = 1e-12
"""Values of draws that differ by less are one value, OOM."""


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
        ``expected`` belong to that period's entry of ``by_period``, unless the forecast has a memory; those of
        ``tail`` to its total.
    expected_bend, tail_bend
        How much of the slopes by progress goes along the forecast's curves; None where nobody asked.
    """

    by_period: Array
    expected: float
    tail: float
    expected_slopes: tuple[Array, Array]
    tail_slopes: tuple[Array, Array]
    expected_bend: Bend | None = None
    tail_bend: Bend | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """Effective compute by draw and period, without and with a plan: shape (R, K), log10 FLOP; and the value.

    ``value`` has shape (R,): V of each draw, OOM. ``market`` has shape (3, R, K): log10 of the factors that
    demand, token value and inference cost work take part in, elasticity and capability left out. ``tokens`` is the
    stock with what the plan adds, and ``ln_worth`` ln of what each of them is worth, both of shape (R, K).
    """

    baseline: Array
    reached: Array
    value: Array
    market: Array
    tokens: Array
    ln_worth: Array

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
    workers: Workers = THREADS
    blocks: tuple[Block, ...] = field(default=(), repr=False)
    curves: Curves | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.blocks:
            object.__setattr__(self, "curves", curves_of(self.draws))
            object.__setattr__(self, "blocks", cut_into_blocks(self.draws, self.curves))

    def through(self, objective: Objective, tail: float) -> Forecast:
        """Give the same draws, laid out once, seen through another objective and tail."""
        return replace(self, objective=objective, tail=tail)

    @property
    def ids(self) -> tuple[str, ...]:
        """The initiatives, in the order of the arrays."""
        return self.draws.ids

    @property
    def curve(self) -> Mapping[str, Curve]:
        """The curve of each initiative that has one, by id."""
        if self.curves is None:
            return {}
        return {self.ids[i]: each for i, each in zip(self.curves.who, self.curves.each, strict=True)}

    @property
    def periods(self) -> int:
        """Periods that count: those of the horizon and those after it."""
        return len(self.objective.weights)

    @property
    def has_memory(self) -> bool:
        """Whether a period's value also hangs on what counted in earlier ones: a choice behind which a lag lies."""
        return any(gate.lag for gate in self.draws.gates)

    def evaluate(self, progress: Array, funded: Array, loose: float = 0.0) -> Values:
        """Give the value of a plan and its supergradients.

        Parameters
        ----------
        progress, funded
            Shape (I, K), in [0, 1], as they count in each period.
        loose
            If above 0, say how the value bends along the curves, with so much slack, OOM.
        """
        is_bent = loose > 0 and self.curves is not None
        sums = self._work(progress, funded, [block.probability for block in self.blocks], is_bent)
        total = np.concatenate([part.value for part in sums])
        by_period = np.sum([part.by_period for part in sums], axis=0)
        slopes, bent = _added(sums), self._bend(progress, sums, loose)
        if self.draws.count == 1 or self.tail >= 1:
            mean = float(self.draws.probability @ total)
            return Values(by_period, float(by_period.sum()), mean, slopes, slopes, bent, bent)
        in_tail = tail_weights(total, self.draws.probability, self.tail)
        worst = self._work_on_the_worst(progress, funded, in_tail, is_bent)
        tail, tail_bend = float(in_tail @ total), self._bend(progress, worst, loose)
        return Values(by_period, float(by_period.sum()), tail, slopes, _added(worst), bent, tail_bend)

    def slopes(self, progress: Array, funded: Array) -> tuple[Array, Array]:
        """Give the slopes of the expected value alone, by progress and by funded fraction: shape (I, K)."""
        return _added(self._work(progress, funded, [block.probability for block in self.blocks]))

    def project(self, progress: Array, funded: Array) -> Projection:
        """Give effective compute by draw and period without and with a plan, and the value of each draw."""
        sums = self._work(progress, funded, [block.probability for block in self.blocks])
        baseline = np.concatenate([block.baseline.oom for block in self.blocks])
        gain = np.concatenate([part.gain for part in sums])
        market = np.concatenate([part.market for part in sums], axis=1)
        tokens, ln_worth = np.concatenate([part.data for part in sums], axis=1)
        value = np.concatenate([part.value for part in sums])
        return Projection(baseline, baseline + gain, value, market, tokens, ln_worth)

    def _bend(self, progress: Array, sums: list[Sums], loose: float) -> Bend | None:
        parts = [part.bends for part in sums if part.bends is not None]
        if self.curves is None or not parts:
            return None
        kinks, ended, going = (np.sum(each, axis=0) for each in zip(*map(astuple, parts), strict=True))
        return bend(self.curves, progress, kinks, ended, going, loose)

    def _work(self, progress: Array, funded: Array, weights: list[Array], is_bent: bool = False) -> list[Sums]:
        """Evaluate every block under weights of its draws."""
        task = partial(evaluate_block, self.objective, is_bent, progress, funded)
        return self.workers.map(task, self.blocks, weights)

    def _work_on_the_worst(self, progress: Array, funded: Array, weight: Array, is_bent: bool) -> list[Sums]:
        """Evaluate only the draws with weight: a tail of 20 % costs a fifth of all."""
        cuts = np.cumsum([len(block.probability) for block in self.blocks])[:-1]
        task = partial(evaluate_worst, self.objective, is_bent, progress, funded)
        return self.workers.map(task, self.blocks, np.split(weight, cuts))


def _added(sums: list[Sums]) -> tuple[Array, Array]:
    by_progress = np.sum([part.by_progress for part in sums], axis=0)
    return by_progress, np.sum([part.by_funded for part in sums], axis=0)


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
    # Draws of one value stand in their own order, whatever a processor makes of the last digits.
    worst_first = np.argsort(np.rint(total / _SAME_VALUE), kind="stable")
    before = np.concatenate([[0.0], np.cumsum(probability[worst_first])[:-1]])
    weights = np.empty_like(probability)
    weights[worst_first] = np.clip(alpha - before, 0, probability[worst_first])
    return np.asarray(weights / weights.sum())
