"""The fastest that work can be funded when money is no object: pace, starts and the graph alone hold it back."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.money import paid_before, paid_by
from gambits.allocate.waiting import allowed
from gambits.portfolio.graph import layers
from gambits.portfolio.model import Initiative, Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FULL: Final = 1 - 1e-9
"""From here on an initiative is fully funded."""


def in_order(portfolio: Portfolio) -> tuple[int, ...]:
    """Give the rows of initiatives, each behind those that it waits for."""
    number = {each.id: i for i, each in enumerate(portfolio.initiatives)}
    found = layers({each.id: each.waits_for for each in portfolio.initiatives})
    return tuple(number[id] for layer in found for id in layer)


def soonest(portfolio: Portfolio, wanted: Container[str], order: Sequence[int]) -> Array:
    """Give φ at the end of each period, shape (I, T), with the wanted initiatives funded as fast as may be.

    One that waits for what is not wanted gets nothing more than it has had. Of several sizes of one initiative the
    dearest is funded. ``order`` is ``in_order`` of the portfolio, which holds for every question about it.
    """
    initiatives = portfolio.initiatives
    number = {each.id: i for i, each in enumerate(initiatives)}
    paid, before = paid_by(initiatives, portfolio.periods.count), paid_before(initiatives)
    funded = paid.copy()
    for i in order:
        each = initiatives[i]
        if each.id in wanted and _is_dearest(each, initiatives, wanted):
            rows = [[number[id] for id in need.of] for need in each.requires + each.after]
            needs = zip(each.requires + each.after, rows, strict=True)
            limits = [allowed(need, paid[i], funded[others], paid[others], before[others]) for need, others in needs]
            funded[i] = fastest(each, funded[i], limits, portfolio.now)
    return funded


def fastest(initiative: Initiative, paid: Array, limits: Iterable[Array], now: int) -> Array:
    """Give φ by period, shape (T,), of one initiative: x[t] = min(x[t−1] + 1/takes, every limit); none is taken back.

    Parameters
    ----------
    initiative
        Its start and pace hold; if it is whole it does not pause, and begins as late as is as soon done.
    paid
        Shape (T,): φ if nothing more is paid.
    limits
        Each of shape (T,): how far those that it waits for let it be funded.
    now
        Periods that are over.
    """
    found, begin, base = paid.copy(), max(initiative.start, now), float(paid[-1])
    if initiative.never or begin >= len(paid):
        return found
    pace = np.arange(1, len(paid) - begin + 1) / initiative.takes
    cap = np.minimum.reduce([np.ones(len(pace)), *(limit[begin:] for limit in limits)])
    # Unrolled: the least, over all earlier periods, of what was allowed then and the pace since.
    rest = np.minimum.accumulate(np.maximum(cap, base) - pace) + pace
    found[begin:] = np.clip(np.minimum(base + pace, rest), base, 1)
    return _at_once(found, initiative.takes) if initiative.whole and base == 0 else found


def _at_once(found: Array, takes: int) -> Array:
    """Give the latest equal parts that are done as soon; nothing where that is never."""
    full = np.flatnonzero(found >= FULL)
    if not len(full):
        return np.zeros(len(found))
    return np.asarray(np.clip((np.arange(len(found)) - full[0]) / takes + 1, 0, 1))


def _is_dearest(initiative: Initiative, initiatives: tuple[Initiative, ...], wanted: Container[str]) -> bool:
    sizes = [each for each in initiatives if each.is_size and each.entry == initiative.entry and each.id in wanted]
    return not initiative.is_size or initiative is max(sizes, key=lambda each: (each.price, each.id))
