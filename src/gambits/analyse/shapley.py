"""The Shapley value: what each of several causes adds, averaged over every order in which they could act.

No order is favoured, the parts add up to the whole, what changes nothing gets nothing, and causes that could stand in
for each other get the same (Shapley 1953, A value for n-person games).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Worth = Callable[[frozenset[int]], "Array"]
"""Gives what is measured, shape (M,), once the edits of these numbers are made and the others are not."""


def shapley(count: int, worth: Worth) -> Array:
    """Give the Shapley value of each of a few edits, shape (count, M): every subset is asked for."""
    values = np.zeros((count, len(worth(frozenset()))))
    for k in range(count):
        others = [other for other in range(count) if other != k]
        for size in range(count):
            weight = 1 / (count * math.comb(count - 1, size))
            for before in combinations(others, size):
                values[k] += weight * (worth(frozenset((*before, k))) - worth(frozenset(before)))
    return values


def sampled_shapley(count: int, worth: Worth, pairs: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Estimate Shapley values from orders drawn at random, each with its reverse.

    Returns
    -------
    :
        Means and their standard errors over the pairs, shape (count, M). The means add up to the whole exactly.

    Notes
    -----
    Castro, Gómez and Tejada (2009), Polynomial calculation of the Shapley value based on sampling.
    """
    found = []
    for _ in range(pairs):
        order = rng.permutation(count)
        found.append((_along(order, worth) + _along(order[::-1], worth)) / 2)
    means = np.mean(found, axis=0)
    return means, np.std(found, axis=0, ddof=1) / math.sqrt(pairs) if pairs > 1 else np.full_like(means, np.inf)


def _along(order: NDArray[np.int64], worth: Worth) -> Array:
    """Give what each edit adds when they are made in one order."""
    made: frozenset[int] = frozenset()
    before = worth(made)
    values = np.zeros((len(order), len(before)))
    for k in order.tolist():
        made |= {k}
        after = worth(made)
        values[k], before = after - before, after
    return values
