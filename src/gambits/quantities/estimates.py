"""An uncertain number as its author wrote it: a point, a 90 % interval or three percentiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

_METALOG_LIMIT: Final = 1.66711
"""The largest |a3/a2| of a feasible three-term metalog (Keelin 2016)."""


class Bounds(Enum):
    """Where a quantity may lie; decides the distribution that a range stands for."""

    ANY = "any number"
    POSITIVE = "above 0"
    AMOUNT = "above 0, or 0 for none"
    PROBABILITY = "between 0 and 1"


class Shape(Enum):
    """How an estimate was written."""

    POINT = "number"
    RANGE = "a to b"
    PERCENTILES = "p10, p50, p90"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, a range or three percentiles.

    ``values`` holds (value,), (low, high) of the 90 % interval, or (p10, p50, p90), in the unit of the key
    that carries it.
    """

    shape: Shape
    values: tuple[float, ...]
    bounds: Bounds = Bounds.ANY

    @classmethod
    def point(cls, value: float, bounds: Bounds = Bounds.ANY) -> Estimate:
        """Make an estimate without spread."""
        return cls(Shape.POINT, (float(value),), bounds)

    @property
    def central(self) -> float:
        """The median: the geometric mean of a positive range, the midpoint of another, else p50."""
        match self.shape, self.values:
            case Shape.POINT, (value,):
                return value
            case Shape.RANGE, (low, high):
                # Two roots, since the product of 1e200 and 1e220 would overflow.
                return math.sqrt(low) * math.sqrt(high) if low > 0 else (low + high) / 2
            case _:
                return self.values[1]

    @property
    def middle_limits(self) -> tuple[float, float] | None:
        """Between which values p50 must lie for three percentiles to have a metalog; None for other shapes.

        Notes
        -----
        Keelin (2016), The metalog distributions, Decision Analysis 13(4): with three terms it exists while
        |a3/a2| ≤ 1.66711, here in the coordinates in which the quantity has no bounds.
        """
        if self.shape is not Shape.PERCENTILES:
            return None
        low, high = self.unbounded(self.values[0]), self.unbounded(self.values[2])
        # |a3/a2| = 2.5·|1 − 2r| for r = (p50 − p10)/(p90 − p10).
        reach = (1 - _METALOG_LIMIT / 2.5) / 2
        return self.bounded(low + reach * (high - low)), self.bounded(high - reach * (high - low))

    def unbounded(self, value: float) -> float:
        """Map a value to the coordinate in which its quantity has no bounds: itself, its log, or its logit."""
        match self.bounds:
            case Bounds.POSITIVE | Bounds.AMOUNT:
                return math.log(value)
            case Bounds.PROBABILITY:
                return math.log(value / (1 - value))
            case _:
                return value

    def bounded(self, coordinate: float) -> float:
        """Map a coordinate back to a value."""
        match self.bounds:
            case Bounds.POSITIVE | Bounds.AMOUNT:
                return math.exp(coordinate)
            case Bounds.PROBABILITY:
                return 1 / (1 + math.exp(-coordinate))
            case _:
                return coordinate

    @property
    def is_certain(self) -> bool:
        """Whether the estimate has no spread."""
        return self.values[0] == self.values[-1]

    def __str__(self) -> str:
        match self.shape:
            case Shape.POINT:
                return f"{self.values[0]:g}"
            case Shape.RANGE:
                return f"{self.values[0]:g} to {self.values[1]:g}"
            case _:
                p10, p50, p90 = self.values
                return f"p10 {p10:g}, p50 {p50:g}, p90 {p90:g}"
