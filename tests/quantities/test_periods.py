"""Years, quarters and months: their names, their order, their length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambits.quantities.periods import Period, Periods, Unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [("2027", Unit.YEAR), ("2027Q1", Unit.QUARTER), ("2027-01", Unit.MONTH), (" 2027Q4 ", Unit.QUARTER)],
)
def test_a_name_says_its_unit(text: str, unit: Unit) -> None:
    assert Period.parse(text).unit is unit


@pytest.mark.parametrize(
    "text",
    ["2027Q0", "2027Q5", "2027-00", "2027-13", "2027-1", "27", "2027q1", "Q1 2027", "2027-01-01", "2027.0", "soon"],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Period.parse(text)


@pytest.mark.parametrize(
    ("first", "count", "names"),
    [
        ("2027", 3, ("2027", "2028", "2029")),
        ("2027Q3", 4, ("2027Q3", "2027Q4", "2028Q1", "2028Q2")),
        ("2027-11", 4, ("2027-11", "2027-12", "2028-01", "2028-02")),
    ],
)
def test_periods_follow_each_other_over_the_turn_of_the_year(first: str, count: int, names: tuple[str, ...]) -> None:
    assert Periods(Period.parse(first), count).names == names


@given(
    st.sampled_from(list(Unit)).flatmap(
        lambda unit: st.builds(Period, st.just(unit), st.integers(1000 * unit.value, 9999 * unit.value))
    )
)
def test_a_name_reads_back_as_its_period(period: Period) -> None:
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize(("first", "years"), [("2027", 1), ("2027Q1", 1 / 4), ("2027-01", 1 / 12)])
def test_a_period_knows_its_length_in_years(first: str, years: float) -> None:
    assert Periods(Period.parse(first), 5).years == years


@pytest.mark.parametrize(("text", "position"), [("2027Q1", 0), ("2028Q1", 4), ("2026Q4", -1)])
def test_positions_count_from_the_first_period(text: str, position: int) -> None:
    assert Periods(Period.parse("2027Q1"), 8).position(Period.parse(text)) == position


def test_a_period_of_another_unit_has_no_position() -> None:
    with pytest.raises(ValueError, match="2027 is not a quarter"):
        Periods(Period.parse("2027Q1"), 8).position(Period.parse("2027"))
