"""What a frontier and a full comparison cost, in solves of one plan. ``--quick`` uses few draws."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from results import table, write_section

from gambits import pipeline
from gambits.allocate import cuts
from gambits.analyse import study as studies
from gambits.analyse import sweeps
from gambits.analyse.frontier import find_frontier, ways_from
from gambits.analyse.study import Settings, Study
from gambits.portfolio.gambit import Gambit, Share, load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

QUICK = "--quick" in sys.argv
DRAWS = 200 if QUICK else 1000
SHARES = [k / 20 for k in range(21)]
SETTINGS = Settings(draws=DRAWS)
Result = TypeVar("Result")


def main() -> None:
    """Measure side by side, in one run, and write RESULTS.md."""
    portfolio, gambit = load("frontier-lab"), load_gambit("incumbent")
    found = Study(portfolio, SETTINGS)
    found.forecast(gambit)  # draws are made once, and are nobody's search
    search = timed(lambda: found.best(gambit))
    solve = timed(lambda: pipeline.solve(portfolio, gambit, SETTINGS))
    curve = timed(lambda: shares(found, gambit))
    whole = timed(lambda: find_frontier(found, gambit, [load_gambit("challenger")]))
    compared = timed(lambda: pipeline.compare(portfolio, settings=SETTINGS))
    searches = counted(portfolio)
    rows = [
        ["one search from nothing, to 1e-6 OOM", *told(search, search, solve)],
        ["`solve`: search, fresh draws, 8 batches", *told(solve, search, solve)],
        ["21 shares to 1e-5 OOM, a master for each stretch of 7", *told(curve, search, solve)],
        ["`frontier`: 21 shares, 11 budgets, 11 weights, marks, margin, ranking", *told(whole, search, solve)],
        [f"`compare`, {searches} searches", *told(compared, search, solve)],
    ]
    text = f"`frontier-lab`, {DRAWS} draws.\n\n{table(['what', 'seconds', 'in searches', 'in `solve`s'], rows)}"
    print(text)
    if not QUICK:
        write_section("Comparing the gambits", text)


def timed(task: Callable[[], object]) -> float:
    """Give the seconds that a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def told(seconds: float, search: float, solve: float) -> list[object]:
    """Write a time, and its ratios."""
    return [f"{seconds:.1f}", f"{seconds / search:.1f}", f"{seconds / solve:.1f}"]


def shares(found: Study, gambit: Gambit) -> None:
    """Find the plans of every share but the gambit's own, as ``frontier`` does."""
    own = gambit.shares["architect"].low
    ways = ways_from(own, [share for share in SHARES if share != own])

    def walk(way: list[float]) -> None:
        sweep = found.sweep(gambit)
        for share in way:
            turned = replace(gambit, shares={"architect": Share(share, share)})
            sweep.at(found.portfolio, turned, SETTINGS.patience(SETTINGS.gap))

    found.each(walk, ways, "stretches")


def counted(portfolio: Portfolio) -> int:
    """Compare the gambits from nothing in this process alone; give the searches that it takes, batches included."""
    number, search, here = [0], cuts.search, sweeps.HERE

    def counting(*arguments: object, **more: object) -> object:
        number[0] += 1
        return search(*arguments, **more)  # type: ignore[arg-type]

    cuts.search = counting  # type: ignore[assignment]
    assert studies.allocate is cuts.allocate, "every search goes through one door"
    sweeps.HERE = 1e6
    try:
        pipeline.compare(portfolio, settings=SETTINGS)
    finally:
        cuts.search, sweeps.HERE = search, here
    return number[0]


if __name__ == "__main__":
    main()
