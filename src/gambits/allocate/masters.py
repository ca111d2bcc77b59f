"""The best plans under one set of rules in many sets of futures: the rules are stated once, and only cuts change.

To state a master takes about as long as to solve it for a few futures. Every search starts from the rules alone, as
one that states them would, so what was searched before changes no answer, and searches may run side by side.
"""

from __future__ import annotations

from typing import Any

from gambits.allocate.cuts import Optimum, Patience, Search, allocate
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import lay_out
from gambits.allocate.programme import Programme, aimed_at, goal_of
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio


class Masters:
    """Finds best plans under one set of rules.

    Parameters
    ----------
    portfolio, gambit
        The rules.
    like
        Futures seen through the objective, and by as many draws (one, or several), as those to come.
    """

    def __init__(self, portfolio: Portfolio, gambit: Gambit, like: Forecast) -> None:
        self._portfolio = portfolio
        self.gambit = gambit
        self._aversion = gambit.aversion_over(like.draws.count)
        initiatives, _ = eligible(portfolio, gambit)
        self._layout = lay_out(portfolio, gambit, initiatives, like.objective.weights, self._aversion)
        # Rows that forbid a choice, or close in on a bill or a floor, hold in these futures alone.
        own_rows = len(self._layout.binary) or self._layout.serving is not None or gambit.cvar_floor is not None
        self._is_stated_each_time = bool(own_rows)
        self._idle: list[tuple[Programme, int]] = []

    def __getstate__(self) -> dict[str, Any]:
        """Leave the live solvers here when sent to another process: it states its own."""
        return self.__dict__ | {"_idle": []}

    def best(self, forecast: Forecast, near: Optimum, patience: Patience) -> Optimum:
        """Find the best plan in some futures.

        Parameters
        ----------
        forecast
            The futures.
        near
            The answer to a like question.
        patience
            When the search ends.

        Raises
        ------
        InfeasibleError
            If no plan obeys the rules.
        UnfinishedError
            If the search ended before it found any plan.
        """
        if self._is_stated_each_time:
            return allocate(self._portfolio, self.gambit, forecast, near=near, patience=patience)
        programme, stated = self._idle.pop() if self._idle else self._state()
        found = Search(programme, forecast, self._aversion, patience).run(near, ())
        programme.model.restart(stated)
        self._idle.append((programme, stated))
        return found

    def _state(self) -> tuple[Programme, int]:
        """State a master, and give the number of its rows that are not cuts."""
        # Without cuts nothing bounds the value: the solver takes the rules over with nothing to aim for.
        programme = aimed_at(self._layout, [(0, 0.0)])
        model = programme.model
        model.solve()
        model.aim(goal_of(self._layout, self._aversion))
        stated = model.size
        model.restart(stated)
        return programme, stated
