"""Random numbers that belong to names, and the distributions that estimates stand for."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from gambits.forecast.sampling import reordered, stratified, stream
from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.quantities.quantiles import quantile

Array = NDArray[np.float64]

KEYS = ("initiatives.play.cost", "initiatives.play.success", "initiatives.plays.cost", "frontier.law")


def interval(low: float, high: float, bounds: Bounds = Bounds.ANY) -> Estimate:
    return Estimate(Shape.RANGE, (low, high), bounds)


def percentiles(*values: float, bounds: Bounds = Bounds.ANY) -> Estimate:
    return Estimate(Shape.PERCENTILES, values, bounds)


# Streams.


def test_a_stream_belongs_to_its_seed_and_key() -> None:
    first = {(seed, key): tuple(stream(seed, key).random(3)) for seed in ("1", "2", "1/fresh") for key in KEYS}

    assert len(set(first.values())) == len(first)
    assert first["1", KEYS[0]] == tuple(stream("1", KEYS[0]).random(3))


@pytest.mark.parametrize("count", [1, 2, 7, 100, 4096])
def test_there_is_one_uniform_in_each_stratum(count: int) -> None:
    uniforms = stratified("2027", KEYS[0], count)

    assert sorted(np.floor(uniforms * count)) == list(range(count))
    assert ((uniforms > 0) & (uniforms < 1)).all()


def test_a_million_uniforms_have_finite_quantiles() -> None:
    uniforms = stratified("2027", KEYS[0], 10**6)

    assert np.isfinite(quantile(interval(-1, 1), uniforms[[uniforms.argmin(), uniforms.argmax()]])).all()
    assert np.array_equal(np.sort(np.floor(uniforms * 10**6)), np.arange(10**6))


def test_uniforms_are_in_no_order_and_keys_know_nothing_of_each_other() -> None:
    """A Latin hypercube: neither draw number nor another key says anything about a uniform."""
    count = 4000
    columns = [stratified("2027", key, count) for key in KEYS]
    columns += [np.arange(count, dtype=float), stratified("2028", KEYS[0], count)]

    for one, other in combinations(columns, 2):
        # Four standard errors of a rank correlation.
        assert abs(stats.spearmanr(one, other).statistic) < 4 / math.sqrt(count)


def test_within_its_stratum_a_uniform_lies_anywhere() -> None:
    count = 4000
    inside = np.mod(stratified("2027", KEYS[0], count) * count, 1)

    assert stats.kstest(inside, "uniform").pvalue > 0.001


def test_the_same_seed_key_and_count_give_the_same_bits() -> None:
    assert np.array_equal(stratified("7", KEYS[1], 500), stratified("7", KEYS[1], 500))


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=30), st.integers(0, 5))
def test_reordered_uniforms_are_the_same_numbers_in_the_ranks_of_luck(luck: list[float], seed: int) -> None:
    uniforms = stratified(str(seed), "key", len(luck))
    found = reordered(uniforms, np.array(luck))

    assert sorted(found) == sorted(uniforms)
    for (one, first), (other, second) in combinations(zip(luck, found, strict=True), 2):
        if one != other:
            assert (one < other) == (first < second)


# What a range stands for.


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        (30, 55, Bounds.POSITIVE),
        (1e12, 2e13, Bounds.POSITIVE),
        (1.2, 2.0, Bounds.ANY),
        (-4, 10, Bounds.ANY),
        (0, 10, Bounds.ANY),
        (-9, -1, Bounds.ANY),
        (0.2, 0.6, Bounds.PROBABILITY),
    ],
)
def test_a_range_runs_from_the_5th_to_the_95th_percentile_and_its_median_is_central(
    low: float, high: float, bounds: Bounds
) -> None:
    estimate = interval(low, high, bounds)
    found = quantile(estimate, np.array([0.05, 0.5, 0.95]))

    assert found == pytest.approx([low, estimate.central, high], rel=1e-12, abs=1e-12)


def test_nine_draws_in_ten_lie_within_the_range() -> None:
    values = quantile(interval(30, 55, Bounds.POSITIVE), stratified("1", "key", 1000))

    assert np.mean((values >= 30) & (values <= 55)) == pytest.approx(0.9, abs=0.002)
    assert np.mean(values < 30) == pytest.approx(0.05, abs=0.001)


def test_a_positive_range_is_log_normal() -> None:
    values = quantile(interval(10, 40), stratified("1", "key", 5000))
    logs = np.log(values)

    assert (values > 0).all()
    assert logs.mean() == pytest.approx(math.log(20), abs=1e-3)
    assert logs.std() == pytest.approx(math.log(2) / stats.norm.ppf(0.95), rel=1e-2)
    assert stats.kstest((logs - math.log(20)) * stats.norm.ppf(0.95) / math.log(2), "norm").pvalue > 0.99


@pytest.mark.parametrize(("low", "high"), [(-4.0, 10.0), (0.0, 10.0), (-9.0, -1.0)])
def test_a_range_that_is_not_positive_is_normal(low: float, high: float) -> None:
    values = quantile(interval(low, high), stratified("1", "key", 5000))

    assert values.mean() == pytest.approx((low + high) / 2, abs=1e-2)
    assert values.std() == pytest.approx((high - low) / 2 / stats.norm.ppf(0.95), rel=1e-2)
    assert stats.skew(values) == pytest.approx(0, abs=0.02)


def test_a_probability_stops_at_1() -> None:
    values = quantile(interval(0.7, 0.99, Bounds.PROBABILITY), stratified("1", "key", 5000))

    assert values.max() == 1
    assert values.min() > 0
    # What would lie above 1 lies at 1; the rest stays where it was.
    unbounded = quantile(interval(0.7, 0.99, Bounds.POSITIVE), stratified("1", "key", 5000))
    assert np.array_equal(values, np.minimum(unbounded, 1))


def test_a_tiny_probability_is_drawn_as_it_is() -> None:
    values = quantile(interval(1e-6, 1e-5, Bounds.PROBABILITY), stratified("1", "key", 1000))

    assert ((values > 1e-8) & (values < 1e-3)).all()


# What three percentiles stand for.


@pytest.mark.parametrize(
    "estimate",
    [
        percentiles(-3, 0, 5),
        percentiles(-3, 1, 5),
        percentiles(20, 28, 60, bounds=Bounds.POSITIVE),
        percentiles(1e9, 1e11, 3e13, bounds=Bounds.POSITIVE),
        percentiles(0.2, 0.5, 0.9, bounds=Bounds.PROBABILITY),
        percentiles(1e-6, 1e-5, 1e-4, bounds=Bounds.PROBABILITY),
        percentiles(0.9, 0.99, 0.999, bounds=Bounds.PROBABILITY),
    ],
    ids=str,
)
def test_three_percentiles_are_hit_and_their_bounds_kept(estimate: Estimate) -> None:
    found = quantile(estimate, np.array([0.1, 0.5, 0.9]))
    drawn = quantile(estimate, stratified("1", "key", 20_000))

    assert found == pytest.approx(estimate.values, rel=1e-12, abs=1e-12)
    shares = [np.mean(drawn < value) for value in estimate.values]
    assert shares == pytest.approx([0.1, 0.5, 0.9], abs=1e-4)
    if estimate.bounds is not Bounds.ANY:
        assert drawn.min() > 0
    if estimate.bounds is Bounds.PROBABILITY:
        assert drawn.max() < 1


def test_symmetric_percentiles_are_a_logistic_distribution() -> None:
    """A three-term metalog without skew is one."""
    uniforms = np.linspace(0.001, 0.999, 999)
    scale = 4 / (2 * math.log(9))

    assert quantile(percentiles(1, 3, 5), uniforms) == pytest.approx(stats.logistic.ppf(uniforms, 3, scale), rel=1e-12)


def test_where_percentiles_lean_draws_lean() -> None:
    uniforms = stratified("1", "key", 4000)

    assert stats.skew(quantile(percentiles(0, 2, 10), uniforms)) > 0.5
    assert stats.skew(quantile(percentiles(0, 8, 10), uniforms)) < -0.5


# What holds for every shape.

ESTIMATES = (
    Estimate.point(3),
    interval(5, 5, Bounds.POSITIVE),
    interval(2, 7),
    interval(-2, 7),
    interval(0.5, 1, Bounds.PROBABILITY),
    percentiles(2, 3, 9, bounds=Bounds.POSITIVE),
    percentiles(4, 4, 4, bounds=Bounds.POSITIVE),
    percentiles(0.2, 0.5, 0.6, bounds=Bounds.PROBABILITY),
)


@pytest.mark.parametrize("estimate", ESTIMATES, ids=str)
def test_the_value_at_one_half_is_the_central_one(estimate: Estimate) -> None:
    assert quantile(estimate, np.array([0.5]))[0] == pytest.approx(estimate.central, rel=1e-14)


@pytest.mark.parametrize("estimate", ESTIMATES, ids=str)
def test_values_rise_with_uniforms_and_keep_their_shape(estimate: Estimate) -> None:
    uniforms = np.linspace(1e-9, 1 - 1e-9, 200)
    values = quantile(estimate, uniforms)

    assert all(first <= second for first, second in pairwise(values))
    assert quantile(estimate, uniforms.reshape(20, 10)).shape == (20, 10)
    assert np.array_equal(quantile(estimate, uniforms.reshape(20, 10)).ravel(), values)


@pytest.mark.parametrize("estimate", [each for each in ESTIMATES if each.is_certain], ids=str)
def test_an_estimate_without_spread_is_a_constant(estimate: Estimate) -> None:
    values = quantile(estimate, stratified("1", "key", 50))

    assert set(values) == {estimate.central}


@given(low=st.floats(1e-12, 1e12), factor=st.floats(1.001, 1e6), scale=st.floats(1e-3, 1e3))
def test_a_positive_range_in_another_unit_gives_the_same_draws_in_that_unit(
    low: float, factor: float, scale: float
) -> None:
    uniforms = stratified("1", "key", 20)
    values = quantile(interval(low, low * factor), uniforms)
    scaled = quantile(interval(low * scale, low * factor * scale), uniforms)

    assert scaled == pytest.approx(values * scale, rel=1e-9)
