"""Some of the draws, laid out for speed, and the work of the oracle on them.

A block holds what it needs and nothing else, so that it can be sent to another machine. Effects are kept for
the initiatives that have them. Where cost varies, a draw's progress is min(1, p · ρ^−κ) for p = φ^κ at the
median cost and ρ the cost over its median, so an effect of size e is worth min(e, e ρ^−κ · p): concave in p.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.forecast.curves import Curves, Kinks, kinks_of
from gambits.forecast.draws import ON_COMPUTE, ON_COST, ON_DATA, ON_DEMAND, ON_OOM, ON_STOCK, ON_VALUE, Draws
from gambits.forecast.makers import Made, Maker, maker_of
from gambits.portfolio.model import Objective
from gambits.scaling.frontier import LN_10, Constants, Reach, effective_compute

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SIZE: Final = 1024
"""Draws in a block: its arrays fit a processor's second cache for some 100 initiatives, and each is worth a call."""


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
    """An initiative whose progress in a draw is no rate times its own; ``sizes`` of shape (ROWS, r)."""

    maker: Maker
    sizes: Array


@dataclass(frozen=True, slots=True)
class Points:
    """Points above 0 of an initiative behind a gate, ``size`` of shape (r,), along its money and that of others."""

    maker: Maker
    size: Array


@dataclass(frozen=True, slots=True)
class Together:
    """A synergy: ``sizes`` (ROWS, r) on the lesser of two progresses."""

    first: Maker
    second: Maker
    sizes: Array


@dataclass(frozen=True, slots=True)
class Slack:
    """An overlap: the effects of some makers, ``size`` (r, n), add up to ``cap`` (r,) at most, on ``rows``."""

    makers: tuple[Maker, ...]
    size: Array
    cap: Array
    rows: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """r draws: baseline, law, and effects by row."""

    probability: Array
    ln_compute: Array
    tokens: Array
    law: Constants | None
    baseline: Reach
    helps: tuple[Effect, ...]
    harms: tuple[Effect, ...]
    value: Effect
    bent: tuple[Bent, ...]
    points: tuple[Points, ...]
    together: tuple[Together, ...]
    slack: tuple[Slack, ...]
    elasticity: float
    value_per_oom: float
    ln_served: Array | None = None
    kinks: Kinks | None = None


@dataclass(frozen=True, slots=True)
class Bends:
    """A block's part of what says how the value bends along the curves of n initiatives.

    ``kinks`` has shape (2, n, B, K) (``Kinks.count``); ``ended`` and ``going``, shape (n, K), are the slopes by
    progress of effects that have ended and of the others.
    """

    kinks: Array
    ended: Array
    going: Array


@dataclass(frozen=True, slots=True)
class Sums:
    """A block's part of the answer.

    ``value`` has shape (r,), ``gain`` (r, K) in OOM, ``market`` (3, r, K): log10 of tokens served, of value per
    token and of what divides its cost, before elasticity and capability act; ``data`` (2, r, K): the stock in tokens,
    and ln of what each is worth. The rest are sums over its draws under their weights: ``by_period`` (K,), slopes
    ``by_progress`` and ``by_funded`` (I, K).
    """

    value: Array
    gain: Array
    market: Array
    data: Array
    by_period: Array
    by_progress: Array
    by_funded: Array
    bends: Bends | None = None


def cut_into_blocks(draws: Draws, curves: Curves | None = None) -> tuple[Block, ...]:
    """Cut draws into blocks of fixed size."""
    starts = range(0, draws.count, SIZE)
    return tuple(block_of(draws, np.arange(start, min(start + SIZE, draws.count)), curves) for start in starts)


def block_of(draws: Draws, rows: NDArray[np.int64], curves: Curves | None = None) -> Block:
    """Lay out some of the draws for the oracle."""
    ln_compute, ln_tokens = draws.ln_compute[rows], draws.ln_tokens[rows]
    ln_served = None if draws.ln_served is None else draws.ln_served[rows]
    law = None if draws.law is None else draws.law.of(rows)
    nothing = np.zeros_like(ln_compute)
    flat = Reach(nothing, nothing, nothing, nothing)
    exponents = np.array([response.exponent for response in draws.responses] or [1.0] * len(draws.ids))
    ratio = None if draws.cost_ratio is None else draws.cost_ratio[rows]
    slowed = None if ratio is None else ratio**-exponents
    bent = _find_bent(draws, rows)
    straight = np.ones(len(draws.ids), dtype=bool)
    straight[[each.maker.who for each in bent]] = False
    everyone = np.ones_like(straight)
    points = _find_points(draws, rows)
    value = draws.value[rows].copy()
    for each in points:
        value[:, each.maker.who] -= each.size
    return Block(
        probability=draws.probability[rows],
        ln_compute=ln_compute,
        tokens=np.exp(ln_tokens),
        law=law,
        # Through the tokens and back, as a plan's stock goes: doing nothing is worth 0 to the last bit.
        baseline=flat
        if law is None
        else effective_compute(law, ln_compute, np.log(np.exp(ln_tokens)), ln_served=ln_served),
        helps=tuple(_effect(size[rows], straight, slowed) for size in draws.helps),
        harms=tuple(_effect(size[rows], everyone, None) for size in draws.harms),
        value=_effect(value, everyone, None),
        bent=bent,
        points=points,
        together=tuple(
            Together(maker_of(draws, pair.first, rows), maker_of(draws, pair.second, rows), pair.sizes[:, rows])
            for pair in draws.pairs
        ),
        slack=tuple(
            Slack(tuple(maker_of(draws, int(i), rows) for i in one.who), one.size[rows], one.cap[rows], one.rows)
            for one in draws.shared
        ),
        elasticity=draws.elasticity,
        value_per_oom=draws.value_per_oom,
        ln_served=ln_served,
        kinks=None if curves is None else kinks_of(curves, draws, rows),
    )


def _law_of(law: Constants, rows: NDArray[np.int64]) -> Constants:
    parts = (getattr(law, name) for name in Constants.__slots__)
    return Constants(*(part[rows] if np.ndim(part) else part for part in parts))


def _find_bent(draws: Draws, rows: NDArray[np.int64]) -> tuple[Bent, ...]:
    gated = {gate.who for gate in draws.gates}
    makers = (maker_of(draws, i, rows) for i, response in enumerate(draws.responses) if response.points or i in gated)
    return tuple(Bent(maker, draws.helps[:, rows, maker.who]) for maker in makers if not maker.is_straight)


def _find_points(draws: Draws, rows: NDArray[np.int64]) -> tuple[Points, ...]:
    found = []
    for who in sorted({gate.who for gate in draws.gates}):
        size = np.maximum(draws.value[rows, who], 0.0)
        if size.any():
            found.append(Points(maker_of(draws, who, rows, is_money=True), size))
    return tuple(found)


def _effect(size: Array, taken: NDArray[np.bool_], slowed: Array | None) -> Effect:
    who = np.flatnonzero(size.any(axis=0) & taken)
    kept = np.ascontiguousarray(size[:, who])
    return Effect(who, kept, kept if slowed is None else kept * slowed[:, who])


def evaluate_block(
    objective: Objective, is_bent: bool, progress: Array, funded: Array, block: Block, weight: Array
) -> Sums:
    """Evaluate a plan in the draws of a block, and add up under weights of its draws.

    Parameters
    ----------
    objective
        Weights of terms and periods.
    is_bent
        Whether to say how the value bends as well.
    progress, funded
        Shape (I, K), as they count.
    block
        The draws.
    weight
        Shape (r,).
    """
    moved = [_made(help, progress) + _linear(harm, funded) for help, harm in zip(block.helps, block.harms, strict=True)]
    joined: list[_Bending | _Joining | _Capping] = [
        *map(_Bending, block.bent),
        *map(_Joining, block.together),
        *map(_Capping, block.slack),
    ]
    for one in joined:
        one.move(moved, progress, funded)
    tokens = block.tokens + moved[ON_STOCK]
    reach, gain = None, np.zeros_like(block.ln_compute)
    if block.law is not None:
        ln_compute, ln_tokens = block.ln_compute + moved[ON_COMPUTE], np.log(tokens) + moved[ON_DATA]
        ln_served = None if block.ln_served is None else _served(block.ln_served, moved)
        reach = effective_compute(block.law, ln_compute, ln_tokens, block.baseline.split, ln_served)
        gain = reach.oom - block.baseline.oom + moved[ON_OOM]
    by_time = np.array(objective.weights)
    # log10 of token GDP: tokens × (1/cost)^ε × value × 10^(value per OOM · gain), the same in every sector.
    capability = objective.effective_compute + objective.token_gdp * block.value_per_oom
    served = moved[ON_DEMAND] + moved[ON_VALUE] + block.elasticity * moved[ON_COST]
    points = _linear(block.value, funded)
    pointed = [Made(each.maker, progress, funded) for each in block.points]
    for each, made in zip(block.points, pointed, strict=True):
        points = points + each.size[:, np.newaxis] * made.amount
    value = by_time * (capability * gain + objective.token_gdp * served + objective.value * points)
    by_progress, by_funded = np.zeros_like(progress), np.zeros_like(funded)
    share = weight[:, np.newaxis] * by_time
    _add_linear(by_funded, block.value, share * objective.value)
    for each, made in zip(block.points, pointed, strict=True):
        made.credit(share * objective.value * each.size[:, np.newaxis], by_progress, by_funded)
    slopes = _slopes_of_rows(block, share, capability, objective.token_gdp, reach, tokens)
    for effect, harm, slope in zip(block.helps, block.harms, slopes, strict=True):
        _add_slopes(by_progress, effect, progress, slope)
        _add_linear(by_funded, harm, slope)
    bends = _bends(block, slopes, by_progress) if is_bent and block.kinks is not None else None
    for one in joined:
        one.add_slopes(by_progress, by_funded, slopes)
    market = np.array([moved[ON_DEMAND], moved[ON_VALUE], moved[ON_COST]])
    data = np.array([tokens, np.broadcast_to(moved[ON_DATA], tokens.shape)])
    return Sums(value.sum(axis=1), gain, market, data, weight @ value, by_progress, by_funded, bends)


def _served(ln_served: Array, moved: list[Array]) -> Array:
    """Give ln of the tokens served as the budget feels them, (r, K).

    A token served at half the cost is half a token. And where each token that is learnt from is worth k, the budget
    is as if k times larger and all tokens, served ones too, k times more: 6N(kD) + 2N(kT) = kC.
    """
    return ln_served + moved[ON_DATA] - LN_10 * moved[ON_COST]


def _slopes_of_rows(
    block: Block, share: Array, capability: float, token_gdp: float, reach: Reach | None, tokens: Array
) -> list[Array]:
    """Give the slope of the weighted value by each row, shape (r, K), in the order of ``ON_…``."""
    nothing = np.zeros_like(share)
    market = share * token_gdp
    served = [market, market, market * block.elasticity]
    if reach is None:
        return [nothing, nothing, nothing, *served, nothing]
    learned = share * capability
    by_data = learned * reach.by_tokens
    if reach.by_served is not None:
        by_served = learned * reach.by_served
        by_data = by_data + by_served
        served[-1] = served[-1] - LN_10 * by_served
    return [learned * reach.by_compute, by_data, learned, *served, learned * reach.by_tokens / tokens]


class _Bending:
    """Effects along the progress that an initiative makes in each draw."""

    def __init__(self, bent: Bent) -> None:
        self.bent = bent

    def move(self, moved: list[Array], progress: Array, funded: Array) -> None:
        self.made = Made(self.bent.maker, progress, funded)
        _add_to_rows(moved, self.bent.sizes, self.made.amount)

    def add_slopes(self, by_progress: Array, by_funded: Array, slopes: list[Array]) -> None:
        self.made.credit(_weighed(slopes, self.bent.sizes), by_progress, by_funded)


class _Joining:
    """A synergy's effects on the lesser of two progresses."""

    def __init__(self, together: Together) -> None:
        self.together = together

    def move(self, moved: list[Array], progress: Array, funded: Array) -> None:
        self.first = Made(self.together.first, progress, funded)
        self.second = Made(self.together.second, progress, funded)
        self.is_first = self.first.amount <= self.second.amount
        _add_to_rows(moved, self.together.sizes, np.minimum(self.first.amount, self.second.amount))

    def add_slopes(self, by_progress: Array, by_funded: Array, slopes: list[Array]) -> None:
        weighed = _weighed(slopes, self.together.sizes)
        self.first.credit(weighed * self.is_first, by_progress, by_funded)
        self.second.credit(weighed * ~self.is_first, by_progress, by_funded)


class _Capping:
    """An overlap's effects, together no more than its cap."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack

    def move(self, moved: list[Array], progress: Array, funded: Array) -> None:
        self.made = [Made(maker, progress, funded) for maker in self.slack.makers]
        total = np.sum(
            [size[:, np.newaxis] * one.amount for size, one in zip(self.slack.size.T, self.made, strict=True)], axis=0
        )
        cap = self.slack.cap[:, np.newaxis]
        self.is_loose = total < cap
        for row, factor in self.slack.rows:
            moved[row] = moved[row] + factor * np.minimum(total, cap)

    def add_slopes(self, by_progress: Array, by_funded: Array, slopes: list[Array]) -> None:
        weighed = self.is_loose * np.sum([factor * slopes[row] for row, factor in self.slack.rows], axis=0)
        for made, size in zip(self.made, self.slack.size.T, strict=True):
            made.credit(weighed * size[:, np.newaxis], by_progress, by_funded)


def _add_to_rows(moved: list[Array], sizes: Array, made: Array) -> None:
    for row, size in enumerate(sizes):
        if size.any():
            moved[row] = moved[row] + size[:, np.newaxis] * made


def _weighed(slopes: list[Array], sizes: Array) -> Array:
    return np.asarray(sum(slope * size[:, np.newaxis] for slope, size in zip(slopes, sizes, strict=True)))


def evaluate_worst(
    objective: Objective, is_bent: bool, progress: Array, funded: Array, block: Block, weight: Array
) -> Sums:
    """Do the same for those draws of a block that have weight."""
    kept = np.flatnonzero(weight)
    return evaluate_block(objective, is_bent, progress, funded, _only(block, kept), weight[kept])


def _only(block: Block, rows: NDArray[np.int64]) -> Block:
    """Give some of a block's draws as a block."""

    def of(effect: Effect) -> Effect:
        size = effect.size[rows]
        return Effect(effect.who, size, size if effect.rate is effect.size else effect.rate[rows])

    base = block.baseline
    return replace(
        block,
        probability=block.probability[rows],
        ln_compute=block.ln_compute[rows],
        tokens=block.tokens[rows],
        ln_served=None if block.ln_served is None else block.ln_served[rows],
        law=None if block.law is None else block.law.of(rows),
        baseline=Reach(base.oom[rows], base.by_compute[rows], base.by_tokens[rows], base.split[rows]),
        helps=tuple(map(of, block.helps)),
        harms=tuple(map(of, block.harms)),
        value=of(block.value),
        bent=tuple(Bent(each.maker.only(rows), each.sizes[:, rows]) for each in block.bent),
        points=tuple(Points(each.maker.only(rows), each.size[rows]) for each in block.points),
        together=tuple(
            Together(each.first.only(rows), each.second.only(rows), each.sizes[:, rows]) for each in block.together
        ),
        slack=tuple(
            Slack(tuple(one.only(rows) for one in each.makers), each.size[rows], each.cap[rows], each.rows)
            for each in block.slack
        ),
        kinks=None if block.kinks is None else block.kinks.only(rows),
    )


def _bends(block: Block, slopes: list[Array], going: Array) -> Bends:
    """Count kinks, and tell slopes that go on from those that have ended; ``going`` is of the effects alone."""
    assert block.kinks is not None, "asked only where there are some"
    who, whole = block.kinks.who, np.zeros_like(going)
    for effect, slope in zip(block.helps, slopes, strict=True):
        whole[effect.who] += np.einsum("rn,rk->nk", effect.rate, slope)
    return Bends(block.kinks.count(slopes), whole[who] - going[who], going[who].copy())


def _made(effect: Effect, progress: Array) -> Array:
    """Give the sum over initiatives of min(size, rate · progress), shape (r, K).

    The loop is over initiatives or periods, whichever are fewer: an array of all three leaves the processor's cache.
    """
    plan = progress[effect.who]
    if effect.rate is effect.size:
        return np.asarray(np.einsum("rn,nk->rk", effect.size, plan))
    if len(plan) > plan.shape[1]:
        return np.stack([np.minimum(effect.size, effect.rate * column).sum(axis=1) for column in plan.T], axis=1)
    total = np.zeros((len(effect.size), plan.shape[1]))
    for size, rate, row in zip(effect.size.T, effect.rate.T, plan, strict=True):
        total += np.minimum(size[:, np.newaxis], rate[:, np.newaxis] * row)
    return total


def _add_slopes(slopes: Array, effect: Effect, progress: Array, weight: Array) -> None:
    """Add Σ over draws of weight · d min(size, rate · progress) / d progress to the rows of ``slopes``."""
    plan = progress[effect.who]
    if effect.rate is effect.size:
        slopes[effect.who] += np.einsum("rn,rk->nk", effect.size, weight)
        return
    if len(plan) <= plan.shape[1]:
        for i, size, rate, row in zip(effect.who, effect.size.T, effect.rate.T, plan, strict=True):
            is_unfinished = rate[:, np.newaxis] * row < size[:, np.newaxis]
            slopes[i] += np.einsum("r,rk->k", rate, is_unfinished * weight)
        return
    for k, column in enumerate(plan.T):
        unfinished = np.where(effect.rate * column < effect.size, effect.rate, 0.0)
        slopes[effect.who, k] += np.einsum("rn,r->n", unfinished, weight[:, k])


def _linear(effect: Effect, funded: Array) -> Array:
    return np.asarray(np.einsum("rn,nk->rk", effect.size, funded[effect.who]))


def _add_linear(slopes: Array, effect: Effect, weight: Array) -> None:
    slopes[effect.who] += np.einsum("rn,rk->nk", effect.size, weight)
