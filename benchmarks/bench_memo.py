"""What a memo costs, in solves of one plan: from nothing, and with analyses recorded. ``--quick``: few draws."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from results import table, write_section

from gambits import pipeline
from gambits.analyse.study import Settings, Study
from gambits.briefing import LONG, beside, brief
from gambits.memo.seal import made
from gambits.memo.write import write_memo
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.load import load

QUICK = "--quick" in sys.argv
SETTINGS = Settings(draws=200 if QUICK else 1000)
PORTFOLIO, GAMBIT = load("frontier-lab"), load_gambit("incumbent")


def main() -> None:
    """Measure side by side, in one run, and write RESULTS.md."""
    solves = [timed(solve)[0]]
    whole, record = timed(memo)
    solves.append(timed(solve)[0])
    again, _ = timed(lambda: memo({name: record[name] for name in LONG}))
    solves.append(timed(solve)[0])
    # A shared machine is now faster and now slower: solves stand before, between and after.
    once = median(solves)
    rows = [
        ["one plan: `solve`, with fresh draws and 8 batches", once],
        ["`memo --format html` from nothing", whole],
        ["`memo --format html`, prices, frontier, sensitivity and pilots recorded earlier", again],
    ]
    shown = [[what, f"{seconds:.1f}", f"{seconds / once:.1f}"] for what, seconds in rows]
    text = f"`frontier-lab`, {SETTINGS.draws} draws.\n\n{table(['what', 'seconds', 'in `solve`s'], shown)}"
    print(text)
    if not QUICK:
        write_section("The memo", text)


def timed(task: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds that a task takes, and what it gives."""
    start = time.perf_counter()
    found = task()
    return time.perf_counter() - start, found


def solve() -> None:
    """Find one plan, as ``solve`` does."""
    pipeline.solve(PORTFOLIO, GAMBIT, SETTINGS)


def memo(known: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write the memo as ``memo --format html`` does; give its record."""
    study = Study(PORTFOLIO, SETTINGS)
    record = brief(study, GAMBIT, beside(study, GAMBIT), known=known or {})
    write_memo(record, made(GAMBIT.name, SETTINGS, record), "html")
    return record


if __name__ == "__main__":
    main()
