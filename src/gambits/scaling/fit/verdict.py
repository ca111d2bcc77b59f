"""What the runs do not say: optima at a limit, constants that resampling leaves open, mixes of constants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.fit.form import LIMITS, REPETITION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from gambits.scaling.fit.descent import Target

    Array = NDArray[np.float64]

LEVEL: Final = 0.95
_TAILS: Final = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
Interval = tuple[float, float]
_WIDE: Final = 100.0
"""A constant of repetition whose interval spans more than this factor is not identified."""
_WIDE_EXPONENT: Final = 4.0
"""The same for an exponent."""
_AT: Final = 1e-6
_UNSEEN: Final = 1e-6
"""A constant whose slopes are smaller moves no run's loss."""
_CANCELS: Final = 1e-4
"""Slopes, scaled to one size, that combine to less cancel; those of sound tables combine to 0.005 and more."""
_TAKES_PART: Final = 0.1
_PARTS: Final = 10
_LEAST_IN_PART: Final = 20


@dataclass(frozen=True, slots=True)
class Doubt:
    """A constant that the runs do not identify, and why; ``interior`` is false where the optimum is at a limit."""

    constant: str
    message: str
    interior: bool = True

    @property
    def is_repetition(self) -> bool:
        """Whether it is R_D or R_N, without which the rest of the law still stands."""
        return f"ln_{self.constant}" in REPETITION


def constants_of(names: tuple[str, ...], free: Array) -> dict[str, float]:
    """Give constants by name, as A, of free numbers by name, as ln A; tied exponents twice."""
    found = {name: float(value) for name, value in zip(names, free, strict=True)}
    if "alpha" in found:
        found.setdefault("beta", found["alpha"])
    return {name.removeprefix("ln_"): _as_constant(name, value) for name, value in found.items()}


def intervals(names: tuple[str, ...], resamples: Array) -> dict[str, Interval]:
    """Give the interval of each constant at ``LEVEL``; without an end where resamples reach a limit of repetition."""
    if not len(resamples):
        return {}
    low, high = (constants_of(names, ends) for ends in np.quantile(resamples, _TAILS, axis=0))
    return {name: (_open(name, low[name], 0), _open(name, high[name], 1)) for name in low}


def end_error(names: tuple[str, ...], resamples: Array) -> float | None:
    """Give how well the least known end of an interval is known: its standard error, as a fraction of it.

    The ends of tenths of the resamples scatter by about the root of ten more than those of all of them.
    """
    if len(resamples) < _PARTS * _LEAST_IN_PART:
        return None
    ends = [intervals(names, part) for part in np.array_split(resamples, _PARTS)]
    whole = intervals(names, resamples)
    errors = [
        np.std([each[name][side] for each in ends], ddof=1) / math.sqrt(_PARTS) / whole[name][side]
        for name in whole
        for side in (0, 1)
        if all(math.isfinite(each[name][side]) and each[name][side] > 0 for each in (*ends, whole))
    ]
    return float(max(errors)) if errors else None


def find_doubts(target: Target, optimum: Array, spans: Mapping[str, Interval]) -> list[Doubt]:
    """Say which constants the runs leave open, at most one doubt a constant."""
    doubts = [
        doubt
        for name, value in zip(target.form.names, optimum, strict=True)
        for doubt in [_doubt(name, value, spans.get(name.removeprefix("ln_"), (math.nan, math.nan)))]
        if doubt is not None
    ]
    known = {doubt.constant for doubt in doubts}
    return doubts + [doubt for doubt in _mixed(target, optimum) if doubt.constant not in known]


def find_unseen(target: Target, optimum: Array) -> NDArray[np.bool_]:
    """Say of each free number whether no run's loss moves with it, shape (q,)."""
    return np.asarray(np.sqrt((_slopes(target, optimum) ** 2).mean(axis=1)) < _UNSEEN)


def _doubt(name: str, value: float, ends: Interval) -> Doubt | None:
    constant = name.removeprefix("ln_")
    low, high = ends
    if name in REPETITION:
        if _is_at_limit(name, value) or low == 0 or high > _WIDE * low:
            return Doubt(constant, f"{constant} is not identified: {_any_value(low, high)}")
        return None
    if _is_at_limit(name, value):
        message = f"{constant} is at the limit of the search ({_as_constant(name, value):.3g}): no optimum inside"
        return Doubt(constant, message, interior=False)
    too_wide = not name.startswith("ln_") and high > _WIDE_EXPONENT * low
    if too_wide or any(_is_at_limit(name, end) for end in _ends(name, low, high)):
        return Doubt(constant, f"{constant} is not identified: resamples take it from {low:.3g} to {high:.3g}")
    return None


def _mixed(target: Target, optimum: Array) -> list[Doubt]:
    """Find constants of which only a mix shows: their slopes, run by run, nearly cancel."""
    slopes = _slopes(target, optimum)
    directions, sizes, _ = np.linalg.svd(slopes / np.maximum(np.linalg.norm(slopes, axis=1), 1e-300)[:, np.newaxis])
    if len(sizes) == len(slopes) and sizes[-1] > _CANCELS:
        return []
    parts = np.abs(directions[:, -1])
    names = [
        name.removeprefix("ln_") for name, part in zip(target.form.names, parts, strict=True) if part > _TAKES_PART
    ]
    if len(names) == 1:
        return [Doubt(names[0], f"{names[0]} is not identified: no run shows it")]
    told = "{} is not identified: the runs show only its mix with {}"
    return [Doubt(name, told.format(name, " and ".join(each for each in names if each != name))) for name in names]


def _slopes(target: Target, optimum: Array) -> Array:
    """Give the slopes of each run's log loss in the free numbers, shape (q, n)."""
    points = target.form.points(optimum[np.newaxis])
    return np.asarray(target.form.spread.T @ target.surface.slopes(points, target.surface.at(points))[0])


def _as_constant(name: str, value: float) -> float:
    return math.exp(value) if name.startswith("ln_") else float(value)


def _is_at_limit(name: str, value: float) -> bool:
    return any(abs(value - limit) < _AT for limit in LIMITS[name])


def _ends(name: str, *constants: float) -> list[float]:
    return [math.log(each) if name.startswith("ln_") else each for each in constants if each > 0]


def _open(constant: str, end: float, side: int) -> float:
    """Leave an interval open where resamples reach the limit of a constant of repetition."""
    name = f"ln_{constant}"
    if name in REPETITION and abs(math.log(end) - LIMITS[name][side]) < _AT:
        return math.inf if side else 0.0
    return end


def _any_value(low: float, high: float) -> str:
    if math.isnan(low):
        return "its optimum is at the limit of the search"
    if low == 0:
        return "any value fits as well" if math.isinf(high) else f"any value up to {high:.2g} fits as well"
    if math.isinf(high):
        return f"any value from {low:.2g} up fits as well"
    return f"any value from {low:.2g} to {high:.2g} fits as well"
