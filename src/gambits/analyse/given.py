"""Plans that are given, not found: today's allocation, and nothing at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.cuts import Optimum
from gambits.allocate.money import money_paid, paid_before, paid_by, prices
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
    """Give what money by initiative and period, shape (I, T), holds, on top of what was paid before the first period.

    Money of periods that are over is what was paid in them.
    """
    initiatives, count = portfolio.initiatives, portfolio.periods.count
    received = money / (np.array([each.price for each in initiatives])[:, np.newaxis] * prices(portfolio))
    paid = paid_by(initiatives, count)
    over = np.arange(count) < portfolio.now
    before = paid[:, portfolio.now - 1] if portfolio.now else paid_before(initiatives)
    later = before[:, np.newaxis] + np.cumsum(np.where(over, 0.0, received), axis=1)
    funded = np.minimum(np.where(over, paid, later), 1.0)
    return Held(funded, timing.progress(initiatives, funded))


def money_of_nothing(portfolio: Portfolio) -> Array:
    """Give the money of the plan that funds nothing more, shape (I, T): what was paid in periods that are over."""
    return money_paid(portfolio.initiatives, portfolio.periods.count)


def money_of_today(portfolio: Portfolio) -> Array:
    """Give today's allocation, shape (I, T)."""
    return spread(portfolio, portfolio.current or {})


def spread(portfolio: Portfolio, totals: Mapping[str, float]) -> Array:
    """Spread money over the periods that are open, shape (I, T): evenly from each start on.

    Parameters
    ----------
    portfolio
        Whose plan it is.
    totals
        Money by initiative of the file, or by stage or size. The stages of one initiative are paid in their order,
        each in full before the next; of several sizes the largest that the money pays for.
    """
    money = money_of_nothing(portfolio)
    for id, amount in totals.items():
        left, parts = amount, _parts(portfolio, id, amount)
        for i, part in parts:
            share = left if i == parts[-1][0] else min(left, part.price)
            first = min(max(part.start, portfolio.now), portfolio.periods.count - 1)
            money[i, first:] += share / (portfolio.periods.count - first)
            left -= share
    return money


def shared_out(portfolio: Portfolio, rows: Mapping[str, Array]) -> Array:
    """Give money by period, shape (T,) for each id, to the parts that it pays for: shape (I, T).

    As in ``spread``; in periods that are over stands what was paid.
    """
    money = money_of_nothing(portfolio)
    is_open = np.arange(portfolio.periods.count) >= portfolio.now
    for id, row in rows.items():
        later = np.where(is_open, row, 0.0)
        parts, left = _parts(portfolio, id, float(later.sum())), np.cumsum(later)
        for i, part in parts:
            most = np.inf if i == parts[-1][0] else part.price
            money[i] += np.diff(np.minimum(left, most), prepend=0.0)
            left = left - np.minimum(left, most)
    return money


def _parts(portfolio: Portfolio, id: str, amount: float) -> list[tuple[int, Initiative]]:
    """List the parts of an initiative that money goes to, with their rows, in the order in which they are paid."""
    rows = [(i, each) for i, each in enumerate(portfolio.initiatives) if id in (each.id, each.entry)]
    if len(rows) > 1 and rows[0][1].is_size:
        sizes = sorted(rows, key=lambda row: row[1].price)
        return [max((row for row in sizes if row[1].price <= amount), key=lambda row: row[1].price, default=sizes[0])]
    known = {each.id for _, each in rows}
    # Each stage requires the one before, so a stage with more of its own before it comes later.
    before = {each.id: [name for name in each.waits_for if name in known] for _, each in rows}

    def place(id: str) -> int:
        return 1 + max((place(name) for name in before[id]), default=0)

    return sorted(rows, key=lambda row: place(row[1].id))
