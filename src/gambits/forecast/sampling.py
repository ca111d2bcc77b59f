"""Random numbers that belong to names: streams and stratified uniforms.

Every estimate draws from a stream of its own, keyed by the seed and its dotted key, so that adding an
initiative or editing one number leaves every other draw as it was, bit by bit.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def stream(seed: str, key: str) -> np.random.Generator:
    """Give the generator that belongs to a key under a seed."""
    digest = hashlib.sha256(f"{seed}/{key}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest)))


def stratified(seed: str, key: str, count: int) -> Array:
    """Give ``count`` uniforms in (0, 1), one in each of as many equal strata, in random order.

    Over many keys this is a Latin hypercube (McKay, Beckman and Conover 1979, Technometrics 21).
    """
    generator = stream(seed, key)
    # Kept away from 0 and 1, whose quantiles can be infinite.
    inside = np.clip(generator.random(count), 1e-9, 1 - 1e-9)
    return np.asarray((generator.permutation(count) + inside) / count)


def reordered(uniforms: Array, luck: Array) -> Array:
    """Put uniforms in the order of another variable: the strata stay exact, the ranks follow luck."""
    ranks = np.argsort(np.argsort(luck, kind="stable"), kind="stable")
    return np.sort(uniforms)[ranks]
