"""Outcomes from a table: what estimates turned out to be, a line each."""

from __future__ import annotations

import csv
import io
import math
from datetime import date
from pathlib import Path
from typing import Final

from gambits.errors import InputError, Problem, Where
from gambits.files.reading import read_text
from gambits.ledger.records import Outcome

_NEEDED: Final = ("estimate", "value", "on")


def read_outcomes(file: str, portfolio: str, by: str = "") -> tuple[Outcome, ...]:
    """Read a CSV file with headings ``estimate``, ``value``, ``on`` (a day), and perhaps ``by``.

    Raises
    ------
    InputError
        With every line that is none.
    """
    rows = csv.DictReader(io.StringIO(read_text(Path(file), file)))
    missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
    if missing:
        message = f"there is no column {', '.join(missing)}"
        raise InputError((Problem("not-outcomes", Where(file, 1), message, f"give {', '.join(_NEEDED)}"),))
    found, problems = [], []
    for row in rows:
        try:
            value, day = float(row["value"]), date.fromisoformat((row["on"] or "").strip())
            if not math.isfinite(value):
                raise ValueError(row["value"])
            name = (row.get("by") or "").strip() or by
            found.append(Outcome(portfolio, (row["estimate"] or "").strip(), value, day.isoformat(), name))
        except (TypeError, ValueError):
            fix = "write a key, a number and a day, as `play.cost,24,2027-09-30`"
            problems.append(Problem("not-outcomes", Where(file, rows.line_num), "this is no outcome", fix))
    if problems:
        raise InputError(tuple(problems))
    return tuple(found)
