"""Portfolios kept in spreadsheets: a whole workbook, or tables beside the file, as the nodes that YAML would give.

Headings are the dotted keys of ``schema.py``; a row is an initiative, a resource, a scenario. What is read here is then
read by its kinds, and checked, as any other portfolio.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from gambits.errors import InputError, Where
from gambits.files.cells import Sheet
from gambits.files.csv_table import read_csv
from gambits.files.kinds import Kind
from gambits.files.reading import Report, as_shown, did_you_mean
from gambits.files.sections import Section, Several, Table
from gambits.files.workbook import SUFFIX, read_workbook
from gambits.portfolio.rows import as_mapping, insert, mapping_of, sequence_of, settings_of
from gambits.portfolio.schema import PORTFOLIO

INSTRUCTIONS: Final = "Instructions"
SETTINGS: Final = "portfolio"
"""The sheet that holds what is no table: one key a row."""
_ENDING: Final = re.compile(r"\.[A-Za-z]{2,5}$")
"""What ends so is meant for a file, whether it can be read or not."""


def tables(kind: Kind = PORTFOLIO, key: str = "") -> Iterator[tuple[str, Table | Several]]:
    """List what may be kept in a table of its own: (dotted key, kind), each before those inside it."""
    if isinstance(kind, Section):
        for row in kind.keys:
            yield from tables(row.kind, f"{key}.{row.name}" if key else row.name)
    elif isinstance(kind, Table | Several):
        if kind.apart:
            yield key, kind
        yield from tables(kind.each, key)


TABLES: Final[Mapping[str, Table | Several]] = dict(tables())


def owner_of(key: str) -> str | None:
    """Name the table to whose rows another belongs, as stages do to initiatives; None for one of the portfolio."""
    return next((other for other in TABLES if key.startswith(f"{other}.")), None)


def put_tables(node: yaml.MappingNode, folder: Path, report: Report) -> None:
    """Put tables in place of the names of their files, everywhere in a portfolio's tree.

    Raises
    ------
    InputError
        If a file cannot be read as a table; with every such fault.
    """
    files = _Files(folder, report)
    files.put(PORTFOLIO, node, "")
    if files.failed:
        report.raise_problems()


def read_book(path: Path, report: Report) -> yaml.MappingNode:
    """Read a workbook that holds a whole portfolio.

    Raises
    ------
    InputError
        If the file is no workbook, or its sheets are not those of a portfolio.
    """
    sheets = read_workbook(path, report.file, frozenset({INSTRUCTIONS}))
    here = Where(report.file)
    known = [SETTINGS, *TABLES]
    for name in sheets:
        if name not in known:
            mend = f"{did_you_mean(name, known)} (a sheet whose name begins with # is yours, and not read)"
            report.add(Where(report.file, 0, name), "unknown-sheet", f"there is no table `{name}`", mend)
    if SETTINGS not in sheets:
        report.add(here, "no-sheet", f"there is no sheet `{SETTINGS}`", "start from `gambits template`")
        report.raise_problems()
    tree = settings_of(PORTFOLIO, sheets[SETTINGS], report)
    needed = {row.name for row in PORTFOLIO.keys if row.required}
    failed = False
    for key, kind in TABLES.items():
        if key not in sheets or owner_of(key):
            continue
        try:
            node = _table_node(key, kind, sheets, report)
        except InputError as error:
            report.problems += error.problems
            failed = True
            continue
        if node.value or key in needed:
            insert(tree, key.split("."), sheets[key].where, node, report)
    if failed:
        report.raise_problems()
    return as_mapping(tree, here)


def _table_node(key: str, kind: Table | Several, sheets: Mapping[str, Sheet], report: Report) -> yaml.Node:
    """Turn a sheet into the node of its table, with the rows of the tables inside it."""
    if isinstance(kind, Several):
        return sequence_of(kind, sheets[key], report)
    inside = {
        name.removeprefix(f"{key}."): (each, sheets[name])
        for name, each in TABLES.items()
        if owner_of(name) == key and name in sheets
    }
    return mapping_of(kind, sheets[key], inside, report)


def _names_a_file(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and _ENDING.search(node.value) is not None


@dataclass(slots=True)
class _Files:
    """The tables beside one portfolio file; each workbook is read once."""

    folder: Path
    report: Report
    books: dict[Path, dict[str, Sheet]] = field(default_factory=dict)
    failed: bool = False

    def put(self, kind: Kind, node: yaml.Node, key: str) -> yaml.Node:
        """Give the table that a node names, or the node with the tables that it holds put in."""
        if isinstance(kind, Table | Several) and kind.apart and _names_a_file(node):
            node = self._table(kind, node, key)
        if isinstance(kind, Section) and isinstance(node, yaml.MappingNode):
            kinds = {row.name: row.kind for row in kind.keys}
            for k, (name, value) in enumerate(node.value):
                below = kinds.get(name.value) if isinstance(name, yaml.ScalarNode) else None
                if below:
                    node.value[k] = name, self.put(below, value, f"{key}.{name.value}" if key else name.value)
        elif isinstance(kind, Table) and isinstance(node, yaml.MappingNode):
            node.value[:] = [(name, self.put(kind.each, value, key)) for name, value in node.value]
        elif isinstance(kind, Several) and isinstance(node, yaml.SequenceNode):
            node.value[:] = [self.put(kind.each, item, key) for item in node.value]
        return node

    def _table(self, kind: Table | Several, node: yaml.Node, key: str) -> yaml.Node:
        try:
            sheets = self._sheets(str(node.value).strip(), node, key)
            return _table_node(key, kind, sheets, self.report) if sheets else node
        except InputError as error:
            self.report.problems += error.problems
            self.failed = True
            return node

    def _sheets(self, name: str, node: yaml.Node, key: str) -> Mapping[str, Sheet] | None:
        """Read the file that a key names, which lies in the portfolio's folder; None after reporting why not."""
        path = self.folder / name
        suffix = path.suffix.lower()
        mend = "name a table (.csv or .xlsx) in the portfolio's folder, or write its keys here"
        if suffix not in (".csv", SUFFIX):
            self._refuse(node, "unknown-table", f"`{key}`: `{name}` is no table that can be read", mend)
        elif not path.resolve().is_relative_to(self.folder.resolve()):
            self._refuse(node, "outside-folder", f"`{key}`: `{name}` lies outside the portfolio's folder", mend)
        elif not path.is_file():
            self._refuse(node, "unknown-table", f"`{key}`: there is no file `{name}`", mend)
        elif suffix == SUFFIX:
            return self._book(path, node, key)
        else:
            return {key: read_csv(path, as_shown(path))}
        return None

    def _book(self, path: Path, node: yaml.Node, key: str) -> Mapping[str, Sheet] | None:
        if path not in self.books:
            self.books[path] = read_workbook(path, as_shown(path), frozenset({INSTRUCTIONS}))
        sheets = self.books[path]
        if key in sheets:
            return sheets
        if len(sheets) == 1:
            return {key: next(iter(sheets.values()))}
        mend = f"call its sheet `{key}`; there are {', '.join(sheets) or 'none'}"
        self._refuse(node, "no-sheet", f"`{key}`: {path.name} has no sheet of that name", mend)
        return None

    def _refuse(self, node: yaml.Node, code: str, message: str, mend: str) -> None:
        self.report.add(node, code, message, mend)
        self.failed = True
