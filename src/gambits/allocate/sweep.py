"""The best plans under a row of rules that differ in numbers alone: one master, which keeps its cuts and its basis.

A share, a budget or an aversion that is turned changes coefficients, limits and goal, and leaves the columns: cuts hold
for every plan, whatever the rules, and the solver goes on from where the last answer left it. Where choices are whole,
or the bill for serving is paid from the budget, each is searched anew from the cuts that the others left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.cuts import FloorTooHigh, Optimum, Patience, Search, allocate
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import Layout, lay_out
from gambits.allocate.limits import joined
from gambits.allocate.pool import Point, Pool
from gambits.allocate.programme import BLOCKS, Goal, Programme, build, diminishing, goal_of, held
from gambits.errors import InfeasibleError
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_EVERY_TERM: Final = 0.5
"""An aversion for which the mean and the tail both have their columns."""
_BETWEEN: Final = (0.3,)
"""How far from the best plan to the proposal the oracle is asked: near an answer one look, close by, is enough."""
_FAR: Final = 1e-5
"""Cuts farther than this from an answer are dropped, OOM: they cost the solver more than they tell of the next."""


class Sweep:
    """Finds best plans one after another.

    Parameters
    ----------
    forecast
        The futures that all of them see.
    start
        Where earlier searches over it asked the oracle.
    """

    def __init__(self, forecast: Forecast, start: tuple[Point, ...]) -> None:
        self._forecast = forecast
        self._pool = Pool()
        self._pool.keep(start)
        self._master: Programme | None = None

    def at(self, portfolio: Portfolio, gambit: Gambit, patience: Patience) -> Optimum:
        """Find the best plan under rules that are near the last ones.

        Parameters
        ----------
        portfolio, gambit
            The rules; the same initiatives with the same estimates, and the same objective and tail, each time.
        patience
            When the search ends.

        Raises
        ------
        InfeasibleError
            If no plan obeys the rules.
        UnfinishedError
            If the search ended before it found any plan.
        """
        initiatives, _ = eligible(portfolio, gambit)
        seen = self._forecast
        layout = lay_out(portfolio, gambit, initiatives, seen.objective.weights, _EVERY_TERM, seen.curve)
        # Rows that forbid a choice, or close in on a bill in parts of the budget, hold under these rules alone.
        if len(layout.binary) or layout.serving is not None:
            found = allocate(portfolio, gambit, self._forecast, start=self._pool.points, patience=patience)
        else:
            found = self._turned(layout, gambit, patience)
        self._pool.keep(found.points)
        return found

    def _turned(self, layout: Layout, gambit: Gambit, patience: Patience) -> Optimum:
        aversion = gambit.aversion_over(self._forecast.draws.count)
        is_new = self._state(layout, goal_of(layout, aversion))
        assert self._master is not None, "stated above"
        search = Search(self._master, self._forecast, aversion, patience, _BETWEEN)
        try:
            found = search.run(None, self._pool.points if is_new else None)
        except FloorTooHigh as error:
            raise InfeasibleError("no plan has a tail worth so much", (error.rule,), "lower `cvar_floor`") from None
        self._master.model.forget(len(self._master.limits), _FAR)
        return found

    def _state(self, layout: Layout, goal: Goal) -> bool:
        """Turn the master to other rules; state it anew, and say so, where it has other columns or rows."""
        rules = joined(block(layout) for block in BLOCKS)
        rows, still = joined([rules, diminishing(layout)]), held(layout, rules)
        old, self._master = self._master, None
        if old is None or old.layout.names != layout.names or not old.limits.is_like(rows):
            self._master = Programme(layout, rows, build(layout, rows, goal, still))
            return True
        lower = np.array(layout.lower)
        old.model.turn(old.limits, rows, (lower, np.where(still, lower, layout.upper)), goal)
        self._master = Programme(layout, rows, old.model)
        return False
