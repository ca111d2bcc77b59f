"""How far a law is off: robust losses of log-loss residuals, summed over runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Huber:
    """r²/2 up to ``delta``, straight beyond it (Huber 1964, doi 10.1214/aoms/1177703732); least squares if infinite."""

    delta: float
    nothing: ClassVar = 1e-20
    """A run's loss, below which it lies on the law to ten digits."""

    def of(self, residuals: Array) -> Array:
        """Give the loss of each residual."""
        size = np.abs(residuals)
        near = np.minimum(size, self.delta)
        return np.asarray(near * (size - near / 2))

    def slope(self, residuals: Array) -> Array:
        """Give its first derivative."""
        return np.clip(residuals, -self.delta, self.delta)

    def bend(self, residuals: Array) -> Array:
        """Give its second derivative."""
        return np.asarray(np.abs(residuals) <= self.delta, dtype=float)


@dataclass(frozen=True, slots=True)
class Absolute:
    """The size of a residual, its corner rounded over some ``width``."""

    width: float
    nothing: ClassVar = 1e-12
    """A run's loss, below which it lies on the law to twelve digits."""

    def of(self, residuals: Array) -> Array:
        """Give the loss of each residual."""
        return np.asarray(np.hypot(residuals, self.width) - self.width)

    def slope(self, residuals: Array) -> Array:
        """Give its first derivative."""
        return np.asarray(residuals / np.hypot(residuals, self.width))

    def bend(self, residuals: Array) -> Array:
        """Give its second derivative."""
        return np.asarray(self.width**2 / np.hypot(residuals, self.width) ** 3)


Shape = Huber | Absolute


@dataclass(frozen=True, slots=True)
class Course:
    """Shapes through which an optimum is reached, each from where the last one ended, and when to stop.

    A descent stops when a step promises less than ``tolerance``, as a part of the objective.
    """

    shapes: tuple[Shape, ...]
    tolerance: float


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss; ``exactly`` leads to its optimum, ``nearly`` as near as a resample needs, whose own spread is larger."""

    name: str
    shape: Shape
    exactly: Course
    nearly: Course
    about: str

    def objective(self, residuals: Array, weights: Array) -> Array:
        """Sum over the last axis."""
        return np.asarray((weights * self.shape.of(residuals)).sum(-1))


def _loss(name: str, shape: Shape, through: tuple[Shape, ...], about: str) -> Loss:
    return Loss(name, shape, Course(through, 1e-12), Course(through[:2], 1e-8), about)


_HUBER: Final = Huber(1e-3)
_SQUARE: Final = Huber(math.inf)
_ROUNDED: Final = tuple(Absolute(10.0**power) for power in range(-3, -10, -1))

LOSSES: Final = {
    loss.name: loss
    for loss in (
        _loss("huber", _HUBER, (_HUBER,), "Huber's loss of log-loss residuals, δ = 0.001"),
        _loss("absolute", Absolute(0.0), _ROUNDED, "absolute deviations of log loss"),
        _loss("square", _SQUARE, (_SQUARE,), "squares of log-loss residuals"),
    )
}
"""The losses on offer; the first is the default, that of Hoffmann et al. 2022 (arXiv 2203.15556)."""
