"""Stretches of the calendar: days, weeks, months, quarters, years."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import Final

_TEXT: Final = re.compile(r"(?P<count>\d{1,4})\s+(?P<unit>day|week|month|quarter|year)s?")
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_DAYS: Final = {"day": 1, "week": 7}
_DECEMBER: Final = 12


@dataclass(frozen=True, slots=True)
class Duration:
    """So many months, or so many days."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read ``90 days``, ``2 weeks``, ``6 months``, ``1 quarter`` or ``1 year``.

        Raises
        ------
        ValueError
            If the text is none of these.
        """
        match = _TEXT.fullmatch(text.strip())
        if match is None or int(match["count"]) == 0:
            raise ValueError(text)
        count, unit = int(match["count"]), match["unit"]
        return cls(months=count * _MONTHS.get(unit, 0), days=count * _DAYS.get(unit, 0))

    def after(self, start: date) -> date:
        """Give the day that lies this long after another; the last of the month where that has no such day."""
        month = start.month - 1 + self.months
        year = min(start.year + month // _DECEMBER, MAXYEAR - 1)
        last = calendar.monthrange(year, month % _DECEMBER + 1)[1]
        return date(year, month % _DECEMBER + 1, min(start.day, last)) + timedelta(days=self.days)

    def __str__(self) -> str:
        count, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
