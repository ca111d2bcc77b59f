"""The track record: on histories with a planted bias it finds the bias, and on honest ones none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit, ndtr
from scipy.stats import lognorm

from gambits.ledger.calibrate import (
    LEAST,
    SUCCESS,
    Lesson,
    Pair,
    recalibrated,
    score,
    track_record,
    z_of,
)
from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.quantities.quantiles import quantile

Z95 = 1.6448536269514722


def cost(low: float, high: float) -> Estimate:
    return Estimate(Shape.RANGE, (low, high), Bounds.POSITIVE)


def costs(count: int, bias: float, spread: float, seed: int, owner: str = "Ann") -> list[Pair]:
    """Make costs whose outcomes lie ``bias`` σ above the median and scatter ``spread`` times as much as was said."""
    rng = np.random.default_rng(seed)
    found = []
    for middle, sigma in zip(rng.uniform(2, 50, count), rng.uniform(0.1, 0.6, count), strict=True):
        estimate = cost(middle * math.exp(-Z95 * sigma), middle * math.exp(Z95 * sigma))
        outcome = middle * math.exp(sigma * (bias + spread * rng.normal()))
        found.append(Pair("cost", owner, "architect", estimate, outcome))
    return found


def chances(count: int, shift: float, seed: int, owner: str = "Ann") -> list[Pair]:
    """Make chances whose log odds are too low by ``shift``."""
    rng = np.random.default_rng(seed)
    found = []
    for chance in rng.uniform(0.1, 0.9, count):
        outcome = float(rng.uniform() < expit(logit(chance) + shift))
        found.append(Pair(SUCCESS, owner, "alchemist", Estimate.point(chance, Bounds.PROBABILITY), outcome))
    return found


def test_a_planted_bias_of_costs_and_their_overconfidence_are_found() -> None:
    record = track_record(costs(600, bias=0.7, spread=1.8, seed=1))
    lesson, found = record.lessons["cost"], record.by_kind["cost"]

    assert lesson.shift == pytest.approx(0.7, abs=0.2)
    assert lesson.spread == pytest.approx(1.8, abs=0.15)
    # Of z ~ N(0.7, 1.8) the part inside ±1.645:
    inside = ndtr((Z95 - 0.7) / 1.8) - ndtr((-Z95 - 0.7) / 1.8)
    assert found.coverage == pytest.approx(inside, abs=0.05)
    assert found.bias is not None
    assert found.bias > 1.1


def test_a_planted_bias_of_chances_is_found() -> None:
    record = track_record(chances(800, shift=-0.9, seed=2))

    assert record.lessons[SUCCESS].shift == pytest.approx(-0.9, abs=0.2)
    assert record.by_kind[SUCCESS].bias == pytest.approx(-0.18, abs=0.05)
    assert record.by_kind[SUCCESS].brier is not None


def test_honest_estimates_are_left_as_they_are() -> None:
    record = track_record([*costs(600, 0.0, 1.0, 3), *chances(800, 0.0, 4)])

    assert record.lessons["cost"].shift == pytest.approx(0, abs=0.1)
    assert record.lessons["cost"].spread == pytest.approx(1, abs=0.06)
    assert record.by_kind["cost"].coverage == pytest.approx(0.9, abs=0.03)
    assert record.lessons[SUCCESS].shift == pytest.approx(0, abs=0.15)


def test_recalibrated_estimates_cover_fresh_outcomes_of_the_same_authors() -> None:
    lesson = track_record(costs(800, 0.7, 1.8, 5)).lessons["cost"]
    fresh = costs(800, 0.7, 1.8, 6)
    mended = [
        Pair(each.kind, each.owner, each.path, recalibrated(each.estimate, "cost", lesson), each.outcome)
        for each in fresh
    ]

    assert score(fresh).coverage == pytest.approx(0.58, abs=0.06)
    assert score(mended).coverage == pytest.approx(0.9, abs=0.04)
    assert score(mended).bias == pytest.approx(1, abs=0.05)


def test_recalibrated_chances_score_better_on_fresh_outcomes() -> None:
    lesson = track_record(chances(800, -0.9, 7)).lessons[SUCCESS]
    fresh = chances(800, -0.9, 8)
    mended = [Pair(SUCCESS, "", "", recalibrated(each.estimate, SUCCESS, lesson), each.outcome) for each in fresh]
    before, after = score(fresh).brier, score(mended).brier

    assert before is not None
    assert after is not None
    assert after < before - 0.02


@pytest.mark.parametrize("count", [0, 1, LEAST - 1])
def test_with_too_few_outcomes_nothing_is_said(count: int) -> None:
    record = track_record([*costs(count, 2.0, 1.0, 9), *chances(count, 2.0, 9)])

    assert record.lessons == {}
    assert record.lesson("cost", "Ann") is None
    for found in record.by_kind.values():
        assert not found.is_enough
        assert (found.brier, found.coverage, found.bias) == (None, None, None)


def test_shrinkage_is_as_if_so_many_outcomes_had_come_as_forecast() -> None:
    pairs = costs(20, 1.0, 1.0, 10)
    z = np.array([z_of(each.estimate, each.outcome) for each in pairs])
    for strength in (0.5, 10.0, 1000.0):
        lesson = track_record(pairs, strength).lessons["cost"]
        assert lesson.shift == pytest.approx(z.sum() / (20 + strength), abs=1e-9)
    assert track_record(pairs, 1e9).lessons["cost"].spread == pytest.approx(1, abs=1e-6)


def test_the_shift_of_chances_is_the_likeliest_one() -> None:
    """An independent route: maximise the penalised likelihood with SciPy."""
    pairs = chances(40, -0.5, 11)
    place = logit(np.array([each.estimate.central for each in pairs]))
    outcomes = np.array([each.outcome for each in pairs])

    def loss(shift: float) -> float:
        def entropy(y: np.ndarray) -> np.ndarray:
            return y * np.log(expit(place + shift)) + (1 - y) * np.log(expit(-place - shift))

        return -float(entropy(outcomes).sum() + 10 * entropy(expit(place)).mean())

    assert track_record(pairs).lessons[SUCCESS].shift == pytest.approx(minimize_scalar(loss).x, abs=1e-5)


def test_an_owner_with_a_record_is_told_from_the_rest() -> None:
    record = track_record(
        [*costs(80, 0.0, 1.0, 12, "Ann"), *costs(80, 1.5, 1.0, 13, "Bob"), *costs(3, 3.0, 1.0, 14, "Cy")]
    )
    ann, bob, cy = (record.lesson("cost", name) for name in ("Ann", "Bob", "Cy"))

    assert ann is not None
    assert bob is not None
    assert ann.shift == pytest.approx(0.1, abs=0.3)
    assert bob.shift == pytest.approx(1.4, abs=0.3)
    assert cy == record.lessons["cost"]
    assert set(record.by_owner) == {"Ann", "Bob", "Cy"}
    assert not record.by_owner["Cy"]["cost"].is_enough


@given(
    low=st.floats(0.1, 50),
    factor=st.floats(1.05, 30),
    shift=st.floats(-1.5, 1.5),
    spread=st.floats(0.3, 3),
)
def test_a_range_stays_log_normal(low: float, factor: float, shift: float, spread: float) -> None:
    found = recalibrated(cost(low, low * factor), "cost", Lesson(shift, spread))
    sigma = math.log(factor) / (2 * Z95)
    by_scipy = lognorm(s=sigma * spread, scale=low * math.sqrt(factor) * math.exp(shift * sigma))

    assert found.values == pytest.approx(tuple(by_scipy.ppf([0.05, 0.95])), rel=1e-6)


@given(
    p10=st.floats(0.1, 5),
    up=st.floats(1.2, 4),
    skew=st.floats(0.35, 0.65),
    shift=st.floats(-1, 1),
    spread=st.floats(0.5, 2),
)
def test_three_percentiles_stay_a_distribution(p10: float, up: float, skew: float, shift: float, spread: float) -> None:
    p50 = p10 * up**skew
    found = recalibrated(
        Estimate(Shape.PERCENTILES, (p10, p50, p10 * up), Bounds.POSITIVE), "effect", Lesson(shift, spread)
    )
    limits = found.middle_limits

    assert limits is not None
    assert limits[0] <= found.values[1] <= limits[1]
    assert found.values[0] < found.values[1] < found.values[2]


def test_no_lesson_changes_nothing_and_a_certain_number_has_no_spread_to_change() -> None:
    honest = recalibrated(cost(4, 9), "cost", Lesson(0.0, 1.0))
    certain = Estimate.point(7, Bounds.POSITIVE)

    assert honest.values == pytest.approx((4, 9), rel=1e-12)
    assert recalibrated(certain, "cost", Lesson(1.0, 2.0)) == certain
    assert recalibrated(Estimate.point(1, Bounds.PROBABILITY), SUCCESS, Lesson(-2.0)).values == (1.0,)


@given(z=st.floats(-5, 5))
def test_an_outcome_is_placed_where_it_lies(z: float) -> None:
    for estimate in (
        cost(2, 30),
        Estimate(Shape.PERCENTILES, (1, 3, 11), Bounds.POSITIVE),
        Estimate(Shape.RANGE, (-3, 5)),
    ):
        outcome = float(quantile(estimate, np.array([ndtr(z)]))[0])
        assert z_of(estimate, outcome) == pytest.approx(z, abs=1e-6)
    assert z_of(cost(2, 3), 1e9) == 6
    assert z_of(cost(2, 3), 1e-9) == -6
