"""The least change: near enough to the best, and no plan as good is nearer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gambits.allocate.cuts import Patience, allocate
from gambits.allocate.nearest import nearest, spend_of

LINEAR = """\
format: gambits/1
name: Points
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 10}
objective: {value: 1}
initiatives:
  a: {path: architect, source: drawn, cost: 10, value: 5, takes: 1}
  b: {path: alchemist, source: drawn, cost: 10, value: 4}
  c: {path: alchemist, source: drawn, cost: 20, value: 7, takes: 2}
"""


def test_a_plan_that_is_good_enough_stays_as_it_is(solve: Callable[..., Any]) -> None:
    solved = solve(LINEAR)
    money = spend_of(solved.portfolio, solved.optimum.funded)
    found = nearest(solved.portfolio, solved.gambit, solved.forecast, solved.optimum, money, 1e-6)

    assert found.moved == pytest.approx(0, abs=1e-9)
    assert found.plan.objective == pytest.approx(solved.objective, abs=1e-9)


@pytest.mark.parametrize("within", [0.01, 0.3, 1.0, 2.5])
def test_it_moves_as_little_as_the_same_programme_written_in_cvxpy(within: float, solve: Callable[..., Any]) -> None:
    solved = solve(LINEAR)
    old = {"a": np.array([0.0, 0.0]), "b": np.array([5.0, 5.0]), "c": np.array([0.0, 10.0]), "gone": np.array([2.0, 0])}
    found = nearest(solved.portfolio, solved.gambit, solved.forecast, solved.optimum, old, within)

    cost, value = np.array([10.0, 10.0, 20.0]), np.array([5.0, 4.0, 7.0])
    spend = cp.Variable((3, 2), nonneg=True)
    funded = cp.cumsum(cp.multiply(spend, 1 / cost[:, None]), axis=1)
    # Value counts from the period in which money is paid, each period weighs a half.
    worth = cp.sum(value @ funded) / 2
    rules = [funded <= 1, cp.sum(spend[:, 0]) <= 10, cp.sum(spend) <= 20, spend[2] <= 10]
    best = cp.Problem(cp.Maximize(worth), rules).solve()
    wanted = np.array([old[id] for id in "abc"])
    moved = cp.sum(cp.abs(spend - wanted)) / 2 + 1.0
    nearly, fully = (
        cp.Problem(cp.Minimize(moved), [*rules, worth >= best - part * within]).solve() for part in (1.0, 0.98)
    )

    assert solved.objective == pytest.approx(best, abs=1e-5)
    # A fiftieth of what may be given up is kept for the cuts, which lie a little above the value.
    assert nearly - 1e-5 <= found.moved <= fully + 1e-4
    assert found.plan.objective >= solved.objective - within


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_for_any_portfolio_it_is_good_enough_near_enough_and_nearer_with_more_leave(
    data: st.DataObject,
    portfolio_texts: Callable[..., Any],
    gambit_texts: Callable[..., Any],
    solve: Callable[..., Any],
) -> None:
    solved = solve(data.draw(portfolio_texts()), data.draw(gambit_texts()))
    portfolio, gambit, seen = solved.portfolio, solved.gambit, solved.forecast
    best = allocate(portfolio, gambit, seen, patience=Patience(aim=1e-8))
    old = {each.id: np.full(portfolio.periods.count, 3.0) for each in portfolio.initiatives[:2]}
    here = spend_of(portfolio, best.funded)
    nothing = np.zeros(portfolio.periods.count)
    apart = sum(np.abs(here[id] - old.get(id, nothing)).sum() for id in here) / 2
    scale = max(1.0, portfolio.budget.total)
    last = apart

    for within in (1e-6, 1e-3, 1e-1):
        found = nearest(portfolio, gambit, seen, best, old, within)
        assert found.plan.objective >= best.objective - within - 1e-12
        assert found.least - 1e-6 * scale <= found.moved <= last + 1e-6 * scale
        assert found.moved == pytest.approx(found.least, abs=1e-6 * scale)
        last = found.moved
