"""A budget that pays for serving tokens: the bill, its planes, and what it leaves for initiatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from gambits.allocate.cuts import Ending
from gambits.allocate.layout import lay_out
from gambits.allocate.money import spend
from gambits.allocate.serving import bills, planes
from gambits.allocate.timing import progress
from gambits.errors import InfeasibleError
from gambits.forecast.bill import Bill, serving_bill
from gambits.portfolio.model import Portfolio

Solve = Callable[..., Any]

HEAD = """\
format: gambits/1
name: Served
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
frontier: {law: chinchilla-2022, compute: {flop: 1e26}, unique_tokens: {count: 1e13}}
market:
  elasticity: 0.5
  sectors:
    homes: {tokens_per_day: 1e12, value_per_million: 1e-6, cost_per_million: 1e-8}
    firms: {tokens_per_day: 5e11, value_per_million: 1e-6, cost_per_million: 2e-8}
budget: {per_period: 5, includes_serving: true}
initiatives:
  kernels: {path: architect, source: judgement, cost: 10, effects: {compute: 10}}
"""
CHEAPER = "  cheaper: {path: architect, source: judgement, cost: 4, response: 0.5, effects: {inference_cost: 4}}\n"
A_QUARTER = (1e12 / 1e6 * 1e-8 + 5e11 / 1e6 * 2e-8) * 365.25 / 4
RICH = """\
  agents: {path: alchemist, source: judgement, cost: 6, lag: 1, effects: {demand: 2, post_training: 2}, response: 0.7}
  tuned: {path: alchemist, source: judgement, cost: 3, success: 0.5, effects: {inference_cost: 3}, response: 0.8}
  small:
    {path: architect, source: x, cost: 3, effects: {inference_cost: 2}, requires: [{any: [tuned, agents], lag: 1}]}
  heavy: {path: architect, source: judgement, cost: 3, effects: {inference_cost: 0.5, compute: 3}}
overlaps: [{among: [cheaper, tuned], lever: inference_cost, cap: 5}]
"""


def bill_of(portfolio: Portfolio) -> Bill:
    bill = serving_bill(portfolio)
    assert bill is not None
    return bill


def test_without_work_the_bill_is_that_of_the_start_and_the_rest_goes_to_work(solve: Solve) -> None:
    solved = solve(HEAD)

    assert solved.money("kernels") == pytest.approx([5 - A_QUARTER] * 3, abs=1e-6)


def test_cheaper_serving_is_funded_as_far_as_it_pays_for_itself(solve: Solve) -> None:
    """One period, worth in proportion to the money for kernels: least of 4 φ + bill · exp(−½ ln 4 · √φ)."""
    text = HEAD.replace("count: 3}", "count: 1}").replace("per_period: 5", "per_period: 9")

    def taken(funded: float) -> float:
        return 4 * funded + A_QUARTER * math.exp(-0.5 * math.log(4) * math.sqrt(funded))

    least = minimize_scalar(taken, bounds=(0, 1), method="bounded", options={"xatol": 1e-12})
    solved = solve(text + CHEAPER)

    assert solved.optimum.ending is Ending.OPTIMAL
    assert solved.objective == pytest.approx((9 - least.fun) / 10, abs=1e-6)
    assert solved.funded("cheaper")[-1] == pytest.approx(least.x, abs=2e-3)


@pytest.mark.parametrize(
    ("elasticity", "effects", "factor"),
    [
        (0.5, "{demand: 3}", 3.0),
        (0.0, "{inference_cost: 4}", 1 / 4),
        (1.0, "{inference_cost: 4}", 1.0),
        (2.0, "{inference_cost: 4}", 4.0),
        (0.5, "{inference_cost: 0.25}", 2.0),
        (0.5, "{demand: 0.5, inference_cost: 4}", 0.25),
    ],
)
def test_at_full_funding_the_bill_answers_to_demand_cost_and_elasticity(
    elasticity: float, effects: str, factor: float, read: Callable[[str], Portfolio]
) -> None:
    text = HEAD.replace("elasticity: 0.5", f"elasticity: {elasticity}").replace("{compute: 10}", effects)
    all_of_it = np.ones((1, 3))

    assert bill_of(read(text)).evaluate(all_of_it, all_of_it)[0] == pytest.approx([factor * A_QUARTER] * 3)


def test_its_slopes_are_those_of_differences_and_planes_that_touch_it_lie_nowhere_above(
    read: Callable[[str], Portfolio], read_gambit: Callable[[str], Any]
) -> None:
    portfolio = read(HEAD + CHEAPER + RICH)
    bill, rng = bill_of(portfolio), np.random.default_rng(5)
    layout = lay_out(portfolio, read_gambit("name: free"), portfolio.initiatives, (1 / 3,) * 3, 0.0, bare=True)
    for _ in range(20):
        made, funded = rng.uniform(0.05, 0.95, (2, len(portfolio.initiatives), 3))
        _, *slopes = bill.evaluate(made, funded)
        for number, part in enumerate((made, funded)):
            step = np.zeros_like(part)
            step[int(rng.integers(len(part)))] = 1e-6
            moved = [made + step, funded] if number == 0 else [made, funded + step]
            back = [made - step, funded] if number == 0 else [made, funded - step]
            by_difference = (bill.evaluate(*moved)[0] - bill.evaluate(*back)[0]) / 2e-6
            assert (slopes[number] * (step > 0)).sum(axis=(1, 2)) == pytest.approx(by_difference, abs=1e-5)
        plan = np.sort(rng.uniform(0, 1, funded.shape), axis=1)
        values = np.zeros(len(layout.names))
        values[layout.progress], values[layout.funded] = progress(layout.initiatives, plan), plan
        values[layout.bill] = bills(layout, progress(layout.initiatives, plan), plan)
        touching = planes(layout, made, np.sort(funded, axis=1))
        assert min(row.slack(values) for row in touching) >= -1e-12


def test_a_plan_pays_its_bill_in_every_period_with_whole_choices_too(solve: Solve) -> None:
    text = (HEAD + CHEAPER + RICH).replace("cost: 10,", "cost: 10, whole: true,")

    solved = solve(text)
    portfolio, optimum = solved.portfolio, solved.optimum
    made = progress(portfolio.initiatives, optimum.funded)
    layout = lay_out(portfolio, solved.gambit, portfolio.initiatives, (1 / 3,) * 3, 0.0)
    paid = spend(portfolio, optimum.funded).sum(axis=0) + bills(layout, made, optimum.funded) * layout.budget

    assert optimum.ending is Ending.OPTIMAL
    assert np.all(np.cumsum(paid) <= np.cumsum(portfolio.budget.per_period) + 1e-6)


def test_a_bill_that_the_budget_cannot_pay_is_named(solve: Solve) -> None:
    with pytest.raises(InfeasibleError, match="cannot all hold") as caught:
        solve(HEAD.replace("per_period: 5", "per_period: 1.5"))

    rules = {rule.rule for rule in caught.value.conflict}
    assert "the bill for serving tokens" in rules
    assert len(rules) == 2, "with one period's budget"
