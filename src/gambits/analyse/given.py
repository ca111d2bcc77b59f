"""Plans that are given, not found: today's allocation, and nothing at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.cuts import Optimum
from gambits.forecast.oracle import Forecast
from gambits.portfolio.model import Initiative, Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NOTHING: Final = "do-nothing"
CURRENT: Final = "current"


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What a plan holds: ``funded`` and ``progress`` at the end of each period, shape (I, T).

    Money beyond what an initiative costs buys nothing: φ is at most 1 here.
    """

    funded: Array
    progress: Array

    def counted(self, portfolio: Portfolio, forecast: Forecast) -> tuple[Array, Array]:
        """Give progress and funded fractions as they count in each period of a forecast, shape (I, K)."""
        return timing.counted(portfolio.initiatives, self.progress, self.funded, forecast.periods)


def found(optimum: Optimum) -> Held:
    """Give what a plan that was found holds."""
    return Held(optimum.funded, optimum.progress)


def held(portfolio: Portfolio, money: Array) -> Held:
    """Give what money by initiative and period, shape (I, T), holds."""
    price = np.array([each.price for each in portfolio.initiatives])
    funded = np.minimum(np.cumsum(money, axis=1) / price[:, np.newaxis], 1.0)
    return Held(funded, timing.progress(portfolio.initiatives, funded))


def spend(portfolio: Portfolio, funded: Array) -> Array:
    """Give the money of a plan by initiative and period, shape (I, T)."""
    price = np.array([each.price for each in portfolio.initiatives])
    return np.asarray(np.diff(funded, prepend=0.0, axis=1) * price[:, np.newaxis])


def money_of_nothing(portfolio: Portfolio) -> Array:
    """Give the money of the plan that funds nothing, shape (I, T)."""
    return np.zeros((len(portfolio.initiatives), portfolio.periods.count))


def money_of_today(portfolio: Portfolio) -> Array:
    """Spread today's allocation over the periods, shape (I, T): evenly from each initiative's start on.

    The stages of one initiative are paid in their order, each in full before the next.
    """
    money = money_of_nothing(portfolio)
    for id, amount in (portfolio.current or {}).items():
        left = amount
        parts = _parts(portfolio, id)
        for i, part in parts:
            last = (i, part) == parts[-1]
            share = left if last else min(left, part.price)
            money[i, min(part.start, portfolio.periods.count - 1) :] = 1.0
            money[i] *= share / money[i].sum()
            left -= share
    return money


def _parts(portfolio: Portfolio, id: str) -> list[tuple[int, Initiative]]:
    """List an initiative's stages with their rows, the first stage first; itself where it has none."""
    rows = [(i, each) for i, each in enumerate(portfolio.initiatives) if each.id.partition("/")[0] == id]
    known = {each.id for _, each in rows}
    # Each stage requires the one before, so a stage with more of its own before it comes later.
    before = {each.id: [name for name in each.waits_for if name in known] for _, each in rows}

    def place(id: str) -> int:
        return 1 + max((place(name) for name in before[id]), default=0)

    return sorted(rows, key=lambda row: place(row[1].id))
