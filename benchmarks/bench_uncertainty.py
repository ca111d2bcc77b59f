"""The allocation over draws against the extensive form and a convex solver, and how it grows.

``--quick`` runs small sizes in under a minute; the names of parts run these alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import cvxpy as cp
import highspy
import numpy as np
from extensive import solve as solve_extensive
from instances import HEDGE, make, see
from results import table, write_section

from gambits.allocate import solver, timing
from gambits.allocate.cuts import Patience, allocate
from gambits.allocate.layout import lay_out
from gambits.allocate.limits import ABSENT, joined
from gambits.allocate.programme import BLOCKS, formulate
from gambits.cli.output import write_json
from gambits.forecast.draws import ON_COMPUTE, ON_OOM
from gambits.forecast.oracle import Forecast
from gambits.forecast.workers import Cluster, Threads
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import LN_10

warnings.filterwarnings("ignore", module="cvxpy")  # of approximations that the comparison of values covers
GAP = 1e-5
QUICK = "--quick" in sys.argv
PATIENCE = 20 if QUICK else 150


def main() -> None:
    """Run every part and write RESULTS.md."""
    parts = {
        "Against the extensive form": against_extensive,
        "Against a convex solver, no data limit": against_cvxpy,
        "Growth": growth,
        "Where the time goes": shares,
        "PuLP against ready arrays": against_arrays,
        "Memory": memory,
        "Workers": workers,
    }
    wanted = [each for each in sys.argv[1:] if each in parts] or list(parts)
    for name in wanted:
        text = parts[name]()
        print(f"\n## {name}\n\n{text}", flush=True)
        if not QUICK:
            write_section(name, text)


def timed(portfolio: Portfolio, forecast: Forecast, times: int = 3):
    """Solve a few times; give the median seconds and the answer."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        answer = allocate(portfolio, HEDGE, forecast, patience=Patience(aim=GAP))
        spent.append(time.perf_counter() - begun)
    return float(np.median(spent)), answer


def against_extensive() -> str:
    """Compare the same problem, certified to the same gap, side by side."""
    rows = []
    for draws in (20,) if QUICK else (100, 1000):
        portfolio = make(40, 8, certain_costs=True)
        forecast = see(portfolio, draws)
        ours, answer = timed(portfolio, forecast)
        other = solve_extensive(portfolio, HEDGE, forecast, gap=GAP, seconds=PATIENCE)
        if other.is_done:
            assert abs(other.objective - answer.objective) < 1e-4, "both find the same optimum"
        more = "" if other.is_done else "over "
        gap = max(0.0, other.bound - other.objective)
        cells = [
            f"40 × 8 × {draws}",
            f"{ours:.2f} s",
            f"{more}{other.seconds:.1f} s",
            f"{more}{other.seconds / ours:.0f} ×",
        ]
        rows.append([*cells, answer.rounds, f"{answer.bound - answer.objective:.1e}", f"{gap:.1e}"])
    heads = ["initiatives × quarters × draws", "ours", "extensive form", "ratio", "rounds", "our gap", "its gap"]
    return table(heads, rows)


def against_cvxpy() -> str:
    """Compare with cvxpy and Clarabel where the model is within disciplined convex programming."""
    rows = []
    for draws in (20,) if QUICK else (100, 1000):
        portfolio = make(40, 8, law="chinchilla-2022", certain_costs=True)
        forecast = see(portfolio, draws)
        ours, answer = timed(portfolio, forecast)
        begun = time.perf_counter()
        value = _convex(portfolio, forecast)
        spent = time.perf_counter() - begun
        assert abs(value - answer.objective) < 1e-4, "both find the same optimum"
        cells = [f"40 × 8 × {draws}", f"{ours:.2f} s", f"{spent:.1f} s", f"{spent / ours:.0f} ×"]
        rows.append([*cells, f"{abs(value - answer.objective):.0e}"])
    return table(["initiatives × quarters × draws", "ours", "cvxpy + Clarabel", "ratio", "difference of value"], rows)


def _convex(portfolio: Portfolio, forecast: Forecast) -> float:
    """State the problem in cvxpy: without a data limit a gain is linear in the logarithms of the levers."""
    draws, weights = forecast.draws, np.array(forecast.objective.weights)
    initiatives = portfolio.initiatives
    layout = lay_out(portfolio, HEDGE, initiatives, (0.0,) * len(weights), 0.0, bare=True)
    funded = cp.Variable((len(initiatives), portfolio.periods.count), bounds=[0, 1])
    flat = cp.reshape(funded, (funded.size,), order="C")
    at = {int(column): n for n, column in enumerate(layout.funded.flat)}
    rules = []
    rows = joined(block(layout) for block in BLOCKS)
    dense = np.zeros((len(rows), funded.size))
    dense[rows.row, [at[int(column)] for column in rows.column]] = rows.coefficient
    below, above = rows.high < np.inf, rows.low > -np.inf
    rules += [dense[below] @ flat <= rows.high[below], dense[above] @ flat >= rows.low[above]]
    progress = cp.Variable(funded.shape)
    rules += [progress[i] <= cp.power(funded[i], each.response.exponent) for i, each in enumerate(initiatives)]
    seen = timing.counting_period(initiatives, portfolio.periods.count, len(weights))
    helps = draws.helps[ON_COMPUTE] / LN_10 + draws.helps[ON_OOM]
    harms = draws.harms[ON_COMPUTE] / LN_10 + draws.harms[ON_OOM]
    share = np.zeros(funded.shape)
    for k, weight in enumerate(weights):
        for i in range(len(initiatives)):
            if seen[i, k] != ABSENT:
                share[i, seen[i, k]] += weight
    value = helps @ cp.sum(cp.multiply(share, progress), axis=1) + harms @ cp.sum(cp.multiply(share, funded), axis=1)
    threshold = cp.Variable()
    tail = threshold - draws.probability @ cp.pos(threshold - value) / HEDGE.tail
    goal = (1 - HEDGE.aversion) * (draws.probability @ value) + HEDGE.aversion * tail
    return float(cp.Problem(cp.Maximize(goal), rules).solve(solver="CLARABEL"))


def growth() -> str:
    """Fit the exponents of time against draws, initiatives, and periods, with certain costs and with ranges."""
    most = 2 if QUICK else 9
    sizes = {
        "draws": [(40, 8, n) for n in (100, 1000, 10_000, 100_000)[:most]],
        "initiatives": [(n, 8, 200) for n in (20, 63, 200, 632, 2000)[:most]],
        "periods": [(40, n, 500) for n in (4, 8, 16, 32)[:most]],
    }
    rows = []
    for name, cases in sizes.items():
        for costs in ("certain", "ranges"):
            # With ranges the programme has half as many columns again: minutes beyond 632.
            rows += _grown(name, costs, cases[:4] if (name, costs) == ("initiatives", "ranges") else cases)
    heads = ["growth in", "costs", "initiatives × quarters × draws", "time", "rounds", "gap", "exponent"]
    return table(heads, rows)


def _grown(name: str, costs: str, cases: list[tuple[int, int, int]]) -> list[list[object]]:
    position = ("initiatives", "periods", "draws").index(name)
    rows: list[list[object]] = []
    spent = []
    for initiatives, quarters, draws in cases:
        portfolio = make(initiatives, quarters, certain_costs=costs == "certain")
        seconds, answer = timed(portfolio, see(portfolio, draws), 1)
        spent.append(seconds)
        size, gap = f"{initiatives} × {quarters} × {draws}", f"{answer.bound - answer.objective:.0e}"
        rows.append([name, costs, size, f"{seconds:.2f} s", answer.rounds, gap, ""])
    exponent = np.polyfit(np.log([case[position] for case in cases]), np.log(spent), 1)[0]
    return [*rows, [name, costs, "exponent", "", "", "", f"{exponent:.2f}"]]


def shares() -> str:
    """Say which part of a whole run is load, draw, oracle, LP, output."""
    spent = {"LP": 0.0, "oracle": 0.0}
    portfolio, load = _clocked(lambda: make(40, 8))
    forecast, drawn = _clocked(lambda: see(portfolio, 1000))
    solve, evaluate = solver.LiveModel.solve, Forecast.evaluate

    def clocked_solve(self):
        answer, seconds = _clocked(lambda: solve(self))
        spent["LP"] += seconds
        return answer

    def clocked_evaluate(self, progress, funded):
        answer, seconds = _clocked(lambda: evaluate(self, progress, funded))
        spent["oracle"] += seconds
        return answer

    solver.LiveModel.solve, Forecast.evaluate = clocked_solve, clocked_evaluate
    answer, whole = _clocked(lambda: allocate(portfolio, HEDGE, forecast, patience=Patience(aim=GAP)))
    solver.LiveModel.solve, Forecast.evaluate = solve, evaluate
    plan = {"funded": answer.funded.tolist(), "progress": answer.progress.tolist()}
    _, output = _clocked(lambda: write_json(plan, str(Path(tempfile.gettempdir(), "plan.json"))))
    parts = {"load": load, "draw": drawn, **spent, "cuts and the rest": whole - sum(spent.values()), "output": output}
    total = sum(parts.values())
    return table(["part", "time", "share"], [[k, f"{v:.3f} s", f"{v / total:.0%}"] for k, v in parts.items()])


def _clocked(work):
    begun = time.perf_counter()
    answer = work()
    return answer, time.perf_counter() - begun


def against_arrays() -> str:
    """Compare stating and solving the first master through PuLP with ready arrays into HiGHS."""
    rows = []
    for initiatives, quarters in ((20, 4),) if QUICK else ((40, 8), (200, 12)):
        portfolio = make(initiatives, quarters)
        layout = lay_out(portfolio, HEDGE, portfolio.initiatives, (1.0 / quarters,) * quarters, 0.0)
        programme, stated = _clocked(lambda layout=layout: formulate(layout, 0.0))
        for column in layout.worth:
            programme.model.add([solver.Row(np.array([column], dtype=np.int32), np.ones(1), 1.0)])
        _, solved = _clocked(programme.model.solve)
        lp = programme.model._highs.getLp()
        ready = highspy.Highs()
        ready.setOptionValue("output_flag", False)
        ready.setOptionValue("threads", 1)
        _, arrays = _clocked(lambda ready=ready, lp=lp: (ready.passModel(lp), ready.run()))
        cells = [f"{initiatives} × {quarters}", f"{stated + solved:.2f} s", f"{arrays:.2f} s"]
        rows.append([*cells, f"{(stated + solved) / arrays:.1f} ×"])
    return table(["initiatives × quarters", "PuLP, stated and solved", "ready arrays", "ratio"], rows)


def memory() -> str:
    """Measure the peak memory of whole processes, and the time of the largest case against the usual one."""
    cases = ((40, 8, 100),) if QUICK else ((40, 8, 1000), (200, 12, 10_000))
    rows = []
    for costs in ("certain", "ranges"):
        first = 0.0
        for case in cases:
            command = [sys.executable, __file__, "--one", *map(str, case), costs]
            found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
            first = first or found["seconds"]
            cells = [costs, " × ".join(map(str, case)), f"{found['mebibytes']:.0f} MiB", f"{found['seconds']:.2f} s"]
            rows.append([*cells, f"{found['seconds'] / first:.1f} ×", found["rounds"], f"{found['gap']:.0e}"])
    heads = ["costs", "initiatives × quarters × draws", "peak memory", "solve", "against the first", "rounds", "gap"]
    return table(heads, rows)


def one(initiatives: int, quarters: int, draws: int, costs: str) -> None:
    """Solve one case in a process of its own, and say what it took."""
    portfolio = make(initiatives, quarters, certain_costs=costs == "certain")
    forecast = see(portfolio, draws)
    seconds, answer = timed(portfolio, forecast, 1)
    # Not getrusage: what it says of a process began with the peak of its parent.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    gap = max(0.0, answer.bound - answer.objective)
    print(json.dumps({"seconds": seconds, "mebibytes": peak, "gap": gap, "rounds": answer.rounds}))


def workers() -> str:
    """Compare threads and the workers of a Dask cluster on one machine."""
    from distributed import LocalCluster

    portfolio = make(40, 8)
    draws = 1000 if QUICK else 10_000
    rows, first = [], 0.0
    for count in (1, 2):
        seconds, answer = timed(portfolio, see(portfolio, draws, workers=Threads(count)), 1)
        first = first or seconds
        rows.append([f"{count} threads", f"{seconds:.2f} s", f"{seconds / first:.2f} ×", f"{answer.objective:.12f}"])
    for count in () if QUICK else (1, 2):
        with LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None) as local:
            cluster = Cluster(local.scheduler_address)
            seconds, answer = timed(portfolio, see(portfolio, draws, workers=cluster), 1)
            cluster.close()
        rows.append(
            [f"Dask, {count} processes", f"{seconds:.2f} s", f"{seconds / first:.2f} ×", f"{answer.objective:.12f}"]
        )
    return table(["workers", "time", "against one thread", "value"], rows)


if __name__ == "__main__":
    if "--one" in sys.argv:
        one(*map(int, sys.argv[2:5]), sys.argv[5])
    else:
        main()
