"""Whether a recorded run is borne out: it is made again from what was recorded, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gambits import pipeline
from gambits.allocate.cuts import GAP
from gambits.analyse.changes import find_changes
from gambits.analyse.study import Settings
from gambits.errors import GambitsError
from gambits.ledger.environment import environment
from gambits.ledger.recording import answer_of, as_text, plan_of
from gambits.ledger.records import Run
from gambits.ledger.store import Ledger
from gambits.portfolio.load import FILE_NAME
from gambits.rerun.worlds import recorded

_MOST_MONEY: Final = 0.01
"""Part of all money that another machine may place elsewhere at the same value: near the best, plans differ little
in worth and more in money."""


class Verdict(Enum):
    """What making a run again has shown."""

    SAME = "the same bytes"
    CLOSE = "equal within tolerance"
    DIFFERENT = "different"
    FAILED = "cannot be made again"


@dataclass(frozen=True, slots=True)
class Verification:
    """A run made again: the verdict, how the environment differs from the recorded one, and what is different."""

    run: int
    verdict: Verdict
    environment: tuple[str, ...]
    differences: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the run verifies."""
        return self.verdict in (Verdict.SAME, Verdict.CLOSE)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "run": self.run,
            "verified": self.holds,
            "outcome": self.verdict.value,
            "environment": list(self.environment),
            "differences": list(self.differences),
        }


def verify(ledger: Ledger, run: Run) -> Verification:
    """Make a run again from what was recorded, and compare.

    Where program, libraries and machine are as they were, nothing but the same bytes will do. Elsewhere values must
    agree to the tolerance of a certificate, and no more than 1 % of all money may lie elsewhere.

    Raises
    ------
    VerificationError
        If a part of the record is not what was recorded.
    """
    ledger.check(run)
    old = plan_of(ledger, run)
    try:
        new = _made_again(ledger, run)
    except GambitsError as error:
        return Verification(run.number, Verdict.FAILED, (), (error.message,))
    changed = tuple(_changed(run.environment, environment(new["versions"])))
    if as_text(answer_of(new)) == ledger.text(run, "plan"):
        return Verification(run.number, Verdict.SAME, changed, ())
    differences = tuple(_differences(old, new) if changed else _first(answer_of(old), answer_of(new)))
    return Verification(run.number, Verdict.DIFFERENT if differences else Verdict.CLOSE, changed, differences)


def _made_again(ledger: Ledger, run: Run) -> dict[str, Any]:
    world = recorded(ledger, run)
    with TemporaryDirectory() as folder:
        portfolio, gambit = world.build(Path(folder))
        plan = pipeline.solve(portfolio, gambit, Settings(**world.settings)).to_dict()
    plan["warnings"] = [text.replace(portfolio.file, run.file, 1) for text in plan["warnings"]]
    then = json.loads(ledger.text(run, "plan"))["warnings"]
    if FILE_NAME not in world.sources and list(map(_message, then)) == list(map(_message, plan["warnings"])):
        plan["warnings"] = then  # a workbook, or tables: only the inputs were recorded, and no lines
    return plan


def _message(warning: str) -> str:
    """Give a warning without its place."""
    return warning.partition(": ")[2]


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Say how this environment differs from the recorded one."""
    flat = [
        {**each["versions"], **{name: value for name, value in each.items() if name != "versions"}}
        for each in (old, new)
    ]
    for name in flat[0] | flat[1]:
        before, after = (each.get(name) for each in flat)
        if before != after:
            yield "the program's text" if name == "code" else f"{name} {before} → {after}"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Name what differs by more than another machine may."""
    if old["status"] != new["status"]:
        yield f"status: {old['status']} → {new['status']}"
    for name in ("objective", "expected", "cvar"):
        if abs(old[name] - new[name]) > GAP:
            yield f"{name}: {old[name]:.6g} → {new[name]:.6g} OOM"
    changes = find_changes(old, new)
    if changes.money_moved > _MOST_MONEY * max(old["total_spend"], new["total_spend"]):
        for move in changes.moves:
            yield f"money of {move.id}: {move.old:.6g} → {move.new:.6g} {changes.money}"


def _first(old: object, new: object, name: str = "") -> Iterator[str]:
    """Name every leaf that differs at all."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old | new:
            yield from _first(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif old != new:
        yield f"{name}: {json.dumps(old, ensure_ascii=False)} → {json.dumps(new, ensure_ascii=False)}"
