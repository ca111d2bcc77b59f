"""Numbers under stress: the unit of money changes nothing else, far-apart sizes are told truly, and so is the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from gambits import Gambit, Settings, pipeline
from gambits.allocate.cuts import Ending, Patience, allocate
from gambits.cli import main
from gambits.errors import InfeasibleError, UnfinishedError
from gambits.forecast.draws import central_draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.model import Portfolio

Solve = Callable[..., Any]
Read = Callable[[str], Portfolio]
CERTAIN, FEW = Settings(certain=True), Settings(draws=40, batches=0)
GAMBIT = "{name: hedge, shares: {architect: [0.3, 0.8]}, aversion: 0.5, most_for_one: 0.5}"


def lab(unit: float, *, money: str = "USD million", resource: str = "people", whole: bool = False) -> str:
    """Write one lab with every kind of money in it, each sum in so many of a million."""
    rule = "whole: true" if whole else "minimum: 0"
    return f"""\
format: gambits/1
name: In some unit
as_of: 2027-01-01
periods: {{first: 2027Q1, count: 3}}
money: {money}
budget:
  per_period: [{9 * unit!r}, {7 * unit!r}, {8 * unit!r}]
  total: {22 * unit!r}
  funds: [{{name: grant, paths: [alchemist], per_period: {unit!r}}}]
resources: {{{resource}: {{unit: FTE, capacity: 12}}}}
frontier: {{compute: {{flop: 2e27, growth_per_year: 4}}, unique_tokens: {{count: 1e13}}}}
initiatives:
  hybrid:
    path: architect
    source: x
    cost: {8 * unit!r} to {18 * unit!r}
    success: 0.7
    effects: {{data_efficiency: 1.2 to 2}}
    response: 0.7
    spent: {{2026Q4: {unit!r}}}
    uses: {{{resource}: 20}}
  play: {{path: alchemist, source: x, cost: {10 * unit!r}, effects: {{post_training: 1.8}}, {rule}, requires: [tools]}}
  tools: {{path: alchemist, source: x, cost: {4 * unit!r}}}
  words:
    path: alchemist
    source: x
    cost: {{p10: {4 * unit!r}, p50: {6 * unit!r}, p90: {11 * unit!r}}}
    effects: {{unique_tokens: 8e12}}
  chips: {{path: scale, source: x, cost: {9 * unit!r}, effects: {{compute: 1.3}}}}
"""


def plan_of(read: Read, read_gambit: Callable[[str], Gambit], text: str, settings: Settings) -> Any:
    return pipeline.solve(read(text), read_gambit(GAMBIT), settings)


@pytest.mark.parametrize("whole", [False, True], ids=["shares", "whole"])
@pytest.mark.parametrize("unit", [1e-3, 1e3, 1e6], ids=["billions", "thousands", "dollars"])
def test_the_unit_of_money_changes_nothing_but_the_money(
    unit: float, whole: bool, read: Read, read_gambit: Callable[[str], Gambit]
) -> None:
    here = plan_of(read, read_gambit, lab(1, whole=whole), FEW)
    there = plan_of(read, read_gambit, lab(unit, money="USD of another size", whole=whole), FEW)

    assert there.status == here.status == "optimal"
    assert there.objective == pytest.approx(here.objective, abs=2e-5)
    assert there.bound >= here.objective - 1e-9
    assert here.bound >= there.objective - 1e-9
    for mine, other in zip(here.allocations, there.allocations, strict=True):
        assert np.array(other.spend) / unit == pytest.approx(np.array(mine.spend), abs=0.05)


@given(unit=st.floats(1e-6, 1e9))
@settings(max_examples=12)
def test_in_any_unit_the_certain_plan_is_worth_the_same(
    unit: float, read: Read, read_gambit: Callable[[str], Gambit]
) -> None:
    here = plan_of(read, read_gambit, lab(1), CERTAIN)
    there = plan_of(read, read_gambit, lab(unit), CERTAIN)

    assert there.status == "optimal"
    assert there.objective == pytest.approx(here.objective, abs=2e-5)
    assert there.shares == pytest.approx(here.shares, abs=0.02)


def test_what_units_and_resources_are_called_changes_nothing(read: Read, read_gambit: Callable[[str], Gambit]) -> None:
    here = plan_of(read, read_gambit, lab(1), FEW)
    there = plan_of(read, read_gambit, lab(1, money="Taler", resource="seats"), FEW)

    assert there.objective == here.objective
    assert [each.spend for each in there.allocations] == [each.spend for each in here.allocations]


HEAD = """\
format: gambits/1
name: Far apart
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: [10, 0]}
frontier: {law: chinchilla-2022, compute: {flop: 1e26}, unique_tokens: {count: 1e13}}
initiatives:
"""


@pytest.mark.parametrize("factor", [1 + 1e-9, 1 + 1e-6, 1.001, 1e3, 1e6])
def test_an_effect_of_any_size_is_worth_its_logarithm(factor: float, solve: Solve) -> None:
    """Beside one of everyday size, which costs too much for both."""
    text = f"{HEAD}  tiny: {{path: a, source: x, cost: 5, effects: {{compute: {factor!r}}}}}\n"
    text += "  plain: {path: a, source: x, cost: 10, effects: {compute: 2}}\n"

    solved = solve(text)
    tiny, plain = np.log10(factor), np.log10(2)

    assert solved.optimum.ending is Ending.OPTIMAL
    assert solved.objective == pytest.approx(max(plain, tiny + plain / 2), abs=1e-5)
    assert solved.optimum.bound >= solved.objective


@pytest.mark.parametrize(("stock", "added"), [(1e12, 1e12), (1e15, 1e9), (1e11, 1e14)])
def test_tokens_of_any_number_count_by_what_is_there(stock: float, added: float, read: Read) -> None:
    text = HEAD.replace("law: chinchilla-2022, ", "").replace("count: 1e13", f"count: {stock!r}")
    text += f"  words: {{path: a, source: x, cost: 10, effects: {{unique_tokens: {added!r}}}}}\n"

    plan = pipeline.solve(read(text), Gambit("free"), CERTAIN)

    assert plan.status == "optimal"
    assert np.isfinite([plan.objective, plan.bound, *plan.gain]).all()
    assert 0 <= plan.objective <= plan.bound <= plan.objective + 1e-5


def test_costs_twelve_orders_apart_are_both_paid(solve: Solve) -> None:
    text = HEAD.replace("[10, 0]", "[1e6, 0]")
    text += "  dear: {path: a, source: x, cost: 1e6, effects: {compute: 10}}\n"
    text += "  cheap: {path: a, source: x, cost: 1e-6, effects: {compute: 10}}\n"

    solved = solve(text)

    assert solved.optimum.ending is Ending.OPTIMAL
    assert solved.objective == pytest.approx(2, abs=1e-5)


def test_a_hundred_that_are_all_alike_have_a_plan_that_is_proved(solve: Solve) -> None:
    works = (f"  w{k}: {{path: a, source: x, cost: 1, effects: {{compute: 1.1}}}}\n" for k in range(100))

    solved = solve(HEAD + "".join(works))

    assert solved.optimum.ending is Ending.OPTIMAL
    assert solved.objective == pytest.approx(10 * np.log10(1.1), abs=1e-5)


def must(cost: float) -> str:
    return f"{HEAD}  must: {{path: a, source: x, cost: {cost!r}, must: true, effects: {{compute: 2}}}}\n"


@pytest.mark.parametrize("cost", [10.0, 10 * (1 - 1e-12), 10 * (1 - 1e-6)])
def test_a_budget_that_is_just_enough_is_enough(cost: float, solve: Solve) -> None:
    solved = solve(must(cost))

    assert solved.optimum.ending is Ending.OPTIMAL
    assert solved.funded("must") == pytest.approx([1, 1])


@pytest.mark.parametrize("cost", [10 * (1 + 1e-6), 10.001, 1e4])
def test_a_budget_that_is_just_too_small_is_too_small(cost: float, solve: Solve) -> None:
    with pytest.raises(InfeasibleError, match="cannot all hold"):
        solve(must(cost))


def hard(count: int = 14) -> str:
    """Write whole choices of like worth, among which a search takes a while to be sure."""
    rng = np.random.default_rng(3)
    works = (
        f"  w{k}: {{path: a, source: x, cost: {2 + rng.uniform():.4f}, whole: true, response: 0.8, "
        f"effects: {{data_efficiency: {1.2 + rng.uniform(0, 0.01):.5f}}}}}\n"
        for k in range(count)
    )
    return HEAD.replace("law: chinchilla-2022, ", "") + "".join(works)


@pytest.mark.parametrize("rounds", [1, 2, 4, 8])
def test_a_search_that_is_stopped_says_so_and_its_bound_is_above_the_best(rounds: int, read: Read) -> None:
    """Its clock runs out after so many looks at it."""
    portfolio = read(hard())
    objective = Gambit("free").objective_for(portfolio)
    forecast = Forecast(central_draw(portfolio, len(objective.weights)), objective)
    best = allocate(portfolio, Gambit("free"), forecast)
    looks = iter(range(10_000))

    try:
        stopped = allocate(
            portfolio, Gambit("free"), forecast, patience=Patience(at=rounds, clock=lambda: float(next(looks)))
        )
    except UnfinishedError:
        return

    assert best.ending is Ending.OPTIMAL
    assert stopped.bound >= best.objective - 1e-9
    assert stopped.objective <= best.bound + 1e-9
    assert (stopped.ending is Ending.OPTIMAL) == (stopped.bound - stopped.objective <= 1e-5)


def test_a_plan_that_is_not_proved_exits_5_and_says_how_far_it_may_be_from_the_best(tmp_path: Path) -> None:
    file = tmp_path / "hard.yaml"
    file.write_text(hard(40), encoding="utf-8")

    result = CliRunner().invoke(main, ["solve", str(file), "--certain", "--time-limit", "0.02", "--json"])

    assert result.exit_code == 5
    plan = json.loads(result.stdout)
    # Whether a plan was found in so short a time is the machine's affair.
    assert plan["status"] != "optimal"
    if plan["status"] != "failed":
        assert plan["bound"] - plan["objective"] == pytest.approx(plan["gap"]) > 1e-5
