"""The rules at full size: many initiatives over months, and whole choices against SciPy's own search.

In the first part ``ours`` states the master through PuLP, solves it, and goes round by round to the certificate; the
other side is handed the finished master, every cut in it, as arrays. In the second both sides get the same work and
the same gap: ours as a user runs it, SciPy's ``milp`` on the finished master. ``--quick`` runs small sizes and writes
nothing.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import highspy
import numpy as np
from instances import HEDGE, make
from results import table, write_section
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_matrix, csr_matrix

from gambits.allocate.cuts import Patience, search
from gambits.forecast.draws import central_draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.model import Portfolio

QUICK = "--quick" in sys.argv
GAP = 0.005
"""Of the value, for whole choices."""
PATIENCE = 30 if QUICK else 300


def main() -> None:
    """Run both parts and write RESULTS.md."""
    for name, part in {"Many initiatives over months": months, "Whole choices against SciPy": whole}.items():
        text = part()
        print(f"\n## {name}\n\n{text}", flush=True)
        if not QUICK:
            write_section(name, text)


def central(portfolio: Portfolio) -> Forecast:
    """See the one future in which every estimate is at its middle."""
    objective = HEDGE.objective_for(portfolio)
    return Forecast(central_draw(portfolio, len(objective.weights)), objective, HEDGE.tail)


def months() -> str:
    """Compare build, solve and certificate with ready arrays of the finished master."""
    rows = []
    for initiatives, count in ((60, 6),) if QUICK else ((100, 24), (1000, 24)):
        portfolio = make(initiatives, count, first="2027-01")
        begun = time.perf_counter()
        answer, programme = search(portfolio, HEDGE, central(portfolio))
        ours = time.perf_counter() - begun
        lp = programme.model._highs.getLp()
        ready = highspy.Highs()
        ready.setOptionValue("output_flag", False)
        ready.setOptionValue("threads", 1)
        begun = time.perf_counter()
        ready.passModel(lp)
        ready.run()
        arrays = time.perf_counter() - begun
        value = -ready.getInfo().objective_function_value
        assert abs(value - answer.bound) < 1e-5, "both solve the same programme"
        cells = [f"{initiatives} × {count}", f"{ours:.2f} s", f"{arrays:.2f} s", f"{ours / arrays:.1f} ×"]
        rows.append([*cells, answer.rounds, f"{answer.bound - answer.objective:.0e}"])
    return table(["initiatives × months", "ours, certified", "the finished master", "ratio", "rounds", "gap"], rows)


def whole() -> str:
    """Compare the search over whole choices with ``milp`` on the finished master."""
    rows = []
    for initiatives in (20,) if QUICK else (50, 100):
        portfolio = make(initiatives, 8, whole=0.5, minimum=0.3)
        seen = central(portfolio)
        scale = search(portfolio, HEDGE, seen, patience=Patience(gap=0.05))[0].objective
        begun = time.perf_counter()
        answer, programme = search(portfolio, HEDGE, seen, patience=Patience(gap=GAP * scale))
        ours = time.perf_counter() - begun
        begun = time.perf_counter()
        found = by_scipy(programme.model)
        theirs = time.perf_counter() - begun
        ended = "" if found.status == 0 else "over "
        gap = (answer.bound - answer.objective) / answer.objective
        cells = [f"{initiatives} × 8", f"{ours:.2f} s", f"{ended}{theirs:.2f} s", f"{ours / theirs:.2f} ×"]
        rows.append([*cells, f"{gap:.2%}", f"{answer.objective:.4f}", f"{-found.fun:.4f}"])
    heads = [
        "initiatives × quarters",
        "ours",
        "SciPy milp, once",
        "ratio",
        "our gap",
        "our value",
        "its value of the master",
    ]
    return table(heads, rows)


def by_scipy(model: Any) -> Any:
    """Hand a finished master, with its whole choices, to SciPy."""
    lp = model._highs.getLp()
    matrix = lp.a_matrix_
    parts = (np.array(matrix.value_), np.array(matrix.index_), np.array(matrix.start_))
    kind = csc_matrix if matrix.format_ == highspy.MatrixFormat.kColwise else csr_matrix
    rows = kind(parts, shape=(lp.num_row_, lp.num_col_))
    integrality = np.zeros(lp.num_col_)
    integrality[model._position[model.binary]] = 1
    return milp(
        np.array(lp.col_cost_),
        integrality=integrality,
        bounds=Bounds(np.array(lp.col_lower_), np.array(lp.col_upper_)),
        constraints=LinearConstraint(rows, np.array(lp.row_lower_), np.array(lp.row_upper_)),
        options={"mip_rel_gap": GAP, "time_limit": PATIENCE},
    )


if __name__ == "__main__":
    main()
