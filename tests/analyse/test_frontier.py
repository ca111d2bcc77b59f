"""The price of the gambit: curves have the shape that mixing plans gives them, and agree with cold searches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gambits
from gambits import Frontier, Settings, compare
from gambits.allocate.cuts import GAP, allocate
from gambits.analyse.frontier import INFEASIBLE, find_frontier, scaled
from gambits.analyse.ranking import ranked
from gambits.analyse.study import Study
from gambits.portfolio.gambit import Gambit, Share, load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

Read = Callable[[str], Portfolio]


def have_one_peak(values: list[float]) -> bool:
    """Whether no value lies lower than one before it and one after it, to twice the gap."""
    return all(
        value >= min(max(values[:k]), max(values[k + 1 :])) - 2 * GAP for k, value in enumerate(values[1:-1], start=1)
    )


def is_concave(points: Iterable[tuple[float, float]]) -> bool:
    """Whether every point lies above the line between its neighbours, to twice the gap."""
    found = list(points)
    return all(
        middle >= low + (high - low) * (at - before) / (after - before) - 2 * GAP
        for (before, low), (at, middle), (after, high) in zip(found, found[1:], found[2:], strict=False)
    )


def of_constant_money(found: Frontier) -> list[list[tuple[float, float]]]:
    """List every three neighbouring shares whose plans spend the same, with what these are worth."""
    points = [(share, each) for share, each in found.by_share.items() if each.objective is not None]
    threes = zip(points, points[1:], points[2:], strict=False)
    alike = [three for three in threes if np.ptp([each.total_spend for _, each in three]) < 1e-6]
    return [[(share, each.objective or 0.0) for share, each in three] for three in alike]


@pytest.fixture(scope="module", params=["two futures", "frontier-lab"])
def portfolio(request: pytest.FixtureRequest, futures: Portfolio) -> Portfolio:
    return futures if request.param == "two futures" else load(request.param)


@pytest.fixture(scope="module")
def same_draws(portfolio: Portfolio, few_draws: Settings) -> Study:
    return Study(portfolio, few_draws)


@pytest.fixture(scope="module")
def found(portfolio: Portfolio, few_draws: Settings) -> Frontier:
    return gambits.frontier(portfolio, settings=few_draws)


def objectives(points: Any) -> list[float]:
    return [each.objective for each in points.values() if each.objective is not None]


def test_the_value_has_one_peak_in_the_share(found: Frontier) -> None:
    values = objectives(found.by_share)

    assert len(values) == 21
    assert have_one_peak(values)
    assert max(values) > max(values[0], values[-1]) + 100 * GAP, "the peak lies inside"


def test_the_value_is_concave_in_the_share_where_plans_spend_the_same(
    read: Read, futures_text: str, few_draws: Settings
) -> None:
    """All money is on the two paths that shares are of, and there is more to do than it pays for."""
    text = "\n".join(line for line in futures_text.splitlines() if "rented" not in line)
    poor = read(text.replace("per_period: 20", "per_period: 8"))

    threes = of_constant_money(gambits.frontier(poor, Gambit("free"), few_draws))

    assert len(threes) >= 10
    assert all(is_concave(three) for three in threes)


def test_the_value_is_concave_in_the_budget(found: Frontier) -> None:
    assert is_concave((budget, each.objective or 0.0) for budget, each in found.by_budget.items())
    values = objectives(found.by_budget)
    assert all(less <= more + 2 * GAP for less, more in pairwise(values)), "more budget never hurts"


def test_more_weight_on_the_tail_gives_up_mean_for_tail(found: Frontier) -> None:
    points = list(found.by_aversion.values())

    for less, more in pairwise(points):
        assert (more.cvar or 0.0) >= (less.cvar or 0.0) - 50 * GAP
        assert (more.expected or 0.0) <= (less.expected or 0.0) + 50 * GAP
    # What is maximised is a line in the weight: the best of them is convex.
    assert is_concave((weight, -(each.objective or 0.0)) for weight, each in found.by_aversion.items())


def test_marked_points_are_those_of_compare(found: Frontier, portfolio: Portfolio, few_draws: Settings) -> None:
    plans = compare(portfolio, settings=few_draws).plans

    assert list(found.marks) == list(plans)
    for name, plan in plans.items():
        mark = found.marks[name]
        assert (mark.status, mark.objective, mark.bound) == (plan.status, plan.objective, plan.bound)
        assert (mark.expected, mark.cvar) == (plan.expected, plan.cvar)
        assert mark.total_spend == pytest.approx(plan.total_spend, abs=1e-9)
        money = plan.spend_by_path
        share = money["architect"] / (money["architect"] + money["alchemist"])
        assert mark.architect_share == pytest.approx(share, abs=1e-9)
    assert found.by_share[0.7] == found.marks["incumbent"]


def test_a_point_is_what_a_cold_search_finds(found: Frontier, same_draws: Study) -> None:
    gambit = load_gambit("incumbent")
    for share in (0.0, 0.25, 0.9):
        turned = replace(gambit, shares={"architect": Share(share, share), "alchemist": Share(1 - share, 1 - share)})
        cold = allocate(same_draws.portfolio, turned, same_draws.forecast(gambit))
        assert found.by_share[share].objective == pytest.approx(cold.objective, abs=2 * GAP)
    half = scaled(same_draws.portfolio, 0.5)
    cold = allocate(half, gambit, same_draws.forecast(gambit))
    assert found.by_budget[half.budget.total].objective == pytest.approx(cold.objective, abs=2 * GAP)


def test_the_split_costs_what_the_best_plan_of_any_split_is_worth_more(found: Frontier) -> None:
    assert found.free.objective is not None
    assert found.best is not None
    assert found.free.objective >= (found.best[1].objective or 0.0) - GAP
    assert found.price == pytest.approx(found.free.objective - (found.marks["incumbent"].objective or 0.0))
    assert found.price > 0


def test_the_margin_is_a_point_of_share_to_either_side(found: Frontier, same_draws: Study) -> None:
    gambit = load_gambit("incumbent")
    own = found.marks["incumbent"].objective or 0.0
    assert found.margin is not None
    for added, share in zip(found.margin, (0.69, 0.71), strict=True):
        cold = allocate(
            same_draws.portfolio,
            replace(gambit, shares={"architect": Share(share, share)}),
            same_draws.forecast(gambit),
        )
        assert added == pytest.approx(cold.objective - own, abs=4e-6)


def test_where_no_plan_has_a_share_the_point_says_so(read: Read, futures_text: str) -> None:
    must = futures_text.replace("cost: 10, success", "cost: 10, must: true, success")
    found = gambits.frontier(read(must), settings=Settings(certain=True), points=3)

    assert [each.status for each in found.by_share.values()] == ["optimal", "optimal", INFEASIBLE]
    assert found.to_dict()["points"][-1] | {} == {
        "architect_share": 1.0,
        "status": INFEASIBLE,
        **dict.fromkeys(("objective", "bound", "expected", "cvar", "total_spend")),
    }


def test_a_gambit_that_no_plan_obeys_has_a_curve_but_no_price(read: Read, futures_text: str) -> None:
    must = read(futures_text.replace("cost: 10, success", "cost: 10, must: true, success"))
    gambit = Gambit("all in", {"architect": Share(1.0, 1.0)})
    found = gambits.frontier(must, gambit, Settings(certain=True), points=5)

    assert found.marks["all in"].status == INFEASIBLE
    assert found.price is None
    assert found.margin == (None, None)
    assert found.by_share[0.5].status == "optimal"


def test_rules_that_cannot_hold_whatever_the_shares_are_an_error_that_names_them(read: Read, futures_text: str) -> None:
    broke = read(futures_text.replace("cost: 50,", "cost: 90, must: true,"))

    with pytest.raises(gambits.InfeasibleError) as caught:
        gambits.frontier(broke, settings=Settings(certain=True))

    assert caught.value.conflict


def test_one_future_has_no_tail_to_weigh(futures: Portfolio) -> None:
    found = gambits.frontier(futures, settings=Settings(certain=True), points=3)

    assert found.by_aversion == {}
    assert found.seed is None


def test_shares_of_other_paths_stay_and_the_rest_is_alchemist(study: Study) -> None:
    gambit = Gambit(
        "three ways", {"architect": Share(0.4, 0.4), "scale": Share(0.2, 0.2), "alchemist": Share(0.4, 0.4)}
    )
    found = find_frontier(study, gambit, points=5)

    for share, each in found.by_share.items():
        # Of the money of all three paths a fifth is scale's.
        if share <= 0.75:
            assert each.architect_share == pytest.approx(share / 0.8, abs=1e-6)
    # All on architect leaves no fifth for scale: only the plan that spends nothing on the three has such shares.
    assert found.by_share[1.0].architect_share is None
    assert found.by_share[1.0].total_spend == pytest.approx(0.0, abs=1e-6)


def test_the_table_has_a_row_for_each_share(found: Frontier) -> None:
    frame = found.to_frame()

    assert list(frame.index) == list(found.by_share)
    assert frame.loc[0.7, "objective"] == found.marks["incumbent"].objective
    assert {"status", "expected", "cvar", "objective", "total_spend"} <= set(frame.columns)


def test_a_ranking_buys_each_with_all_that_it_waits_for_and_only_once(futures: Portfolio, study: Study) -> None:
    rows = ranked(futures, study.forecast(load_gambit("incumbent")))

    assert [row.per_money for row in rows] == sorted((row.per_money for row in rows), reverse=True)
    bought: set[str] = set()
    price = {each.id: each.price for each in futures.initiatives}
    for row in rows:
        new = {row.id, *(["verifier"] if row.id == "play" else [])} - bought
        assert row.money == pytest.approx(sum(price[id] for id in new))
        bought |= new
        assert row.cumulative_money == pytest.approx(sum(price[id] for id in bought))
        assert row.within_budget == (row.cumulative_money <= futures.budget.total)
    assert rows[-1].cumulative_money == pytest.approx(sum(price.values()))
    values = [row.cumulative_value for row in rows]
    assert values == sorted(values)


@settings(max_examples=8)
@given(data=st.data())
def test_any_portfolio_has_one_peak_and_is_concave_in_the_budget(
    data: st.DataObject, read: Read, portfolio_texts: Callable[..., st.SearchStrategy[str]]
) -> None:
    portfolio = read(data.draw(portfolio_texts(most_periods=2)))
    gambit = Gambit("hedge", {"architect": Share(0.6, 0.6), "alchemist": Share(0.4, 0.4)}, most_for_one=0.5)

    found = gambits.frontier(portfolio, gambit, Settings(certain=True), points=7)

    assert have_one_peak(objectives(found.by_share))
    assert is_concave((budget, each.objective or 0.0) for budget, each in found.by_budget.items())
