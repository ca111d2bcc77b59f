"""What the commands print for people: finished records in, tables out, nothing computed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from gambits.cli.output import WIDTH
from gambits.portfolio.load import FILE_NAME
from gambits.words import money, multiple, oom, percent, percents

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.allocate.plan import Plan
    from gambits.analyse.bridge import Bridge, Line
    from gambits.analyse.changes import Changes
    from gambits.analyse.compare import Comparison
    from gambits.portfolio.gambit import Gambit
    from gambits.portfolio.model import Portfolio

_MOST_ROWS: Final = 12
_MOST_PERIODS: Final = 8
_SMALLEST: Final = 5e-5
"""Value below this rounds to nothing in a table, OOM."""
_LONGEST: Final = 36
"""Characters of a value in a table; the rest is in the JSON."""
_SMALL: Final = 0.05
"""Money below this rounds to nothing in a table."""


def checked(portfolio: Portfolio) -> RenderableType:
    """Say that a portfolio is sound, what is in it, and what to look at."""
    count = len(portfolio.initiatives)
    periods = portfolio.periods.names
    text = (
        f"{portfolio.file}: sound. {count} initiatives over {periods[0]} to {periods[-1]}, "
        f"{money(portfolio.budget.total)} {portfolio.money}."
    )
    lines = [escape(text)]
    lines += [escape(f"  {text}") for text in _by_law(portfolio)]
    lines += [f"  look at {escape(str(warning))}" for warning in portfolio.warnings]
    lines.append(escape(f"Next: gambits compare {typed(portfolio)}"))
    return "\n".join(lines)


def _by_law(portfolio: Portfolio) -> list[str]:
    """Say which effects a law gave."""
    return [
        f"{each.id}: {lever.words} {each.effects[lever]} by {law.words}"
        for each in sorted(portfolio.initiatives, key=lambda each: each.id)
        for lever, law in each.laws.items()
    ]


def plan(found: Plan, portfolio: Portfolio, asked: str) -> RenderableType:
    """One plan: its value, its money by initiative and period, its certificate; ``asked`` names its gambit."""
    table = framed(f"{found.gambit}: money by initiative and period ({found.money})")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=24)
    names = found.periods[:_MOST_PERIODS]
    for name in names:
        table.add_column(name.removeprefix("20"), justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("funded", justify="right", no_wrap=True)
    shown = [each for each in found.allocations if each.total >= _SMALL]
    for path, spent in found.spend_by_path.items():
        if spent >= _SMALL:
            table.add_row(f"[bold]{escape(path)}[/bold]", *[""] * len(names), money(spent), percent(found.shares[path]))
            for each in sorted(shown, key=lambda each: (-each.total, each.id)):
                if each.path == path:
                    spend = [money(part) for part in each.spend[:_MOST_PERIODS]]
                    table.add_row(f" {escape(each.id)}", *spend, money(each.total), percent(each.funded))
    table.add_section()
    by_period = [money(part) for part in found.spend_by_period[:_MOST_PERIODS]]
    table.add_row("all", *by_period, money(found.total_spend), "")
    nothing = sorted(each.id for each in found.allocations if each.total < _SMALL)
    lines = [*_headline(found), *_honest(found), ""]
    if len(found.periods) > _MOST_PERIODS:
        lines.append(f"The table shows the first {_MOST_PERIODS} of {len(found.periods)} periods; --json has all.")
    if nothing:
        lines.append(escape(f"No money: {', '.join(nothing)}."))
    lines += _warned([found])
    lines.append(escape(f"Next: gambits memo {typed(portfolio)} --gambit {asked} -o memo.md"))
    return Group(table, "\n".join(lines))


def _honest(found: Plan) -> list[str]:
    """What to hold against a plan over draws, in lines."""
    if found.honesty is None:
        return []
    fresh, missing = found.honesty["out_of_sample"], found.honesty["missing_money"]
    tail = f"worst {percent(found.tail)}"
    lines = [
        f"Over {found.draws} draws: mean {oom(found.expected)} OOM, {tail} {oom(found.cvar)} OOM.",
        f"Over fresh draws: mean {oom(fresh['expected'])} ± {oom(fresh['standard_error'])}, "
        f"{tail} {oom(fresh['cvar'])}.",
        f"Money missing to finish what is funded, on average: {money(missing['expected'])} {found.money}.",
    ]
    if len(found.honesty["scenarios"]) > 1:
        by_name = (f"{name} {oom(each['expected'])}" for name, each in found.honesty["scenarios"].items())
        lines.append(f"Mean by scenario: {', '.join(by_name)}.")
    return [escape(line) for line in lines]


def comparison(found: Comparison, portfolio: Portfolio, gambits: Iterable[Gambit]) -> RenderableType:
    """Plans side by side: value, money by path and as the rules of the gambits split it, and where they differ most."""
    plans = list(found.plans.values())
    values = framed(f"{portfolio.name}: what each gambit is worth")
    values.add_column("")
    for each in plans:
        values.add_column(escape(each.gambit), justify="right")
    if all(each.draws == 1 for each in plans):
        values.add_row("value of the plan (OOM, weighted over time)", *(oom(each.objective) for each in plans))
    else:
        values.add_row("mean value over the draws (OOM)", *(oom(each.expected) for each in plans))
        values.add_row("value in the worst draws", *(oom(each.cvar) for each in plans))
        values.add_row("as each gambit weighs the two", *(oom(each.objective) for each in plans))
    values.add_row("effective compute at the end", *(oom(each.gain[-1]) for each in plans))
    values.add_row("  as if training compute were multiplied by", *(multiple(each.gain[-1]) for each in plans))
    values.add_row(f"money spent ({portfolio.money}; part of all)", *(money(each.total_spend) for each in plans))
    for path in sorted({path for each in plans for path in each.spend_by_path}):
        cells = (f"{money(each.spend_by_path[path])} ({percents(each.shares)[path]}%)" for each in plans)
        values.add_row(f"  on {escape(path)}", *cells)
    for paths in sorted({tuple(sorted(each.shares)) for each in gambits if each.shares}):
        if any(
            each.spend_by_path.get(path, 0.0) >= _SMALL for each in plans for path in set(each.spend_by_path) - {*paths}
        ):
            values.add_row(
                f"  {escape(' : '.join(paths))}, as the rule splits it", *(_split(each, paths) for each in plans)
            )
    values.add_row("no plan is better by more than (OOM)", *(f"{each.gap:.1e}" for each in plans))
    parts: list[RenderableType] = [values]
    if len(plans) > 1:
        parts.append(_differences(found, portfolio))
        parts.append(_core(found))
    parts += _warned(plans)
    return Group(*parts)


def _split(plan: Plan, paths: Iterable[str]) -> str:
    """Give the money on some paths as parts of their own sum, which is what a rule of shares is about."""
    spent = {path: plan.spend_by_path.get(path, 0.0) for path in paths}
    whole = sum(spent.values())
    if whole < _SMALL:
        return "–"
    parts = percents({path: money / whole for path, money in spent.items()})
    return " : ".join(f"{part}%" for part in parts.values())


def _differences(found: Comparison, portfolio: Portfolio) -> RenderableType:
    table = framed(f"where they differ most (money, {portfolio.money}; part of its cost)")
    table.add_column("initiative", overflow="fold")
    table.add_column("path", no_wrap=True)
    for name in found.plans:
        table.add_column(escape(name), justify="right")
    for row in [row for row in found.differences if row.spread >= _SMALL][:_MOST_ROWS]:
        cells = (f"{money(spent)} ({percent(share)})" for spent, share in zip(row.money, row.funded, strict=True))
        table.add_row(escape(row.id), escape(row.path), *cells)
    return table


def _core(found: Comparison) -> RenderableType:
    lines = (
        ("Commit now, funded at least half in every plan", found.core),
        ("Hold back, funded in one and not in another", found.held_back),
        ("Funded less than half in every plan", found.not_funded),
    )
    return "\n".join(escape(f"{text}: {', '.join(ids) or 'none'}.") for text, ids in lines)


def changes(found: Changes) -> RenderableType:
    """What moved between two plans."""
    parts: list[RenderableType] = []
    if found.edits:
        edits = framed("what changed in the inputs")
        edits.add_column("input", overflow="fold", min_width=24)
        edits.add_column("old", overflow="fold")
        edits.add_column("new", overflow="fold")
        for edit in found.edits:
            edits.add_row(escape(edit.key), _value(edit.old), _value(edit.new))
        parts.append(edits)
    else:
        parts.append("The inputs are the same.")
    if found.moves:
        table = framed(f"what moved ({found.money})")
        for name, justify in (
            ("initiative", "left"),
            ("old", "right"),
            ("new", "right"),
            ("change", "right"),
            ("moved", "right"),
        ):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        for move in found.moves:
            change = f"{round(move.new - move.old, 1) + 0.0:+.1f}"
            table.add_row(escape(move.id), money(move.old), money(move.new), change, money(move.moved))
        parts += [table, "Moved: half of what its periods differ by, so that money which only comes later counts too."]
    else:
        parts.append("No money moved.")
    if found.bridge is not None and found.edits:
        parts += bridge(found.bridge, found.money)
    parts.append(
        escape(
            f"Value {oom(found.old_value)} → {oom(found.new_value)} OOM ({found.value:+.4f}). "
            f"Money moved: {money(found.money_moved)} {found.money}."
        )
    )
    return Group(*parts)


def bridge(found: Bridge, unit: str) -> list[RenderableType]:
    """Which edit moved what: the lines that add up to the change."""
    table = framed(f"which edit moved it (value in OOM; money in {unit})")
    table.add_column("edit", overflow="fold")
    for name in ("value", "money"):
        table.add_column(name, justify="right")
    for line in found.lines:
        value = f"{line.value:+.4f}" if abs(line.value) >= _SMALLEST else "–"
        table.add_row(escape(line.edit), _with_error(value, line.value_error), _moved(line))
    table.add_section()
    values, moneys = zip(*((line.value, line.money) for line in found.lines), strict=True)
    table.add_row("all", f"{sum(values):+.4f}", money(sum(moneys)))
    if not found.orders:
        return [table]
    return [
        table,
        f"Averaged over {found.orders} of the orders in which the edits could be made, ± one standard error.",
    ]


def _moved(line: Line) -> str:
    return _with_error(money(line.money), line.money_error, 1)


def _with_error(text: str, error: float, digits: int = 4) -> str:
    return f"{text} ± {error:.{digits}f}" if error else text


def next_steps(memos: Iterable[Path]) -> RenderableType:
    """Say where the memos are, and what to type next."""
    lines = ["Memos for the board:", *(f"  {path}" for path in memos), "", "Next, your own portfolio:"]
    lines += ["  gambits init my-lab", "  gambits compare my-lab"]
    return escape("\n".join(lines))


def typed(portfolio: Portfolio) -> str:
    """Give what to type for a portfolio: its folder, or the file where that has a name of its own."""
    file = Path(portfolio.file)
    return str(file.parent if file.name == FILE_NAME else file)


def _headline(found: Plan) -> list[str]:
    paths = ", ".join(f"{path} {share}%" for path, share in percents(found.shares).items())
    return [
        escape(
            f"Worth {oom(found.objective)} OOM of effective compute, weighted over time; at the end "
            f"{oom(found.gain[-1])} OOM, as if training compute were multiplied by {multiple(found.gain[-1])}."
        ),
        escape(f"Spends {money(found.total_spend)} {found.money}: {paths}."),
        escape(f"No plan under these rules is better by more than {found.gap:.1e} OOM ({found.rounds} rounds)."),
    ]


def _warned(plans: list[Plan]) -> list[str]:
    texts = dict.fromkeys(text for each in plans for text in each.warnings)
    return [escape(f"Look at: {text}") for text in texts]


def _value(value: object) -> str:
    if value is None:
        return "–"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return escape(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def framed(title: str) -> Table:
    """Start a table in the one style that all of them have."""
    # A title wraps at its table's width: let the table be as wide as its title.
    width = min(WIDTH, len(title) + 2)
    return Table(
        title=escape(title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        min_width=width,
    )
