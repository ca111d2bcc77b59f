"""Questions about one portfolio share its draws and its cuts, and get the answers that cold searches give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gambits.allocate.cuts import GAP, allocate
from gambits.analyse.study import Settings, Study
from gambits.portfolio.gambit import Gambit, Share, load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

SETTINGS = Settings(draws=200, batches=0)


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(load("frontier-lab"), SETTINGS)


def with_share(share: float) -> Gambit:
    hedge = load_gambit("incumbent")
    return replace(hedge, shares={"architect": Share(share, share), "alchemist": Share(1 - share, 1 - share)})


def forbidding(portfolio: Portfolio, id: str) -> Portfolio:
    kept = (replace(each, never=True) if each.id == id else each for each in portfolio.initiatives)
    return replace(portfolio, initiatives=tuple(kept))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.9])
def test_a_sweep_of_shares_gives_what_cold_searches_give(share: float, study: Study) -> None:
    gambit = with_share(share)

    warm = study.under(gambit)
    cold = allocate(study.portfolio, gambit, study.forecast(gambit))

    assert warm.objective == pytest.approx(cold.objective, abs=2 * GAP)
    assert warm.bound >= cold.objective
    assert cold.bound >= warm.objective


def test_a_question_near_an_answered_one_takes_fewer_rounds(study: Study) -> None:
    study.under(with_share(0.6))

    warm = study.under(with_share(0.61))

    assert warm.rounds < allocate(study.portfolio, with_share(0.61), study.forecast(with_share(0.61))).rounds


def test_a_rule_on_an_initiative_that_had_money_is_answered_from_the_same_cuts(study: Study) -> None:
    gambit = load_gambit("incumbent")
    free = study.best(gambit)
    without = forbidding(study.portfolio, "curation")

    found = study.under(gambit, without)

    assert found.objective < free.objective - GAP
    cold = allocate(without, gambit, study.forecast(gambit))
    assert found.objective == pytest.approx(cold.objective, abs=2 * GAP)
    assert not found.funded[study.forecast(gambit).ids.index("curation")].any()


def test_the_best_plan_does_not_depend_on_what_was_asked_before(study: Study) -> None:
    study.under(with_share(0.2))

    asked_late = study.best(load_gambit("challenger"))

    fresh = Study(study.portfolio, SETTINGS).best(load_gambit("challenger"))
    assert asked_late.objective == fresh.objective
    assert (asked_late.funded == fresh.funded).all()


def test_gambits_of_one_objective_see_the_same_draws(study: Study) -> None:
    incumbent, challenger = (study.forecast(load_gambit(name)) for name in ("incumbent", "challenger"))

    assert incumbent is challenger
    assert study.forecast(replace(load_gambit("incumbent"), tail=0.5)).blocks is incumbent.blocks
