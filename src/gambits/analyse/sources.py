"""Where orders of magnitude come from: what the lab buys anyway, what a plan adds by source, what the field gains."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from gambits.portfolio.model import Lever, Portfolio
from gambits.scaling.effects.trends import HALVING, algorithmic_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gambits.analyse.outlook import Baseline

    Array = NDArray[np.float64]

GROUPS: Final = {
    "compute": (Lever.COMPUTE,),
    "algorithms": (Lever.PARAMETER_EFFICIENCY, Lever.DATA_EFFICIENCY),
    "data": (Lever.UNIQUE_TOKENS,),
    "post-training": (Lever.POST_TRAINING,),
    "test time": (Lever.TEST_TIME,),
    "cheaper serving": (Lever.INFERENCE_COST,),
}
"""The sources of a gain of effective compute; cheaper serving is one where the flagship is served."""

BOUGHT: Final = "compute bought anyway"
WALL: Final = "the data wall"
WALL_AND_SERVING: Final = "the data wall and serving"


@dataclass(frozen=True, slots=True)
class Drift:
    """What better algorithms bring the whole field from the start to the end of a year, OOM, with the 95 % interval."""

    gained: float
    low: float
    high: float


def ledger_of(
    portfolio: Portfolio, gain_of: Callable[[frozenset[Lever]], Array], years: Mapping[str, int]
) -> dict[str, dict[str, float]]:
    """Split the gain of a plan at the end of each year over its sources by the Shapley value.

    Parameters
    ----------
    portfolio
        Whose effects they are.
    gain_of
        Gives the gain by period, shape (K,), when only some levers act.
    years
        The last period of each year, by name.
    """
    used = {lever for each in portfolio.initiatives for lever in each.effects}
    used |= {lever for each in portfolio.synergies for lever in each.effects}
    if portfolio.frontier is None or portfolio.frontier.inference_tokens.values[-1] == 0:
        used -= {Lever.INFERENCE_COST}
    sources = [name for name, levers in GROUPS.items() if used & set(levers)]
    gains = {
        chosen: gain_of(frozenset(lever for name in chosen for lever in GROUPS[name]))
        for size in range(len(sources) + 1)
        for chosen in combinations(sources, size)
    }
    ledger: dict[str, dict[str, float]] = {}
    for year, period in years.items():
        at = {frozenset(chosen): float(gain[period]) for chosen, gain in gains.items()}
        ledger[year] = {name: _shapley(name, sources, at) for name in sources}
    return ledger


def _shapley(name: str, sources: list[str], worth: Mapping[frozenset[str], float]) -> float:
    others = [each for each in sources if each != name]
    total = 0.0
    for size in range(len(others) + 1):
        weight = math.factorial(size) * math.factorial(len(others) - size) / math.factorial(len(sources))
        for chosen in combinations(others, size):
            total += weight * (worth[frozenset((*chosen, name))] - worth[frozenset(chosen)])
    return total


def anyway_of(baseline: tuple[Baseline, ...], years: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Split what the lab reaches without the portfolio, against the first period, at the end of each year.

    What is bought, and what the wall takes from it (below 0; serving gives some back as it fades), is the growth of
    effective compute.
    """
    if not baseline:
        return {}
    first = baseline[0]
    taker = WALL_AND_SERVING if first.serving > 0 else WALL
    found = {}
    for year, period in years.items():
        now = baseline[period]
        bought = now.compute - first.compute
        found[year] = {BOUGHT: bought, taker: now.effective_compute - first.effective_compute - bought}
    return found


def drift_of(years: Mapping[str, int], length: float) -> dict[str, Drift]:
    """Say what the field gains by better algorithms meanwhile; ``length`` is that of a period in years.

    Notes
    -----
    Ho et al. 2024, arXiv 2403.05812, R1: the compute for a loss halves in 8 months (95 %: 5 to 14). Gundlach et al.
    2025, arXiv 2511.21622, find that most of it does not show at small scale.
    """
    assert HALVING.interval is not None, "a published figure with its interval"
    fast, slow = HALVING.interval

    def gained(period: int, months: float) -> float:
        return math.log10(algorithmic_progress(period * length, months))

    months = (HALVING.value, slow, fast)
    return {year: Drift(*(gained(period, each) for each in months)) for year, period in years.items()}
