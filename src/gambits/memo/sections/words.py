"""Turns of phrase that several sections share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gambits.memo.document import Column, Paragraph, Text
from gambits.memo.teller import Teller, listed

_SMALL: Final = 0.0005
"""A share below this is not worth a word."""


def plan_at(tell: Teller, name: str | None = None) -> tuple[str, ...]:
    """Give the place of a plan: the one that the memo recommends, unless told."""
    return ("plans", name or str(tell.value("about", "gambit")))


def initiative_at(id: str) -> tuple[str, ...]:
    """Give the place of an initiative in the portfolio."""
    return ("portfolio", "initiatives", id)


def title_of(tell: Teller, id: str) -> Text:
    """Give an initiative's title."""
    return tell.cell("text", *initiative_at(id), "title")


REFERENCES: Final = {
    "do-nothing": "nothing new",
    "compute-only": "bought compute alone",
    "current": "today's allocation",
}
"""What plans that nobody proposes are called."""


def named(tell: Teller, *at: str) -> Text:
    """Name the option whose name ends a place: a gambit as its author does, a reference in our own words."""
    return tell.say(REFERENCES.get(at[-1], "{option:name}"), option=at)


def as_named(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give options under the names that they have in text, for a picture."""
    return {REFERENCES.get(name, name): option for name, option in options.items()}


def evidence_of(tell: Teller, id: str) -> Text:
    """Say what an initiative's effects rest on, by the weakest of them."""
    return tell.cell("text", "constants", "evidence", tell.value(*initiative_at(id), "evidence"))


def titles(tell: Teller, ids: Iterable[str]) -> Text:
    """List initiatives by title; titles have commas of their own."""
    return listed([title_of(tell, id) for id in ids], "; ", "; ")


def many_futures(tell: Teller) -> bool:
    """Whether the plan was chosen over draws, not for one central future."""
    return bool(tell.value("about", "seed") is not None)


def last_period(tell: Teller) -> tuple[str | int, ...]:
    """Give the place of the name of the last period."""
    return ("about", "periods", len(tell.value("about", "periods")) - 1)


def this_period(tell: Teller) -> tuple[str | int, ...]:
    """Give the place of the name of the period whose money is committed next."""
    return ("about", "periods", tell.value("about", "now"))


def shares(tell: Teller, *plan: str) -> Text:
    """Say how a plan's money is split over paths: 70% architect and 30% alchemist."""
    found: dict[str, float] = tell.value(*plan, "shares")
    some = sorted((path for path, part in found.items() if part > _SMALL), key=lambda path: (-found[path], path))
    return listed([tell.say("{part:part} {part:name}", part=("facts", "percents", *plan, path)) for path in some])


def source_of(tell: Teller) -> Text:
    """Say where the data of a picture come from."""
    source = "Source: the plans of this memo"
    if many_futures(tell):
        source += ", {about.draws:count} futures from seed {about.seed}"
    return tell.say(f"{source}.")


def numbers(tell: Teller, *titles: str) -> tuple[Column, ...]:
    """Give columns of numbers by their titles, in our own words."""
    return tuple(Column(tell.say(title), is_number=True) for title in titles)


def paragraph(tell: Teller, sentence: str, **places: Sequence[str | int]) -> Paragraph:
    """Say a sentence as a paragraph."""
    return Paragraph(tell.say(sentence, **places))
