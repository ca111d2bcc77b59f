"""The one page: what to decide, what to do, what it costs, what could go wrong, what would change it."""

from __future__ import annotations

from typing import Final

from gambits.memo.document import Block, Bullets, Column, Paragraph, Section, Span, Table, Text
from gambits.memo.sections.past import alarms
from gambits.memo.sections.words import (
    initiative_at,
    last_period,
    many_futures,
    named,
    numbers,
    paragraph,
    plan_at,
    shares,
    this_period,
    title_of,
)
from gambits.memo.sections.wrong import cost_of_error, rivals_in_brief
from gambits.memo.teller import Teller, listed

_MOST_NOW: Final = 5
_MOST_RISKS: Final = 3


def question(tell: Teller) -> Section:
    """Ask what the board has to decide, of whom, by when."""
    span = {"first": ("about", "periods", 0), "last": last_period(tell)}
    money = "{about.budget:money} {about.money} from {first} to {last}"
    beside: Text = ()
    if tell.has("decision", "question"):
        asked = tell.say("{decision.question}")
        beside = tell.say(f"At stake: {money}. ", **span)
    else:
        asked = tell.say(
            f"How should {money} be split over "
            "{about.initiatives:count} initiatives: between Architect work (models that learn more from the data "
            "there is) and Alchemist work (new data made from learning itself)?",
            **span,
        )
    who, by = tell.has("decision", "decider"), tell.has("decision", "by")
    if who and by:
        beside += tell.say("To be decided by {decision.by}, by {decision.decider}.")
    elif who or by:
        beside += tell.say(f"To be decided by {{decision.{'decider' if who else 'by'}}}.")
    blocks: list[Block] = [Paragraph(asked, lead=True)]
    if beside:
        blocks.append(Paragraph(beside))
    return Section("question", tell.say("The decision"), tuple(blocks))


def recommendation(tell: Teller) -> Section:
    """Say what to do, in one sentence, and what it is worth in the next."""
    plan = plan_at(tell)
    blocks: list[Block] = []
    if tell.value("facts", "funded", "count"):
        split = shares(tell, *plan)
        fund = tell.say(
            "Fund {facts.funded.count:count} of {about.initiatives:count} initiatives with "
            "{plan.total_spend:money} {about.money}: ",
            plan=plan,
        )
        blocks.append(Paragraph((*fund, *split, *tell.say(".")), lead=True))
        blocks.append(Paragraph(_worth(tell)))
        beside = (*_rivals(tell), *cost_of_error(tell))
        if beside:
            blocks.append(Paragraph(beside))
    else:
        blocks.append(Paragraph(tell.say("Fund nothing: no money can be placed under these rules."), lead=True))
    count = len(tell.value(*plan, "warnings"))
    looks = [tell.say("Look at: {warning}", warning=(*plan, "warnings", n)) for n in range(count)]
    if tell.value("uncertified"):
        looks.append(
            tell.say(
                "Look at: {uncertified:count} "
                + ("search behind this memo" if tell.value("uncertified") == 1 else "searches behind this memo")
                + " ended before the answer was certified; the certificate, at the end, says for which questions."
            )
        )
    if alarms(tell) or looks:
        blocks.append(Bullets((*alarms(tell), *looks)))
    return Section("recommendation", tell.say("Recommendation"), tuple(blocks))


def _worth(tell: Teller) -> Text:
    plan = plan_at(tell)
    gain = (*plan, "gain", str(len(tell.value("about", "periods")) - 1))
    at_the_end = (
        "By the end of {last} that is worth {gain:oom} orders of magnitude (OOM) of effective compute more than doing "
        "nothing new: as if the training compute of the flagship model were multiplied by {gain:multiple}. "
    )
    if many_futures(tell):
        mean = (
            "Averaged over the horizon and over {plan.draws:count} futures it is worth {plan.expected:oom} OOM, and in "
            "the worst {plan.tail:percent} of them still {plan.cvar:oom} OOM{apiece}. "
        )
    else:
        mean = "Averaged over the horizon, with every estimate at its median, it is worth {plan.objective:oom} OOM. "
    # Only where nothing but effective compute counts is the value a factor of compute.
    apiece = " ({plan.expected:multiple} and {plan.cvar:multiple})" if tell.value("about", "is_compute_alone") else ""
    mean = mean.replace("{apiece}", apiece)
    certain = "No plan under these rules is better by more than {plan.gap:small} OOM."
    worth = tell.say(at_the_end + mean, plan=plan, gain=gain, last=last_period(tell))
    return (*worth, *_counted(tell), *tell.say(certain, plan=plan))


def _counted(tell: Teller) -> Text:
    """Say what else than effective compute the worth is made of."""
    if tell.value("about", "is_compute_alone"):
        return ()
    weights: dict[str, float] = tell.value("about", "weights")
    each = [
        tell.say("{weight:name} times {weight:plain}", weight=("about", "weights", name))
        for name, weight in weights.items()
        if weight
    ]
    return (*tell.say("That counts "), *listed(each), *tell.say(", as the objective says. "))


def _rivals(tell: Teller) -> Text:
    """Say in a sentence how the other gambit's plan compares, above all where it is better by every measure."""
    parts: list[Span] = []
    for name in tell.value("about", "others"):
        against = ("facts", "against", name)
        better = [tell.value(*against, measure) > 0 for measure in ("expected", "cvar")]
        if not many_futures(tell):
            better = better[:1]
        if all(better):
            sentence = (
                "**The plan of the {against:name} is worth more on every count here** ({against.expected:signed} OOM"
                " on average, {against.cvar:signed} in the worst cases): only the rule of shares speaks for this one. "
                if many_futures(tell)
                else "**The plan of the {against:name} is worth more** ({against.expected:signed} OOM): only the rule "
                "of shares speaks for this one. "
            )
        elif any(better):
            sentence = (
                "The plan of the {against:name} is worth {against.expected:signed} OOM on average, and "
                "{against.cvar:signed} in the worst cases: that is the choice between the two. "
            )
        else:
            sentence = "The plan of the {against:name} is worth less ({against.expected:signed} OOM on average). "
        parts += tell.say(sentence, against=against)
    return tuple(parts)


def options(tell: Teller) -> Section | None:
    """Lay the choices side by side: money, what is likely, what is bad, what is good."""
    names = [tell.value("about", "gambit"), *tell.value("about", "others")]
    spread = all(tell.has("spreads", name) for name in names)
    columns = [Column(tell.say("option")), Column(tell.say("money ({about.money})"), is_number=True)]
    columns += numbers(tell, "on average (OOM)", "at the end, as if compute times")
    if spread:
        columns += numbers(tell, "worst realistic", "best realistic")
    rows = [
        _option(tell, plan_at(tell, name), tell.say("{plan.gambit}", plan=plan_at(tell, name)), spread)
        for name in names
    ]
    for name in reversed(list(tell.value("compared", "references"))):
        at = ("compared", "references", name)
        rows.append(_option(tell, at, named(tell, *at), spread))
    note = tell.say(
        "Worst realistic is the mean of the worst {plan.tail:percent} of futures, best realistic what one future in "
        "{constants.in_twenty:count} exceeds; in OOM, averaged over the horizon."
        if spread
        else "In OOM, averaged over the horizon.",
        plan=plan_at(tell),
    )
    table = Table("options", tuple(columns), tuple(rows), note)
    return Section("options", tell.say("The options"), (table,))


def _option(tell: Teller, at: tuple[str, ...], named: Text, spread: bool) -> tuple[Text, ...]:
    last = len(tell.value("about", "periods")) - 1
    row = [
        named,
        tell.cell("money", *at, "total_spend"),
        tell.cell("oom", *at, "expected"),
        tell.cell("multiple", *at, "gain", last),
    ]
    if spread:
        best = ("spreads", at[-1], "p95")
        # Doing nothing has no spread: it is what everything is held against.
        row += [tell.cell("oom", *at, "cvar"), tell.cell("oom", *(best if tell.has(*best) else (*at, "cvar")))]
    return tuple(row)


def now(tell: Teller) -> Section:
    """Set what cannot be taken back apart from what is only meant."""
    first = this_period(tell)
    title = tell.say("Commit now: {first}", first=first)
    ids: list[str] = tell.value("facts", "now", "ids")
    if not ids:
        return Section("now", title, (paragraph(tell, "Nothing has to be committed in {first}.", first=first),))
    most = [
        tell.say(
            "{each.title} ({money:money})",
            each=initiative_at(id),
            money=(*plan_at(tell), "initiatives", id, "spend", str(tell.value("about", "now"))),
        )
        for id in ids[:_MOST_NOW]
    ]
    rest = tell.say(" and the rest in the annex") if len(ids) > _MOST_NOW else ()
    commit = tell.say(
        "**{facts.now.money:money} {about.money} to {facts.now.count:count} initiatives, which cannot be taken back "
        "once spent:** "
    )
    blocks: list[Block] = [Paragraph((*commit, *listed(most, ", " if rest else " and "), *rest, *tell.say(".")))]
    if tell.value("portfolio", "resources"):
        blocks.append(Paragraph((*tell.say("It takes "), *_people(tell), *tell.say("."))))
    blocks.append(
        paragraph(
            tell,
            "The other {facts.later.money:money} {about.money} are an intention, to be decided again when estimates "
            "have changed.",
        )
    )
    return Section("now", title, tuple(blocks))


def _people(tell: Teller) -> Text:
    amounts = [
        tell.say(
            "{used:tenth} of {capacity:tenth} {unit} ({name:name})",
            used=("facts", "now", "uses", name),
            unit=("portfolio", "resources", name, "unit"),
            name=("portfolio", "resources", name),
            capacity=("portfolio", "resources", name, "capacity", str(tell.value("about", "now"))),
        )
        for name in tell.value("portfolio", "resources")
    ]
    return listed(amounts)


def risks(tell: Teller) -> Section:
    """Say what could go wrong, worst first, in a line each."""
    plan = plan_at(tell)
    items: list[Text] = []
    if many_futures(tell):
        items.append(
            tell.say(
                "**Bad luck.** In the worst {plan.tail:percent} of futures the plan brings {plan.cvar:oom} OOM "
                "instead of {plan.expected:oom}. On fresh futures, which it was not chosen for, it brings "
                "{plan.out_of_sample.expected:oom} on average: promise that.",
                plan=plan,
            )
        )
    for row in tell.value("facts", "enablers")[:1]:
        enabler = ("facts", "enablers", 0)
        items.append(
            (
                *tell.say("**One failure that takes others with it.** “"),
                *title_of(tell, row["id"]),
                *tell.say(
                    "” fails with a chance of {enabler.fails:percent}; {enabler.value:oom} OOM of the value would go "
                    "with it, "
                    + ("in the one initiative" if row["count"] == 1 else "in {enabler.count:count} initiatives")
                    + " that cannot do without it.",
                    enabler=enabler,
                ),
            )
        )
    items.append(_belief(tell))
    if many_futures(tell) and tell.value(*plan, "missing_money", "expected") > 0:
        items.append(
            tell.say(
                "**Cost.** Work turns out dearer as often as cheaper: to finish what is funded would take "
                "{plan.missing_money.expected:money} {about.money} more on average, and "
                "{plan.missing_money.p90:money} in one future of {constants.tenfold:count}.",
                plan=plan,
            )
        )
    overtaken = rivals_in_brief(tell)
    if overtaken:
        items.append(overtaken)
    return Section("risks", tell.say("What could go wrong"), (Bullets(tuple(items)),))


def _belief(tell: Teller) -> Text:
    """Say what the value rests on, by the tags of the effects, and how far beyond its evidence."""
    parts: dict[str, float] = tell.value("facts", "evidence")
    told = [
        tell.say(f"{{facts.percents.evidence.{kind}:part}} of the value rests on {_RESTS[kind]}")
        if number == 0
        else tell.say(f"{{facts.percents.evidence.{kind}:part}} on {_RESTS[kind]}")
        for number, kind in enumerate(kind for kind in _RESTS if parts[kind] > 0)
    ]
    if not told:
        return tell.say("**Belief.** There is no gain to believe in.")
    text = (*tell.say("**Belief.** "), *listed(told), *tell.say("."))
    if tell.has("law"):
        text += tell.say(
            " {plan.extrapolated:percent} of it is gained more than tenfold beyond the size at which it was measured.",
            plan=plan_at(tell),
        )
    return text


_RESTS: Final = {
    "judged": "our judgement of what published results are worth here",
    "judgement": "judgement alone",
    "given": "figures of the author's, from the sources named",
    "published": "figures as published",
}
"""What value rests on, in words."""
