"""How far those who wait can be funded: as far as what they wait for, its share and its lag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gambits.portfolio.model import Initiative, Need

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def furthest(need: Need, funded: Array, before: Array) -> Array:
    """Give the most that φ of who waits can be by the end of each period, shape (T,).

    Parameters
    ----------
    need
        What it waits for: k of n.
    funded, before
        Shape (n, T) and (n,): φ of those it waits for by the end of each period, and before the first.

    Notes
    -----
    The largest x with Σ min(u_i, x) ≥ k·x, for u = φ / share. Since the sum of minima is the least over all sets
    S of Σ_S u_i + (n − |S|)·x, it is the least of Σ_S u_i / (k − n + |S|), and of sets of one size the smallest u.
    """
    periods = funded.shape[1]
    earlier = np.concatenate([np.repeat(before[:, np.newaxis], need.lag, axis=1), funded], axis=1)[:, :periods]
    least = np.cumsum(np.sort(earlier / need.share, axis=0), axis=0)
    spare = len(need.of) - need.count
    return np.asarray((least[spare:] / np.arange(1, need.count + 1)[:, np.newaxis]).min(axis=0))


def held_back(initiatives: tuple[Initiative, ...], most: Array, least: Array, before: Array) -> Array:
    """Lower what initiatives could get to what those they wait for could, shape (I, T), all through the graph.

    Parameters
    ----------
    initiatives
        In the order of the rows.
    most, least
        Shape (I, T): φ if they waited for nobody, and what they have been paid, below which nothing falls.
    before
        Shape (I,): φ before the first period.
    """
    number: Mapping[str, int] = {each.id: i for i, each in enumerate(initiatives)}
    most, moved = most.copy(), True
    while moved:
        moved = False
        for i, each in enumerate(initiatives):
            for need in each.requires + each.after:
                rows = [number.get(id) for id in need.of]
                limit = furthest(need, *picked(rows, most, before)) + ahead(
                    need, least[i], *picked(rows, least, before)
                )
                if (limit < most[i]).any():
                    most[i], moved = np.maximum(np.minimum(most[i], limit), least[i]), True
    return most


def ahead(need: Need, paid: Array, funded: Array, before: Array) -> Array:
    """Say how far an initiative has been paid beyond what it waits for, shape (T,): it stays ahead by that.

    Parameters
    ----------
    need
        What it waits for.
    paid
        Shape (T,): its own φ if nothing more is paid.
    funded, before
        Shape (n, T) and (n,): the same of those it waits for, and before the first period.
    """
    return np.asarray(np.maximum(paid - furthest(need, funded, before), 0.0))


def allowed(need: Need, own: Array, funded: Array, paid: Array, before: Array) -> Array:
    """Give the most that φ of who waits can be, shape (T,): as far as those it waits for, and what it is ahead by.

    Parameters
    ----------
    need
        What it waits for.
    own
        Shape (T,): its own φ if nothing more is paid.
    funded, paid, before
        Shape (n, T), (n, T) and (n,): φ of those it waits for, the same if nothing more is paid, and before the
        first period.
    """
    return furthest(need, funded, before) + ahead(need, own, paid, before)


def picked(rows: Sequence[int | None], table: Array, before: Array) -> tuple[Array, Array]:
    """Pick rows; who is not among them gets nothing."""
    wider = np.concatenate([table, np.zeros((1, table.shape[1]))])
    at = [len(table) if row is None else row for row in rows]
    return wider[at], np.concatenate([before, [0.0]])[at]
