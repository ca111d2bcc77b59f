"""Work funded as fast as may be is the best plan where money is no object and nothing harms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gambits.allocate import timing
from gambits.allocate.soonest import in_order, soonest
from gambits.portfolio.model import Portfolio

Solve = Callable[..., Any]


def rich(text: str) -> str:
    """Give a portfolio money for everything, and people for everyone."""
    file = yaml.safe_load(text)
    file["budget"], file["resources"] = {"per_period": 10_000}, {"people": {"unit": "FTE", "capacity": 1e6}}
    return yaml.safe_dump(file)


@settings(max_examples=15)
@given(data=st.data())
def test_where_money_is_no_object_no_plan_is_better(
    data: st.DataObject, portfolio_texts: Callable[..., st.SearchStrategy[str]], solve: Solve
) -> None:
    solved = solve(rich(data.draw(portfolio_texts(harms=False))))
    portfolio: Portfolio = solved.portfolio
    everyone = {each.id for each in portfolio.initiatives}

    funded = soonest(portfolio, everyone, in_order(portfolio))
    progress = timing.progress(portfolio.initiatives, funded)
    counted = timing.counted(portfolio.initiatives, progress, funded, solved.forecast.periods)
    worth = solved.forecast.evaluate(*counted).expected

    assert worth == pytest.approx(solved.objective, abs=2e-5)
    for each, row in zip(portfolio.initiatives, np.diff(funded, prepend=0, axis=1), strict=True):
        assert row.min() >= -1e-12
        assert row.max() <= 1 / each.takes + 1e-12


def test_who_waits_keeps_to_its_pace_once_it_may_begin(read: Callable[[str], Portfolio]) -> None:
    portfolio = read("""\
format: gambits/1
name: Pace
as_of: 2027-01-01
periods: {first: 2027Q1, count: 6}
money: USD million
budget: {per_period: 1}
initiatives:
  late: {path: scale, source: x, cost: 1, start: 2027Q3}
  slow: {path: scale, source: x, cost: 1, value: 1, takes: 3, requires: [late]}
  other: {path: scale, source: x, cost: 1, value: 1, requires: [slow]}
""")
    number = {each.id: i for i, each in enumerate(portfolio.initiatives)}

    funded = soonest(portfolio, set(number), in_order(portfolio))
    without = soonest(portfolio, set(number) - {"late"}, in_order(portfolio))

    assert funded[number["slow"]] == pytest.approx([0, 0, 1 / 3, 2 / 3, 1, 1])
    assert funded[number["other"]] == pytest.approx([0, 0, 1 / 3, 2 / 3, 1, 1])
    assert not without.any()
