"""What ``gambits compare`` prints beside the plans: references, regret, rivals, and the beliefs that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits.analyse.break_even import MEAN
from gambits.analyse.regret import worst
from gambits.analyse.rivals import ALL
from gambits.cli.tables import framed, typed
from gambits.words import money, multiple, oom, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.analyse.break_even import Line
    from gambits.analyse.compare import Comparison
    from gambits.analyse.regret import Regret
    from gambits.analyse.rivals import Standings
    from gambits.portfolio.model import Portfolio

_MOST_PERIODS: Final = 8


def weighing(found: Comparison, portfolio: Portfolio) -> RenderableType:
    """Everything beside the plans, as far as there is any."""
    parts: list[RenderableType] = []
    if found.references:
        parts.append(_beside(found, portfolio))
    if found.regret is not None:
        parts.append(_regret(found.regret))
    if found.standings is not None:
        parts.append(_rivals(found.standings))
    if found.break_even:
        parts.append(_break_even(found))
    return Group(*parts, escape("\n".join(_next(found, portfolio))))


def _next(found: Comparison, portfolio: Portfolio) -> list[str]:
    """Say what to type next; for the gambit that was named first."""
    first = next(iter(found.plans))
    return [
        "Next, with --gambit for another gambit than the incumbent:",
        f"  what the split costs     gambits frontier {typed(portfolio)}",
        f"  what to find out first   gambits voi {typed(portfolio)}",
        f"  why a bet is in or out   gambits explain {typed(portfolio)} {_asked(found, first)}",
    ]


def _asked(found: Comparison, gambit: str) -> str:
    """Name a bet that people will ask about: of those in one plan and not in another the dearest, else any."""
    plan = found.plans[gambit]
    open_ones = [each for each in plan.allocations if each.id in found.held_back] or list(plan.allocations)
    return max(open_ones, key=lambda each: (round(each.total, 3), each.id)).id


def _beside(found: Comparison, portfolio: Portfolio) -> RenderableType:
    table = framed("beside what else could be done (OOM)")
    table.add_column("plan", no_wrap=True)
    for name in ("mean", "worst draws", "at the end", "as if compute", f"money ({portfolio.money})"):
        table.add_column(escape(name), justify="right")
    for plan in found.plans.values():
        numbers = (plan.expected, plan.cvar, plan.gain[len(plan.periods) - 1])
        cells = (multiple(numbers[-1]), money(plan.total_spend))
        table.add_row(escape(plan.gambit), *map(oom, numbers), *cells)
    table.add_section()
    for each in found.references.values():
        numbers = (each.expected, each.cvar, each.gain[-1])
        table.add_row(escape(each.name), *map(oom, numbers), multiple(numbers[-1]), money(each.total_spend))
    lines = [
        f"Look at: `{each.name}` does not obey {rule}." for each in found.references.values() for rule in each.broken
    ]
    return Group(table, *map(escape, lines))


def _regret(found: Regret) -> RenderableType:
    table = framed("what each plan is worth in every view (and its regret there), OOM")
    table.add_column("view", no_wrap=True, overflow="ellipsis", max_width=40)
    regret = found.regret
    for plan in regret:
        table.add_column(escape(plan), justify="right")
    for view in found.views:
        text = f"as {view} weighs mean and tail" if view in found.best else f"in {view}: the mean"
        cells = (f"{oom(found.scores[plan][view])} ({oom(row[view])})" for plan, row in regret.items())
        table.add_row(escape(text), *cells)
    table.add_section()
    table.add_row("worst regret", *(f"({oom(worst(row))})" for row in regret.values()))
    return Group(table, *map(escape, _least(found)))


def _least(found: Regret) -> list[str]:
    """Say which plan is regretted least, by either measure."""
    shortfall = found.shortfall
    falls = ", ".join(f"{plan} {oom(worst(row))}" for plan, row in shortfall.items())
    return [
        "Regret: what the best plan under the same gambit's rules would have been worth more in that view.",
        f"Regretted least at worst, of those shown: {found.least} ({oom(worst(found.regret[found.least]))}).",
        f"Against the best plan of any gambit shown, the most that each falls short: {falls}.",
    ]


def _rivals(found: Standings) -> RenderableType:
    rivals = list(next(iter(found.plans.values())))
    first = ALL if ALL in rivals else rivals[0]
    names = found.periods[:_MOST_PERIODS]
    table = framed(f"chance of being ahead of {first} by period, and of passing and being passed")
    table.add_column("plan", no_wrap=True)
    for name in (*(name.removeprefix("20") for name in names), "passes", "is passed"):
        table.add_column(name, justify="right", no_wrap=True)
    for plan, row in found.plans.items():
        race = row[first]
        chances = (*race.ahead[:_MOST_PERIODS], race.overtakes, race.overtaken)
        table.add_row(escape(plan), *map(percent, chances))
    if len(rivals) == 1:
        return table
    ends = framed("chance of being ahead at the end, by rival (is passed before)")
    ends.add_column("plan", no_wrap=True)
    for rival in rivals:
        ends.add_column(escape(rival), justify="right")
    for plan, row in found.plans.items():
        ends.add_row(escape(plan), *(f"{percent(race.at_end)} ({percent(race.overtaken)})" for race in row.values()))
    return Group(table, ends)


def _break_even(found: Comparison) -> RenderableType:
    first, second = list(found.plans)[:2]
    table = framed(f"which belief decides between {first} and {second}: both plans as they are, valued again")
    table.add_column("belief", overflow="fold", max_width=44)
    table.add_column("now", justify="right")
    ways = list(found.break_even[0].values)
    for way in ways:
        table.add_column("by the mean" if way == MEAN else escape(f"as {way} weighs"), overflow="fold")
    for line in found.break_even:
        table.add_row(escape(_belief(line)), percent(line.now), *(escape(_verdict(line, way)) for way in ways))
    return Group(table, *map(escape, _again(found)))


def _belief(line: Line) -> str:
    kind, _, rest = line.belief.partition(".")
    name = rest.rpartition(".")[0]
    return f"probability of {name}" if kind == "scenarios" else f"success on {name} (mean of its chances)"


def _verdict(line: Line, way: str) -> str:
    """Say which plan is worth more along a belief."""
    crossings = line.crossings[way]
    if not crossings:
        leader = line.leader(way)
        return f"{leader} throughout" if leader else "the same throughout"
    return "; ".join(f"{each.above} above {percent(each.at)}" for each in crossings)


def _again(found: Comparison) -> list[str]:
    """Say what plans made for the belief at the crossing would be worth."""
    lines = []
    for line in found.break_even:
        if line.nearest is not None:
            worth = " and ".join(f"{name} {oom(value)}" for name, value in line.reoptimised.items())
            at = percent(line.nearest.at)
            lines.append(f"Planned anew for {_belief(line)} at {at}, where the means cross: {worth} OOM.")
    return lines
