"""Which constants a fit may move, within which limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.fit.surface import NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gambits.scaling.frontier import Constants

    Array = NDArray[np.float64]

LIMITS: Final = {
    "ln_A": (-10.0, 60.0),
    "ln_B": (-10.0, 60.0),
    "ln_E": (math.log(1e-3), math.log(1e2)),
    "alpha": (0.01, 2.0),
    "beta": (0.01, 2.0),
    "ln_R_D": (math.log(0.05), math.log(1e4)),
    "ln_R_N": (math.log(0.05), math.log(1e4)),
}
"""Where a search may go. An optimum at a limit is none: the refusal says so."""

REPETITION: Final = ("ln_R_D", "ln_R_N")


@dataclass(frozen=True, slots=True)
class Form:
    """Points are ``base`` plus ``spread`` times the free numbers; shapes (7,) and (7, q)."""

    names: tuple[str, ...]
    base: Array
    spread: Array

    @property
    def low(self) -> Array:
        """The least that each free number may be, shape (q,)."""
        return np.array([LIMITS[name][0] for name in self.names])

    @property
    def high(self) -> Array:
        """The most that each free number may be, shape (q,)."""
        return np.array([LIMITS[name][1] for name in self.names])

    def points(self, free: Array) -> Array:
        """Give the points, shape (B, 7), of free numbers of shape (B, q)."""
        return np.asarray(self.base + free @ self.spread.T)

    def free(self, points: Array) -> Array:
        """Give the free numbers of points; of tied ones the mean."""
        return np.asarray(np.clip(points @ self.spread / self.spread.sum(0), self.low, self.high))

    def pinned(self, name: str, value: float) -> Form:
        """Hold one more constant."""
        column = self.names.index(name)
        base = self.base + self.spread[:, column] * value
        names = tuple(each for each in self.names if each != name)
        return Form(names, base, np.delete(self.spread, column, axis=1))


def make_form(*, repeats: bool, tie: bool = False, held: Constants | None = None) -> Form:
    """Say what is free.

    Parameters
    ----------
    repeats
        Whether runs repeat tokens, so that R_D and R_N can be fitted.
    tie
        Whether α = β, as Muennighoff et al. 2023 have it.
    held
        Constants other than R_D and R_N that are taken as known, and not fitted.
    """
    columns: dict[str, tuple[str, ...]] = {name: (name,) for name in NAMES}
    base = np.zeros(len(NAMES))
    if held is not None:
        columns = {name: (name,) for name in REPETITION}
        base[: -len(REPETITION)] = (held.ln_a, held.ln_b, held.ln_e, held.alpha, held.beta)
    elif tie:
        del columns["beta"]
        columns["alpha"] = ("alpha", "beta")
    if not repeats:
        columns = {name: members for name, members in columns.items() if name not in REPETITION}
    spread = np.array([[float(name in members) for members in columns.values()] for name in NAMES])
    return Form(tuple(columns), base, spread)
