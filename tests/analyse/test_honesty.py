"""What to hold against a plan's own figures: fresh draws, scenarios, money missing, and plans on other draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gambits import pipeline
from gambits.allocate import timing
from gambits.allocate.plan import Plan
from gambits.analyse import honesty, study
from gambits.analyse.study import Settings, Study
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

Array = NDArray[np.float64]

# Bets that mostly fail, and pay when they do not: what looks best on a few draws was lucky on them.
LAB = """\
format: gambits/1
name: Noisy lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 1e27 to 8e27}
  unique_tokens: {count: 5e12 to 2e13}
initiatives:
  a: {path: architect, source: none, cost: 8 to 20, success: 0.2, effects: {post_training: 2 to 20}}
  b: {path: architect, source: none, cost: 8 to 20, success: 0.2, effects: {post_training: 2 to 20}}
  c: {path: alchemist, source: none, cost: 8 to 20, success: 0.2, effects: {data_efficiency: 2 to 9}}
  d: {path: alchemist, source: none, cost: 8 to 20, success: 0.2, effects: {unique_tokens: 1e13 to 1e14}}
  e: {path: scale, source: none, cost: 10, effects: {compute: 1.3}, must: true}
  f: {path: scale, source: none, cost: 10, effects: {compute: 1.3}, never: true}
scenarios:
  - {name: as planned, probability: 0.6}
  - {name: dear, probability: 0.25, change: {initiatives.a.cost: 30 to 60, initiatives.c.cost: 20 to 50}}
  - {name: early wall, probability: 0.15, change: {frontier.unique_tokens.count: 1e12 to 3e12}}
"""


@pytest.fixture(scope="module")
def lab(read: Callable[[str], Portfolio]) -> Portfolio:
    return read(LAB)


@pytest.fixture(scope="module")
def mine(read_gambit: Callable[[str], Gambit]) -> Gambit:
    return read_gambit("name: mine\naversion: 0.3\ntail: 0.4\n")


@pytest.fixture(scope="module")
def plan(lab: Portfolio, mine: Gambit) -> Plan:
    return pipeline.solve(lab, mine, Settings(draws=300, seed=1, batches=4))


@pytest.fixture(scope="module")
def said(plan: Plan) -> dict[str, Any]:
    """Give what is said of the plan."""
    assert plan.honesty is not None
    return dict(plan.honesty)


def seen(portfolio: Portfolio, gambit: Gambit, seed: str, draws: int) -> Forecast:
    return Study(portfolio).forecast(gambit, seed, draws)


def funded_of(plan: Plan, portfolio: Portfolio) -> Array:
    """Work out φ at the end of each period from the money alone, shape (I, T)."""
    rows = [np.cumsum(plan.allocation(each.id).spend) / each.cost.central for each in portfolio.initiatives]
    return np.array(rows)


def value_of(plan: Plan, portfolio: Portfolio, forecast: Forecast) -> Array:
    """Give the plan's V in every draw of a forecast; nothing here lags and all responses are straight."""
    funded = funded_of(plan, portfolio)
    return forecast.project(*timing.counted(portfolio.initiatives, funded, funded, forecast.periods)).value


def worst(values: Array, probability: Array, alpha: float) -> float:
    """Take the worst draws until their probability is α."""
    total, left = 0.0, alpha
    for value, chance in sorted(zip(values.tolist(), probability.tolist(), strict=True)):
        total, left = total + min(left, chance) * value, left - min(left, chance)
    return total / alpha


# Fresh draws.


def test_the_plan_is_valued_on_draws_that_it_was_not_chosen_on(
    plan: Plan, said: dict[str, Any], lab: Portfolio, mine: Gambit
) -> None:
    fresh = seen(lab, mine, "1/fresh", 300)
    value, chances = value_of(plan, lab, fresh), fresh.draws.probability
    found = said["out_of_sample"]

    assert found["expected"] == pytest.approx(float(chances @ value), abs=1e-9)
    assert found["cvar"] == pytest.approx(worst(value, chances, 0.4), abs=1e-9)
    assert found["objective"] == pytest.approx(0.7 * found["expected"] + 0.3 * found["cvar"], abs=1e-12)
    assert found["expected"] != pytest.approx(plan.expected, abs=1e-6)


def test_fresh_draws_say_what_many_draws_say(plan: Plan, said: dict[str, Any], lab: Portfolio, mine: Gambit) -> None:
    """Within a few standard errors."""
    many = seen(lab, mine, "another", 20_000)
    truth = float(many.draws.probability @ value_of(plan, lab, many))
    found = said["out_of_sample"]

    assert 0 < found["standard_error"] < 0.2 * found["expected"]
    assert abs(found["expected"] - truth) < 4 * found["standard_error"]


def test_the_standard_error_is_the_spread_over_seeds_or_a_little_more(plan: Plan, lab: Portfolio, mine: Gambit) -> None:
    """Strata make the mean steadier than so many independent draws would be; the figure does not count on it."""
    found = []
    for seed in range(40):
        fresh = seen(lab, mine, f"seed {seed}", 60)
        counted = funded_of(plan, lab)
        found.append(honesty.out_of_sample(fresh, fresh.project(counted, counted), 0.3))
    spread = np.std([each.expected for each in found], ddof=1)
    claimed = np.mean([each.standard_error for each in found])

    # The spread of 40 numbers is itself known to about 11 %.
    assert 0.8 * spread < claimed < 2.5 * spread


def test_the_standard_error_counts_the_spread_within_scenarios_alone(lab: Portfolio, mine: Gambit) -> None:
    """They come in exact proportion, so that the difference between them adds none."""
    fresh = seen(lab, mine, "1", 100)
    flat = fresh.project(*(np.zeros((6, 2)),) * 2)
    apart = replace(flat, value=fresh.draws.scenario * 10.0)
    assert honesty.out_of_sample(fresh, apart, 0.5).standard_error == 0

    noise = np.random.default_rng(1).normal(0, 1, 100)
    found = honesty.out_of_sample(fresh, replace(flat, value=apart.value + noise), 0.5)
    variance = sum(
        share**2 * noise[fresh.draws.scenario == number].var(ddof=1) / count
        for number, (share, count) in enumerate([(0.6, 60), (0.25, 25), (0.15, 15)])
    )
    assert found.standard_error == pytest.approx(variance**0.5, rel=1e-12)


def test_one_draw_of_a_scenario_counts_with_the_spread_of_all(lab: Portfolio, mine: Gambit) -> None:
    """It shows no spread of its own, and none at all would claim too much."""
    fresh = seen(lab, mine, "1", 3)
    assert np.bincount(fresh.draws.scenario).tolist() == [2, 1, 1]
    values = np.array([1.0, 3.0, 8.0, 4.0])
    flat = fresh.project(*(np.zeros((6, 2)),) * 2)
    found = honesty.out_of_sample(fresh, replace(flat, value=values), 0.5)

    parts = [0.6**2 * 2 / 2, 0.25**2 * values.var(ddof=1), 0.15**2 * values.var(ddof=1)]
    assert found.standard_error == pytest.approx(sum(parts) ** 0.5, rel=1e-12)


def test_four_times_the_draws_halve_the_standard_error(plan: Plan, lab: Portfolio, mine: Gambit) -> None:
    counted = funded_of(plan, lab)
    errors = []
    for draws in (500, 2000):
        fresh = seen(lab, mine, "1", draws)
        errors.append(honesty.out_of_sample(fresh, fresh.project(counted, counted), 0.3).standard_error)

    assert errors[1] == pytest.approx(errors[0] / 2, rel=0.15)


def test_a_plan_looks_better_on_the_draws_that_it_was_chosen_on(lab: Portfolio, mine: Gambit) -> None:
    """The optimiser's curse, on average over seeds; in any one of them luck may hide it."""
    curses = []
    for seed in range(12):
        found = pipeline.solve(lab, mine, Settings(draws=20, seed=seed, batches=0))
        assert found.honesty is not None
        curses.append(found.objective - found.honesty["out_of_sample"]["objective"])

    assert np.mean(curses) > 0
    assert min(curses) < max(curses)


def test_a_certain_plan_has_nothing_held_against_it(lab: Portfolio, mine: Gambit) -> None:
    plan = pipeline.solve(lab, mine, Settings(certain=True))

    assert plan.honesty is None
    shown = plan.to_dict()
    assert {shown[key] for key in ("out_of_sample", "scenarios", "missing_money", "stability")} == {None}


# Scenarios.


def test_values_by_scenario_add_up_to_the_expected_value(plan: Plan, said: dict[str, Any]) -> None:
    found = said["scenarios"]

    assert {name: each["probability"] for name, each in found.items()} == pytest.approx(
        {"as planned": 0.6, "dear": 0.25, "early wall": 0.15}, rel=1e-12
    )
    assert sum(each["probability"] * each["expected"] for each in found.values()) == pytest.approx(
        plan.expected, abs=1e-12
    )
    for each in found.values():
        assert each["cvar"] <= each["expected"] + 1e-12


def test_each_scenario_is_valued_on_its_own_draws(
    plan: Plan, said: dict[str, Any], lab: Portfolio, mine: Gambit
) -> None:
    chosen_on = seen(lab, mine, "1", 300)
    value = value_of(plan, lab, chosen_on)
    for number, name in enumerate(chosen_on.draws.scenarios):
        here = value[chosen_on.draws.scenario == number]

        assert said["scenarios"][name]["expected"] == pytest.approx(here.mean(), abs=1e-9)
        even = np.full(len(here), 1 / len(here))
        assert said["scenarios"][name]["cvar"] == pytest.approx(worst(here, even, 0.4), abs=1e-9)


def test_a_portfolio_that_names_no_scenarios_has_one(
    read: Callable[[str], Portfolio], mine: Gambit, said: dict[str, Any]
) -> None:
    found = pipeline.solve(read(LAB.partition("scenarios:")[0]), mine, Settings(draws=50, batches=0))
    assert found.honesty is not None

    (only,) = found.honesty["scenarios"].values()
    assert only == {"probability": 1, "expected": pytest.approx(found.expected), "cvar": pytest.approx(found.cvar)}


# Money missing.


def test_money_missing_is_what_costs_above_their_median_ask_for(
    plan: Plan, said: dict[str, Any], lab: Portfolio, mine: Gambit
) -> None:
    draws = seen(lab, mine, "1", 300).draws
    assert draws.cost_ratio is not None
    spent = {each.id: plan.allocation(each.id).total for each in lab.initiatives}
    missing = []
    for r in range(draws.count):
        # φ·cost was spent; the same part of what the draw really costs would have been ρ times that.
        short = [spent[id] * max(0.0, draws.cost_ratio[r, i] - 1) for i, id in enumerate(draws.ids)]
        missing.append(sum(short))
    total = sum(spent.values())
    found = said["missing_money"]

    chance = sum(p for p, each in zip(draws.probability, missing, strict=True) if each > 0.01 * total)
    assert found["chance"] == pytest.approx(chance, abs=1e-9)
    assert found["expected"] == pytest.approx(float(draws.probability @ missing), rel=1e-9)
    below = sum(p for p, each in zip(draws.probability, missing, strict=True) if each < found["p90"] - 1e-9)
    assert below <= 0.9 + 1e-9
    assert below + draws.probability.max() >= 0.9 - 1e-9


def test_where_costs_are_certain_or_nothing_is_spent_nothing_is_missing(
    read: Callable[[str], Portfolio], lab: Portfolio, mine: Gambit
) -> None:
    none = honesty.Missing(0, 0, 0)
    assert honesty.missing_money(seen(lab, mine, "1", 30), np.zeros(6)) == none
    certain = LAB.replace("cost: 8 to 20", "cost: 13").replace("30 to 60", "13").replace("20 to 50", "13")

    assert honesty.missing_money(seen(read(certain), mine, "1", 30), np.ones(6)) == none


def test_the_money_missing_grows_with_the_money_spent(lab: Portfolio, mine: Gambit) -> None:
    forecast, spent = seen(lab, mine, "1", 300), np.array([3.0, 1, 4, 1, 5, 9])
    one, two = honesty.missing_money(forecast, spent), honesty.missing_money(forecast, 2 * spent)

    assert two.chance == one.chance
    assert (two.expected, two.p90) == pytest.approx((2 * one.expected, 2 * one.p90))


# Plans on other draws.


def test_stability_says_how_often_each_is_funded_and_how_far(plan: Plan, said: dict[str, Any]) -> None:
    found = said["stability"]

    assert list(found) == ["a", "b", "c", "d", "e", "f"]
    assert found["e"] == {"funded": 1, "low": pytest.approx(1), "high": pytest.approx(1)}
    assert found["f"] == {"funded": 0, "low": 0, "high": 0}
    for each in found.values():
        assert each["funded"] in (0, 0.25, 0.5, 0.75, 1)
        assert 0 <= each["low"] <= each["high"] <= 1
    # Bets as alike as these are not the same on every batch.
    assert any(each["high"] - each["low"] > 0.1 for each in found.values())


def test_an_initiative_counts_as_funded_from_half_its_cost_on() -> None:
    batches = [np.array([0.2, 1.0, 0.5]), np.array([0.6, 1.0, 0.49]), np.array([0.1, 0.9, 0.7]), np.array([0.0, 1, 1])]

    found = honesty.stability(["x", "z", "y"], batches)

    assert list(found) == ["x", "y", "z"]
    assert found["x"] == honesty.Firmness(0.25, 0.0, 0.6)
    assert found["y"] == honesty.Firmness(0.75, 0.49, 1.0)
    assert found["z"] == honesty.Firmness(1.0, 0.9, 1.0)


def test_without_batches_nothing_is_said_of_stability_and_all_else_is_the_same(
    plan: Plan, said: dict[str, Any], lab: Portfolio, mine: Gambit
) -> None:
    alone = pipeline.solve(lab, mine, Settings(draws=300, seed=1, batches=0))
    assert alone.honesty is not None

    assert alone.honesty["stability"] == {}
    assert {**alone.honesty, "stability": said["stability"]} == said
    assert alone.to_dict() | {"stability": None} == plan.to_dict() | {"stability": None}


@pytest.mark.parametrize(("draws", "batches", "size"), [(800, 8, 100), (900, 3, 300)])
def test_batches_share_the_draws_and_have_a_hundred_at_least(
    draws: int, batches: int, size: int, lab: Portfolio, mine: Gambit, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[str, int]] = []
    draw = study.draw

    def watched(portfolio: Portfolio, periods: int, seed: str, count: int) -> Any:
        drawn.append((seed, count))
        return draw(portfolio, periods, seed, count)

    monkeypatch.setattr(study, "draw", watched)
    pipeline.solve(lab, mine, Settings(draws=draws, seed=3, batches=batches))

    expected = [("3", draws), ("3/fresh", draws), *((f"3/batch/{n}", size) for n in range(batches))]
    assert sorted(drawn) == sorted(expected)
