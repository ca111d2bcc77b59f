"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambits import words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "–"),
        (0.04, "–"),
        (-0.04, "–"),
        (0.06, "0.1"),
        (3.25, "3.2"),
        (1234.56, "1,234.6"),
        (-12.34, "-12.3"),
        (-0.0, "–"),
    ],
)
def test_money_is_shown_to_a_tenth_and_what_rounds_to_nothing_as_a_dash(value: float, shown: str) -> None:
    assert words.money(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0.000"), (-0.0, "0.000"), (-0.0004, "0.000"), (0.5304, "0.530"), (-1.5, "-1.500")]
)
def test_orders_of_magnitude_are_shown_to_a_thousandth_and_never_as_minus_nothing(value: float, shown: str) -> None:
    assert words.oom(value) == shown


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({"a": 0.695, "b": 0.287, "c": 0.018}, {"a": 69, "b": 29, "c": 2}),
        ({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, {"a": 34, "b": 33, "c": 33}),
        ({"a": 0.7, "b": 0.3, "c": 0.0}, {"a": 70, "b": 30, "c": 0}),
        ({"a": 0.29, "b": 0.71}, {"a": 29, "b": 71}),  # 100 × 0.29 is a hair below 29 in floating point
        ({"a": 0.0, "b": 0.0}, {"a": 0, "b": 0}),
        ({}, {}),
    ],
)
def test_parts_of_a_whole_are_rounded_to_add_up(parts: dict[str, float], shown: dict[str, int]) -> None:
    assert words.percents(parts) == shown


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda parts: sum(parts) > 0.001))
def test_rounded_parts_add_up_to_a_hundred_and_none_is_a_whole_per_cent_off(parts: list[float]) -> None:
    whole = sum(parts)
    exact = {str(number): part / whole for number, part in enumerate(parts)}
    found = words.percents(exact)

    assert sum(found.values()) == 100
    assert all(abs(found[name] - 100 * part) < 1 + 1e-6 for name, part in exact.items())


@pytest.mark.parametrize(("value", "shown"), [(0, "0%"), (0.7, "70%"), (0.666, "67%"), (1, "100%")])
def test_fractions_are_shown_in_per_cent(value: float, shown: str) -> None:
    assert words.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1, "1.00×"),
        (5.448, "5.45×"),
        (99.99, "99.99×"),
        (100, "100×"),
        (123.4, "123×"),
        (12345.6, "12,346×"),
        (math.inf, "no factor at all"),
    ],
)
def test_factors_are_shown_to_two_or_three_digits(value: float, shown: str) -> None:
    assert words.factor(value) == shown


@pytest.mark.parametrize(("gain", "shown"), [(0, "1.00×"), (1, "10.00×"), (2.5, "316×"), (-1, "0.10×")])
def test_a_gain_in_orders_of_magnitude_is_a_factor_too(gain: float, shown: str) -> None:
    assert words.multiple(gain) == shown


@pytest.mark.parametrize(("log10", "shown"), [(27.301, "2.0e27 FLOP"), (9, "1.0e09 FLOP"), (28, "1.0e28 FLOP")])
def test_compute_is_shown_in_flop(log10: float, shown: str) -> None:
    assert words.flop(log10) == shown
