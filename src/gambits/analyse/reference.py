"""What the gambits are held against: doing nothing, bought compute alone, and today's allocation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gambits.analyse.given import Held
from gambits.forecast.oracle import Forecast
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reference:
    """A plan that no gambit chose: values in OOM from doing nothing, money in the portfolio's unit.

    ``gain`` is expected effective compute by period, OOM; ``spend`` the money of each initiative by period and
    ``funded`` φ at its end. ``broken`` says which of the portfolio's rules it does not obey, in words.
    """

    name: str
    expected: float
    cvar: float
    gain: tuple[float, ...]
    paths: dict[str, float]
    spend: dict[str, tuple[float, ...]]
    funded: dict[str, float]
    broken: tuple[str, ...] = ()

    @property
    def total_spend(self) -> float:
        """Money over the horizon."""
        return sum(self.paths.values())

    @property
    def shares(self) -> dict[str, float]:
        """Fraction of all money by path; all 0 where nothing is spent."""
        total = self.total_spend
        return {path: spent / total if total else 0.0 for path, spent in self.paths.items()}

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "expected": self.expected,
            "cvar": self.cvar,
            "gain": list(self.gain),
            "total_spend": self.total_spend,
            "shares": self.shares,
            "initiatives": {
                id: {"spend": list(row), "total": sum(row), "funded": self.funded[id]} for id, row in self.spend.items()
            },
            "broken": list(self.broken),
        }


def reference(
    portfolio: Portfolio, forecast: Forecast, name: str, money: Array, plan: Held, broken: tuple[str, ...] = ()
) -> Reference:
    """Value a plan that is given.

    Parameters
    ----------
    portfolio, forecast
        Whose plan it is, and its futures.
    name
        What it is called.
    money
        By initiative and period, shape (I, T).
    plan
        What it holds.
    broken
        Rules that it does not obey.
    """
    counted = plan.counted(portfolio, forecast)
    values, projection = forecast.evaluate(*counted), forecast.project(*counted)
    rows = sorted(zip(portfolio.initiatives, money, plan.funded[:, -1], strict=True), key=lambda row: row[0].id)
    paths = sorted({each.path for each in portfolio.initiatives})
    return Reference(
        name=name,
        expected=values.expected,
        cvar=values.tail,
        gain=tuple((forecast.draws.probability @ projection.gain)[: portfolio.periods.count].tolist()),
        paths={path: float(sum(row.sum() for each, row, _ in rows if each.path == path)) for path in paths},
        spend={each.id: tuple(row.tolist()) for each, row, _ in rows},
        funded={each.id: float(part) for each, _, part in rows},
        broken=broken,
    )
