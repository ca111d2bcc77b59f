"""A rerun after one edit against a single solve, in the same run; what the bridge needs comes on top.

One estimate of frontier-lab is edited. `solve` is what `gambits solve` does; `rerun` is `gambits rerun` without a
bridge; the bridge then solves mixtures of old and new inputs. The claim: a rerun costs at most three solves, and what
the bridge needs. ``--quick`` looks at few draws and writes nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from results import table, write_section

from gambits import pipeline
from gambits.analyse.study import Settings
from gambits.files.bundled import portfolio_folder
from gambits.ledger.recording import new_run
from gambits.ledger.store import Ledger, open_ledger
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio
from gambits.rerun.again import Question, rerun
from gambits.rerun.attribution import bridge
from gambits.rerun.sides import Side, run_side
from gambits.rerun.worlds import of_today

EDIT = ("cost: 80 to 150", "cost: 100 to 190")
STABILITY = 0.002
REPEATS = 3
QUICK = "--quick" in sys.argv


def main() -> None:
    """Time each part in turn, and write RESULTS.md."""
    with TemporaryDirectory() as folder:
        old, new = edited(Path(folder))
        gambit, settings = load_gambit("challenger"), Settings(draws=100 if QUICK else 1000)
        with open_ledger(str(Path(folder) / "ledger.db"), create=True) as ledger:
            text = measured(ledger, (old, new), gambit, settings)
    print(text)
    if not QUICK:
        write_section("Rerun", text)


def edited(folder: Path) -> tuple[Portfolio, Portfolio]:
    """Give frontier-lab before and after the edit."""
    source = portfolio_folder("frontier-lab")
    assert source is not None
    text = (source / "portfolio.yaml").read_text(encoding="utf-8")
    assert text.count(EDIT[0]) == 1
    found = []
    for name, each in (("old", text), ("new", text.replace(*EDIT))):
        file = folder / f"{name}.yaml"
        file.write_text(each, encoding="utf-8")
        found.append(load(file))
    return found[0], found[1]


def measured(ledger: Ledger, ends: tuple[Portfolio, Portfolio], gambit: Gambit, settings: Settings) -> str:
    """Time solve, rerun and bridge in turns, so that a busy machine slows them alike."""
    old, new = ends
    plan = pipeline.solve(old, gambit, settings).to_dict()
    number = ledger.record(new_run("solve", old, gambit, settings.asked, plan), "2027-01-01T09:00:00Z", "bench")
    side = run_side(ledger, ledger.find(str(number)))
    asked = Question(new, gambit, settings, worlds=0, stability=None, today=date(2027, 4, 1))
    today = Side(of_today(new, gambit, settings), pipeline.solve(new, gambit, settings).to_dict(), is_ours=True)
    jobs: dict[str, Callable[[], object]] = {
        "solve": lambda: pipeline.solve(new, gambit, settings),
        "rerun, without a bridge": lambda: rerun(asked, "run 1", side, ledger),
        f"the same, with --stability {STABILITY}": lambda: rerun(
            replace(asked, stability=STABILITY), "run 1", side, ledger
        ),
        "the bridge of one edit": lambda: bridge(side, today),
    }
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(REPEATS):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            spent[name].append(time.perf_counter() - start)
    single = statistics.median(spent["solve"])
    rows = [
        [name, f"{statistics.median(each):.2f} s", f"{statistics.median(each) / single:.2f} ×"]
        for name, each in spent.items()
    ]
    return f"frontier-lab, {settings.draws} draws, one estimate edited.\n\n" + table(["", "time", "solves"], rows)


if __name__ == "__main__":
    main()
