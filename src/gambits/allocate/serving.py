"""The bill for serving tokens in the programme: it is convex in a plan, so planes that touch it hold it from below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.layout import Layout
from gambits.allocate.limits import ABSENT, NO_LIMITS, Limits, Quantities, Term, joined, limits, unknown
from gambits.allocate.solver import Row
from gambits.errors import BrokenRule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PAID: Final = 1e-8
"""How far a bill may exceed what is left for it, in parts of the total budget: planes close in on it from below."""
_STARTS: Final = (0.0, 0.5, 1.0)


def pay_for_serving(layout: Layout) -> Limits:
    """The bill lies above planes that touch it: bill[t] ≥ bill + slopes · (plan − the plan where it touches).

    These touch it at nothing, half and all; the search adds others.
    """
    levels = [np.full(layout.paid.shape, level) for level in _STARTS] if layout.serving else []
    return joined(_plane(layout, level, level, f"_{number}") for number, level in enumerate(levels))


def planes(layout: Layout, progress: Array, funded: Array) -> list[Row]:
    """Give the planes that touch the bill of each period at a plan, shape (I eligible, T), as cuts."""
    plane = _plane(layout, progress, funded, "")
    starts = plane.starts
    spans = [slice(starts[k], starts[k + 1]) for k in range(len(plane))]
    return [
        Row(plane.column[span].astype(np.int32), -plane.coefficient[span], -float(plane.low[k]))
        for k, span in enumerate(spans)
    ]


def bills(layout: Layout, progress: Array, funded: Array) -> Array:
    """Give the bill of each period for a plan, shape (T,), in parts of the total budget."""
    return _evaluated(layout, progress, funded)[0]


def leaves_room(layout: Layout, values: Array, progress: Array, funded: Array) -> bool:
    """Whether the budget has room for the bill of a plan that a solver proposes with values of every column."""
    return layout.serving is None or bool(np.all(bills(layout, progress, funded) <= values[layout.bill] + PAID))


def _plane(layout: Layout, progress: Array, funded: Array, ending: str) -> Limits:
    if layout.serving is None:
        return NO_LIMITS
    amount, slopes, seen = _evaluated(layout, progress, funded)
    rows = np.arange(len(layout.initiatives))[:, np.newaxis]
    terms: list[Term] = [(unknown(layout.bill), 1.0)]
    low = amount
    before = (timing.progress_before(layout.initiatives, layout.before), layout.before)
    for find, slope, plan, first in zip((layout.made_at, layout.at), slopes, (progress, funded), before, strict=True):
        terms.append((_where(slope, find(rows, seen)), -slope))
        low = low - (slope * timing.as_counted(plan, seen, first)).sum(axis=(1, 2))
    rule = BrokenRule("the bill for serving tokens", layout.portfolio.place("budget.includes_serving"))
    return limits([f"serving_{name}{ending}" for name in layout.periods], rule, terms, low=low)


def _where(slope: Array, found: Quantities) -> Quantities:
    """Leave out what a bill does not answer to, shape (T, I eligible, T)."""
    return Quantities(np.where(slope, found.columns, ABSENT).astype(np.int32), np.where(slope, found.known, 0.0))


def _evaluated(layout: Layout, progress: Array, funded: Array) -> tuple[Array, tuple[Array, Array], NDArray[np.int32]]:
    """Give the bills, their slopes by what counts in each period, (T, I eligible, T), and when that was made."""
    assert layout.serving is not None, "asked only where the budget pays for serving"
    everyone, periods = layout.portfolio.initiatives, layout.paid.shape[1]
    number = {each.id: i for i, each in enumerate(everyone)}
    mine = np.array([number[each.id] for each in layout.initiatives], dtype=np.int64)
    whole = np.zeros((2, len(everyone), periods))
    whole[:, mine] = progress, funded
    amount, *slopes = layout.serving.evaluate(*timing.counted(everyone, whole[0], whole[1], periods))
    by_progress, by_funded = (part[:, mine] / layout.budget for part in slopes)
    return (
        amount / layout.budget,
        (by_progress, by_funded),
        timing.counting_period(layout.initiatives, periods, periods),
    )
