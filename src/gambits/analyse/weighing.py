"""Everything that a comparison says beside the plans: references, regret, rivals, and the beliefs that decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.money import spend
from gambits.allocate.plan import Plan
from gambits.analyse import given
from gambits.analyse.break_even import break_even
from gambits.analyse.compare import Comparison
from gambits.analyse.given import CURRENT, NOTHING, Held
from gambits.analyse.reference import Reference, reference
from gambits.analyse.regret import Regret
from gambits.analyse.rivals import Race, Standings, races
from gambits.analyse.study import Study
from gambits.analyse.views import View, views_of
from gambits.errors import InfeasibleError
from gambits.portfolio.gambit import Gambit, load_gambit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

COMPUTE: Final = "compute-only"


def weigh(study: Study, gambits: Sequence[Gambit], plans: Mapping[str, Plan]) -> Comparison:
    """Lay plans side by side, with what a board asks of them next.

    Parameters
    ----------
    study
        The portfolio and its futures, in which the plans were found.
    gambits
        Whose plans they are, in order.
    plans
        By gambit.
    """
    held = {each.name: given.found(study.best(each)) for each in gambits}
    references, beside = _references(study, gambits)
    views = views_of(study, gambits)
    pair = gambits[:2]
    return Comparison(
        plans,
        references=references,
        regret=_regret(study, gambits, views, held, beside),
        standings=_standings(study, gambits[0], {**held, **beside}),
        break_even=break_even(study, pair, views[:2], {each.name: held[each.name] for each in pair})
        if len(pair) > 1
        else (),
        uncertified=study.uncertified,
    )


def _references(study: Study, gambits: Sequence[Gambit]) -> tuple[dict[str, Reference], dict[str, Held]]:
    """Value the plans that no gambit chose; one of bought compute alone where there is any to buy."""
    portfolio, forecast = study.portfolio, study.forecast(gambits[0])
    money = {NOTHING: given.money_of_nothing(portfolio)}
    compute = _compute_alone(study, gambits)
    if compute is not None:
        money[COMPUTE] = compute
    if portfolio.current is not None:
        money[CURRENT] = given.money_of_today(portfolio)
    held = {name: given.held(portfolio, rows) for name, rows in money.items()}
    found = {name: reference(portfolio, forecast, name, rows, held[name]) for name, rows in money.items()}
    return found, held


def _compute_alone(study: Study, gambits: Sequence[Gambit]) -> Array | None:
    """Give the money of the best plan of bought compute; None where there is none, or it is shown already."""
    gambit, portfolio = load_gambit(COMPUTE), study.portfolio
    able = any(each.path in (gambit.only or ()) for each in portfolio.initiatives)
    if not able or any(each.name == gambit.name for each in gambits):
        return None
    try:
        return spend(portfolio, study.best(gambit).funded)
    except InfeasibleError:
        return None  # something else must be funded


def _regret(
    study: Study, gambits: Sequence[Gambit], views: Sequence[View], held: Mapping[str, Held], beside: Mapping[str, Held]
) -> Regret:
    scores = {plan: {view.name: view.value(each) for view in views} for plan, each in {**held, **beside}.items()}
    best = {
        gambit.name: {
            # A plan of the gambit is one of those that the best is sought among.
            view.name: max(_best(study, gambit, view), scores[gambit.name][view.name])
            for view in views
        }
        for gambit in gambits
    }
    return Regret(tuple(view.name for view in views), scores, best, {each.name: each.name for each in gambits})


def _best(study: Study, gambit: Gambit, view: View) -> float:
    """Give the value of the best plan under a gambit's rules in a view."""
    if view.name == gambit.name:
        return study.best(gambit).objective
    return view.study.under(view.through(gambit), near=study.best(gambit)).objective


def _standings(study: Study, gambit: Gambit, held: Mapping[str, Held]) -> Standings | None:
    """Hold every plan against the rivals in the periods of the horizon."""
    portfolio, forecast = study.portfolio, study.forecast(gambit)
    if not portfolio.rivals:
        return None
    names = portfolio.periods.names
    rivals = {name: level[:, : len(names)] for name, level in forecast.draws.rivals.items()}

    def run(plan: Held) -> dict[str, Race]:
        reached = forecast.project(*plan.counted(portfolio, forecast)).reached[:, : len(names)]
        return races(reached, rivals, forecast.draws.probability)

    return Standings(names, {name: run(plan) for name, plan in held.items()})
