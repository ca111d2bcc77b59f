"""Which initiatives work in which draw, and how far one that can choose its prerequisites is carried by them.

An initiative works where it succeeds and all that it plainly requires works. Where it waits for k of n, its progress
counts up to (1/k) Σ min(theirs, its own) over those that work, and so does the progress of all that require it:
what rests on one prerequisite cannot go further because another, unfunded, would have worked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gambits.portfolio.graph import prerequisites
from gambits.portfolio.model import Initiative, Need, Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gate:
    """What limits the progress of initiative ``who``: (1/count) Σ alive · min(theirs ``lag`` before / share, its own).

    ``members`` has shape (n,), ``alive`` (R, n): 0 or 1, or a chance; both by number of the initiative.
    ``made_before`` and ``funded_before`` have shape (n,): p and φ of the members before the first period.
    """

    who: int
    members: NDArray[np.int64]
    alive: Array
    count: int
    share: float
    lag: int
    made_before: Array
    funded_before: Array


@dataclass(frozen=True, slots=True)
class Fates:
    """What becomes of each initiative in R draws.

    ``alive`` has shape (R,) by id: 1 where it and all that it plainly requires succeed, else 0; in a central draw
    the chance of that. ``carried`` is the same times the part of its choices that works, whatever is funded.
    """

    alive: Mapping[str, Array]
    carried: Mapping[str, Array]
    gates: tuple[Gate, ...]


def fates(portfolio: Portfolio, works: Mapping[str, Array]) -> Fates:
    """Follow success through the graph.

    Parameters
    ----------
    portfolio
        The graph.
    works
        By id, shape (R,): 1 where an initiative itself succeeds, else 0; or the chance of it.
    """
    needed = {id: frozenset((id, *others)) for id, others in prerequisites(portfolio).items()}
    alive = {id: _all(works, others) for id, others in needed.items()}
    found = {each.id: each for each in portfolio.initiatives}
    choices = {id: _choices(found, others) for id, others in needed.items()}
    carried: dict[str, Array] = {}

    def carry(id: str) -> Array:
        """Give the part of an initiative that its choices leave, by draw."""
        if id not in carried:
            least = np.ones_like(works[id])
            for need in choices[id]:
                reach = [_all(works, needed[one] - needed[id]) * carry(one) for one in need.of]
                least = np.minimum(least, np.sum(reach, axis=0) / need.count)
            carried[id] = least
        return carried[id]

    number = {each.id: i for i, each in enumerate(portfolio.initiatives)}
    gates = tuple(
        Gate(
            who=number[id],
            members=np.array([number[one] for one in need.of], dtype=np.int64),
            alive=np.array([_all(works, needed[one] - needed[id]) for one in need.of]).T,
            count=need.count,
            share=need.share,
            lag=need.lag,
            made_before=np.array([_progress(found[one], _paid(found[one])) for one in need.of]),
            funded_before=np.array([_paid(found[one]) for one in need.of]),
        )
        for id in number
        for need in choices[id]
    )
    return Fates(alive, {id: alive[id] * carry(id) for id in number}, gates)


def _all(works: Mapping[str, Array], ids: frozenset[str]) -> Array:
    ones = np.ones_like(next(iter(works.values())))
    return np.asarray(np.prod([ones, *(works[id] for id in sorted(ids))], axis=0))


def _choices(found: Mapping[str, Initiative], ids: frozenset[str]) -> tuple[Need, ...]:
    """List the choices of initiatives, each once."""
    needs = (need for id in sorted(ids) for need in found[id].requires if need.is_choice)
    return tuple(dict.fromkeys(needs))


def _paid(initiative: Initiative) -> float:
    """Give φ before the first period."""
    return min(1.0, sum(money for when, money in initiative.spent if when < 0) / initiative.cost.central)


def _progress(initiative: Initiative, funded: float) -> float:
    response = initiative.response
    return float(np.interp(funded, *np.array(response.points).T)) if response.points else funded**response.exponent
