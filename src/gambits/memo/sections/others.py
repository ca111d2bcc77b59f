"""Annex: the case for the gambit not chosen, with its own best numbers, and where the money differs."""

from __future__ import annotations

from typing import Any, Final

from gambits.memo.document import Block, Bullets, Chart, Column, Paragraph, Section, Table, Text
from gambits.memo.plots.frontier import curve
from gambits.memo.sections.past import objections
from gambits.memo.sections.words import last_period, many_futures, numbers, plan_at, shares, title_of, titles
from gambits.memo.teller import Teller

_MOST_OBJECTIONS: Final = 2


def other_side(tell: Teller) -> Section | None:
    """Give the page's last word to those who would decide otherwise."""
    items = [_in_brief(tell, name) for name in tell.value("about", "others")]
    items += objections(tell)[:_MOST_OBJECTIONS]
    if not items:
        return None
    return Section("other-side", tell.say("The other side"), (Bullets(tuple(items)),))


def _in_brief(tell: Teller, name: str) -> Text:
    """Say what speaks for another gambit, with its own best number."""
    against = ("facts", "against", name)
    ahead: dict[str, float] = {key: tell.value(*against, key) for key in ("gain", "expected", "cvar")}
    measures = {"gain": "by the end", "expected": "on average", "cvar": "in the worst cases"}
    best = max(ahead, key=lambda key: (round(ahead[key], 9), key))
    verb = "does best" if ahead[best] > 0 else "comes nearest"
    text = tell.say(f"**For the {{against:name}}:** it {verb} {measures[best]}, ", against=against)
    text += tell.say("{best:signed} OOM against this plan", best=(*against, best))
    return text + _where_ahead(tell, name) + tell.say(". Its whole case is in the annex.")


def _where_ahead(tell: Teller, name: str) -> Text:
    at = ("facts", "against", name, "scenarios")
    ahead: dict[str, float] = tell.value(*at)
    if len(ahead) < 2:  # noqa: PLR2004  (one future is the mean)
        return ()
    best = max(sorted(ahead), key=lambda scenario: round(ahead[scenario], 9))
    return tell.say(", and most where “{best:name}” comes true ({best:signed})", best=(*at, best))


def others(tell: Teller) -> Section | None:
    """Argue for each of the other gambits as its friends would."""
    names: list[str] = tell.value("about", "others")
    blocks: list[Block] = [block for name in names for block in _case(tell, name)]
    if tell.has("free"):
        blocks.append(_price(tell))
    if tell.has("frontier"):
        blocks.append(_curve(tell))
    if names and tell.value("differences"):
        blocks.append(_differences(tell, names))
    if not blocks:
        return None
    return Section("others", tell.say("The case for the other gambit"), tuple(blocks), in_annex=True)


def _case(tell: Teller, name: str) -> list[Block]:
    other = plan_at(tell, name)
    spends = tell.say("The **{other.gambit}** would spend {other.total_spend:money} {about.money}: ", other=other)
    only = [id for id in tell.value("differences") if _more(tell, name, id)][:3]
    above = tell.say(", above all more on ") + titles(tell, only) if only else ()
    items = [
        tell.say(
            "By the end of {last} it is worth {end:oom} OOM ({here:oom} here), and {other.expected:oom} averaged over "
            "the horizon ({plan.expected:oom} here).",
            other=other,
            plan=plan_at(tell),
            last=last_period(tell),
            end=(*other, "gain", len(tell.value("about", "periods")) - 1),
            here=(*plan_at(tell), "gain", len(tell.value("about", "periods")) - 1),
        )
    ]
    if many_futures(tell):
        items.append(
            tell.say(
                "In its worst {other.tail:percent} of futures it brings {other.cvar:oom} OOM ({plan.cvar:oom} here).",
                other=other,
                plan=plan_at(tell),
            )
        )
        items += _best_scenario(tell, name)
    return [Paragraph((*spends, *shares(tell, *other), *above, *tell.say("."))), Bullets(tuple(items))]


def _more(tell: Teller, name: str, id: str) -> bool:
    there, here = (tell.value(*plan_at(tell, plan), "initiatives", id, "total") for plan in (name, None))
    return bool(there > here)


def _best_scenario(tell: Teller, name: str) -> list[Text]:
    """Say in which future the other plan does best against this one."""
    ahead: dict[str, float] = tell.value("facts", "against", name, "scenarios")
    if len(ahead) < 2:  # noqa: PLR2004  (one future is the mean)
        return []
    best = max(sorted(ahead), key=lambda scenario: round(ahead[scenario], 9))
    sentence = (
        "It is furthest ahead where “{best:name}” comes true: {best:signed} OOM."
        if ahead[best] > 0
        else "It is ahead in no scenario; it comes nearest where “{best:name}” comes true: {best:signed} OOM."
    )
    return [tell.say(sentence, best=("facts", "against", name, "scenarios", best))]


def _price(tell: Teller) -> Paragraph:
    costs = tell.say(
        "Without its rule of shares the {about.gambit} would be worth {free.objective:oom} OOM as it weighs "
        "mean and tail: the rule costs {free.cost:oom} OOM, which is the price of the hedge. The free plan puts "
    )
    return Paragraph((*costs, *shares(tell, "free"), *tell.say(".")))


def _curve(tell: Teller) -> Chart:
    """Draw what every share of architect is worth."""
    shows = tell.say(
        "The best plan at every share of architect, the other rules of the {about.gambit} kept. Circles are the "
        "gambits' own plans and the best plan of any split, on the line of means. "
    )
    points: list[dict[str, Any]] = tell.value("frontier", "points")
    known = [k for k, each in enumerate(points) if each["objective"] is not None]
    best = max(known, key=lambda k: (round(points[k]["objective"], 9), -k))
    shows += tell.say(
        "Of the shares drawn, {best.architect_share:percent} architect is worth most as the {about.gambit} weighs: "
        "{best.objective:oom} OOM.",
        best=("frontier", "points", best),
    )
    many = bool(tell.value("frontier", "risk_points"))
    keys = ("expected", "cvar", "objective") if many else ("expected",)
    titles = ("on average (OOM)", "in the worst cases", "as the {about.gambit} weighs") if many else ("worth (OOM)",)
    rows = tuple(
        (
            tell.cell("percent", "frontier", "points", k, "architect_share"),
            *(tell.cell("oom", "frontier", "points", k, key) for key in keys),
        )
        for k in known
    )
    data = Table("split", (Column(tell.say("architect")), *numbers(tell, *titles)), rows)
    futures = "{frontier.draws:count} futures" if many else "the one future"
    source = tell.say(f"Source: plans found anew in {futures}.")
    title = tell.say("The price of the gambit: what every split is worth (OOM)")
    return Chart("frontier", title, shows, source, curve(tell.value("frontier")), data)


def _differences(tell: Teller, names: list[str]) -> Table:
    plans = [plan_at(tell), *(plan_at(tell, name) for name in names)]
    columns = [Column(tell.say("initiative")), Column(tell.say("path"))]
    columns += [Column(tell.say("{plan.gambit}", plan=plan), is_number=True) for plan in plans]
    rows = []
    for id in tell.value("differences"):
        at = [(*plan, "initiatives", id) for plan in plans]
        cells = [tell.say("{each.total:money} ({each.funded:percent})", each=each) for each in at]
        rows.append((title_of(tell, id), tell.cell("text", *at[0], "path"), *cells))
    note = tell.say("Where the money differs: {about.money}, and in brackets the part of its cost.")
    return Table("differences", tuple(columns), tuple(rows), note)
