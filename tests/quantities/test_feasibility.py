"""Which three percentiles have a distribution: the limits of the three-term metalog, and what lies within them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gambits.errors import InputError, Problem
from gambits.portfolio.model import Portfolio
from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.quantities.quantiles import quantile

Array = NDArray[np.float64]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {{first: 2027Q1, count: 2}}
money: USD million
budget: {{per_period: 1e13}}
initiatives:
  survey:
    path: product
    source: "judgement: a guess"
    cost: {cost}
    success: {success}
    value: {value}
"""

KEY = {Bounds.POSITIVE: "cost", Bounds.PROBABILITY: "success", Bounds.ANY: "value"}
"""A key of an initiative whose estimate has these bounds."""

EVERYWHERE = np.concatenate([np.logspace(-9, -2, 400), np.linspace(0.01, 0.99, 1961), 1 - np.logspace(-2, -9, 400)])
"""Probabilities, dense in both tails."""

# Outer percentiles of each kind of quantity: narrow, wide, and near a bound.
OUTER = [
    (Bounds.ANY, -3.0, 5.0),
    (Bounds.ANY, 0.25, 0.61),
    (Bounds.POSITIVE, 20.0, 60.0),
    (Bounds.POSITIVE, 1e9, 3e13),
    (Bounds.PROBABILITY, 0.2, 0.9),
    (Bounds.PROBABILITY, 0.001, 0.02),
    (Bounds.PROBABILITY, 0.9, 0.9999),
]


def percentiles(p10: float, p50: float, p90: float, bounds: Bounds) -> Estimate:
    return Estimate(Shape.PERCENTILES, (p10, p50, p90), bounds)


def limits(p10: float, p90: float, bounds: Bounds) -> tuple[float, float]:
    found = percentiles(p10, p10, p90, bounds).middle_limits
    assert found is not None
    return found


def part_way(p10: float, p90: float, bounds: Bounds, part: float) -> float:
    """Go a part of the way from p10 to p90, in the coordinates without bounds."""
    estimate = percentiles(p10, p10, p90, bounds)
    start, end = estimate.unbounded(p10), estimate.unbounded(p90)
    return estimate.bounded(start + part * (end - start))


def density_is_positive(p10: float, p50: float, p90: float, bounds: Bounds) -> bool:
    """Look at the slope of Keelin's quantile function, as he writes it, in the coordinates without bounds.

    M(y) = a1 + a2 ln(y/(1−y)) + a3 (y − ½) ln(y/(1−y)), with a1, a2, a3 from three linear equations.
    """
    coordinate: Callable[[Array], Array] = {
        Bounds.ANY: lambda x: x,
        Bounds.POSITIVE: np.log,
        Bounds.PROBABILITY: lambda x: np.log(x / (1 - x)),
    }[bounds]
    y = np.array([0.1, 0.5, 0.9])
    logit = np.log(y / (1 - y))
    terms = np.column_stack([np.ones(3), logit, (y - 0.5) * logit])
    _, a2, a3 = np.linalg.solve(terms, coordinate(np.array([p10, p50, p90])))
    odds = EVERYWHERE * (1 - EVERYWHERE)
    slope = a2 / odds + a3 * ((EVERYWHERE - 0.5) / odds + np.log(EVERYWHERE / (1 - EVERYWHERE)))
    return bool((slope > 0).all())


@pytest.mark.parametrize(("bounds", "p10", "p90"), OUTER)
def test_the_limits_are_where_the_density_stops_being_positive(bounds: Bounds, p10: float, p90: float) -> None:
    for part in (0.1667, 0.3, 0.5, 0.7, 0.8333):
        assert density_is_positive(p10, part_way(p10, p90, bounds, part), p90, bounds)
    for part in (0.05, 0.1664, 0.8336, 0.95):
        assert not density_is_positive(p10, part_way(p10, p90, bounds, part), p90, bounds)
    low, high = limits(p10, p90, bounds)
    assert low == pytest.approx(part_way(p10, p90, bounds, 0.16658), rel=1e-3)
    assert high == pytest.approx(part_way(p10, p90, bounds, 1 - 0.16658), rel=1e-3)


@pytest.mark.parametrize(
    "estimate", [Estimate.point(3), Estimate(Shape.RANGE, (1, 5)), Estimate(Shape.RANGE, (1, 5), Bounds.POSITIVE)]
)
def test_only_percentiles_have_limits(estimate: Estimate) -> None:
    assert estimate.middle_limits is None


@pytest.mark.parametrize("bounds", list(Bounds))
@given(value=st.floats(1e-6, 1 - 1e-6))
def test_a_value_comes_back_from_the_coordinates_without_bounds(bounds: Bounds, value: float) -> None:
    estimate = Estimate.point(value, bounds)

    assert estimate.bounded(estimate.unbounded(value)) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("bounds", list(Bounds))
@given(data=st.data())
def test_percentiles_within_the_limits_have_a_distribution_that_hits_them_and_only_rises(
    bounds: Bounds, data: st.DataObject
) -> None:
    lowest, highest = {
        Bounds.ANY: (-1e3, 1e3),
        Bounds.POSITIVE: (1e-3, 1e13),
        Bounds.AMOUNT: (1e-3, 1e13),
        Bounds.PROBABILITY: (1e-4, 0.9999),
    }[bounds]
    p10, p90 = sorted(data.draw(st.tuples(st.floats(lowest, highest), st.floats(lowest, highest))))
    assume(p90 - p10 > 1e-3 * max(abs(p10), abs(p90)))
    p50 = part_way(p10, p90, bounds, data.draw(st.floats(0.167, 0.833)))
    estimate = percentiles(p10, p50, p90, bounds)

    values = quantile(estimate, EVERYWHERE)

    assert quantile(estimate, np.array([0.1, 0.5, 0.9])) == pytest.approx([p10, p50, p90], rel=1e-9, abs=1e-9)
    # In coordinates, where neighbours do not run together at a bound.
    assert (np.diff(values) >= -1e-12 * np.abs(values[1:])).all()
    assert values[0] < values[len(values) // 2] < values[-1]
    if bounds is not Bounds.ANY:
        assert (values > 0).all()
    if bounds is Bounds.PROBABILITY:
        assert (values <= 1).all()


@pytest.fixture(scope="module")
def read_as(read: Callable[[str], Portfolio]) -> Callable[..., Estimate]:
    """Give a function that reads three percentiles as an author writes them, where a quantity has some bounds."""

    def read_as(bounds: Bounds, p10: object, p50: object, p90: object) -> Estimate:
        written = {"cost": "1", "success": "1", "value": "1"}
        written[KEY[bounds]] = f"{{p10: {p10}, p50: {p50}, p90: {p90}}}"
        found = read(LAB.format(**written)).initiative("survey")
        return getattr(found, KEY[bounds])  # type: ignore[no-any-return]

    return read_as


@pytest.fixture(scope="module")
def refusal(read_as: Callable[..., Estimate]) -> Callable[..., Problem]:
    """Give a function that gives the only problem of three percentiles."""

    def refusal(*percentiles: object) -> Problem:
        with pytest.raises(InputError, match="1 problem in the input") as caught:
            read_as(*percentiles)
        (problem,) = caught.value.problems
        return problem

    return refusal


@pytest.mark.parametrize(("bounds", "p10", "p90"), OUTER)
def test_percentiles_just_within_the_limits_are_read_and_just_outside_refused(
    bounds: Bounds, p10: float, p90: float, read_as: Callable[..., Estimate], refusal: Callable[..., Problem]
) -> None:
    for part in (0.1667, 0.8333):
        p50 = part_way(p10, p90, bounds, part)
        assert read_as(bounds, p10, p50, p90).central == p50
    for part, side in ((0.1664, "p10"), (0.8336, "p90")):
        problem = refusal(bounds, p10, part_way(p10, p90, bounds, part), p90)
        assert problem.code == "too-skewed"
        assert f"`initiatives.survey.{KEY[bounds]}`: no distribution fits: p50 is too near {side}" in problem.message
        assert re.fullmatch(r"write a p50 between \S+ and \S+, or other outer percentiles", problem.fix)


def offered(problem: Problem) -> tuple[float, float]:
    found = re.search(r"between (\S+) and (\S+),", problem.fix)
    assert found is not None
    return float(found[1]), float(found[2])


@pytest.mark.parametrize(("bounds", "p10", "p90"), OUTER)
def test_what_lies_between_the_two_numbers_of_the_mend_is_read(
    bounds: Bounds, p10: float, p90: float, read_as: Callable[..., Estimate], refusal: Callable[..., Problem]
) -> None:
    low, high = offered(refusal(bounds, p10, p10, p90))
    middle = math.sqrt(low * high) if bounds is Bounds.POSITIVE else (low + high) / 2

    assert read_as(bounds, p10, middle, p90).central == middle
    assert (low, high) == pytest.approx(limits(p10, p90, bounds), rel=1e-3)


def test_the_two_numbers_of_the_mend_are_read_themselves(
    read_as: Callable[..., Estimate], refusal: Callable[..., Problem]
) -> None:
    for bounds, p10, p90 in OUTER:
        for p50 in offered(refusal(bounds, p10, p10, p90)):
            assert read_as(bounds, p10, p50, p90).central == p50


@pytest.mark.parametrize("p90", ["1", "1.0"])
def test_a_percentile_of_a_probability_that_is_1_is_refused_in_its_own_words(
    p90: str, refusal: Callable[..., Problem]
) -> None:
    problem = refusal(Bounds.PROBABILITY, 0.2, 0.5, p90)

    assert problem.code == "out-of-range"
    assert "a percentile of a probability is 1" in problem.message
    assert problem.fix == "write percentiles below 1"


@pytest.mark.parametrize(("bounds", "value"), [(Bounds.ANY, -2), (Bounds.POSITIVE, 7), (Bounds.PROBABILITY, 1)])
def test_three_equal_percentiles_are_a_constant_and_have_no_skew_to_refuse(
    bounds: Bounds, value: float, read_as: Callable[..., Estimate]
) -> None:
    estimate = read_as(bounds, value, value, value)

    assert estimate.is_certain
    assert quantile(estimate, EVERYWHERE) == pytest.approx(value)


@pytest.mark.parametrize(("p10", "p50"), [(5, 5), (5, 9)])
def test_two_equal_percentiles_are_too_skewed(p10: float, p50: float, refusal: Callable[..., Problem]) -> None:
    assert refusal(Bounds.POSITIVE, p10, p50, 9).code == "too-skewed"
