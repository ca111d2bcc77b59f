"""Criteria for stopping, objections and review dates, looked at on a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from gambits.ledger.records import Outcome
from gambits.ledger.tripwires import State, watch
from gambits.portfolio.model import Portfolio

TEXT = """\
format: gambits/1
name: Lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 10}
objective: {value: 1}
initiatives:
  play:
    path: alchemist
    source: judgement
    cost: 10 to 40
    success: 0.5
    value: 3
    review_every: 3 months
    kill:
      - {metric: pass rate, below: 0.3, by: 2027-06-30}
      - {metric: cost, above: 30, by: 2027-03-31}
      - {metric: funded, below: 0.5, by: 2027-06-30}
    dissent: [{by: B. Chen, text: the verifier leaks}]
  other:
    path: architect
    source: judgement
    stages: [{name: pilot, cost: 2}, {name: scale, cost: 8}]
    value: 2
    kill: [{metric: pass rate, below: 0.3, by: 2027-06-30}]
"""
PLAN: dict[str, Any] = {"initiatives": {"play": {"funded": 0.2, "total": 4.0, "contribution": 0.1}}}


@pytest.fixture
def look(read: Callable[[str], Portfolio]) -> Callable[..., Any]:
    """Give a function that looks at the lab on a day."""

    def look(day: str, *outcomes: Outcome, history: tuple[Mapping[str, object], ...] = (), text: str = TEXT) -> Any:
        return watch(read(text), PLAN, outcomes, history, date.fromisoformat(day))

    return look


def measured(value: float, day: str, portfolio: str = "Lab") -> Outcome:
    return Outcome(portfolio, "initiatives.play.pass rate", value, day)


def states(found: Any) -> dict[tuple[str, str], State]:
    return {(each.id, each.criterion.metric): each.state for each in found.tripwires}


def test_before_its_day_a_criterion_warns_and_on_it_it_counts(look: Callable[..., Any]) -> None:
    early, late = look("2027-06-29"), look("2027-06-30")

    assert states(early)["play", "funded"] is State.AT_RISK
    assert states(late)["play", "funded"] is State.HIT
    assert states(early)["play", "pass rate"] is State.HOLDS
    assert states(late)["play", "pass rate"] is State.OVERDUE
    assert states(late)["play", "cost"] is State.HOLDS  # the median of 10 to 40 is 20
    assert states(late)["other", "pass rate"] is State.OVERDUE  # a whole is looked at once, not by stage
    assert len(late.tripwires) == 4


def test_the_latest_measurement_of_this_portfolio_up_to_the_day_counts(look: Callable[..., Any]) -> None:
    found = (
        measured(0.2, "2027-05-01"),
        measured(0.4, "2027-06-01"),
        measured(0.1, "2027-08-01"),
        measured(0, "2027-06-02", "Other"),
    )

    assert states(look("2027-07-01", *found))["play", "pass rate"] is State.HOLDS
    assert states(look("2027-08-01", *found))["play", "pass rate"] is State.HIT
    assert states(look("2027-05-31", *found))["play", "pass rate"] is State.AT_RISK
    corrected = (measured(0.2, "2027-06-01"), measured(0.5, "2027-06-01"))
    assert states(look("2027-07-01", *corrected))["play", "pass rate"] is State.HOLDS


def test_what_was_measured_goes_before_what_is_estimated(look: Callable[..., Any]) -> None:
    spent = Outcome("Lab", "initiatives.play.cost", 31.0, "2027-03-01")

    assert states(look("2027-04-01", spent))["play", "cost"] is State.HIT


def test_the_worst_alarms_come_first(look: Callable[..., Any]) -> None:
    found = look("2027-07-01", measured(0.1, "2027-06-01"))

    assert [each.state for each in found.alarms] == [State.HIT, State.HIT, State.OVERDUE]


def test_an_estimate_is_stale_when_it_stood_longer_than_it_should(look: Callable[..., Any]) -> None:
    assert look("2027-04-01").stale == ()
    (old,) = look("2027-04-02").stale
    assert (old.id, old.since, old.due) == ("play", date(2027, 1, 1), date(2027, 4, 1))


def test_an_edit_is_a_review_and_a_new_date_alone_is_not(
    look: Callable[..., Any], read: Callable[[str], Portfolio]
) -> None:
    history = (read(TEXT).inputs,)
    later = TEXT.replace("as_of: 2027-01-01", "as_of: 2027-05-01")

    assert [each.since for each in look("2027-05-02", history=history, text=later).stale] == [date(2027, 1, 1)]
    reviewed = later.replace("source: judgement\n    cost", "source: judgement, confirmed\n    cost")
    assert look("2027-05-02", history=history, text=reviewed).stale == ()


def test_objections_are_told_with_whose_they_are(look: Callable[..., Any]) -> None:
    assert [(id, each.by, each.text) for id, each in look("2027-01-01").dissent] == [
        ("play", "B. Chen", "the verifier leaks")
    ]
