"""Where the lab is heading without the portfolio, and what each initiative would add: the projection as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.plan import rounded
from gambits.allocate.soonest import in_order, soonest
from gambits.analyse.datawall import Repetition, Supplier, Trillion, WallLayer
from gambits.analyse.market import Flywheel, SectorReport
from gambits.analyse.sources import Drift
from gambits.analyse.supply import Supply
from gambits.forecast.oracle import Forecast
from gambits.portfolio.graph import waits_for
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import LN_10, ln_wall, optimum
from gambits.scaling.laws import Law
from gambits.words import as_html

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FORMAT: Final = "gambits/projection/1"
LN_6: Final = math.log(6)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The lab by period without the portfolio, means over the draws: log10 FLOP, log10 tokens, log10 FLOP.

    ``behind`` is the chance that the optimum has outrun the stock; ``epochs`` how often the flagship sees it;
    ``serving`` the part of its compute that serves it.
    """

    period: str
    compute: float
    unique_tokens: float
    effective_compute: float
    behind: float
    epochs: float
    serving: float


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
class PathWorth:
    """A path funded whole by itself: its money, and what it is worth for each 100 of it, OOM."""

    money: float
    per_money: float


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the projection goes beyond what was measured.

    ``law`` is the largest run behind the frontier's law and ``flagship`` the flagship at the end of each year, log10
    FLOP; ``beyond`` is by how many OOM the second exceeds the first. ``share_of_value`` is the part of the plan's
    value that rests on gains which reach more than 1 OOM beyond their evidence, or have none.
    """

    law: float
    flagship: Mapping[str, float]
    beyond: Mapping[str, float]
    share_of_value: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """The projection of a portfolio, with the plan of a gambit.

    ``ledger`` splits the plan's gain at the end of each year by source, OOM (Shapley value over the sources: order
    -free, and adds up), ``anyway`` is what the lab gains without it, and ``drift`` what the whole field gains.
    ``more_data`` is the factor of data that twice the compute asks for, by preset law. ``uncertified`` is 1 where the
    search for the plan ended before it was certified.
    """

    portfolio: str
    gambit: str
    money: str
    baseline: tuple[Baseline, ...]
    initiatives: Mapping[str, Worth]
    by_path: Mapping[str, float]
    path_worth: Mapping[str, PathWorth]
    anyway: Mapping[str, Mapping[str, float]]
    ledger: Mapping[str, Mapping[str, float]]
    drift: Mapping[str, Drift]
    reach: Reach | None
    wall: tuple[WallLayer, ...]
    repetition: tuple[Repetition, ...]
    trillion: tuple[Trillion, ...]
    suppliers: Mapping[str, Supplier]
    more_data: Mapping[str, float]
    supply: tuple[Supply, ...]
    market: Mapping[str, SectorReport] | None
    flywheel: Flywheel | None
    draws: int
    seed: int | None
    uncertified: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give the projection as JSON."""
        return rounded(  # type: ignore[no-any-return]
            {
                "format": FORMAT,
                "portfolio": self.portfolio,
                "gambit": self.gambit,
                "money": self.money,
                "baseline": [asdict(each) for each in self.baseline],
                "initiatives": {id: asdict(each) for id, each in self.initiatives.items()},
                "by_path": dict(self.by_path),
                "path_worth": {path: asdict(each) for path, each in self.path_worth.items()},
                "anyway": {year: dict(parts) for year, parts in self.anyway.items()},
                "ledger": {year: dict(parts) for year, parts in self.ledger.items()},
                "drift": {year: asdict(each) for year, each in self.drift.items()},
                "reach": asdict(self.reach) if self.reach else None,
                "wall": [asdict(each) for each in self.wall],
                "repetition": [asdict(each) for each in self.repetition],
                "trillion": [asdict(each) for each in self.trillion],
                "suppliers": {id: asdict(each) for id, each in self.suppliers.items()},
                "more_data": dict(self.more_data),
                "supply": [asdict(each) for each in self.supply],
                "market": {name: each.to_dict() for name, each in self.market.items()} if self.market else None,
                "flywheel": self.flywheel.to_dict() if self.flywheel else None,
                "draws": self.draws,
                "seed": self.seed,
                "uncertified": self.uncertified,
            }
        )

    def _repr_html_(self) -> str:
        said = f"What each initiative is worth, OOM: alone, at the plan of {self.gambit}, and as a loss from the whole."
        return as_html(f"{self.portfolio}: where it is heading", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give what each initiative (rows) is worth (columns, as of ``Worth``)."""
        import pandas as pd  # heavy, and a projection is made without it

        columns = list(Worth.__slots__)
        return pd.DataFrame(
            [[getattr(each, name) for name in columns] for each in self.initiatives.values()],
            index=pd.Index(list(self.initiatives), name="initiative"),
            columns=columns,
        )

    def baseline_frame(self) -> pd.DataFrame:
        """Give the lab without the portfolio by period (rows), columns as of ``Baseline``; empty without a frontier."""
        import pandas as pd  # heavy, and a projection is made without it

        columns = list(Baseline.__slots__)
        return pd.DataFrame([asdict(each) for each in self.baseline], columns=columns).set_index("period")


def baseline_of(portfolio: Portfolio, forecast: Forecast) -> tuple[Baseline, ...]:
    """Project the lab without the portfolio."""
    draws = forecast.draws
    if draws.law is None:
        return ()
    reached = forecast.project(*_nothing(portfolio, forecast)).baseline
    mean = draws.probability
    behind = draws.ln_compute > ln_wall(draws.law, draws.ln_tokens, draws.ln_served)
    ln_n, ln_d = optimum(draws.law, draws.ln_compute, draws.ln_tokens, draws.ln_served)
    # What does not train serves: 1 − 6ND/C.
    serving = np.zeros_like(ln_d) if draws.ln_served is None else -np.expm1(LN_6 + ln_n + ln_d - draws.ln_compute)
    seen = np.exp(ln_d - draws.ln_tokens)
    columns = (draws.ln_compute / LN_10, draws.ln_tokens / LN_10, reached, behind.astype(float), seen, serving)
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
    everyone, order = {each.id for each in portfolio.initiatives}, in_order(portfolio)

    def value(wanted: set[str]) -> float:
        return forecast.evaluate(*_counted(portfolio, forecast, soonest(portfolio, wanted, order))).expected

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
    found, order = {}, in_order(portfolio)
    for path in sorted({each.path for each in portfolio.initiatives}):
        wanted = {each.id for each in portfolio.initiatives if each.path == path}
        funded = soonest(portfolio, wanted, order)
        found[path] = forecast.evaluate(*_counted(portfolio, forecast, funded)).expected
    return found


def path_worth_of(portfolio: Portfolio, worth: Mapping[str, float]) -> dict[str, PathWorth]:
    """Set what each path is worth by itself against its money."""
    by_id = sorted(portfolio.initiatives, key=lambda each: each.id)
    money = {path: sum(each.price for each in by_id if each.path == path) for path in worth}
    return {path: PathWorth(money[path], 100 * value / money[path]) for path, value in worth.items()}


def reach_of(law: Law, baseline: tuple[Baseline, ...], years: Mapping[str, int], share: float) -> Reach:
    """Say how far the flagship lies beyond the law, and how much of a plan's value beyond its evidence."""
    fitted = math.log10(law.fitted_to)
    flagship = {year: baseline[period].compute for year, period in years.items()}
    return Reach(fitted, flagship, {year: at - fitted for year, at in flagship.items()}, share)


def _nothing(portfolio: Portfolio, forecast: Forecast) -> tuple[Array, Array]:
    nothing = np.zeros((len(portfolio.initiatives), forecast.periods))
    return nothing, nothing


def _counted(portfolio: Portfolio, forecast: Forecast, funded: Array) -> tuple[Array, Array]:
    made = timing.progress(portfolio.initiatives, funded)
    return timing.counted(portfolio.initiatives, made, funded, forecast.periods)
