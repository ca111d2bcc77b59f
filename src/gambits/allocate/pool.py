"""Where the oracle was asked: a cut there holds for every plan, whatever the rules, so searches can share them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gambits.forecast.oracle import Values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_MOST: Final = 48
"""Points that are kept: more make each programme slower than the rounds that they save."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Progress and funded fractions at the end of each period, shape (I, T), and what they are worth."""

    progress: Array
    funded: Array
    values: Values


class Pool:
    """Points shared by searches over one forecast; the latest are kept."""

    def __init__(self) -> None:
        self.points: tuple[Point, ...] = ()

    def keep(self, points: Iterable[Point]) -> None:
        """Take in points; those known already become the latest."""
        latest = {id(each): each for each in points}
        older = [each for each in self.points if id(each) not in latest]
        self.points = (*older, *latest.values())[-_MOST:]
