"""What serving tokens costs in each period, at the medians: money that a plan has to leave in the budget.

With d for log10 of demand, c for log10 of what divides the cost of a token and ε for the elasticity, the bill is that
of the start times 10^(d − (1 − ε) c). What lowers it acts on progress and what raises it acts on money, linearly, as
harms do: so its logarithm is convex, it is convex, and tangent planes bound it from below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.forecast.draws import ON_COST, ON_DEMAND, central_draw
from gambits.forecast.makers import Made, Maker, maker_of
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import LN_10

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_DAYS: Final = 365.25
_MILLION: Final = 1e6
_CENTRAL: Final = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Saving:
    """What lowers the bill: ln at full progress of each of some makers, together ``cap`` at most."""

    makers: tuple[Maker, ...]
    sizes: tuple[float, ...]
    cap: float


@dataclass(frozen=True, slots=True)
class Bill:
    """The bill of each period: ``start`` is that without a plan, in the portfolio's money.

    ``raising`` has shape (I,): ln at full funding, below 0 where money lowers the bill.
    """

    start: float
    raising: Array
    savings: tuple[Saving, ...]

    def evaluate(self, progress: Array, funded: Array) -> tuple[Array, Array, Array]:
        """Give the bill of each period and its slopes.

        Parameters
        ----------
        progress, funded
            Shape (I, K), as they count.

        Returns
        -------
        :
            Shape (K,), money; and (K, I, K) twice: how the bill of each period answers to progress and to the funded
            fraction in each. Behind a choice with a lag it answers to earlier periods.
        """
        periods = funded.shape[1]
        own = np.eye(periods)[:, np.newaxis]
        exponent = self.raising @ funded
        by_progress, by_funded = np.zeros((periods, *progress.shape)), self.raising[:, np.newaxis] * own
        for saving in self.savings:
            made = [Made(each, progress, funded) for each in saving.makers]
            total = np.sum([size * one.amount[0] for size, one in zip(saving.sizes, made, strict=True)], axis=0)
            exponent = exponent - np.minimum(total, saving.cap)
            loose = np.where(total < saving.cap, -1.0, 0.0)[np.newaxis]
            for size, one in zip(saving.sizes, made, strict=True):
                for when in range(periods) if one.maker.has_memory else ():
                    one.credit(size * loose * own[when], by_progress[when], by_funded[when])
                if not one.maker.has_memory:
                    slopes = np.zeros((2, *progress.shape))
                    one.credit(size * loose, slopes[0], slopes[1])
                    by_progress, by_funded = by_progress + slopes[0] * own, by_funded + slopes[1] * own
        amount = self.start * np.exp(exponent)
        wide = amount[:, np.newaxis, np.newaxis]
        return amount, wide * by_progress, wide * by_funded


def serving_bill(portfolio: Portfolio) -> Bill | None:
    """Give what serving tokens takes from a budget that pays for it; None where it does not."""
    if portfolio.market is None or not portfolio.budget.includes_serving:
        return None
    central = central_draw(portfolio, portfolio.periods.count)
    a_day = sum(
        each.tokens_per_day.central / _MILLION * each.cost_per_million.central for each in portfolio.market.sectors
    )
    falls = 1 - portfolio.market.elasticity
    dearer, cheaper = central.harms[ON_COST, 0] * LN_10, central.helps[ON_COST, 0] * LN_10
    raising = (central.helps[ON_DEMAND, 0] + central.harms[ON_DEMAND, 0]) * LN_10 - falls * dearer
    savings: list[Saving] = []
    if falls < 0:
        raising = raising - falls * cheaper
    else:
        savings += [
            Saving((maker_of(central, int(i), _CENTRAL),), (falls * float(cheaper[i]),), math.inf)
            for i in np.flatnonzero(cheaper)
        ]
    for one in central.shared:
        sizes, cap = one.size[0], float(one.cap[0])
        for row, _ in one.rows:
            if row == ON_DEMAND or (row == ON_COST and falls < 0):
                # Not capped: rather a bill too high than one that cannot be paid.
                raising[one.who] += sizes if row == ON_DEMAND else -falls * sizes
            elif row == ON_COST:
                makers = tuple(maker_of(central, int(i), _CENTRAL) for i in one.who)
                savings.append(Saving(makers, tuple((falls * sizes).tolist()), falls * cap))
    return Bill(a_day * _DAYS * portfolio.periods.years, raising, tuple(savings))
