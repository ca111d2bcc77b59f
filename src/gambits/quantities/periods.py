"""The calendar of a plan: years, quarters or months, counted from 0."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum

_NAME = re.compile(r"(?P<year>\d{4})(?:Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")


class Unit(Enum):
    """The length of a period; the value is the number of them in a year."""

    YEAR = 1
    QUARTER = 4
    MONTH = 12


@dataclass(frozen=True, slots=True)
class Period:
    """A named stretch of time; ``index`` counts units since year 0."""

    unit: Unit
    index: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read ``2027``, ``2027Q1`` or ``2027-01``.

        Raises
        ------
        ValueError
            If the text is none of these.
        """
        match = _NAME.fullmatch(text.strip())
        if match is None:
            raise ValueError(text)
        year = int(match["year"])
        if match["quarter"]:
            return cls(Unit.QUARTER, year * 4 + int(match["quarter"]) - 1)
        if match["month"]:
            return cls(Unit.MONTH, year * 12 + int(match["month"]) - 1)
        return cls(Unit.YEAR, year)

    @classmethod
    def around(cls, day: date, unit: Unit) -> Period:
        """Give the period of a length that a day lies in."""
        return cls(unit, day.year * unit.value + (day.month - 1) * unit.value // 12)

    def __str__(self) -> str:
        year, part = divmod(self.index, self.unit.value)
        match self.unit:
            case Unit.YEAR:
                return str(year)
            case Unit.QUARTER:
                return f"{year}Q{part + 1}"
            case Unit.MONTH:
                return f"{year}-{part + 1:02d}"


@dataclass(frozen=True, slots=True)
class Periods:
    """The horizon of a plan: ``count`` periods from ``first``."""

    first: Period
    count: int

    @property
    def years(self) -> float:
        """Length of one period in years."""
        return 1 / self.first.unit.value

    @property
    def names(self) -> tuple[str, ...]:
        """The periods as written in files and tables."""
        return tuple(str(Period(self.first.unit, self.first.index + k)) for k in range(self.count))

    def position(self, period: Period) -> int:
        """Count periods from the first; negative before the horizon.

        Raises
        ------
        ValueError
            If the period is of another unit.
        """
        if period.unit is not self.first.unit:
            raise ValueError(f"{period} is not a {self.first.unit.name.lower()}")
        return period.index - self.first.index
