"""Reading a plan that someone made elsewhere: money by initiative and period, as CSV or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.analyse.given import shared_out, spread
from gambits.errors import Where
from gambits.files.cells import Sheet
from gambits.files.csv_table import read_csv
from gambits.files.reading import Report, as_shown, did_you_mean, read_text, stop
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NAMES: Final = ("initiative", "id")
TOTAL: Final = "total"
_BESIDE: Final = ("title", "path", "funded", TOTAL)
"""Columns that tables of ours have beside the money by period."""
_LARGEST: Final = 1e300
Money = dict[str, "Array | float"]
"""By id: money by period, shape (T,), or over the horizon."""


def read_money(file: str | Path, portfolio: Portfolio) -> Array:
    """Read a plan of a portfolio: shape (I, T), what is not named at 0.

    A CSV table has a column ``initiative`` and one for each period, or ``total``, which is paid evenly over the
    periods that are open from each start on. JSON is what ``solve`` writes, or an object with a number or a list of
    numbers for each id. An initiative with stages or sizes can be named as a whole.

    Raises
    ------
    InputError
        With every fault in the file.
    """
    path = Path(file)
    shown = as_shown(path)
    report = Report(shown)
    read = _from_json if path.suffix == ".json" else _from_csv
    money = read(path, portfolio, report)
    report.raise_problems()
    by_period = {id: row for id, row in money.items() if isinstance(row, np.ndarray)}
    totals = {id: amount for id, amount in money.items() if not isinstance(amount, np.ndarray)}
    paid = spread(portfolio, {})
    return np.asarray(shared_out(portfolio, by_period) + spread(portfolio, totals) - paid)


def _from_csv(path: Path, portfolio: Portfolio, report: Report) -> Money:
    sheet = read_csv(path, report.file)
    headings = [cell.text for cell in sheet.headings]
    name = next((each for each in NAMES if each in headings), None)
    periods = [each for each in portfolio.periods.names if each in headings]
    if name is None:
        report.add(sheet.where, "missing-column", "the table has no column `initiative`", "head one so")
        return {}
    for cell in sheet.headings:
        if cell.text not in (name, *portfolio.periods.names, *_BESIDE):
            mend = did_you_mean(cell.text, (*portfolio.periods.names, TOTAL))
            report.add(cell.where, "unknown-heading", f"no period is called `{cell.text}`", mend)
    if not periods and TOTAL not in headings:
        report.add(sheet.where, "missing-column", "the table has no column of money", "head them by period, or `total`")
    return _rows(sheet, name, periods, portfolio, report)


def _rows(sheet: Sheet, name: str, periods: list[str], portfolio: Portfolio, report: Report) -> Money:
    found: Money = {}
    for row in sheet.rows:
        if name not in row.cells:
            report.add(row.where, "no-id", "the row names no initiative", "name one, or remove the row")
            continue
        id = row.cells[name].text
        _check_id(id, row.cells[name].where, found, portfolio, report)
        cells = {heading: row.cells[heading] for heading in periods or [TOTAL] if heading in row.cells}
        money = {heading: _amount(cell.text, cell.where, id, report) for heading, cell in cells.items()}
        if periods:
            found[id] = np.array([money.get(each, 0.0) for each in portfolio.periods.names])
        else:
            found[id] = money.get(TOTAL, 0.0)
    return found


def _from_json(path: Path, portfolio: Portfolio, report: Report) -> Money:
    try:
        read = json.loads(read_text(path, report.file))
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise stop(report.file, line, "not-a-plan", f"not JSON: {error}", "write it with `gambits solve -o`") from None
    rows = read.get("initiatives", read) if isinstance(read, dict) else None
    if not isinstance(rows, dict) or not rows:
        mend = "give an object: an id, and a number or a list of numbers, for each initiative"
        raise stop(report.file, 1, "not-a-plan", "no plan: it names no initiative", mend)
    found: Money = {}
    for id, value in rows.items():
        _check_id(id, Where(report.file), found, portfolio, report)
        found[id] = _json_row(value, id, portfolio, report)
    return found


def _json_row(value: Any, id: str, portfolio: Portfolio, report: Report) -> Array | float:
    money = value.get("spend", value.get(TOTAL)) if isinstance(value, Mapping) else value
    where, count = Where(report.file), portfolio.periods.count
    if not isinstance(money, list):
        return _amount(money, where, id, report)
    if len(money) != count:
        message = f"`{id}` has money for {len(money)} periods, and the portfolio has {count}"
        report.add(where, "wrong-length", message, "give a number for each period, or one for all")
        return 0.0
    return np.array([_amount(each, where, id, report) for each in money])


def _check_id(id: str, where: Where, found: Money, portfolio: Portfolio, report: Report) -> None:
    known = {name for each in portfolio.initiatives for name in (each.id, each.entry)}
    if id not in known:
        report.add(where, "unknown-initiative", f"no initiative `{id}`", did_you_mean(id, known))
    if id in found:
        report.add(where, "key-twice", f"`{id}` stands there twice", "keep one of them")


def _amount(value: object, where: Where, id: str, report: Report) -> float:
    """Read an amount of money, 0 where it is none, which is reported."""
    try:
        amount = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        amount = math.nan
    if not math.isfinite(amount) or abs(amount) > _LARGEST:
        report.add(where, "not-a-number", f"the money of `{id}` is no number: {value!r}", "write it as 12.5")
        return 0.0
    if amount < 0:
        report.add(where, "out-of-range", f"the money of `{id}` is below 0: {amount:g}", "money is at least 0")
        return 0.0
    return amount
