"""Estimates that are moved as a whole: what stays, how far that is, and how likely a value out there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.quantities.quantiles import quantile
from gambits.quantities.shifts import chance_beyond, distance, shift_to, shifted, spread, written

COST = Estimate(Shape.RANGE, (16, 25), Bounds.POSITIVE)
SKEWED = Estimate(Shape.PERCENTILES, (20, 28, 60), Bounds.POSITIVE)
CHANCE = Estimate(Shape.RANGE, (0.3, 0.8), Bounds.PROBABILITY)
POINTS = Estimate(Shape.RANGE, (-2, 5), Bounds.ANY)
MORE = Estimate(Shape.RANGE, (1, 4), Bounds.ANY)
FACT = Estimate.point(0.75, Bounds.PROBABILITY)
ALL = [COST, SKEWED, CHANCE, POINTS, MORE, FACT]


def test_a_quantity_moves_by_a_factor_and_keeps_its_width() -> None:
    assert shifted(COST, math.log(1.1)).values == pytest.approx((17.6, 27.5))
    assert shifted(SKEWED, math.log(2)).values == pytest.approx((40, 56, 120))


def test_a_chance_moves_in_its_odds_and_stays_a_chance() -> None:
    assert shifted(FACT, math.log(2)).central == pytest.approx(6 / 7)
    assert all(0 < value < 1 for value in shifted(CHANCE, 9).values)


def test_a_number_that_can_be_negative_moves_by_a_sum() -> None:
    assert shifted(POINTS, 1.5).values == pytest.approx((-0.5, 6.5))


def test_a_positive_range_is_log_normal_whatever_the_quantity() -> None:
    assert shifted(MORE, math.log(2)).values == pytest.approx((2, 8))


@pytest.mark.parametrize("estimate", ALL, ids=written)
@given(shift=st.floats(-1.5, 1.5))
def test_the_way_back_is_the_way_there(estimate: Estimate, shift: float) -> None:
    there = shifted(estimate, shift)

    assert distance(estimate, there) == pytest.approx(shift, abs=1e-9)
    assert shift_to(estimate, there.central) == pytest.approx(shift, abs=1e-9)
    assert shifted(there, -shift).values == pytest.approx(estimate.values, rel=1e-9)


def test_the_spread_of_a_range_is_the_sigma_of_its_normal() -> None:
    z = norm.ppf(0.95)
    assert spread(COST) == pytest.approx(math.log(25 / 16) / (2 * z))
    assert spread(POINTS) == pytest.approx(7 / (2 * z))
    assert spread(FACT) == 0


@pytest.mark.parametrize("sigmas", [-2.0, -0.5, 0.7, 1.9])
def test_the_chance_of_a_move_is_that_of_the_normal(sigmas: float) -> None:
    there = shifted(COST, sigmas * spread(COST))

    assert chance_beyond(COST, there.central) == pytest.approx(norm.cdf(-abs(sigmas)), abs=1e-9)


@pytest.mark.parametrize("estimate", [SKEWED, CHANCE, POINTS], ids=written)
@pytest.mark.parametrize("probability", [0.02, 0.3, 0.6, 0.97])
def test_the_chance_beyond_a_quantile_is_what_is_left_of_it(estimate: Estimate, probability: float) -> None:
    value = float(quantile(estimate, np.array(probability)))
    beyond = 1 - probability if value > estimate.central else probability

    assert chance_beyond(estimate, value) == pytest.approx(beyond, abs=1e-9)


def test_what_has_no_spread_has_no_chance() -> None:
    assert chance_beyond(FACT, 0.9) is None


@pytest.mark.parametrize(
    ("estimate", "text"),
    [(COST, "16 to 25"), (SKEWED, "{p10: 20, p50: 28, p90: 60}"), (FACT, "0.75"), (shifted(FACT, 0.1), "0.768")],
)
def test_an_estimate_is_written_as_it_stands_in_a_file(estimate: Estimate, text: str) -> None:
    assert written(estimate).startswith(text)
    assert len(written(estimate)) <= 30
