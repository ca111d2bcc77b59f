"""What an author writes for an uncertain number, and the median that stands for it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambits.errors import InputError
from gambits.portfolio.model import Initiative, Portfolio
from gambits.quantities.estimates import Bounds, Estimate, Shape

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


@pytest.fixture(scope="module")
def survey(read: Callable[[str], Portfolio]) -> Callable[..., Initiative]:
    """Give a function that reads one initiative with some estimates in it."""

    def survey(*, cost: str = "1", success: str = "1", value: str = "1") -> Initiative:
        return read(LAB.format(cost=cost, success=success, value=value)).initiative("survey")

    return survey


@pytest.fixture(scope="module")
def refused(survey: Callable[..., Initiative]) -> Callable[..., tuple[str, str]]:
    """Give a function that reads a faulty estimate: (code, message) of its only problem."""

    def refused(**estimates: str) -> tuple[str, str]:
        with pytest.raises(InputError, match="1 problem") as caught:
            survey(**estimates)
        (problem,) = caught.value.problems
        assert problem.where.line == 11 + ["cost", "success", "value"].index(next(iter(estimates)))
        return problem.code, problem.message

    return refused


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("20", 20), ("-3", -3), ("+3", 3), (".5", 0.5), ("5.", 5), ("2e27", 2e27), ("2E+27", 2e27), ("1e-3", 0.001)],
)
def test_a_number_is_a_point(written: str, read_as: float, survey: Callable[..., Initiative]) -> None:
    value = survey(value=written).value

    assert value.shape is Shape.POINT
    assert value.central == read_as
    assert value.is_certain


@pytest.mark.parametrize("quoted", ['"20"', "'20'"])
def test_a_number_in_quotes_is_that_number(quoted: str, survey: Callable[..., Initiative]) -> None:
    assert survey(cost=quoted).cost == survey(cost="20").cost


@pytest.mark.parametrize(
    ("written", "median"),
    [("10 to 40", 20), ("30 to 55", math.sqrt(1650)), ("1e12 to 2e13", math.sqrt(2e25)), ("10   to\t40", 20)],
)
def test_the_median_of_a_positive_range_is_its_geometric_mean(
    written: str, median: float, survey: Callable[..., Initiative]
) -> None:
    cost = survey(cost=written).cost

    assert cost.shape is Shape.RANGE
    assert cost.central == pytest.approx(median, rel=1e-15)
    assert not cost.is_certain


@pytest.mark.parametrize(("written", "median"), [("-4 to 10", 3), ("0 to 10", 5), ("-9 to -1", -5)])
def test_the_median_of_a_range_that_is_not_positive_is_its_middle(
    written: str, median: float, survey: Callable[..., Initiative]
) -> None:
    assert survey(value=written).value.central == median


@given(low=st.floats(1e-300, 1e300), factor=st.floats(1, 1e8))
def test_the_median_of_a_positive_range_lies_within_it_and_never_overflows(low: float, factor: float) -> None:
    high = low * factor
    median = Estimate(Shape.RANGE, (low, high), Bounds.POSITIVE).central

    assert low * (1 - 1e-12) <= median <= high * (1 + 1e-12)
    assert math.log(median) == pytest.approx((math.log(low) + math.log(high)) / 2, abs=1e-9)


@pytest.mark.parametrize("written", ["{p10: 20, p50: 28, p90: 60}", "{p90: 60, p10: 20, p50: 28}"])
def test_the_median_of_percentiles_is_p50_in_whatever_order_they_stand(
    written: str, survey: Callable[..., Initiative]
) -> None:
    cost = survey(cost=written).cost

    assert cost.shape is Shape.PERCENTILES
    assert cost.values == (20, 28, 60)
    assert cost.central == 28


@pytest.mark.parametrize("written", ["5 to 5", "{p10: 5, p50: 5, p90: 5}"])
def test_an_estimate_of_zero_width_is_a_constant_with_a_warning(written: str, read: Callable[[str], Portfolio]) -> None:
    portfolio = read(LAB.format(cost=written, success=1, value=1))
    warnings = [(each.code, each.where.line) for each in portfolio.warnings]

    assert portfolio.initiative("survey").cost.central == pytest.approx(5, rel=1e-15)
    assert ("no-spread", 11) in warnings


def test_a_range_that_runs_downwards_is_refused_with_the_range_that_was_meant(
    refused: Callable[..., tuple[str, str]],
) -> None:
    code, message = refused(cost="40 to 10")

    assert code == "range-order"
    assert "runs downwards" in message


@pytest.mark.parametrize("written", ["{p10: 30, p50: 28, p90: 60}", "{p10: 20, p50: 61, p90: 60}"])
def test_percentiles_that_do_not_rise_are_refused(written: str, refused: Callable[..., tuple[str, str]]) -> None:
    assert refused(cost=written)[0] == "range-order"


@pytest.mark.parametrize(
    "written", ["{p10: 20, p50: 28}", "{p10: 1, p50: 2, p90: 3, p99: 4}", "{low: 1, high: 2}", "{}"]
)
def test_percentiles_are_these_three_and_no_others(written: str, refused: Callable[..., tuple[str, str]]) -> None:
    assert refused(cost=written)[0] == "not-an-estimate"


def test_a_percentile_given_twice_is_refused(refused: Callable[..., tuple[str, str]]) -> None:
    assert refused(cost="{p10: 25, p10: 20, p50: 28, p90: 60}")[0] == "key-twice"


@pytest.mark.parametrize(
    "written",
    [".nan", "nan", ".inf", "-.inf", "inf", "Infinity", "1e400", "1 to inf", "nan to 3", "{p10: 1, p50: 2, p90: .inf}"],
)
def test_what_is_not_finite_is_not_a_number(written: str, refused: Callable[..., tuple[str, str]]) -> None:
    code, message = refused(value=written)

    assert code == "not-a-number"
    assert "is not a number" in message


@pytest.mark.parametrize(
    "written", ["1_000", "1,000", "0x10", "1 000", "20 million", "$20", "20%", "10-40", "10–40", "10 TO 40", "true"]
)
def test_what_is_almost_a_number_is_refused_and_never_guessed(
    written: str, refused: Callable[..., tuple[str, str]]
) -> None:
    assert refused(cost=f'"{written}"')[0] == "not-a-number"


@pytest.mark.parametrize("written", ["0", "-1", "0 to 5", "-1 to 5", "{p10: 0, p50: 1, p90: 2}"])
def test_a_cost_is_above_zero(written: str, refused: Callable[..., tuple[str, str]]) -> None:
    code, message = refused(cost=written)

    assert code == "out-of-range"
    assert "is not above 0" in message


@pytest.mark.parametrize("written", ["0", "1", "0.5", "0.2 to 0.9", "{p10: 0.2, p50: 0.5, p90: 0.9}"])
def test_a_probability_may_be_certain_either_way(written: str, survey: Callable[..., Initiative]) -> None:
    assert 0 <= survey(success=written).success.central <= 1


@pytest.mark.parametrize("written", ["-0.1", "1.1", "0.5 to 1.5", "0 to 0.5", "{p10: 0.2, p50: 0.5, p90: 1.2}", "70"])
def test_a_probability_lies_between_zero_and_one(written: str, refused: Callable[..., tuple[str, str]]) -> None:
    code, message = refused(success=written)

    assert code == "out-of-range"
    assert "is not a probability" in message


@pytest.mark.parametrize(("written", "code"), [("[1, 2]", "wrong-type"), ("", "empty"), ('""', "empty")])
def test_an_estimate_is_neither_a_list_nor_nothing(
    written: str, code: str, refused: Callable[..., tuple[str, str]]
) -> None:
    assert refused(cost=written)[0] == code


@pytest.mark.parametrize("written", ["~", "null"])
def test_null_is_nothing(written: str, refused: Callable[..., tuple[str, str]]) -> None:
    assert refused(cost=written)[0] == "empty"


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate.point(20), "20"),
        (Estimate(Shape.RANGE, (1e12, 2e13)), "1e+12 to 2e+13"),
        (Estimate(Shape.PERCENTILES, (20, 28, 60)), "p10 20, p50 28, p90 60"),
    ],
)
def test_an_estimate_shows_as_it_was_written(estimate: Estimate, words: str) -> None:
    assert str(estimate) == words
