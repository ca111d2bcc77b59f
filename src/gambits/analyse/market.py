"""Token GDP: tokens served times what a token is worth, by sector and period, what serving costs, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.forecast.draws import Draws
from gambits.forecast.oracle import Projection
from gambits.portfolio.model import Market

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_MILLION: Final = 1e6


@dataclass(frozen=True, slots=True)
class SectorReport:
    """One sector by period, means over the draws: tokens a day, and money a day of GDP and of the serving bill.

    ``index`` is token GDP against that of the first period without the plan.
    """

    tokens_per_day: tuple[float, ...]
    gdp_per_day: tuple[float, ...]
    bill_per_day: tuple[float, ...]
    index: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {name: list(getattr(self, name)) for name in self.__slots__}


def token_gdp(market: Market, draws: Draws, projection: Projection, periods: int) -> dict[str, SectorReport]:
    """Report each sector under a plan, and all of them together as ``all``.

    Tokens answer to cost with the market's elasticity, and value to capability: tokens × demand × c^ε and value ×
    token value × 10^(value per OOM · gain), for c what divides the cost of a token.

    Parameters
    ----------
    market
        The sectors at the start, at their medians.
    draws
        Weights of the draws.
    projection
        The plan's gains and market factors by draw.
    periods
        Those of the horizon; what comes after is left out.
    """
    demand, value, cost = (part[:, :periods] for part in projection.market)
    served = 10 ** (demand + market.elasticity * cost)
    worth = 10 ** (value + market.value_per_oom * projection.gain[:, :periods])
    mean = draws.probability
    tokens, gdp, bill = mean @ served, mean @ (served * worth), mean @ (served / 10**cost)
    found: dict[str, SectorReport] = {}
    totals = np.zeros((4, periods))
    for sector in market.sectors:
        daily = sector.tokens_per_day.central
        rows = np.array(
            [
                daily * tokens,
                daily / _MILLION * sector.value_per_million.central * gdp,
                daily / _MILLION * sector.cost_per_million.central * bill,
                np.full(periods, daily / _MILLION * sector.value_per_million.central),
            ]
        )
        totals += rows
        found[sector.name] = _report(rows)
    return found | {"all": _report(totals)}


def _report(rows: Array) -> SectorReport:
    tokens, gdp, bill, start = (tuple(row.tolist()) for row in rows)
    return SectorReport(tokens, gdp, bill, tuple((rows[1] / start[0]).tolist()))


@dataclass(frozen=True, slots=True)
class Flywheel:
    """Whether cheaper and better tokens pay for the work that makes them so, means over the draws.

    ``surplus_per_day`` is token GDP less the serving bill under the plan, by period, and ``added_per_day`` how much of
    it the plan adds. ``payback_days`` is for how long what it adds in the last period would have to flow to pay for it;
    None where it adds nothing. All in the portfolio's money.
    """

    surplus_per_day: tuple[float, ...]
    added_per_day: tuple[float, ...]
    payback_days: float | None

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "surplus_per_day": list(self.surplus_per_day),
            "added_per_day": list(self.added_per_day),
            "payback_days": self.payback_days,
        }


def flywheel(with_plan: SectorReport, without: SectorReport, spent: float) -> Flywheel:
    """Weigh what a plan adds to the surplus of all sectors against the money that it takes."""
    surplus = np.subtract(with_plan.gdp_per_day, with_plan.bill_per_day)
    added = surplus - np.subtract(without.gdp_per_day, without.bill_per_day)
    return Flywheel(
        tuple(surplus.tolist()), tuple(added.tolist()), spent / float(added[-1]) if spent and added[-1] > 0 else None
    )
