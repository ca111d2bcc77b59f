"""Every uncertain number in every draw, as arrays: draws × periods and draws × initiatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from gambits.errors import InputError, Problem, Where
from gambits.forecast.fates import Fates, Gate, fates
from gambits.forecast.sampling import reordered, stratified
from gambits.portfolio.model import Initiative, Lever, Portfolio, Response, Rival, Trend
from gambits.quantities.estimates import Estimate
from gambits.quantities.quantiles import quantile
from gambits.scaling.frontier import LN_10, Constants
from gambits.scaling.laws import load_law

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LAW: Final = "frontier.law"
"""The key by which the law's constants are drawn together."""
ROWS: Final = 7
ON_COMPUTE, ON_DATA, ON_OOM, ON_DEMAND, ON_VALUE, ON_COST, ON_STOCK = range(ROWS)
"""What effects add to: ln of effective FLOP, ln of what each token is worth, OOM outside the loss law; log10 of
tokens served, of value per token, and of what divides the cost of a token; and the stock, in tokens."""

# A data-efficiency gain of k is exactly k × compute and k × unique data (frontier.py), hence two rows.
_ROWS_OF: Final = {
    Lever.COMPUTE: ((ON_COMPUTE, 1.0),),
    Lever.PARAMETER_EFFICIENCY: ((ON_COMPUTE, 1.0),),
    Lever.DATA_EFFICIENCY: ((ON_COMPUTE, 1.0), (ON_DATA, 1.0)),
    Lever.UNIQUE_TOKENS: ((ON_STOCK, 1.0),),
    Lever.POST_TRAINING: ((ON_OOM, 1 / LN_10),),
    Lever.TEST_TIME: ((ON_OOM, 1 / LN_10),),
    Lever.INFERENCE_COST: ((ON_COST, 1 / LN_10),),
    Lever.DEMAND: ((ON_DEMAND, 1 / LN_10),),
    Lever.TOKEN_VALUE: ((ON_VALUE, 1 / LN_10),),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A synergy: ``sizes`` of shape (ROWS, R) on the lesser progress of two initiatives, by number."""

    first: int
    second: int
    sizes: Array


@dataclass(frozen=True, slots=True)
class Shared:
    """An overlap: effects of ``who`` (n numbers), ``size`` of shape (R, n), that add up to ``cap`` (R,) at most.

    The capped sum, in ln or tokens, goes to each of ``rows`` times its factor.
    """

    who: NDArray[np.int64]
    size: Array
    cap: Array
    rows: tuple[tuple[int, float], ...]


_ARRAYS: Final = 40
"""Arrays of draws × initiatives that are alive at once: effects, their halves, the blocks, and the fresh draws'."""
_BY_PERIOD: Final = 60
"""The same of draws × periods. Both are measured: peaks of whole runs on portfolios of 4, 15 and 29 initiatives."""
_MOST_BYTES: Final = 12 * 2**30


@dataclass(frozen=True, slots=True)
class Draws:
    """R draws of everything uncertain about I initiatives over K periods (horizon and after).

    Attributes
    ----------
    ids
        The initiatives, in the order of the arrays.
    probability
        Shape (R,), sums to 1.
    ln_compute, ln_tokens
        Shape (R, K): baseline compute of the flagship in ln FLOP, unique stock in ln tokens.
    helps, harms
        Shape (ROWS, R, I): effects at full progress, those above and those below 0, by row ``ON_…``.
    value
        Shape (R, I): points at full funding.
    law
        Constants, scalars or of shape (R, 1); None without a frontier.
    cost_ratio
        Shape (R, I): cost over its median. Money is what is decided, so a dearer draw gets less far. None where
        every cost is certain.
    responses
        How progress follows money, by initiative; looked at only where cost varies.
    scenario
        Shape (R,): number of each draw's scenario among ``scenarios``.
    scenarios
        Names of the scenarios.
    pairs, shared
        Synergies and overlaps.
    gates
        What limits the progress of those that wait for some of several.
    elasticity, value_per_oom
        Of the market: how tokens served answer to their cost, and their value (log10) to capability.
    ln_served
        Shape (R, 1): ln of the tokens that the flagship serves over its life, −∞ for none; None where no draw has
        any.
    rivals
        Shape (R, K) each: effective compute of other labs in log10 FLOP, by name.
    """

    ids: tuple[str, ...]
    probability: Array
    ln_compute: Array
    ln_tokens: Array
    helps: Array
    harms: Array
    value: Array
    law: Constants | None
    cost_ratio: Array | None = None
    responses: tuple[Response, ...] = ()
    scenario: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    scenarios: tuple[str, ...] = ("as planned",)
    pairs: tuple[Pair, ...] = ()
    shared: tuple[Shared, ...] = ()
    gates: tuple[Gate, ...] = ()
    elasticity: float = 0.0
    value_per_oom: float = 0.0
    ln_served: Array | None = None
    rivals: Mapping[str, Array] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of draws."""
        return len(self.probability)


def central_draw(portfolio: Portfolio, periods: int, held: Mapping[str, float] | None = None) -> Draws:
    """Give the one draw in which every estimate is at its median.

    Each effect's logarithm (or tokens, or value) counts times the chance that the initiative and everything it
    requires succeed; costs are at their medians, the law at its published constants, scenarios are left out.

    Parameters
    ----------
    portfolio
        A sound portfolio.
    periods
        How many periods to cover: those of the horizon and those after it.
    held
        Keys of estimates that stand at another quantile than the median, and of success that is known: it is 1 where
        the number lies below its chance, else 0.
    """
    held = held or {}
    works = {each.id: np.array([_central_chance(each, held)]) for each in portfolio.initiatives}

    def median(key: str, estimate: Estimate, luck: float) -> Array:
        return quantile(estimate, np.array([held[key]])) if key in held else np.array([estimate.central])

    law = load_law(portfolio.frontier.law, Path(portfolio.file).parent).central if portfolio.frontier else None
    return _gather(portfolio, periods, median, fates(portfolio, works), law)


def _central_chance(initiative: Initiative, held: Mapping[str, float]) -> float:
    known = held.get(event(initiative.key("success")))
    chance = initiative.success.central
    return chance if known is None else float(known < chance)


def draw(portfolio: Portfolio, periods: int, seed: str, count: int, held: Mapping[str, float] | None = None) -> Draws:
    """Draw every estimate from its own stream, in scenarios of exact proportion.

    Parameters
    ----------
    portfolio
        A sound portfolio.
    periods
        How many periods to cover.
    seed
        Keys every stream, with the estimate's dotted key.
    count
        Draws wanted; scenario s gets max(1, round(probability · count)) of them.
    held
        Keys whose uniform is one number in every draw: the estimate stands at that quantile of its distribution.
    """
    _refuse_too_many(count, len(portfolio.initiatives), periods, portfolio.file)
    sampler = Sampler(portfolio, seed, count, held)
    law: Constants | None = None
    if portfolio.frontier is not None:
        read = load_law(portfolio.frontier.law, Path(portfolio.file).parent)
        is_drawn = portfolio.frontier.law_uncertainty
        law = read.drawn(sampler.uniforms(LAW)) if is_drawn else read.central
    found = fates(portfolio, {each.id: sampler.works(each) for each in portfolio.initiatives})
    return _gather(portfolio, periods, sampler.values, found, law, sampler)


def law_draw(portfolio: Portfolio, periods: int, seed: str, count: int) -> tuple[Draws, Array] | None:
    """Draw the law alone, all else at its middle, and give its uniforms as well, shape (R,).

    The same law as in the draws of that seed and number. None where the law does not vary.
    """
    if portfolio.frontier is None or not portfolio.frontier.law_uncertainty:
        return None
    law = load_law(portfolio.frontier.law, Path(portfolio.file).parent)
    if law.draws is None:
        return None
    sampler = Sampler(portfolio, seed, count)
    uniforms = sampler.uniforms(LAW)

    def middle(key: str, estimate: Estimate, luck: float) -> Array:
        return np.full(len(uniforms), estimate.central)

    works = {each.id: np.full(len(uniforms), each.success.central) for each in portfolio.initiatives}
    return _gather(portfolio, periods, middle, fates(portfolio, works), law.drawn(uniforms), sampler), uniforms


def _refuse_too_many(count: int, initiatives: int, periods: int, file: str) -> None:
    """Stop before the arrays of the draws outgrow memory."""
    each = 8 * (initiatives * _ARRAYS + periods * _BY_PERIOD)
    needed = count * each
    if needed > _MOST_BYTES:
        most = _MOST_BYTES // each
        message = f"{count:,} draws of {initiatives} initiatives would take {needed / 2**30:.0f} GiB of memory"
        raise InputError((Problem("too-many-draws", Where(file), message, f"use at most {most:,} draws"),))


def event(key: str) -> str:
    """Give the key by which it is drawn whether what has a chance of success succeeds."""
    return f"{key}.event"


class Sampler:
    """The draws of one portfolio under one seed: which scenario each belongs to, and the values of estimates."""

    def __init__(self, portfolio: Portfolio, seed: str, count: int, held: Mapping[str, float] | None = None) -> None:
        self.portfolio = portfolio
        self.seed = seed
        self.held = held or {}
        sizes = [max(1, round(each.probability * count)) for each in portfolio.scenarios]
        self.scenario = np.repeat(np.arange(len(sizes)), sizes)
        shares = [each.probability / size for each, size in zip(portfolio.scenarios, sizes, strict=True)]
        self.probability = np.repeat(shares, sizes)
        self.probability = self.probability / self.probability.sum()
        self.names = tuple(each.name for each in portfolio.scenarios)
        self._shared: dict[str, Array] = {}

    def uniforms(self, key: str) -> Array:
        """Give the stratified uniforms of a key, in draw order; one number in all of them where the key is held."""
        if key in self.held:
            return np.full(len(self.scenario), self.held[key])
        return stratified(self.seed, key, len(self.scenario))

    def values(self, key: str, estimate: Estimate, luck: float = 0.0) -> Array:
        """Give an estimate's value in every draw, shape (R,).

        ``luck`` is +1 where more is good luck, −1 where less is, 0 where luck is not shared.
        """
        changed = [each.change.get(key, estimate) for each in self.portfolio.scenarios]
        if all(each.is_certain for each in changed):
            return np.array([each.central for each in changed])[self.scenario]
        uniforms = self.fortunate(key, luck)
        if len(changed) == 1:
            return quantile(changed[0], uniforms)
        found = np.empty_like(uniforms)
        for number, each in enumerate(changed):
            here = self.scenario == number
            found[here] = quantile(each, uniforms[here])
        return found

    def works(self, initiative: Initiative) -> Array:
        """Say in which draws an initiative succeeds by itself, 1 or 0, shape (R,)."""
        key = initiative.key("success")
        chance = self.values(key, initiative.success)
        if np.all(chance >= 1):
            return np.ones(len(chance))
        return np.asarray(self.fortunate(event(key), -1.0) < chance, dtype=float)

    def fortunate(self, key: str, luck: float) -> Array:
        """Give uniforms whose ranks follow the luck that initiatives share: a one-factor Gaussian copula."""
        uniforms = self.uniforms(key)
        shared = self.portfolio.correlation
        if luck == 0 or shared.path + shared.scenario == 0 or key in self.held:
            return uniforms
        whole, _, _ = key.removeprefix("initiatives.").partition(".")
        path = self._path(whole)
        own = math.sqrt(max(0.0, 1 - shared.path - shared.scenario)) * ndtri(uniforms)
        factor = math.sqrt(shared.path) * self._factor(f"correlation.path.{path}")
        return reordered(uniforms, own + luck * (factor + math.sqrt(shared.scenario) * self._of_scenario()))

    def _path(self, whole: str) -> str:
        return next(each.path for each in self.portfolio.initiatives if each.id.partition("/")[0] == whole)

    def _factor(self, key: str) -> Array:
        if key not in self._shared:
            self._shared[key] = ndtri(self.uniforms(key))
        return self._shared[key]

    def _of_scenario(self) -> Array:
        factors = np.array([self._factor(f"correlation.scenario.{name}") for name in self.names])
        return np.asarray(factors[self.scenario, np.arange(len(self.scenario))])


Values = Callable[[str, Estimate, float], "Array"]
"""Gives an estimate in every draw, shape (R,), from its dotted key, itself, and the direction of luck."""


def _gather(
    portfolio: Portfolio,
    periods: int,
    values: Values,
    found: Fates,
    law: Constants | None,
    sampler: Sampler | None = None,
) -> Draws:
    """Fill the arrays."""
    probability = np.ones(1) if sampler is None else sampler.probability
    count, size = len(probability), len(portfolio.initiatives)
    helps, harms = np.zeros((ROWS, count, size)), np.zeros((ROWS, count, size))
    value = np.zeros((count, size))
    # What an overlap takes is kept apart: (initiative, lever) → its effect by draw.
    taken = {(id, overlap.lever): np.zeros(count) for overlap in portfolio.overlaps for id in overlap.among}
    for i, each in enumerate(portfolio.initiatives):
        works, carried = found.alive[each.id], found.carried[each.id]
        for lever, estimate in each.effects.items():
            drawn = values(each.key(f"effects.{lever.value}"), estimate, 1.0)
            effect = drawn * each.quality if lever.is_additive else np.log(drawn)
            # Lever by lever: a gain on one and a harm on another are two effects, though they meet on one row.
            # What helps is held back by the gates, where they are; what harms, by what works behind them.
            help, harm = np.maximum(effect, 0) * works, np.minimum(effect, 0) * carried
            if (each.id, lever) in taken:
                taken[each.id, lever], help = help, np.zeros(count)
            for row, factor in _ROWS_OF[lever]:
                helps[row, :, i] += help * factor
                harms[row, :, i] += harm * factor
        points = values(each.key("value"), each.value, 1.0)
        value[:, i] = np.where(points > 0, points * works, points * carried)
    compute = portfolio.frontier.compute if portfolio.frontier else None
    stock = portfolio.frontier.unique_tokens if portfolio.frontier else None
    years = np.arange(periods, dtype=float) * portfolio.periods.years
    return Draws(
        ids=tuple(each.id for each in portfolio.initiatives),
        probability=probability,
        ln_compute=_trend(compute, "frontier.compute.flop", years, values, count),
        ln_tokens=_trend(stock, "frontier.unique_tokens.count", years, values, count),
        helps=helps,
        harms=harms,
        value=value,
        law=law,
        cost_ratio=_cost_ratio(portfolio.initiatives, values) if sampler is not None else None,
        responses=tuple(each.response for each in portfolio.initiatives),
        scenario=np.zeros(1, dtype=np.int64) if sampler is None else sampler.scenario,
        scenarios=("central",) if sampler is None else sampler.names,
        pairs=_pairs(portfolio, values, found.alive),
        shared=_shared(portfolio, values, taken),
        gates=found.gates,
        elasticity=portfolio.market.elasticity if portfolio.market else 0.0,
        value_per_oom=portfolio.market.value_per_oom if portfolio.market else 0.0,
        ln_served=_ln_served(portfolio, values),
        rivals={each.name: _rival(each, years, values, count) for each in portfolio.rivals},
    )


def _ln_served(portfolio: Portfolio, values: Values) -> Array | None:
    """Give ln of the tokens served, shape (R, 1); None where nothing is served in any draw."""
    if portfolio.frontier is None:
        return None
    served = values("frontier.inference_tokens", portfolio.frontier.inference_tokens, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(served)[:, np.newaxis] if served.any() else None


def _rival(rival: Rival, years: Array, values: Values, count: int) -> Array:
    """Give the effective compute of another lab at the start of each period, (R, K), log10 FLOP."""
    key = f"rivals.{rival.name}"
    level = values(f"{key}.effective_compute", rival.effective_compute, 0.0)
    growth = np.log10(values(f"{key}.growth_per_year", rival.growth_per_year, 0.0))
    return np.broadcast_to(level[:, np.newaxis] + growth[:, np.newaxis] * years, (count, len(years)))


def _pairs(portfolio: Portfolio, values: Values, alive: Mapping[str, Array]) -> tuple[Pair, ...]:
    """Draw synergies; one is void where either initiative fails."""
    number = {each.id: i for i, each in enumerate(portfolio.initiatives)}
    found = []
    for synergy in portfolio.synergies:
        first, second = synergy.between
        works = alive[first] * alive[second]
        sizes = np.zeros((ROWS, len(works)))
        for lever, estimate in synergy.effects.items():
            drawn = values(synergy.key(lever), estimate, 0.0)
            effect = drawn if lever.is_additive else np.maximum(np.log(drawn), 0)
            for row, factor in _ROWS_OF[lever]:
                sizes[row] += effect * factor * works
        found.append(Pair(number[first], number[second], sizes))
    return tuple(found)


def _shared(portfolio: Portfolio, values: Values, taken: dict[tuple[str, Lever], Array]) -> tuple[Shared, ...]:
    """Draw the caps of overlaps, over the effects kept apart for them."""
    number = {each.id: i for i, each in enumerate(portfolio.initiatives)}
    found = []
    for overlap in portfolio.overlaps:
        drawn = values(overlap.key, overlap.cap, 0.0)
        cap = drawn if overlap.lever.is_additive else np.maximum(np.log(drawn), 0)
        sizes = np.array([taken[id, overlap.lever] for id in overlap.among]).T
        who = np.array([number[id] for id in overlap.among], dtype=np.int64)
        found.append(Shared(who, sizes, cap, _ROWS_OF[overlap.lever]))
    return tuple(found)


def _cost_ratio(initiatives: Iterable[Initiative], values: Values) -> Array | None:
    """Give cost over its median, shape (R, I); None where every cost is certain."""
    ratios = [values(each.key("cost"), each.cost, -1.0) / each.cost.central for each in initiatives]
    table = np.array(ratios).T
    return None if np.all(table == 1.0) else table


def _trend(trend: Trend | None, key: str, years: Array, values: Values, count: int) -> Array:
    """Give ln of a baseline at the start of each period, shape (R, K)."""
    if trend is None:
        return np.zeros((count, len(years)))
    start = np.log(values(key, trend.start, 0.0))[:, np.newaxis]
    growth = np.log(values(f"{key.rpartition('.')[0]}.growth_per_year", trend.growth_per_year, 0.0))[:, np.newaxis]
    return np.asarray(start + growth * years)
