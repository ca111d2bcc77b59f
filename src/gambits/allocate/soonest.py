"""The fastest that work can be funded when money is no object: pace, starts and the graph alone hold it back."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

import numpy as np

from gambits.allocate.money import paid_before, paid_by
from gambits.allocate.waiting import held_back
from gambits.portfolio.model import Initiative, Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def soonest(portfolio: Portfolio, wanted: Container[str]) -> Array:
    """Give φ at the end of each period, shape (I, T), with the wanted initiatives funded as fast as may be.

    One that waits for what is not wanted gets nothing more than it has had. Of several sizes of one initiative the
    dearest is funded.
    """
    initiatives, count, now = portfolio.initiatives, portfolio.periods.count, portfolio.now
    paid, before = paid_by(initiatives, count), paid_before(initiatives)
    elapsed = np.arange(1, count + 1)
    funded = paid.copy()
    for i, each in enumerate(initiatives):
        if each.id in wanted and not each.never and _is_dearest(each, initiatives, wanted):
            more = np.clip((elapsed - max(each.start, now)) / each.takes, 0, 1)
            funded[i] = np.where(elapsed > now, np.minimum(paid[i, -1] + more, 1), paid[i])
    return held_back(initiatives, funded, paid, before)


def _is_dearest(initiative: Initiative, initiatives: tuple[Initiative, ...], wanted: Container[str]) -> bool:
    sizes = [each for each in initiatives if each.is_size and each.entry == initiative.entry and each.id in wanted]
    return not initiative.is_size or initiative is max(sizes, key=lambda each: (each.price, each.id))
