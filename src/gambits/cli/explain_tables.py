"""What ``gambits explain`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed
from gambits.words import money, oom, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.analyse.explanation import Displacement, Explanation
    from gambits.errors import Where

_MOST_MOVES: Final = 15


def explained(found: Explanation) -> RenderableType:
    """The sentences, then the rules that hold it back, then whose money would move."""
    title = f"[bold]{escape(found.title)}[/bold] ({escape(found.path)}), {escape(found.gambit)}"
    parts: list[RenderableType] = [title, "\n".join(escape(sentence) for sentence in found.why), ""]
    if found.blockers:
        parts.append(_blockers(found))
    if found.displacement is not None and found.displacement.moves:
        parts.append(_moves(found, found.displacement))
    return Group(*parts)


def _blockers(found: Explanation) -> RenderableType:
    table = framed("without one rule alone, the best plan would fund more of it")
    table.add_column("rule", overflow="fold", max_width=40)
    table.add_column("where", overflow="fold", max_width=34)
    table.add_column("it would get", justify="right")
    table.add_column("the plan gains", justify="right")
    for each in found.blockers:
        table.add_row(escape(each.rule), escape(_short(each.where)), percent(each.funded), oom(each.gain))
    return table


def _short(where: Where) -> str:
    """A place by the last two parts of its path: the rest is the same for all."""
    shown = str(where)
    return "/".join(shown.split("/")[-2:])


def _moves(found: Explanation, displacement: Displacement) -> RenderableType:
    forced = "without it" if displacement.forced == 0 else f"with it funded to {percent(displacement.forced)}"
    table = framed(f"the best plan {forced}: whose money moves ({found.unit})")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=30)
    for name in ("now", "then", "change", "funded now", "then"):
        table.add_column(name, justify="right")
    table.add_column("", no_wrap=True)
    for move in displacement.moves[:_MOST_MOVES]:
        crosses = "enters" if move.enters else "leaves" if move.leaves else ""
        notes = ", ".join(note for note in (crosses, move.tie) if note)
        amounts = (money(move.before), money(move.after), f"{move.after - move.before:+.1f}")
        table.add_row(escape(move.id), *amounts, percent(move.funded_before), percent(move.funded_after), notes)
    return table
