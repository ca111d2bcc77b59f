"""Money and funded fractions: what has been paid already, and what a plan pays in each period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gambits.portfolio.model import Initiative, Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def paid_before(initiatives: Sequence[Initiative]) -> Array:
    """Give φ before the first period, shape (I,)."""
    money = [sum(money for when, money in each.spent if when < 0) for each in initiatives]
    return np.minimum(np.array(money) / _costs(initiatives), 1.0)


def paid_by(initiatives: Sequence[Initiative], periods: int) -> Array:
    """Give φ by the end of each period if nothing more is paid, shape (I, T)."""
    before = np.array([sum(money for when, money in each.spent if when < 0) for each in initiatives])
    money = before[:, np.newaxis] + np.cumsum(money_paid(initiatives, periods), axis=1)
    return np.minimum(money / _costs(initiatives)[:, np.newaxis], 1.0)


def money_paid(initiatives: Sequence[Initiative], periods: int) -> Array:
    """Give the money paid in each period of the horizon, shape (I, T)."""
    money = np.zeros((len(initiatives), periods))
    for i, each in enumerate(initiatives):
        for when, amount in each.spent:
            if 0 <= when < periods:
                money[i, when] += amount
    return money


def prices(portfolio: Portfolio) -> Array:
    """Give what the same work costs in each period, shape (T,), against the first one that is still open."""
    years = (np.arange(portfolio.periods.count) - portfolio.now) * portfolio.periods.years
    return np.asarray((1 + portfolio.budget.discount_per_year) ** np.maximum(years, 0))


def spend(portfolio: Portfolio, funded: Array) -> Array:
    """Give the money of a plan, shape (I, T): what was paid in periods that are over, and its own in the others.

    Parameters
    ----------
    portfolio
        Its rules of money.
    funded
        Shape (I, T): φ at the end of each period.
    """
    initiatives, count = portfolio.initiatives, portfolio.periods.count
    received = np.diff(funded, axis=1, prepend=paid_before(initiatives)[:, np.newaxis])
    costs = np.array([each.price for each in initiatives])[:, np.newaxis]
    decided = received * costs * prices(portfolio)
    return np.where(np.arange(count) < portfolio.now, money_paid(initiatives, count), decided)


def _costs(initiatives: Sequence[Initiative]) -> Array:
    # What was spent was spent on work that went ahead: at its cost, not at the part of it that a budget expects.
    return np.array([each.cost.central for each in initiatives])
