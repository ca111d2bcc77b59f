"""Where a plan's value comes from, and how much bought compute it stands for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from gambits.analyse.contributions import contributions, matching_compute
from gambits.scaling.frontier import LN_10, effective_compute
from gambits.scaling.laws import load_law

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 30}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid: {path: architect, source: x, cost: 20, effects: {data_efficiency: 1.5}}
  twin: {path: architect, source: x, cost: 20, effects: {data_efficiency: 1.5}}
  play: {path: alchemist, source: x, cost: 20, effects: {unique_tokens: 2e13}, requires: [verifier]}
  verifier: {path: alchemist, source: x, cost: 5}
  four-bits: {path: architect, source: x, cost: 4, effects: {post_training: 1.3, compute: 0.9}}
  idle: {path: architect, source: x, cost: 4, effects: {compute: 1.2}, never: true}
"""


@pytest.fixture(scope="module")
def split(solve: Callable[..., Any]) -> Callable[[str], tuple[dict[str, float], Any, np.ndarray]]:
    """Give a function that splits the value of a text's best plan (all its money counts at once, without lags)."""

    def split(text: str) -> tuple[dict[str, float], Any, np.ndarray]:
        found = solve(text)
        parts = contributions(found.forecast, found.optimum.progress, found.optimum.funded)
        return dict(zip(found.forecast.ids, parts.tolist(), strict=True)), found, parts

    return split


def test_the_parts_add_up_to_the_expected_value(split: Callable[[str], Any]) -> None:
    parts, found, _ = split(LAB)

    assert sum(parts.values()) == pytest.approx(found.optimum.values.expected, abs=1e-14)


def test_an_enabler_and_what_gets_no_money_bring_nothing_themselves(split: Callable[[str], Any]) -> None:
    parts, found, _ = split(LAB)

    assert found.funded("verifier")[-1] > 0
    assert parts["verifier"] == 0
    assert parts["idle"] == 0


def test_twins_with_the_same_money_bring_the_same(solve: Callable[..., Any]) -> None:
    found = solve(LAB.replace("per_period: 30", "per_period: 300"))
    parts = contributions(found.forecast, found.optimum.progress, found.optimum.funded)
    by_id = dict(zip(found.forecast.ids, parts.tolist(), strict=True))

    assert by_id["hybrid"] == pytest.approx(by_id["twin"], rel=1e-12)


def test_the_parts_are_slopes_summed_as_the_whole_plan_grows(split: Callable[[str], Any]) -> None:
    """By small steps along the way from nothing to the plan, each initiative moved on its own: no slopes used."""
    _, found, parts = split(LAB)
    forecast, progress, funded = found.forecast, found.optimum.progress, found.optimum.funded
    steps = 50
    summed = np.zeros(len(parts))
    for step in range(steps):
        middle = (step + 0.5) / steps
        for i in range(len(parts)):
            ends = []
            for sign in (1, -1):
                levels = np.full((len(parts), 1), middle)
                levels[i] += sign * 0.5 / steps
                ends.append(forecast.evaluate(levels * progress, levels * funded).expected)
            summed[i] += ends[0] - ends[1]

    assert parts == pytest.approx(summed, abs=2e-5)


def test_outside_the_loss_law_a_part_is_its_own_gain(split: Callable[[str], Any]) -> None:
    text = LAB.replace("{data_efficiency: 1.5}", "{post_training: 1.5}").replace("per_period: 30", "per_period: 300")
    parts, _, _ = split(text.replace("compute: 0.9", "test_time: 1"))

    assert parts["hybrid"] == pytest.approx(math.log10(1.5), abs=1e-12)
    assert parts["four-bits"] == pytest.approx(math.log10(1.3), abs=1e-12)


def test_a_plan_of_nothing_has_parts_of_nothing(split: Callable[[str], Any]) -> None:
    parts, _, _ = split(LAB.replace("per_period: 30", "per_period: 0"))

    assert set(parts.values()) == {0}


@given(
    law=st.sampled_from(["muennighoff-2023", "besiroglu-2024"]),
    compute=st.floats(24, 28),
    tokens=st.floats(12.5, 14.5),
    gain=st.floats(0, 0.3),
)
def test_the_matching_factor_gains_exactly_as_much(law: str, compute: float, tokens: float, gain: float) -> None:
    constants = load_law(law).central
    ln_compute, ln_tokens = compute * LN_10, tokens * LN_10

    def gained(ln_factor: float) -> float:
        reached = effective_compute(constants, [ln_compute, ln_compute + ln_factor], ln_tokens).oom
        return float(reached[1] - reached[0])

    factor = matching_compute(constants, ln_compute, ln_tokens, gain)

    if gained(math.log(1e6)) < gain:
        assert math.isinf(factor)
    else:
        assert gained(math.log(factor)) == pytest.approx(gain, abs=1e-9)
        by_another_search = brentq(lambda ln_factor: gained(ln_factor) - gain, 0, math.log(1e6), xtol=1e-12)
        assert math.log(factor) == pytest.approx(by_another_search, abs=1e-6)


def test_without_a_data_wall_the_factor_is_the_gain_itself() -> None:
    law = load_law("chinchilla-2022").central

    assert matching_compute(law, 27 * LN_10, 13 * LN_10, 0.5) == pytest.approx(10**0.5, rel=1e-9)


def test_no_gain_is_matched_by_no_more_compute() -> None:
    law = load_law("muennighoff-2023").central

    assert matching_compute(law, 27 * LN_10, 13 * LN_10, 0.0) == pytest.approx(1, abs=1e-9)


def test_past_the_wall_nothing_matches_a_large_gain() -> None:
    law = load_law("muennighoff-2023").central

    assert matching_compute(law, 28 * LN_10, 13 * LN_10, 2.0) == math.inf


def test_the_example_of_the_design_is_matched() -> None:
    """At 1e27 FLOP and 15T unique tokens, 2.94× compute would be needed to match 2× data efficiency."""
    law = load_law("muennighoff-2023").central
    ln_compute, ln_tokens = math.log(1e27), math.log(15e12)
    reached = effective_compute(law, [ln_compute, ln_compute + math.log(2)], [ln_tokens, ln_tokens + math.log(2)]).oom

    factor = matching_compute(law, ln_compute, ln_tokens, float(reached[1] - reached[0]))

    assert factor == pytest.approx(2.94, abs=0.005)
