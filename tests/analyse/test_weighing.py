"""A comparison beside the plans: references, regret, and who is ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from gambits import Comparison, Settings, compare
from gambits.allocate.cuts import GAP, allocate
from gambits.analyse import given
from gambits.analyse.regret import worst
from gambits.analyse.rivals import ALL, races
from gambits.analyse.study import Study
from gambits.forecast.belief import believed
from gambits.forecast.draws import draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

NAMES = ("incumbent", "challenger")


@pytest.fixture(scope="module")
def found(futures: Portfolio, few_draws: Settings) -> Comparison:
    return compare(futures, settings=few_draws)


@pytest.fixture(scope="module")
def of_the_lab(few_draws: Settings) -> Comparison:
    return compare(load("frontier-lab"), settings=few_draws)


@pytest.fixture(params=["found", "of_the_lab"])
def either(request: pytest.FixtureRequest) -> Comparison:
    found: Comparison = request.getfixturevalue(request.param)
    return found


def test_a_plan_has_no_regret_on_its_own_objective_and_none_below_zero(either: Comparison) -> None:
    assert either.regret is not None
    for plan, view in product(NAMES, either.regret.views):
        # Before what is below 0 counts as none.
        short = either.regret.best[plan][view] - either.regret.scores[plan][view]
        assert short >= -GAP
        assert either.regret.regret[plan][view] == max(0.0, short)
        if plan == view:
            assert short <= GAP


def test_the_plan_regretted_least_has_the_least_worst_regret_of_all_shown(either: Comparison) -> None:
    assert either.regret is not None
    table = either.regret.regret

    assert worst(table[either.regret.least]) == min(worst(row) for row in table.values())
    shortfall = either.regret.shortfall
    assert worst(shortfall[either.regret.least_short]) == min(worst(row) for row in shortfall.values())


def test_a_score_in_a_scenario_is_the_mean_that_the_plan_itself_reports_there(found: Comparison) -> None:
    assert found.regret is not None
    for name, plan in found.plans.items():
        assert plan.honesty is not None
        for scenario, there in plan.honesty["scenarios"].items():
            assert found.regret.scores[name][scenario] == pytest.approx(there["expected"], abs=1e-12)


def test_a_score_under_the_other_s_objective_weighs_mean_and_tail_as_the_other_does(found: Comparison) -> None:
    assert found.regret is not None
    weights = {"incumbent": 0.5, "challenger": 0.1}
    for name, plan in found.plans.items():
        for view, aversion in weights.items():
            expected = (1 - aversion) * plan.expected + aversion * plan.cvar
            assert found.regret.scores[name][view] == pytest.approx(expected, abs=1e-12)


def test_the_best_in_a_scenario_is_what_a_cold_search_of_that_scenario_s_draws_finds(
    found: Comparison, futures: Portfolio, few_draws: Settings
) -> None:
    assert found.regret is not None
    gambit = replace(load_gambit("challenger"), aversion=0.0)
    objective = futures.objective
    draws = draw(futures, len(objective.weights), str(few_draws.seed), few_draws.draws)
    alone = Forecast(believed(draws, {"play works": 1.0}), objective, gambit.tail)

    cold = allocate(futures, gambit, alone)

    assert found.regret.best["challenger"]["play works"] == pytest.approx(cold.objective, abs=2 * GAP)


def test_a_shortfall_is_never_less_than_the_regret(either: Comparison) -> None:
    assert either.regret is not None
    for plan, view in product(NAMES, either.regret.views):
        assert either.regret.shortfall[plan][view] >= either.regret.regret[plan][view] - 1e-12


def test_other_probabilities_of_the_scenarios_mix_their_means(study: Study) -> None:
    gambit = replace(load_gambit("incumbent"), aversion=0.0)
    plan = given.found(study.best(gambit))

    def mean(of: Study) -> float:
        seen = of.forecast(gambit)
        return seen.evaluate(*plan.counted(of.portfolio, seen)).expected

    works, planned = (mean(study.believing({name: 1.0})) for name in ("play works", "as planned"))
    for chance in (0.0, 0.25, 0.4, 1.0):
        mixed = mean(study.believing({"play works": chance}))
        assert mixed == pytest.approx(chance * works + (1 - chance) * planned, abs=1e-12)
    assert mean(study.believing({"play works": 0.4})) == pytest.approx(mean(study), abs=1e-12)


def test_the_references_are_nothing_compute_alone_and_today(found: Comparison, futures: Portfolio) -> None:
    nothing, compute, today = (found.references[name] for name in ("do-nothing", "compute-only", "current"))

    assert (nothing.expected, nothing.cvar, nothing.total_spend) == pytest.approx((0, 0, 0), abs=1e-14)
    assert compute.shares["scale"] == 1
    assert 0 < compute.expected < today.expected < found.plans["incumbent"].expected
    assert {id: sum(row) for id, row in today.spend.items() if sum(row)} == pytest.approx(dict(futures.current or {}))


def test_compute_alone_is_no_reference_where_there_is_none_to_buy_or_it_is_compared_itself(
    futures: Portfolio, futures_text: str, read: Callable[[str], Portfolio], few_draws: Settings
) -> None:
    without = read("\n".join(line for line in futures_text.splitlines() if "rented" not in line))

    assert list(compare(without, settings=few_draws).references) == ["do-nothing"]
    shown = compare(futures, ["incumbent", "compute-only"], few_draws)
    assert list(shown.references) == ["do-nothing", "current"]


def test_today_s_money_is_paid_evenly_from_the_start_on_and_stage_by_stage(read: Callable[[str], Portfolio]) -> None:
    portfolio = read("""\
format: gambits/1
name: Stages
as_of: 2027-01-01
periods: {first: 2027, count: 4}
money: USD million
budget: {per_period: 20}
current: {late: 9, staged: 13}
initiatives:
  late: {path: architect, source: x, cost: 30, value: 1, start: 2028}
  staged: {path: architect, source: x, value: 1, stages: [{name: z, cost: 10}, {name: a, cost: 10}]}
""")
    rows = dict(zip([each.id for each in portfolio.initiatives], given.money_of_today(portfolio).tolist(), strict=True))

    assert rows["late"] == pytest.approx([0, 3, 3, 3])
    assert rows["staged/z"] == pytest.approx([2.5] * 4)
    assert rows["staged/a"] == pytest.approx([0.75] * 4)


def test_a_race_is_counted_draw_by_draw() -> None:
    rng = np.random.default_rng(3)
    lab, rival = rng.normal(size=(50, 4)), rng.normal(size=(50, 4))
    probability = rng.dirichlet(np.ones(50))

    race = races(lab, {"other": rival}, probability)["other"]

    ahead, passed, passes = np.zeros(4), 0.0, 0.0
    for weight, ours, theirs in zip(probability, lab, rival, strict=True):
        leads = [bool(one > other) for one, other in zip(ours, theirs, strict=True)]
        ahead += weight * np.array(leads)
        later = [(leads[k], leads[n]) for k in range(4) for n in range(k + 1, 4)]
        passed += weight * ((True, False) in later)
        passes += weight * ((False, True) in later)
    assert race.ahead == pytest.approx(ahead)
    assert (race.overtaken, race.overtakes) == pytest.approx((passed, passes))
    assert race.at_end == race.ahead[-1]


def test_to_be_ahead_of_all_rivals_is_no_likelier_than_of_one(found: Comparison) -> None:
    assert found.standings is not None
    for row in found.standings.plans.values():
        for race in (row["other"], row["third"]):
            assert all(all_of_them <= one for all_of_them, one in zip(row[ALL].ahead, race.ahead, strict=True))


def test_a_rival_without_doubt_is_where_its_trend_says(study: Study) -> None:
    level = study.forecast(load_gambit("incumbent")).draws.rivals["third"]

    assert level[0] == pytest.approx(26.5 + np.log10(4) * np.arange(level.shape[1]))
    assert np.ptp(level, axis=0).max() == 0


def test_more_rivals_leave_every_other_draw_as_it_was(
    futures: Portfolio, futures_text: str, read: Callable[[str], Portfolio], few_draws: Settings
) -> None:
    fewer = read(futures_text.replace("  third: {effective_compute: 26.5, growth_per_year: 4}\n", ""))
    gambit = load_gambit("incumbent")
    ours, theirs = (Study(each, few_draws).forecast(gambit).draws for each in (futures, fewer))

    assert (ours.helps == theirs.helps).all()
    assert (ours.rivals["other"] == theirs.rivals["other"]).all()


def test_tables_hold_what_the_records_hold(found: Comparison) -> None:
    assert found.regret is not None
    assert found.standings is not None
    table, chances = found.regret.to_frame(), found.standings.to_frame()
    line = found.break_even[0].to_frame()

    assert table.loc["incumbent", ("score", "play works")] == found.regret.scores["incumbent"]["play works"]
    assert table["regret"].loc["do-nothing"].isna().all()
    assert chances.loc[("current", "third"), "2029"] == found.standings.plans["current"]["third"].at_end
    assert line["mean"]["challenger"].tolist() == list(found.break_even[0].values["mean"]["challenger"])
