"""Sizes that cannot be meant are refused, or at least pointed at; those that are merely large are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gambits.errors import InputError, Problem
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20}
resources: {gpu: {unit: million GPU-hours, capacity: [5, 2, 5, 5]}}
frontier: {compute: {flop: 1e27}, unique_tokens: {count: 1e13}}
initiatives:
  play:
    path: alchemist
    source: judgement
    cost: 20
    value: 20
    effects: {unique_tokens: 1e13}
    uses: {gpu: 3}
"""
ROW = "{path: x, source: x, cost: 1, value: 1}"

Problems = Callable[[str], tuple[Problem, ...]]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("cost: 20", "cost: 2e7", 13, "`initiatives.play.cost` is 2e+05 times the whole budget"),
        (
            "cost: 20",
            "stages: [{name: a, cost: 1}, {name: b, cost: 2e7}]",
            13,
            "`initiatives.play.stages.1.cost` is 2e",
        ),
        ("per_period: 20", "total: 1e-4, per_period: 20", 13, "is 2e+05 times the whole budget"),
        ("per_period: 20", "per_period: [0, 0, 0, 1e-4]", 13, "is 2e+05 times the whole budget"),
        ("gpu: 3", "gpu: 3e6", 16, "`initiatives.play.uses.gpu` is 6e+05 times the capacity of gpu"),
        ("tokens: 1e13", "tokens: 1e19", 15, "unique_tokens` is 1e+06 times the stock of unique tokens"),
        ("count: 1e13", "count: 1e7", 15, "unique_tokens` is 1e+06 times the stock of unique tokens"),
    ],
)
def test_units_that_were_mixed_up_are_refused(old: str, new: str, line: int, message: str, problems: Problems) -> None:
    assert LAB.count(old) == 1
    (problem,) = problems(LAB.replace(old, new))

    assert (problem.code, problem.where.line) == ("units-differ", line)
    assert message in problem.message
    assert problem.fix.startswith("are both")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cost: 20", "cost: 2e5", "`initiatives.play.cost` is 2,500 times the whole budget"),
        ("gpu: 3", "gpu: 3e4", "is 6,000 times the capacity of gpu"),
        ("tokens: 1e13", "tokens: 1e17", "is 10,000 times the stock of unique tokens"),
    ],
)
def test_a_thousandfold_is_pointed_at(old: str, new: str, message: str, read: Callable[[str], Portfolio]) -> None:
    (warning,) = read(LAB.replace(old, new)).warnings

    assert warning.code == "units-differ"
    assert message in warning.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cost: 20", "cost: 8e4"),
        ("cost: 20", "cost: 1e-30"),
        ("per_period: 20", "per_period: 0"),
        ("[5, 2, 5, 5]", "0"),
        ("tokens: 1e13", "tokens: 9e15"),
        ("value: 20", "value: -5e5 to 5e5"),
    ],
)
def test_what_is_only_large_or_small_or_nothing_is_not(old: str, new: str, read: Callable[[str], Portfolio]) -> None:
    assert read(LAB.replace(old, new)).warnings == ()


def test_points_that_drown_the_rest_are_refused(problems: Problems) -> None:
    (problem,) = problems(LAB.replace("initiatives:", "objective: {effective_compute: 1, value: 1e5}\ninitiatives:"))

    assert (problem.code, problem.where.line) == ("too-heavy", 9)
    assert "makes play worth 2e+06 OOM" in problem.message


def test_points_that_drown_the_rest_by_a_gambits_weight_are_refused_in_its_file(
    read: Callable[[str], Portfolio], read_gambit: Callable[[str], Gambit]
) -> None:
    gambit = read_gambit("name: heavy\nobjective: {value: 1e5}\n")

    with pytest.raises(InputError) as caught:
        gambit.objective_for(read(LAB))
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("too-heavy", gambit.place("objective.value"))


def test_more_initiatives_than_can_be_held_are_refused(problems: Problems) -> None:
    more = "".join(f"  i{k}: {ROW}\n" for k in range(5000))
    (problem,) = problems(LAB + more)

    assert (problem.code, problem.where.line) == ("too-many", 9)
    assert "there are 5,001 initiatives" in problem.message


def test_stages_count_as_initiatives(problems: Problems) -> None:
    stages = "[{name: a, cost: 1}, {name: b, cost: 1}, {name: c, cost: 1}]"
    more = "".join(f"  i{k}: {{path: x, source: x, value: 1, stages: {stages}}}\n" for k in range(1700))
    (problem,) = problems(LAB + more)

    assert "there are 5,101 initiatives" in problem.message


def test_more_decisions_than_can_be_held_are_refused(problems: Problems) -> None:
    more = "".join(f"  i{k}: {ROW}\n" for k in range(1000))
    (problem,) = problems((LAB + more).replace("count: 4}", "count: 240}").replace("[5, 2, 5, 5]", "5"))

    assert (problem.code, problem.where.line) == ("too-many", 4)
    assert "1,001 initiatives over 240 periods are 240,240 decisions" in problem.message
