"""What it costs to be wrong: regret, what every gambit funds, rivals, and the beliefs that would decide otherwise."""

from __future__ import annotations

from typing import Any, Final

from gambits.memo.document import Block, Bullets, Chart, Column, Section, Table, Text
from gambits.memo.plots.wrong import heat
from gambits.memo.sections.knowing import first
from gambits.memo.sections.rests import flips
from gambits.memo.sections.words import (
    as_named,
    last_period,
    many_futures,
    named,
    numbers,
    paragraph,
    source_of,
    titles,
)
from gambits.memo.teller import Teller

_SMALL: Final = 0.0005
"""OOM below this round to nothing."""
_ALL: Final = "all rivals"


def is_weighed(tell: Teller) -> bool:
    """Whether there is more than one view to be wrong about."""
    return tell.has("compared", "shortfall") and len(tell.value("compared", "views")) > 1


def cost_of_error(tell: Teller) -> Text:
    """Say in a sentence what the plan costs where it is furthest from the best, and whose plan risks least."""
    if not is_weighed(tell):
        return ()
    gambit = tell.value("about", "gambit")
    row: dict[str, float] = tell.value("compared", "shortfall", gambit)
    worst = max(row, key=lambda view: (round(row[view], 9), view))
    if row[worst] < _SMALL:
        return tell.say("Whichever weighing is right, no other plan shown beats this one by more than a hair.")
    cost = ("compared", "shortfall", gambit, worst)
    text = tell.say("**Being wrong costs at most {cost:oom} OOM**, ", cost=cost)
    text += _view(tell, cost)
    least = tell.value("compared", "least_shortfall", "plan")
    if least == gambit:
        return text + tell.say("; no other plan risks less.")
    return text + tell.say(
        "; the plan of the {compared.least_shortfall.plan} risks {compared.least_shortfall.worst:oom} OOM."
    )


def _view(tell: Teller, cost: tuple[str, ...]) -> Text:
    is_gambit = cost[-1] in tell.value("plans")
    return tell.say("if the {cost:name}'s weighing is right" if is_gambit else "if “{cost:name}” comes true", cost=cost)


def wrong(tell: Teller) -> Section | None:
    """Draw and table what each plan falls short of in each view, and list what every gambit funds."""
    blocks: list[Block] = []
    if is_weighed(tell):
        blocks += [_heat(tell), _scores(tell)]
    if len(tell.value("plans")) > 1:
        blocks.append(_staged(tell))
    if not blocks:
        return None
    return Section("wrong", tell.say("What it costs to be wrong"), tuple(blocks), in_annex=True)


def _heat(tell: Teller) -> Chart:
    shows = tell.say(
        "Each cell is by how much a plan falls short of the best plan of any gambit in a view: how a gambit weighs "
        "mean and tail, or the mean of a scenario that comes true. Light is good."
    )
    drawing = heat(tell.value("compared", "views"), as_named(tell.value("compared", "shortfall")))
    return Chart("regret", tell.say("What each plan costs in each view (OOM)"), shows, source_of(tell), drawing)


def _scores(tell: Teller) -> Table:
    views: list[str] = tell.value("compared", "views")
    plans = list(tell.value("compared", "scores"))
    columns = [Column(tell.say("view"))]
    columns += [Column(named(tell, "compared", "scores", plan), is_number=True) for plan in plans]
    rows = tuple(
        (
            tell.cell("name", "compared", "scores", plans[0], view),
            *(
                tell.say(
                    "{score:oom} ({short:oom})", score=("compared", "scores", plan, view), short=_short(plan, view)
                )
                for plan in plans
            ),
        )
        for view in views
    )
    note = tell.say("Value in OOM, and in brackets what it falls short of the best plan of any gambit there.")
    return Table("regret", tuple(columns), rows, note)


def _short(plan: str, view: str) -> tuple[str, ...]:
    return ("compared", "shortfall", plan, view)


def _staged(tell: Teller) -> Bullets:
    """Sort initiatives into what to commit in any case, what to hold back, and the rest."""
    found = []
    for key, words in (
        ("core", "**Commit in any case**, funded at least half in every gambit: "),
        ("held_back", "**Hold back until the choice is made**, funded in one and not in another: "),
        ("not_funded", "**Funded less than half by every gambit**: "),
    ):
        ids: list[str] = tell.value("compared", key)
        listing = titles(tell, ids) if ids else tell.say("none")
        found.append((*tell.say(words), *listing, *tell.say(".")))
    return Bullets(tuple(found))


def rivals(tell: Teller) -> Section | None:
    """Table the chances of being ahead of rivals, and of being overtaken."""
    if not tell.has("compared", "rivals"):
        return None
    plans: dict[str, Any] = tell.value("compared", "rivals")
    columns = (
        Column(tell.say("plan")),
        Column(tell.say("rival")),
        *numbers(tell, "ahead at first", "ahead at the end", "overtaken", "overtakes", "mean lead (OOM)"),
    )
    rows = tuple(
        (
            named(tell, "compared", "rivals", plan),
            tell.cell("name", "compared", "rivals", plan, rival),
            tell.cell("percent", "compared", "rivals", plan, rival, "ahead", 0),
            *(
                tell.cell("percent", "compared", "rivals", plan, rival, key)
                for key in ("at_end", "overtaken", "overtakes")
            ),
            tell.cell("signed", "compared", "rivals", plan, rival, "lead"),
        )
        for plan, row in plans.items()
        for rival in row
    )
    note = tell.say(
        "Chances in effective compute. Overtaken is the chance of being behind at some time after having been ahead, "
        "overtakes the reverse; the lead is that of {last}.",
        last=last_period(tell),
    )
    table = Table("rivals", columns, rows, note)
    return Section("rivals", tell.say("Ahead, or overtaken"), (table,), in_annex=True)


def rivals_in_brief(tell: Teller) -> Text:
    """Say the chance of being ahead at the end, and of being overtaken, for the first page."""
    if not tell.has("compared", "rivals"):
        return ()
    gambit = tell.value("about", "gambit")
    row = tell.value("compared", "rivals", gambit)
    rival = _ALL if _ALL in row else next(iter(row))
    at = ("compared", "rivals", gambit, rival)
    if not many_futures(tell):
        stands = "ahead of" if tell.value(*at, "at_end") else "not ahead of"
        words = "all rivals" if rival == _ALL else "{race:name}"
        sentence = (
            f"**Overtaken.** With every estimate at its median, the lab is {stands} {words} at the end of {{last}}."
        )
        return tell.say(sentence, race=at, last=last_period(tell))
    ahead = "ahead of all rivals" if rival == _ALL else "ahead of {race:name}"
    text = tell.say(
        f"**Overtaken.** The lab is {ahead} by {{last}} in {{race.at_end:percent}} of futures, and is overtaken after "
        "having been ahead in {race.overtaken:percent}",
        race=at,
        last=last_period(tell),
    )
    others = [name for name in tell.value("about", "others") if tell.has("compared", "rivals", name)]
    for name in others[:1]:
        text += tell.say(
            "; under the {other:name} {race.at_end:percent} and {race.overtaken:percent}",
            other=("plans", name),
            race=("compared", "rivals", name, rival),
        )
    return text + tell.say(".")


def beliefs(tell: Teller) -> list[Text]:
    """Say at which beliefs another gambit's plan would be worth more on average, nearest first."""
    if not many_futures(tell):
        return []
    found = []
    for k, line in enumerate(tell.value("compared", "break_even")):
        for c, crossing in enumerate(line["crossings"]["mean"]):
            found.append((abs(crossing["at"] - line["now"]), _crossing(tell, k, c)))
    return [text for _, text in sorted(found, key=lambda each: round(each[0], 9))]


def _belief(tell: Teller, at: tuple[str, ...]) -> Text:
    kind, _, rest = tell.value(*at, "belief").partition(".")
    name = rest.rpartition(".")[0]
    if kind == "paths":
        return tell.say("{path:name} work succeeds", path=("plans", tell.value("about", "gambit"), "shares", name))
    scenarios = ("plans", tell.value("about", "gambit"), "scenarios", name)
    return tell.say("“{scenario:name}” comes true", scenario=scenarios)


def _crossing(tell: Teller, k: int, c: int) -> Text:
    """Say where the plans change places along a belief."""
    line = ("compared", "break_even", str(k))
    crossing = (*line, "crossings", "mean", str(c))
    is_above = tell.value(*crossing, "at") > tell.value(*line, "now")
    above = tell.value(*crossing, "above")
    below = next(name for name in tell.value(*line, "values", "mean") if name != above)
    winner, loser = (above, below) if is_above else (below, above)
    return (
        *tell.say("If "),
        *_belief(tell, line),
        *tell.say(
            f" with a chance {'above' if is_above else 'below'} {{crossing.at:percent}} ({{line.now:percent}} here), "
            "the plan of the {winner:name} is worth more on average than that of the {loser:name}.",
            crossing=crossing,
            line=line,
            winner=("plans", winner),
            loser=("plans", loser),
        ),
    )


def change(tell: Teller) -> Section | None:
    """Say on the page what would have to be believed to decide otherwise, and what to find out first."""
    items = [*beliefs(tell)[:_MOST_BELIEFS], *flips(tell)[:1], *first(tell)]
    if not items:
        return None
    return Section("change", tell.say("What would change our mind"), (Bullets(tuple(items)),))


_MOST_BELIEFS: Final = 3


def deciding(tell: Teller) -> Section | None:
    """List every belief at which the gambits' plans change places."""
    if not tell.has("compared", "break_even") or not many_futures(tell):
        return None
    items = beliefs(tell)
    told = paragraph(
        tell,
        "Both plans are kept as they are and valued again under other beliefs: probabilities of scenarios, the others "
        "keeping their proportions, and the chance of success of a path, all its initiatives moved by the same odds.",
    )
    lines = tell.value("compared", "break_even")
    never = [k for k, line in enumerate(lines) if not line["crossings"]["mean"]]
    blocks: list[Block] = [told]
    if items:
        blocks.append(Bullets(tuple(items)))
    if never:
        names = [(*_belief(tell, ("compared", "break_even", str(k))), *tell.say(".")) for k in never]
        blocks += [
            paragraph(tell, "However likely it is held to be, nothing changes with whether:"),
            Bullets(tuple(names)),
        ]
    return Section("deciding", tell.say("Which belief decides"), tuple(blocks), in_annex=True)


_LIMITS: Final = {
    "point": "{row.value:percent}",
    "point of the total budget": "{row.value:percent} of the total budget",
}
"""How a limit that is a part reads, by its unit."""


def prices(tell: Teller) -> Section | None:
    """Table what a hundredth more and less of each limit is worth."""
    rows: list[dict[str, Any]] = tell.value("prices")
    if not rows:
        return None
    columns = (
        Column(tell.say("limit")),
        *numbers(tell, "now", "a hundredth is", "so much more adds", "so much less costs"),
        Column(tell.say("how the value moves")),
    )
    cells = tuple(
        (
            tell.cell("text", "prices", k, "rule"),
            tell.say(_LIMITS.get(row["unit"], "{row.value:plain} {row.unit}"), row=("prices", k)),
            tell.cell("percent" if row["unit"] in _LIMITS else "plain", "prices", k, "step"),
            tell.cell("fine", "prices", k, "adds"),
            tell.cell("fine", "prices", k, "takes"),
            tell.cell("text", "prices", k, "note"),
        )
        for k, row in enumerate(rows)
    )
    futures = ", in {sensitivity.draws:count} futures" if tell.has("sensitivity") else ""
    note = tell.say(
        f"In OOM, found by solving again with a little more and a little less{futures}; of a share, a hundredth is a "
        "point. A kink is where one more is worth less than one less costs; what does not bind is worth nothing."
    )
    table = Table("prices", columns, cells, note)
    return Section("prices", tell.say("What one more unit is worth"), (table,), in_annex=True)
