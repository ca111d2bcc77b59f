"""The contract of the adapter, on whichever PuLP is installed: what holds for 3.3 must hold for 4."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pulp
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from gambits.allocate.solver import Effort, LiveModel, Row, Status, expression

Array = NDArray[np.float64]


def minimise(cost: list[float], bounds: list[tuple[float | None, float | None]], names: str = "") -> LiveModel:
    """State: minimise cost · x within bounds, columns named by letters (`a`, `b`, … unless said)."""
    problem = pulp.LpProblem("contract", pulp.LpMinimize)
    letters = names or "abcdefghij"[: len(cost)]
    columns = [problem.add_variable(name, low, high) for name, (low, high) in zip(letters, bounds, strict=True)]
    problem.setObjective(expression(list(zip(columns, cost, strict=True))))
    return LiveModel(problem, columns)


def row(coefficients: list[float], upper: float) -> Row:
    """State: coefficients · x ≤ upper, over all columns."""
    return Row(np.arange(len(coefficients), dtype=np.int32), np.array(coefficients, dtype=float), upper)


def random_programme(seed: int) -> tuple[Array, list[Row]]:
    """Make a bounded programme over [0, 1]^n with rows that (½, …, ½) obeys."""
    rng = np.random.default_rng(seed)
    size, rows = int(rng.integers(2, 11)), int(rng.integers(3, 25))
    coefficients = rng.normal(0, 1, (rows, size)) * (rng.random((rows, size)) < 0.7)
    coefficients[:, 0] += 0.1
    slack = rng.uniform(0, 1, rows)
    upper = coefficients.sum(axis=1) / 2 + slack
    return rng.normal(0, 1, size), [
        Row(np.flatnonzero(line).astype(np.int32), line[line != 0], float(limit))
        for line, limit in zip(coefficients, upper, strict=True)
    ]


def third_opinion(cost: Array, rows: list[Row]) -> float:
    """Solve the same with SciPy."""
    matrix = np.zeros((len(rows), len(cost)))
    for line, each in zip(matrix, rows, strict=True):
        line[each.columns] = each.coefficients
    found = linprog(cost, A_ub=matrix, b_ub=[each.upper for each in rows], bounds=(0, 1))
    return float(found.fun)


@pytest.mark.parametrize("seed", range(25))
def test_going_on_after_new_rows_ends_where_a_cold_solve_ends(seed: int) -> None:
    cost, rows = random_programme(seed)
    unit = [(0.0, 1.0)] * len(cost)
    hot = minimise(cost.tolist(), unit)

    for start, count in itertools.pairwise([0, 1, len(rows) // 2 + 1, len(rows)]):
        hot.add(rows[start:count])
        after_rows = hot.solve()
        cold = minimise(cost.tolist(), unit)
        cold.add(rows[:count])
        from_nothing = cold.solve()

        assert (after_rows.status, from_nothing.status) == (Status.OPTIMAL, Status.OPTIMAL)
        assert after_rows.objective == pytest.approx(from_nothing.objective, abs=1e-9)
        assert after_rows.objective == pytest.approx(third_opinion(cost, rows[:count]), abs=1e-9)
        assert float(cost @ after_rows.values) == pytest.approx(after_rows.objective, abs=1e-9)
        for each in rows[:count]:
            assert each.coefficients @ after_rows.values[each.columns] <= each.upper + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_the_same_steps_give_the_same_digits(seed: int) -> None:
    cost, rows = random_programme(seed)

    def steps() -> list[float]:
        model = minimise(cost.tolist(), [(0.0, 1.0)] * len(cost))
        found = []
        for each in rows:
            model.add([each])
            found += model.solve().values.tolist()
        return found

    assert steps() == steps()


def test_the_objective_is_minimised_and_has_its_own_sign() -> None:
    """Minimise 3a − 2b with a ≥ 1, b ≤ 4: a = 1, b = 4, and −5 is said to be −5."""
    solution = minimise([3, -2], [(1, 10), (0, 4)]).solve()

    assert solution.status is Status.OPTIMAL
    assert solution.objective == pytest.approx(-5)
    assert solution.values.tolist() == pytest.approx([1, 4])


@pytest.mark.parametrize("names", ["".join(order) for order in itertools.permutations("abc")])
def test_values_come_in_the_order_of_our_columns_whatever_their_names(names: str) -> None:
    """PuLP 3 sorts columns by name; ours stay as they were given, before and after new rows."""
    model = minimise([1, 1, 1], [(1, 9), (2, 9), (3, 9)], names)

    before = model.solve()
    model.add([row([-1, 0, 0], -4), row([0, 0, -1], -6)])
    after = model.solve()

    assert before.values.tolist() == pytest.approx([1, 2, 3])
    assert after.values.tolist() == pytest.approx([4, 2, 6])
    assert [column.name for column in model.columns] == list(names)


def test_a_column_in_no_row_and_of_no_cost_keeps_its_place() -> None:
    model = minimise([1, 0, 1], [(1, 2), (5, 6), (3, 4)], "cab")

    first = model.solve()
    model.add([row([0, -1, 0], -5.5)])
    second = model.solve()

    assert first.values[[0, 2]].tolist() == pytest.approx([1, 3])
    assert 5 - 1e-9 <= first.values[1] <= 6 + 1e-9
    assert second.values[1] >= 5.5 - 1e-9


def test_a_column_in_no_row_and_not_in_the_objective_keeps_its_place() -> None:
    """PuLP 3 does not export it: as a term of the objective that a search for conflicts leaves out."""
    problem = pulp.LpProblem("contract", pulp.LpMinimize)
    columns = [problem.add_variable(name, low, 9) for name, low in (("b", 1), ("unused", 5), ("a", 3))]
    problem.setObjective(expression([(columns[0], 1.0), (columns[2], 1.0)]))
    model = LiveModel(problem, columns)

    first = model.solve()
    model.add([row([0, -1, 0], -6), row([-1, 0, 0], -2)])
    second = model.solve()

    assert first.values[[0, 2]].tolist() == pytest.approx([1, 3])
    assert second.values[[0, 2]].tolist() == pytest.approx([2, 3])
    assert second.values[1] >= 6 - 1e-9


def test_a_free_column_is_held_by_its_rows_alone() -> None:
    """As θ is in the master: minimise −θ with θ ≤ 3 − x, 0 ≤ x ≤ 1."""
    model = minimise([-1, 0], [(None, None), (0, 1)])
    model.add([row([1, 1], 3)])
    once = model.solve()
    model.add([row([1, 0], -7)])

    assert once.objective == pytest.approx(-3)
    assert model.solve().objective == pytest.approx(7)


def test_rows_may_be_added_before_the_first_solve_and_none_at_any_time() -> None:
    model = minimise([-1], [(0, 1)])
    model.add([])
    model.add([row([1], 0.5)])
    first = model.solve()
    model.add([])
    second = model.solve()

    assert (first.objective, second.objective) == (pytest.approx(-0.5), pytest.approx(-0.5))


def assert_nothing_is_read(solution: Any) -> None:
    assert solution.values.size == 0
    assert np.isnan(solution.objective)


def test_what_cannot_be_is_said_to_be_infeasible_and_no_value_is_read() -> None:
    model = minimise([1], [(0, 1)])
    model.add([row([-1], -2)])

    solution = model.solve()

    assert solution.status is Status.INFEASIBLE
    assert_nothing_is_read(solution)


def test_rows_that_make_it_infeasible_later_are_noticed_as_well() -> None:
    """The values of the solve before are still in the solver: they must not be taken for an answer."""
    model = minimise([1, 1], [(0, 1), (0, 1)])
    model.add([row([-1, -1], -0.5)])
    assert model.solve().status is Status.OPTIMAL
    model.add([row([1, 1], 0.25)])

    solution = model.solve()

    assert solution.status is Status.INFEASIBLE
    assert_nothing_is_read(solution)


def test_what_has_no_end_is_no_optimum_and_no_value_is_read() -> None:
    solution = minimise([-1], [(0, None)]).solve()

    assert solution.status is not Status.OPTIMAL
    assert_nothing_is_read(solution)


def test_the_options_are_one_thread_and_a_fixed_seed() -> None:
    """Whatever the machine has, so that two machines go the same way."""
    model = minimise([1], [(0, 1)])
    model.solve()
    highs = model.problem.solverModel

    assert highs.getOptionValue("threads")[1] == 1
    assert highs.getOptionValue("random_seed")[1] == 0
    assert highs.getOptionValue("parallel")[1] == "off"


def test_the_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Results go to standard output: a banner there would break them."""
    model = minimise([1], [(0, 1)])
    model.solve()
    model.add([row([-1], -0.5)])
    model.solve()

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("count", [0, 1, 3])
def test_an_expression_is_the_sum_of_its_terms(count: int) -> None:
    problem = pulp.LpProblem("terms", pulp.LpMinimize)
    columns = [problem.add_variable(name, 0, 1) for name in "abc"]

    made = expression((column, 2.0 * k + 1) for k, column in enumerate(columns[:count]))

    assert {variable.name: factor for variable, factor in made.items()} == dict(
        zip("abc", [1.0, 3.0, 5.0][:count], strict=False)
    )


def test_whole_choices_can_be_solved_side_by_side() -> None:
    """Plans on batches of other draws are found in threads, each with whole choices of its own."""
    size = 30

    def knapsack(seed: int) -> float:
        rng = np.random.default_rng(seed)
        weight, worth = rng.uniform(1, 9, size), rng.uniform(1, 9, size)
        problem = pulp.LpProblem("contract", pulp.LpMinimize)
        columns = [problem.add_variable(f"x{k:02d}", 0, 1) for k in range(size)]
        problem.setObjective(expression(list(zip(columns, -worth, strict=True))))
        model = LiveModel(problem, columns, np.arange(size, dtype=np.int32))
        model.add([row(weight.tolist(), float(weight.sum()) / 3)])
        model.solve()
        return model.solve_whole(Effort(1e-9)).objective

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(knapsack, range(16)))

    assert found == pytest.approx([knapsack(seed) for seed in range(16)], abs=1e-6)
