"""Runs as a lab keeps them: a table of parameters, tokens (or compute) and loss, read with every fault named."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.errors import InputError, Problem, Where
from gambits.files.csv_table import csv_lines
from gambits.files.reading import as_shown, did_you_mean, read_text, stop
from gambits.scaling.frontier import FLOP_PER_PARAMETER_TOKEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_PATTERNS: Final = {
    "parameters": r"n|(n_|num_|model_|total_|non_embedding_)*(params?|parameters)|nparams|(model_)?size",
    "tokens": r"d|(n_|d_|num_)?(total_|train_|training_)?tokens(_seen)?",
    "compute": r"c|(train_|training_|total_)*(flops?|compute)",
    "unique": r"u|(n_|u_|num_)?unique(_tokens|_data)?",
    "loss": r"l|loss|(val|valid|validation|test|eval|final)_loss(_\w+)?",
}
"""Headings that are understood without being told, in lower case, with _ for all that is not a letter or digit."""

QUANTITIES: Final = tuple(_PATTERNS)
_ABOUT: Final = {
    "parameters": "parameters, as `N`, `params` or `Model Size`",
    "tokens": "tokens, as `D` or `tokens`, or training compute, as `FLOP`",
    "loss": "loss, as `loss` or `val_loss`",
}


@dataclass(frozen=True, slots=True)
class Runs:
    """Training runs, one a place in each array of shape (n,).

    ``unique`` counts the different tokens of each run, and is None where the table does not say; ``believed`` is
    true where the user said which columns hold parameters and tokens.
    """

    file: str
    parameters: Array
    tokens: Array
    unique: Array | None
    loss: Array
    lines: tuple[int, ...]
    believed: bool = False

    @property
    def compute(self) -> Array:
        """Training compute, FLOP."""
        return FLOP_PER_PARAMETER_TOKEN * self.parameters * self.tokens

    @property
    def repeats(self) -> bool:
        """Whether any run sees a token twice."""
        return self.unique is not None and bool((self.tokens > self.unique * (1 + 1e-9)).any())

    def only(self, kept: Sequence[bool] | NDArray[np.bool_]) -> Runs:
        """Give some of the runs."""
        mask = np.asarray(kept)
        lines = tuple(line for line, stays in zip(self.lines, mask, strict=True) if stays)
        unique = None if self.unique is None else self.unique[mask]
        return Runs(self.file, self.parameters[mask], self.tokens[mask], unique, self.loss[mask], lines, self.believed)


@dataclass(frozen=True, slots=True)
class _Table:
    shown: str
    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def find(self, heading: str) -> int:
        """Find a column by its heading, whatever its case.

        Raises
        ------
        InputError
            If there is none.
        """
        names = [each.lower() for each in self.headings]
        if heading.lower() not in names:
            mend = did_you_mean(heading, self.headings)
            raise stop(self.shown, 1, "runs-unknown-column", f"there is no column `{heading}`", mend)
        return names.index(heading.lower())


def read_runs(
    path: str | Path, columns: Mapping[str, str] | None = None, where: Mapping[str, str] | None = None
) -> Runs:
    """Read a table of runs (CSV; commas, semicolons or tabs).

    Parameters
    ----------
    path
        A file with a heading line. Tokens may be given as training compute, D = C/(6N).
    columns
        Headings by quantity (``QUANTITIES``), where they are not understood of themselves.
    where
        Values by heading: other rows are left out.

    Raises
    ------
    InputError
        With every fault, at the first line where it occurs.
    """
    file = Path(path)
    shown = as_shown(file)
    table = _read_table(read_text(file, shown), shown)
    chosen = _choose(table, columns or {})
    rows = _filtered(table, where or {})
    problems: list[Problem] = []
    found = {name: _numbers(table, rows, column, problems) for name, column in chosen.items()}
    if problems:
        raise InputError(tuple(sorted(problems, key=lambda each: (each.where, each.message))))
    tokens = found.get("tokens")
    if tokens is None:
        tokens = found["compute"] / (FLOP_PER_PARAMETER_TOKEN * found["parameters"])
    lines = tuple(line for line, _ in rows)
    believed = {"parameters", "tokens"} <= set(columns or {}) or {"parameters", "compute"} <= set(columns or {})
    return Runs(shown, found["parameters"], tokens, found.get("unique"), found["loss"], lines, believed)


def _read_table(text: str, shown: str) -> _Table:
    rows = csv_lines(text, shown)
    if not rows:
        raise stop(shown, 1, "runs-no-rows", "the table is empty", "give a heading line and a row for each run")
    (_, headings), *rest = rows
    for line, cells in rest:
        if len(cells) != len(headings):
            message = f"{len(cells)} cells below {len(headings)} headings"
            raise stop(shown, line, "runs-row-length", message, "give each row a cell for every heading")
    if not rest:
        raise stop(shown, 1, "runs-no-rows", "the table has a heading and no runs", "add a row for each run")
    return _Table(shown, headings, tuple(rest))


def _choose(table: _Table, columns: Mapping[str, str]) -> dict[str, int]:
    """Find the column of each quantity: the one that the user names, or the one whose heading says so."""
    chosen = {name: table.find(heading) for name, heading in columns.items()}
    problems: list[Problem] = []
    where = Where(table.shown, 1)
    for name, pattern in _PATTERNS.items():
        fits = [heading for heading in table.headings if re.fullmatch(pattern, _plain(heading))]
        if name in chosen or not fits or (name == "compute" and "tokens" in chosen):
            continue
        chosen[name] = table.headings.index(fits[0])
        if len(fits) > 1:
            message = f"several columns may hold the {name}: {_listed(fits)}"
            problems.append(Problem("runs-column-twice", where, message, f"say which: --column {name}={fits[0]}"))
    for name, about in _ABOUT.items():
        if name not in chosen and not (name == "tokens" and "compute" in chosen):
            message = f"no column for {about}; there are {_listed(table.headings)}"
            fix = f"add it, or say which it is: --column {name}=HEADING"
            problems.append(Problem("runs-missing-column", where, message, fix))
    if problems:
        raise InputError(tuple(problems))
    return chosen


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", heading.lower()).strip("_")


def _listed(headings: Iterable[str]) -> str:
    return ", ".join(f"`{heading}`" for heading in headings)


def _filtered(table: _Table, where: Mapping[str, str]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    rows = table.rows
    for heading, value in where.items():
        column = table.find(heading)
        kept = tuple(row for row in rows if row[1][column] == value)
        if not kept:
            message = f"no row has {heading} = {value}"
            mend = did_you_mean(value, {cells[column] for _, cells in rows})
            raise stop(table.shown, 1, "runs-no-rows", message, mend)
        rows = kept
    return rows


def _numbers(table: _Table, rows: Iterable[tuple[int, tuple[str, ...]]], column: int, problems: list[Problem]) -> Array:
    """Read a column; of each kind of fault the first is reported, with how many more there are."""
    values = []
    faults: dict[str, tuple[int, str, int]] = {}
    for line, cells in rows:
        value, fault = _number(cells[column])
        values.append(value)
        if fault:
            first, cell, count = faults.get(fault, (line, cells[column], 0))
            faults[fault] = first, cell, count + 1
    for fault, (line, cell, count) in faults.items():
        more = f" (and in {count - 1} more rows)" if count > 1 else ""
        problems.append(_fault(fault, Where(table.shown, line), table.headings[column], cell, more))
    return np.array(values)


def _number(cell: str) -> tuple[float, str]:
    """Read a cell: its number and no fault, or no number and the kind of fault."""
    if not cell:
        return math.nan, "empty"
    try:
        value = float(cell)
    except ValueError:
        return math.nan, "text"
    if not math.isfinite(value):
        return math.nan, "infinite"
    return value, "" if value > 0 else "negative"


def _fault(kind: str, where: Where, heading: str, cell: str, more: str) -> Problem:
    match kind:
        case "empty":
            return Problem("runs-empty-cell", where, f"`{heading}` is empty{more}", "fill it in, or remove the row")
        case "text":
            message = f"`{heading}`: `{cell}` is not a number{more}"
            return Problem("runs-not-a-number", where, message, "write digits, as 7e9 or 2.31, without a unit")
        case "infinite":
            message = f"`{heading}`: `{cell}` is not finite{more}; did the run diverge?"
            return Problem("runs-not-finite", where, message, "remove the row, or give its last finite loss")
    message = f"`{heading}`: {cell} is not above 0{more}"
    return Problem("runs-not-positive", where, message, "mend it, or remove the row; losses are in nats a token")
