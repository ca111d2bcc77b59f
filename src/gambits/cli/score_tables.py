"""What ``gambits score`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed, typed
from gambits.words import money, oom, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.analyse.score import Score, Step, Valued
    from gambits.portfolio.model import Portfolio

_MOST_MOVES: Final = 15


def scored(found: Score, portfolio: Portfolio) -> RenderableType:
    """The plan beside the best and the nearest ones, what it breaks, and the moves."""
    parts: list[RenderableType] = [_values(found), *map(escape, _verdict(found))]
    if found.mend is not None:
        parts.append(_moves(found, found.mend, "the cheapest moves after which it obeys every rule"))
    if found.half is not None:
        parts.append(_moves(found, found.half, "the cheapest moves that close half of the distance, every rule obeyed"))
    parts.append(escape(f"Next, why an initiative is in the best plan or out: gambits explain {typed(portfolio)} ID"))
    return Group(*parts)


def _values(found: Score) -> RenderableType:
    table = framed(f"the plan and those near it, as {found.gambit} weighs mean and tail (OOM)")
    table.add_column("plan", no_wrap=True)
    for name in ("mean", "worst draws", "weighed", "architect", f"money ({found.money})", "moved"):
        table.add_column(escape(name), justify="right")
    table.add_row("this plan", *_figures(found.plan), "–")
    steps = (("obeys every rule", found.mend), ("half way to the best", found.half), ("the best, nearest", found.whole))
    for name, step in steps:
        if step is not None:
            table.add_row(name, *_figures(step.plan), money(step.moved))
    if found.whole is None:
        table.add_row("the best", *_figures(found.best), "–")
    return table


def _figures(plan: Valued) -> tuple[str, ...]:
    share = "–" if plan.architect_share is None else percent(plan.architect_share)
    return oom(plan.expected), oom(plan.cvar), oom(plan.objective), share, money(plan.total_spend)


def _verdict(found: Score) -> list[str]:
    """Say how far it is from the best, and what it breaks."""
    unit = found.money
    if found.whole is not None:
        line = (
            f"It is {oom(found.distance)} OOM below the best plan of {found.gambit}; all of that takes "
            f"{money(found.whole.moved)} {unit} moved"
        )
        lines = [f"{line}, half of it {money(found.half.moved)}." if found.half is not None else f"{line}."]
    elif found.distance < 0:
        lines = [
            f"It is worth {oom(-found.distance)} OOM more than the best plan that obeys the rules: it breaks them."
        ]
    else:
        lines = [f"It is {oom(found.distance)} OOM from the best plan of {found.gambit}."]
    if not found.broken:
        return [*lines, "It obeys every rule."]
    return [*lines, "It breaks:", *(f"  {rule.where}: {rule.rule}" for rule in found.broken)]


def _moves(found: Score, step: Step, title: str) -> RenderableType:
    table = framed(f"{title} ({found.money})")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=40)
    for name in ("this plan", "then", "change", "moved"):
        table.add_column(name, justify="right")
    for move in step.moves[:_MOST_MOVES]:
        change = f"{round(move.new - move.old, 1) + 0.0:+.1f}"
        table.add_row(escape(move.id), money(move.old), money(move.new), change, money(move.moved))
    if len(step.moves) <= _MOST_MOVES:
        return table
    return Group(table, f"--json has all {len(step.moves)} moves.")
