"""What ships with the package is found by name, and is sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from gambits import check, load, solve
from gambits.analyse.study import Settings, Study
from gambits.files import bundled
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.graph import waits_for
from gambits.portfolio.model import Lever, Portfolio
from gambits.scaling.effects.registry import find_effect_law

CERTAIN = Settings(certain=True)
SOME = Settings(draws=200, batches=0)
NAMES = ("challenger-startup", "frontier-lab", "minimal")


def test_the_bundled_portfolios_are_these() -> None:
    assert set(NAMES) <= set(bundled.portfolio_names())


@pytest.mark.parametrize("name", bundled.portfolio_names())
def test_a_bundled_portfolio_is_sound_and_without_warnings(name: str) -> None:
    assert check(name) == ()
    assert load(name).warnings == ()


@pytest.mark.parametrize("name", bundled.portfolio_names())
def test_every_initiative_of_a_bundled_portfolio_has_a_title_and_a_source(name: str) -> None:
    for initiative in load(name).initiatives:
        assert initiative.source, initiative.id
        assert initiative.title != initiative.id


@pytest.mark.parametrize("name", bundled.portfolio_names())
def test_a_bundled_portfolio_weighs_both_paths(name: str) -> None:
    assert {"architect", "alchemist"} <= {each.path for each in load(name).initiatives}


def test_the_frontier_lab_is_of_real_size() -> None:
    """Some 28 initiatives over 8 quarters, with a graph of enablers, a market, and more than money that runs out."""
    portfolio = load("frontier-lab")
    needed = {id for each in portfolio.initiatives for id in each.waits_for}

    assert len(portfolio.initiatives) >= 28
    assert portfolio.periods.count == 8
    assert {"data-platform", "verifier-suite", "training-platform", "evaluation-harness"} <= needed
    assert any(each.path == "scale" and each.effects for each in portfolio.initiatives)
    assert {each.name for each in portfolio.resources} == {"researchers", "gpu", "power"}
    assert portfolio.market is not None
    assert [each.name for each in portfolio.market.sectors] == ["enterprise", "government", "households"]
    assert portfolio.synergies
    assert portfolio.overlaps


def test_the_challenger_start_up_is_served_from_the_compute_that_trains_it() -> None:
    portfolio = load("challenger-startup")

    assert 12 <= len(portfolio.initiatives) <= 15
    assert portfolio.frontier is not None
    assert portfolio.frontier.inference_tokens.central > 0


# What people argue about: (portfolio, initiative, lever that it moves).
ROWS = {
    "Mamba and hybrids": ("frontier-lab", "hybrid-flagship", "data_efficiency"),
    "HRM": ("frontier-lab", "hierarchical-reasoning", "parameter_efficiency"),
    "ParScale": ("frontier-lab", "parscale", "parameter_efficiency"),
    "mixture of experts": ("frontier-lab", "sparse-experts", "parameter_efficiency"),
    "over-trained small models": ("frontier-lab", "longer-training", "inference_cost"),
    "early stopping, dropout, feature selection": ("challenger-startup", "regularisation", "data_efficiency"),
    "curation and deduplication": ("frontier-lab", "curation", "data_efficiency"),
    "tuned repetition": ("frontier-lab", "tuned-repetition", "data_efficiency"),
    "augmentation": ("challenger-startup", "augmentation", "data_efficiency"),
    "transfer": ("challenger-startup", "transfer", "compute"),
    "distillation": ("challenger-startup", "distilled-family", "compute"),
    "quantisation": ("frontier-lab", "quantised-serving", "inference_cost"),
    "edge and serverless serving": ("challenger-startup", "edge-serving", "inference_cost"),
    "inference silicon": ("frontier-lab", "inference-silicon", "inference_cost"),
    "a decentralised commons": ("challenger-startup", "data-commons", "unique_tokens"),
    "test-time compute": ("frontier-lab", "test-time-compute", "test_time"),
    "application scaffolding": ("frontier-lab", "application-scaffolding", "token_value"),
    "RLHF": ("frontier-lab", "preference-tuning", "post_training"),
    "self-play": ("frontier-lab", "self-play", "post_training"),
    "agentic loops": ("frontier-lab", "agentic-loops", "post_training"),
    "fully synthetic text": ("frontier-lab", "synthetic-text", "unique_tokens"),
    "semi-synthetic data from video and sensors": ("frontier-lab", "multimodal-transcripts", "unique_tokens"),
    "licensed corpora": ("frontier-lab", "licensed-corpora", "unique_tokens"),
    "enablers": ("frontier-lab", "training-platform", "compute"),
    "bought compute": ("frontier-lab", "rented-compute", "compute"),
}


@pytest.mark.parametrize(("name", "id", "lever"), ROWS.values(), ids=ROWS)
def test_every_bet_that_people_argue_about_is_in_a_portfolio_and_moves_its_lever(
    name: str, id: str, lever: str, worth_alone: Callable[[str, str], float]
) -> None:
    initiative = load(name).initiative(id)
    effect = initiative.effects[Lever(lever)]

    assert effect.central > 1
    assert worth_alone(name, id) > 0


@pytest.fixture(scope="module")
def worth_alone() -> Callable[[str, str], float]:
    """Give a function that says what an initiative adds in the central draw, funded with all that it waits for."""

    @cache
    def seen(name: str) -> tuple[Portfolio, Forecast, dict[str, frozenset[str]]]:
        portfolio = load(name)
        free = Gambit("free")
        return portfolio, Study(portfolio, CERTAIN).forecast(free), waits_for(portfolio)

    def worth_alone(name: str, id: str) -> float:
        portfolio, forecast, needed = seen(name)
        shape = (len(portfolio.initiatives), forecast.periods)
        who = np.array([each.id for each in portfolio.initiatives])

        def value(ids: set[str]) -> float:
            funded = np.broadcast_to(np.isin(who, list(ids))[:, np.newaxis], shape).astype(float)
            return forecast.evaluate(funded, funded).expected

        return value({id, *needed[id]}) - value(set(needed[id]))

    return worth_alone


@pytest.mark.parametrize("name", ["challenger-startup", "frontier-lab"])
def test_most_effects_rest_on_a_law_and_the_rest_say_that_they_are_judgements(name: str) -> None:
    portfolio = load(name)
    by_law = [law.law for each in portfolio.initiatives for law in each.laws.values()]
    count = sum(len(each.effects) for each in portfolio.initiatives)

    assert len(by_law) >= 0.6 * count
    assert all(find_effect_law(law) is not None for law in by_law)
    for each in portfolio.initiatives:
        plain = [lever for lever in each.effects if lever not in each.laws]
        assert not plain or "judgement" in each.source, each.id
        assert each.laws or each.rests_on_judgement, each.id


@pytest.mark.parametrize("name", ["challenger-startup", "frontier-lab"])
def test_the_six_futures_are_those_that_the_essays_argue_over(name: str) -> None:
    assert {each.name for each in load(name).scenarios} == {
        "as planned",
        "the wall bites early",
        "compute binds, not data",
        "synthetic data works",
        "architecture breakthrough",
        "test-time era",
    }


@pytest.mark.parametrize("name", ["challenger-startup", "frontier-lab"])
@pytest.mark.parametrize("gambit", ["challenger", "incumbent"])
def test_the_shares_of_the_two_gambits_are_met_and_two_paths_are_worth_money(name: str, gambit: str) -> None:
    plan = solve(load(name), gambit, CERTAIN)
    counted = plan.spend_by_path["architect"] + plan.spend_by_path["alchemist"]

    assert plan.status == "optimal"
    assert plan.spend_by_path["architect"] / counted == pytest.approx(0.7 if gambit == "incumbent" else 0.3, abs=1e-6)
    assert plan.warnings == ()


@pytest.mark.parametrize("name", ["challenger-startup", "frontier-lab"])
def test_without_its_overlaps_a_portfolio_looks_better_than_it_is(name: str) -> None:
    portfolio = load(name)

    with_overlaps = solve(portfolio, "incumbent", SOME).objective
    without = solve(replace(portfolio, overlaps=()), "incumbent", SOME).objective

    assert without > with_overlaps + 1e-3


def test_cheaper_serving_earns_by_demand_and_more_the_more_demand_answers_to_price() -> None:
    """Nothing at elasticity 0: what a token costs is then nobody's reason to ask for more."""
    portfolio = load("frontier-lab")
    assert portfolio.market is not None
    worth = []
    for elasticity in (0.0, 0.4, 0.8, 1.6):
        served = replace(portfolio, market=replace(portfolio.market, elasticity=elasticity))
        forecast = Study(served, CERTAIN).forecast(Gambit("free"))
        who = [each.id for each in served.initiatives]
        everyone = np.ones((len(who), forecast.periods))
        nobody = np.zeros_like(everyone)
        alone = nobody.copy()
        alone[[who.index("quantised-serving"), who.index("evaluation-harness")]] = 1
        worth.append(forecast.evaluate(alone, alone).expected)

    assert worth[0] == pytest.approx(0, abs=1e-12)
    assert worth[0] < worth[1] < worth[2] < worth[3]


def test_a_name_of_nothing_bundled_is_no_folder() -> None:
    assert bundled.portfolio_folder("nothing") is None
    assert bundled.portfolio_folder("../portfolios/minimal") is None


def test_gambits_and_laws_are_found_by_name() -> None:
    assert set(bundled.profiles()) == {"challenger", "compute-only", "incumbent"}
    assert {"besiroglu-2024", "chinchilla-2022", "muennighoff-2023"} <= set(bundled.laws())
