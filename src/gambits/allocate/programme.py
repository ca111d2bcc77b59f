"""The master programme: every block of rules over the columns of a layout, stated in PuLP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import blocks, serving, switches
from gambits.allocate.blocks import structure
from gambits.allocate.layout import Layout
from gambits.allocate.limits import ABSENT, Limits, Term, joined, limits, unknown
from gambits.allocate.response import FIRST_EFFECTS, lines, tangents
from gambits.allocate.solver import LiveModel, state

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

BLOCKS: Final[tuple[Callable[[Layout], Limits], ...]] = (
    blocks.keep_what_is_paid,
    blocks.pace,
    blocks.wait_for_the_start,
    blocks.stop_what_may_not_go_on,
    blocks.fund_what_must_be,
    blocks.fund_prerequisites_first,
    blocks.choose_among_prerequisites,
    blocks.limit_spend,
    serving.pay_for_serving,
    blocks.spend_funds,
    blocks.limit_resources,
    blocks.hold_shares,
    blocks.hold_groups,
    blocks.limit_each,
    blocks.limit_extrapolation,
    blocks.hold_floor,
    switches.switch_on,
    switches.all_or_nothing,
    switches.begin_once,
    switches.fund_enough,
    switches.choose_one_size,
    switches.exclude,
    switches.count_initiatives,
)

Goal = list[tuple[int, float]]
"""What to minimise: columns with their coefficients."""

_ROUNDING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Programme:
    """The master as stated: its layout, its limits, and the PuLP problem with its live solver."""

    layout: Layout
    limits: Limits
    model: LiveModel = field(compare=False)


def formulate(layout: Layout, aversion: float) -> Programme:
    """State the master: maximise (1 − λ) Σ θ[k] + λ θ[tail] under every rule.

    Parameters
    ----------
    layout
        The columns.
    aversion
        λ, the weight of the tail.
    """
    return aimed_at(layout, goal_of(layout, aversion))


def aimed_at(layout: Layout, goal: Goal) -> Programme:
    """State the master with something else to minimise."""
    found = joined(block(layout) for block in BLOCKS)
    return Programme(layout, found, build(layout, joined([found, diminishing(layout)]), goal, held(layout, found)))


def goal_of(layout: Layout, aversion: float) -> Goal:
    """Give what the master minimises: −(1 − λ) Σ θ[k] − λ θ[tail]."""
    goal = [(int(k), aversion - 1.0) for k in layout.worth if k != ABSENT]
    return [*goal, (layout.tail, -aversion)] if aversion > 0 else goal


def build(layout: Layout, rows: Limits, goal: Goal, held: Mask | None = None) -> LiveModel:
    """Write columns, limits and what to minimise, as (column, coefficient), into PuLP.

    ``held`` says which columns stay at their lower bound.
    """
    upper = np.array(layout.upper) if held is None else np.where(held, layout.lower, layout.upper)
    return LiveModel(*state(layout.names, np.array(layout.lower), upper, layout.binary, rows, goal))


def held(layout: Layout, rows: Limits) -> Mask:
    """Find the columns that the rules hold at what has been paid, as shares that cannot be met do.

    A row Σ c·x ≤ u whose live coefficients are all above 0 leaves nothing to any of them where Σ c·lower is u
    already; one row can decide the next. Progress goes with its funded fraction: near what was paid its tangents
    would leave it loose.
    """
    lower, upper = np.array(layout.lower), np.array(layout.upper)
    money = np.zeros(len(lower), dtype=bool)
    money[layout.funded[layout.funded != ABSENT]] = True
    # Both ways: a row held from below is one held from above with its signs turned.
    sides = ((rows.high, rows.coefficient), (-rows.low, -rows.coefficient))
    fixed, size = lower == upper, -1
    while size < fixed.sum():
        size = fixed.sum()
        for limit, coefficient in sides:
            live = ~fixed[rows.column] & (coefficient != 0)
            bad = live & ((coefficient < 0) | ~money[rows.column])
            blocked = np.bincount(rows.row, bad, len(rows)) > 0
            # What is not live lies at its lower bound, which is its value.
            least = np.bincount(
                rows.row, coefficient * np.where(np.isfinite(lower), lower, 0.0)[rows.column], len(rows)
            )
            tight = ~blocked & (least >= limit - _ROUNDING)
            fixed[rows.column[live & tight[rows.row]]] = True
    at_floor = fixed & money
    pairs = layout.funded != ABSENT
    for columns in (layout.progress, layout.effect):
        there = pairs & (columns != ABSENT)
        at_floor[columns[there]] |= at_floor[layout.funded[there]]
    return np.asarray(at_floor)


def diminishing(layout: Layout) -> Limits:
    """Progress lies below lines that touch its curve: p[i,t] ≤ slope · φ[i,t] + intercept; and effects below theirs.

    Where a switch says that there is no money, no progress is left: then p ≤ slope · φ + intercept · y.
    """
    parts = [_effects(layout)]
    for i, each in enumerate(layout.initiatives):
        t = np.flatnonzero(layout.funded[i] != ABSENT)
        if each.response.is_linear or not len(t):
            continue
        p, phi = unknown(layout.progress[i, t]), unknown(layout.funded[i, t])
        for n, (slope, intercept) in enumerate(lines(each.response)):
            names = (f"response_{each.id}_{layout.periods[k]}_{n}" for k in t)
            terms: list[Term] = [(p, 1.0), (phi, -slope)]
            if is_switched(layout, i):
                terms.append((unknown(np.full(len(t), layout.switch[i])), -intercept))
            high = 0.0 if is_switched(layout, i) else intercept
            parts.append(limits(names, structure(layout), terms, high=high))
    return joined(parts)


def _effects(layout: Layout) -> Limits:
    parts = []
    for i, each in enumerate(layout.initiatives):
        t = np.flatnonzero(layout.effect[i] != ABSENT)
        if len(t):
            g, p = unknown(layout.effect[i, t]), unknown(layout.progress[i, t])
            for n, (slope, intercept) in enumerate(tangents(layout.curves[each.id], FIRST_EFFECTS)):
                names = (f"effect_{each.id}_{layout.periods[k]}_{n}" for k in t)
                parts.append(limits(names, structure(layout), [(g, 1.0), (p, -slope)], high=intercept))
    return joined(parts)


def is_switched(layout: Layout, i: int) -> bool:
    """Whether an initiative has neither money nor progress where its switch is off."""
    return bool(layout.switch[i] != ABSENT and layout.paid[i, -1] == 0)
