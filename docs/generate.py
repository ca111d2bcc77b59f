"""Write the parts of the reference that the code already says: keys of files, commands, presets, gambits.

A page marks each such part with ``<!-- generated: NAME -->`` and ``<!-- end -->``; what stands between is
replaced, the rest is written by hand. ``--check`` writes nothing and fails if a page is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
import yaml

from gambits.cli import main as commands
from gambits.files import bundled
from gambits.files.sections import Key, Section, Table
from gambits.portfolio.gambit import GAMBIT
from gambits.portfolio.schema import PORTFOLIO, rows
from gambits.scaling.effects.law import EFFECT_TAGS, EffectLaw, Form
from gambits.scaling.effects.registry import EFFECT_LAWS
from gambits.scaling.effects.spread import WIDENING
from gambits.scaling.laws import LAW, load_law
from gambits.scaling.published import Constant

DOCS: Final = Path(__file__).resolve().parent
_MARKED: Final = re.compile(
    r"(?P<open><!-- generated: (?P<name>[a-z -]+) -->\n).*?(?P<close><!-- end -->)", flags=re.DOTALL
)


def refreshed(text: str) -> str:
    """Give a page's text with every marked part as the code says it now."""
    return _MARKED.sub(lambda part: f"{part['open']}\n{PARTS[part['name']]()}\n\n{part['close']}", text)


def stale_pages() -> list[Path]:
    """List the pages whose generated parts differ from what the code says."""
    return [page for page in sorted(DOCS.rglob("*.md")) if refreshed(_read(page)) != _read(page)]


def keys(table: Section) -> str:
    """Give the keys of a file: a heading and a table for each section."""
    found = list(rows(table))
    about = {path: row.about for path, row in found}
    sections: dict[str, list[Key]] = {"": []}
    for path, row in found:
        sections.setdefault(path.rpartition(".")[0], []).append(row)
    parts = [_section(name, about, members) for name, members in _told_once(sections).items()]
    return "\n\n".join(part for part in parts if part)


def _told_once(sections: dict[str, list[Key]]) -> dict[str, list[Key]]:
    """Put neighbours that have the same keys under one name, as the constants of a law."""
    kept: dict[str, list[Key]] = {}
    for name, members in sections.items():
        parent = name.rpartition(".")[0]
        alike = [other for other, rows in sections.items() if rows == members and other.rpartition(".")[0] == parent]
        kept[f"{parent}.<name>" if len(alike) > 1 else name] = members
    return kept


def _section(name: str, about: dict[str, str], members: list[Key]) -> str:
    if not members:
        return ""
    cells = [(f"`{row.name}`", _value(row), _default(row), row.about) for row in members]
    meaning = about.get(name) or about.get(name.removesuffix(".<id>").removesuffix("[]"), "")
    lines = [f"### `{name}`" if name else "### Top level"]
    lines += [f"{meaning[0].upper()}{meaning[1:]}."] if meaning else []
    return "\n\n".join([*lines, _table(("key", "value", "default", "meaning"), cells)])


def _value(row: Key) -> str:
    words = row.kind.words
    if isinstance(row.kind, Table) and not isinstance(row.kind.each, Section):
        words += f", each a {row.kind.each.words}"
    return f"{words} ({row.unit})" if row.unit else words


def _default(row: Key) -> str:
    return "**required**" if row.required else row.default or "–"


def synopsis() -> str:
    """Give every command with its first sentence."""
    found = [
        (f"[`gambits {name}`](#gambits-{name.replace(' ', '-')})", command.get_short_help_str(200))
        for name, command in _commands()
    ]
    return _table(("command", "what it does"), found)


def command_pages() -> str:
    """Give every command's usage, arguments and options, as its help says them."""
    return "\n\n".join(_command(name, command) for name, command in _commands())


def _commands(group: click.Group = commands, prefix: str = "") -> list[tuple[str, click.Command]]:
    """List every command, those of a group after it."""
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        found.append((f"{prefix}{name}", command))
        found += _commands(command, f"{prefix}{name} ") if isinstance(command, click.Group) else []
    return found


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"gambits {name}")
    usage = " ".join(["gambits", name, *command.collect_usage_pieces(context)])
    options = [
        (f"`{record[0]}`", record[1])
        for parameter in command.params
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    parts = [f"### `gambits {name}`", " ".join((command.help or "").split()), f"```text\n{usage}\n```"]
    return "\n\n".join([*parts, _table(("option", "meaning"), options)] if options else parts)


def built_in_gambits() -> str:
    """Give the files of the built-in gambits as they ship."""
    return "\n\n".join(
        f'```yaml title="{name}.yaml"\n{_read(path).rstrip()}\n```' for name, path in bundled.profiles().items()
    )


def presets() -> str:
    """Give the laws that ship, with the source and the reach of each."""
    cells = []
    for name in bundled.laws():
        law = load_law(name)
        limit = "yes" if law.has_data_limit else "no"
        cells.append((f"`{name}`", law.source, limit, f"{law.fitted_to:.1e} FLOP"))
    return _table(("preset", "source", "knows a data limit", "largest run behind it"), cells)


def constants() -> str:
    """Give the constants of every law that ships, with interval and tag."""
    cells: list[Sequence[str]] = []
    for name, path in bundled.laws().items():
        given: dict[str, Any] = yaml.safe_load(_read(path))["constants"]
        for constant in load_law(name).constants.values():
            interval = given[constant.name].get("interval")
            shown = f"{interval[0]:g} to {interval[1]:g}" if interval else "–"
            cells.append(
                (f"`{name}`", f"`{constant.name}`", f"{constant.value:.10g}", shown, constant.tag, constant.note)
            )
    return _table(("law", "constant", "value", "95 % interval", "tag", "note"), cells)


def effect_laws() -> str:
    """Give every law that an effect can name: what it asks, its formulas, its figures, how far it reaches."""
    return "\n\n".join(_effect_law(law) for law in EFFECT_LAWS)


def _effect_law(law: EffectLaw) -> str:
    parts = [f"### `{law.name}`", f"{law.title}. {law.source}."]
    formulas = [(f"`{form.lever}`", form.formula, _tag(law, form)) for form in law.forms]
    parts.append(_table(("lever", "effect at full funding", "tag"), formulas))
    if law.arguments:
        cells = [(f"`{row.name}`", _value(row), _default(row), row.about) for row in law.arguments]
        parts.append(_table(("argument", "value", "default", "meaning"), cells))
    if law.constants:
        cells = [
            (f"`{each.name}`", f"{each.value:.10g}", _interval(each), each.tag, each.note or "–")
            for each in law.constants
        ]
        parts.append(_table(("constant", "value", "where it lies", "tag", "note"), cells))
    fitted = f", {law.fitted_to:.1e} FLOP at most" if law.fitted_to else ""
    return "\n\n".join([*parts, f"*Reach:* {law.reach}{fitted}.", law.note])


def _tag(law: EffectLaw, form: Form) -> str:
    names = form.uses({row.name: row.default for row in law.arguments})
    used = [each.tag for each in law.constants if each.name in names]
    return form.tag or max(used, key=list(EFFECT_TAGS).index)


def _interval(constant: Constant) -> str:
    if constant.interval is None:
        return "not published"
    low, high = constant.interval
    return f"{low:.4g} to {high:.4g} ({constant.level:.0%})"


def effect_tags() -> str:
    """Give the tags of effects with what they mean and how a gain without a published interval is widened."""
    cells = [
        (f"`{tag}`", about, f"{WIDENING[tag]:g} times less or more" if tag in WIDENING else "never: it has its own")
        for tag, about in EFFECT_TAGS.items()
    ]
    return _table(("tag", "means", "without an interval, the gain's logarithm is"), cells)


def bundled_portfolios() -> str:
    """Give the portfolios that ship, with their size."""
    from gambits.portfolio.load import load

    cells = []
    for name in bundled.portfolio_names():
        portfolio = load(name)
        periods = portfolio.periods.names
        size = f"{len(portfolio.initiatives)} initiatives, {periods[0]} to {periods[-1]}"
        cells.append((f"`{name}`", portfolio.name, size, f"{portfolio.budget.total:g} {portfolio.money}"))
    return _table(("name", "title", "size", "budget"), cells)


def _table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *cells]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    # A bar ends a cell, and a tag outside a code span would be one in the page.
    return " ".join(text.split()).replace("|", "\\|")


PARTS: Final[dict[str, Callable[[], str]]] = {
    "keys of a portfolio": lambda: keys(PORTFOLIO),
    "keys of a gambit": lambda: keys(GAMBIT),
    "keys of a law": lambda: keys(LAW),
    "synopsis": synopsis,
    "commands": command_pages,
    "gambits": built_in_gambits,
    "laws": presets,
    "constants": constants,
    "portfolios": bundled_portfolios,
    "effect laws": effect_laws,
    "effect tags": effect_tags,
}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _say(lines: Iterator[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def run(arguments: Sequence[str]) -> int:
    """Write the stale pages, or with ``--check`` only name them; give the exit code."""
    stale = stale_pages()
    if list(arguments) == ["--check"]:
        _say(f"{page.relative_to(DOCS.parent)} is stale: run docs/generate.py" for page in stale)
        return 1 if stale else 0
    for page in stale:
        page.write_text(refreshed(_read(page)), encoding="utf-8")
    _say(f"wrote {page.relative_to(DOCS.parent)}" for page in stale)
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
