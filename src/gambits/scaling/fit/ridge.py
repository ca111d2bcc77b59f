"""The ridge on which R_D and R_N trade off where the runs do not identify them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.fit.descent import Target, descend
from gambits.scaling.fit.form import LIMITS, REPETITION
from gambits.scaling.fit.verdict import Doubt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gambits.scaling.fit.losses import Loss

    Array = NDArray[np.float64]

Place = tuple[float, float, float]
"""R_D, R_N and the objective."""

_POINTS: Final = 8
_MOVES: Final = 1.5
"""Along the ridge, a constant moves if it does by more than this factor."""
_ACROSS: Final = tuple(np.log((0.3, 1.0, 3.0, 10.0, 30.0, 300.0)))
"""Where searches for the other constant start."""


def doubt_its_partner(doubts: list[Doubt], ridge: list[Place]) -> list[Doubt]:
    """Say of R_D that R_N is open, or the other way round: on their ridge, the one is known only given the other."""
    open_ones = [doubt.constant for doubt in doubts if doubt.is_repetition]
    if len(open_ones) != 1:
        return []
    partner = "R_N" if open_ones == ["R_D"] else "R_D"
    values = [place[partner == "R_N"] for place in ridge]
    if max(values) < _MOVES * min(values):
        return []
    span = f"from {min(values):.2g} to {max(values):.2g} along their ridge"
    return [Doubt(partner, f"{partner} is not identified by itself: it goes with {open_ones[0]}, {span}")]


def follow_ridge(target: Target, loss: Loss, optimum: Array, constant: str, low: float) -> list[Place]:
    """Follow (R_D, R_N, objective) along a constant of repetition, everything else fitted again at each place."""
    name = f"ln_{constant}"
    names = target.form.names
    least, most = LIMITS[name]
    steps = np.linspace(max(math.log(low) if low > 0 else least, least), most, _POINTS)
    places = np.unique(np.append(steps, optimum[names.index(name)]))
    return [_on_ridge(target, loss, np.delete(optimum, names.index(name)), name, place) for place in places]


def _on_ridge(target: Target, loss: Loss, others: Array, name: str, place: float) -> Place:
    pinned = Target(target.surface, target.ln_loss, target.form.pinned(name, place))
    starts = np.tile(others, (len(_ACROSS) + 1, 1))
    across = [column for column, each in enumerate(pinned.form.names) if each in REPETITION]
    starts[1:, across] = np.array(_ACROSS)[:, np.newaxis]
    ends = descend(pinned, starts, np.ones_like(target.ln_loss), loss.nearly)
    values = loss.objective(pinned.residuals(ends), np.ones_like(target.ln_loss))
    best = pinned.form.points(ends[values.argmin()][np.newaxis])[0]
    return math.exp(best[-2]), math.exp(best[-1]), float(values.min())
