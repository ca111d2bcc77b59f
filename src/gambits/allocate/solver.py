"""The one adapter between PuLP and the live HiGHS object.

PuLP states the model and solves it once; after that cuts are added to HiGHS in bulk and it goes on from its
last basis, which is ten to some hundred times faster than solving again. Models are minimised, for the two
majors of PuLP differ in the signs of maximisation.

Columns of 0 or 1 are free in between at first. A second HiGHS object then searches whole solutions of the same
rows, and the first one solves what is left once those columns are held.
"""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
import pulp

from gambits.allocate.limits import Limits
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


_WHOLE_OPTIONS: Final[dict[str, Any]] = {
    # HiGHS 1.15 takes some sound problems for infeasible in its presolve, and is no slower here without it.
    "presolve": "off",
    "mip_rel_gap": 0.0,
    "mip_feasibility_tolerance": 1e-7,
}
_DUAL, _PRIMAL = 1, 4
"""What HiGHS calls its ways of simplex."""
_NONE: Final = np.empty(0, dtype=np.int32)
_FREE: Final = 1e20
"""What HiGHS takes for infinite."""
_TOO_LARGE: Final = 1e15
"""What HiGHS does not take for a coefficient."""
_FOREVER: Final = 1e9
_GLANCE: Final = 0.1
"""Seconds between two looks at whether the search for whole solutions was interrupted."""
_PULP_3: Final = not hasattr(pulp.LpProblem, "exported_variables")


class Status(Enum):
    """How a solve ended. Values are read for ``OPTIMAL``, and for ``FOUND``, which may not be the best."""

    OPTIMAL = "optimal"
    FOUND = "found"
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
    """``values`` by column and the ``objective``, and what no solution is below; empty and NaN where there is none."""

    status: Status
    values: Array
    objective: float
    bound: float


@dataclass(frozen=True, slots=True)
class Effort:
    """When a search for whole solutions may stop: within ``gap`` of its bound, or after so many seconds."""

    gap: float
    seconds: float = math.inf


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


def state(
    names: Sequence[str],
    lower: Array,
    upper: Array,
    binary: NDArray[np.int32],
    rows: Limits,
    goal: Sequence[tuple[int, float]],
) -> tuple[Any, list[Any], NDArray[np.int32]]:
    """State a problem in PuLP: columns, what to minimise as (column, coefficient), and rows.

    Returns
    -------
    :
        The problem, its columns, and which of them are 0 or 1: what a ``LiveModel`` is made of.
    """
    problem = pulp.LpProblem("gambits", pulp.LpMinimize)
    whole = np.zeros(len(names), dtype=bool)
    whole[binary] = True
    columns = [
        problem.add_variable(name, *(limit if math.isfinite(limit) else None for limit in (low, high)), _KIND[is_whole])
        for name, low, high, is_whole in zip(names, lower.tolist(), upper.tolist(), whole.tolist(), strict=True)
    ]
    problem.setObjective(expression((columns[k], coefficient) for k, coefficient in goal))
    rows = rows.scaled()
    starts, column, coefficient = rows.starts.tolist(), rows.column.tolist(), rows.coefficient.tolist()
    low, high = rows.low.tolist(), rows.high.tolist()
    for k, name in enumerate(rows.names):
        span = slice(starts[k], starts[k + 1])
        # A row without columns cannot hold, and is kept so that the solver says so.
        pairs = zip(column[span], coefficient[span], strict=True) if starts[k] < starts[k + 1] else [(0, 0.0)]
        left = expression([(columns[j], factor) for j, factor in pairs])
        readable = f"r{k:06d}_{name}".replace("-", ".").replace("/", ".").replace(" ", ".")
        if low[k] == high[k]:
            problem += (left - low[k] == 0), readable
        elif high[k] < math.inf:
            problem += (left <= high[k]), readable
        else:
            problem += (left >= low[k]), readable
    return problem, columns, binary


def _refuse_giants(rows: Iterable[Row]) -> None:
    """Stop rather than lose a row: HiGHS leaves one out whose coefficients are too large or not finite."""
    for row in rows:
        largest = float(np.max(np.abs(row.coefficients), initial=abs(row.upper)))
        if not largest < _TOO_LARGE:
            message = f"a slope of the value is {largest:.1g} OOM: numbers of the portfolio lie too far apart"
            raise GambitsError(message, "look for a cost or an effect many orders of magnitude from the others")


def _taken(status: Any) -> None:
    """Stop where HiGHS has not taken rows that it was given: what it then solves is another problem."""
    if status == highspy.HighsStatus.kError:
        raise GambitsError("the solver does not take the programme", "please report the portfolio as a bug")


_KIND: Final = {False: pulp.LpContinuous, True: pulp.LpInteger}


class _InBulk(pulp.HiGHS):  # type: ignore[misc]
    """PuLP 3 hands HiGHS its columns and rows one by one, and reads all of them back; this does it at once."""

    def buildSolverModel(self, lp: Any) -> None:  # noqa: N802  (the name that PuLP calls)
        variables = lp.variables()
        for k, variable in enumerate(variables):
            variable.index = k
        rows = [[(variable.index, factor) for variable, factor in each.items()] for each in lp.constraints()]
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(variables), len(rows)
        model.col_cost_ = np.array([lp.objective.get(variable, 0.0) for variable in variables], dtype=float)
        model.col_lower_ = np.array([-np.inf if each.lowBound is None else each.lowBound for each in variables])
        model.col_upper_ = np.array([np.inf if each.upBound is None else each.upBound for each in variables])
        # PuLP keeps the limit as a constant on the left, with its sign turned.
        limit = np.array([-float(each.constant) for each in lp.constraints()])
        sense = np.array([each.sense for each in lp.constraints()])
        model.row_lower_ = np.where(sense == pulp.LpConstraintLE, -np.inf, limit)
        model.row_upper_ = np.where(sense == pulp.LpConstraintGE, np.inf, limit)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *map(len, rows)]).astype(np.int32)
        model.a_matrix_.index_ = np.array([k for row in rows for k, _ in row], dtype=np.int32)
        model.a_matrix_.value_ = np.array([factor for row in rows for _, factor in row], dtype=float)
        _taken(lp.solverModel.passModel(model))

    def findSolutionValues(self, lp: Any) -> tuple[int, int]:  # noqa: N802  (the name that PuLP calls)
        # The values are read from HiGHS, by number.
        return pulp.LpStatusNotSolved, pulp.LpSolutionNoSolutionFound


class LiveModel:
    """A PuLP problem (to be minimised) with its live HiGHS object; ``binary`` columns are 0 or 1."""

    def __init__(self, problem: Any, columns: Sequence[Any], binary: NDArray[np.int32] = _NONE) -> None:
        self.problem = problem
        self.columns = columns
        self.binary = binary
        self._cuts = 0
        self._highs: Any = None
        self._whole: Any = None
        self._position: NDArray[np.int32] = np.empty(0, dtype=np.int32)

    def solve(self) -> Solution:
        """Solve with every column free in between its bounds, from the last basis or, at first, from nothing."""
        if self._highs is None:
            self._state_every_column()
            solver = _InBulk if _PULP_3 else pulp.HiGHS
            self.problem.solve(solver(mip=False, msg=False, **_OPTIONS))
            self._highs = self.problem.solverModel
            self._position = self._positions()
            return self._read(self._highs)
        self._highs.run()
        solution = self._read(self._highs)
        if solution.status is Status.STOPPED:
            # A hot start can lose its way numerically; a cold solve of the same rows decides.
            self._highs.clearSolver()
            self._highs.run()
            solution = self._read(self._highs)
        return solution

    def solve_whole(self, effort: Effort, near: Array | None = None) -> Solution:
        """Solve with the binary columns at 0 or 1, once ``solve`` has been called.

        Parameters
        ----------
        effort
            When to stop.
        near
            Values of every column from which to start, if they are known to hold.
        """
        if self._whole is None:
            self._whole = highspy.Highs()  # type: ignore[no-untyped-call]
            for name, value in (_OPTIONS | _WHOLE_OPTIONS | {"output_flag": False}).items():
                self._whole.setOptionValue(name, value)
            self._whole.passModel(self._highs.getLp())
            self._make_whole(self._whole, highspy.HighsVarType.kInteger)
            self._whole.HandleUserInterrupt = True
        self._whole.setOptionValue("mip_abs_gap", effort.gap)
        left = min(effort.seconds, _FOREVER)
        self._whole.setOptionValue("time_limit", self._whole.getRunTime() + left)
        if near is not None:
            start = highspy.HighsSolution()
            values = np.empty(len(near))
            values[self._position] = near
            start.col_value = values.tolist()
            self._whole.setSolution(start)
        _run(self._whole)
        return self._read(self._whole)

    def proof(self, count: int) -> Array:
        """Weigh the first ``count`` rows so that their sum shows that nothing satisfies them, after ``solve`` said so.

        Empty where HiGHS gives no such proof (Farkas 1902).
        """
        self._highs.setOptionValue("presolve", "off")
        self._highs.clearSolver()
        self._highs.run()
        _, is_there, ray = self._highs.getDualRay()
        self._highs.setOptionValue("presolve", "choose")
        return np.array(ray)[:count] if is_there else np.empty(0)

    def keep_rows(self, kept: NDArray[np.bool_], low: Array, high: Array) -> None:
        """Let go of some of the rows that were stated, and hold the others; once ``solve`` has been called.

        Parameters
        ----------
        kept
            Shape (m,): which rows hold, in the order of the statement.
        low, high
            Shape (m,): their limits.
        """
        rows = np.arange(len(kept), dtype=np.int32)
        low, high = np.where(kept, low, -np.inf), np.where(kept, high, np.inf)
        for highs in filter(None, (self._highs, self._whole)):
            highs.changeRowsBounds(len(rows), rows, low, high)

    def turn(self, old: Limits, new: Limits, bounds: tuple[Array, Array], goal: Sequence[tuple[int, float]]) -> None:
        """Give the live model other numbers, once ``solve`` has been called; cuts and the basis stay.

        Parameters
        ----------
        old, new
            The rows as they were stated or turned to last, and as they are to be: the same names and places.
        bounds
            Of every column, shape (n,).
        goal
            What to minimise, as (column, coefficient).
        """
        old, new = old.scaled(), new.scaled()
        for k in np.flatnonzero(old.coefficient != new.coefficient):
            column = int(self._position[new.column[k]])
            self._highs.changeCoeff(int(new.row[k]), column, float(new.coefficient[k]))
        rows, columns = np.arange(len(new), dtype=np.int32), np.arange(len(self.columns), dtype=np.int32)
        self._highs.changeRowsBounds(len(rows), rows, new.low, new.high)
        lower, upper = np.empty(len(columns)), np.empty(len(columns))
        lower[self._position], upper[self._position] = bounds
        self._highs.changeColsBounds(len(columns), columns, lower, upper)
        self.aim(goal)

    def solve_for(self, goal: Sequence[tuple[int, float]]) -> Solution:
        """Minimise something else, as (column, coefficient), over the same rows, once ``solve`` has been called."""
        self.aim(goal)
        # The last answer still obeys every row and is no longer the least: that is where the primal simplex goes on.
        self._highs.setOptionValue("simplex_strategy", _PRIMAL)
        solution = self.solve()
        self._highs.setOptionValue("simplex_strategy", _DUAL)
        return solution

    def hurry(self, steps: int) -> None:
        """Let each simplex take so many steps at most, once ``solve`` has been called; then it has ``STOPPED``."""
        self._highs.setOptionValue("simplex_iteration_limit", steps)

    def aim(self, goal: Sequence[tuple[int, float]]) -> None:
        """Change what to minimise, as (column, coefficient), once ``solve`` has been called."""
        columns, cost = np.arange(len(self.columns), dtype=np.int32), np.zeros(len(self.columns))
        cost[self._position[[k for k, _ in goal]]] = [factor for _, factor in goal]
        for highs in filter(None, (self._highs, self._whole)):
            highs.changeColsCost(len(columns), columns, cost)

    def forget(self, first: int, far: float) -> None:
        """Drop rows from number ``first`` on that the last solution is farther than ``far`` from."""
        highs = self._highs
        reached, upper = np.array(highs.getSolution().row_value), np.array(highs.getLp().row_upper_)
        loose = np.flatnonzero(upper - reached > far)
        loose = loose[loose >= first].astype(np.int32)
        if len(loose):
            highs.deleteRows(len(loose), loose)

    def drop(self, rows: Sequence[int]) -> None:
        """Let go of rows that were added, by their numbers."""
        numbers = np.array(sorted(rows), dtype=np.int32)
        if len(numbers):
            for highs in filter(None, (self._highs, self._whole)):
                highs.deleteRows(len(numbers), numbers)

    @property
    def size(self) -> int:
        """The number of rows, once ``solve`` has been called."""
        return int(self._highs.getNumRow())

    def restart(self, first: int) -> None:
        """Drop the rows from number ``first`` on, and where the last solve ended: the next starts from nothing."""
        added = np.arange(first, self.size, dtype=np.int32)
        if len(added):
            self._highs.deleteRows(len(added), added)
        self._highs.clearSolver()

    def _make_whole(self, highs: Any, kind: Any) -> None:
        where = self._position[self.binary]
        if len(where):
            highs.changeColsIntegrality(len(where), where, np.full(len(where), kind))

    def hold(self, values: Array) -> None:
        """Hold the binary columns at values, shape (B,), for ``solve``."""
        self._bound(values, values)

    def release(self) -> None:
        """Let the binary columns go."""
        self._bound(np.zeros(len(self.binary)), np.ones(len(self.binary)))

    def _bound(self, lower: Array, upper: Array) -> None:
        where = self._position[self.binary]
        self._highs.changeColsBounds(len(where), where, np.ascontiguousarray(lower), np.ascontiguousarray(upper))

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
            for highs in filter(None, (self._highs, self._whole)):
                self._send(highs, rows)
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
            self._make_whole(self._highs, highspy.HighsVarType.kInteger)
            self._highs.writeModel(str(file))
            self._make_whole(self._highs, highspy.HighsVarType.kContinuous)
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

    def _send(self, highs: Any, rows: Sequence[Row]) -> None:
        starts = np.cumsum([0] + [len(row.columns) for row in rows[:-1]]).astype(np.int32)
        columns = self._position[np.concatenate([row.columns for row in rows])]
        coefficients = np.concatenate([row.coefficients for row in rows])
        upper = np.array([row.upper for row in rows])
        lower = np.full(len(rows), -highspy.kHighsInf)
        _taken(highs.addRows(len(rows), lower, upper, len(columns), starts, columns, coefficients))

    def _read(self, highs: Any) -> Solution:
        """Read the status first, and values only when they mean something."""
        status, info = _STATUS.get(highs.getModelStatus(), Status.STOPPED), highs.getInfo()
        is_whole = highs is self._whole
        bound = float(info.mip_dual_bound) if is_whole and status is not Status.INFEASIBLE else math.nan
        if is_whole and status is Status.STOPPED and info.primal_solution_status == _FEASIBLE:
            status = Status.FOUND
        if status not in (Status.OPTIMAL, Status.FOUND):
            return Solution(status, np.empty(0), math.nan, bound)
        values = np.array(highs.getSolution().col_value)[self._position]
        objective = float(info.objective_function_value)
        return Solution(status, values, objective, bound if is_whole else objective)


_FEASIBLE: Final = int(highspy.SolutionStatus.kSolutionStatusFeasible)


def _run(highs: Any) -> None:
    """Run HiGHS beside this thread, so that an interrupt is noticed and passed on.

    Interrupts come to the main thread alone; elsewhere it runs as it is, since highspy starts one at a time.
    """
    if threading.current_thread() is not threading.main_thread():
        highs.run()
        return
    highs.startSolve()
    while True:
        try:
            if highs.wait(_GLANCE)[0]:
                return
        except KeyboardInterrupt:
            highs.cancelSolve()
            highs.wait()
            raise
