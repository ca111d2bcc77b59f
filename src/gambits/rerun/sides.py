"""The two ends of a bridge: an answer, with what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gambits.analyse.changes import money_by_period, read_plan
from gambits.errors import InputError, Problem, Where
from gambits.ledger.environment import environment
from gambits.ledger.recording import plan_of
from gambits.ledger.records import Run
from gambits.ledger.store import Ledger
from gambits.portfolio.model import Portfolio
from gambits.rerun.worlds import World, of_plan, recorded
from gambits.versions import versions


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a bridge: the inputs, the plan as JSON, and whether this very program made it here."""

    world: World
    plan: Mapping[str, Any]
    is_ours: bool

    @property
    def money(self) -> dict[str, dict[str, float]]:
        """Money by initiative and period."""
        return {id: money_by_period(self.plan, id) for id in self.plan["initiatives"]}


def run_side(ledger: Ledger, run: Run) -> Side:
    """Give the end of a bridge that a run is.

    Raises
    ------
    VerificationError
        If a part of the run is not what was recorded.
    """
    return Side(recorded(ledger, run), plan_of(ledger, run), run.environment == environment(versions()))


def file_side(file: Path) -> Side:
    """Give the end of a bridge that a plan's file is.

    Raises
    ------
    InputError
        If the file is no plan, or its law is gone.
    """
    plan = read_plan(file)
    return Side(of_plan(plan, file), plan, plan.get("versions") == versions())


def last_run(ledger: Ledger, portfolio: Portfolio, gambit: str | None) -> Run:
    """Find the last run of a portfolio, by its name or else by its file, under a gambit or any.

    Raises
    ------
    InputError
        If there is none.
    """
    under = {} if gambit is None else {"gambit": gambit}
    found = ledger.runs(portfolio=portfolio.name, **under) or ledger.runs(file=portfolio.file, **under)
    if not found:
        words = f"there is no run of {portfolio.name}" + (f" under {gambit}" if gambit else "")
        fix = "record one: gambits solve PORTFOLIO --record"
        raise InputError((Problem("unknown-run", Where(ledger.place), words, fix),))
    return found[-1]
