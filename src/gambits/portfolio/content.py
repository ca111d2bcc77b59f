"""A portfolio laid out in tables: settings with one key a row, and a table for whatever there can be several of."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from gambits.files import bundled
from gambits.files.cells import number_text, takes
from gambits.files.kinds import ByPeriod, Kind, Text
from gambits.files.reading import plain
from gambits.files.sections import Changes, Key, Section, Several, Table
from gambits.portfolio.rows import ID, section_of
from gambits.portfolio.schema import PORTFOLIO
from gambits.portfolio.schema import rows as schema_rows
from gambits.portfolio.tables import TABLES, owner_of

Value = str | float | bool
_NAMED: Final = (Table, Changes, ByPeriod)
"""Kinds whose keys the author chooses: each that is in use has a column."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/.+-]*")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table, or a row of the settings: its dotted key, and the row of the schema behind it."""

    name: str
    key: Key


_ID_HEADING: Final = Heading(
    ID, Key(ID, Text(), "its name, by which other rows refer to it: letters, digits, - and _", required=True)
)


@dataclass(frozen=True, slots=True)
class Content:
    """A table with what is in it: ``rows`` hold values by heading; ``key`` is the dotted key that it stands for."""

    key: str
    about: str
    headings: tuple[Heading, ...]
    rows: tuple[Mapping[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A portfolio in tables; ``settings`` has values by dotted key."""

    headings: tuple[Heading, ...]
    settings: Mapping[str, Value]
    tables: tuple[Content, ...]


def lay_out(node: yaml.MappingNode, *, nested: bool) -> Layout:
    """Lay a sound portfolio out in tables, in the order in which it was written.

    Parameters
    ----------
    node
        The portfolio's tree, tables put in.
    nested
        Whether what belongs to the rows of another table gets one of its own; else it stands in one cell.
    """
    values = written(PORTFOLIO, node)
    settings = dict(_flat(PORTFOLIO, values, apart=True))
    keys = [key for key in TABLES if nested or not owner_of(key)]
    return Layout(
        tuple(_headings(PORTFOLIO, [settings], {}, apart=True)),
        settings,
        tuple(_content(key, values, nested=nested) for key in keys),
    )


def law_file(node: yaml.MappingNode) -> str | None:
    """Name the law file that has to lie beside a portfolio; None where its law is a preset, or it has none."""
    law = written(PORTFOLIO, node).get("frontier", {}).get("law")
    return law if law not in (None, *bundled.laws()) else None


def _content(key: str, values: Mapping[str, Any], *, nested: bool) -> Content:
    kind, owner = TABLES[key], owner_of(key)
    section = section_of(kind)
    if owner:
        name = key.removeprefix(f"{owner}.")
        items = [(id, item) for id, each in _at(values, owner).items() for item in each.get(name, ())]
    elif isinstance(kind, Table):
        items = list(_at(values, key).items())
    else:
        items = [("", item) for item in _at(values, key)]
    has_id = bool(owner) or isinstance(kind, Table)
    rows = [({ID: id} if has_id else {}) | dict(_flat(section, item, apart=nested)) for id, item in items]
    chosen = {"uses": list(_at(values, "resources"))}
    headings = list(_headings(section, rows, chosen, apart=nested))
    return Content(key, _about(key), ((_ID_HEADING, *headings) if has_id else tuple(headings)), tuple(rows))


def _at(values: Mapping[str, Any], key: str) -> Any:
    """Find what stands below a dotted key; nothing where it is not written."""
    found: Any = values
    for name in key.split("."):
        found = found.get(name, {})
    return found


def _about(key: str) -> str:
    return next(row.about for path, row in schema_rows() if path.replace(".<id>", "").replace("[]", "") == key)


def _flat(section: Section, values: Mapping[str, Any], prefix: str = "", *, apart: bool) -> Iterator[tuple[str, Value]]:
    """List values by dotted key, leaving out what gets a table of its own where that is told ``apart``."""
    kinds = {row.name: row.kind for row in section.keys}
    for name, value in values.items():
        kind, key = kinds[name], f"{prefix}{name}"
        if isinstance(kind, Table | Several) and kind.apart and apart:
            continue
        if isinstance(kind, Section) and value:
            yield from _flat(kind, value, f"{key}.", apart=apart)
        elif isinstance(kind, _NAMED) and value and not (isinstance(kind, Table) and kind.apart):
            yield from ((f"{key}.{each}", _cell(item, kind)) for each, item in value.items())
        else:
            yield key, _cell(value, kind)


def _headings(
    section: Section,
    rows: Sequence[Mapping[str, Value]],
    chosen: Mapping[str, list[str]],
    prefix: str = "",
    *,
    apart: bool,
) -> Iterator[Heading]:
    """List the columns that rows can have, and for names that the author chooses those that are in use."""
    used = list(dict.fromkeys(heading for row in rows for heading in row))
    for row in section.keys:
        name = f"{prefix}{row.name}"
        below = [f"{name}.{each}" for each in chosen.get(name, ())]
        below += [each for each in used if each.startswith(f"{name}.") and each not in below]
        if isinstance(row.kind, Table | Several) and row.kind.apart and apart:
            continue
        if isinstance(row.kind, Section):
            yield from _headings(row.kind, rows, chosen, f"{name}.", apart=apart)
        elif isinstance(row.kind, _NAMED):
            yield from (Heading(each, row) for each in below)
        if name in used or not (isinstance(row.kind, Section) or (below and isinstance(row.kind, _NAMED))):
            yield Heading(name, row)


def written(kind: Kind, node: yaml.Node) -> Any:
    """Give a node's value as written: dicts, lists, numbers, booleans and text; what is text stays as it is."""
    if isinstance(kind, Section) and isinstance(node, yaml.MappingNode):
        kinds = {row.name: row.kind for row in kind.keys}
        return {name.value: written(kinds[name.value], value) for name, value in node.value}
    if isinstance(kind, Table) and isinstance(node, yaml.MappingNode):
        return {name.value: written(kind.each, value) for name, value in node.value}
    if isinstance(kind, Several) and isinstance(node, yaml.SequenceNode):
        return [written(kind.each, item) for item in node.value]
    return " ".join(str(node.value).split()) if isinstance(kind, Text) else plain(node)


def _cell(value: Any, kind: Kind) -> Value:
    """Give a value as a cell holds it: lists of words and numbers as `a, b`, what is more in YAML's brackets."""
    if isinstance(value, list) and (len(value) > 1 or takes(kind) == {"array"}):
        words = [number_text(each) if isinstance(each, float) else str(each) for each in value]
        if words and all(_PLAIN.fullmatch(word) and word != "null" for word in words):
            return ", ".join(words)
    return bracketed(value) if isinstance(value, list | dict) else value


def bracketed(value: Any) -> str:
    """Write lists and mappings on one line, as YAML's brackets do."""
    return as_yaml(value, is_flow=True).strip()


def as_yaml(value: Any, *, is_flow: bool | None = None) -> str:
    """Write values as YAML; None for ``is_flow`` puts the innermost lists and mappings in brackets."""
    text: str = yaml.dump(
        tidy(value),
        Dumper=_Dumper,
        default_flow_style=is_flow,
        width=math.inf,
        sort_keys=False,
        allow_unicode=True,
    )
    return text


class _Dumper(yaml.SafeDumper):
    """Writes values out wherever they stand: what two keys share is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def tidy(value: Any) -> Any:
    """Turn whole numbers into integers, so that they are written without a point."""
    if isinstance(value, dict):
        return {name: tidy(item) for name, item in value.items()}
    if isinstance(value, list):
        return [tidy(item) for item in value]
    return int(number_text(value)) if isinstance(value, float) and number_text(value).lstrip("-").isdigit() else value
