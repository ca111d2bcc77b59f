"""Durations of the calendar."""

from __future__ import annotations

from datetime import date

import pytest

from gambits.quantities.durations import Duration


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1 day", date(2027, 12, 31), date(2028, 1, 1)),
        ("2 weeks", date(2027, 1, 1), date(2027, 1, 15)),
        ("1 month", date(2027, 1, 31), date(2027, 2, 28)),
        ("1 month", date(2028, 1, 31), date(2028, 2, 29)),
        ("1 quarter", date(2027, 11, 30), date(2028, 2, 29)),
        ("3  months", date(2027, 1, 1), date(2027, 4, 1)),
        ("2 years", date(2028, 2, 29), date(2030, 2, 28)),
    ],
)
def test_a_duration_leads_to_a_day(text: str, start: date, end: date) -> None:
    assert Duration.parse(text).after(start) == end


@pytest.mark.parametrize("text", ["", "month", "0 days", "1.5 years", "-1 day", "3 fortnights", "1 month 2 days"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Duration.parse(text)


def test_a_duration_is_shown_as_it_is_read() -> None:
    for text in ("1 day", "14 days", "1 month", "6 months"):
        assert str(Duration.parse(text)) == text
