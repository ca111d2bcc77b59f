"""When money counts: funded fractions and progress, by period of the plan and by period in which they count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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


def as_counted(values: Array, seen: NDArray[np.int32]) -> Array:
    """Move values by period of the plan, shape (I, T), to the periods in which they count, shape (I, K)."""
    padded = np.concatenate([values, np.zeros((len(values), 1))], axis=1)
    return np.take_along_axis(padded, seen.astype(np.int64), axis=1)


def progress(initiatives: tuple[Initiative, ...], funded: Array) -> Array:
    """Give progress at the end of each period, shape (I, T), for funded fractions of that shape."""
    rows = [progress_of(each.response, row) for each, row in zip(initiatives, funded, strict=True)]
    return np.array(rows).reshape(funded.shape)
