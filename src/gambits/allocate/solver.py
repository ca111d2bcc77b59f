"""The one adapter between PuLP and the live HiGHS object.

PuLP states the model and solves it once; after that cuts are added to HiGHS in bulk and it goes on from its
last basis, which is ten to some hundred times faster than solving again. Models are minimised, for the two
majors of PuLP differ in the signs of maximisation.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
import pulp

from gambits.errors import GambitsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_OPTIONS: Final[dict[str, Any]] = {
    "threads": 1,
    "random_seed": 0,
    "parallel": "off",
    # Feasibility tolerances are absolute; the master is scaled to fractions, so these are a billionth.
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}


_FREE: Final = 1e20
"""What HiGHS takes for infinite."""
_TOO_LARGE: Final = 1e15
"""What HiGHS does not take for a coefficient."""


class Status(Enum):
    """How a solve ended. Values are read for ``OPTIMAL`` alone."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    STOPPED = "stopped"


_STATUS: Final = {
    highspy.HighsModelStatus.kOptimal: Status.OPTIMAL,
    highspy.HighsModelStatus.kInfeasible: Status.INFEASIBLE,
    # Every variable that carries the objective is bounded by cuts, so it is never unbounded.
    highspy.HighsModelStatus.kUnboundedOrInfeasible: Status.INFEASIBLE,
}


@dataclass(frozen=True, slots=True)
class Solution:
    """``values`` by column and the ``objective``; empty and NaN unless the status is optimal."""

    status: Status
    values: Array
    objective: float


@dataclass(frozen=True, slots=True)
class Row:
    """A cut: Σ coefficients · columns ≤ upper, the columns by their number in the model."""

    columns: NDArray[np.int32]
    coefficients: Array
    upper: float

    def slack(self, values: Array) -> float:
        """Say how far the values of all columns are from the limit."""
        return self.upper - float(self.coefficients @ values[self.columns])


def expression(terms: Iterable[tuple[Any, float]]) -> Any:
    """Make a linear expression from (variable, coefficient) pairs, in the bulk way of either PuLP."""
    pairs = list(terms)
    from_list = getattr(pulp.LpAffineExpression, "from_list", None)
    return from_list(pairs) if from_list else pulp.LpAffineExpression(pairs)


def _refuse_giants(rows: Iterable[Row]) -> None:
    """Stop rather than lose a row: HiGHS leaves one out whose coefficients are too large or not finite."""
    for row in rows:
        largest = float(np.max(np.abs(row.coefficients), initial=abs(row.upper)))
        if not largest < _TOO_LARGE:
            message = f"a slope of the value is {largest:.1g} OOM: numbers of the portfolio lie too far apart"
            raise GambitsError(message, "look for a cost or an effect many orders of magnitude from the others")


class LiveModel:
    """A PuLP problem (to be minimised) with its live HiGHS object."""

    def __init__(self, problem: Any, columns: Sequence[Any]) -> None:
        self.problem = problem
        self.columns = columns
        self._cuts = 0
        self._highs: Any = None
        self._position: NDArray[np.int32] = np.empty(0, dtype=np.int32)

    def solve(self) -> Solution:
        """Solve from the last basis, or from nothing at the first call and after trouble."""
        if self._highs is None:
            self._state_every_column()
            self.problem.solve(pulp.HiGHS(msg=False, **_OPTIONS))
            self._highs = self.problem.solverModel
            self._position = self._positions()
            return self._read()
        self._highs.run()
        solution = self._read()
        if solution.status is Status.STOPPED:
            # A hot start can lose its way numerically; a cold solve of the same rows decides.
            self._highs.clearSolver()
            self._highs.run()
            solution = self._read()
        return solution

    def add(self, rows: Sequence[Row]) -> None:
        """Add cuts; they hold from the next solve on.

        Raises
        ------
        GambitsError
            If a coefficient is beyond what the solver takes.
        """
        _refuse_giants(rows)
        self._cuts += len(rows)
        if self._highs is not None and rows:
            self._send(rows)
            return
        for number, row in enumerate(rows, start=self._cuts - len(rows) + 1):
            terms = zip(row.columns, row.coefficients, strict=True)
            left = expression((self.columns[k], float(factor)) for k, factor in terms)
            self.problem += (left <= row.upper), f"cut_{number}"

    def row_names(self) -> list[str]:
        """List the rows in the order in which they were added: by the names they were stated with, cuts by number."""
        stated = [str(row.name) for row in self.problem.constraints()]
        numbers = range(self._cuts - (self._highs.getNumRow() - len(stated)) + 1, self._cuts + 1)
        return stated + [f"cut_{number}" for number in numbers]

    def text(self, suffix: str, columns: Sequence[str], rows: Sequence[str]) -> str:
        """Write the model as HiGHS holds it, once it has been solved.

        Parameters
        ----------
        suffix
            ``lp`` or ``mps``.
        columns, rows
            Names, in the order of this model's columns and of ``row_names``.
        """
        for k, name in enumerate(columns):
            self._highs.passColName(int(self._position[k]), name)
        for k, name in enumerate(rows):
            self._highs.passRowName(k, name)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, f"master.{suffix}")
            self._highs.writeModel(str(file))
            # An upper limit of 0 stands there as -0 where its sign was turned.
            return file.read_text(encoding="utf-8").replace("= -0\n", "= 0\n")

    def _exported(self) -> dict[str, int]:
        """Number the columns that HiGHS is given: PuLP 3 sorts them by name, PuLP 4 exports them in order."""
        exported = getattr(self.problem, "exported_variables", self.problem.variables)
        return {variable.name: k for k, variable in enumerate(exported())}

    def _state_every_column(self) -> None:
        """Give a row to every column that stands nowhere, since PuLP would leave it out."""
        known = self._exported()
        for column in self.columns:
            if column.name not in known:
                # Where there is no lower bound PuLP 3 says None and PuLP 4 minus infinity; neither takes that in a row.
                least = -_FREE if column.lowBound is None else max(column.lowBound, -_FREE)
                self.problem += (expression([(column, 1.0)]) >= least), f"alone_{column.name}"

    def _positions(self) -> NDArray[np.int32]:
        """Find the HiGHS column of each of ours."""
        number = self._exported()
        return np.array([number[column.name] for column in self.columns], dtype=np.int32)

    def _send(self, rows: Sequence[Row]) -> None:
        starts = np.cumsum([0] + [len(row.columns) for row in rows[:-1]]).astype(np.int32)
        columns = self._position[np.concatenate([row.columns for row in rows])]
        coefficients = np.concatenate([row.coefficients for row in rows])
        upper = np.array([row.upper for row in rows])
        lower = np.full(len(rows), -highspy.kHighsInf)
        self._highs.addRows(len(rows), lower, upper, len(columns), starts, columns, coefficients)

    def _read(self) -> Solution:
        """Read the status first, and values only when they mean something."""
        status = _STATUS.get(self._highs.getModelStatus(), Status.STOPPED)
        if status is not Status.OPTIMAL:
            return Solution(status, np.empty(0), float("nan"))
        values = np.array(self._highs.getSolution().col_value)[self._position]
        return Solution(status, values, float(self._highs.getInfo().objective_function_value))
