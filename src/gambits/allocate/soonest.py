"""The fastest that work can be funded when money is no object: pace, starts and the graph alone hold it back."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

import numpy as np

from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def soonest(portfolio: Portfolio, wanted: Container[str]) -> Array:
    """Give φ at the end of each period, shape (I, T), with the wanted initiatives funded as fast as may be.

    One that waits for what is not wanted gets nothing.
    """
    number = {each.id: i for i, each in enumerate(portfolio.initiatives)}
    elapsed = np.arange(1, portfolio.periods.count + 1)
    funded = np.zeros((len(number), portfolio.periods.count))
    for i, each in enumerate(portfolio.initiatives):
        if each.id in wanted and not each.never:
            funded[i] = np.clip((elapsed - each.start) / each.takes, 0, 1)
    moved = True
    while moved:
        before = funded.copy()
        for i, each in enumerate(portfolio.initiatives):
            for name in each.requires + each.after:
                funded[i] = np.minimum(funded[i], funded[number[name]])
        moved = not np.array_equal(before, funded)
    return funded
