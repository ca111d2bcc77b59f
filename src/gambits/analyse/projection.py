"""The whole projection, top to bottom: the lab without the portfolio, its initiatives, sources, wall and market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gambits.allocate import timing
from gambits.allocate.cuts import Optimum
from gambits.analyse.contributions import contributions, extrapolated
from gambits.analyse.datawall import data_for_twice, repetition_of, suppliers_of, wall_of, worth_of_a_trillion
from gambits.analyse.market import Flywheel, SectorReport, flywheel, token_gdp
from gambits.analyse.outlook import Outlook, baseline_of, path_worth_of, reach_of, worth_by_path, worth_of
from gambits.analyse.sources import anyway_of, drift_of, ledger_of
from gambits.analyse.study import Study
from gambits.analyse.supply import supply_of
from gambits.files import bundled
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Lever, Portfolio
from gambits.quantities.estimates import Estimate
from gambits.scaling.laws import load_law

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def project_plan(study: Study, gambit: Gambit, optimum: Optimum) -> Outlook:
    """Project a portfolio; the margin, the ledger and the market are those of a plan.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        Through what they are seen.
    optimum
        The plan.
    """
    portfolio, seen = study.portfolio, study.forecast(gambit)
    counted = timing.counted(portfolio.initiatives, optimum.progress, optimum.funded, seen.periods)
    by_progress, by_funded = seen.evaluate(*counted).expected_slopes

    def gain_of(levers: frozenset[Lever]) -> Array:
        part = Study(only_levers(portfolio, levers), study.settings).forecast(gambit)
        return np.asarray(part.draws.probability @ part.project(*counted).gain)

    years = _ends_of_years(portfolio)
    baseline = baseline_of(portfolio, seen)
    worth = worth_of(portfolio, seen, (by_progress * counted[0] + by_funded * counted[1]).sum(axis=1))
    by_path = worth_by_path(portfolio, seen)
    law = load_law(portfolio.frontier.law, Path(portfolio.file).parent) if portfolio.frontier else None
    share = extrapolated(portfolio, contributions(seen, *counted))
    spent = float(optimum.funded[:, -1] @ np.array([each.price for each in portfolio.initiatives]))
    market, wheel = _market(portfolio, seen, counted, spent)
    return Outlook(
        portfolio=portfolio.name,
        gambit=gambit.name,
        money=portfolio.money,
        baseline=baseline,
        initiatives=worth,
        by_path=by_path,
        path_worth=path_worth_of(portfolio, by_path),
        anyway=anyway_of(baseline, years),
        ledger=ledger_of(portfolio, gain_of, years),
        drift=drift_of(years, portfolio.periods.years) if law else {},
        reach=reach_of(law, baseline, years, share) if law else None,
        wall=wall_of(portfolio, seen, str(study.settings.seed)),
        repetition=repetition_of(seen),
        trillion=worth_of_a_trillion(portfolio, seen, counted),
        suppliers=suppliers_of(portfolio, seen, {id: each.alone for id, each in worth.items()}),
        more_data=data_for_twice({name: load_law(name) for name in bundled.laws()}),
        supply=supply_of(portfolio, seen, seen.project(*counted)),
        market=market,
        flywheel=wheel,
        draws=seen.draws.count,
        seed=None if study.settings.certain else study.settings.seed,
        uncertified=study.uncertified,
    )


def only_levers(portfolio: Portfolio, levers: frozenset[Lever]) -> Portfolio:
    """Give the same portfolio with every effect on other levers left out."""

    def kept(effects: Mapping[Lever, Estimate]) -> dict[Lever, Estimate]:
        return {lever: estimate for lever, estimate in effects.items() if lever in levers}

    return replace(
        portfolio,
        initiatives=tuple(replace(each, effects=kept(each.effects)) for each in portfolio.initiatives),
        synergies=tuple(replace(each, effects=kept(each.effects)) for each in portfolio.synergies),
        overlaps=tuple(each for each in portfolio.overlaps if each.lever in levers),
    )


def _ends_of_years(portfolio: Portfolio) -> dict[str, int]:
    """Map each year of the horizon to its last period."""
    return {name[:4]: k for k, name in enumerate(portfolio.periods.names)}


def _market(
    portfolio: Portfolio, seen: Forecast, counted: tuple[Array, Array], spent: float
) -> tuple[dict[str, SectorReport] | None, Flywheel | None]:
    """Report the market under a plan, and whether the plan pays for itself there."""
    if portfolio.market is None:
        return None, None
    nothing = np.zeros_like(counted[0]), np.zeros_like(counted[1])
    with_plan, without = (
        token_gdp(portfolio.market, seen.draws, seen.project(*plan), portfolio.periods.count)
        for plan in (counted, nothing)
    )
    return with_plan, flywheel(with_plan["all"], without["all"], spent)
