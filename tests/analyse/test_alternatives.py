"""Alternatives obey the rules, are nearly as good, and are farther apart than plans in random directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

import gambits
from gambits import Alternatives, Settings
from gambits.allocate.cuts import allocate
from gambits.allocate.money import spend
from gambits.allocate.near_best import NearBest
from gambits.allocate.obeying import broken
from gambits.analyse import given
from gambits.analyse.study import Study
from gambits.errors import InfeasibleError
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

Read = Callable[[str], Portfolio]
WITHIN = 0.01


@pytest.fixture(scope="module")
def found(futures: Portfolio, few_draws: Settings) -> Alternatives:
    return gambits.alternatives(futures, "challenger", few_draws, WITHIN, 4)


def near(study: Study, gambit: Gambit) -> NearBest:
    seen = study.forecast(gambit)
    best = replace(study.best(gambit), points=study.pool(gambit).points)
    return NearBest(study.portfolio, gambit, seen, best, WITHIN)


def obeys(portfolio: Portfolio, gambit: Gambit, plan: gambits.Plan) -> bool:
    money = given.shared_out(portfolio, {each.id: np.array(each.spend) for each in plan.allocations})
    held = given.held(portfolio, money)
    return not broken(portfolio, gambit, held.funded, held.progress)


def test_every_plan_obeys_the_rules_and_is_within_reach_of_the_best(found: Alternatives, futures: Portfolio) -> None:
    best = found.plans[0]

    assert len(found.plans) == 4
    assert best.status == "optimal"
    for plan in found.plans:
        assert best.objective - plan.objective <= WITHIN
        assert plan.bound == best.bound
        assert obeys(futures, load_gambit("challenger"), plan)
    assert [plan.status for plan in found.plans[1:]] == ["alternative"] * 3


def test_they_are_farther_apart_than_as_many_random_vertices(found: Alternatives, study: Study) -> None:
    """The least distance of two is more than in each of thirty sets of plans found in random directions."""
    gambit, random = load_gambit("challenger"), np.random.default_rng(7)
    ends = near(study, gambit)
    money = [spend(study.portfolio, ends.farthest(random.normal(size=6)).funded).sum(axis=1) for _ in range(24)]

    def least(chosen: list[int]) -> float:
        return min(float(np.abs(money[k] - money[m]).sum()) / 2 for k, m in combinations(chosen, 2))

    sets = [least(random.choice(24, 4, replace=False).tolist()) for _ in range(30)]
    assert found.least_distance is not None
    assert found.least_distance > max(sets)


def changed(portfolio: Portfolio, id: str, **rule: bool) -> Portfolio:
    return replace(
        portfolio,
        initiatives=tuple(replace(each, **rule) if each.id == id else each for each in portfolio.initiatives),
    )


def test_no_plan_is_given_twice(few_draws: Settings) -> None:
    """Of four bets there are only so many plans nearly as good."""
    found = gambits.alternatives(load("minimal"), "incumbent", few_draws, WITHIN, 9)

    assert 2 < len(found.plans) < 9
    assert found.least_distance is not None
    assert found.least_distance > 0.001 * 40


def test_a_range_ends_where_cold_searches_say_that_plans_are_good_enough(found: Alternatives, study: Study) -> None:
    """Forbidden or funded in full, an initiative costs more than may be given up just where its range stops before."""
    gambit, seen, best = load_gambit("challenger"), study.forecast(load_gambit("challenger")), found.plans[0].objective
    looked_at = 0
    for each in study.portfolio.initiatives:
        ends, price = found.ranges[each.id], each.price
        without = allocate(changed(study.portfolio, each.id, never=True), gambit, seen).objective
        if ends.least > 0.05 * price:
            assert without < best - 0.9 * WITHIN
        elif ends.least <= 1e-6:
            assert without >= best - WITHIN - 1e-6
        try:
            in_full = allocate(changed(study.portfolio, each.id, must=True), gambit, seen).objective
        except InfeasibleError:
            continue
        looked_at += 1
        if ends.most < 0.95 * price:
            assert in_full < best - 0.9 * WITHIN
        elif ends.most >= price * (1 - 1e-6):
            assert in_full >= best - WITHIN - 1e-6
    assert looked_at >= 3


def test_ranges_hold_every_plan_and_say_what_all_of_them_fund(found: Alternatives) -> None:
    for id, ends in found.ranges.items():
        for plan in found.plans:
            assert ends.least - 1e-9 <= plan.allocation(id).total <= ends.most + 1e-9
        share = found.core_index[id]
        assert ends.funded is not True or share == 1
        assert ends.funded is not False or share == 0


def test_the_core_index_is_the_share_of_plans_that_fund_it(found: Alternatives) -> None:
    for id, share in found.core_index.items():
        assert share == sum(plan.allocation(id).funded >= 0.5 - 1e-6 for plan in found.plans) / 4


def test_whole_choices_stay_whole(read: Read, futures_text: str) -> None:
    portfolio = read(futures_text.replace("cost: 20, success: 0.1", "cost: 20, whole: true, success: 0.1"))
    gambit = Gambit("free")
    found = gambits.alternatives(portfolio, gambit, Settings(certain=True), 0.05, 3)

    for plan in found.plans:
        assert plan.allocation("play").funded in (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=1e-6))
        assert found.plans[0].objective - plan.objective <= 0.05
        assert obeys(portfolio, gambit, plan)


def test_the_table_has_a_column_for_each_plan(found: Alternatives) -> None:
    frame = found.to_frame()

    assert list(frame.columns) == ["best", "alternative 1", "alternative 2", "alternative 3", "least", "most"]
    assert frame["best"].sum() == pytest.approx(found.plans[0].total_spend)
