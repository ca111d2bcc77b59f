"""Annex: what the plan gains, from where, and in which futures."""

from __future__ import annotations

from gambits.memo.document import Block, Chart, Column, Paragraph, Section, Table, Text
from gambits.memo.plots.value import exceedance, wall
from gambits.memo.plots.value import ledger as ledger_picture
from gambits.memo.sections.words import (
    as_named,
    evidence_of,
    initiative_at,
    many_futures,
    numbers,
    paragraph,
    plan_at,
    source_of,
    title_of,
)
from gambits.memo.teller import Teller


def gains(tell: Teller) -> Section:
    """Table the gain by period, by initiative, and by scenario."""
    blocks: list[Block] = [_by_period(tell)]
    blocks.append(
        paragraph(
            tell,
            "Doing nothing new is the effective compute that the lab reaches anyway: the compute that, with no data "
            "limit, would give the same loss. It lies below the compute that is bought once unique tokens run short.",
        )
    )
    if tell.value("facts", "is_walled"):
        blocks.append(
            paragraph(
                tell,
                "No amount of bought compute gains as much as the plan on the same stock of tokens: the data wall is "
                "in the way.",
            )
        )
    elif tell.has("facts", "match"):
        blocks.append(
            paragraph(
                tell,
                "To gain as much by buying compute alone, on the same stock of tokens, the lab would have to buy "
                "{facts.match:factor} its compute.",
            )
        )
    if any(tell.value("outlook", "ledger").values()):
        blocks.append(_ledger(tell))
    blocks.append(_by_initiative(tell))
    if many_futures(tell) and len(tell.value(*plan_at(tell), "scenarios")) > 1:
        blocks.append(_by_scenario(tell))
    return Section("gains", tell.say("What it gains, and from where"), tuple(blocks), in_annex=True)


def _by_period(tell: Teller) -> Table:
    plan = plan_at(tell)
    count = len(tell.value("about", "periods"))
    columns = [Column(())] + [Column(tell.cell("text", "about", "periods", k), is_number=True) for k in range(count)]

    def row(title: str, form: str, key: str) -> tuple[Text, ...]:
        return (tell.say(title), *(tell.cell(form, *plan, key, k) for k in range(count)))

    rows = (
        row("doing nothing new (powers of ten, FLOP)", "level", "baseline"),
        row("gain of the plan (OOM)", "oom", "gain"),
        row("as if compute were multiplied by", "multiple", "gain"),
    )
    return Table("gain by period", tuple(columns), rows)


def _by_initiative(tell: Teller) -> Table:
    plan = plan_at(tell)
    columns = (
        Column(tell.say("initiative")),
        Column(tell.say("path")),
        Column(tell.say("OOM"), is_number=True),
        Column(tell.say("its evidence")),
    )
    rows = tuple(
        (
            title_of(tell, id),
            tell.cell("text", *initiative_at(id), "path"),
            tell.cell("oom", *plan, "initiatives", id, "contribution"),
            evidence_of(tell, id),
        )
        for id in tell.value("facts", "parts")
    )
    note = tell.say(
        "Averaged as the objective weighs the periods; the parts add up to {plan.expected:oom}. Enablers bring "
        "nothing by themselves: they are funded for what they unlock.",
        plan=plan,
    )
    return Table("gain by initiative", columns, rows, note)


def _by_scenario(tell: Teller) -> Table:
    scenarios = (*plan_at(tell), "scenarios")
    columns = (
        Column(tell.say("scenario")),
        *numbers(tell, "probability", "on average (OOM)", "worst realistic (OOM)"),
    )
    rows = tuple(
        (
            tell.cell("name", *scenarios, name),
            tell.cell("percent", *scenarios, name, "probability"),
            tell.cell("oom", *scenarios, name, "expected"),
            tell.cell("oom", *scenarios, name, "cvar"),
        )
        for name in tell.value(*scenarios)
    )
    return Table("scenarios", columns, rows)


def _ledger(tell: Teller) -> Chart:
    years: dict[str, dict[str, float]] = tell.value("outlook", "ledger")
    last = list(years)[-1]
    most = max(years[last], key=lambda source: years[last][source])
    shows = tell.say(
        "Most of the gain at the end of {year:name} comes from {most:name}: {most:oom} OOM.",
        year=("outlook", "ledger", last),
        most=("outlook", "ledger", last, most),
    )
    columns = [Column(tell.say("source"))]
    columns += [Column(tell.cell("name", "outlook", "ledger", year), is_number=True) for year in years]
    rows = tuple(
        (
            tell.cell("name", "outlook", "ledger", last, source),
            *(tell.cell("oom", "outlook", "ledger", year, source) for year in years),
        )
        for source in years[last]
    )
    data = Table("ledger of gains", tuple(columns), rows)
    title = tell.say("Where the gain comes from, by source (OOM)")
    return Chart("ledger", title, shows, source_of(tell), ledger_picture(years), data)


def luck(tell: Teller) -> Section | None:
    """Draw what each option is worth from bad luck to good."""
    spreads = tell.value("spreads")
    gambit = tell.value("about", "gambit")
    if not spreads:
        return None
    shows = tell.say(
        "Read across from a chance to the line, and down to what the plan is worth at least with that chance. In "
        "{constants.interval:percent} of futures the {about.gambit}'s plan is worth between {own.p5:oom} and "
        "{own.p95:oom} OOM.",
        own=("spreads", gambit),
    )
    picture = Chart(
        "luck",
        tell.say("What each plan is worth, from bad luck to good"),
        shows,
        source_of(tell),
        exceedance(as_named(spreads), gambit),
    )
    return Section("luck", tell.say("From bad luck to good"), (picture,), in_annex=True)


def data_wall(tell: Teller) -> Section | None:
    """Draw how far the stock of tokens falls short of what the flagship wants."""
    if not tell.has("outlook", "supply"):
        return None
    supply = tell.value("outlook", "supply")
    last = ("outlook", "supply", str(len(supply) - 1))
    shows = tell.say(
        "With no end of data the flagship of {last.period} would train on {last.wanted:tokens} tokens; the stock is "
        "{last.stock:tokens} without the plan and {last.with_plan:tokens} with it, worth {last.worth:tokens} by what "
        "each token then teaches. What is missing is repeated, and teaches less each time.",
        last=last,
    )
    columns = (
        Column(tell.say("period")),
        *numbers(tell, "wanted", "stock", "with the plan's tokens", "by what they teach"),
    )
    rows = tuple(
        (
            tell.cell("text", "outlook", "supply", k, "period"),
            *(tell.cell("tokens", "outlook", "supply", k, key) for key in ("wanted", "stock", "with_plan", "worth")),
        )
        for k in range(len(supply))
    )
    data = Table("tokens", columns, rows)
    picture = Chart(
        "wall", tell.say("The data wall: tokens wanted and tokens there"), shows, source_of(tell), wall(supply), data
    )
    return Section("wall", tell.say("The data wall"), (picture,), in_annex=True)


def firmness(tell: Teller) -> Section | None:
    """Table whose funding hangs on the draws."""
    ids: list[str] = tell.value("facts", "unsteady")
    if not ids:
        return None
    stability = (*plan_at(tell), "stability")
    columns = (Column(tell.say("initiative")), *numbers(tell, "here", "funded in", "from", "to"))
    rows = tuple(
        (
            title_of(tell, id),
            tell.cell("percent", *plan_at(tell), "initiatives", id, "funded"),
            *(tell.cell("percent", *stability, id, key) for key in ("funded", "low", "high")),
        )
        for id in ids
    )
    told = Paragraph(
        tell.say(
            "Plans chosen on other draws agree with this one but for the initiatives below. Funded in is how many of "
            "those plans give it at least half its cost; from and to are the least and the most of its cost that they "
            "do."
        )
    )
    return Section(
        "firmness", tell.say("How firm the plan is"), (told, Table("firmness", columns, rows)), in_annex=True
    )
