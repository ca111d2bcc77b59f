"""From a record to the memo: every question in the order in which a board asks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from gambits.memo.document import Document, Section
from gambits.memo.sections import evidence, gains, knowing, money, others, page, past, rests, stakes, wrong
from gambits.memo.teller import Teller

SECTIONS: Final[tuple[Callable[[Teller], Section | None], ...]] = (
    page.question,
    page.recommendation,
    page.options,
    page.now,
    page.risks,
    wrong.change,
    past.since,
    others.other_side,
    money.commitments,
    money.money,
    money.unfunded,
    gains.luck,
    gains.gains,
    stakes.stakes,
    stakes.graph,
    gains.data_wall,
    others.others,
    wrong.wrong,
    wrong.rivals,
    wrong.deciding,
    rests.rests,
    knowing.knowing,
    wrong.prices,
    gains.firmness,
    past.bridge,
    past.bound,
    evidence.assumptions,
    evidence.misleading,
    evidence.certificate,
)


def compose(record: Mapping[str, Any]) -> Document:
    """Write the memo that a record bears out."""
    tell = Teller(record)
    found = (section(tell) for section in SECTIONS)
    return Document(
        title=tell.say("{about.portfolio}: the {about.gambit}'s plan"),
        subtitle=tell.say("As of {about.as_of}."),
        sections=tuple(section for section in found if section is not None),
    )
