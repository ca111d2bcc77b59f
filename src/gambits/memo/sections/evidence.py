"""Annex: every assumption with its source, how all this can mislead, and the certificate."""

from __future__ import annotations

from gambits.memo.document import Block, Bullets, Column, Paragraph, Section, Table, Text
from gambits.memo.sections.words import (
    evidence_of,
    initiative_at,
    last_period,
    many_futures,
    paragraph,
    plan_at,
    title_of,
)
from gambits.memo.teller import Teller, listed


def assumptions(tell: Teller) -> Section:
    """Table what was assumed of every initiative, and of the law."""
    blocks: list[Block] = [_initiatives(tell)]
    laws = _effect_laws(tell)
    if laws:
        blocks.append(Bullets(laws))
    if tell.has("law"):
        blocks += _law(tell)
    return Section("assumptions", tell.say("Assumptions"), tuple(blocks), in_annex=True)


def _initiatives(tell: Teller) -> Table:
    columns = (
        Column(tell.say("initiative")),
        Column(tell.say("cost ({about.money})"), is_number=True),
        Column(tell.say("success"), is_number=True),
        Column(tell.say("effects at full funding")),
        Column(tell.say("evidence, and since when it stands")),
        Column(tell.say("source")),
    )
    rows = tuple(
        (
            title_of(tell, id),
            tell.cell("text", *initiative_at(id), "cost"),
            tell.cell("percent", *initiative_at(id), "success"),
            _effects(tell, id),
            _evidence(tell, id),
            tell.cell("text", *initiative_at(id), "source"),
        )
        for id in sorted(tell.value("portfolio", "initiatives"))
    )
    ranges = "Ranges are {constants.interval:percent} intervals. "
    if many_futures(tell):
        use = (
            "Each future draws every one of them, the success of every initiative (a failure voids what requires it), "
            "and the constants of the law together."
        )
    else:
        use = (
            "The plan uses their medians, each effect's logarithm (or tokens) times the chance that the initiative "
            "and all that it requires succeed."
        )
    return Table("assumptions", columns, rows, tell.say(ranges + use))


def _effects(tell: Teller, id: str) -> Text:
    effects = (*initiative_at(id), "effects")
    found: list[Text] = []
    for lever in tell.value(*effects):
        text = tell.say("{lever:name} {lever:text}", lever=(*effects, lever))
        if tell.has(*initiative_at(id), "laws", lever):
            text += tell.say(" by {law.words}", law=(*initiative_at(id), "laws", lever))
        found.append(text)
    return listed(found, "; ") if found else tell.say("enabler")


def _evidence(tell: Teller, id: str) -> Text:
    """Say what the effects rest on, whether anybody else has checked them, and since when they stand."""
    has_effects = tell.has(*initiative_at(id), "effects")
    text = evidence_of(tell, id) if has_effects else tell.say("no effect of its own")
    if tell.value(*initiative_at(id), "verified"):
        text += tell.say(", checked by a third party")
    return text + tell.say("; {since}", since=("watched", "stands", id))


def _effect_laws(tell: Teller) -> tuple[Text, ...]:
    """Tell of each law that gave effects where it comes from, and what it gave."""
    by_title: dict[str, list[tuple[str, ...]]] = {}
    for id, each in sorted(tell.value("portfolio", "initiatives").items()):
        for lever, law in each["laws"].items():
            by_title.setdefault(law["title"], []).append((*initiative_at(id), "laws", lever))
    return tuple(_uses(tell, by_title[title]) for title in sorted(by_title))


def _uses(tell: Teller, places: list[tuple[str, ...]]) -> Text:
    text = tell.say("{law.title}: {law.source}.", law=places[0])
    for at in places:
        text += tell.say(" {each.title}, {law:name}: {law.formula}", each=at[:-2], law=at)
        if tell.has(*at, "arguments"):
            text += tell.say(", at {law.arguments}", law=at)
        text += tell.say(
            ", gives {law.central:tokens}; {law.spread} ({law.tag}: {meaning}).",
            law=at,
            meaning=("constants", "tags", tell.value(*at, "tag")),
        )
    return text + tell.say(" Reach: {law.reach}. {law.note}", law=places[0])


def _law(tell: Teller) -> list[Block]:
    columns = (
        Column(tell.say("constant")),
        Column(tell.say("value"), is_number=True),
        Column(tell.say("where it lies")),
        Column(tell.say("tag")),
    )
    rows = tuple(_constant(tell, ("law", "constants", name)) for name in tell.value("law", "constants"))
    flagship = ("law", "flagship")
    last = len(tell.value("law", "flagship")) - 1
    return [
        paragraph(tell, "The law: {law.title} ({law.source})."),
        Table("constants of the law", columns, rows),
        paragraph(
            tell,
            "The flagship run is taken as {start:flop} in {first} and {end:flop} in {last} without this portfolio, on "
            "{law.unique_tokens:tokens} unique tokens at first.",
            start=(*flagship, "0"),
            end=(*flagship, str(last)),
            first=("about", "periods", 0),
            last=last_period(tell),
        ),
    ]


def _constant(tell: Teller, at: tuple[str, ...]) -> tuple[Text, ...]:
    where = tell.cell("text", *at, "where")
    if tell.has(*at, "note"):
        where += tell.say("; {each.note}", each=at)
    tag = tell.say("{each.tag}: {meaning}", each=at, meaning=("constants", "tags", tell.value(*at, "tag")))
    return tell.cell("text", *at, "name"), tell.cell("plain", *at, "value"), where, tag


def misleading(tell: Teller) -> Section:
    """Say how all of this can be wrong."""
    items: list[Text] = []
    if tell.has("law"):
        items.append(
            tell.say(
                "**Extrapolation.** The largest run behind the law is {law.fitted_to:small} FLOP; the flagship of "
                "{last} lies {law.beyond:tenth} OOM beyond it. {law.note}.",
                last=last_period(tell),
            )
        )
    items += _of_many_futures(tell) if many_futures(tell) else _of_one_future(tell)
    items.append(
        tell.say(
            "**Effects may overlap.** They are taken to multiply; where two remove the same waste, their sum is too "
            "high."
        )
    )
    items.append(
        tell.say("**No stopping.** The plan is made once; that work can be stopped when it fails is not priced in.")
    )
    return Section("misleading", tell.say("How this can mislead you"), (Bullets(tuple(items)),), in_annex=True)


def _of_one_future(tell: Teller) -> list[Text]:
    return [
        tell.say(
            "**One future.** The plan is best for the medians. Spread, bad luck shared between bets, and tails are "
            "not in these figures; the gambits' attitude to risk does not act on one future."
        ),
        tell.say(
            "**Chosen because it looks best.** The estimates that look best are the likeliest to be too high; expect "
            "less."
        ),
    ]


def _of_many_futures(tell: Teller) -> list[Text]:
    plan = plan_at(tell)
    correlated = "**Failures may be correlated.** Bets fail independently here"
    if tell.value("portfolio", "correlation", "path") or tell.value("portfolio", "correlation", "scenario"):
        correlated += (
            " but for the luck that they share ({portfolio.correlation.path:percent} of it on a path, "
            "{portfolio.correlation.scenario:percent} in a scenario)"
        )
    return [
        tell.say(
            "**Chosen because it looks best.** On the futures that chose it the plan is worth {plan.expected:oom} "
            "OOM, on fresh ones {plan.out_of_sample.expected:oom} (standard error "
            "{plan.out_of_sample.standard_error:oom}), and {plan.out_of_sample.cvar:oom} in the worst "
            "{plan.tail:percent}. Estimates that are too high are not drawn low by either.",
            plan=plan,
        ),
        tell.say(
            "**Money may be missing.** Where work turns out dearer than its median it gets less far. The chance that "
            "more than a hundredth of the money is missing to finish what is funded is "
            "{plan.missing_money.chance:percent}.",
            plan=plan,
        ),
        tell.say(f"{correlated}; what makes all of them fail at once is not in the figures."),
    ]


def certificate(tell: Teller) -> Section:
    """Say how the plan was proved best, and how to make it again."""
    plan = plan_at(tell)
    solved = tell.say(
        "Status {plan.status}. Value {plan.objective:exact} OOM, bound {plan.bound:exact} OOM, gap {plan.gap:small}, "
        "{plan.rounds:count} rounds of tangent cuts. ",
        plan=plan,
    )
    drawn = tell.say(
        "{plan.draws:count} draws, seed {plan.seed:text}. " if many_futures(tell) else "One draw. ", plan=plan
    )
    versions = listed(
        [tell.say("{each:name} {each:text}", each=(*plan, "versions", name)) for name in tell.value(*plan, "versions")],
        ", ",
    )
    hashed = tell.say("Inputs (hash) {about.input_sha256}. Made with ")
    whole = Paragraph((*solved, *drawn, *hashed, *versions, *tell.say(".")))
    units = paragraph(
        tell,
        "As of {about.as_of}. Money in {about.money}. Gains in orders of magnitude (OOM) of effective compute: a gain "
        "of one OOM is worth ten times the training compute.",
    )
    blocks = (whole, *_uncertified(tell), units)
    return Section("certificate", tell.say("Certificate"), blocks, in_annex=True)


def _uncertified(tell: Teller) -> tuple[Paragraph, ...]:
    """Name the questions whose searches ended before their answers were certified."""
    if not tell.value("uncertified"):
        return ()
    at = [("uncertified_in", question) for question in tell.value("uncertified_in")]
    each = [tell.say("{each.words} ({each.searches:count})", each=place) for place in at]
    said = tell.say("**Not certified.** Searches ended before their answers were certified, by what was asked: ")
    rest = tell.say(". What rests on them may fall short of the best.")
    return (Paragraph((*said, *listed(each), *rest)),)
