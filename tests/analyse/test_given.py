"""Plans that are given: money comes to what it pays for, and what was paid before it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gambits import Settings
from gambits.allocate.money import spend
from gambits.analyse import given
from gambits.analyse.study import Study
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

Read = Callable[[str], Portfolio]

BEGUN = """\
format: gambits/1
name: Begun
as_of: 2027-07-01
periods: {first: 2027Q1, count: 6}
money: USD million
budget: {per_period: 12, discount_per_year: 0.1, basis: expected}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 1e13}
current: {hybrid: 9, staged: 30, sized: 16}
initiatives:
  hybrid: {path: architect, source: x, cost: 20, effects: {data_efficiency: 1.6}, spent: {2026Q4: 2, 2027Q2: 3}}
  staged:
    path: alchemist
    source: x
    effects: {post_training: 1.5}
    stages: [{name: pilot, cost: 10, success: 0.5}, {name: scale, cost: 30, success: 0.9}]
  sized:
    path: alchemist
    source: x
    levels:
      - {cost: 8, effects: {unique_tokens: 1e12}}
      - {cost: 15, effects: {unique_tokens: 3e12}}
      - {cost: 25, effects: {unique_tokens: 4e12}}
  late: {path: architect, source: x, cost: 20, effects: {compute: 1.2}, start: 2028Q1}
"""


def test_the_money_of_a_plan_holds_what_the_plan_holds(read: Read) -> None:
    """Prices that rise, stages that count by their chance, what was paid before and in periods that are over."""
    portfolio = read(BEGUN)
    best = Study(portfolio, Settings(certain=True)).best(Gambit("free"))

    plan = given.held(portfolio, spend(portfolio, best.funded))

    np.testing.assert_allclose(plan.funded, best.funded, atol=1e-9)
    np.testing.assert_allclose(plan.progress, best.progress, atol=1e-9)


def test_nothing_more_still_holds_what_was_paid(read: Read) -> None:
    portfolio = read(BEGUN)

    plan = given.held(portfolio, given.money_of_nothing(portfolio))

    row = [each.id for each in portfolio.initiatives].index("hybrid")
    assert plan.funded[row].tolist() == pytest.approx([0.1, 0.25, 0.25, 0.25, 0.25, 0.25])
    assert np.delete(plan.funded, row, axis=0).max() == 0


def test_today_s_allocation_is_paid_in_periods_that_are_open(read: Read) -> None:
    portfolio = read(BEGUN)
    rows = {each.id: row for each, row in zip(portfolio.initiatives, given.money_of_today(portfolio), strict=True)}

    assert rows["hybrid"].tolist() == pytest.approx([0, 3, 2.25, 2.25, 2.25, 2.25])
    price = portfolio.initiative("staged/pilot").price
    assert rows["staged/pilot"].sum() == pytest.approx(price)
    assert rows["staged/scale"].sum() == pytest.approx(30 - price)
    sizes = {id: float(row.sum()) for id, row in rows.items() if id.startswith("sized")}
    assert sorted(sizes.values()) == pytest.approx([0, 0, 16])
    bought = max(sizes, key=lambda id: sizes[id])
    assert portfolio.initiative(bought).price == 15


def test_money_beyond_what_is_wanted_buys_nothing(read: Read) -> None:
    portfolio = read(BEGUN)
    money = given.money_of_nothing(portfolio)
    money[:, -1] = 500

    assert given.held(portfolio, money).funded.max() == 1
