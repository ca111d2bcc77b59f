"""From the rows of a table to the nodes of a portfolio: headings are dotted keys, cells are values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from gambits.errors import InputError, Problem, Where
from gambits.files.cells import Cell, Sheet, cell_node, scalar, takes
from gambits.files.kinds import ByPeriod, Kind, Number, Uncertain
from gambits.files.reading import CellMark, Report, did_you_mean
from gambits.files.sections import Changes, Section, Several, Table
from gambits.quantities.estimates import Bounds

ID: Final = "id"
KEY, VALUE = "key", "value"
_PERCENTILES: Final = ("p10", "p50", "p90")
_MAP: Final = "tag:yaml.org,2002:map"
_SEQUENCE: Final = "tag:yaml.org,2002:seq"

Tree = dict[str, tuple[Where, Any]]
"""Nodes, or further trees, by name; each with the place where the name was first said."""
Inside = Mapping[str, tuple[Table | Several, Sheet]]
"""Tables whose rows belong to the rows of another, by the key that they stand for."""


@dataclass(frozen=True, slots=True)
class Column:
    """What stands below a heading, or beside a key: the names that its dotted key is made of, and its kind."""

    names: tuple[str, ...]
    kind: Kind
    takes: frozenset[str]


def resolve(section: Section, heading: str) -> Column | None:
    """Say what a dotted key stands for; None where there is no such key."""
    found = _names(section, heading)
    return Column(*found, takes(found[1])) if found else None


def _names(kind: Kind, heading: str) -> tuple[tuple[str, ...], Kind] | None:
    if not heading:
        return (), kind
    if isinstance(kind, Changes):
        # A scenario's changes have keys that are dotted themselves.
        return (heading,), Uncertain(Bounds.ANY)
    if isinstance(kind, ByPeriod):
        return (heading,), kind.each
    name, _, rest = heading.partition(".")
    below: Kind | None = None
    if isinstance(kind, Section):
        below = next((row.kind for row in kind.keys if row.name == name), None)
    elif isinstance(kind, Table):
        below = kind.each
    elif isinstance(kind, Uncertain) and name in _PERCENTILES:
        below = Number()
    found = _names(below, rest) if below else None
    return ((name, *found[0]), found[1]) if found else None


def settings_of(section: Section, sheet: Sheet, report: Report) -> Tree:
    """Read a sheet that has one key a row: its columns ``key`` and ``value``; others are for the reader.

    Raises
    ------
    InputError
        If one of the two columns is missing.
    """
    for name in (KEY, VALUE):
        if name not in {cell.text for cell in sheet.headings}:
            raise _without(name, sheet)
    tree: Tree = {}
    for row in sheet.rows:
        key, value = row.cells.get(KEY), row.cells.get(VALUE)
        column = resolve(section, key.text) if key else None
        if key and not column:
            report.add(
                key.where, "unknown-key", f"unknown key `{key.text}`", did_you_mean(key.text, headings_of(section))
            )
        elif value and not key:
            report.add(value.where, "missing-column", "a value stands beside no key", "write its key in this row")
        elif value and column:
            _put(tree, column, value, report)
    return tree


def mapping_of(kind: Table, sheet: Sheet, inside: Inside, report: Report) -> yaml.MappingNode:
    """Turn a table with a row for each id into a mapping, with the rows of other tables that belong to its rows."""
    found = [(id, tree) for id, _, tree in _rows(kind, sheet, report, needs_id=True) if id]
    owners = {id.text: tree for id, tree in reversed(found)}
    for name, (each, below) in inside.items():
        nodes: dict[str, list[yaml.Node]] = {}
        for id, where, tree in _rows(each, below, report, needs_id=True):
            if id and id.text in owners:
                nodes.setdefault(id.text, []).append(as_mapping(tree, where))
            elif id:
                report.add(id.where, "unknown-id", f"`{id.text}` is no {kind.noun}", did_you_mean(id.text, owners))
        for text, rows in nodes.items():
            first = report.at(rows[0])
            insert(owners[text], (name,), first, yaml.SequenceNode(_SEQUENCE, rows, CellMark(first)), report)
    pairs = [(scalar(id), as_mapping(tree, id.where)) for id, tree in found]
    return yaml.MappingNode(_MAP, pairs, CellMark(sheet.where))


def sequence_of(kind: Several, sheet: Sheet, report: Report) -> yaml.SequenceNode:
    """Turn a table into a list, in the order of its rows."""
    nodes = [as_mapping(tree, where) for _, where, tree in _rows(kind, sheet, report, needs_id=False)]
    return yaml.SequenceNode(_SEQUENCE, nodes, CellMark(sheet.where))


def _rows(
    kind: Table | Several, sheet: Sheet, report: Report, *, needs_id: bool
) -> Iterator[tuple[Cell | None, Where, Tree]]:
    """Give each row's id, its place and its values."""
    columns = _columns(kind, sheet, report, needs_id=needs_id)
    for row in sheet.rows:
        tree: Tree = {}
        for heading, cell in row.cells.items():
            if heading in columns:
                _put(tree, columns[heading], cell, report)
        id = row.cells.get(ID) if needs_id else None
        if needs_id and id is None:
            report.add(row.where, "no-id", f"this {kind.noun} has no id", f"write one in the column `{ID}`")
        yield id, row.where, tree


def _columns(kind: Table | Several, sheet: Sheet, report: Report, *, needs_id: bool) -> dict[str, Column]:
    """Say what stands below each heading, reporting those that say nothing.

    Raises
    ------
    InputError
        If there is no column of ids, and rows need one.
    """
    section = section_of(kind)
    known = headings_of(section)
    columns: dict[str, Column] = {}
    if needs_id and ID not in {cell.text for cell in sheet.headings}:
        raise _without(ID, sheet)
    for cell in sheet.headings:
        column = resolve(section, cell.text)
        if column:
            columns[cell.text] = column
        elif not (needs_id and cell.text == ID):
            mend = f"{did_you_mean(cell.text, known)} (a heading that begins with # is yours, and not read)"
            report.add(cell.where, "unknown-heading", f"there is no key `{cell.text}` for {kind.noun}s", mend)
    return columns


def _without(name: str, sheet: Sheet) -> InputError:
    mend = f"head one `{name}`, as `gambits template` does"
    return InputError((Problem("missing-column", sheet.where, f"there is no column `{name}`", mend),))


def section_of(kind: Table | Several) -> Section:
    """Give the keys that rows of a table have."""
    assert isinstance(kind.each, Section), "what is kept in a table of its own has keys"
    return kind.each


def headings_of(section: Section, prefix: str = "") -> list[str]:
    """List the dotted keys of rows; where the author chooses names, the key that they stand below."""
    found: list[str] = []
    for row in section.keys:
        if isinstance(row.kind, Section):
            found += headings_of(row.kind, f"{prefix}{row.name}.")
        else:
            found.append(f"{prefix}{row.name}")
    return found


def _put(tree: Tree, column: Column, cell: Cell, report: Report) -> None:
    insert(tree, column.names, cell.where, cell_node(cell, column.kind, column.takes, report), report)


def insert(tree: Tree, names: Sequence[str], where: Where, node: yaml.Node, report: Report) -> None:
    """Put a node into a tree below some names, unless something is there."""
    *parents, last = names
    for name in parents:
        below = tree.setdefault(name, (where, {}))[1]
        tree = below if isinstance(below, dict) else {last: (where, below)}
    if last in tree:
        key = ".".join(names)
        report.add(where, "key-twice", f"`{key}` is given twice", "keep one of them")
    else:
        tree[last] = (where, node)


def as_mapping(tree: Tree, where: Where) -> yaml.MappingNode:
    """Turn a tree into nodes."""
    pairs = [
        (scalar(Cell(name, at)), as_mapping(found, at) if isinstance(found, dict) else found)
        for name, (at, found) in tree.items()
    ]
    return yaml.MappingNode(_MAP, pairs, CellMark(where))
