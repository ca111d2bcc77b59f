"""What to find out before the money is split, and what knowing it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gambits.memo.document import Column, Section, Table, Text
from gambits.memo.sections.words import numbers
from gambits.memo.teller import Teller

_SMALL: Final = 0.0005
"""OOM below this round to nothing."""
_MOST: Final = 12


def knowing(tell: Teller) -> Section | None:
    """Table what to find out, in the order of what is left of its worth when it is paid for."""
    rows = _worthwhile(tell)
    if not rows:
        return None
    columns = (
        Column(tell.say("find out")),
        *numbers(tell, "worth (OOM)", "give or take", "costs ({about.money})", "worth so much money at most"),
    )
    cells = tuple(
        (
            tell.cell("text", *at, "title"),
            tell.cell("oom", *at, "evppi"),
            tell.cell("oom", *at, "standard_error"),
            tell.cell("money", *at, "cost") if tell.has(*at, "cost") else tell.say("–"),
            tell.cell("money", *at, "worth") if tell.has(*at, "worth") else tell.say("–"),
        )
        for at in rows
    )
    note = tell.say(
        "Worth is by how much the best plan on knowing the answer beats the best plan without it, on average over "
        "{information.draws:count} futures, for one who maximises the mean. Knowing everything beforehand would be "
        "worth {information.evpi:oom} OOM: nothing that is found out can be worth more. A dash under costs is a "
        "question that no pilot answers."
    )
    table = Table("knowing", columns, cells, note)
    return Section("knowing", tell.say("What to find out first"), (table,), in_annex=True)


def _worthwhile(tell: Teller) -> Sequence[tuple[str, ...]]:
    if not tell.has("information", "queue"):
        return []
    queue: list[dict[str, Any]] = tell.value("information", "queue")
    return [("information", "queue", str(k)) for k, row in enumerate(queue) if row["evppi"] >= _SMALL][:_MOST]


def first(tell: Teller) -> list[Text]:
    """Say in a line for the first page what to find out first, what that costs and what it is worth."""
    for at in _worthwhile(tell):
        if tell.has(*at, "cost") and tell.value(*at, "net") is not None and tell.value(*at, "net") > 0:
            return [
                tell.say(
                    "**Find out first:** {each.title}. It costs {each.cost:money} {about.money}, and knowing what it "
                    "tells before the rest is spent is worth {each.evppi:oom} OOM.",
                    each=at,
                )
            ]
    return []
