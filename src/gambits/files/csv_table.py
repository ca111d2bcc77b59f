"""Reading and writing CSV tables: commas, semicolons or tabs, any line ends, with or without a byte order mark."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gambits.errors import Where
from gambits.files.cells import Cell, Sheet, make_sheet
from gambits.files.reading import is_number, read_text, stop

_SEPARATORS: Final = ",;\t"
_SAYS_SEPARATOR: Final = re.compile(r"sep=(.)\r?\n")
_FORMULA: Final = re.compile(r"'*[=+\-@]")
"""What a spreadsheet takes for a formula, and such text as it stands in a table: behind an apostrophe."""


def read_csv(path: Path, shown: str) -> Sheet:
    """Read a table with a line of headings.

    Raises
    ------
    InputError
        If the file cannot be read, is no table, or its headings do not hold.
    """
    lines = csv_lines(read_text(path, shown), shown)
    headings = lines[0][1] if lines else ()

    def cell(k: int, line: int, text: str) -> Cell | None:
        column = headings[k] if k < len(headings) else ""
        return Cell(unguarded(text), Where(shown, line, column=column)) if text else None

    return make_sheet(
        Where(shown, 1),
        ((Where(shown, line), [cell(k, line, text) for k, text in enumerate(texts)]) for line, texts in lines),
    )


def csv_lines(text: str, shown: str) -> list[tuple[int, tuple[str, ...]]]:
    """Split a table into (line, cells), leaving out empty rows; cells have no space around them.

    Raises
    ------
    InputError
        If quotes do not match.
    """
    said = _SAYS_SEPARATOR.match(text)
    body = text[said.end() :] if said else text
    first = body.lstrip().split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(body, newline=""), delimiter=said[1] if said else max(_SEPARATORS, key=first.count), strict=True
    )
    found: list[tuple[int, tuple[str, ...]]] = []
    above = line = 1 if said else 0
    try:
        for row in reader:
            cells = tuple(cell.strip() for cell in row)
            if any(cells):
                found.append((line + 1, cells))
            line = above + reader.line_num
    except csv.Error as error:
        raise stop(shown, line + 1, "not-csv", f"not a CSV table: {error}", "check the quotes") from None
    return found


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; what a spreadsheet would take for a formula stands behind an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue()


def guarded(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if _FORMULA.match(text) and not is_number(text) else text


def unguarded(text: str) -> str:
    """Take the apostrophe off again."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
