"""The same futures believed in otherwise: other probabilities of the scenarios, on the same draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gambits.forecast.draws import Draws, Pair, Shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def believed(draws: Draws, chances: Mapping[str, float]) -> Draws:
    """Give the draws with other probabilities of their scenarios; draws of a scenario without any are left out.

    Parameters
    ----------
    draws
        As drawn.
    chances
        Probability by scenario; those that are not named share what is left of 1 as they did before.
    """
    probability = weighed(draws, chances)
    rows = np.flatnonzero(probability)
    return replace(some_of(draws, rows), probability=probability[rows])


def weighed(draws: Draws, chances: Mapping[str, float]) -> Array:
    """Give the probability of each draw, shape (R,), when the scenarios have others."""
    now = np.bincount(draws.scenario, draws.probability, len(draws.scenarios))
    wanted = np.array([chances.get(name, np.nan) for name in draws.scenarios])
    others = np.isnan(wanted)
    left, shared = max(0.0, 1 - float(wanted[~others].sum())), float(now[others].sum())
    wanted[others] = now[others] * (left / shared if shared > 0 else 0.0)
    return np.asarray(draws.probability * (wanted / now)[draws.scenario])


def some_of(draws: Draws, rows: NDArray[np.int64]) -> Draws:
    """Give some of the draws, by number, with the probabilities that they have."""

    def of(values: Array | None) -> Array | None:
        return None if values is None else values[rows]

    return replace(
        draws,
        probability=draws.probability[rows],
        ln_compute=draws.ln_compute[rows],
        ln_tokens=draws.ln_tokens[rows],
        helps=draws.helps[:, rows],
        harms=draws.harms[:, rows],
        value=draws.value[rows],
        law=None if draws.law is None else draws.law.of(rows),
        cost_ratio=of(draws.cost_ratio),
        scenario=draws.scenario[rows],
        pairs=tuple(Pair(each.first, each.second, each.sizes[:, rows]) for each in draws.pairs),
        shared=tuple(Shared(each.who, each.size[rows], each.cap[rows], each.rows) for each in draws.shared),
        ln_served=of(draws.ln_served),
        rivals={name: level[rows] for name, level in draws.rivals.items()},
    )
