"""How many cases ended how."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from random import Random

from fuzz.cases import SOUND, Case, case
from fuzz.judge import run
from fuzz.sound import sound_portfolio


@dataclass(frozen=True)
class Tally:
    """Cases by (loader, kind, exit code), the slowest, and what is wrong, by number."""

    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, -1)
    faults: tuple[tuple[int, str], ...] = ()

    def __add__(self, other: Tally) -> Tally:
        slowest = max(self.slowest, other.slowest)
        return Tally(self.counts + other.counts, slowest, self.faults + other.faults)

    @property
    def cases(self) -> int:
        """All cases."""
        return self.counts.total()

    @property
    def sound(self) -> int:
        """Cases that are valid by construction."""
        return sum(count for (_, kind, _), count in self.counts.items() if kind == SOUND)

    def __str__(self) -> str:
        codes = sorted({code for _, _, code in self.counts})
        rows = sorted({(loader, kind) for loader, kind, _ in self.counts})
        lines = [f"{'':44}" + "".join(f"{f'exit {code}':>10}" for code in codes)]
        for loader, kind in rows:
            cells = "".join(f"{self.counts[loader, kind, code]:>10,}" for code in codes)
            lines.append(f"{f'{loader}: {kind}':44}{cells}")
        seconds, number = self.slowest
        lines.append(f"{self.cases:,} cases, {self.sound / max(1, self.cases):.0%} valid by construction")
        lines.append(f"slowest: case {number}, {seconds:.1f} s")
        lines.append(f"{len(self.faults)} at fault")
        lines += [f"  case {number}: {fault}" for number, fault in self.faults[:50]]
        return "\n".join(lines)


@cache
def _warm_up() -> None:
    """Import what commands import when they run: that opens libraries and writes compiled modules."""
    lab = sound_portfolio(Random(0)).encode()
    for command in (("memo", "lab.yaml", "--certain"), ("compare", "lab.yaml", "--draws", "4", "--batches", "0")):
        run(Case("", SOUND, {"lab.yaml": lab}, command, frozenset({0})))


def tally(start: int, stop: int, seed: int) -> Tally:
    """Run the cases from one number up to another."""
    _warm_up()
    total = Tally()
    for number in range(start, stop):
        outcome = run(case(number, seed))
        key = outcome.case.loader, outcome.case.kind, outcome.code
        faults = tuple((number, fault) for fault in outcome.faults)
        total = total + Tally(Counter({key: 1}), (outcome.seconds, number), faults)
    return total
