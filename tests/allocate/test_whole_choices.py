"""Choices that are whole: all or nothing, minimums, sizes, starts, exclusions and counts.

By hand where that is possible, by trying every choice where it is not, and against what is known of classical problems.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
import yaml

from gambits.allocate.cuts import Ending, Patience, allocate
from gambits.errors import InfeasibleError, UnfinishedError
from gambits.forecast.draws import draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

Solve = Callable[..., Any]
Read = Callable[[str], Portfolio]
ReadGambit = Callable[[str], Gambit]

HEAD = """\
format: gambits/1
name: By hand
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
frontier: {law: chinchilla-2022, compute: {flop: 1e26}, unique_tokens: {count: 1e13}}
"""


def lab(budget: str, **works: str) -> str:
    """Write a portfolio: each work is `cost, factor of compute, further keys`; a factor of ten is 1 OOM."""
    lines = [f"  {id}: {{path: architect, source: judgement, {said}}}\n" for id, said in works.items()]
    return f"{HEAD}budget: {budget}\ninitiatives:\n{''.join(lines)}"


ONCE = "{per_period: [10, 0, 0, 0]}"


def test_what_is_whole_is_left_out_rather_than_funded_in_part(solve: Solve) -> None:
    text = lab(ONCE, big="cost: 15, effects: {compute: 1000}, whole: true", small="cost: 20, effects: {compute: 10}")

    solved = solve(text)

    assert solved.funded("big") == [0, 0, 0, 0]
    assert solved.funded("small") == pytest.approx([0.5] * 4)


def test_what_is_whole_may_be_paid_as_the_money_comes_and_is_all_there_at_the_end(solve: Solve) -> None:
    solved = solve(lab("{per_period: 4}", big="cost: 15, effects: {compute: 1000}, whole: true"))

    assert solved.money("big") == pytest.approx([4, 4, 4, 3])


def test_a_whole_one_that_takes_three_quarters_runs_through_from_the_start_that_is_best(solve: Solve) -> None:
    """Money comes in the second quarter, and 5 a quarter is what it takes: it begins then, and not a quarter later."""
    text = lab("{per_period: [0, 8, 4, 3]}", big="cost: 15, effects: {compute: 10}, whole: true, takes: 3")

    solved = solve(text)

    assert solved.money("big") == pytest.approx([0, 5, 5, 5])


def test_with_too_little_time_left_it_does_not_begin(solve: Solve) -> None:
    late = "cost: 6, effects: {compute: 10}, whole: true, takes: 3, start: 2027Q3"

    assert solve(lab("{per_period: 9}", big=late)).spend == 0


def test_the_start_of_one_waits_for_the_people_that_the_other_needs(solve: Solve) -> None:
    """Two that take two quarters and all of the people: one after the other, the better one first."""
    work = "cost: 4, whole: true, takes: 2, uses: {people: 10}"
    text = lab("{per_period: 9}", best=f"{work}, effects: {{compute: 100}}", other=f"{work}, effects: {{compute: 10}}")

    solved = solve(text + "resources: {people: {unit: FTE, capacity: 5}}\n")

    assert solved.money("best") == pytest.approx([2, 2, 0, 0])
    assert solved.money("other") == pytest.approx([0, 0, 2, 2])


@pytest.mark.parametrize(("money", "funded"), [(3.9, 0.0), (4.1, 0.41), (12, 1.0)])
def test_a_minimum_is_nothing_or_enough(money: float, funded: float, solve: Solve) -> None:
    text = lab(f"{{per_period: [{money}, 0, 0, 0]}}", work="cost: 10, effects: {compute: 10}, minimum: 0.4")

    assert solve(text).funded("work")[-1] == pytest.approx(funded)


def test_a_minimum_is_of_all_the_stages_together(solve: Solve) -> None:
    """12 of 20 is enough; 11 is not, though it would complete the first stage."""
    staged = "stages: [{name: a, cost: 8}, {name: b, cost: 12}], effects: {compute: 10}, minimum: 0.6"

    enough, short = (solve(lab(f"{{per_period: [{money}, 0, 0, 0]}}", work=staged)) for money in (12, 11))

    assert (enough.funded("work/a")[-1], enough.funded("work/b")[-1]) == pytest.approx((0.6, 0.6))
    assert short.spend == 0


def test_of_several_sizes_one_is_funded_whole(solve: Solve) -> None:
    levels = "levels: [{cost: 4, effects: {compute: 100}}, {name: big, cost: 9, effects: {compute: 500}}]"
    text = lab(ONCE, work=levels, other="cost: 12, effects: {compute: 1000}")

    solved = solve(text)

    # The small one brings 2 OOM and leaves 6 for 1.5; the big one 2.7 and 1 for 0.25.
    assert [solved.funded(id)[-1] for id in ("work/1", "work/big", "other")] == pytest.approx([1, 0, 0.5])


def test_what_waits_for_sizes_waits_for_any_of_them_and_succeeds_with_them(solve: Solve) -> None:
    levels = "levels: [{cost: 4}, {cost: 9}], success: 0.5"
    text = lab(ONCE, work=levels, other="cost: 6, effects: {compute: 100}, requires: [work]")

    solved = solve(text)

    assert [solved.funded(id)[-1] for id in ("work/1", "work/2", "other")] == pytest.approx([1, 0, 1])
    assert solved.objective == pytest.approx(0.5 * 2)


def test_one_size_must_be_funded_where_the_initiative_must(solve: Solve) -> None:
    levels = "levels: [{cost: 4, value: -1}, {cost: 9, value: -3}], must: true"

    assert solve(lab(ONCE, work=levels) + "objective: {value: 1}\n").funded("work/1")[-1] == pytest.approx(1)


def test_of_those_that_exclude_each_other_the_better_one_has_money(solve: Solve) -> None:
    works = {id: f"cost: 5, effects: {{compute: {gain}}}" for id, gain in (("a", 10), ("b", 100), ("c", 20))}

    solved = solve(lab(ONCE, **works) + "excludes: [[a, b], [b, c]]\n")

    assert [solved.funded(id)[-1] for id in "abc"] == pytest.approx([1, 0, 1])


def test_who_has_had_money_excludes_the_other(solve: Solve) -> None:
    works = {"a": "cost: 5, spent: {2026Q4: 1}, effects: {compute: 2}", "b": "cost: 5, effects: {compute: 100}"}

    solved = solve(lab(ONCE, **works) + "excludes: [[a, b]]\n")

    assert (solved.funded("a")[-1], solved.funded("b")[-1]) == pytest.approx((1, 0))


def test_counts_are_of_initiatives_whatever_their_stages(solve: Solve) -> None:
    staged = "stages: [{name: a, cost: 2}, {name: b, cost: 2}], effects: {compute: 20}"
    text = lab(ONCE, work=staged, one="cost: 4, effects: {compute: 10}", two="cost: 2, effects: {compute: 5}")

    at_most = solve(text + "counts: {max: 2}\n")
    by_gambit = solve(text, "{name: few, most_initiatives: 1}")

    assert [at_most.funded(id)[-1] for id in ("work/a", "work/b", "one", "two")] == pytest.approx([1, 1, 1, 0])
    assert [by_gambit.funded(id)[-1] for id in ("work/a", "work/b", "one", "two")] == pytest.approx([1, 1, 0, 0])


def test_the_fewest_that_must_get_money_get_a_hundredth_of_their_cost(solve: Solve) -> None:
    works = {"good": "cost: 5, effects: {compute: 10}", "bad": "cost: 8, value: -1"}

    solved = solve(lab(ONCE, **works) + "counts: {min: 2}\nobjective: {effective_compute: 1, value: 1}\n")

    assert solved.funded("bad")[-1] == pytest.approx(0.01)


# Trying every choice.

DRAWN = """\
format: gambits/1
name: Five that are whole
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
budget: {per_period: 11}
frontier: {compute: {flop: 2e27, growth_per_year: 3 to 5}, unique_tokens: {count: 1e13}}
initiatives:
  a: {path: architect, source: x, cost: 6 to 10, success: 0.8, whole: true, effects: {data_efficiency: 1.2 to 2}}
  b: {path: architect, source: x, cost: 9, whole: true, takes: 2, lag: 1, effects: {compute: 1.3 to 2}, response: 0.7}
  c: {path: alchemist, source: x, cost: 5, whole: true, effects: {unique_tokens: 2e12 to 2e13}, success: 0.6}
  d: {path: alchemist, source: x, cost: 12, whole: true, effects: {post_training: 1.5 to 3}, requires: [c]}
  e: {path: alchemist, source: x, cost: 7, response: 0.6, effects: {post_training: 1.1 to 1.6}}
excludes: [[a, d]]
counts: {max: 3}
"""
CAREFUL = "{name: careful, aversion: 0.5, shares: {architect: [0.2, 0.8]}}"


def test_the_best_whole_choice_is_the_best_of_all_of_them(read: Read, read_gambit: ReadGambit) -> None:
    """Every set of whole ones, each forced by `must` and `never`, the rest as the plan likes."""
    gambit = read_gambit(CAREFUL)

    def best(text: str) -> float:
        portfolio = read(text)
        objective = gambit.objective_for(portfolio)
        seen = Forecast(draw(portfolio, len(objective.weights), "5", 60), objective, gambit.tail)
        return allocate(portfolio, gambit, seen).objective

    values = []
    for chosen in itertools.product((True, False), repeat=4):
        document = yaml.safe_load(DRAWN)
        for id, is_in in zip("abcd", chosen, strict=True):
            document["initiatives"][id]["must" if is_in else "never"] = True
        if (chosen[0] and chosen[3]) or sum(chosen) > 3:
            continue
        try:
            values.append(best(yaml.safe_dump(document)))
        except InfeasibleError:
            continue

    assert len(values) > 6
    assert best(DRAWN) == pytest.approx(max(values), abs=2e-5)


# Problems that are known.


def knapsack(values: list[float], uses: list[list[float]], capacities: list[float], scale: float) -> str:
    """Write a 0/1 knapsack of several resources as a portfolio of whole initiatives, of which money is plenty."""
    works = {
        f"item-{k}": {
            "path": "architect",
            "source": "drawn",
            "cost": 1,
            "whole": True,
            "value": value,
            "uses": {f"r{r}": row[k] for r, row in enumerate(uses) if row[k]},
        }
        for k, value in enumerate(values)
    }
    file = {
        "format": "gambits/1",
        "name": "Knapsack",
        "as_of": "2027-01-01",
        "periods": {"first": 2027, "count": 1},
        "money": "units",
        "budget": {"per_period": len(values)},
        "resources": {f"r{r}": {"unit": "u", "capacity": capacity} for r, capacity in enumerate(capacities)},
        "objective": {"value": scale},
        "initiatives": works,
    }
    return yaml.safe_dump(file)


def test_a_published_knapsack_of_ten_resources_reaches_its_optimum(solve: Solve) -> None:
    """The first of Petersen (1967), Computational experience with variants of the Balas algorithm: 3800."""
    values = [100, 600, 1200, 2400, 500, 2000]
    uses = [
        [8, 12, 13, 64, 22, 41],
        [8, 12, 13, 75, 22, 41],
        [3, 6, 4, 18, 6, 4],
        [5, 10, 8, 32, 6, 12],
        [5, 13, 8, 42, 6, 20],
        [5, 13, 8, 48, 6, 20],
        [0, 0, 0, 0, 8, 0],
        [3, 0, 4, 0, 8, 0],
        [3, 2, 4, 0, 8, 4],
        [3, 2, 4, 8, 8, 4],
    ]

    solved = solve(knapsack(values, uses, [80, 96, 20, 36, 44, 48, 10, 18, 22, 24], 1e-3))

    assert solved.optimum.ending is Ending.OPTIMAL
    assert solved.objective == pytest.approx(3.8)


@pytest.mark.parametrize("seed", range(6))
def test_random_knapsacks_of_two_resources_reach_what_counting_up_finds(seed: int, solve: Solve) -> None:
    rng = np.random.default_rng(seed)
    count, capacities = 12, (30, 25)
    values = rng.integers(1, 40, count)
    uses = rng.integers(1, 15, (2, count))
    best = np.zeros((capacities[0] + 1, capacities[1] + 1))
    for value, (one, two) in zip(values, uses.T, strict=True):
        moved = np.full_like(best, -np.inf)
        moved[one:, two:] = best[: best.shape[0] - one, : best.shape[1] - two] + value
        best = np.maximum(best, moved)

    text = knapsack(values.tolist(), uses.tolist(), list(capacities), 0.01)

    assert solve(text).objective == pytest.approx(best[-1, -1] / 100, abs=1e-5)


def test_the_closure_of_a_large_graph_is_its_minimum_cut(solve: Solve) -> None:
    """Points above and below 0, and who requires whom: the best set that needs nobody outside it (Picard 1976)."""
    rng = np.random.default_rng(2027)
    size, degree = 1100, 5
    points = rng.integers(-40, 41, size)
    links = {j: sorted({int(i) for i in rng.integers(0, j, min(j, degree))}) for j in range(1, size)}
    assert sum(map(len, links.values())) > 5000
    graph = nx.DiGraph()
    for k, value in enumerate(points):
        graph.add_edge("source", k, capacity=max(int(value), 0))
        graph.add_edge(k, "sink", capacity=max(-int(value), 0))
    graph.add_edges_from((j, i) for j, others in links.items() for i in others)
    closure = int(points.clip(0).sum()) - nx.minimum_cut_value(graph, "source", "sink")

    works = {
        f"n{k}": {"path": "x", "source": "drawn", "cost": 1, "value": int(value)}
        | ({"requires": [f"n{i}" for i in links[k]]} if k else {})
        for k, value in enumerate(points)
    }
    file = yaml.safe_load(knapsack([], [], [], 1e-3)) | {"initiatives": works, "budget": {"per_period": size}}

    solved = solve(yaml.safe_dump(file))

    assert closure > 100
    assert solved.objective * 1000 == pytest.approx(closure, abs=1e-3)


# The way there.

HARD = knapsack(
    np.random.default_rng(1).integers(20, 60, 40).tolist(),
    np.random.default_rng(2).integers(5, 40, (5, 40)).tolist(),
    [300] * 5,
    1e-3,
)


def test_a_search_that_may_stop_short_says_so_and_its_bound_still_holds(read: Read, read_gambit: ReadGambit) -> None:
    portfolio, gambit = read(HARD), read_gambit("name: free")
    seen = Forecast(draw(portfolio, 1, "1", 2), portfolio.objective)
    exact = allocate(portfolio, gambit, seen)
    content = allocate(portfolio, gambit, seen, patience=Patience(aim=1e-3, gap=2e-2))

    assert exact.ending is content.ending is Ending.OPTIMAL
    assert content.objective <= exact.objective + 1e-5 <= content.bound + 2e-5
    assert content.bound - content.objective <= 2e-2


def test_out_of_time_the_best_plan_so_far_is_given_or_that_there_is_none(read: Read, read_gambit: ReadGambit) -> None:
    """A clock that jumps past the end as soon as it is looked at a second time, and one that never lets it begin."""
    portfolio, gambit = read(HARD), read_gambit("name: free")
    seen = Forecast(draw(portfolio, 1, "1", 2), portfolio.objective)
    times = iter([0.0] * 3 + [1e9] * 1000)

    with pytest.raises(UnfinishedError, match="gap not met"):
        allocate(portfolio, gambit, seen, patience=Patience(at=10.0, clock=lambda: 20.0))
    found = allocate(portfolio, gambit, seen, patience=Patience(gap=1e-9, at=10.0, clock=lambda: next(times)))

    assert found.ending is Ending.GAP
    assert found.bound > found.objective


def test_rules_that_only_whole_choices_break_are_named_and_each_is_needed(solve: Solve) -> None:
    """In part all of them could be; whole, two of the larger ones cost 12 of the 11 that there are."""
    works = dict.fromkeys(("a", "b", "c"), "cost: 6, whole: true, effects: {compute: 10}")
    text = lab("{per_period: [11, 0, 0, 0]}", **works, d="cost: 1, value: 1")
    text += "counts: {min: 3}\n"

    with pytest.raises(InfeasibleError, match="cannot all hold") as caught:
        solve(text)

    assert {rule.rule for rule in caught.value.conflict} == {
        "a is whole",
        "b is whole",
        "c is whole",
        "the budget by 2027Q4",
        "at least 3 initiatives",
    }
