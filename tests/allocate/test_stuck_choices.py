"""A choice that the solver takes for better than it is, since numbers lie too far apart for its tolerances."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gambits.allocate.cuts import Ending, search
from gambits.allocate.solver import Effort
from gambits.forecast.draws import central_draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

# Most that one may get is a billionth of the budget: at φ of a billionth the curve of `response` is all but upright.
LAB = """\
format: gambits/1
name: Far apart
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
budget: {per_period: 2.8e10, total: 5.4e10, carry_over: true}
frontier:
  law: chinchilla-2022
  compute: {flop: 5.9e28, growth_per_year: 4}
  unique_tokens: {count: 2e12}
market:
  elasticity: 0.8
  value_per_oom: 0.3
  sectors: {homes: {tokens_per_day: 2e12, value_per_million: 0.2 to 0.4, cost_per_million: 0.1}}
initiatives:
  rewriting: {path: scale, source: x, cost: 3.6e10, success: 0.33, quality: 0.43, value: 4, takes: 3}
  hybrid:
    path: architect
    source: x
    cost: 1.6e10 to 6.4e10
    success: 0.67
    effects: {post_training: 1.2, data_efficiency: 1.2}
    quality: 0.67
    response: 0.5
    after: [rewriting]
  curation:
    path: alchemist
    source: x
    stages: [{name: pilot, cost: 2.9e10 to 1.16e11, success: 0.5}, {name: scale, cost: 2.9e10}]
    effects: {demand: 0.9 to 2}
    start: 2027Q2
    after: [hybrid]
objective: {effective_compute: 1, token_gdp: 0.1, value: 0.01, weights: final, after_horizon: 1}
synergies: [{between: [rewriting, hybrid], effects: {post_training: 1.0 to 1.3}}]
"""
GAMBIT = """\
name: one
aversion: 0.5
most_for_one: 1e-9
most_initiatives: 1
objective: {effective_compute: 2, token_gdp: 30}
"""


def test_a_choice_that_is_proposed_again_and_again_is_left_out_once_it_is_searched(
    read: Callable[[str], Portfolio], read_gambit: Callable[[str], Gambit]
) -> None:
    lab, gambit = read(LAB), read_gambit(GAMBIT)
    objective = gambit.objective_for(lab)
    forecast = Forecast(central_draw(lab, len(objective.weights)), objective)

    found, programme = search(lab, gambit, forecast)
    again = programme.model.solve_whole(Effort(1e-6))

    assert found.ending is Ending.OPTIMAL
    assert found.rounds < 100
    # The programme that is handed out has every choice in it.
    assert -again.bound >= found.objective - 1e-5
    assert again.objective == pytest.approx(again.bound, abs=1e-6)
