"""Some of the draws, laid out for speed, and the work of the oracle on them.

A block holds what it needs and nothing else, so that it can be sent to another machine. Effects are kept for
the initiatives that have them. Where cost varies, a draw's progress is min(1, p · ρ^−κ) for p = φ^κ at the
median cost and ρ the cost over its median, so an effect of size e is worth min(e, e ρ^−κ · p): concave in p.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.forecast.draws import ON_COMPUTE, ON_DATA, ON_OOM, Draws
from gambits.portfolio.model import Objective
from gambits.scaling.frontier import Constants, Reach, effective_compute

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROWS: Final = 512
"""Draws in a block: its arrays fit a processor's second cache for some 200 initiatives."""
_STOCK: Final = 3
"""The row of tokens, after those of ``Draws.helps``."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What some initiatives do to one row, by draw.

    ``who`` has shape (n,); ``size`` and ``rate`` shape (r, n): the effect is min(size, rate · progress).
    """

    who: NDArray[np.int64]
    size: Array
    rate: Array


@dataclass(frozen=True, slots=True)
class Bent:
    """An initiative of uncertain cost whose response is a polyline: progress follows φ/ρ along its points.

    ``who`` is its number, ``points`` of shape (m, 2), ``ratio`` of shape (r,); ``sizes`` of shape (4, r): its
    effect on each row.
    """

    who: int
    points: Array
    ratio: Array
    sizes: Array


@dataclass(frozen=True, slots=True)
class Block:
    """r draws: baseline, law, and effects on the four rows."""

    probability: Array
    ln_compute: Array
    tokens: Array
    law: Constants | None
    baseline: Reach
    helps: tuple[Effect, ...]
    harms: tuple[Effect, ...]
    value: Effect
    bent: tuple[Bent, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """A block's part of the answer.

    ``value`` has shape (r,), ``gain`` (r, K) in OOM; the rest are sums over its draws under their weights:
    ``by_period`` (K,), slopes ``by_progress`` and ``by_funded`` (I, K).
    """

    value: Array
    gain: Array
    by_period: Array
    by_progress: Array
    by_funded: Array


def cut_into_blocks(draws: Draws) -> tuple[Block, ...]:
    """Cut draws into blocks of fixed size."""
    starts = range(0, draws.count, ROWS)
    return tuple(_block(draws, slice(start, min(start + ROWS, draws.count))) for start in starts)


def _block(draws: Draws, rows: slice) -> Block:
    ln_compute, ln_tokens = draws.ln_compute[rows], draws.ln_tokens[rows]
    law = None if draws.law is None else _law_of(draws.law, rows)
    nothing = np.zeros_like(ln_compute)
    ratio = None if draws.cost_ratio is None else draws.cost_ratio[rows]
    bent = _find_bent(draws, rows)
    straight = np.ones(len(draws.ids), dtype=bool)
    straight[[each.who for each in bent]] = False
    stacked = (*draws.helps[:, rows], draws.tokens[rows])
    exponents = np.array([response.exponent for response in draws.responses] or [1.0] * len(draws.ids))
    slowed = None if ratio is None else ratio**-exponents
    return Block(
        probability=draws.probability[rows],
        ln_compute=ln_compute,
        tokens=np.exp(ln_tokens),
        law=law,
        baseline=Reach(nothing, nothing, nothing, nothing)
        if law is None
        else effective_compute(law, ln_compute, ln_tokens),
        helps=tuple(_effect(size, straight, slowed) for size in stacked),
        harms=tuple(_effect(size, np.ones_like(straight), None) for size in draws.harms[:, rows]),
        value=_effect(draws.value[rows], np.ones_like(straight), None),
        bent=bent,
    )


def _law_of(law: Constants, rows: slice | NDArray[np.int64]) -> Constants:
    parts = (getattr(law, name) for name in Constants.__slots__)
    return Constants(*(part[rows] if np.ndim(part) else part for part in parts))


def _find_bent(draws: Draws, rows: slice) -> tuple[Bent, ...]:
    if draws.cost_ratio is None:
        return ()
    found = []
    for i, response in enumerate(draws.responses):
        ratio = draws.cost_ratio[rows, i]
        if response.points and np.any(ratio != 1.0):
            sizes = np.array([*draws.helps[:, rows, i], draws.tokens[rows, i]])
            found.append(Bent(i, np.array(response.points), ratio, sizes))
    return tuple(found)


def _effect(size: Array, taken: NDArray[np.bool_], slowed: Array | None) -> Effect:
    who = np.flatnonzero(size.any(axis=0) & taken)
    kept = np.ascontiguousarray(size[:, who])
    return Effect(who, kept, kept if slowed is None else kept * slowed[:, who])


def evaluate_block(objective: Objective, progress: Array, funded: Array, block: Block, weight: Array) -> Sums:
    """Evaluate a plan in the draws of a block, and add up under weights of its draws.

    Parameters
    ----------
    objective
        Weights of terms and periods.
    progress, funded
        Shape (I, K), as they count.
    block
        The draws.
    weight
        Shape (r,).
    """
    moved = [_made(effect, progress) for effect in block.helps]
    for row, harm in enumerate(block.harms):
        moved[row] = moved[row] + _linear(harm, funded)
    for bent in block.bent:
        made, _ = _bent_progress(bent, funded)
        moved = [part + size[:, np.newaxis] * made for part, size in zip(moved, bent.sizes, strict=True)]
    tokens = block.tokens + moved[_STOCK]
    reach, gain = None, np.zeros_like(block.ln_compute)
    if block.law is not None:
        ln_compute, ln_tokens = block.ln_compute + moved[ON_COMPUTE], np.log(tokens) + moved[ON_DATA]
        reach = effective_compute(block.law, ln_compute, ln_tokens, block.baseline.split)
        gain = reach.oom - block.baseline.oom + moved[ON_OOM]
    by_time = np.array(objective.weights)
    value = by_time * (objective.effective_compute * gain + objective.value * _linear(block.value, funded))
    by_progress, by_funded = np.zeros_like(progress), np.zeros_like(funded)
    share = weight[:, np.newaxis] * by_time
    _add_linear(by_funded, block.value, share * objective.value)
    if reach is not None:
        share = share * objective.effective_compute
        slopes = [share * reach.by_compute, share * reach.by_tokens, share, share * reach.by_tokens / tokens]
        for effect, slope in zip(block.helps, slopes, strict=True):
            _add_slopes(by_progress, effect, progress, slope)
        for harm, slope in zip(block.harms, slopes[: ON_OOM + 1], strict=True):
            _add_linear(by_funded, harm, slope)
        for bent in block.bent:
            _, rate = _bent_progress(bent, funded)
            weighed = sum(slope * size[:, np.newaxis] for slope, size in zip(slopes, bent.sizes, strict=True))
            by_funded[bent.who] += (weighed * rate).sum(axis=0)
    return Sums(value.sum(axis=1), gain, weight @ value, by_progress, by_funded)


def evaluate_worst(objective: Objective, progress: Array, funded: Array, block: Block, weight: Array) -> Sums:
    """Do the same for those draws of a block that have weight."""
    kept = np.flatnonzero(weight)
    return evaluate_block(objective, progress, funded, _only(block, kept), weight[kept])


def _only(block: Block, rows: NDArray[np.int64]) -> Block:
    """Give some of a block's draws as a block."""

    def of(effect: Effect) -> Effect:
        size = effect.size[rows]
        return Effect(effect.who, size, size if effect.rate is effect.size else effect.rate[rows])

    base = block.baseline
    return Block(
        probability=block.probability[rows],
        ln_compute=block.ln_compute[rows],
        tokens=block.tokens[rows],
        law=None if block.law is None else _law_of(block.law, rows),
        baseline=Reach(base.oom[rows], base.by_compute[rows], base.by_tokens[rows], base.split[rows]),
        helps=tuple(of(effect) for effect in block.helps),
        harms=tuple(of(effect) for effect in block.harms),
        value=of(block.value),
        bent=tuple(Bent(each.who, each.points, each.ratio[rows], each.sizes[:, rows]) for each in block.bent),
    )


def _made(effect: Effect, progress: Array) -> Array:
    """Give the sum over initiatives of min(size, rate · progress), shape (r, K)."""
    plan = progress[effect.who]
    if effect.rate is effect.size:
        return np.asarray(np.einsum("rn,nk->rk", effect.size, plan))
    return np.stack([np.minimum(effect.size, effect.rate * column).sum(axis=1) for column in plan.T], axis=1)


def _add_slopes(slopes: Array, effect: Effect, progress: Array, weight: Array) -> None:
    """Add Σ over draws of weight · d min(size, rate · progress) / d progress to the rows of ``slopes``."""
    plan = progress[effect.who]
    if effect.rate is effect.size:
        slopes[effect.who] += np.einsum("rn,rk->nk", effect.size, weight)
        return
    for k, column in enumerate(plan.T):
        unfinished = np.where(effect.rate * column < effect.size, effect.rate, 0.0)
        slopes[effect.who, k] += np.einsum("rn,r->n", unfinished, weight[:, k])


def _linear(effect: Effect, funded: Array) -> Array:
    return np.asarray(np.einsum("rn,nk->rk", effect.size, funded[effect.who]))


def _add_linear(slopes: Array, effect: Effect, weight: Array) -> None:
    slopes[effect.who] += np.einsum("rn,rk->nk", effect.size, weight)


def _bent_progress(bent: Bent, funded: Array) -> tuple[Array, Array]:
    """Give progress and its slope by φ, shape (r, K), for a polyline at φ/ρ."""
    at, up = bent.points.T
    reached = np.minimum(funded[bent.who] / bent.ratio[:, np.newaxis], 1.0)
    steps = np.diff(up) / np.diff(at)
    segment = np.clip(np.searchsorted(at, reached, side="right") - 1, 0, len(steps) - 1)
    slope = np.where(reached < 1.0, steps[segment], 0.0) / bent.ratio[:, np.newaxis]
    return np.interp(reached, at, up), slope
