"""What could be known in each draw: the value of every estimate, and which work succeeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gambits.forecast.draws import Sampler
from gambits.portfolio.edits import estimates
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def outcomes(portfolio: Portfolio, seed: str, count: int) -> dict[str, Array]:
    """Give the value of each uncertain estimate in every draw, shape (R,), by dotted key, sorted.

    For a chance of success that is 1 where the work succeeds by itself and 0 where it fails. What only rules
    take in, as uses, is not drawn and not here; nor is the law, which has no one value.
    """
    sampler = Sampler(portfolio, seed, count)
    luck = {"cost": -1.0, "value": 1.0}
    found = {each.key("success"): sampler.works(each) for each in portfolio.initiatives}
    for key, estimate in estimates(portfolio).items():
        name = key.rpartition(".")[2]
        if key not in found and ".uses." not in key:
            of_effect = key.startswith("initiatives.") and ".effects." in key
            found[key] = sampler.values(key, estimate, 1.0 if of_effect else luck.get(name, 0.0))
    return {key: values for key, values in sorted(found.items()) if np.ptp(values) > 0}


def scenario_of(portfolio: Portfolio, seed: str, count: int) -> NDArray[np.int64]:
    """Give the number of each draw's scenario, shape (R,)."""
    return Sampler(portfolio, seed, count).scenario
