"""Where the lab is heading without the portfolio, what each initiative would add, and when data run out."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.plan import rounded
from gambits.allocate.soonest import soonest
from gambits.analyse.shapley import shapley
from gambits.forecast.oracle import Forecast
from gambits.portfolio.graph import waits_for
from gambits.portfolio.model import Lever, Portfolio
from gambits.scaling.frontier import LN_10, ln_wall
from gambits.scaling.laws import Law
from gambits.scaling.wall import LAYERS, epochs, more_data, outrun_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FORMAT: Final = "gambits/projection/1"
GROUPS: Final = {
    "compute": (Lever.COMPUTE,),
    "algorithms": (Lever.PARAMETER_EFFICIENCY, Lever.DATA_EFFICIENCY),
    "data": (Lever.UNIQUE_TOKENS,),
    "post-training": (Lever.POST_TRAINING,),
    "test time": (Lever.TEST_TIME,),
}
"""The sources of a gain in the ledger of OOMs."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The lab by period without the portfolio, means over the draws: log10 FLOP, log10 tokens, log10 FLOP.

    ``behind`` is the chance that the optimum has outrun the stock; ``epochs`` how often the flagship sees it.
    """

    period: str
    compute: float
    unique_tokens: float
    effective_compute: float
    behind: float
    epochs: float


@dataclass(frozen=True, slots=True)
class Worth:
    """What one initiative is worth, OOM.

    ``alone``: it and all that it waits for, funded as fast as may be, without a budget. ``marginal``: its slope at
    the plan times its progress there. ``with_all``: what is lost when it alone leaves a portfolio that is funded
    whole, with all that waits for it. ``alone_per_money`` is alone over the money of it and what it waits for, for
    each 100 of money. ``beyond`` is by how many OOM the flagship lies beyond its evidence; None without evidence.
    """

    path: str
    alone: float
    marginal: float
    with_all: float
    alone_per_money: float
    beyond: float | None


@dataclass(frozen=True, slots=True)
class WallLayer:
    """A layer of the stock, and the compute that outruns it: log10 FLOP, with a 90 % interval over the draws."""

    name: str
    tokens: float
    outrun_at: float
    low: float
    high: float
    source: str
    tag: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """The projection of a portfolio.

    ``ledger`` splits the plan's gain at the end of each year by source, OOM (Shapley value over the sources: order
    -free, and adds up). ``more_data`` is the factor of data that twice the compute asks for, by preset law.
    """

    baseline: tuple[Baseline, ...]
    initiatives: Mapping[str, Worth]
    by_path: Mapping[str, float]
    ledger: Mapping[str, Mapping[str, float]]
    wall: tuple[WallLayer, ...]
    more_data: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Give the projection as JSON."""
        return rounded(  # type: ignore[no-any-return]
            {
                "format": FORMAT,
                "baseline": [asdict(each) for each in self.baseline],
                "initiatives": {id: asdict(each) for id, each in self.initiatives.items()},
                "by_path": dict(self.by_path),
                "ledger": {year: dict(parts) for year, parts in self.ledger.items()},
                "wall": [asdict(each) for each in self.wall],
                "more_data": dict(self.more_data),
            }
        )


def baseline_of(portfolio: Portfolio, forecast: Forecast) -> tuple[Baseline, ...]:
    """Project the lab without the portfolio."""
    draws = forecast.draws
    if draws.law is None:
        return ()
    reached = forecast.project(*_nothing(portfolio, forecast)).baseline
    mean = draws.probability
    behind = draws.ln_compute > ln_wall(draws.law, draws.ln_tokens, draws.ln_served)
    seen = epochs(draws.law, draws.ln_compute, draws.ln_tokens, draws.ln_served)
    columns = (draws.ln_compute / LN_10, draws.ln_tokens / LN_10, reached, behind.astype(float), seen)
    rows = zip(*(mean @ column for column in columns), strict=True)
    return tuple(Baseline(name, *map(float, row)) for name, row in zip(portfolio.periods.names, rows, strict=False))


def worth_of(portfolio: Portfolio, forecast: Forecast, marginal: Array) -> dict[str, Worth]:
    """Value every initiative alone, at the margin of a plan, and as a loss from the whole.

    Parameters
    ----------
    portfolio, forecast
        The rules of time and graph, and the value of plans.
    marginal
        Shape (I,): slope times progress at the plan.
    """
    needed = waits_for(portfolio)
    everyone = {each.id for each in portfolio.initiatives}

    def value(wanted: set[str]) -> float:
        return forecast.evaluate(*_counted(portfolio, forecast, soonest(portfolio, wanted))).expected

    whole = value(everyone)
    found = {}
    for i, each in enumerate(portfolio.initiatives):
        chain = {each.id, *needed[each.id]}
        alone = value(chain)
        price = sum(portfolio.initiative(id).price for id in chain)
        found[each.id] = Worth(
            path=each.path,
            alone=alone,
            marginal=float(marginal[i]),
            with_all=whole - value(everyone - {each.id}),
            alone_per_money=100 * alone / price,
            beyond=_beyond(portfolio, each.fitted_to),
        )
    return dict(sorted(found.items()))


def _beyond(portfolio: Portfolio, fitted_to: float | None) -> float | None:
    if fitted_to is None or portfolio.frontier is None:
        return None
    return math.log10(portfolio.frontier.compute.start.central / fitted_to)


def worth_by_path(portfolio: Portfolio, forecast: Forecast) -> dict[str, float]:
    """Value each path by itself, funded whole as fast as may be, without what it waits for on other paths."""
    found = {}
    for path in sorted({each.path for each in portfolio.initiatives}):
        wanted = {each.id for each in portfolio.initiatives if each.path == path}
        funded = soonest(portfolio, wanted)
        found[path] = forecast.evaluate(*_counted(portfolio, forecast, funded)).expected
    return found


def ledger_of(
    portfolio: Portfolio, gain_of: Callable[[frozenset[Lever]], Array], years: Mapping[str, int]
) -> dict[str, dict[str, float]]:
    """Split the gain at the end of each year over its sources by the Shapley value.

    Parameters
    ----------
    portfolio
        Whose effects they are.
    gain_of
        Gives the gain by period, shape (K,), when only some levers act.
    years
        The last period of each year, by name.
    """
    used = {lever for each in portfolio.initiatives for lever in each.effects}
    used |= {lever for each in portfolio.synergies for lever in each.effects}
    sources = [name for name, levers in GROUPS.items() if used & set(levers)]

    @functools.cache
    def gain(chosen: frozenset[int]) -> Array:
        return gain_of(frozenset(lever for k in chosen for lever in GROUPS[sources[k]]))

    parts = shapley(len(sources), gain)
    return {
        year: {name: float(part[period]) for name, part in zip(sources, parts, strict=True)}
        for year, period in years.items()
    }


def wall_of(forecast: Forecast) -> tuple[WallLayer, ...]:
    """Say at which compute the optimum outruns each layer of the stock, over the law's draws."""
    law = forecast.draws.law
    if law is None:
        return ()
    found = []
    for layer in LAYERS:
        at = (
            np.broadcast_to(outrun_at(law, layer.tokens).ravel(), (1,))
            if forecast.draws.count == 1
            else outrun_at(law, layer.tokens).ravel()
        )
        low, middle, high = np.quantile(at, [0.05, 0.5, 0.95])
        found.append(
            WallLayer(layer.name, layer.tokens, float(middle), float(low), float(high), layer.source, layer.tag)
        )
    return tuple(found)


def data_for_twice(laws: Mapping[str, Law]) -> dict[str, float]:
    """Say how much more data twice the compute asks for, by law."""
    return {name: float(more_data(law.central)) for name, law in laws.items()}


def _nothing(portfolio: Portfolio, forecast: Forecast) -> tuple[Array, Array]:
    nothing = np.zeros((len(portfolio.initiatives), forecast.periods))
    return nothing, nothing


def _counted(portfolio: Portfolio, forecast: Forecast, funded: Array) -> tuple[Array, Array]:
    when = timing.counting_period(portfolio.initiatives, portfolio.periods.count, forecast.periods)
    made = timing.progress(portfolio.initiatives, funded)
    return timing.as_counted(made, when), timing.as_counted(funded, when)
