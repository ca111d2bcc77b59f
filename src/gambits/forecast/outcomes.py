"""What could be known in each draw: the value of every estimate, and which work succeeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gambits.forecast.draws import Draws, Sampler, central_draw
from gambits.portfolio.edits import estimates
from gambits.portfolio.model import Portfolio
from gambits.scaling.laws import load_law

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LAW = "frontier.law"


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


def law_alone(portfolio: Portfolio, periods: int, seed: str, count: int) -> tuple[Draws, Array] | None:
    """Give draws in which the law varies and all else is central, and the law's uniforms, shape (R,).

    None where the law does not vary.
    """
    if portfolio.frontier is None or not portfolio.frontier.law_uncertainty:
        return None
    law = load_law(portfolio.frontier.law, Path(portfolio.file).parent)
    if law.draws is None:
        return None
    sampler = Sampler(portfolio, seed, count)
    uniforms = sampler.uniforms(LAW)
    number = len(uniforms)
    middle = central_draw(portfolio, periods)
    return replace(
        middle,
        probability=sampler.probability,
        ln_compute=np.repeat(middle.ln_compute, number, axis=0),
        ln_tokens=np.repeat(middle.ln_tokens, number, axis=0),
        helps=np.repeat(middle.helps, number, axis=1),
        harms=np.repeat(middle.harms, number, axis=1),
        value=np.repeat(middle.value, number, axis=0),
        law=law.drawn(uniforms),
        scenario=np.zeros(number, dtype=np.int64),
        pairs=tuple(replace(each, sizes=np.repeat(each.sizes, number, axis=1)) for each in middle.pairs),
        shared=tuple(
            replace(each, size=np.repeat(each.size, number, axis=0), cap=np.repeat(each.cap, number))
            for each in middle.shared
        ),
        ln_served=None if middle.ln_served is None else np.repeat(middle.ln_served, number, axis=0),
    ), uniforms
