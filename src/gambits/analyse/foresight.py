"""Perfect information: the best plan for each draw, as if one knew which future comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gambits.allocate import timing
from gambits.allocate.cuts import GAP, Optimum
from gambits.allocate.masters import Masters
from gambits.analyse.study import Study
from gambits.forecast.belief import some_of
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Foresight:
    """The best value in each draw, and that of the one plan, shape (R,); with the draws' probabilities."""

    best: Array
    planned: Array
    probability: Array

    @property
    def evpi(self) -> float:
        """The mean of what knowing the draw adds, OOM."""
        return float(self.probability @ (self.best - self.planned))

    @property
    def standard_error(self) -> float:
        """Of the mean over draws, OOM."""
        spread = self.probability @ (self.best - self.planned - self.evpi) ** 2
        return float(np.sqrt(spread * (self.probability @ self.probability)))


def foresight(study: Study, gambit: Gambit, plan: Optimum) -> Foresight:
    """Solve for every draw alone under all rules, for one who maximises the mean.

    Parameters
    ----------
    study
        The portfolio and its draws: as many searches as it has.
    gambit
        Its rules; aversion means nothing in one draw. A floor under the tail is left out: in every draw the best plan
        is worth at least as much as one that keeps to it.
    plan
        The best plan without the knowledge.
    """
    seen = study.forecast(gambit)
    alone = replace(gambit, cvar_floor=None)
    planned = value_of(study, seen, plan.funded)

    def only(number: int) -> Forecast:
        draws = replace(some_of(seen.draws, np.array([number])), probability=np.ones(1))
        return Forecast(draws, seen.objective, seen.tail)

    masters = Masters(study.portfolio, alone, only(0))

    def best(number: int) -> float:
        found = study.noted(masters.best(only(number), plan, study.settings.patience(GAP)))
        # The one plan is open to all: what falls short of it has only stopped early.
        return max(found.objective, float(planned[number]))

    found = study.each(best, range(seen.draws.count), "futures")
    return Foresight(np.array(found), planned, seen.draws.probability)


def value_of(study: Study, seen: Forecast, funded: Array) -> Array:
    """Give the value in each draw, shape (R,), of funded fractions of every initiative, shape (I, T)."""
    initiatives = study.portfolio.initiatives
    made = timing.progress(initiatives, funded)
    return seen.project(*timing.counted(initiatives, made, funded, seen.periods)).value
