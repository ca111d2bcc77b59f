"""What people bound themselves to: criteria for stopping, objections, and estimates that have grown old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from gambits.ledger.records import Outcome
from gambits.portfolio.model import Criterion, Dissent, Initiative, Lever, Portfolio

_OF_THE_PLAN = {"funded": "funded", "money": "total", "contribution": "contribution"}
"""Metrics that a plan gives, and its key for them."""


class State(Enum):
    """How a criterion for stopping stands."""

    HIT = "hit"
    OVERDUE = "not measured by its day"
    AT_RISK = "would be hit today"
    HOLDS = "holds"


@dataclass(frozen=True, slots=True)
class Tripwire:
    """A criterion with what its metric is now: None where nobody has measured it."""

    id: str
    criterion: Criterion
    state: State
    value: float | None

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "initiative": self.id,
            "metric": self.criterion.metric,
            "below": self.criterion.below,
            "above": self.criterion.above,
            "by": self.criterion.by.isoformat(),
            "state": self.state.value,
            "value": self.value,
        }


@dataclass(frozen=True, slots=True)
class Stale:
    """An initiative whose estimates are older than they should be: ``since`` when they have stood, and until when."""

    id: str
    since: date
    due: date

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {"initiative": self.id, "since": self.since.isoformat(), "due": self.due.isoformat()}


@dataclass(frozen=True, slots=True)
class Watched:
    """All that people wanted to be reminded of, on one day."""

    tripwires: tuple[Tripwire, ...]
    stale: tuple[Stale, ...]
    dissent: tuple[tuple[str, Dissent], ...]

    @property
    def alarms(self) -> tuple[Tripwire, ...]:
        """The criteria that ask for something to be done, the worst first."""
        order = list(State)
        found = (each for each in self.tripwires if each.state is not State.HOLDS)
        return tuple(sorted(found, key=lambda each: (order.index(each.state), each.id, each.criterion.metric)))

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "tripwires": [each.to_dict() for each in self.tripwires],
            "stale": [each.to_dict() for each in self.stale],
            "dissent": [{"initiative": id, "by": each.by, "text": each.text} for id, each in self.dissent],
        }


def watch(
    portfolio: Portfolio,
    plan: Mapping[str, Any],
    outcomes: Iterable[Outcome],
    history: Iterable[Mapping[str, object]],
    today: date,
) -> Watched:
    """Look at every criterion, objection and review date.

    Parameters
    ----------
    portfolio
        As it is now.
    plan
        The plan of now, as JSON.
    outcomes
        What was measured; of one metric the latest day counts, and of one day the last entry.
    history
        The inputs of earlier runs by dotted key, oldest first.
    today
        The day on which it is asked.
    """
    measured = _measured(portfolio, outcomes, today)
    earlier = list(history)
    found = sorted(portfolio.initiatives, key=lambda each: each.id)
    return Watched(
        tripwires=tuple(
            _tripwire(each, criterion, _value(each, criterion.metric, measured, plan), today)
            for each in found
            for criterion in each.kill
        ),
        stale=tuple(old for each in found if (old := _stale(each, portfolio, earlier, today)) is not None),
        dissent=tuple((_whole(each), objection) for each in found for objection in each.dissent),
    )


def _whole(initiative: Initiative) -> str:
    """Name an initiative as its file does: stages are parts of one."""
    return initiative.id.partition("/")[0]


def _tripwire(initiative: Initiative, criterion: Criterion, value: float | None, today: date) -> Tripwire:
    met = value is not None and criterion.is_met_by(value)
    if today >= criterion.by:
        state = State.OVERDUE if value is None else State.HIT if met else State.HOLDS
    else:
        state = State.AT_RISK if met else State.HOLDS
    return Tripwire(_whole(initiative), criterion, state, value)


def _measured(portfolio: Portfolio, outcomes: Iterable[Outcome], today: date) -> dict[str, float]:
    known = [each for each in outcomes if each.portfolio == portfolio.name and each.observed_on <= today.isoformat()]
    return {each.estimate: each.value for each in sorted(known, key=lambda each: each.observed_on)}


def _value(initiative: Initiative, metric: str, measured: Mapping[str, float], plan: Mapping[str, Any]) -> float | None:
    """Give a metric: as it was measured, else as the file estimates it, else as the plan has it."""
    key = f"initiatives.{_whole(initiative)}.{metric}"
    if key in measured:
        return measured[key]
    name, _, lever = metric.partition(".")
    if name == "effects" and lever in {each.value for each in initiative.effects}:
        return initiative.effects[Lever(lever)].central
    if metric in ("cost", "success", "value"):
        return float(getattr(initiative, metric).central)
    found = plan["initiatives"].get(initiative.id, {}).get(_OF_THE_PLAN.get(metric, ""))
    return None if found is None else float(found)


def _stale(
    initiative: Initiative, portfolio: Portfolio, history: list[Mapping[str, object]], today: date
) -> Stale | None:
    if initiative.review_every is None:
        return None
    since = standing_since(initiative, portfolio, history)
    due = initiative.review_every.after(since)
    return Stale(_whole(initiative), since, due) if due < today else None


def standing_since(initiative: Initiative, portfolio: Portfolio, history: list[Mapping[str, object]]) -> date:
    """Say since when the estimates of an initiative stand unchanged; an edit of any of its keys is a review."""
    since, now = portfolio.as_of, _inputs_of(portfolio.inputs, initiative)
    for inputs in reversed(history):
        if _inputs_of(inputs, initiative) != now:
            break
        since = min(since, date.fromisoformat(str(inputs["as_of"])))
    return since


def _inputs_of(inputs: Mapping[str, object], initiative: Initiative) -> dict[str, object]:
    start = f"initiatives.{_whole(initiative)}."
    return {key: value for key, value in inputs.items() if key.startswith(start)}
