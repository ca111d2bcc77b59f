"""Annex: what each bet puts at stake, who answers for it, and which failures take others with them."""

from __future__ import annotations

from gambits.memo.document import Block, Chart, Column, Section, Table, Text
from gambits.memo.sections.words import initiative_at, numbers, title_of
from gambits.memo.teller import Teller, listed


def stakes(tell: Teller) -> Section | None:
    """Table the risks with their owners, and the bottlenecks of the graph."""
    blocks: list[Block] = []
    if tell.value("facts", "stakes"):
        blocks.append(_risks(tell))
    if tell.value("facts", "enablers"):
        blocks.append(_bottlenecks(tell))
    if not blocks:
        return None
    return Section("stakes", tell.say("Risks, and who answers for them"), tuple(blocks), in_annex=True)


def _risks(tell: Teller) -> Table:
    columns = (
        Column(tell.say("initiative")),
        Column(tell.say("owner")),
        *numbers(tell, "chance that it fails", "OOM that it brings"),
    )
    rows = tuple(
        (
            *_who(tell, row["id"]),
            tell.cell("chance", "facts", "stakes", k, "fails"),
            tell.cell("oom", "facts", "stakes", k, "value"),
        )
        for k, row in enumerate(tell.value("facts", "stakes"))
    )
    note = tell.say(
        "Those first whose failure is likeliest to cost most. What one brings is its part of the plan's value, "
        "averaged over futures in which it works and in which it fails."
    )
    return Table("risks", columns, rows, note)


def _bottlenecks(tell: Teller) -> Table:
    columns = (
        Column(tell.say("bottleneck")),
        Column(tell.say("owner")),
        *numbers(tell, "chance that it fails", "initiatives behind it", "OOM that would go with it"),
    )
    rows = tuple(
        (
            *_who(tell, row["id"]),
            tell.cell("chance", "facts", "enablers", k, "fails"),
            tell.cell("count", "facts", "enablers", k, "count"),
            tell.cell("oom", "facts", "enablers", k, "value"),
        )
        for k, row in enumerate(tell.value("facts", "enablers"))
    )
    note = tell.say("Where one fails, all that cannot do without it is void in that future.")
    return Table("bottlenecks", columns, rows, note)


def _who(tell: Teller, id: str) -> tuple[Text, Text]:
    at = (*initiative_at(id), "owner")
    return title_of(tell, id), tell.cell("text", *at) if tell.has(*at) else tell.say("–")


def graph(tell: Teller) -> Section | None:
    """Draw what waits for what, with what the plan funds."""
    if not tell.has("graph"):
        return None
    shows = tell.say(
        "{about.initiatives:count} initiatives in {graph.layers:count} layers, what others wait for on the left; the "
        "bar in each box is how much of it the plan funds. "
    )
    if tell.has("graph", "critical_path"):
        path = [title_of(tell, id) for id in tell.value("graph", "critical_path")]
        decides = tell.say("Funded as fast as can be, all would count in {graph.counts}; what takes longest is ")
        shows += (*decides, *listed(path, ", then "), *tell.say("."))
    columns = (Column(tell.say("initiative")), Column(tell.say("waits for")), Column(tell.say("how")))
    rows = tuple(
        (title_of(tell, edge["waits"]), title_of(tell, edge["of"]), tell.cell("text", "graph", "edges", k, "how"))
        for k, edge in enumerate(tell.value("graph", "edges"))
    )
    title = tell.say("What waits for what, and how much of it is funded")
    source = tell.say("Source: the portfolio, and the plan of this memo.")
    drawing: str = tell.value("graph", "svg")
    picture = Chart("graph", title, shows, source, drawing, Table("graph", columns, rows))
    return Section("graph", tell.say("What waits for what"), (picture,), in_annex=True)
