"""What a plan is worth in futures that it was not chosen for, and how firm it is.

The plan that looks best on some draws looks better than it is (Smith and Winkler 2006, The optimizer's curse,
Management Science 52(3)): fresh draws say by how much. Other draws would have chosen other plans: batches say
which parts of this one they agree on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.analyse.compare import FUNDED
from gambits.forecast.oracle import Forecast, Projection, tail_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MISSING: Final = 0.01
"""Money is missing where more than this part of what was spent would be needed to finish."""


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """Value in fresh draws, OOM; ``standard_error`` is that of ``expected``."""

    objective: float
    expected: float
    cvar: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class InScenario:
    """Probability of a scenario, and the plan's mean and tail value in it, OOM."""

    probability: float
    expected: float
    cvar: float


@dataclass(frozen=True, slots=True)
class Firmness:
    """One initiative over plans chosen on batches of other draws.

    ``funded`` is the part of the batches that fund it (at least half its cost); ``low`` and ``high`` are the range
    of φ.
    """

    funded: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Money that would be needed beyond the plan to bring what it funds to the progress of median costs.

    ``chance`` is that of more than 1 % of all money; ``expected`` and ``p90`` are in the portfolio's unit.
    """

    chance: float
    expected: float
    p90: float


@dataclass(frozen=True, slots=True)
class Honesty:
    """What to hold against a plan's own figures."""

    out_of_sample: OutOfSample
    scenarios: Mapping[str, InScenario]
    missing: Missing
    stability: Mapping[str, Firmness]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "out_of_sample": asdict(self.out_of_sample),
            "scenarios": {name: asdict(each) for name, each in self.scenarios.items()},
            "missing_money": asdict(self.missing),
            "stability": {id: asdict(each) for id, each in self.stability.items()},
        }


def out_of_sample(fresh: Forecast, projection: Projection, aversion: float) -> OutOfSample:
    """Weigh the values of fresh draws."""
    expected, cvar = _mean_and_tail(projection.value, fresh.draws.probability, fresh.tail)
    variance = 0.0
    for number in range(len(fresh.draws.scenarios)):
        here = fresh.draws.scenario == number
        share = fresh.draws.probability[here].sum()
        # Scenarios come in exact proportion, so only the spread inside each counts; one draw shows none, and the
        # spread of all stands in for it. Strata narrow it further: the figure errs to the safe side.
        shown = projection.value[here] if here.sum() > 1 else projection.value
        variance += share**2 * shown.var(ddof=1) / here.sum()
    objective = (1 - aversion) * expected + aversion * cvar
    return OutOfSample(objective, expected, cvar, float(np.sqrt(variance)))


def by_scenario(forecast: Forecast, projection: Projection) -> dict[str, InScenario]:
    """Split a plan's value by scenario."""
    found = {}
    for number, name in enumerate(forecast.draws.scenarios):
        here = forecast.draws.scenario == number
        share = float(forecast.draws.probability[here].sum())
        weights = forecast.draws.probability[here] / share
        found[name] = InScenario(share, *_mean_and_tail(projection.value[here], weights, forecast.tail))
    return found


def missing_money(forecast: Forecast, spent: Array) -> Missing:
    """Say how much money would be missing to finish what is funded, draw by draw.

    Parameters
    ----------
    forecast
        The draws.
    spent
        Shape (I,): money by initiative, in the order of the draws.
    """
    if forecast.draws.cost_ratio is None or not spent.sum() > 0:
        return Missing(0.0, 0.0, 0.0)
    missing = np.maximum(forecast.draws.cost_ratio - 1, 0) @ spent
    probability = forecast.draws.probability
    order = np.argsort(missing, kind="stable")
    p90 = missing[order][np.searchsorted(np.cumsum(probability[order]), 0.9)]
    return Missing(float(probability @ (missing > MISSING * spent.sum())), float(probability @ missing), float(p90))


def stability(ids: Sequence[str], funded: Sequence[Array]) -> dict[str, Firmness]:
    """Say how often each initiative is funded, and how far its φ ranges, over the plans of batches.

    Parameters
    ----------
    ids
        The initiatives.
    funded
        One array of shape (I,) a batch: φ at the end.
    """
    table = np.array(funded)
    shares = (table >= FUNDED).mean(axis=0)
    rows = zip(ids, shares, table.min(axis=0), table.max(axis=0), strict=True)
    return {id: Firmness(float(share), float(low), float(high)) for id, share, low, high in sorted(rows)}


def _mean_and_tail(value: Array, probability: Array, alpha: float) -> tuple[float, float]:
    return float(probability @ value), float(tail_weights(value, probability, alpha) @ value)
