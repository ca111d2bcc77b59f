"""Diminishing returns: progress against the funded fraction, and the lines that bound it from above."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.forecast.curves import Curve
from gambits.portfolio.model import Response

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FIRST_TANGENTS: Final = (0.02, 0.1, 0.25, 0.5, 1.0)
FIRST_EFFECTS: Final = np.array([0.0, 0.75, 1.0])
_DIGITS: Final = 33
_SMALLEST: Final = 1e-10
"""A power has no tangent at 0; here its line is within 1e-5 of 0 for exponents of a half and more."""


def progress_of(response: Response, funded: Array) -> Array:
    """Give progress, in [0, 1], for funded fractions of any shape."""
    if response.points:
        points = np.array(response.points)
        return np.asarray(np.interp(funded, points[:, 0], points[:, 1]))
    return np.asarray(funded**response.exponent)


def line_at(response: Response, funded: float) -> tuple[float, float]:
    """Give (slope, intercept) of a line that touches a power at a funded fraction and lies nowhere below it."""
    at, exponent = max(funded, _SMALLEST), response.exponent
    return _up(exponent * at ** (exponent - 1)), _up((1 - exponent) * at**exponent)


def _up(value: float) -> float:
    """Round up to 33 binary digits: what processors make of the last of 53 differs, and a line may lie higher."""
    mantissa, exponent = math.frexp(value)
    return math.ldexp(math.ceil(math.ldexp(mantissa, _DIGITS)), exponent - _DIGITS)


def tangents(curve: Curve, progress: Array) -> list[tuple[float, float]]:
    """Give (slope, intercept) of lines that touch a curve of effects and lie nowhere below it."""
    values, slopes = curve.at(progress)
    rest = values - slopes * progress
    return [(_up(slope), _up(left)) for slope, left in zip(slopes.tolist(), rest.tolist(), strict=True)]


def lines(response: Response) -> list[tuple[float, float]]:
    """Give the lines to begin with: every segment of a polyline, a few tangents of a power."""
    if not response.points:
        return [line_at(response, at) for at in FIRST_TANGENTS]
    pairs = zip(response.points, response.points[1:], strict=False)
    slopes = [((b[1] - a[1]) / (b[0] - a[0]), a) for a, b in pairs]
    return [(slope, a[1] - slope * a[0]) for slope, a in slopes]
