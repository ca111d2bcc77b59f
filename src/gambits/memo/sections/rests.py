"""Annex: which estimates the plan rests on, and how little of a change would flip its largest bet."""

from __future__ import annotations

from typing import Any

from gambits.analyse.compare import FUNDED
from gambits.memo.document import Block, Bullets, Chart, Column, Paragraph, Section, Table, Text
from gambits.memo.plots.rests import tornado
from gambits.memo.sections.words import numbers, title_of, titles
from gambits.memo.teller import Teller


def rests(tell: Teller) -> Section | None:
    """Draw the tornado of the largest bets, and list what would flip the largest."""
    if not tell.has("sensitivity"):
        return None
    blocks: list[Block] = []
    if tell.value("sensitivity", "tornado"):
        blocks.append(_tornado(tell))
    blocks += _flips(tell)
    return Section("rests", tell.say("Which estimates it rests on"), tuple(blocks), in_annex=True)


def _tornado(tell: Teller) -> Chart:
    bars: list[dict[str, Any]] = tell.value("sensitivity", "tornado")
    shows = tell.say(
        "What the best plan would be worth if an estimate of the largest bets were known beforehand to be low, and to "
        "be high: {sensitivity.objective:oom} OOM as things stand. The widest bar is {widest.name}: from "
        "{widest.low:oom} to {widest.high:oom}.",
        widest=("sensitivity", "tornado", 0),
    )
    source = tell.say(
        "Source: plans found again in {sensitivity.draws:count} futures, each estimate known to lie at its lower and "
        "its upper tenth, work to fail or to succeed."
    )
    ends = ("low", "high", "worth where low", "worth where high", "money moved where low", "money moved where high")
    columns = (Column(tell.say("estimate")), *numbers(tell, *ends))
    rows = tuple(
        (
            tell.cell("text", "sensitivity", "tornado", k, "name"),
            *(tell.cell("tokens", "sensitivity", "tornado", k, key) for key in ("low_at", "high_at")),
            *(tell.cell("oom", "sensitivity", "tornado", k, key) for key in ("low", "high")),
            *(tell.cell("money", "sensitivity", "tornado", k, "moved", end) for end in (0, 1)),
        )
        for k in range(len(bars))
    )
    data = Table("tornado", columns, rows)
    title = tell.say("What each estimate of the largest bets moves (OOM)")
    return Chart("tornado", title, shows, source, tornado(tell.value("sensitivity")), data)


def _flips(tell: Teller) -> list[Block]:
    asked: list[str] = tell.value("sensitivity", "asked")
    if not asked:
        return []
    found = flips(tell)
    named = titles(tell, asked)
    if not found:
        firm = tell.say(": no single change within the reach of any estimate takes it across half its cost.")
        return [Paragraph((*named, *firm))]
    told = tell.say("What would take it across half its cost: ")
    return [Paragraph((*told, *named, *tell.say("."))), Bullets(tuple(found))]


def flips(tell: Teller) -> list[Text]:
    """Say which changes flip the largest bet, the likeliest first as they were found."""
    if not tell.has("sensitivity"):
        return []
    found = []
    for k, flip in enumerate(tell.value("sensitivity", "flips")):
        at = ("sensitivity", "flips", k)
        verb = "would no longer be funded" if flip["funded"] >= FUNDED else "would be funded"
        changed = tell.say(f" {verb} if {{flip.name}} were {{flip.after}} instead of {{flip.before}}", flip=at)
        chance = tell.say(" (chance {flip.chance:chance})", flip=at) if tell.has(*at, "chance") else ()
        found.append((*title_of(tell, flip["initiative"]), *changed, *chance, *tell.say(".")))
    return found
