"""Reading Excel workbooks: what their cells hold, not how they look; formulas by the value that was last worked out."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from gambits.errors import InputError, Problem, Where
from gambits.files.cells import PRIVATE, Cell, Sheet, Typed, make_sheet, number_text
from gambits.files.reading import check_name, stop
from gambits.words import printable

SUFFIX: Final = ".xlsx"
_MOST_BYTES: Final = 5_000_000
_MOST_UNPACKED: Final = 60_000_000
_MOST_ROWS: Final = 20_000
_MOST_COLUMNS: Final = 500
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LIKE_AN_ESCAPE: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_MERGE: Final = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([^"]*)"')
_MEND: Final = f"open it in a spreadsheet, and save it as {SUFFIX} without a password"


def read_workbook(path: Path, shown: str, skipped: frozenset[str] = frozenset()) -> dict[str, Sheet]:
    """Read the sheets that hold something, by name, but for ``skipped`` ones and those whose name begins with #.

    Raises
    ------
    InputError
        If the file is no workbook, is too large, or a sheet cannot be a table; with every fault of that kind.
    """
    _measure(path, shown)
    try:
        sheets, problems = _read_sheets(path, shown, skipped)
    except Exception as error:
        # Whatever is wrong inside, openpyxl raises what its parts raise.
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise stop(shown, 0, "not-a-workbook", f"the workbook is broken: {printable(reason)}", _MEND) from None
    if problems:
        raise InputError(tuple(problems))
    return sheets


def _read_sheets(path: Path, shown: str, skipped: frozenset[str]) -> tuple[dict[str, Sheet], list[Problem]]:
    sheets: dict[str, Sheet] = {}
    problems: list[Problem] = []
    with _opened(path, data_only=False) as formulas, _opened(path, data_only=True) as values:
        for sheet in values.worksheets:
            if sheet.title in skipped or sheet.title.startswith(PRIVATE):
                continue
            try:
                found = _read_sheet(sheet, formulas[sheet.title], path, shown)
                sheets |= {sheet.title: found} if found else {}
            except InputError as error:
                problems += error.problems
    return sheets, problems


def _measure(path: Path, shown: str) -> None:
    """Refuse what is no archive, or would fill the memory when it is unpacked."""
    check_name(shown)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise stop(shown, 0, "too-large", f"the workbook is larger than {_MOST_BYTES // 10**6} MB", "split it")
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile:
        raise stop(shown, 0, "not-a-workbook", "the file is no Excel workbook", _MEND) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise stop(shown, 0, "unreadable", f"cannot read the file: {reason}", "check the path") from None
    if unpacked > _MOST_UNPACKED:
        raise stop(shown, 0, "too-large", f"it unpacks to more than {_MOST_UNPACKED // 10**6} MB", "split it")


@contextmanager
def _opened(path: Path, *, data_only: bool) -> Iterator[Any]:
    """Open a workbook row by row, since sheets that are read at once can ask for a cell at the far end of them."""
    import openpyxl  # takes a third of a second, and few portfolios are workbooks

    with warnings.catch_warnings():
        # It warns of styles and extensions that it leaves out, none of which is read here.
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=data_only, keep_links=False)
        try:
            yield workbook
        finally:
            workbook.close()


def _read_sheet(sheet: Any, formulas: Any, path: Path, shown: str) -> Sheet | None:
    here = Where(shown, 0, sheet.title)
    problems = [
        Problem("merged-cells", here, f"the cells {cells} are merged", "unmerge them: each row has its own values")
        for cells in _merged(sheet, path)
    ]
    lines = []
    for each in (sheet, formulas):
        each.reset_dimensions()
    for number, (row, beneath) in enumerate(zip(sheet.iter_rows(), formulas.iter_rows(), strict=True), start=1):
        if not row:
            continue
        if number > _MOST_ROWS or len(row) > _MOST_COLUMNS:
            message = f"the sheet reaches beyond {_MOST_ROWS} rows or {_MOST_COLUMNS} columns"
            raise InputError((Problem("too-large", here, message, "delete the empty rows and columns, or split it"),))
        cells = [_cell(value, formula, here, problems) for value, formula in zip(row, beneath, strict=True)]
        lines.append((replace(here, line=number), cells))
    if problems:
        raise InputError(tuple(problems))
    return make_sheet(replace(here, line=1), lines) if any(any(cells) for _, cells in lines) else None


def _merged(sheet: Any, path: Path) -> list[str]:
    """List the merged cells of a sheet, which openpyxl does not give row by row."""
    with zipfile.ZipFile(path) as archive:
        part = archive.read(sheet._worksheet_path)
    return sorted(match[1].decode("ascii", "replace") for match in _MERGE.finditer(part))


def _cell(value: Any, formula: Any, here: Where, problems: list[Problem]) -> Cell | None:
    if formula.value is None:
        return None
    where = replace(here, line=formula.row, column=formula.column_letter)
    if value.value is None:
        mend = "open the file in a spreadsheet and save it, or type the value in place of the formula"
        problems.append(Problem("formula-without-value", where, "the formula has not been worked out", mend))
        return None
    if value.data_type == "e":
        message = f"the cell holds the error {value.value}"
        problems.append(Problem("cell-error", where, message, "mend the formula, or type the value"))
        return None
    text, typed = text_of(value.value)
    return Cell(text, where, typed) if text else None


def text_of(value: Any) -> tuple[str, Typed]:
    """Give a cell's value as the portfolio file would write it, and what it was."""
    match value:
        case None:
            return "", Typed.TEXT
        case bool():
            return str(value).lower(), Typed.FLAG
        case int() | float():
            return number_text(value), Typed.NUMBER
        case datetime():
            is_day = value.time() == datetime.min.time()
            return (value.date() if is_day else value).isoformat(), Typed.DATE
        case date():
            return value.isoformat(), Typed.DATE
    return unescaped(str(value)).strip(), Typed.TEXT


def escaped(text: str) -> str:
    """Write a text so that what looks like an escape of the format, as ``_x000D_``, is taken for what it is."""
    return _LIKE_AN_ESCAPE.sub("_x005F_", text)


def unescaped(text: str) -> str:
    """Read the escapes of the format."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
