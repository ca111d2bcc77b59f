"""Every uncertain number in every draw, as arrays: draws × periods and draws × initiatives.

Here there is one draw, the central one: every estimate at its median, each effect's logarithm (or tokens, or
value) times the chance that the initiative and everything it requires succeed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.portfolio.graph import prerequisites
from gambits.portfolio.model import Lever, Portfolio, Trend
from gambits.scaling.frontier import LN_10, Constants
from gambits.scaling.laws import load_law

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ON_COMPUTE, ON_DATA, ON_OOM = range(3)
"""Rows of ``Draws.effects``: ln of effective FLOP, ln of what each token is worth, OOM outside the loss law."""

# A data-efficiency gain of k is exactly k × compute and k × unique data (frontier.py), hence two rows.
_ROWS: Final = {
    Lever.COMPUTE: ((ON_COMPUTE, 1.0),),
    Lever.PARAMETER_EFFICIENCY: ((ON_COMPUTE, 1.0),),
    Lever.DATA_EFFICIENCY: ((ON_COMPUTE, 1.0), (ON_DATA, 1.0)),
    Lever.POST_TRAINING: ((ON_OOM, 1 / LN_10),),
    Lever.TEST_TIME: ((ON_OOM, 1 / LN_10),),
}


@dataclass(frozen=True, slots=True)
class Draws:
    """R draws of everything uncertain about I initiatives over K periods (horizon and after).

    Attributes
    ----------
    ids
        The initiatives, in the order of the arrays.
    probability
        Shape (R,), sums to 1.
    ln_compute, ln_tokens
        Shape (R, K): baseline training compute in ln FLOP, unique stock in ln tokens.
    helps, harms
        Shape (3, R, I): effects at full progress, those above and those below 0, by row ``ON_…``.
    tokens
        Shape (R, I): tokens added to the stock at full progress.
    value
        Shape (R, I): points at full funding.
    law
        Constants, scalars or of shape (R, 1); None without a frontier.
    """

    ids: tuple[str, ...]
    probability: Array
    ln_compute: Array
    ln_tokens: Array
    helps: Array
    harms: Array
    tokens: Array
    value: Array
    law: Constants | None

    @property
    def count(self) -> int:
        """The number of draws."""
        return len(self.probability)


def central_draw(portfolio: Portfolio, periods: int) -> Draws:
    """Give the one draw in which every estimate is at its median.

    Parameters
    ----------
    portfolio
        A sound portfolio.
    periods
        How many periods to cover: those of the horizon and those after it.
    """
    size = len(portfolio.initiatives)
    needed = prerequisites(portfolio)
    success = {each.id: each.success.central for each in portfolio.initiatives}
    effects = np.zeros((3, 1, size))
    tokens, value = np.zeros((1, size)), np.zeros((1, size))
    for i, initiative in enumerate(portfolio.initiatives):
        chance = math.prod(success[id] for id in (initiative.id, *needed[initiative.id]))
        for lever, estimate in initiative.effects.items():
            if lever.is_additive:
                tokens[0, i] = estimate.central * initiative.quality * chance
            for row, factor in _ROWS.get(lever, ()):
                effects[row, 0, i] += math.log(estimate.central) * factor * chance
        value[0, i] = initiative.value.central * chance
    return Draws(
        ids=tuple(each.id for each in portfolio.initiatives),
        probability=np.ones(1),
        ln_compute=_central_trend(portfolio.frontier.compute if portfolio.frontier else None, portfolio, periods),
        ln_tokens=_central_trend(portfolio.frontier.unique_tokens if portfolio.frontier else None, portfolio, periods),
        helps=np.maximum(effects, 0),
        harms=np.minimum(effects, 0),
        tokens=tokens,
        value=value,
        law=load_law(portfolio.frontier.law, Path(portfolio.file).parent).central if portfolio.frontier else None,
    )


def _central_trend(trend: Trend | None, portfolio: Portfolio, periods: int) -> Array:
    if trend is None:
        return np.zeros((1, periods))
    years = np.arange(periods) * portfolio.periods.years
    growth = math.log(trend.growth_per_year.central)
    return np.asarray(math.log(trend.start.central) + growth * years, dtype=float)[np.newaxis, :]
