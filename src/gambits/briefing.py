"""What a memo is written from: every question that it answers, asked once, over one set of futures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gambits import pipeline
from gambits.allocate import timing
from gambits.allocate.eligible import eligible
from gambits.allocate.money import spend
from gambits.analyse.compare import Comparison
from gambits.analyse.projection import project_plan
from gambits.analyse.spread import Spread, spread_of
from gambits.analyse.study import Study
from gambits.errors import InfeasibleError
from gambits.memo.record import Free, Material, record_of
from gambits.portfolio.gambit import Gambit, load_gambit

Step = Callable[[str], None]
"""Is told what is being asked next."""


def beside(study: Study, gambit: Gambit) -> Comparison:
    """Find the plan of a gambit, and lay beside it those of the two that a board chooses between.

    Another gambit that has no plan is left out, with a warning on this one's.

    Raises
    ------
    InfeasibleError
        If the gambit itself has no plan.
    """
    plans = {gambit.name: pipeline.plan_of(study, gambit)}
    for name in pipeline.GAMBITS:
        if name not in plans:
            try:
                plans[name] = pipeline.plan_of(study, load_gambit(name))
            except InfeasibleError as error:
                warning = f"the {name} has no plan: {error.message}"
                plans[gambit.name] = replace(plans[gambit.name], warnings=(*plans[gambit.name].warnings, warning))
    return Comparison(plans)


def brief(study: Study, gambit: Gambit, comparison: Comparison, step: Step = lambda question: None) -> dict[str, Any]:
    """Find out all that the memo for one gambit's plan says, and give the record that its figures are bound to.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        Whose plan the memo recommends.
    comparison
        That plan and those beside it, found in the same study.
    step
        Is told of each question before it is asked.

    Raises
    ------
    KeyError
        If the comparison holds no plan of the gambit.
    """
    portfolio, plan = study.portfolio, comparison.plans[gambit.name]
    step("what the rule of shares costs")
    free = _free(study, gambit) if gambit.shares else None
    step("how values vary")
    gambits = [gambit, *(load_gambit(name) for name in comparison.plans if name != gambit.name)]
    spreads = {} if study.settings.certain else {each.name: _spread(study, each) for each in gambits}
    step("where scaling leads")
    outlook = project_plan(study, gambit, study.best(gambit)).to_dict()
    return record_of(
        Material(
            portfolio=portfolio,
            gambit=gambit,
            comparison=comparison,
            law=pipeline.law_of(portfolio),
            free=free,
            match=pipeline.compute_to_match(portfolio, plan),
            barred=eligible(portfolio, gambit)[1],
            spreads=spreads,
            analyses={"outlook": outlook},
        )
    )


def _free(study: Study, gambit: Gambit) -> Free:
    """Find the best plan without the gambit's shares, from what is known of the futures."""
    found = study.under(gambit.without_shares())
    spent: dict[str, float] = {}
    decided = spend(study.portfolio, found.funded)[:, study.portfolio.now :].sum(axis=1)
    for each, money in zip(study.portfolio.initiatives, decided, strict=True):
        spent[each.path] = spent.get(each.path, 0.0) + float(money)
    whole = sum(spent.values())
    shares = {path: money / whole if whole else 0.0 for path, money in sorted(spent.items())}
    return Free(found.objective, found.values.expected, found.values.tail, shares)


def _spread(study: Study, gambit: Gambit) -> Spread:
    portfolio, seen, found = study.portfolio, study.forecast(gambit), study.best(gambit)
    counted = timing.counted(portfolio.initiatives, found.progress, found.funded, seen.periods)
    return spread_of(np.asarray(seen.project(*counted).value), seen.draws.probability)
