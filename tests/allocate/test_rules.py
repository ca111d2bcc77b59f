"""Each rule of money, time and dependence, on a portfolio small enough to solve by hand.

Under chinchilla-2022 a tenfold gain of compute is worth exactly 1 OOM, whatever else is funded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from gambits.allocate.cuts import Ending

Solve = Callable[..., Any]

HEAD = """\
format: gambits/1
name: By hand
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
frontier:
  law: chinchilla-2022
  compute: {flop: 1e26}
  unique_tokens: {count: 1e13}
"""

ONE = """\
budget: {per_period: 5}
initiatives:
  kernels:
    path: architect
    source: judgement
    cost: 10
    effects: {compute: 10}
"""

TWO = """\
budget: {per_period: [10, 0, 0, 0]}
initiatives:
  kernels:
    path: architect
    source: judgement
    cost: 10
    effects: {compute: 10}
  agents:
    path: alchemist
    source: judgement
    cost: 10
    effects: {compute: 1000}
"""

SCALE = """\
  cluster:
    path: scale
    source: judgement
    cost: 10
    effects: {compute: 2}
"""


def test_money_counts_from_the_period_in_which_it_is_paid(solve: Solve) -> None:
    """5 a quarter for what costs 10: a half in the first quarter, all of it in the three others."""
    solved = solve(HEAD + ONE)

    assert solved.funded("kernels") == pytest.approx([0.5, 1, 1, 1])
    assert solved.money("kernels") == pytest.approx([5, 5, 0, 0])
    assert solved.objective == pytest.approx((0.5 + 1 + 1 + 1) / 4)


def test_progress_counts_a_lag_later(solve: Solve) -> None:
    solved = solve(HEAD + ONE + "    lag: 1\n")

    assert solved.funded("kernels") == pytest.approx([0.5, 1, 1, 1])
    assert solved.objective == pytest.approx((0 + 0.5 + 1 + 1) / 4)


def test_after_the_horizon_the_end_state_is_held_and_lags_complete(solve: Solve) -> None:
    """The money of the last quarter counts a year later: twice among the ten periods that count."""
    late = ONE.replace("per_period: 5", "per_period: [0, 0, 0, 5]")

    solved = solve(HEAD + late + "    lag: 5\n" + "objective: {after_horizon: 6}\n")

    assert solved.objective == pytest.approx(2 * 0.5 / 10)


def test_what_counts_after_the_last_period_that_counts_is_worth_nothing(solve: Solve) -> None:
    solved = solve(HEAD + ONE + "    lag: 4\n")

    assert solved.objective == pytest.approx(0, abs=1e-12)


def test_with_final_weights_only_the_end_counts(solve: Solve) -> None:
    late = ONE.replace("per_period: 5", "per_period: [0, 0, 0, 7]")

    assert solve(HEAD + late + "objective: {weights: final}\n").objective == pytest.approx(0.7)
    assert solve(HEAD + late + "objective: {weights: [3, 0, 0, 1]}\n").objective == pytest.approx(0.7 / 4)


def test_there_is_no_money_before_the_start(solve: Solve) -> None:
    solved = solve(HEAD + ONE + "    start: 2027Q3\n")

    assert solved.money("kernels") == pytest.approx([0, 0, 10, 0])
    assert solved.objective == pytest.approx((0 + 0 + 1 + 1) / 4)


def test_what_takes_n_periods_gets_at_most_an_nth_of_its_cost_in_each(solve: Solve) -> None:
    plenty = ONE.replace("per_period: 5", "per_period: 100")

    assert solve(HEAD + plenty + "    takes: 2\n").money("kernels") == pytest.approx([5, 5, 0, 0])
    assert solve(HEAD + plenty + "    takes: 8\n").funded("kernels") == pytest.approx([0.125, 0.25, 0.375, 0.5])
    late = solve(HEAD + plenty + "    takes: 2\n    start: 2027Q4\n")
    assert late.funded("kernels") == pytest.approx([0, 0, 0, 0.5])


def test_resources_run_out_in_each_period_and_are_not_carried_over(solve: Solve) -> None:
    """10 people at full funding: none, then 3, none, then 9 of whom 7 are enough."""
    people = "    uses: {people: 10}\nresources: {people: {unit: FTE-quarters, capacity: [0, 3, 0, 9]}}\n"

    solved = solve(HEAD + ONE + people)

    assert solved.funded("kernels") == pytest.approx([0, 0.3, 0.3, 1])


def test_money_is_carried_over_unless_the_budget_says_otherwise(solve: Solve) -> None:
    first = ONE.replace("{per_period: 5}", "{per_period: [8, 0, 2, 0], carry_over: false}")
    later = "    start: 2027Q3\n"

    assert solve(HEAD + first).money("kernels") == pytest.approx([8, 0, 2, 0])
    assert solve(HEAD + first + later).money("kernels") == pytest.approx([0, 0, 2, 0])
    carried = first.replace(", carry_over: false", "")
    assert solve(HEAD + carried + later).money("kernels") == pytest.approx([0, 0, 10, 0])


def test_the_total_is_a_ceiling_over_the_horizon(solve: Solve) -> None:
    capped = ONE.replace("{per_period: 5}", "{per_period: 5, total: 7}")

    assert solve(HEAD + capped).money("kernels") == pytest.approx([5, 2, 0, 0])


def test_a_total_above_the_releases_changes_nothing(solve: Solve) -> None:
    """Also not for `most_for_one`, which is of what there is: a quarter of 20, not of 1000."""
    generous = ONE.replace("{per_period: 5}", "{per_period: 5, total: 1000}")

    solved = solve(HEAD + generous, "{name: careful, most_for_one: 0.25}")

    assert solved.money("kernels") == pytest.approx([5, 0, 0, 0])


def test_what_must_be_funded_is_at_the_end_and_a_harm_as_late_as_can_be(solve: Solve) -> None:
    harmful = ONE.replace("compute: 10", "compute: 0.1")

    free, held = solve(HEAD + harmful), solve(HEAD + harmful + "    must: true\n")

    assert free.spend == 0
    # 5 a quarter carry over, so all of it can wait for the last, of which it spoils a quarter of the value.
    assert held.money("kernels") == pytest.approx([0, 0, 0, 10])
    assert held.objective == pytest.approx(-1 / 4)


def test_what_must_never_be_funded_is_not_nor_what_waits_for_it(solve: Solve) -> None:
    text = HEAD + TWO + "    requires: [kernels]\n" + SCALE
    banned = text.replace("compute: 10}", "compute: 10}\n    never: true")

    solved = solve(banned)

    assert solved.funded("kernels") == solved.funded("agents") == [0, 0, 0, 0]
    assert solved.funded("cluster") == pytest.approx([1, 1, 1, 1])


@pytest.mark.parametrize("key", ["requires", "after"])
def test_a_successor_is_funded_only_as_far_as_what_it_waits_for(key: str, solve: Solve) -> None:
    """10 buys a half of each: 0.5 · 1 + 0.5 · 3 OOM, against 1 for all of the first."""
    solved = solve(HEAD + TWO + f"    {key}: [kernels]\n")

    assert solved.funded("kernels") == pytest.approx([0.5] * 4)
    assert solved.funded("agents") == pytest.approx([0.5] * 4)
    assert solved.objective == pytest.approx(2)


def test_a_failure_voids_what_requires_it_and_not_what_comes_after_it(solve: Solve) -> None:
    risky = TWO.replace("per_period: [10, 0, 0, 0]", "per_period: 20").replace("effects: {compute: 10}", "success: 0.1")

    assert solve(HEAD + risky + "    after: [kernels]\n").objective == pytest.approx(3)
    assert solve(HEAD + risky + "    requires: [kernels]\n").objective == pytest.approx(0.3)


def test_an_enabler_is_funded_for_what_it_enables(solve: Solve) -> None:
    """A chain of three of which only the last does anything."""
    chain = (
        TWO.replace("per_period: [10, 0, 0, 0]", "per_period: [15, 0, 0, 0]")
        .replace("    effects: {compute: 10}\n", "    requires: [survey]\n")
        .replace("initiatives:\n", "initiatives:\n  survey: {path: product, source: judgement, cost: 10}\n")
    )

    solved = solve(HEAD + chain + "    requires: [kernels]\n")

    assert [solved.funded(id)[-1] for id in ("survey", "kernels", "agents")] == pytest.approx([0.5] * 3)


def test_no_initiative_gets_more_than_the_gambit_s_part_of_the_budget(solve: Solve) -> None:
    solved = solve(HEAD + TWO, "{name: careful, most_for_one: 0.4}")

    assert solved.money("agents") == pytest.approx([4, 0, 0, 0])
    assert solved.money("kernels") == pytest.approx([4, 0, 0, 0])


def test_shares_are_of_the_money_on_the_paths_that_they_name(solve: Solve) -> None:
    """With 12 for all, a cluster of 10 that is worth less takes what the shares leave."""
    text = HEAD + TWO.replace("per_period: [10, 0, 0, 0]", "per_period: 5") + SCALE

    solved = solve(text, "{name: incumbent, shares: {architect: 0.7, alchemist: 0.3}}")

    architect, alchemist = sum(solved.money("kernels")), sum(solved.money("agents"))
    # All of the architect's 10, so 10 · 3/7 of the alchemist's, and the rest for the cluster.
    assert architect == pytest.approx(10)
    assert alchemist == pytest.approx(30 / 7)
    assert sum(solved.money("cluster")) == pytest.approx(20 - 100 / 7)


@pytest.mark.parametrize(
    ("shares", "architect"),
    [
        ("{architect: [0.2, 0.6]}", 0.2),
        ("{architect: {min: 0.3}}", 0.3),
        ("{alchemist: [0, 0.55]}", 0.45),
        ("{architect: 0.5, alchemist: 0.5}", 0.5),
        ("{}", 0.0),
    ],
)
def test_a_share_may_be_a_number_a_band_or_a_minimum(shares: str, architect: float, solve: Solve) -> None:
    """The alchemist's is worth three times as much, so the architect's gets the least that it may."""
    solved = solve(HEAD + TWO, f"{{name: banded, shares: {shares}}}")

    assert sum(solved.money("kernels")) / solved.spend == pytest.approx(architect)
    assert solved.spend == pytest.approx(10)


def test_a_tolerance_widens_a_share(solve: Solve) -> None:
    solved = solve(HEAD + TWO, "{name: wide, shares: {architect: 0.5, alchemist: 0.5}, tolerance: 0.1}")

    assert sum(solved.money("kernels")) / solved.spend == pytest.approx(0.4)


def test_shares_that_cannot_be_met_leave_their_paths_without_money(solve: Solve) -> None:
    """No alchemist, so 30 % of nothing is all that 70 % of nothing allows; other paths are free."""
    solved = solve(HEAD + ONE + SCALE, "{name: incumbent, shares: {architect: 0.7, alchemist: 0.3}}")

    assert solved.funded("kernels") == [0, 0, 0, 0]
    assert solved.funded("cluster") == pytest.approx([0.5, 1, 1, 1])


def test_a_gambit_may_fund_some_paths_only(solve: Solve) -> None:
    solved = solve(HEAD + TWO + SCALE, "{name: compute-only, only: [scale]}")

    assert solved.spend == pytest.approx(10)
    assert solved.funded("cluster") == pytest.approx([1] * 4)


def test_returns_diminish_by_a_power(solve: Solve) -> None:
    quarter = ONE.replace("per_period: 5", "per_period: [2.5, 0, 0, 0]")

    solved = solve(HEAD + quarter + "    response: 0.5\n")

    assert solved.optimum.progress.tolist() == [pytest.approx([0.5] * 4)]
    assert solved.objective == pytest.approx(0.5)


def test_returns_diminish_along_a_line_with_corners(solve: Solve) -> None:
    """0.4 of the money lies half-way between the corners at 0.2 and 0.6."""
    some = ONE.replace("per_period: 5", "per_period: [4, 0, 0, 0]")

    solved = solve(HEAD + some + "    response: [[0.2, 0.5], [0.6, 0.9], [1, 1]]\n")

    assert solved.objective == pytest.approx(0.7)


def test_with_diminishing_returns_the_best_split_evens_out_what_the_last_dollar_buys(solve: Solve) -> None:
    """max √a + 3√b with a + b = 1 has b = 9a."""
    text = HEAD + TWO.replace("    effects", "    response: 0.5\n    effects")

    solved = solve(text)

    assert solved.money("kernels")[0] == pytest.approx(1, abs=0.01)
    assert solved.money("agents")[0] == pytest.approx(9, abs=0.01)
    assert solved.objective == pytest.approx(math.sqrt(10), abs=1e-5)


def test_a_harm_grows_with_the_money_and_a_help_with_the_progress(solve: Solve) -> None:
    """√φ OOM gained after training and φ OOM lost at test time: best at φ = 1/4, where 1/4 OOM is left."""
    mixed = ONE.replace("per_period: 5", "per_period: 100").replace("compute: 10", "post_training: 10, test_time: 0.1")

    solved = solve(HEAD + mixed + "    response: 0.5\n")

    assert solved.funded("kernels") == pytest.approx([0.25] * 4, abs=0.01)
    assert solved.objective == pytest.approx(0.25, abs=1e-5)


def test_a_harm_cannot_be_escaped_by_making_no_progress(solve: Solve) -> None:
    """With √φ in place of φ the harm of a half would be 0.71 OOM, and of none at all 0."""
    harmful = ONE.replace("compute: 10", "compute: 0.1").replace("per_period: 5", "per_period: [0, 0, 0, 10]")

    solved = solve(HEAD + harmful + "    response: 0.5\n    must: true\n    takes: 1\n")

    assert solved.objective == pytest.approx(-1 / 4)


def test_points_are_linear_in_the_money_whatever_the_response(solve: Solve) -> None:
    points = ONE.replace("per_period: 5", "per_period: [4, 0, 0, 0]").replace("effects: {compute: 10}", "value: 5")

    solved = solve(HEAD + points + "    response: 0.5\nobjective: {value: 0.1}\n")

    assert solved.objective == pytest.approx(0.1 * 5 * 0.4)


def test_what_is_worth_less_than_nothing_is_not_funded(solve: Solve) -> None:
    bad = ONE.replace("effects: {compute: 10}", "value: -1")

    solved = solve(HEAD + bad + "objective: {value: 0.1}\n")

    assert (solved.spend, solved.objective) == (0, 0)


def test_without_money_nothing_is_funded_and_that_is_the_best(solve: Solve) -> None:
    solved = solve(HEAD + ONE.replace("per_period: 5", "per_period: 0"))

    assert (solved.spend, solved.objective) == (0, 0)
    assert solved.optimum.ending is Ending.OPTIMAL


WITHOUT_MONEY = {
    "no budget at all": (ONE.replace("per_period: 5", "per_period: 0"), "name: free"),
    "none at first": (ONE.replace("per_period: 5", "per_period: [0, 0, 5, 5]"), "name: free"),
    "a late prerequisite": (
        ONE + "    requires: [survey]\n  survey: {path: architect, source: judgement, cost: 1, start: 2027Q3}\n",
        "name: free",
    ),
    "a prerequisite without a resource": (
        ONE + "    after: [survey]\n"
        "  survey: {path: architect, source: judgement, cost: 1, uses: {people: 1}}\n"
        "resources: {people: {unit: FTE-quarters, capacity: [0, 0, 3, 3]}}\n",
        "name: free",
    ),
    "shares that cannot be met": (ONE, "{name: incumbent, shares: {architect: 0.7, alchemist: 0.3}}"),
    "a band that cannot be met": (ONE, "{name: banded, shares: {alchemist: [0.2, 0.5]}}"),
}


@pytest.mark.parametrize("exponent", [0.9, 0.5, 0.2, 0.05])
@pytest.mark.parametrize("case", WITHOUT_MONEY)
def test_what_can_have_no_money_does_not_loosen_the_certificate(case: str, exponent: float, solve: Solve) -> None:
    """A power is steepest at 0, where no tangent holds it: without money there is no progress all the same."""
    text, gambit_text = WITHOUT_MONEY[case]
    curved = text.replace("effects:", f"response: {exponent}\n    effects:")

    optimum = solve(HEAD + curved, gambit_text).optimum

    assert optimum.ending is Ending.OPTIMAL
    assert optimum.bound - optimum.objective <= 1e-5
    assert optimum.rounds <= 40


@pytest.mark.parametrize("unit", [1e-6, 1e3, 1e9])
def test_the_unit_of_money_changes_no_fraction(unit: float, solve: Solve) -> None:
    """Dollars or billions: the solver's tolerances must mean the same."""
    text = HEAD + TWO.replace("    effects", "    response: 0.5\n    effects")
    other = text.replace("[10, 0, 0, 0]", f"[{10 * unit:g}, 0, 0, 0]").replace("cost: 10", f"cost: {10 * unit:g}")

    one, scaled = solve(text), solve(other)

    assert scaled.objective == pytest.approx(one.objective, abs=1e-6)
    assert scaled.funded("agents") == pytest.approx(one.funded("agents"), abs=2e-3)


def test_costs_and_uses_are_those_of_the_median(solve: Solve) -> None:
    """4 to 25 is 10 at its geometric mean, and so are 4 to 25 people."""
    spread = ONE.replace("cost: 10", "cost: 4 to 25") + "    uses: {people: 4 to 25}\n"
    people = "resources: {people: {unit: FTE-quarters, capacity: 4}}\n"

    solved = solve(HEAD + spread + people)

    assert solved.money("kernels") == pytest.approx([4, 4, 2, 0])
