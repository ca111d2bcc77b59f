"""Telling a record: sentences whose every figure is a value at a place in it, in a form."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from string import Formatter
from typing import Any, Final

from gambits import words
from gambits.memo.document import At, Figure, Span, Text

NOTHING: Final = "–"
"""How a figure reads that a record does not have."""

NAME: Final = "name"
"""The form of a figure that is a key: the name that an author chose for a gambit, a path, a scenario."""

_EXACT: Final = 1e-12


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _signed(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}"


def _tokens(value: float) -> str:
    return f"{value:.3g}".replace("e+", "e")


def _share(fraction: float) -> str:
    """Give a part as a percentage, saying so where it is too small to show."""
    return "under 1%" if 0 < fraction < 0.005 else words.percent(fraction)  # noqa: PLR2004  (rounds to 0 %)


def _part(hundredths: float) -> str:
    """Give a part in whole per cent; what was rounded away is there still."""
    return f"{hundredths:.0f}%" if round(hundredths) else "under 1%"


FORMS: Final[dict[str, Callable[[Any], str]]] = {
    "text": str,
    NAME: str,
    "count": _count,
    "money": words.money,
    "oom": words.oom,
    "signed": _signed,
    "fine": "{:+.4f}".format,
    "level": "{:.2f}".format,
    "tenth": "{:.1f}".format,
    "exact": "{:.6f}".format,
    "small": "{:.1e}".format,
    "plain": "{:.6g}".format,
    "percent": words.percent,
    "chance": _share,
    "part": _part,
    "multiple": words.multiple,
    "factor": words.factor,
    "flop": words.flop,
    "tokens": _tokens,
}
"""How a value reads, by the name of its form."""

_FORMATTER: Final = Formatter()
_DIGIT: Final = re.compile(r"\d")


class Absent(LookupError):
    """The record has nothing at a place."""


class Teller:
    """Turns a record into text whose figures know their place.

    Parameters
    ----------
    record
        Nested mappings and lists of numbers, text and None, as JSON has them.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = record

    def value(self, *at: str | int) -> Any:
        """Give the value at a place.

        Raises
        ------
        Absent
            If there is none.
        """
        found: Any = self.record
        for key in at:
            try:
                found = found[int(key)] if isinstance(found, list) else found[str(key)]
            except (KeyError, IndexError, TypeError, ValueError):
                raise Absent(".".join(map(str, at))) from None
        return found

    def has(self, *at: str | int) -> bool:
        """Whether there is something at a place other than None or emptiness."""
        try:
            return self.value(*at) not in (None, "", [], {})
        except Absent:
            return False

    def figure(self, at: Iterable[str | int], form: str = "text") -> Figure:
        """Make a figure of what stands at a place."""
        place = tuple(map(str, at))
        return Figure(place, form, shown(self.told(place, form), form))

    def told(self, at: At, form: str) -> Any:
        """Give what a figure tells: the value at its place, or the last key of the place where its form is ``name``.

        Raises
        ------
        Absent
            If there is no such place.
        """
        value = self.value(*at)
        return at[-1] if form == NAME else value

    def cell(self, form: str, *at: str | int, strong: bool = False) -> Text:
        """Make a figure the whole of a text, as in a table."""
        return (Span(self.figure(at, form), strong),)

    def say(self, sentence: str, **places: Sequence[str | int]) -> Text:
        """Put figures into a sentence.

        Parameters
        ----------
        sentence
            Words without a digit, ``{place:form}`` where a figure goes, and ``**`` around what is strong.
        **places
            What the first word of a place stands for; a word not given is a key of the record.
        """
        text: list[Span] = []
        strong = False
        for literal, field, form, _ in _FORMATTER.parse(sentence):
            if _DIGIT.search(literal):
                raise ValueError(f"a figure without a place: {literal!r}")
            for number, part in enumerate(literal.split("**")):
                strong = strong != (number > 0)
                if part:
                    text.append(Span(part, strong))
            if field is not None:
                first, *rest = field.split(".")
                at = (*places.get(first, (first,)), *rest)
                text.append(Span(self.figure(at, form or "text"), strong))
        return tuple(text)


def shown(value: Any, form: str) -> str:
    """Give a value in a form; nothing and no number read as a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOTHING
    return FORMS[form](value)


def is_still(value: Any, form: str, was: str) -> bool:
    """Whether a value reads as before, but for what another machine's rounding may do to the last place."""
    if shown(value, form) == was:
        return True
    if not isinstance(value, float | int) or isinstance(value, bool):
        return False
    slack = max(abs(value) * 1e-6, _EXACT)
    return any(shown(value + shift, form) == was for shift in (-slack, slack))


def listed(texts: Sequence[Text], last: str = " and ", between: str = ", ") -> Text:
    """Join texts as a sentence lists things: a, b and c."""
    found: list[Span] = []
    for number, text in enumerate(texts):
        if number:
            found.append(Span(last if number == len(texts) - 1 else between))
        found += text
    return tuple(found)
