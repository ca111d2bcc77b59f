"""What a ledger has to say of a run: its content, and what was said of it since."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gambits.ledger.recording import as_text, plan_of
from gambits.ledger.records import Event, Kind, Run
from gambits.ledger.store import Ledger

FORMAT: Final = "gambits/run/1"
_CHECKED: Final = (Kind.VERIFIED, Kind.FAILED)


@dataclass(frozen=True, slots=True)
class Entry:
    """A run with what was said of it."""

    run: Run
    events: tuple[Event, ...]

    @property
    def approved_by(self) -> tuple[str, ...]:
        """Who has approved it, in order."""
        return tuple(dict.fromkeys(event.name for event in self.events if event.kind is Kind.APPROVED))

    @property
    def is_locked(self) -> bool:
        """Whether nothing more can be said of it."""
        return any(event.kind is Kind.LOCKED for event in self.events)

    @property
    def verification(self) -> Event | None:
        """The last time that it was made again; None if it never was."""
        return next((event for event in reversed(self.events) if event.kind in _CHECKED), None)

    @property
    def is_verified(self) -> bool:
        """Whether nothing speaks against it: every part has its hash, and the last time it was made again it held."""
        return self.verification is None or self.verification.kind is Kind.VERIFIED

    def to_dict(self) -> dict[str, Any]:
        """Give the entry as JSON, without the content of the run."""
        run = self.run
        return {
            "run": run.number,
            "sha256": run.sha256,
            "recorded_at": run.recorded_at,
            "host": run.host,
            "command": run.command,
            "portfolio": run.portfolio,
            "file": run.file,
            "gambit": run.gambit,
            "status": run.status,
            "objective": run.objective,
            "total_spend": run.total_spend,
            "money": run.money,
            "approved_by": list(self.approved_by),
            "locked": self.is_locked,
            "verified": self.is_verified,
        }


def entries(ledger: Ledger, runs: Iterable[Run]) -> tuple[Entry, ...]:
    """Join runs with what was said of them."""
    said: dict[int, list[Event]] = {}
    for event in ledger.events():
        said.setdefault(event.run, []).append(event)
    return tuple(Entry(run, tuple(said.get(run.number, ()))) for run in runs)


def account_of(ledger: Ledger, run: Run) -> dict[str, Any]:
    """Give all that is known of a run, as JSON.

    Raises
    ------
    VerificationError
        If a part is not what was recorded.
    """
    ledger.check(run)
    entry = Entry(run, ledger.events(run.number))
    verification = entry.verification
    return {
        "format": FORMAT,
        **entry.to_dict(),
        "verification": verification.to_dict() if verification else None,
        "events": [event.to_dict() for event in entry.events],
        "parts": dict(run.parts),
        "environment": dict(run.environment),
        "settings": json.loads(ledger.text(run, "settings")),
        "inputs": json.loads(ledger.text(run, "inputs")),
        "plan": plan_of(ledger, run),
    }


def files_of(ledger: Ledger, run: Run) -> dict[str, str]:
    """Give a run as files, by name: its sources, inputs, plan, money as a table, and a manifest with every hash.

    Raises
    ------
    VerificationError
        If a part is not what was recorded.
    """
    account = account_of(ledger, run)
    plan = account.pop("plan")
    account.pop("inputs")
    files = {f"{name}.json": ledger.text(run, name) for name in ("inputs", "settings")}
    files |= {name: ledger.text(run, name) for name in run.parts if name.startswith("source/")}
    files |= {"memo.md": ledger.text(run, "memo")} if "memo" in run.parts else {}
    return files | {"plan.json": as_text(plan), "money.csv": _table(plan), "manifest.json": as_text(account)}


def _table(plan: Mapping[str, Any]) -> str:
    """Write money by initiative (rows) and period (columns)."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["initiative", "path", *plan["periods"], "total", "funded"])
    for id, each in plan["initiatives"].items():
        rows.writerow([id, each["path"], *each["spend"], each["total"], each["funded"]])
    return text.getvalue()
