"""Finding the constants: damped Gauss-Newton steps for robust fits, many starts or many resamples at once.

With residuals r(θ), their slopes g and a loss ρ, the objective Σ w ρ(r) has the gradient Σ w ρ'(r) g. Newton's
curvature Σ w ρ''(r) g gᵀ is blind to runs on the straight part of the loss, and oversteps from kink to kink;
that of reweighted least squares, Σ w (ρ'(r)/r) g gᵀ, sees every run and creeps (Holland and Welsch 1977,
doi 10.1080/03610927708827533). Newton's plus a tenth of the other takes a third of the steps of either. Damping
grows when a step would climb (Levenberg 1944, doi 10.1090/qam/10666) and fades as steps hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gambits.scaling.fit.form import Form
    from gambits.scaling.fit.losses import Course, Shape
    from gambits.scaling.fit.surface import Surface

    Array = NDArray[np.float64]

_MOST_STEPS: Final = 300
_FIRM: Final = 0.1
"""How much of the curvature of reweighted least squares joins that of Newton."""
_FIRST_DAMPING, _LEAST_DAMPING, _AFTER_CLIMB = 1e-3, 1e-12, 1e-2
_CHUNK: Final = 12_000
"""Numbers in one array of a chunk: few enough for a processor's cache."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be met: the surface of runs, their log losses (n,), and which constants may move."""

    surface: Surface
    ln_loss: Array
    form: Form

    def residuals(self, free: Array) -> Array:
        """Give predicted less measured log loss, shape (B, n), for free numbers of shape (B, q)."""
        return self.surface.at(self.form.points(free)).ln_loss - self.ln_loss


def descend(target: Target, starts: Array, weights: Array, course: Course) -> Array:
    """Give the free numbers where each start ends, shape (B, q).

    Parameters
    ----------
    starts
        Free numbers of shape (B, q), within the limits.
    weights
        How often each run counts, shape (B, n) or (n,).
    course
        Shapes of the loss to descend through, and when to stop.
    """
    rows = len(target.ln_loss)
    size = max(_CHUNK // rows, 1)
    found = np.empty_like(starts)
    weights = np.broadcast_to(weights, (len(starts), rows))
    for first in range(0, len(starts), size):
        part = slice(first, first + size)
        free = starts[part]
        for shape in course.shapes:
            free = _descend(target, free, weights[part], shape, course.tolerance)
        found[part] = free
    return found


def _descend(target: Target, starts: Array, weights: Array, shape: Shape, tolerance: float) -> Array:
    free = starts.copy()
    going = np.arange(len(free))
    damping = np.full(len(free), _FIRST_DAMPING)
    value = _objective(target, free, weights, shape)
    for _ in range(_MOST_STEPS):
        at, some = free[going], weights[going]
        step, promise = _step(target, at, some, damping[going], shape)
        following = np.clip(at + step, target.form.low, target.form.high)
        new = _objective(target, following, some, shape)
        falls = new <= value[going]
        damping[going] = _damped(damping[going], falls, (value[going] - new) / np.maximum(promise, 1e-300))
        settled = promise <= tolerance * value[going] + shape.nothing * some.sum(-1)
        free[going[falls]], value[going[falls]] = following[falls], new[falls]
        going = going[~settled]
        if not len(going):
            break
    return free


def _damped(damping: Array, falls: NDArray[np.bool_], kept: Array) -> Array:
    """Damp less after a step that kept its promise, more after one that did not, much more after a climb."""
    after_fall = damping * np.where(kept > 0.5, 0.1, np.where(kept > 0.1, 1, 2))  # noqa: PLR2004  (half, a tenth)
    after_climb = np.maximum(damping * 10, _AFTER_CLIMB)
    return np.asarray(np.where(falls, np.maximum(after_fall, _LEAST_DAMPING), after_climb))


def _objective(target: Target, free: Array, weights: Array, shape: Shape) -> Array:
    return np.asarray((weights * shape.of(target.residuals(free))).sum(-1))


def _step(target: Target, free: Array, weights: Array, damping: Array, shape: Shape) -> tuple[Array, Array]:
    """Give the damped step, shape (B, q), and the fall that it promises, shape (B,)."""
    gradient, curvature, metric = _derivatives(target, free, weights, shape)
    # A number at its limit stays there while the objective falls outwards.
    form = target.form
    stuck = ((free <= form.low) & (gradient > 0)) | ((free >= form.high) & (gradient < 0))
    gradient = np.where(stuck, 0, gradient) / metric
    curvature = curvature / (metric[:, :, None] * metric[:, None, :])
    curvature = np.where(stuck[:, :, None] | stuck[:, None, :], 0, curvature)
    curvature += (damping[:, None] + stuck)[:, :, None] * np.eye(free.shape[1])
    step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
    return -step / metric, np.asarray((gradient * step).sum(-1) / 2)


def _derivatives(target: Target, free: Array, weights: Array, shape: Shape) -> tuple[Array, Array, Array]:
    """Give gradient (B, q), curvature (B, q, q), and a metric (B, q) in which the numbers are comparable."""
    points = target.form.points(free)
    predicted = target.surface.at(points)
    residuals = predicted.ln_loss - target.ln_loss
    pull = weights * shape.slope(residuals)
    firm = pull / np.where(residuals == 0, 1, residuals)
    bend = weights * shape.bend(residuals) + _FIRM * firm
    slopes = target.form.spread.T @ target.surface.slopes(points, predicted)
    gradient = (slopes @ pull[:, :, None])[:, :, 0]
    curvature = (slopes * bend[:, None, :]) @ slopes.swapaxes(1, 2)
    metric = np.sqrt((slopes**2 @ firm[:, :, None])[:, :, 0])
    return gradient, curvature, np.maximum(metric, 1e-12)
