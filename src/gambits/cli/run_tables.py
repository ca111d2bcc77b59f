"""What ``gambits runs`` prints for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed
from gambits.words import money, oom, percents

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.ledger.account import Entry
    from gambits.rerun.verify import Verification

_SHORT: Final = 12
"""Digits of a hash that people read."""
_MOST_DIFFERENCES: Final = 10


def listed(entries: Sequence[Entry], place: str) -> RenderableType:
    """The runs of a ledger, a line each."""
    if not entries:
        return escape(f"{place} holds no such run.\nNext: gambits solve PORTFOLIO --record")
    table = framed(f"{place}: {len(entries)} {'run' if len(entries) == 1 else 'runs'}")
    table.add_column("run", justify="right")
    for name in ("recorded at", "command", "portfolio", "gambit"):
        table.add_column(name, overflow="ellipsis", no_wrap=True, max_width=26)
    for name in ("OOM", "money"):
        table.add_column(name, justify="right")
    table.add_column("hash", no_wrap=True)
    table.add_column("")
    for each in entries:
        run = each.run
        words = (run.recorded_at[:16].replace("T", " "), run.command, run.portfolio, run.gambit)
        numbers = (oom(run.objective), money(run.total_spend))
        table.add_row(str(run.number), *map(escape, words), *numbers, run.sha256[:7], _state(each))
    return Group(table, "Next: gambits runs show RUN")


def _state(entry: Entry) -> str:
    words = [] if entry.is_verified else ["does not verify"]
    words += ["approved"] if entry.approved_by else []
    return ", ".join([*words, *(["locked"] if entry.is_locked else [])])


def shown(account: dict[str, Any]) -> RenderableType:
    """One run: what it is, what it found, what was said of it."""
    plan = account["plan"]
    settings = ", ".join(f"{name} {value}" for name, value in account["settings"].items())
    versions = ", ".join(f"{name} {value}" for name, value in account["environment"]["versions"].items())
    shares = ", ".join(f"{path} {share}%" for path, share in percents(plan["shares"]).items())
    lines = [
        f"Run {account['run']}: {account['command']} of {account['portfolio']} ({account['file']}), "
        f"{account['gambit']}.",
        f"Recorded at {account['recorded_at']} on {account['host']} with {versions}.",
        f"Asked: {settings}; {len(account['inputs']['portfolio'])} inputs, hash {plan['input_sha256'][:_SHORT]}.",
        f"Worth {oom(plan['objective'])} OOM; no plan is better by more than {plan['gap']:.1e} OOM ({plan['status']}).",
        f"Spends {money(plan['total_spend'])} {plan['money']}: {shares}.",
        f"Hash {account['sha256'][:_SHORT]}: every part is as it was recorded.",
    ]
    if account["verification"] is None:
        lines.append("It was not made again since.")
    lines += [f"{event['at']} {event['kind']} {_by(event)}" for event in account["events"]]
    lines.append(f"Next: gambits runs verify {account['run']}")
    return "\n".join(escape(line) for line in lines)


def _by(event: dict[str, Any]) -> str:
    return f"by {event['name']}{': ' if event['text'] else ''}{event['text']}"


def verified(found: Iterable[Verification]) -> RenderableType:
    """What came of making runs again."""
    lines = []
    for each in found:
        lines.append(f"Run {each.run}: {each.verdict.value}.")
        if each.environment:
            lines.append(f"  not as it was recorded: {'; '.join(each.environment)}")
        lines += [f"  {difference}" for difference in each.differences[:_MOST_DIFFERENCES]]
        if len(each.differences) > _MOST_DIFFERENCES:
            lines.append(f"  and {len(each.differences) - _MOST_DIFFERENCES} more; --json has all")
    return "\n".join(escape(line) for line in lines)
