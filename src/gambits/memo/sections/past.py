"""What was decided before: what moved since, what people bound themselves to, who objects."""

from __future__ import annotations

from typing import Any, Final

from gambits.memo.document import Block, Bullets, Chart, Column, Heading, Paragraph, Section, Table, Text
from gambits.memo.plots.bridge import waterfall
from gambits.memo.record import SMALL
from gambits.memo.sections.words import initiative_at, numbers, paragraph, title_of, titles
from gambits.memo.teller import Teller, listed

_MOST_EDITS: Final = 3
_SMALL: Final = 0.0005
"""Value below this rounds to nothing."""


def since(tell: Teller) -> Section | None:
    """Say on the page what moved since an older answer, and which edits moved it most."""
    if not tell.has("since"):
        return None
    moved = tell.say(
        "Since {since.against} (estimates of {since.as_of}) the plan's worth went from {since.value.old:oom} to "
        "{since.value.new:oom} OOM, and "
    )
    if tell.value("since", "total", "money_moved") >= SMALL:
        moved += tell.say("{since.total.money_moved:money} {about.money} moved. ")
    else:
        moved += tell.say("no money moved. ")
    return Section(
        "since", tell.say("What moved since last time"), (Paragraph((*moved, *_edits(tell), *_stays(tell))),)
    )


def _edits(tell: Teller) -> Text:
    lines = [k for k, line in enumerate(_lines(tell)) if line["inputs"] and abs(line["value"]) >= _SMALL][:_MOST_EDITS]
    if not lines:
        return ()
    named = [tell.say("{line.name} ({line.value:signed})", line=("since", "lines", k)) for k in lines]
    return (*tell.say("Most of it comes from "), *listed(named), *tell.say(". "))


def _stays(tell: Teller) -> Text:
    """Say what keeping the older plan would be worth."""
    if not tell.has("since", "old_plan_today"):
        return tell.say("The older plan no longer obeys the rules.")
    return tell.say("The older plan would be worth {since.old_plan_today:oom} OOM today.")


def _lines(tell: Teller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] | None = tell.value("since", "lines")
    return found or []


def bridge(tell: Teller) -> Section | None:
    """Draw and table which edit moved what."""
    if not tell.has("since"):
        return None
    blocks: list[Block] = []
    started, stopped = (tell.value("since", key) for key in ("started", "stopped"))
    if started:
        blocks.append(Paragraph((*tell.say("Newly funded: "), *titles(tell, started), *tell.say("."))))
    if stopped:
        blocks.append(Paragraph((*tell.say("Funded no more: "), *_gone(tell, stopped), *tell.say("."))))
    if _lines(tell):
        blocks += [_waterfall(tell), _bridge_table(tell)]
    else:
        blocks.append(
            paragraph(tell, "Nothing moved." if not tell.value("since", "moves") else "The edits are not told.")
        )
    return Section("bridge", tell.say("Which edit moved what"), tuple(blocks), in_annex=True)


def _gone(tell: Teller, ids: list[str]) -> Text:
    """Name initiatives that the portfolio of today may not have any more."""
    named = [
        title_of(tell, id) if tell.has(*initiative_at(id)) else tell.cell("name", "since", "moves", id) for id in ids
    ]
    return listed(named)


def _waterfall(tell: Teller) -> Chart:
    shows = tell.say(
        "From {since.value.old:oom} OOM before to {since.value.new:oom} now: each bar is what one edit added or took."
    )
    source = tell.say("Source: {since.against} and the plan of this memo; each edit by its Shapley value.")
    drawing = waterfall(tell.value("since"))
    return Chart("bridge", tell.say("From the older plan to this one, edit by edit"), shows, source, drawing)


def _bridge_table(tell: Teller) -> Table:
    columns = (Column(tell.say("edit")), *numbers(tell, "value (OOM)", "money moved ({about.money})"))
    rows: list[tuple[Text, ...]] = [
        (
            tell.cell("text", "since", "lines", k, "name"),
            tell.cell("signed", "since", "lines", k, "value"),
            tell.cell("money", "since", "lines", k, "money"),
        )
        for k in range(len(_lines(tell)))
    ]
    total = tell.cell("signed", "since", "total", "value"), tell.cell("money", "since", "total", "money_moved")
    rows.append((tell.say("all"), *total))
    note = tell.say("Lines add up. Ties are money that moves between plans of one worth, and no edit's.")
    return Table("bridge", columns, tuple(rows), note, has_total=True)


def alarms(tell: Teller) -> list[Text]:
    """Say which criteria for stopping are met, or were not measured by their day: for the first page."""
    found = []
    for k, wire in enumerate(tell.value("watched", "tripwires")):
        if wire["state"] != "holds":
            place = ("watched", "tripwires", k)
            found.append((*tell.say("**{wire.state}:** ", wire=place), *_criterion(tell, k)))
    return found


def _criterion(tell: Teller, k: int) -> Text:
    wire = ("watched", "tripwires", str(k))
    id = tell.value(*wire, "initiative")
    text = (*_named(tell, id, (*wire, "initiative")), *tell.say(" stops if {wire.metric} is ", wire=wire))
    limits = [
        tell.say(f"{side} {{wire.{side}:plain}}", wire=wire) for side in ("below", "above") if tell.has(*wire, side)
    ]
    text += (*listed(limits, " or "), *tell.say(" by {wire.by}", wire=wire))
    if tell.has(*wire, "value"):
        text += tell.say(" (now {wire.value:plain})", wire=wire)
    return text


def _named(tell: Teller, id: str, otherwise: tuple[str, ...]) -> Text:
    """Give the title of an initiative, or its id where the file splits it into parts."""
    return title_of(tell, id) if tell.has(*initiative_at(id)) else tell.cell("text", *otherwise)


def bound(tell: Teller) -> Section | None:
    """List approvals, objections, criteria for stopping, and estimates that have grown old."""
    blocks: list[Block] = []
    if tell.has("watched", "approved"):
        blocks.append(
            paragraph(
                tell,
                "Last approved under the {about.gambit}: run {watched.approved.run:count}, by {watched.approved.by} on "
                "{watched.approved.on}.",
            )
        )
    blocks += _list(tell, "Objections that stand", "dissent", _objection)
    blocks += _list(tell, "What would stop an initiative", "tripwires", _criterion_and_state)
    blocks += _list(tell, "Estimates older than they should be", "stale", _stale)
    if not blocks:
        return None
    return Section("bound", tell.say("Approvals, objections, tripwires"), tuple(blocks), in_annex=True)


def _list(tell: Teller, title: str, key: str, say: Any) -> list[Block]:
    count = len(tell.value("watched", key))
    if not count:
        return []
    return [Heading(tell.say(title)), Bullets(tuple(say(tell, k) for k in range(count)))]


def _objection(tell: Teller, k: int) -> Text:
    at = ("watched", "dissent", str(k))
    named = _named(tell, tell.value(*at, "initiative"), (*at, "initiative"))
    return (*tell.say("{each.by} on ", each=at), *named, *tell.say(": {each.text}", each=at))


def _criterion_and_state(tell: Teller, k: int) -> Text:
    return (*_criterion(tell, k), *tell.say(": {wire.state}.", wire=("watched", "tripwires", str(k))))


def _stale(tell: Teller, k: int) -> Text:
    at = ("watched", "stale", str(k))
    named = _named(tell, tell.value(*at, "initiative"), (*at, "initiative"))
    return (*named, *tell.say(": stand since {each.since}, due for review on {each.due}.", each=at))


def objections(tell: Teller) -> list[Text]:
    """Give the objections for the first page."""
    return [_objection(tell, k) for k in range(len(tell.value("watched", "dissent")))]
