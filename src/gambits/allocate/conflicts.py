"""Which rules cannot hold together: a smallest set, by dropping rules one at a time (deletion filter)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.blocks import STRUCTURE
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import Layout, lay_out
from gambits.allocate.limits import Limits, joined
from gambits.allocate.programme import BLOCKS, build
from gambits.allocate.solver import Effort, Status
from gambits.errors import BrokenRule, InfeasibleError
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from collections.abc import Iterable


_ANY: Final = Effort(gap=math.inf, seconds=10.0)
"""Any plan will do; where none is found in time, nobody has shown that there is none."""


def contradiction(portfolio: Portfolio, gambit: Gambit) -> InfeasibleError | None:
    """Name a smallest set of rules that no plan obeys together; None if some plan obeys all of them."""
    layout = _laid_out(portfolio, gambit)
    if isinstance(layout, InfeasibleError):
        return layout
    return None if can_hold(layout) else explain(layout)


def holds(portfolio: Portfolio, gambit: Gambit) -> bool:
    """Say whether some plan obeys every rule, whatever it is worth."""
    layout = _laid_out(portfolio, gambit)
    return not isinstance(layout, InfeasibleError) and can_hold(layout)


def _laid_out(portfolio: Portfolio, gambit: Gambit) -> Layout | InfeasibleError:
    try:
        initiatives, _ = eligible(portfolio, gambit)
    except InfeasibleError as error:
        return error
    return lay_out(portfolio, gambit, initiatives, (1.0,), 0.0)


def explain(layout: Layout) -> InfeasibleError:
    """Make the error that names a smallest set of rules that no plan obeys together.

    Each rule of the set is needed: without it the rest can hold.
    """
    layout = lay_out(layout.portfolio, layout.gambit, layout.initiatives, (1.0,), 0.0, bare=True)
    rows = joined(block(layout) for block in BLOCKS)
    needed: list[BrokenRule] = []
    for k, rule in enumerate(rows.rules):
        if _feasible(layout, rows, {*needed, *rows.rules[k + 1 :]}):
            needed.append(rule)
    shown = tuple(rule for rule in needed if rule.rule not in STRUCTURE)
    return InfeasibleError("these rules cannot all hold", shown, "loosen one of the rules above, and solve again")


def can_hold(layout: Layout) -> bool:
    """Say whether some plan obeys every rule, whatever it is worth."""
    rows = joined(block(layout) for block in BLOCKS)
    return _feasible(layout, rows, rows.rules)


def _feasible(layout: Layout, rows: Limits, kept: Iterable[BrokenRule]) -> bool:
    kept = set(kept)
    wanted = np.array([rule in kept for rule in rows.rules], dtype=bool)
    model = build(layout, rows.only(wanted[rows.rule]), [(0, 0.0)])
    if model.solve().status is Status.INFEASIBLE:
        return False
    # What cannot hold in parts cannot hold whole, which takes longer to see.
    return not len(layout.binary) or model.solve_whole(_ANY).status is not Status.INFEASIBLE
