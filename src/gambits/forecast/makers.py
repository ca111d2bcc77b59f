"""How far an initiative gets in each draw where that is more than a rate times its progress.

Along a polyline whose cost is uncertain, φ is what counts; behind a gate, so is what others make.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gambits.forecast.draws import Draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Maker:
    """How far one initiative gets in each draw: min(1, rate · p), or along ``points`` at φ / ratio, or φ itself.

    ``who`` is its number; ``rate`` and ``ratio`` have shape (r,); ``points`` (m, 2), empty for the first form. It is φ
    where ``is_money``. Behind ``gates`` it gets no further than each of them.
    """

    who: int
    rate: Array
    ratio: Array
    points: Array
    is_money: bool = False
    gates: tuple[Opening, ...] = ()

    @property
    def is_straight(self) -> bool:
        """Whether it is the rate times p, and no more than 1."""
        return not (len(self.points) or self.is_money or self.gates)

    @property
    def has_memory(self) -> bool:
        """Whether a lag lies behind one of its gates: then it hangs on earlier periods as well."""
        return any(gate.lag or any(each.has_memory for each in gate.makers) for gate in self.gates)

    def only(self, rows: Rows) -> Maker:
        """Give the same in some of the draws."""
        gates = tuple(gate.only(rows) for gate in self.gates)
        return replace(self, rate=self.rate[rows], ratio=self.ratio[rows], gates=gates)


@dataclass(frozen=True, slots=True)
class Opening:
    """A gate in some draws: (1/count) Σ alive · min(theirs ``lag`` before / share, one's own).

    ``alive`` has shape (r, n), ``before`` (n,): what each of the makers had made before the first period.
    """

    makers: tuple[Maker, ...]
    alive: Array
    count: int
    share: float
    lag: int
    before: Array

    def only(self, rows: Rows) -> Opening:
        """Give the same in some of the draws."""
        return replace(self, makers=tuple(each.only(rows) for each in self.makers), alive=self.alive[rows])


def maker_of(draws: Draws, who: int, rows: Rows, *, is_money: bool = False) -> Maker:
    """Give the maker of an initiative in some draws, with all that stands before it."""
    gates = tuple(
        Opening(
            makers=tuple(maker_of(draws, int(each), rows, is_money=is_money) for each in gate.members),
            alive=gate.alive[rows],
            count=gate.count,
            share=gate.share,
            lag=gate.lag,
            before=gate.funded_before if is_money else gate.made_before,
        )
        for gate in draws.gates
        if gate.who == who
    )
    ratio = np.ones(len(rows)) if draws.cost_ratio is None or is_money else draws.cost_ratio[rows, who]
    response = draws.responses[who]
    # At its median cost a polyline's progress is p itself.
    bends = response.points and np.any(ratio != 1.0)
    points = np.array(response.points) if bends else np.empty((0, 2))
    return Maker(who, ratio**-response.exponent, ratio, points, is_money, gates)


class Made:
    """What a maker makes of a plan in each draw, ``amount`` of shape (r, K), and what that hangs on."""

    def __init__(self, maker: Maker, progress: Array, funded: Array) -> None:
        self.maker = maker
        self.own, self.slope = _own(maker, progress, funded)
        self.gates = [_Held(gate, self.own, progress, funded) for gate in maker.gates]
        self.amount = np.minimum.reduce([self.own, *(gate.reach for gate in self.gates)])

    def credit(self, slope: Array, by_progress: Array, by_funded: Array) -> None:
        """Add a slope by the amount, (r, K), to those whose progress or money it hangs on."""
        own = np.where(self.own <= self.amount, slope, 0.0)
        left = self.own > self.amount
        for gate in self.gates:
            here = left & (gate.reach <= self.amount)
            own = own + gate.credit(np.where(here, slope, 0.0), by_progress, by_funded)
            left &= ~here
        by_money = self.maker.is_money or len(self.maker.points)
        (by_funded if by_money else by_progress)[self.maker.who] += (own * self.slope).sum(axis=0)


class _Held:
    """How far a gate lets one's own progress go."""

    def __init__(self, gate: Opening, own: Array, progress: Array, funded: Array) -> None:
        self.gate = gate
        self.members = [Made(each, progress, funded) for each in gate.makers]
        theirs = [
            _later(each.amount, gate.lag, before) / gate.share
            for each, before in zip(self.members, gate.before, strict=True)
        ]
        self.is_theirs = [one < own for one in theirs]
        parts = [alive[:, np.newaxis] * np.minimum(one, own) for alive, one in zip(gate.alive.T, theirs, strict=True)]
        self.reach: Array = np.sum(parts, axis=0) / gate.count

    def credit(self, slope: Array, by_progress: Array, by_funded: Array) -> Array:
        """Add a slope to the members that are the lesser, and give the rest, which is one's own."""
        own = np.zeros_like(slope)
        for member, alive, is_theirs in zip(self.members, self.gate.alive.T, self.is_theirs, strict=True):
            part = slope * alive[:, np.newaxis] / self.gate.count
            own += np.where(is_theirs, 0.0, part)
            theirs = np.where(is_theirs, part, 0.0) / self.gate.share
            member.credit(_earlier(theirs, self.gate.lag), by_progress, by_funded)
        return own


def _later(made: Array, lag: int, before: float) -> Array:
    """Move what was made to ``lag`` periods later; what was made before the first comes first."""
    first = np.full((len(made), lag), min(before, 1.0))
    return np.concatenate([first, made], axis=1)[:, : made.shape[1]]


def _earlier(slope: Array, lag: int) -> Array:
    return np.concatenate([slope[:, lag:], np.zeros((len(slope), min(lag, slope.shape[1])))], axis=1)


def _own(maker: Maker, progress: Array, funded: Array) -> tuple[Array, Array]:
    """Give what one makes alone and its slope (by φ along a polyline and for money, by p elsewhere), shape (r, K)."""
    if maker.is_money:
        made = np.broadcast_to(funded[maker.who], (len(maker.rate), funded.shape[1]))
        return made, np.ones_like(made)
    if not len(maker.points):
        made = maker.rate[:, np.newaxis] * progress[maker.who]
        return np.minimum(made, 1.0), np.where(made < 1.0, maker.rate[:, np.newaxis], 0.0)
    at, up = maker.points.T
    reached = np.minimum(funded[maker.who] / maker.ratio[:, np.newaxis], 1.0)
    steps = np.diff(up) / np.diff(at)
    segment = np.clip(np.searchsorted(at, reached, side="right") - 1, 0, len(steps) - 1)
    slope = np.where(reached < 1.0, steps[segment], 0.0) / maker.ratio[:, np.newaxis]
    return np.interp(reached, at, up), slope
