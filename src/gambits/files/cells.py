"""Tables as people keep them in spreadsheets: cells that know their place, and the YAML nodes that they stand for.

A cell becomes the node that the same value would be in YAML, so kinds, suggestions and checks are shared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import yaml

from gambits.errors import InputError, Problem, Where
from gambits.files.kinds import Date, Flag, Kind, PeriodName, Text
from gambits.files.reading import CellMark, FaultyNode, Report, compose_cell
from gambits.words import printable

PRIVATE: Final = "#"
"""Columns and sheets whose name begins with this are the author's own, and not read."""

_MOST_DIGITS: Final = 15
"""A whole number of more digits is written with an exponent."""
_STRING: Final = "tag:yaml.org,2002:str"
_OPENING: Final = ("[", "{")


class Typed(Enum):
    """What a table says a cell holds; a CSV table does not say."""

    UNSAID = "unsaid"
    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with something in it; ``text`` is that as the portfolio file would write it."""

    text: str
    where: Where
    typed: Typed = Typed.UNSAID


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table with something in it: its cells by heading."""

    where: Where
    cells: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its headings, all different, and its rows."""

    where: Where
    headings: tuple[Cell, ...]
    rows: tuple[Row, ...]


def make_sheet(where: Where, lines: Iterable[tuple[Where, list[Cell | None]]]) -> Sheet:
    """Make a table of lines of cells, None for an empty one; the first line is the headings.

    Raises
    ------
    InputError
        If there are no headings, two are the same, or something stands below none.
    """
    filled = [line for line in lines if any(line[1])]
    if not filled:
        fault = Problem("no-headings", where, "the table is empty", "give it a line of headings, as `gambits template`")
        raise InputError((fault,))
    (_, headings), *rest = filled
    problems = [*_twice(headings), *_below_nothing(headings, rest)]
    if problems:
        raise InputError(tuple(problems))
    names = {k: cell.text for k, cell in enumerate(headings) if cell and not cell.text.startswith(PRIVATE)}
    rows = [Row(at, {names[k]: cell for k, cell in enumerate(cells) if cell and k in names}) for at, cells in rest]
    kept = tuple(cell for cell in headings if cell and not cell.text.startswith(PRIVATE))
    return Sheet(where, kept, tuple(row for row in rows if row.cells))


def _twice(headings: Iterable[Cell | None]) -> Iterable[Problem]:
    seen: set[str] = set()
    for cell in headings:
        if cell and cell.text in seen:
            message = f"two columns are headed `{printable(cell.text)}`"
            yield Problem("heading-twice", cell.where, message, "remove one of them, or begin its heading with #")
        elif cell:
            seen.add(cell.text)


def _below_nothing(headings: list[Cell | None], lines: Iterable[tuple[Where, list[Cell | None]]]) -> Iterable[Problem]:
    seen: set[int] = set()
    for _, cells in lines:
        for k, cell in enumerate(cells):
            if cell and (k >= len(headings) or not headings[k]) and k not in seen:
                seen.add(k)
                message = f"something stands in column {k + 1}, which has no heading"
                yield Problem("no-heading", cell.where, message, "give the column a heading, or put text in quotes")


def cell_node(cell: Cell, kind: Kind, taken: frozenset[str], report: Report) -> yaml.Node:
    """Give the node that a cell stands for where a kind is wanted, a faulty one after reporting that it has none.

    ``taken`` are the JSON types of the kind (``takes``), worked out once for a column.
    """
    if isinstance(kind, Text):
        return scalar(cell, quoted=cell.typed in (Typed.UNSAID, Typed.TEXT))
    if cell.typed is Typed.DATE:
        return _dated(cell, kind, report)
    text = _as_written(cell.text, kind, taken)
    if not text.startswith(_OPENING):
        return scalar(Cell(text, cell.where))
    try:
        return compose_cell(text, cell.where)
    except InputError as error:
        report.problems += error.problems
        return _faulty(cell)


def _faulty(cell: Cell) -> yaml.Node:
    return FaultyNode(_STRING, cell.text, CellMark(cell.where))


def scalar(cell: Cell, *, quoted: bool = False) -> yaml.ScalarNode:
    """Make a scalar of a cell; ``quoted`` text is itself, whatever it looks like."""
    return yaml.ScalarNode(_STRING, cell.text, CellMark(cell.where), style='"' if quoted else None)


def _as_written(text: str, kind: Kind, taken: frozenset[str]) -> str:
    """Give a cell's text as a portfolio file has it: spreadsheets shout TRUE, and lists need no brackets in a cell."""
    if isinstance(kind, Flag):
        return text.lower()
    if text.startswith(_OPENING) or "array" not in taken:
        return text
    return f"[{text}]" if taken == {"array"} or "," in text else text


def takes(kind: Kind) -> frozenset[str]:
    """Say which JSON types a kind takes: what takes `array` alone is a list in any case."""
    return _types(kind.schema())


def _types(schema: dict[str, Any]) -> frozenset[str]:
    if "anyOf" in schema:
        return frozenset[str]().union(*map(_types, schema["anyOf"]))
    found = schema.get("type", "string")
    return frozenset({found} if isinstance(found, str) else found)


def _dated(cell: Cell, kind: Kind, report: Report) -> yaml.Node:
    """Read a day where one is wanted, and a month where a period is; of the rest a spreadsheet made something else."""
    if isinstance(kind, Date):
        return scalar(cell)
    if isinstance(kind, PeriodName) and cell.text.endswith("-01"):
        return scalar(Cell(cell.text.removesuffix("-01"), cell.where))
    message = f"the cell holds the date {cell.text}, and a {kind.words} is wanted"
    report.add(cell.where, "date-cell", message, "format the cell as text, and type it again")
    return _faulty(cell)


def number_text(value: float) -> str:
    """Write a number so that reading it gives the same one; whole ones without a point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**_MOST_DIGITS:
        return str(int(value))
    return str(value)
