"""The memo as a workbook: a sheet a question, numbers as numbers, sums as live formulas, text never as a formula."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gambits.errors import GambitsError
from gambits.memo.document import (
    Block,
    Bullets,
    Chart,
    Document,
    Figure,
    Heading,
    Paragraph,
    Section,
    Span,
    Table,
    Text,
)
from gambits.memo.seal import Making, unmarked
from gambits.memo.teller import Teller

_FORMS: Final = {
    "money": "#,##0.0",
    "oom": "0.000",
    "signed": "+0.000;-0.000;0.000",
    "fine": "+0.0000;-0.0000;0.0000",
    "level": "0.00",
    "tenth": "#,##0.0",
    "exact": "0.000000",
    "small": "0.0E+00",
    "plain": "General",
    "percent": "0%",
    "chance": "0%",
    "factor": '0.00"×"',
    "count": "#,##0",
    "tokens": "0.00E+00",
}
"""How Excel shows a figure by its form. A form not here stays text."""

_WORKED_OUT: Final = {"multiple": lambda value: 10.0**value, "flop": lambda value: 10.0**value}
"""Forms that show something other than the value itself, and what."""
_SHOWN: Final = {"multiple": '#,##0.00"×"', "flop": "0.0E+00"}

_NOT_IN_A_NAME: Final = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME: Final = 31
_WIDEST: Final = 60
_NARROWEST: Final = 9
_TEXT_WIDTH: Final = 100
_LINE_HEIGHT: Final = 15
_FULL: Final = 0.92
"""How full a line is on average where it is broken between words."""


def workbook_of(document: Document, record: Mapping[str, Any], making: Making) -> bytes:
    """Write a memo as XLSX.

    Raises
    ------
    GambitsError
        If the extra that writes it is not installed.
    """
    try:
        import xlsxwriter  # an extra
    except ImportError:
        hint = "install it with the extra: pip install 'gambits[memo]'"
        raise GambitsError("a workbook needs XlsxWriter, which is not installed", hint) from None
    raw = io.BytesIO()
    book = xlsxwriter.Workbook(raw, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    # Whenever the same memo is written, it is the same file.
    book.set_properties({"title": _plain(document.title)[:255], "created": datetime(2000, 1, 1, tzinfo=UTC)})
    writer = _Writer(book, Teller(record))
    for section in document.sections:
        writer.section(section)
    writer.made(making)
    book.close()
    return raw.getvalue()


class _Writer:
    """Writes sections as sheets."""

    def __init__(self, book: Any, tell: Teller) -> None:
        self._book = book
        self._tell = tell
        self._names: set[str] = set()
        self._formats: dict[tuple[str, bool], Any] = {}

    def section(self, section: Section) -> None:
        """Write a section on a sheet of its own."""
        tables = [each for each in map(_table_of, section.blocks) if each is not None]
        widths = _widths(tables)
        sheet = self._sheet(_plain(section.title))
        for k, width in enumerate(widths):
            sheet.set_column(k, k, width)
        row = self._line(sheet, 0, section.title, widths, bold=True)
        for block in section.blocks:
            match block:
                case Heading() | Paragraph():
                    bold = isinstance(block, Heading) or block.lead
                    row = self._line(sheet, row + 1, block.text, widths, bold=bold)
                case Bullets():
                    for item in block.items:
                        row = self._line(sheet, row + 1, item, widths)
                case Chart():
                    row = self._line(sheet, row + 1, (*block.title, Span(". "), *block.shows), widths)
                case Table():
                    pass
            table = _table_of(block)
            if table is not None:
                row = self._table(sheet, row + 1, table, widths)

    def made(self, making: Making) -> None:
        """Say on a last sheet how to make the memo again."""
        sheet = self._sheet("Made from")
        rows = {
            "gambit": making.gambit,
            **{name: str(value) for name, value in making.settings.items()},
            "inputs (hash)": making.input_sha256,
            "gambits": making.version,
        }
        for row, (name, value) in enumerate(rows.items()):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, unmarked(value))

    def _sheet(self, title: str) -> Any:
        """Add a sheet whose name Excel takes and no other has."""
        base = " ".join(_NOT_IN_A_NAME.sub(" ", title).split())[:_LONGEST_NAME] or "Sheet"
        name, number = base, 1
        while name.lower() in self._names:
            number += 1
            name = f"{base[: _LONGEST_NAME - 3]} {number}"
        self._names.add(name.lower())
        sheet = self._book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _line(self, sheet: Any, row: int, text: Text, widths: list[int], *, bold: bool = False) -> int:
        """Write text across the sheet, as high as it needs to be, and give the row below it."""
        form = self._format("", bold=bold)
        if len(widths) > 1:
            sheet.merge_range(row, 0, row, len(widths) - 1, "", form)
        sheet.write_string(row, 0, _plain(text), form)
        sheet.set_row(row, _height(_plain(text), sum(widths)))
        return row + 1

    def _table(self, sheet: Any, top: int, table: Table, widths: list[int]) -> int:
        """Write a table, and give the row below it and its note."""
        for k, column in enumerate(table.columns):
            sheet.write_string(top, k, _plain(column.title), self._format("", bold=True))
        first, last = top + 1, top + len(table.rows)
        for number, cells in enumerate(table.rows):
            sheet.set_row(first + number, max(map(_height, map(_plain, cells), widths)))
            is_total = table.has_total and number == len(table.rows) - 1
            for k, cell in enumerate(cells):
                sums = None
                if is_total and table.columns[k].is_number and cell:
                    sums = (first, k, last - 1, k)
                elif k in table.sums:
                    sums = (first + number, table.sums[k][0], first + number, table.sums[k][1])
                self._cell(sheet, first + number, k, cell, sums, bold=is_total)
        return self._line(sheet, last + 1, table.note, widths) if table.note else last + 1

    def _cell(
        self, sheet: Any, row: int, column: int, text: Text, sums: tuple[int, int, int, int] | None, *, bold: bool
    ) -> None:
        from xlsxwriter.utility import xl_rowcol_to_cell as place

        number, form = self._number(text)
        if number is None:
            sheet.write_string(row, column, _plain(text), self._format("", bold=bold))
        elif sums is None:
            sheet.write_number(row, column, number, self._format(form, bold=bold))
        else:
            # The value that the formula has, for programs that show a file without working it out.
            formula = f"=SUM({place(*sums[:2])}:{place(*sums[2:])})"
            sheet.write_formula(row, column, formula, self._format(form, bold=bold), number)

    def _number(self, text: Text) -> tuple[float | None, str]:
        """Give the number of a cell that holds a single figure, and how to show it."""
        if len(text) != 1 or not isinstance(text[0].content, Figure):
            return None, ""
        figure = text[0].content
        value = self._tell.told(figure.at, figure.form)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None, ""
        if figure.form in _WORKED_OUT:
            return _WORKED_OUT[figure.form](value), _SHOWN[figure.form]
        return (float(value), _FORMS[figure.form]) if figure.form in _FORMS else (None, "")

    def _format(self, form: str, *, bold: bool) -> Any:
        key = (form, bold)
        if key not in self._formats:
            made = {"num_format": form} if form else {}
            self._formats[key] = self._book.add_format(
                made | ({"bold": True} if bold else {}) | {"valign": "top", "text_wrap": not form}
            )
        return self._formats[key]


def _height(text: str, width: int) -> int:
    """Give the height of text that is broken into lines of some width."""
    return _LINE_HEIGHT * max(1, math.ceil(len(text) / (_FULL * width)))


def _table_of(block: Block) -> Table | None:
    """Give the table that a block is, or that is behind it."""
    return block if isinstance(block, Table) else block.data if isinstance(block, Chart) else None


def _widths(tables: list[Table]) -> list[int]:
    """Give each column of a sheet the width that its longest text asks for, within reason."""
    if not tables:
        return [_TEXT_WIDTH]
    widths = [_NARROWEST] * max(len(table.columns) for table in tables)
    for table in tables:
        for k, column in enumerate(table.columns):
            longest = max(len(_plain(text)) for text in (column.title, *(row[k] for row in table.rows)))
            widths[k] = max(widths[k], min(_WIDEST, longest + 2))
    return widths


def _plain(text: Text) -> str:
    return unmarked("".join(span.shown for span in text))
