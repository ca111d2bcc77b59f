"""Today's file against a recorded run: what changed, what moved, what it is worth, and what it costs in disruption."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits import pipeline
from gambits.allocate.nearest import moved, nearest, nearest_allowed, spend_of
from gambits.allocate.plan import rounded
from gambits.analyse.changes import Changes, find_changes
from gambits.analyse.compare import FUNDED
from gambits.analyse.study import Settings, Study
from gambits.ledger.environment import environment
from gambits.ledger.recording import plan_of
from gambits.ledger.records import Run
from gambits.ledger.reduced import reduced_sha256
from gambits.ledger.store import Ledger
from gambits.ledger.tripwires import Watched, watch
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.rerun.attribution import bridge
from gambits.rerun.sides import Side
from gambits.rerun.worlds import of_today
from gambits.versions import versions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FORMAT: Final = "gambits/rerun/1"


@dataclass(frozen=True, slots=True)
class Kept:
    """The plan nearest the one that people follow, among those nearly as good as the best.

    ``within`` is what could be given up and ``gives_up`` what is, OOM; ``moved`` is its distance, ``best_moved``
    that of the best plan; ``spend`` is its money by initiative and period.
    """

    within: float
    gives_up: float
    moved: float
    best_moved: float
    spend: Mapping[str, tuple[float, ...]]
    from_run: int | None

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "within": self.within,
            "gives_up": self.gives_up,
            "money_moved": self.moved,
            "money_moved_by_the_best": self.best_moved,
            "from_run": self.from_run,
            "spend": {id: list(row) for id, row in self.spend.items()},
        }


@dataclass(frozen=True, slots=True)
class Rerun:
    """What came of solving again.

    ``against`` says what was compared with; ``reused`` is the run whose plan stands as it was recorded, None where
    the plan was searched for. ``stays`` is what the old plan's money is worth under today's estimates, in OOM,
    None where it no longer obeys the rules. ``started`` and ``stopped`` are initiatives that are funded at least half
    now and were not, and the other way round. ``assumed`` is money by initiative and period that is taken for spent,
    as the older plan had it.
    """

    against: str
    plan: Mapping[str, Any]
    changes: Changes
    reused: int | None
    stays: float | None
    started: tuple[str, ...]
    stopped: tuple[str, ...]
    moved_at_once: float
    kept: Kept | None
    watched: Watched
    assumed: Mapping[str, Mapping[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        disruption = {
            "money_moved_in_the_first_period": self.moved_at_once,
            "started": list(self.started),
            "stopped": list(self.stopped),
        }
        record = {
            "against": self.against,
            "reused": self.reused,
            "old_plan_today": self.stays,
            "disruption": disruption,
            "assumed_spent": {id: dict(row) for id, row in self.assumed.items()},
            "stability": self.kept.to_dict() if self.kept else None,
        }
        return {
            **self.changes.to_dict(),
            "format": FORMAT,
            **rounded(record),
            **self.watched.to_dict(),
            "plan": dict(self.plan),
        }


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a rerun: today's inputs, how finely to explain, how much stability may cost, and the day.

    ``assumed`` is what was filled in as spent.
    """

    portfolio: Portfolio
    gambit: Gambit
    settings: Settings
    worlds: int
    stability: float | None
    today: date
    assumed: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    tell: Callable[[int], None] | None = None


def rerun(question: Question, against: str, old: Side, ledger: Ledger | None) -> Rerun:
    """Solve again, and say what moved since an older answer.

    Inputs that were solved before by this very program have the plan that was recorded: it is taken from the ledger.

    Parameters
    ----------
    question
        What is asked.
    against
        How the user calls the older answer.
    old
        The older answer.
    ledger
        Where earlier runs are; None without one.

    Raises
    ------
    InfeasibleError
        If no plan obeys today's rules.
    """
    portfolio, gambit, settings = question.portfolio, question.gambit, question.settings
    study = Study(portfolio, settings)
    known = _known(question, ledger) if ledger is not None else None
    plan, reused = known or (pipeline.plan_of(study, gambit).to_dict(), None)
    new = Side(of_today(portfolio, gambit, settings), plan, is_ours=True)
    changes = find_changes(old.plan, plan)
    if question.worlds and (changes.edits or changes.is_moved):
        changes = replace(changes, bridge=bridge(old, new, question.worlds, question.tell))
    follow, run = _followed(ledger, portfolio, gambit, old)
    outcomes = ledger.outcomes() if ledger is not None else ()
    return Rerun(
        against=against,
        plan=plan,
        changes=changes,
        reused=reused,
        stays=worth_today(study, gambit, old),
        started=newly_funded(plan, old.plan),
        stopped=newly_funded(old.plan, plan),
        moved_at_once=_moved_at_once(old, new),
        kept=_kept(study, gambit, question.stability, follow, run) if question.stability is not None else None,
        watched=watch(portfolio, plan, outcomes, history_of(ledger, portfolio), question.today),
        assumed=question.assumed,
    )


def _known(question: Question, ledger: Ledger) -> tuple[Mapping[str, Any], int] | None:
    """Find the plan that this very program gave to this question, or to one that differs in words alone."""
    asked = reduced_sha256(question.portfolio, question.gambit, question.settings.asked)
    here = environment(versions())
    for run in reversed(ledger.runs(reduced_sha256=asked)):
        if run.environment == here and run.status == "optimal":
            plan = _in_words_of_today(plan_of(ledger, run), run, question)
            if plan is not None:
                return plan, run.number
    return None


def _in_words_of_today(plan: Mapping[str, Any], run: Run, question: Question) -> Mapping[str, Any] | None:
    """Give a recorded plan to today's inputs, which have the same numbers; None where others can get no money."""
    portfolio, gambit = question.portfolio, question.gambit
    inputs = pipeline.inputs_of(portfolio, gambit)
    if plan["inputs"] == inputs:
        return plan
    named = {each.id: {"title": each.title, "path": each.path} for each in portfolio.initiatives}
    if {id: row["path"] for id, row in plan["initiatives"].items()} != {id: row["path"] for id, row in named.items()}:
        return None
    of_file = [f"{problem.where}: {problem.message}" for problem in portfolio.warnings]
    others = [text for text in plan["warnings"] if not text.startswith(f"{run.file}:")]
    return {
        **plan,
        "portfolio": portfolio.name,
        "gambit": gambit.name,
        "initiatives": {id: {**row, **named[id]} for id, row in plan["initiatives"].items()},
        "warnings": [*of_file, *others],
        "input_sha256": pipeline.input_sha256(inputs, question.settings),
        "inputs": inputs,
    }


def _followed(ledger: Ledger | None, portfolio: Portfolio, gambit: Gambit, old: Side) -> tuple[Side, int | None]:
    """Give the plan that people follow: the last that was approved under this gambit, else the older one."""
    if ledger is not None:
        approved = ledger.approved(portfolio.name, gambit.name)
        if approved is not None:
            return replace(old, plan=plan_of(ledger, approved)), approved.number
    return old, None


def history_of(ledger: Ledger | None, portfolio: Portfolio) -> list[Mapping[str, object]]:
    """List the inputs of the portfolio in earlier runs, oldest first, each once."""
    if ledger is None:
        return []
    runs = {run.parts["inputs"]: run for run in ledger.runs(portfolio=portfolio.name)}
    return [json.loads(ledger.text(run, "inputs"))["portfolio"] for run in runs.values()]


def _money(side: Side, portfolio: Portfolio) -> dict[str, Array]:
    """Give the money of a plan by initiative, in the periods of a portfolio."""
    names = portfolio.periods.names
    return {id: np.array([spent.get(name, 0.0) for name in names]) for id, spent in side.money.items()}


def worth_today(study: Study, gambit: Gambit, old: Side) -> float | None:
    """Say what the old plan is worth under today's estimates; None if today's rules forbid it."""
    found = nearest_allowed(study.portfolio, gambit, study.forecast(gambit), _money(old, study.portfolio))
    return found.plan.objective if found.moved <= _SAME_MONEY * max(1.0, old.plan["total_spend"]) else None


def _kept(study: Study, gambit: Gambit, within: float, follow: Side, run: int | None) -> Kept:
    """Find the plan nearest the one that people follow, and say what stability gives up."""
    seen, portfolio = study.forecast(gambit), study.portfolio
    found = study.best(gambit)
    best = replace(found, points=study.pool(gambit).points)
    money = _money(follow, portfolio)
    near = nearest(portfolio, gambit, seen, best, money, within)
    spend = {id: tuple(row.tolist()) for id, row in sorted(spend_of(portfolio, near.plan.funded).items())}
    return Kept(
        within=within,
        gives_up=max(0.0, best.objective - near.plan.objective),
        moved=near.moved,
        best_moved=moved(portfolio, best.funded, money),
        spend=spend,
        from_run=run,
    )


_SAME_MONEY: Final = 1e-6
"""Part of all money below which none has moved."""


def newly_funded(now: Mapping[str, Any], then: Mapping[str, Any]) -> tuple[str, ...]:
    """List who is funded at least half now and was not then."""

    def is_funded(plan: Mapping[str, Any], id: str) -> bool:
        return bool(plan["initiatives"].get(id, {}).get("funded", 0.0) >= FUNDED)

    return tuple(sorted(id for id in now["initiatives"] if is_funded(now, id) and not is_funded(then, id)))


def _moved_at_once(old: Side, new: Side) -> float:
    """Give the money that moves in the first period of today's plan: what must be undone now and not later."""
    first = new.plan["periods"][0]
    before, after = ({id: spent.get(first, 0.0) for id, spent in side.money.items()} for side in (old, new))
    return sum(abs(after.get(id, 0.0) - before.get(id, 0.0)) for id in sorted(before.keys() | after.keys())) / 2
