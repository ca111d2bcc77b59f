"""Which rules a plan that is given does not obey."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.conflicts import Rules
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import Layout, lay_out
from gambits.allocate.limits import ABSENT
from gambits.allocate.money import paid_by
from gambits.allocate.serving import bills
from gambits.errors import BrokenRule
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROUNDING: Final = 1e-6
"""How far a plan may be off a rule, in parts of the cost of each initiative: people round, and so do files."""


def broken(portfolio: Portfolio, gambit: Gambit, funded: Array, progress: Array) -> tuple[BrokenRule, ...]:
    """List the rules that a plan does not obey, in the order of the programme.

    Parameters
    ----------
    portfolio, gambit
        The rules.
    funded, progress
        Shape (I, T): φ, at most 1, and p at the end of each period.

    Raises
    ------
    InfeasibleError
        If what must be funded may get no money, so that no plan obeys them.
    """
    able, barred = eligible(portfolio, gambit)
    paid = paid_by(portfolio.initiatives, portfolio.periods.count)
    new = {each.id for each, more in zip(portfolio.initiatives, (funded - paid)[:, -1], strict=True) if more > ROUNDING}
    out = tuple(rule for id, reasons in barred.items() if id in new for rule in reasons)
    number = {each.id: i for i, each in enumerate(portfolio.initiatives)}
    rows = [number[each.id] for each in able]
    layout = lay_out(portfolio, gambit, able, (1.0,), 0.0, bare=True)
    return tuple(dict.fromkeys((*out, *_broken(_held(layout, funded[rows], progress[rows])))))


def _broken(layout: Layout) -> list[BrokenRule]:
    rules = Rules(layout)
    everything = range(len(rules.rules))
    if rules.can_hold(everything):
        return []
    background = rules.structure
    alone = [k for k in everything if k not in background and not rules.can_hold((*background, k))]
    # Where each rule could hold for itself, some cannot together: no way to meet one need leaves a way for another.
    return [rules.rules[k] for k in alone or rules.conflict()]


def _held(layout: Layout, funded: Array, progress: Array) -> Layout:
    """Leave no column of money or progress open, and no bill below what it is."""
    lower, upper = np.array(layout.lower), np.array(layout.upper)
    for columns, values in ((layout.funded, funded), (layout.progress, progress)):
        there = columns != ABSENT
        lower[columns[there]] = np.maximum(lower[columns[there]], values[there] - ROUNDING)
        upper[columns[there]] = np.maximum(
            np.minimum(upper[columns[there]], values[there] + ROUNDING), lower[columns[there]]
        )
    if layout.serving is not None:
        lower[layout.bill] = np.maximum(bills(layout, progress, funded) - ROUNDING, 0.0)
    return replace(layout, lower=tuple(lower.tolist()), upper=tuple(upper.tolist()))
