"""Some of the draws, laid out for speed, and the work of the oracle on them.

A block holds what it needs and nothing else, so that it can be sent to another machine. Effects are kept for
the initiatives that have them. Where cost varies, a draw's progress is min(1, p · ρ^−κ) for p = φ^κ at the
median cost and ρ the cost over its median, so an effect of size e is worth min(e, e ρ^−κ · p): concave in p.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.forecast.draws import ON_COMPUTE, ON_COST, ON_DATA, ON_DEMAND, ON_OOM, ON_STOCK, ON_VALUE, Draws
from gambits.portfolio.model import Objective
from gambits.scaling.frontier import LN_10, Constants, Reach, effective_compute

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SIZE: Final = 512
"""Draws in a block: its arrays fit a processor's second cache for some 200 initiatives."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What some initiatives do to one row, by draw.

    ``who`` has shape (n,); ``size`` and ``rate`` shape (r, n): the effect is min(size, rate · progress).
    """

    who: NDArray[np.int64]
    size: Array
    rate: Array


@dataclass(frozen=True, slots=True)
class Maker:
    """How far one initiative gets in each draw: min(1, rate · p), or along ``points`` at φ / ratio.

    ``who`` is its number; ``rate`` and ``ratio`` have shape (r,); ``points`` (m, 2), empty for the first form.
    """

    who: int
    rate: Array
    ratio: Array
    points: Array


@dataclass(frozen=True, slots=True)
class Bent:
    """An initiative of uncertain cost whose response is a polyline; ``sizes`` of shape (ROWS, r)."""

    maker: Maker
    sizes: Array


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
    together: tuple[Together, ...]
    slack: tuple[Slack, ...]
    elasticity: float
    value_per_oom: float
    ln_served: Array | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """A block's part of the answer.

    ``value`` has shape (r,), ``gain`` (r, K) in OOM, ``market`` (3, r, K): log10 of tokens served, of value per
    token and of what divides its cost, before elasticity and capability act. The rest are sums over its draws
    under their weights: ``by_period`` (K,), slopes ``by_progress`` and ``by_funded`` (I, K).
    """

    value: Array
    gain: Array
    market: Array
    by_period: Array
    by_progress: Array
    by_funded: Array


def cut_into_blocks(draws: Draws) -> tuple[Block, ...]:
    """Cut draws into blocks of fixed size."""
    starts = range(0, draws.count, SIZE)
    return tuple(block_of(draws, np.arange(start, min(start + SIZE, draws.count))) for start in starts)


def block_of(draws: Draws, rows: NDArray[np.int64]) -> Block:
    """Lay out some of the draws for the oracle."""
    ln_compute, ln_tokens = draws.ln_compute[rows], draws.ln_tokens[rows]
    ln_served = None if draws.ln_served is None else draws.ln_served[rows]
    law = None if draws.law is None else _law_of(draws.law, rows)
    nothing = np.zeros_like(ln_compute)
    flat = Reach(nothing, nothing, nothing, nothing)
    exponents = np.array([response.exponent for response in draws.responses] or [1.0] * len(draws.ids))
    ratio = None if draws.cost_ratio is None else draws.cost_ratio[rows]
    slowed = None if ratio is None else ratio**-exponents
    bent = _find_bent(draws, rows)
    straight = np.ones(len(draws.ids), dtype=bool)
    straight[[each.maker.who for each in bent]] = False
    everyone = np.ones_like(straight)
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
        value=_effect(draws.value[rows], everyone, None),
        bent=bent,
        together=tuple(
            Together(_maker(draws, pair.first, rows), _maker(draws, pair.second, rows), pair.sizes[:, rows])
            for pair in draws.pairs
        ),
        slack=tuple(
            Slack(tuple(_maker(draws, int(i), rows) for i in one.who), one.size[rows], one.cap[rows], one.rows)
            for one in draws.shared
        ),
        elasticity=draws.elasticity,
        value_per_oom=draws.value_per_oom,
        ln_served=ln_served,
    )


def _maker(draws: Draws, who: int, rows: NDArray[np.int64]) -> Maker:
    ratio = np.ones(len(rows)) if draws.cost_ratio is None else draws.cost_ratio[rows, who]
    response = draws.responses[who]
    # At its median cost a polyline's progress is p itself.
    points = np.array(response.points) if response.points and np.any(ratio != 1.0) else np.empty((0, 2))
    return Maker(who, ratio**-response.exponent, ratio, points)


def _law_of(law: Constants, rows: NDArray[np.int64]) -> Constants:
    parts = (getattr(law, name) for name in Constants.__slots__)
    return Constants(*(part[rows] if np.ndim(part) else part for part in parts))


def _find_bent(draws: Draws, rows: NDArray[np.int64]) -> tuple[Bent, ...]:
    makers = (_maker(draws, i, rows) for i, response in enumerate(draws.responses) if response.points)
    return tuple(Bent(maker, draws.helps[:, rows, maker.who]) for maker in makers if len(maker.points))


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
    moved = [_made(help, progress) + _linear(harm, funded) for help, harm in zip(block.helps, block.harms, strict=True)]
    joined: list[_Bending | _Joining | _Capping] = [
        *map(_Bending, block.bent),
        *map(_Joining, block.together),
        *map(_Capping, block.slack),
    ]
    for each in joined:
        each.move(moved, progress, funded)
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
    value = by_time * (capability * gain + objective.token_gdp * served + objective.value * points)
    by_progress, by_funded = np.zeros_like(progress), np.zeros_like(funded)
    share = weight[:, np.newaxis] * by_time
    _add_linear(by_funded, block.value, share * objective.value)
    slopes = _slopes_of_rows(block, share, capability, objective.token_gdp, reach, tokens)
    for effect, harm, slope in zip(block.helps, block.harms, slopes, strict=True):
        _add_slopes(by_progress, effect, progress, slope)
        _add_linear(by_funded, harm, slope)
    for each in joined:
        each.add_slopes(by_progress, by_funded, slopes)
    market = np.array([moved[ON_DEMAND], moved[ON_VALUE], moved[ON_COST]])
    return Sums(value.sum(axis=1), gain, market, weight @ value, by_progress, by_funded)


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
    """A polyline's effects along its progress in each draw."""

    def __init__(self, bent: Bent) -> None:
        self.bent = bent

    def move(self, moved: list[Array], progress: Array, funded: Array) -> None:
        self.made, self.slope = _progress_in_draws(self.bent.maker, progress, funded)
        _add_to_rows(moved, self.bent.sizes, self.made)

    def add_slopes(self, by_progress: Array, by_funded: Array, slopes: list[Array]) -> None:
        _credit(self.bent.maker, _weighed(slopes, self.bent.sizes) * self.slope, by_progress, by_funded)


class _Joining:
    """A synergy's effects on the lesser of two progresses."""

    def __init__(self, together: Together) -> None:
        self.together = together

    def move(self, moved: list[Array], progress: Array, funded: Array) -> None:
        first, self.slope_1 = _progress_in_draws(self.together.first, progress, funded)
        second, self.slope_2 = _progress_in_draws(self.together.second, progress, funded)
        self.is_first = first <= second
        _add_to_rows(moved, self.together.sizes, np.minimum(first, second))

    def add_slopes(self, by_progress: Array, by_funded: Array, slopes: list[Array]) -> None:
        weighed = _weighed(slopes, self.together.sizes)
        _credit(self.together.first, weighed * self.slope_1 * self.is_first, by_progress, by_funded)
        _credit(self.together.second, weighed * self.slope_2 * ~self.is_first, by_progress, by_funded)


class _Capping:
    """An overlap's effects, together no more than its cap."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack

    def move(self, moved: list[Array], progress: Array, funded: Array) -> None:
        made = [_progress_in_draws(maker, progress, funded) for maker in self.slack.makers]
        self.slopes_of = [slope for _, slope in made]
        total = np.sum(
            [size[:, np.newaxis] * one for size, (one, _) in zip(self.slack.size.T, made, strict=True)], axis=0
        )
        cap = self.slack.cap[:, np.newaxis]
        self.is_loose = total < cap
        for row, factor in self.slack.rows:
            moved[row] = moved[row] + factor * np.minimum(total, cap)

    def add_slopes(self, by_progress: Array, by_funded: Array, slopes: list[Array]) -> None:
        weighed = self.is_loose * np.sum([factor * slopes[row] for row, factor in self.slack.rows], axis=0)
        for maker, size, slope in zip(self.slack.makers, self.slack.size.T, self.slopes_of, strict=True):
            _credit(maker, weighed * size[:, np.newaxis] * slope, by_progress, by_funded)


def _add_to_rows(moved: list[Array], sizes: Array, made: Array) -> None:
    for row, size in enumerate(sizes):
        if size.any():
            moved[row] = moved[row] + size[:, np.newaxis] * made


def _weighed(slopes: list[Array], sizes: Array) -> Array:
    return np.asarray(sum(slope * size[:, np.newaxis] for slope, size in zip(slopes, sizes, strict=True)))


def _credit(maker: Maker, slope: Array, by_progress: Array, by_funded: Array) -> None:
    """Add a slope, (r, K), to the initiative that makes it: by φ along a polyline, by p elsewhere."""
    (by_funded if len(maker.points) else by_progress)[maker.who] += slope.sum(axis=0)


def _progress_in_draws(maker: Maker, progress: Array, funded: Array) -> tuple[Array, Array]:
    """Give progress in each draw and its slope (by φ along a polyline, by p elsewhere), shape (r, K)."""
    if not len(maker.points):
        made = maker.rate[:, np.newaxis] * progress[maker.who]
        return np.minimum(made, 1.0), np.where(made < 1.0, maker.rate[:, np.newaxis], 0.0)
    at, up = maker.points.T
    reached = np.minimum(funded[maker.who] / maker.ratio[:, np.newaxis], 1.0)
    steps = np.diff(up) / np.diff(at)
    segment = np.clip(np.searchsorted(at, reached, side="right") - 1, 0, len(steps) - 1)
    slope = np.where(reached < 1.0, steps[segment], 0.0) / maker.ratio[:, np.newaxis]
    return np.interp(reached, at, up), slope


def evaluate_worst(objective: Objective, progress: Array, funded: Array, block: Block, weight: Array) -> Sums:
    """Do the same for those draws of a block that have weight."""
    kept = np.flatnonzero(weight)
    return evaluate_block(objective, progress, funded, _only(block, kept), weight[kept])


def _only(block: Block, rows: NDArray[np.int64]) -> Block:
    """Give some of a block's draws as a block."""

    def of(effect: Effect) -> Effect:
        size = effect.size[rows]
        return Effect(effect.who, size, size if effect.rate is effect.size else effect.rate[rows])

    def made_by(maker: Maker) -> Maker:
        return Maker(maker.who, maker.rate[rows], maker.ratio[rows], maker.points)

    base = block.baseline
    return replace(
        block,
        probability=block.probability[rows],
        ln_compute=block.ln_compute[rows],
        tokens=block.tokens[rows],
        ln_served=None if block.ln_served is None else block.ln_served[rows],
        law=None if block.law is None else _law_of(block.law, rows),
        baseline=Reach(base.oom[rows], base.by_compute[rows], base.by_tokens[rows], base.split[rows]),
        helps=tuple(map(of, block.helps)),
        harms=tuple(map(of, block.harms)),
        value=of(block.value),
        bent=tuple(Bent(made_by(each.maker), each.sizes[:, rows]) for each in block.bent),
        together=tuple(
            Together(made_by(each.first), made_by(each.second), each.sizes[:, rows]) for each in block.together
        ),
        slack=tuple(
            Slack(tuple(map(made_by, each.makers)), each.size[rows], each.cap[rows], each.rows) for each in block.slack
        ),
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
