"""Choices among prerequisites in draws: what works, how far it carries, and that slopes and concavity hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gambits.forecast.draws import Draws, central_draw, draw
from gambits.forecast.fates import fates
from gambits.forecast.oracle import Forecast
from gambits.portfolio.model import Objective, Portfolio

Array = NDArray[np.float64]
Read = Callable[[str], Portfolio]
Solve = Callable[..., Any]

HEAD = """\
format: gambits/1
name: Choices
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
budget: {per_period: 30}
frontier: {law: chinchilla-2022, compute: {flop: 1e26}, unique_tokens: {count: 1e13}}
initiatives:
  a: {path: x, source: x, cost: 5, success: 0.5}
  b: {path: x, source: x, cost: 5, success: 0.6}
  c: {path: x, source: x, cost: 5, success: 0.7}
"""
OBJECTIVE = Objective(value=1.0, weights=(0.2, 0.3, 0.5))


def portfolio_with(read: Read, needs: str, more: str = "") -> Portfolio:
    """Give the portfolio with one that waits, worth 1 OOM at full progress, and more lines."""
    return read(
        f"{HEAD}  j: {{path: x, source: x, cost: 5, effects: {{post_training: 10}}, requires: {needs}}}\n{more}"
    )


def worth(draws: Draws, made: dict[str, list[float]]) -> Array:
    """Value plans by draw: progress and money of each id by period."""
    plan = np.array([made.get(id, [0.0] * 3) for id in draws.ids])
    return Forecast(draws, OBJECTIVE).project(plan, plan).value


def worked(portfolio: Portfolio, draws: Draws) -> dict[str, Array]:
    """Say in which draws each of a, b, c works, by giving each an effect of its own and looking."""
    return {id: draws.value[:, draws.ids.index(id)] for id in "abc"}


LIT = HEAD.replace("success", "value: 1, success")


@pytest.mark.parametrize(
    ("needs", "k", "share"),
    [
        ("[{any: [a, b, c]}]", 1, 1.0),
        ("[{k: 2, of: [a, b, c]}]", 2, 1.0),
        ("[{k: 2, of: [a, b, c], share: 0.5}]", 2, 0.5),
    ],
)
def test_progress_counts_up_to_a_kth_of_the_minima_over_those_that_work(
    needs: str, k: int, share: float, read: Read
) -> None:
    text = f"{LIT}  j: {{path: x, source: x, cost: 5, effects: {{post_training: 10}}, requires: {needs}}}\n"
    draws = draw(read(text), 3, "1", 200)
    plan = {"a": [0.2, 0.6, 1.0], "b": [0.4, 0.4, 0.4], "c": [0.0, 0.3, 0.9], "j": [0.5, 0.7, 0.8]}
    works = worked(read(text), draws)

    counted = np.array(
        [
            [
                min(own, sum(works[id][r] * min(plan[id][t] / share, own) for id in "abc") / k)
                for t, own in enumerate(plan["j"])
            ]
            for r in range(draws.count)
        ]
    )
    points = sum(works[id][:, np.newaxis] * np.array(plan[id]) for id in "abc")

    assert {0.0, 1.0} == set(np.concatenate(list(works.values())).tolist())
    assert worth(draws, plan) == pytest.approx((counted + points) @ np.array(OBJECTIVE.weights))


def test_a_lag_of_the_need_delays_what_counts(read: Read) -> None:
    certain = HEAD.replace(", success: 0.5", "").replace(", success: 0.6", "")
    work = "  j: {path: x, source: x, cost: 5, effects: {post_training: 10}, requires: [{any: [a, b], lag: 1}]}\n"

    assert worth(central_draw(read(certain + work), 3), {"a": [1, 1, 1], "j": [1, 1, 1]}) == pytest.approx([0.3 + 0.5])


def test_in_the_central_draw_chances_stand_for_success(read: Read) -> None:
    draws = central_draw(portfolio_with(read, "[{any: [a, b]}]"), 3)
    everything = [1.0] * 3

    assert worth(draws, {"a": everything, "j": everything}) == pytest.approx([0.5])
    assert worth(draws, {"a": everything, "b": [0.5] * 3, "j": everything}) == pytest.approx([0.5 + 0.3])
    assert worth(draws, {"a": everything, "b": everything, "j": everything}) == pytest.approx([1.0])
    assert worth(draws, {"j": everything}) == pytest.approx([0.0])


def test_who_requires_one_that_chose_rests_on_the_same_choice(read: Read) -> None:
    """l requires j; only a is funded, so where a fails l is worth nothing, though b would have worked."""
    later = "  l: {path: x, source: x, cost: 5, value: 1, requires: [j]}\n"
    draws = draw(portfolio_with(read, "[{any: [a, b]}]", later), 3, "1", 300)
    works = worked(read(LIT), draw(read(LIT), 3, "1", 300))["a"]
    everything = [1.0] * 3

    assert worth(draws, {"a": everything, "l": everything}) == pytest.approx(works)


def test_harms_and_lost_points_count_by_the_part_of_the_choice_that_works_whatever_is_funded(read: Read) -> None:
    text = f"{LIT}  j: {{path: x, source: x, cost: 5, value: -1, requires: [{{k: 2, of: [a, b, c]}}]}}\n"
    draws = draw(read(text), 3, "1", 200)
    works = worked(read(text), draws)
    part = np.minimum(1, sum(works.values()) / 2)

    assert worth(draws, {"j": [1.0] * 3}) == pytest.approx(-part)


def test_sizes_of_one_initiative_are_no_choice(read: Read) -> None:
    text = HEAD + "  s: {path: x, source: x, levels: [{cost: 2}, {cost: 4}], success: 0.5}\n"
    portfolio = read(f"{text}  j: {{path: x, source: x, cost: 5, value: 1, requires: [s]}}\n")
    found = fates(portfolio, {each.id: np.array([each.success.central]) for each in portfolio.initiatives})

    assert found.gates == ()
    assert found.alive["j"] == pytest.approx([0.5])


RICH = """\
  d: {path: x, source: x, cost: 3 to 9, response: 0.6, lag: 1, requires: [{any: [a, b]}], effects: {compute: 1.5}}
  e: {path: x, source: x, cost: 3 to 9, response: [[0.3, 0.6], [1, 1]], value: 2, requires: [{k: 2, of: [d, b, c]}]}
  f:
    path: x
    source: x
    cost: 2 to 8
    response: 0.8
    requires: [{any: [e, c], share: 0.7, lag: 1}]
    effects: {data_efficiency: 2}
  g: {path: x, source: x, cost: 4, requires: [f], effects: {post_training: 2, test_time: 0.9}, value: -1}
synergies: [{between: [f, g], effects: {post_training: 1.3}}]
overlaps: [{among: [d, g], lever: post_training, cap: 1.5}]
"""


def rich(read: Read) -> Forecast:
    text = HEAD.replace("law: chinchilla-2022, ", "") + RICH.replace(
        "{compute: 1.5}", "{compute: 1.5, post_training: 1.4}"
    )
    return Forecast(draw(read(text), 3, "3", 40), OBJECTIVE, 0.3)


def plans(forecast: Forecast, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    funded = np.sort(rng.uniform(0.05, 0.95, (len(forecast.ids), 3)), axis=1)
    return np.sqrt(funded), funded


@pytest.mark.parametrize("seed", range(8))
def test_the_value_lies_below_its_tangents_and_slopes_are_those_of_differences(seed: int, read: Read) -> None:
    forecast = rich(read)
    made, funded = plans(forecast, seed)
    other_made, other_funded = plans(forecast, seed + 100)
    here, there = forecast.evaluate(made, funded), forecast.evaluate(other_made, other_funded)

    for value, slopes, reached in (
        (here.expected, here.expected_slopes, there.expected),
        (here.tail, here.tail_slopes, there.tail),
    ):
        by_progress, by_funded = slopes
        tangent = value + (by_progress * (other_made - made)).sum() + (by_funded * (other_funded - funded)).sum()
        assert reached <= tangent + 1e-10
    step = 1e-6 * np.random.default_rng(seed).standard_normal((2, *made.shape))
    ahead = forecast.evaluate(made + step[0], funded + step[1]).expected
    back = forecast.evaluate(made - step[0], funded - step[1]).expected
    slope = (here.expected_slopes[0] * step[0]).sum() + (here.expected_slopes[1] * step[1]).sum()
    assert slope == pytest.approx((ahead - back) / 2, rel=1e-4, abs=1e-11)


# In the money.


@pytest.mark.parametrize(
    ("needs", "funded"),
    [
        ("[a]", {"a": 0.8, "j": 0.8}),
        ("[{of: a, share: 0.5}]", {"a": 0.5, "j": 1.0}),
        ("[{any: [a, b]}]", {"a": 0.8, "j": 0.8}),
        ("[{k: 2, of: [a, b, c]}]", {"a": 8 / 15, "b": 8 / 15, "j": 8 / 15}),
        ("[{k: 2, of: [a, b, c], share: 0.5}]", {"a": 0.4, "b": 0.4, "j": 0.8}),
    ],
)
def test_money_goes_to_as_many_prerequisites_as_are_needed(needs: str, funded: dict[str, float], solve: Solve) -> None:
    """8 to spend; each costs 5, and c the most by a little, so that it is the one that is left out."""
    text = HEAD.replace("per_period: 30", "per_period: [8, 0, 0]").replace(
        "c: {path: x, source: x, cost: 5", "c: {path: x, source: x, cost: 6"
    )
    for chance in (0.5, 0.6, 0.7):
        text = text.replace(f", success: {chance}", "")
    text = text.replace("b: {path: x, source: x, cost: 5", "b: {path: x, source: x, cost: 5.001")

    solved = solve(f"{text}  j: {{path: x, source: x, cost: 5, effects: {{post_training: 10}}, requires: {needs}}}\n")

    for id in ("a", "b", "c", "j"):
        assert solved.funded(id)[-1] == pytest.approx(funded.get(id, 0.0), abs=2e-3)


def test_a_lag_of_the_need_delays_the_money(solve: Solve) -> None:
    text = HEAD.replace(", success: 0.5", "").replace("per_period: 30", "per_period: [5, 5, 5]")

    for needs in ("[{of: a, lag: 2}]", "[{any: [a, b], lag: 2}]"):
        work = f"  j: {{path: x, source: x, cost: 5, effects: {{post_training: 10}}, requires: {needs}}}\n"
        solved = solve(text + work)
        assert solved.funded("a")[0] == pytest.approx(1)
        assert solved.funded("j") == pytest.approx([0, 0, 1])


def test_who_has_too_few_left_to_choose_from_can_get_nothing(solve: Solve) -> None:
    text = HEAD.replace("success: 0.5", "never: true").replace("success: 0.6", "never: true")
    work = "  j: {path: x, source: x, cost: 5, effects: {post_training: 10}, requires: [{k: 2, of: [a, b, c]}]}\n"

    assert solve(text + work).funded("j") == [0, 0, 0]
