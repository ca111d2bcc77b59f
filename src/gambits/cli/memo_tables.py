"""What ``gambits memo --check`` prints."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.memo.check import Fault, Verdict


def checked(found: Verdict, file: Path) -> RenderableType:
    """What came of checking a memo: every figure that does not hold, by name."""
    same = "the inputs are those of the memo" if found.is_same_input else "the inputs have changed since"
    parts: list[RenderableType] = []
    for title, faults in (
        ("edited: not the figure that was written", found.edited),
        (
            "stale: no longer what the inputs give" if not found.is_same_input else "not what the inputs give",
            found.stale,
        ),
        ("unsupported: bound to nothing", found.unsupported),
    ):
        if faults:
            parts.append(_faults(title, faults))
    if found.left_out:
        parts.append(f"Left out since the memo was written: {len(found.left_out)} figures.")
    wrong = len(found.edited) + len(found.stale) + len(found.unsupported)
    ending = "all hold" if found.is_sound else f"{wrong} do not hold"
    parts.append(escape(f"{file}: {found.checked} figures, {ending}; {same}."))
    return Group(*parts)


def _faults(title: str, faults: Iterable[Fault]) -> RenderableType:
    table = framed(title)
    table.add_column("line", justify="right")
    table.add_column("figure", overflow="fold")
    table.add_column("memo says", overflow="fold", max_width=24)
    table.add_column("should be", overflow="fold", max_width=24)
    table.add_column("where", overflow="fold", max_width=30)
    for fault in faults:
        line = str(fault.line) if fault.line else "–"
        told = (fault.place or "–", fault.says, fault.should or "nothing", fault.around)
        table.add_row(line, *map(escape, told))
    return table
