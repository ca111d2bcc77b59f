"""What part of its effects an initiative is expected to reach at each progress, where its cost is a range.

In a draw whose cost lets it go at rate s it reaches min(1, s·p) of its effects, with a kink at p = 1/s. On average over
draws that is a concave curve g(p), which is known before any plan is. The value of a plan bends along it nearly as
much: where the slope of the value by p is split into c·g'(p) and a rest, a cut that counts c·g stays deep far from its
plan, where a tangent does not. How large c may be is looked at draw by draw, so that the cut is a true bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array

from gambits.forecast.draws import Draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Rows = NDArray[np.int64]

_BINS: Final = 128
"""Parts into which the kinks of an initiative are sorted."""
_FLAT: Final = 1e-9
"""Where the curve bends by less it is not looked at how much the value does: what that costs is counted."""


@dataclass(frozen=True, slots=True)
class Curve:
    """g(p) = Σ weight · min(1, p / kink) of one initiative, the weights summing to 1.

    ``kinks`` has shape (n,), ascending; ``ended`` and ``going``, shape (n + 1,): for each number of kinks passed,
    Σ weight of those, and Σ weight / kink of the rest.
    """

    kinks: Array
    ended: Array
    going: Array

    def at(self, progress: Array) -> tuple[Array, Array]:
        """Give g and its slope to the right, for progress of any shape."""
        passed = np.searchsorted(self.kinks, progress, side="right")
        slope = self.going[passed]
        return self.ended[passed] + progress * slope, slope


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves of n initiatives: ``who``, shape (n,).

    ``edges``, shape (n, B + 1), are those between which kinks are counted, and ``at_edges`` is g there.
    """

    who: Rows
    each: tuple[Curve, ...]
    edges: Array
    at_edges: Array

    def at(self, progress: Array) -> tuple[Array, Array]:
        """Give g and its slope for progress of shape (n, K)."""
        pairs = [curve.at(row) for curve, row in zip(self.each, progress, strict=True)]
        return np.array([value for value, _ in pairs]), np.array([slope for _, slope in pairs])


@dataclass(frozen=True, slots=True)
class Kinks:
    """Where effects end in some draws: for each row of effects, sums by initiative and bin of sizes, and of rates.

    ``sums`` are pairs of a row's number and a matrix of shape (2 · n · B, r). ``rows`` are the draws that slopes are
    given for, where that is not all of them.
    """

    who: Rows
    sums: tuple[tuple[int, csr_array], ...]
    rows: Rows | None = None

    def only(self, rows: Rows) -> Kinks:
        """Give the same for slopes of some of the draws."""
        return replace(self, rows=rows)

    def count(self, slopes: list[Array]) -> Array:
        """Give what kinks end, by slopes of shape (r, K) for each row of effects: shape (2, n, B, K).

        First the worth of the effects that have ended at their kinks, then that slope of it which ends there.
        """
        total = np.zeros(())
        for row, matrix in self.sums:
            slope = slopes[row]
            if self.rows is not None:
                slope = np.zeros((matrix.shape[1], slope.shape[1]))
                slope[self.rows] = slopes[row]
            total = total + matrix @ slope
        return np.asarray(total.reshape(2, len(self.who), _BINS, -1))


@dataclass(frozen=True, slots=True)
class Bend:
    """How much of a term's slope by progress goes along the curves.

    Attributes
    ----------
    along
        Shape (I, K): c, by initiative and period; 0 where there is no curve.
    reached, steep
        Shape (I, K): g and its slope at the plan.
    slack
        Shape (K,): what the cut has to be loosened by to hold everywhere, OOM.
    """

    along: Array
    reached: Array
    steep: Array
    slack: Array


def curves_of(draws: Draws) -> Curves | None:
    """Find the curves of the initiatives whose costs are ranges; None where there are none."""
    if draws.cost_ratio is None:
        return None
    gated = {gate.who for gate in draws.gates}
    found: list[tuple[int, Curve, Array]] = []
    for i, response in enumerate(draws.responses):
        sizes = draws.helps[:, :, i]
        if response.points or i in gated or not sizes.any():
            continue
        kinks = draws.cost_ratio[:, i] ** response.exponent
        # Draws count by how large their effects are, against the mean of each.
        some = sizes[sizes.any(axis=1)]
        weight = draws.probability * (some / some.mean(axis=1, keepdims=True)).sum(axis=0)
        inside = kinks[(kinks < 1.0) & (weight > 0)]
        if len(inside):
            edges = np.quantile(inside, np.linspace(0.0, 1.0, _BINS + 1), method="lower")
            edges[-1] = 1.0
            found.append((i, _curve(kinks, weight / weight.sum()), edges))
    if not found:
        return None
    who, each, edges_of = zip(*found, strict=True)
    at_edges = [curve.at(edges)[0] for curve, edges in zip(each, edges_of, strict=True)]
    return Curves(np.array(who, dtype=np.int64), each, np.array(edges_of), np.array(at_edges))


def _curve(kinks: Array, weight: Array) -> Curve:
    order = np.argsort(kinks, kind="stable")
    kinks, weight = kinks[order], weight[order]
    ended = np.concatenate([[0.0], np.cumsum(weight)])
    going = np.concatenate([np.cumsum((weight / kinks)[::-1])[::-1], [0.0]])
    return Curve(kinks, ended, going)


def kinks_of(curves: Curves, draws: Draws, rows: Rows) -> Kinks:
    """Sort the kinks of some draws into bins."""
    assert draws.cost_ratio is not None, "there are curves only where costs vary"
    exponents = np.array([draws.responses[i].exponent for i in curves.who])
    kinks = draws.cost_ratio[np.ix_(rows, curves.who)] ** exponents
    draw, n = np.nonzero(kinks < 1.0)
    at = kinks[draw, n]
    bins = np.zeros(len(at), dtype=np.int64)
    for k, edges in enumerate(curves.edges):
        mine = n == k
        bins[mine] = np.clip(np.searchsorted(edges, at[mine], side="right") - 1, 0, _BINS - 1)
    place, half = n * _BINS + bins, len(curves.who) * _BINS
    sums = []
    for row, sizes in enumerate(draws.helps):
        size = sizes[rows[draw], curves.who[n]]
        if size.any():
            used = size.nonzero()[0]
            data = np.concatenate([size[used], size[used] / at[used]])
            where = (np.concatenate([place[used], place[used] + half]), np.tile(draw[used], 2))
            sums.append((row, csr_array((data, where), shape=(2 * half, len(rows)))))
    return Kinks(curves.who, tuple(sums))


def bend(curves: Curves, progress: Array, kinks: Array, ended: Array, going: Array, loose: float) -> Bend:
    """Say how much of the slopes of a term goes along the curves.

    With W the worth of a draw's effects, what the value loses by its kinks against its tangent at the plan is
    ΔG(p) = Σ W |p − kink| / kink over the kinks between the plan and p, and what the curve loses is Δg(p). A cut that
    counts c·g instead of its tangent holds if c·Δg ≤ ΔG + slack everywhere in [0, 1].

    Parameters
    ----------
    curves
        Of n initiatives.
    progress
        Shape (I, K), as it counts.
    kinks
        Shape (2, n, B, K): ``Kinks.count`` of all draws.
    ended, going
        Shape (n, K): Σ W / kink of the kinks that are passed, and of the others.
    loose
        The slack that all of them may need together, OOM.
    """
    worth, rate = np.moveaxis(kinks, 2, 3)
    plan = progress[curves.who]
    reached, steep = curves.at(plan)
    lost, least = _losses(curves, plan, (reached, steep), (worth, rate), ended)
    usable = (worth >= 0).all(axis=2) & (rate >= 0).all(axis=2) & (lost > _FLAT).any(axis=2)
    weight = np.where(usable, worth.sum(axis=2), 0.0)
    # What is left of the slope stays at least 0: less progress is never better.
    most = np.where(usable, np.divide(going, steep, out=np.full_like(steep, np.inf), where=steep > 0), 0.0)
    along, slack = _within(_part(loose, weight), most, lost, least)
    # Many need less than their part: the rest goes to those that it holds back.
    held = along < most
    spare = max(loose - float(slack.sum()), 0.0)
    along, slack = _within(np.where(held, slack + _part(spare, np.where(held, weight, 0.0)), slack), most, lost, least)
    shape = progress.shape
    return Bend(
        along=_among_all(along, curves.who, shape),
        reached=_among_all(reached, curves.who, shape),
        steep=_among_all(steep, curves.who, shape),
        slack=np.asarray(slack.sum(axis=0)),
    )


def _part(total: float, weight: Array) -> Array:
    return total * weight / max(float(weight.sum()), np.finfo(float).tiny)


def _within(allowed: Array, most: Array, lost: Array, least: Array) -> tuple[Array, Array]:
    """Give the largest c that needs no more than the allowed slack, and what slack it needs: shape (n, K)."""
    room = np.full_like(lost, np.inf)
    np.divide(least + allowed[..., np.newaxis], lost, out=room, where=lost > _FLAT)
    along = np.minimum(most, room.min(axis=2))
    return along, np.maximum(along[..., np.newaxis] * lost - least, 0.0).max(axis=2)


def _losses(
    curves: Curves, plan: Array, at_plan: tuple[Array, Array], kinks: tuple[Array, Array], ended: Array
) -> tuple[Array, Array]:
    """Give what Δg is at most and ΔG at least, at enough points to hold them against each other: shape (n, K, points).

    They are known at the edges. Between two of them the tangents of ΔG bound it from below, the chord of Δg from above.
    """
    edges, (reached, steep) = curves.edges[:, np.newaxis], at_plan
    tangent = reached[..., np.newaxis] + steep[..., np.newaxis] * (edges - plan[..., np.newaxis])
    lost = np.maximum(tangent - curves.at_edges[:, np.newaxis], 0.0)
    least, tilt = _least(edges, plan, kinks, ended)
    width = np.diff(edges, axis=2)
    turn, rise = tilt[..., 1:] - tilt[..., :-1], tilt[..., 1:] * width - np.diff(least)
    way = np.clip(np.divide(rise, turn, out=np.zeros_like(rise), where=turn > 0), 0.0, width)
    part = np.divide(way, width, out=np.zeros_like(way), where=width > 0)
    is_after = edges > plan[..., np.newaxis]
    is_beside = is_after[..., :-1] == is_after[..., 1:]
    between = np.where(is_beside, least[..., :-1] + tilt[..., :-1] * way, 0.0)
    chord = np.where(is_beside, lost[..., :-1] + part * np.diff(lost), 0.0)
    # Below the first edge both go on straight, to no progress at all.
    is_above = ~is_after[..., :1]
    at_none = np.where(is_above, least[..., :1] - tilt[..., :1] * edges[..., :1], 0.0)
    lost_at_none = np.where(is_above, (reached - steep * plan)[..., np.newaxis], 0.0)
    every = np.concatenate([least, between, at_none], axis=2)
    return np.concatenate([lost, chord, lost_at_none], axis=2), np.maximum(every, 0.0)


def _least(edges: Array, plan: Array, kinks: tuple[Array, Array], ended: Array) -> tuple[Array, Array]:
    """Give what ΔG is at least at every edge, and its slope there: shape (n, K, B + 1).

    Where exactly a kink of the plan's own bin lies is not known: it counts as if it lay at the edge that is farther
    from the plan.
    """
    worth, rate = map(_until_each_edge, kinks)
    tilt = rate - ended[..., np.newaxis]
    passed = (edges <= plan[..., np.newaxis]).sum(axis=2, keepdims=True)
    after, before = (np.clip(number, 0, edges.shape[2] - 1) for number in (passed, passed - 1))
    edges = np.broadcast_to(edges, tilt.shape)
    at_next, at_last = (
        np.take_along_axis(worth, number, 2)
        - np.take_along_axis(edges, number, 2) * bound(np.take_along_axis(tilt, number, 2), 0.0)
        for number, bound in ((after, np.maximum), (before, np.minimum))
    )
    return np.where(edges > plan[..., np.newaxis], at_next, at_last) + edges * tilt - worth, tilt


def _until_each_edge(sums: Array) -> Array:
    return np.concatenate([np.zeros((*sums.shape[:2], 1)), np.cumsum(sums, axis=2)], axis=2)


def _among_all(part: Array, who: Rows, shape: tuple[int, ...]) -> Array:
    whole = np.zeros(shape)
    whole[who] = part
    return whole
