"""When money counts: funded fractions and progress, by period of the plan and by period in which they count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gambits.allocate.money import paid_before
from gambits.allocate.response import progress_of
from gambits.portfolio.model import Initiative

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def counting_period(initiatives: tuple[Initiative, ...], periods: int, counted: int) -> NDArray[np.int32]:
    """Say at the end of which period of the plan the state stood that counts in period k.

    Returns
    -------
    :
        Shape (I, K) for K = ``counted`` ≥ ``periods``: min(k − lag, last period), or −1 where nothing counts yet.
        Money of period t counts in t when the lag is 0.
    """
    lags = np.array([each.lag for each in initiatives], dtype=np.int32).reshape(-1, 1)
    seen = np.minimum(np.arange(counted, dtype=np.int32) - lags, periods - 1)
    return np.asarray(np.maximum(seen, -1), dtype=np.int32)


def as_counted(values: Array, seen: NDArray[np.int32], before: Array) -> Array:
    """Move values by period of the plan to the periods in which they count, shape (I, K).

    Parameters
    ----------
    values
        Shape (I, T).
    seen
        Shape (I, K): ``counting_period``.
    before
        Shape (I,): the values before the first period, which count where nothing of the plan does yet.
    """
    padded = np.concatenate([values, before[:, np.newaxis]], axis=1)
    return np.take_along_axis(padded, seen.astype(np.int64), axis=1)


def counted(initiatives: tuple[Initiative, ...], progress: Array, funded: Array, periods: int) -> tuple[Array, Array]:
    """Give progress and funded fractions, shape (I, T), as they count in each of so many periods: shape (I, K)."""
    seen, before = counting_period(initiatives, progress.shape[1], periods), paid_before(initiatives)
    made = progress_before(initiatives, before)
    return as_counted(progress, seen, made), as_counted(funded, seen, before)


def progress_before(initiatives: tuple[Initiative, ...], before: Array) -> Array:
    """Give the progress of what was paid before the first period, shape (I,)."""
    return progress(initiatives, before[:, np.newaxis])[:, 0]


def progress(initiatives: tuple[Initiative, ...], funded: Array) -> Array:
    """Give progress at the end of each period, shape (I, T), for funded fractions of that shape."""
    rows = [progress_of(each.response, row) for each, row in zip(initiatives, funded, strict=True)]
    return np.array(rows).reshape(funded.shape)
