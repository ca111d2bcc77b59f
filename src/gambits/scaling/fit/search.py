"""Where a search starts, when it has seen enough, and how resamples follow from what it found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.fit.descent import descend
from gambits.scaling.fit.form import REPETITION
from gambits.scaling.fit.surface import NAMES, Surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gambits.scaling.fit.descent import Target
    from gambits.scaling.fit.losses import Loss

    Array = NDArray[np.float64]

HOFFMANN: Final = (6.0073404, 6.0179186, 0.5267228, 0.33917084, 0.2849083)
"""ln A, ln B, ln E, α, β of Hoffmann et al. 2022 (arXiv 2203.15556): the first start."""

_EXPONENTS: Final = (0.1, 0.2, 0.3, 0.4, 0.55, 0.8)
_REPETITIONS: Final = ((15.0, 5.0), (95.0, 1.7), (5.0, 12.0), (45.0, 2.3), (30.0, 1000.0))
"""R_D and R_N along the ridge on which they trade off (Muennighoff et al. 2023, arXiv 2305.16264)."""
_FINE: Final = 24
"""Places in each direction at which R_D and R_N are tried where they alone are free."""

_BATCH: Final = 6
_MOST: Final = 48
"""Starts, where no three of them agree."""
_ENOUGH: Final = 3
"""So many starts that end at the same best objective settle it."""
_SAME: Final = 1e-7


def find_optimum(target: Target, loss: Loss, weights: Array | float = 1.0) -> Array:
    """Give the free numbers, shape (q,), with the least objective, from as many starts as it takes.

    Starts come in batches; the search ends when three of them have reached the best objective.
    """
    weights = np.broadcast_to(weights, target.ln_loss.shape)
    starts = islice(_starts(target, loss, weights), _MOST)
    ends: list[Array] = []
    values: list[float] = []
    while batch := list(islice(starts, _BATCH)):
        found = descend(target, np.array(batch), weights, loss.nearly)
        ends.extend(found)
        values.extend(loss.objective(target.residuals(found), weights))
        if _is_settled(values, loss.shape.nothing * weights.sum()):
            break
    best = ends[int(np.argmin(values))][np.newaxis]
    return np.asarray(descend(target, best, weights, loss.exactly)[0])


def refit(target: Target, optimum: Array, weights: Array, loss: Loss) -> Array:
    """Give the free numbers that fit each resample, shape (B, q), for weights of shape (B, n)."""
    starts = np.tile(optimum, (len(weights), 1))
    if target.form.names == REPETITION:
        places, losses = _survey(target, loss)
        starts = places[(weights @ losses.T).argmin(axis=1)]
    return descend(target, starts, weights, loss.nearly)


def _is_settled(values: list[float], nothing: float) -> bool:
    enough = min(values) * (1 + _SAME) + nothing
    return sum(value <= enough for value in values) >= _ENOUGH


def _starts(target: Target, loss: Loss, weights: Array) -> Iterator[Array]:
    """Give starts, the likeliest first."""
    if target.form.names == REPETITION:
        places, losses = _survey(target, loss)
        yield from places[np.argsort(losses @ weights)[: 2 * _BATCH]]
        return
    repetitions = np.log(_REPETITIONS if target.surface.ln_u is not None else _REPETITIONS[:1])
    laws = [np.array(HOFFMANN), *_grid(target)]
    # Both change from one start to the next, so that starts which agree do so from different places.
    for shift in range(len(repetitions)):
        for place, law in enumerate(laws):
            repetition = repetitions[(place + shift) % len(repetitions)]
            yield target.form.free(np.concatenate([law, repetition])[np.newaxis])[0]


def _survey(target: Target, loss: Loss) -> tuple[Array, Array]:
    """Give places all over R_D and R_N, shape (P, 2), and the loss of each run there, shape (P, n).

    Where these two alone are free the objective has several valleys, and is cheap enough to look everywhere.
    """
    low, high = target.form.low, target.form.high
    axes = [np.linspace(low[k], high[k], _FINE) for k in range(len(REPETITION))]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(REPETITION))
    return places, loss.shape.of(target.residuals(places))


def _grid(target: Target) -> list[Array]:
    """Give, for each pair of exponents, the A, B and E that fit best, in the order of how well they do.

    With the exponents given, the loss is linear in A, B and E: non-negative least squares of relative errors.
    """
    from scipy.optimize import nnls

    plain = Surface(target.surface.ln_n, target.surface.ln_d, None)
    found = []
    for alpha, beta in product(_EXPONENTS, _EXPONENTS):
        columns = np.exp(
            np.stack([-alpha * plain.ln_n, -beta * plain.ln_d, np.zeros_like(plain.ln_n)]) - target.ln_loss
        )
        scale = columns.mean(axis=1)
        parts, misfit = nnls((columns / scale[:, None]).T, np.ones_like(plain.ln_n))
        # A part of nothing has no logarithm: start from a small one.
        ln_a, ln_b, ln_e = np.log(np.maximum(parts, 1e-3) / scale)
        found.append((misfit, np.array([ln_a, ln_b, ln_e, alpha, beta])))
    return [start for _, start in sorted(found, key=lambda each: each[0])]


assert NAMES[-len(REPETITION) :] == REPETITION, "starts are a law's constants, then those of repetition"
