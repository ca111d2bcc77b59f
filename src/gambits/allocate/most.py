"""How far the rules let one initiative be funded, whatever that is worth."""

from __future__ import annotations

import math

from gambits.allocate.eligible import eligible
from gambits.allocate.layout import lay_out
from gambits.allocate.limits import ABSENT, joined
from gambits.allocate.programme import BLOCKS, build, held
from gambits.allocate.solver import Effort, Status
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

_SECONDS = 30.0
_DOWN = 1e-9
"""What is found is rounded down by this much, so that it can be asked for."""


def most_funded(portfolio: Portfolio, gambit: Gambit, id: str) -> float:
    """Give the largest φ at the end that some plan has for an initiative, in [0, 1]; 0 where no plan obeys the rules.

    Raises
    ------
    InfeasibleError
        If an initiative that must be funded may get no money.
    """
    initiatives, _ = eligible(portfolio, gambit)
    layout = lay_out(portfolio, gambit, initiatives, (1.0,), 0.0)
    row = layout.ids.get(id)
    if row is None:
        return 0.0
    column = int(layout.funded[row, -1])
    if column == ABSENT:
        return float(layout.paid[row, -1])
    rows = joined(block(layout) for block in BLOCKS)
    model = build(layout, rows, [(column, -1.0)], held(layout, rows))
    solution = model.solve()
    if solution.status is Status.OPTIMAL and len(layout.binary):
        solution = model.solve_whole(Effort(_DOWN, _SECONDS))
    most = float(solution.values[column]) if len(solution.values) else 0.0
    return most if math.isclose(most, 1.0, abs_tol=_DOWN) else max(0.0, most - _DOWN)
