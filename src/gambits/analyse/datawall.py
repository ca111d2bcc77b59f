"""The data wall as an answer: how much text there is, when the optimum outruns it, what a token is worth and costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.forecast.draws import ON_STOCK, Draws
from gambits.forecast.oracle import Forecast
from gambits.forecast.sampling import stratified
from gambits.portfolio.graph import waits_for
from gambits.portfolio.model import Lever, Portfolio
from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.quantities.quantiles import quantile
from gambits.scaling.frontier import LN_10, Constants, ln_wall
from gambits.scaling.laws import Law
from gambits.scaling.wall import LAYERS, Layer, more_data, worth_of_epochs, worth_of_repetition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TRILLION: Final = 1e12
EPOCHS: Final = (1, 2, 4, 8, 16, 40)
"""Repetitions at which their worth is shown."""
OWN_STOCK: Final = "the lab's own stock"

_EARLIEST, _LATEST = -10.0, 50.0
"""Years from the start between which a date is looked for."""
_HALVINGS: Final = 60


@dataclass(frozen=True, slots=True)
class WallLayer:
    """A layer of the stock, the compute whose optimum needs all of it once, and when the flagship gets there.

    ``tokens`` is the median at the start and ``growth`` the factor a year, None where nobody knows: then it is taken
    not to grow. ``outrun_at`` is log10 FLOP, ``low`` to ``high`` its 90 % interval. ``year``, ``year_low`` and
    ``year_high`` say the same of the date, in calendar years, at most 10 years back; None for not within 50 years.
    ``chance`` is that of being outrun at the last period's start.
    """

    name: str
    kind: str
    tokens: float
    growth: float | None
    outrun_at: float
    low: float
    high: float
    year: float | None
    year_low: float | None
    year_high: float | None
    chance: float
    source: str
    tag: str


@dataclass(frozen=True, slots=True)
class Trillion:
    """What a trillion more unique tokens would be worth in a period, OOM: mean and 90 % interval.

    ``with_plan`` is the mean beside the plan's own gains in data and learning.
    """

    period: str
    worth: float
    low: float
    high: float
    with_plan: float


@dataclass(frozen=True, slots=True)
class Supplier:
    """An initiative that makes or buys tokens: usable ones expected at full funding, and what they cost.

    ``money_per_trillion`` is of its own cost, ``with_enablers`` of that and of all that it waits for;
    ``oom_per_trillion`` is what its tokens are worth alone, for each trillion.
    """

    tokens: float
    money: float
    money_per_trillion: float
    with_enablers: float
    oom_per_trillion: float


@dataclass(frozen=True, slots=True)
class Repetition:
    """A number of epochs: the worth of the last one and of all of them, over as many new tokens; means and 90 %."""

    epochs: int
    last: float
    low: float
    high: float
    together: float


def wall_of(portfolio: Portfolio, forecast: Forecast, seed: str) -> tuple[WallLayer, ...]:
    """Say of the lab's own stock, and of each layer of what there is, when the optimum outruns it.

    Parameters
    ----------
    portfolio
        Its calendar.
    forecast
        Its law, compute and load in every draw.
    seed
        Keys the draws of the layers, by name.
    """
    draws = forecast.draws
    if draws.law is None:
        return ()
    own = draws.ln_tokens[:, :1], _growth(draws.ln_tokens, portfolio.periods.years)
    source = f"{portfolio.file}: frontier.unique_tokens"
    told = Layer(OWN_STOCK, "own", float(np.exp(np.median(own[0]))), source, "as written", growth=None)
    found = [_wall_layer(portfolio, draws, told, *own)]
    for layer in LAYERS:
        found.append(_wall_layer(portfolio, draws, layer, *_drawn(layer, draws.count, seed)))
    return tuple(found)


def _wall_layer(portfolio: Portfolio, draws: Draws, layer: Layer, ln_tokens: Array, ln_growth: Array) -> WallLayer:
    assert draws.law is not None, "a wall is asked for only where there is a law"
    first = portfolio.periods.first
    start = first.index / first.unit.value
    ends = (portfolio.periods.count - 1) * portfolio.periods.years
    trend = draws.ln_compute[:, :1], _growth(draws.ln_compute, portfolio.periods.years)
    years = crossing(draws.law, trend, (ln_tokens, ln_growth), draws.ln_served)
    at = np.broadcast_to(ln_wall(draws.law, ln_tokens, draws.ln_served), (draws.count, 1))[:, 0] / LN_10
    low, middle, high = quantiles(at, draws.probability)
    early, usual, late = (start + each for each in quantiles(years, draws.probability))
    grows = layer.growth is not None or layer.name == OWN_STOCK
    return WallLayer(
        name=layer.name,
        kind=layer.kind,
        tokens=layer.tokens,
        growth=float(np.exp(np.median(ln_growth))) if grows else None,
        outrun_at=middle,
        low=low,
        high=high,
        year=_finite(usual),
        year_low=_finite(early),
        year_high=_finite(late),
        chance=min(1.0, float(draws.probability @ (years <= ends))),
        source=layer.source,
        tag=layer.tag,
    )


def _finite(year: float) -> float | None:
    return year if math.isfinite(year) else None


def _growth(ln_trend: Array, years: float) -> Array:
    """Give ln of the growth in a year, shape (R, 1), of a trend by period."""
    periods = ln_trend.shape[1]
    if periods == 1:
        return np.zeros_like(ln_trend)
    return np.asarray((ln_trend[:, -1:] - ln_trend[:, :1]) / ((periods - 1) * years))


def _drawn(layer: Layer, count: int, seed: str) -> tuple[Array, Array]:
    """Draw ln of a layer's tokens and of its growth in a year, shape (R, 1)."""
    tokens = Estimate.point(layer.tokens, Bounds.POSITIVE)
    if layer.low is not None and layer.high is not None:
        tokens = Estimate(Shape.RANGE, (layer.low, layer.high), Bounds.POSITIVE)
    growth = Estimate.point(1.0, Bounds.POSITIVE)
    if layer.growth is not None:
        growth = Estimate(Shape.RANGE, layer.growth, Bounds.POSITIVE)

    def drawn(key: str, estimate: Estimate) -> Array:
        places = np.full(1, 0.5) if count == 1 else stratified(seed, f"wall.{layer.name}.{key}", count)
        return np.asarray(np.log(quantile(estimate, places))[:, np.newaxis])

    return drawn("tokens", tokens), drawn("growth", growth)


def crossing(
    law: Constants, compute: tuple[Array, Array], tokens: tuple[Array, Array], ln_served: Array | None = None
) -> Array:
    """Give the years from the start at which compute outruns a stock, shape (R,), from −10 on; ∞ where not within 50.

    Parameters
    ----------
    law
        Constants that broadcast against (R, 1).
    compute, tokens
        ln at the start and ln of the growth in a year, each of shape (R, 1) or (1, 1).
    ln_served
        ln of the tokens that the model serves over its life; None for none.
    """

    def ahead(years: Array) -> Array:
        wall = ln_wall(law, tokens[0] + years * tokens[1], ln_served)
        return np.asarray(compute[0] + years * compute[1] - wall)

    shape = np.broadcast_shapes(ahead(np.zeros((1, 1))).shape, compute[0].shape)
    low, high = np.full(shape, _EARLIEST), np.full(shape, _LATEST)
    never = ahead(high) < 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_past = ahead(middle) > 0
        low, high = np.where(is_past, low, middle), np.where(is_past, middle, high)
    return np.where(never, np.inf, high)[:, 0]


def quantiles(values: Array, probability: Array) -> tuple[float, float, float]:
    """Give the 5th percentile, the median and the 95th percentile of draws under their weights; infinities allowed."""
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(np.broadcast_to(probability, values.shape)[order])
    places = np.searchsorted(cumulative / cumulative[-1], [0.05, 0.5, 0.95])
    low, middle, high = values[order][np.minimum(places, len(values) - 1)]
    return float(low), float(middle), float(high)


def worth_of_a_trillion(portfolio: Portfolio, forecast: Forecast, plan: tuple[Array, Array]) -> tuple[Trillion, ...]:
    """Say by period what a trillion more unique tokens would be worth, alone and beside a plan.

    Parameters
    ----------
    portfolio
        Its periods.
    forecast
        The draws.
    plan
        Progress and funded fractions as they count, each of shape (I, K).
    """
    draws = forecast.draws
    if draws.law is None:
        return ()
    more = np.log(np.exp(draws.ln_tokens) + TRILLION)
    richer = Forecast(replace(draws, ln_tokens=more), forecast.objective, forecast.tail, forecast.workers)
    now, then = forecast.project(*plan), richer.project(*plan)
    alone, beside = then.baseline - now.baseline, then.reached - now.reached
    found = []
    for k, name in enumerate(portfolio.periods.names):
        low, _, high = quantiles(alone[:, k], draws.probability)
        mean, with_plan = (float(draws.probability @ each[:, k]) for each in (alone, beside))
        found.append(Trillion(name, mean, low, high, with_plan))
    return tuple(found)


def suppliers_of(portfolio: Portfolio, forecast: Forecast, alone: Mapping[str, float]) -> dict[str, Supplier]:
    """Say what the tokens of each initiative that makes or buys some would cost, and be worth.

    ``alone`` is what each initiative is worth alone, OOM.
    """
    needed = waits_for(portfolio)
    price = {each.id: each.price for each in portfolio.initiatives}
    tokens = _tokens_of(forecast.draws)
    found = {}
    for i, each in enumerate(portfolio.initiatives):
        trillions = tokens[i] / TRILLION
        if Lever.UNIQUE_TOKENS in each.effects and trillions > 0:
            whole = each.price + sum(price[id] for id in needed[each.id])
            found[each.id] = Supplier(
                tokens=float(tokens[i]),
                money=each.price,
                money_per_trillion=each.price / trillions,
                with_enablers=whole / trillions,
                oom_per_trillion=alone[each.id] / trillions,
            )
    return dict(sorted(found.items(), key=lambda item: (item[1].money_per_trillion, item[0])))


def _tokens_of(draws: Draws) -> Array:
    """Give the usable tokens that each initiative adds at full progress, on average: shape (I,)."""
    tokens = draws.probability @ draws.helps[ON_STOCK]
    for one in draws.shared:
        for row, factor in one.rows:
            if row == ON_STOCK:
                tokens[one.who] += factor * (draws.probability @ one.size)
    return np.asarray(tokens)


def repetition_of(forecast: Forecast) -> tuple[Repetition, ...]:
    """Say what repeated tokens are worth, over the draws of the law."""
    law = forecast.draws.law
    if law is None or not np.isfinite(law.r_d).all():
        return ()
    found = []
    for epochs in EPOCHS:
        last, together = (np.ravel(of(law, epochs)) for of in (worth_of_repetition, worth_of_epochs))
        even = np.full(len(last), 1 / len(last))
        weights = forecast.draws.probability if len(last) == forecast.draws.count else even
        low, _, high = quantiles(last, weights)
        found.append(Repetition(epochs, float(weights @ last), low, high, float(weights @ together)))
    return tuple(found)


def data_for_twice(laws: Mapping[str, Law]) -> dict[str, float]:
    """Say how much more data twice the compute asks for, by law."""
    return {name: float(more_data(law.central)) for name, law in laws.items()}
