"""A portfolio as a workbook that explains itself: help on every heading and cell, required cells in colour, lists."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import yaml
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.writer.excel import ExcelWriter

from gambits.errors import InputError, Problem, Where
from gambits.files.cells import takes
from gambits.files.kinds import Choice, Date, Flag, PeriodName, Text
from gambits.files.sections import Key
from gambits.files.workbook import escaped
from gambits.portfolio.content import Content, Heading, Layout, Value, lay_out
from gambits.portfolio.rows import ID, KEY, VALUE
from gambits.portfolio.tables import INSTRUCTIONS, SETTINGS, owner_of

_THEN: Final = datetime(2000, 1, 1)
"""Every workbook is dated alike, so that the same portfolio gives the same bytes."""
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_LONGEST: Final = 32_000
"""Signs that fit a cell, rounded down."""
_LONGEST_HELP: Final = 250
_LONGEST_LIST: Final = 250
_SPARE: Final = 30
"""Rows made ready below those that are filled."""
_REACH: Final = 2000
"""Rows that help and lists reach to."""
_WIDE, _NARROW = 34, 14

_HEAD: Final = PatternFill("solid", start_color="FF404040")
_HEAD_REQUIRED: Final = PatternFill("solid", start_color="FF7F6000")
_REQUIRED: Final = PatternFill("solid", start_color="FFFFF2CC")
_MISSING: Final = PatternFill("solid", start_color="FFF4B183", end_color="FFF4B183")
_WHITE: Final = Font(bold=True, color="FFFFFFFF")
_BOLD: Final = Font(bold=True)
_LINE: Final = Border(bottom=Side(style="thin", color="FFBFBFBF"))
_TOP: Final = Alignment(vertical="top")
_WRAPPED: Final = Alignment(vertical="top", wrap_text=True)

_INSTRUCTIONS: Final = (
    ("To read it", "gambits check BOOK.xlsx names every fault with its cell; gambits compare BOOK.xlsx decides."),
    ("", ""),
    ("Colours", "A yellow cell has to be filled in; in a row that is begun, an orange one still has to be."),
    ("Help", "Rest on a heading, or choose a cell, to see what belongs there. Some cells have a list."),
    ("Empty cells", "Leave empty what does not apply: a key that is not there has its default."),
    ("Estimates", "A number (20), a 90 % interval (15 to 30), or percentiles ({p10: 12, p50: 20, p90: 40})."),
    ("Numbers", "Digits without a unit, with a point: 0.3, 1500, 2e27. Not 1,500, 30 % or 2.000.000."),
    ("Lists", "Commas between ids or numbers: verifiers, data-platform; for each period: 20, 20, 25, 25."),
    ("Names of your own", "Where a key ends in a name of yours, add a column for it: uses.gpu."),
    ("Laws", "An effect may name a law in place of a range: {parscale: {streams: 8}}."),
    ("For yourself", "Columns and sheets whose name begins with # are not read. Formulas are read by their value."),
    ("", ""),
)


def book(node: yaml.MappingNode) -> bytes:
    """Write a sound portfolio as an Excel workbook; the same portfolio gives the same bytes.

    Raises
    ------
    InputError
        If a text is too long for a cell.
    """
    layout = lay_out(node, nested=True)
    workbook = Workbook()
    workbook.remove(workbook.active)
    _instructions(workbook.create_sheet(INSTRUCTIONS), layout)
    _settings(workbook.create_sheet(SETTINGS), layout)
    for table in layout.tables:
        _table(workbook.create_sheet(table.key), table)
    workbook.properties.creator = "gambits"
    workbook.properties.title = str(layout.settings["name"])
    workbook.properties.created = workbook.properties.modified = _THEN
    return _saved(workbook)


def _settings(sheet: Any, layout: Layout) -> None:
    """One key a row: its value, and beside it what it means."""
    heads = {KEY: 34, VALUE: 30, "unit": 12, "default": 24, "what it is": 90}
    for k, (name, width) in enumerate(heads.items(), start=1):
        _head(sheet.cell(1, k), name, is_required=name == VALUE)
        sheet.column_dimensions[get_column_letter(k)].width = width
    for line, heading in enumerate(layout.headings, start=2):
        key = heading.key
        told = (
            heading.name,
            layout.settings.get(heading.name),
            key.unit,
            key.default,
            f"{key.about}: {key.kind.words}",
        )
        for k, value in enumerate(told, start=1):
            _put(sheet.cell(line, k), value, SETTINGS)
            sheet.cell(line, k).border = _LINE
        cell = sheet.cell(line, 2)
        cell.number_format = _format(key)
        if _is_needed(heading, layout.settings):
            cell.fill = _REQUIRED
        _help(sheet, heading, cell.coordinate)
    sheet.freeze_panes = "B2"


def _is_needed(heading: Heading, given: Mapping[str, Value]) -> bool:
    """Whether a key has to be there: it is required, and has no section, or something in its section is given."""
    section = heading.name.rpartition(".")[0]
    begun = any(name.startswith(f"{section}.") for name in given)
    return heading.key.required and (not section or begun)


def _table(sheet: Any, table: Content) -> None:
    """A row for each thing, a column for each key."""
    last = len(table.rows) + _SPARE + 1
    for k, heading in enumerate(table.headings, start=1):
        letter = get_column_letter(k)
        _head(sheet.cell(1, k), heading.name, is_required=_is_needed(heading, {}))
        sheet.cell(1, k).comment = _comment(heading)
        column = sheet.column_dimensions[letter]
        column.width = _WIDE if isinstance(heading.key.kind, Text) else max(_NARROW, len(heading.name) + 2)
        column.number_format = _format(heading.key)
        for line in range(2, last + 1):
            row = table.rows[line - 2] if line - 2 < len(table.rows) else {}
            is_needed = _is_needed(heading, row)
            if is_needed or heading.name in row:
                cell = sheet.cell(line, k)
                _put(cell, row.get(heading.name), table.key)
                cell.number_format = _format(heading.key)
                cell.fill = _REQUIRED if is_needed else PatternFill()
        if _is_needed(heading, {}):
            missing = FormulaRule([f"AND(COUNTA($A2:${_last_letter(table)}2)>0,ISBLANK({letter}2))"], fill=_MISSING)
            sheet.conditional_formatting.add(f"{letter}2:{letter}{_REACH}", missing)
        _help(sheet, heading, f"{letter}2:{letter}{_REACH}")
    sheet.freeze_panes = "B2" if table.headings[0].name == ID else "A2"


def _last_letter(table: Content) -> str:
    return str(get_column_letter(len(table.headings)))


def _head(cell: Any, name: str, *, is_required: bool) -> None:
    _put(cell, name, name)
    cell.font, cell.fill, cell.alignment = _WHITE, _HEAD_REQUIRED if is_required else _HEAD, _TOP


def _put(cell: Any, value: Value | None, where: str) -> None:
    """Put a value into a cell; text is text, also where a spreadsheet would take it for a formula or an error."""
    if isinstance(value, str) and len(value) > _LONGEST:
        place = Where("", cell.row, where, cell.column_letter)
        message = f"`{value[:40]}…` has {len(value)} signs, more than a cell of a workbook holds"
        raise InputError((Problem("cell-too-long", place, message, "shorten it, or use --format csv"),))
    cell.value = (escaped(value) or None) if isinstance(value, str) else value
    if isinstance(value, str) and value:
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    cell.alignment = _TOP


def _format(key: Key) -> str:
    """Say how a column shows what is typed: as text where a spreadsheet would make a date or a formula of it."""
    words = isinstance(key.kind, Text | Date | PeriodName) or "array" in takes(key.kind)
    return "@" if words else "General"


def _said(heading: Heading) -> str:
    key = heading.key
    parts = [f"{key.about[0].upper()}{key.about[1:]}.", f"Write: {key.kind.words}."]
    parts += [f"Unit: {key.unit}."] if key.unit else []
    parts.append("Required." if key.required else f"Default: {key.default}." if key.default else "May stay empty.")
    return " ".join(parts).replace("`", "")


def _comment(heading: Heading) -> Any:
    comment = Comment(f"{heading.name}\n{_said(heading)}", "gambits")
    comment.width, comment.height = 320, 140
    return comment


def _help(sheet: Any, heading: Heading, cells: str) -> None:
    """Say what belongs into cells as soon as one is chosen, and offer a list where there is one to choose from."""
    options, is_closed = _options(heading.key)
    text = _said(heading)
    rule = DataValidation(
        type="list" if options else None,
        formula1=f'"{options}"' if options else None,
        allow_blank=True,
        showErrorMessage=is_closed,
        showInputMessage=True,
        promptTitle=heading.name[-32:],
        prompt=text if len(text) <= _LONGEST_HELP else f"{text[:_LONGEST_HELP]}…",
    )
    rule.add(cells)
    sheet.add_data_validation(rule)


def _options(key: Key) -> tuple[str, bool]:
    """Give the words to choose from, and whether there are no others."""
    words: Sequence[str] = key.usual
    if isinstance(key.kind, Choice):
        words = key.kind.options
    elif isinstance(key.kind, Flag):
        words = ("true", "false")
    text = ",".join(words)
    return text if len(text) <= _LONGEST_LIST else "", not key.usual


def _instructions(sheet: Any, layout: Layout) -> None:
    sheet.column_dimensions["A"].width = 26
    sheet.column_dimensions["B"].width = 100
    about = f"A portfolio for gambits: {layout.settings['name']}. Replace what is in it by your own."
    lines = [("What this is", about), *_INSTRUCTIONS, *_sheets(layout)]
    for line, (name, text) in enumerate(lines, start=1):
        _put(sheet.cell(line, 1), name, INSTRUCTIONS)
        _put(sheet.cell(line, 2), text, INSTRUCTIONS)
        sheet.cell(line, 1).font = _BOLD
        sheet.cell(line, 2).alignment = _WRAPPED


def _sheets(layout: Layout) -> Iterable[tuple[str, str]]:
    yield SETTINGS, "The frame: name, periods, money, frontier. One key a row."
    for table in layout.tables:
        inside = f"; id is that of its row in {owner_of(table.key)}" if owner_of(table.key) else ""
        yield table.key, f"{table.about[0].upper()}{table.about[1:]}{inside}."


def _saved(workbook: Workbook) -> bytes:
    """Save without the time of day, which openpyxl and the archive would both put in."""
    loose, tight = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(loose, "w") as archive:
        ExcelWriter(workbook, archive).save()
    with zipfile.ZipFile(loose) as parts, zipfile.ZipFile(tight, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in parts.namelist():
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), parts.read(name), zipfile.ZIP_DEFLATED)
    return tight.getvalue()
