"""Annex: the money and the people, by initiative, team and period, and who gets none."""

from __future__ import annotations

from gambits.memo.document import Block, Bullets, Chart, Column, Section, Table, Text
from gambits.memo.plots.money import allocation
from gambits.memo.sections.words import (
    initiative_at,
    last_period,
    numbers,
    paragraph,
    plan_at,
    source_of,
    this_period,
    title_of,
)
from gambits.memo.teller import Teller


def commitments(tell: Teller) -> Section | None:
    """Table what is committed in the first period, and what it takes by team."""
    ids: list[str] = tell.value("facts", "now", "ids")
    if not ids:
        return None
    first = this_period(tell)
    columns = (
        Column(tell.say("initiative")),
        Column(tell.say("owner")),
        Column(tell.say("money ({about.money})"), is_number=True),
        Column(tell.say("of its cost"), is_number=True),
    )
    rows: list[tuple[Text, ...]] = [
        (
            title_of(tell, id),
            _or_dash(tell, *initiative_at(id), "owner"),
            tell.cell("money", *plan_at(tell), "initiatives", id, "spend", tell.value("about", "now")),
            tell.cell("percent", "facts", "now", "of_cost", id),
        )
        for id in ids
    ]
    if tell.has("facts", "now", "rest"):
        amount = tell.cell("money", "facts", "now", "rest", "spend", tell.value("about", "now"))
        rows.append((_rest(tell, "now"), (), amount, ()))
    rows.append((tell.say("all"), (), tell.cell("money", "facts", "now", "money"), ()))
    blocks: list[Block] = [Table("commitments", columns, tuple(rows), has_total=True)]
    if tell.value("portfolio", "resources"):
        blocks.append(_teams(tell))
    return Section("commitments", tell.say("What {first} commits", first=first), tuple(blocks), in_annex=True)


def _teams(tell: Teller) -> Table:
    resources = list(tell.value("portfolio", "resources"))
    titles = [tell.say("{name:name} ({name.unit})", name=("portfolio", "resources", name)) for name in resources]
    columns = [Column(tell.say("team")), Column(tell.say("money ({about.money})"), is_number=True)]
    columns += [Column(title, is_number=True) for title in titles]
    rows = [
        (
            tell.cell("name", "facts", "now", "teams", team),
            tell.cell("money", "facts", "now", "teams", team, "money"),
            *(tell.cell("tenth", "facts", "now", "teams", team, "uses", name) for name in resources),
        )
        for team in tell.value("facts", "now", "teams")
    ]
    used = (tell.cell("tenth", "facts", "now", "uses", name) for name in resources)
    rows.append((tell.say("all"), tell.cell("money", "facts", "now", "money"), *used))
    note = tell.say("What each team needs in {first}.", first=this_period(tell))
    return Table("teams", tuple(columns), tuple(rows), note, has_total=True)


def money(tell: Teller) -> Section:
    """Table money by initiative and period."""
    plan = plan_at(tell)
    count = len(tell.value("about", "periods"))
    columns = [Column(tell.say("initiative")), Column(tell.say("path"))]
    columns += [Column(tell.cell("text", "about", "periods", k), is_number=True) for k in range(count)]
    columns += numbers(tell, "total", "funded")
    rows: list[tuple[Text, ...]] = []
    for id in tell.value("facts", "funded", "ids"):
        at = (*plan, "initiatives", id)
        spend = (tell.cell("money", *at, "spend", k) for k in range(count))
        total, funded = tell.cell("money", *at, "total"), tell.cell("percent", *at, "funded")
        rows.append((title_of(tell, id), tell.cell("text", *at, "path"), *spend, total, funded))
    if tell.has("facts", "funded", "rest"):
        spend = (tell.cell("money", "facts", "funded", "rest", "spend", k) for k in range(count))
        total = tell.cell("money", "facts", "funded", "rest", "total")
        rows.append((_rest(tell, "funded"), (), *spend, total, ()))
    by_period = (tell.cell("money", *plan, "spend_by_period", k) for k in range(count))
    rows.append((tell.say("all"), (), *by_period, tell.cell("money", *plan, "total_spend"), ()))
    note = tell.say(
        "{about.money}. Funded is the part of an initiative's cost that it has received by the end of {last}.",
        last=last_period(tell),
    )
    shows = tell.say(
        "Each bar is what a period spends, its parts the paths: {facts.now.money:money} {about.money} in {first}, "
        "{facts.later.money:money} after it.",
        first=this_period(tell),
    )
    picture = Chart(
        "money by period",
        tell.say("Money by period and path ({about.money})"),
        shows,
        source_of(tell),
        allocation(tell.value(*plan)),
    )
    table = Table("money", tuple(columns), tuple(rows), note, has_total=True, sums={2 + count: (2, 1 + count)})
    return Section("money", tell.say("Money by initiative and period"), (picture, table), in_annex=True)


def _rest(tell: Teller, of: str) -> Text:
    """Name the row of those who get too little each for a row of their own."""
    one = tell.value("facts", of, "rest", "count") == 1
    return tell.say(f"{{facts.{of}.rest.count:count}} {'other' if one else 'others'}, too little to show")


def unfunded(tell: Teller) -> Section:
    """Say of everyone without money why."""
    title = tell.say("Not funded")
    ids = list(tell.value("facts", "unfunded"))
    if not ids:
        return Section("unfunded", title, (paragraph(tell, "Every initiative gets money."),), in_annex=True)
    items = tuple((*title_of(tell, id), *tell.say(": {reason}.", reason=("facts", "unfunded", id))) for id in ids)
    return Section("unfunded", title, (Bullets(items),), in_annex=True)


def _or_dash(tell: Teller, *at: str) -> Text:
    return tell.cell("text", *at) if tell.has(*at) else tell.say("–")
