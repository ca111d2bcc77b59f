"""Months, quarters and years, money that is carried over or not, prices that rise, and plans made anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import yaml

from gambits.allocate.money import spend
from gambits.analyse.study import Settings
from gambits.errors import InfeasibleError
from gambits.pipeline import solve as solve_portfolio
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

Solve = Callable[..., Any]

LAB = """\
format: gambits/1
name: By hand
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 5}
frontier: {law: chinchilla-2022, compute: {flop: 1e26, growth_per_year: 4}, unique_tokens: {count: 1e13}}
initiatives:
  kernels: {path: architect, source: judgement, cost: 10, effects: {compute: 10}}
"""


@pytest.mark.parametrize(
    ("first", "names", "years"),
    [("2027Q1", "2027Q4", 0.75), ("2027-10", "2028-01", 0.25), ("2027", "2030", 3.0)],
)
def test_a_period_is_a_month_a_quarter_or_a_year(first: str, names: str, years: float, solve: Solve) -> None:
    solved = solve(LAB.replace("first: 2027Q1", f"first: {first}"))
    ln_compute = solved.forecast.draws.ln_compute[0]

    assert solved.portfolio.periods.names[-1] == names
    assert ln_compute[-1] - ln_compute[0] == pytest.approx(years * np.log(4))
    assert solved.money("kernels") == pytest.approx([5, 5, 0, 0])


@pytest.mark.parametrize(
    ("day", "first", "over"),
    [
        ("2027-01-01", "2027Q1", 0),
        ("2026-05-05", "2027Q1", 0),
        ("2027-03-31", "2027Q1", 0),
        ("2027-04-01", "2027Q1", 1),
        ("2027-12-31", "2027Q1", 3),
        ("2027-03-31", "2027-01", 2),
        ("2029-01-01", "2027", 2),
    ],
)
def test_periods_are_over_when_the_day_of_the_estimates_lies_in_a_later_one(
    day: str, first: str, over: int, read: Callable[[str], Portfolio]
) -> None:
    portfolio = read(LAB.replace("as_of: 2027-01-01", f"as_of: {day}").replace("first: 2027Q1", f"first: {first}"))

    assert portfolio.now == over


def test_what_was_spent_counts_as_funded_and_not_in_the_budget_before_the_horizon(solve: Solve) -> None:
    solved = solve(LAB.replace("cost: 10,", "cost: 10, spent: {2026Q3: 1, 2026Q4: 2},"))

    assert solved.funded("kernels") == pytest.approx([0.8, 1, 1, 1])


def test_progress_before_a_lag_has_passed_is_that_of_what_was_spent(solve: Solve) -> None:
    text = LAB.replace("cost: 10,", "cost: 10, lag: 2, response: 0.5, spent: {2026Q4: 2.5},")

    assert solve(text).objective == pytest.approx((0.5 + 0.5 + np.sqrt(0.75) + 1) / 4)


def test_periods_that_are_over_are_as_they_were_and_what_they_left_is_carried_over(solve: Solve) -> None:
    """3 of 10 was spent by midyear: 12 of the 15 by the third quarter is left for what still costs 17."""
    text = LAB.replace("as_of: 2027-01-01", "as_of: 2027-07-01").replace(
        "cost: 10,", "cost: 20, spent: {2027Q1: 1, 2027Q2: 2},"
    )

    solved = solve(text)

    assert spend(solved.portfolio, solved.optimum.funded)[0] == pytest.approx([1, 2, 12, 5])
    assert solve(text.replace("per_period: 5", "per_period: 5, carry_over: false")).funded("kernels") == pytest.approx(
        [1 / 20, 3 / 20, 8 / 20, 13 / 20]
    )


def test_more_spent_than_released_is_caught_up_before_more_is_spent(solve: Solve) -> None:
    text = LAB.replace("as_of: 2027-01-01", "as_of: 2027-04-01").replace("cost: 10,", "cost: 40, spent: {2027Q1: 12},")

    assert spend(solve(text).portfolio, solve(text).optimum.funded)[0] == pytest.approx([12, 0, 3, 5])


def test_work_that_may_get_no_more_keeps_what_it_has_and_carries_those_who_wait(solve: Solve) -> None:
    works = LAB.replace("cost: 10,", "cost: 10, never: true, spent: {2026Q4: 4},")
    works += "  after-it: {path: architect, source: judgement, cost: 10, effects: {compute: 100}, after: [kernels]}\n"

    solved = solve(works)

    assert solved.funded("kernels") == pytest.approx([0.4] * 4)
    assert solved.funded("after-it") == pytest.approx([0.4] * 4)


def test_what_was_paid_ahead_of_what_it_waits_for_stays_ahead(solve: Solve) -> None:
    works = LAB.replace("cost: 10,", "cost: 10, spent: {2026Q4: 4}, after: [first],")
    works += "  first: {path: architect, source: judgement, cost: 20}\n"

    solved = solve(works.replace("per_period: 5", "per_period: [12, 0, 0, 0]"))

    assert (solved.funded("first")[0], solved.funded("kernels")[0]) == pytest.approx((0.4, 0.8))


def test_work_that_was_begun_may_be_stopped_where_it_is_or_is_finished(solve: Solve) -> None:
    begun = LAB.replace("cost: 10,", "cost: 30, whole: true, spent: {2026Q4: 6},")

    assert solve(begun).funded("kernels") == pytest.approx([0.2] * 4)
    assert solve(begun.replace("per_period: 5", "per_period: 6")).funded("kernels")[-1] == pytest.approx(1)
    with pytest.raises(InfeasibleError):
        solve(begun.replace("whole: true", "whole: true, must: true"))


def test_shares_are_of_the_money_that_is_still_to_be_decided(solve: Solve) -> None:
    works = LAB.replace("cost: 10,", "cost: 20, spent: {2026Q4: 9},")
    works += "  agents: {path: alchemist, source: judgement, cost: 20, effects: {compute: 100}}\n"

    solved = solve(works, "{name: half, shares: {architect: 0.5, alchemist: 0.5}}")

    assert spend(solved.portfolio, solved.optimum.funded).sum(axis=1) == pytest.approx([10, 10])


def test_the_same_work_is_dearer_later(solve: Solve) -> None:
    """10 % a year over three years: a third of the work a year in the money of its own year."""
    text = LAB.replace("first: 2027Q1, count: 4", "first: 2027, count: 3").replace(
        "per_period: 5", "per_period: 4, carry_over: false, discount_per_year: 0.1"
    )

    solved = solve(text)

    assert solved.funded("kernels") == pytest.approx(np.cumsum([0.4, 0.4 / 1.1, 1 - 0.4 - 0.4 / 1.1]))
    assert spend(solved.portfolio, solved.optimum.funded)[0] == pytest.approx([4, 4, (6 - 4 / 1.1) * 1.21])


def test_a_fund_pays_for_its_paths_alone_and_only_for_what_they_get_in_time(solve: Solve) -> None:
    """The grant comes in the third quarter: what agents had before that was the budget's own money."""
    works = LAB.replace(
        "per_period: 5", "per_period: [4, 0, 0, 0], funds: [{name: g, paths: alchemist, per_period: [0, 0, 3, 0]}]"
    )
    works += "  agents: {path: alchemist, source: judgement, cost: 10, effects: {compute: 100}}\n"

    solved = solve(works)

    assert solved.money("agents") == pytest.approx([4, 0, 3, 0])
    assert solved.money("kernels") == pytest.approx([0] * 4)
    assert solve(works.replace("paths: alchemist", "paths: [architect]")).money("kernels") == pytest.approx(
        [0, 0, 3, 0]
    )


def test_a_reserve_of_the_budget_is_kept_back(solve: Solve) -> None:
    assert solve(LAB.replace("per_period: 5", "per_period: 2, reserve: 0.25")).spend == pytest.approx(6)


def test_a_group_gets_its_part_of_all_money(solve: Solve) -> None:
    works = LAB + "  agents: {path: alchemist, source: judgement, cost: 10, effects: {compute: 2}}\n"

    solved = solve(works.replace("per_period: 5", "per_period: 2") + "groups: [{among: [agents], min: 0.3}]\n")

    assert sum(solved.money("agents")) / solved.spend == pytest.approx(0.3)


# Made anew.

EIGHT = """\
format: gambits/1
name: Made anew
as_of: 2027-01-01
periods: {first: 2027Q1, count: 6}
money: USD million
budget: {per_period: [9, 9, 6, 6, 9, 9], total: 44}
resources: {people: {unit: FTE, capacity: 9}}
frontier: {compute: {flop: 2e27, growth_per_year: 4}, unique_tokens: {count: 1e13}}
initiatives:
  hybrid:
    {path: architect, source: x, cost: 18, takes: 3, lag: 1, response: 0.8, effects: {data_efficiency: 1.6}}
  tools: {path: alchemist, source: x, cost: 9, response: 0.9, takes: 2, effects: {compute: 1.05}, uses: {people: 12}}
  play: {path: alchemist, source: x, cost: 14, whole: true, takes: 2, effects: {post_training: 2}, requires: [tools]}
  words: {path: alchemist, source: x, cost: 12, minimum: 0.4, effects: {unique_tokens: 8e12}, start: 2027Q3}
"""


def made_anew(document: dict[str, Any], plan: Any, over: int) -> str:
    """Carry a file forward: a later day, and what the plan spent until then."""
    again = yaml.safe_load(yaml.safe_dump(document))
    again["as_of"] = f"{2027 + over // 4}-{over % 4 * 3 + 1:02d}-01"
    names = plan.periods
    for each in plan.allocations:
        paid = {name: money for name, money in zip(names[:over], each.spend, strict=False) if money > 1e-9}
        if paid:
            again["initiatives"][each.id]["spent"] = paid
    return yaml.safe_dump(again)


@pytest.mark.parametrize("over", [1, 2, 3, 5])
def test_made_anew_where_all_went_as_planned_the_plan_goes_on(over: int, read: Callable[[str], Portfolio]) -> None:
    free, certain = Gambit("free"), Settings(certain=True)
    before = solve_portfolio(read(EIGHT), free, certain)
    after = solve_portfolio(read(made_anew(yaml.safe_load(EIGHT), before, over)), free, certain)

    assert after.objective == pytest.approx(before.objective, abs=2e-5)
    assert after.spend_by_period[:over] == pytest.approx(before.spend_by_period[:over], abs=1e-6)
    assert after.fixed == over
