"""Run many cases on every processor, and print how they ended; exit with 1 if any is at fault."""

from __future__ import annotations

import argparse
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from fuzz.cases import case
from fuzz.judge import run
from fuzz.tally import Tally, tally

_SHARE = 500
"""Cases that one process runs at a time."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the number of the first, to go on where a run ended")
    parser.add_argument("--seed", type=int, default=1, help="what they are drawn from")
    parser.add_argument("--jobs", type=int, default=None, help="processes; as many as processors unless given")
    parser.add_argument("--only", type=int, help="run the one case of this number, and keep its files in fuzz-NUMBER/")
    asked = parser.parse_args()
    _be_strict()
    if asked.only is not None:
        return _run_one(asked.only, asked.seed)
    starts, end = range(asked.first, asked.first + asked.cases, _SHARE), asked.first + asked.cases
    total = Tally()
    with ProcessPoolExecutor(asked.jobs, initializer=_be_strict) as pool:
        parts = pool.map(tally, starts, [min(start + _SHARE, end) for start in starts], [asked.seed] * len(starts))
        for done, part in enumerate(parts, start=1):
            total = total + part
            if sys.stderr.isatty():
                sys.stderr.write(
                    f"\r{min(done * _SHARE, asked.cases):,} of {asked.cases:,}; {len(total.faults)} at fault"
                )
    sys.stdout.write(f"\n{total}\n")
    return 1 if total.faults else 0


def _be_strict() -> None:
    """Take a warning for a fault, as the tests do."""
    warnings.simplefilter("error")


def _run_one(number: int, seed: int) -> int:
    drawn = case(number, seed)
    folder = Path(f"fuzz-{number}")
    folder.mkdir(exist_ok=True)
    for name, data in drawn.files.items():
        (folder / name).write_bytes(data)
    outcome = run(drawn)
    sys.stdout.write(f"{folder}: gambits {' '.join(drawn.command)}\n{drawn.kind}; exit code {outcome.code}\n")
    sys.stdout.writelines(f"{fault}\n" for fault in outcome.faults)
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
