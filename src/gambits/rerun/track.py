"""The track record of a ledger's estimates, and the plan on estimates that are mended by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gambits import pipeline
from gambits.allocate.plan import Plan, rounded
from gambits.analyse.changes import Changes, find_changes
from gambits.analyse.study import Settings
from gambits.errors import InputError, Problem, Where
from gambits.files.reading import did_you_mean
from gambits.ledger.calibrate import SUCCESS, Pair, TrackRecord, recalibrated
from gambits.ledger.records import Outcome, Run
from gambits.ledger.store import Ledger
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Portfolio
from gambits.portfolio.order import canonical_order
from gambits.quantities.estimates import Bounds, Estimate
from gambits.rerun.worlds import recorded

FORMAT: Final = "gambits/calibration/1"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One estimate of an initiative: its dotted key, its kind, and itself."""

    key: str
    kind: str
    initiative: Initiative
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The plans on estimates as written and as mended, and what moves from one to the other."""

    raw: Plan
    mended: Plan
    changes: Changes
    estimates: Mapping[str, tuple[Estimate, Estimate]]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        estimates = {key: {"raw": str(old), "recalibrated": str(new)} for key, (old, new) in self.estimates.items()}
        return {
            "estimates": estimates,
            "raw": self.raw.to_dict(),
            "recalibrated": self.mended.to_dict(),
            "total": self.changes.to_dict()["total"],
            "moves": self.changes.to_dict()["moves"],
        }


@dataclass(frozen=True, slots=True)
class Calibration:
    """How good estimates were, which outcomes had none (``alone``), and the plans if they go on being as good."""

    record: TrackRecord
    alone: tuple[Outcome, ...]
    plans: SideBySide | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "format": FORMAT,
            **self.record.to_dict(),
            "without_estimate": [{"portfolio": each.portfolio, "estimate": each.estimate} for each in self.alone],
            "plans": self.plans.to_dict() if self.plans else None,
        }


def quantities(portfolio: Portfolio) -> Iterator[Quantity]:
    """List the estimates of a portfolio that an outcome can be compared with."""
    for each in sorted(portfolio.initiatives, key=lambda each: each.id):
        yield Quantity(each.key("cost"), "cost", each, each.cost)
        yield Quantity(each.key(SUCCESS), SUCCESS, each, each.success)
        yield Quantity(each.key("value"), "value", each, each.value)
        for lever, estimate in each.effects.items():
            kind = "tokens" if lever.is_additive else "effect"
            yield Quantity(each.key(f"effects.{lever.value}"), kind, each, estimate)


def pairs(ledger: Ledger) -> tuple[tuple[Pair, ...], tuple[Outcome, ...]]:
    """Join outcomes with the estimates that stood before them.

    Of one estimate the last outcome entered counts. The estimate is that of the last run of its portfolio whose
    ``as_of`` is not after the day of the outcome.

    Returns
    -------
    :
        The pairs, and the outcomes of which no run had an estimate: measurements of other things, or too early.
    """
    latest = {(each.portfolio, each.estimate): each for each in ledger.outcomes()}
    book = _Book(ledger)
    found, alone = [], []
    for _, outcome in sorted(latest.items()):
        known = book.before(outcome)
        if known is None:
            alone.append(outcome)
        else:
            of = known.initiative
            found.append(Pair(known.kind, of.owner, of.path, known.estimate, outcome.value))
    return tuple(found), tuple(alone)


class _Book:
    """The estimates of every run, each set of inputs read once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._runs: dict[str, list[Run]] = {}
        for run in ledger.runs():
            self._runs.setdefault(run.portfolio, []).append(run)
        self._read: dict[str, tuple[str, dict[str, Quantity]]] = {}

    def before(self, outcome: Outcome) -> Quantity | None:
        """Find the estimate that stood before an outcome."""
        read = [self._estimates(run) for run in self._runs.get(outcome.portfolio, ())]
        stood = [(as_of, known) for as_of, known in read if as_of <= outcome.observed_on and outcome.estimate in known]
        # Of runs on the same day the last counts, since max keeps the first of equals.
        return max(reversed(stood), key=lambda each: each[0])[1][outcome.estimate] if stood else None

    def _estimates(self, run: Run) -> tuple[str, dict[str, Quantity]]:
        document = run.parts["inputs"]
        if document not in self._read:
            with TemporaryDirectory() as folder:
                portfolio, _ = recorded(self._ledger, run).build(Path(folder))
            known = {each.key: each for each in quantities(portfolio)}
            self._read[document] = (portfolio.as_of.isoformat(), known)
        return self._read[document]


def checked(outcome: Outcome, portfolio: Portfolio) -> Outcome:
    """Give an outcome with its whole dotted key, if it can be one of the portfolio.

    Raises
    ------
    InputError
        If it names no initiative, or its value cannot be.
    """
    name = outcome.estimate.removeprefix("initiatives.")
    key, ids = f"initiatives.{name}", {each.id.partition("/")[0] for each in portfolio.initiatives}
    id, _, rest = name.partition(".")
    if id not in ids or not rest:
        fix = did_you_mean(id, ids) if id not in ids else f"write {id}.cost, {id}.success, or a metric of your own"
        raise _refused(portfolio, f"`{outcome.estimate}` is no estimate or metric of an initiative", fix)
    known = {each.key: each for each in quantities(portfolio)}.get(key)
    if known is not None and known.kind == SUCCESS and outcome.value not in (0.0, 1.0):
        raise _refused(portfolio, f"`{key}` came out as {outcome.value:g}", "write 1 if it succeeded and 0 if not")
    if known is not None and known.estimate.bounds is Bounds.POSITIVE and outcome.value <= 0:
        raise _refused(portfolio, f"`{key}` came out as {outcome.value:g}", "write a number above 0")
    return replace(outcome, estimate=key)


def _refused(portfolio: Portfolio, message: str, fix: str) -> InputError:
    return InputError((Problem("not-an-outcome", Where(portfolio.file), message, fix),))


def side_by_side(portfolio: Portfolio, gambit: Gambit, settings: Settings, record: TrackRecord) -> SideBySide:
    """Find the plans on estimates as written and as the track record mends them.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules under one of the two.
    """
    mended, estimates = mend(portfolio, record)
    raw, after = (pipeline.solve(each, gambit, settings) for each in (portfolio, mended))
    return SideBySide(raw, after, find_changes(raw.to_dict(), after.to_dict()), estimates)


def mend(portfolio: Portfolio, record: TrackRecord) -> tuple[Portfolio, dict[str, tuple[Estimate, Estimate]]]:
    """Give a portfolio whose estimates are recalibrated, and those that changed, before and after, by key."""
    changed: dict[str, tuple[Estimate, Estimate]] = {}
    owners: dict[str, tuple[str, str]] = {}
    for each in quantities(portfolio):
        owners[each.key] = (each.kind, each.initiative.owner)
        after = _mended(record, each.kind, each.initiative.owner, each.estimate)
        if after != each.estimate:
            changed[each.key] = (each.estimate, after)

    def now(initiative: Initiative, name: str, estimate: Estimate) -> Estimate:
        return changed.get(initiative.key(name), (estimate, estimate))[1]

    initiatives = [
        replace(
            each,
            cost=now(each, "cost", each.cost),
            success=now(each, SUCCESS, each.success),
            value=now(each, "value", each.value),
            effects={lever: now(each, f"effects.{lever.value}", one) for lever, one in each.effects.items()},
        )
        for each in portfolio.initiatives
    ]
    scenarios = [
        replace(
            each,
            change={
                key: _mended(record, *owners[key], one) if key in owners else one for key, one in each.change.items()
            },
        )
        for each in portfolio.scenarios
    ]
    inputs = {**portfolio.inputs, **{key: rounded(list(after.values)) for key, (_, after) in changed.items()}}
    mended = replace(portfolio, initiatives=canonical_order(initiatives), scenarios=tuple(scenarios), inputs=inputs)
    return mended, changed


def _mended(record: TrackRecord, kind: str, owner: str, estimate: Estimate) -> Estimate:
    lesson = record.lesson(kind, owner)
    return estimate if lesson is None else recalibrated(estimate, kind, lesson)
