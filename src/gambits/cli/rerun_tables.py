"""What ``gambits rerun`` prints for people: alarms first, then what changed, moved, is worth and disrupts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits.cli import tables
from gambits.cli.tables import framed
from gambits.ledger.tripwires import State
from gambits.words import money, oom

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from gambits.ledger.tripwires import Tripwire, Watched
    from gambits.rerun.again import Kept, Rerun

_SMALL: Final = 0.05


def again(found: Rerun) -> RenderableType:
    """All that matters of a rerun."""
    parts: list[RenderableType] = []
    if found.watched.alarms:
        parts.append(_alarms(found.watched.alarms))
    parts.append("\n".join(escape(line) for line in _standing(found)))
    if found.changes.edits or found.changes.is_moved:
        parts.append(tables.changes(found.changes))
        parts.append("\n".join(escape(line) for line in _worth(found)))
    if found.kept is not None:
        parts.append(_kept(found.kept, found))
    parts += [escape(line) for line in _reminders(found.watched)]
    return Group(*parts)


def _alarms(alarms: Iterable[Tripwire]) -> RenderableType:
    table = framed("criteria for stopping")
    for name in ("initiative", "stop if", "now", ""):
        table.add_column(name)
    for each in alarms:
        state = f"[bold]{each.state.value}[/bold]" if each.state is State.HIT else each.state.value
        table.add_row(
            escape(each.id), escape(str(each.criterion)), "–" if each.value is None else f"{each.value:g}", state
        )
    return table


def _standing(found: Rerun) -> list[str]:
    lines = []
    if found.assumed:
        spent = sum(sum(row.values()) for row in found.assumed.values())
        last = max(name for row in found.assumed.values() for name in row)
        lines = [
            f"Taken for spent up to {last}, as {found.against} planned: {money(spent)} {found.changes.money}. "
            "Write `spent` to say otherwise."
        ]
    return [*lines, _reused(found)]


def _reused(found: Rerun) -> str:
    if found.reused is None:
        return f"Against {found.against}:"
    same = "these inputs" if not found.changes.edits or found.against != f"run {found.reused}" else "the same numbers"
    return f"Against {found.against}: run {found.reused} asked {same}, and its plan stands as it was recorded."


def _worth(found: Rerun) -> list[str]:
    changes, lines = found.changes, []
    if found.stays is None:
        lines.append(f"The plan of {found.against} no longer obeys the rules.")
    else:
        known, gained = found.stays - changes.old_value, changes.new_value - found.stays
        lines.append(
            f"The plan of {found.against} is worth {oom(found.stays)} OOM today ({known:+.4f}); "
            f"planning again gains {gained:+.4f}."
        )
    first = found.plan["periods"][0]
    lines.append(f"Of the money moved, {money(found.moved_at_once)} {changes.money} moves in {first}.")
    for ids, words in ((found.started, "now and not then"), (found.stopped, "then and not now")):
        if ids:
            lines.append(f"With at least half of their cost {words}: {', '.join(ids)}.")
    return lines


def _kept(kept: Kept, found: Rerun) -> RenderableType:
    whose = f"run {kept.from_run}, which was approved" if kept.from_run else found.against
    unit = found.changes.money
    table = framed(f"with stability: money by initiative where it differs from the best plan ({unit})")
    table.add_column("initiative")
    for name in ("best", "nearest", "difference"):
        table.add_column(name, justify="right")
    for id, row in kept.spend.items():
        best, near = found.plan["initiatives"][id]["total"], sum(row)
        if abs(near - best) >= _SMALL:
            table.add_row(escape(id), money(best), money(near), f"{near - best:+.1f}")
    text = (
        f"Among plans within {kept.within:g} OOM of the best, the one nearest {whose} moves {money(kept.moved)} {unit} "
        f"where the best moves {money(kept.best_moved)}. Stability gives up {kept.gives_up:.2g} OOM."
    )
    return Group(table, escape(text))


def _reminders(watched: Watched) -> list[str]:
    lines = [f"Stale: {each.id} stands since {each.since}, to be reviewed by {each.due}." for each in watched.stale]
    return lines + [f"Dissent on {id}, {each.by}: {each.text}" for id, each in watched.dissent]
