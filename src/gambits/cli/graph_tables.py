"""What ``gambits graph`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed
from gambits.words import money, oom, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.analyse.dependencies import Dependencies


def graph(found: Dependencies) -> RenderableType:
    """The graph layer by layer: what each waits for, how soon it counts, what it opens, and what holds it back."""
    table = framed(f"{found.portfolio.name}: what waits for what")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=26)
    table.add_column("waits for", overflow="fold")
    table.add_column("counts in", justify="right", no_wrap=True)
    if found.unlock is not None:
        table.add_column("opens (OOM)", justify="right")
    if found.funded is not None:
        table.add_column(escape(found.portfolio.money), justify="right", no_wrap=True)
        table.add_column("funded", justify="right", no_wrap=True)
    for number, layer in enumerate(found.layers):
        if number:
            table.add_section()
        for id in layer:
            table.add_row(*_row(found, id))
    return Group(table, "\n".join(map(escape, _sentences(found))))


def _row(found: Dependencies, id: str) -> list[str]:
    each = found.portfolio.initiative(id)
    waits = "; ".join([*map(str, each.requires), *(f"{need} (after)" for need in each.after)])
    cells = [escape(f"* {id}" if id in found.critical_path else id), escape(waits)]
    cells.append(found.period(found.timing[id].counts) or "never")
    if found.unlock is not None:
        opened = found.unlock.get(id)
        cells.append("" if opened is None else "needed" if opened.value is None else oom(opened.value))
    if found.funded is not None:
        cells += [money(found.money[id]), percent(found.funded[id])]
    return cells


def _sentences(found: Dependencies) -> list[str]:
    lines = []
    if found.critical_path:
        when = found.period(found.timing[found.critical_path[-1]].counts)
        lines.append(f"* At the earliest all counts in {when}; what decides that: {' → '.join(found.critical_path)}.")
    lines += [f"At most one gets money: {', '.join(each)}." for each in found.excludes]
    if found.unlock:
        lines.append(f"Opens: what the best plan under {found.gambit} is worth less without it and all that needs it.")
    if found.blocker:
        lines += ["", "what really holds back" + (" in this plan" if found.funded is not None else " in time")]
        lines += [f"  {id}: {' → '.join(each.path[1:])}, which {each.why}" for id, each in found.blocker.items()]
    return lines
