"""What moved between two plans, counted by hand."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambits.analyse.changes import find_changes, read_plan
from gambits.errors import InputError

PLAN: dict[str, Any] = {
    "format": "gambits/plan/1",
    "money": "USD million",
    "periods": ["2027Q1", "2027Q2"],
    "objective": 0.5,
    "total_spend": 30.0,
    "seed": None,
    "draws": 1,
    "initiatives": {
        "hybrid": {"spend": [10.0, 5.0]},
        "play": {"spend": [0.0, 15.0]},
    },
    "inputs": {
        "portfolio": {"name": "Lab", "initiatives.hybrid.cost": "10 to 40", "initiatives.play.cost": 20.0},
        "gambit": {"name": "incumbent", "shares.architect": 0.7},
        "law": {"name": "muennighoff-2023", "alpha": 0.35},
    },
}


def with_edits(**edits: Any) -> dict[str, Any]:
    """Copy the plan with some of its parts replaced; inputs by part and key."""
    plan = copy.deepcopy(PLAN)
    for place, value in edits.items():
        inside: Any = plan
        *path, last = place.split("__")
        for key in path:
            inside = inside[key]
        inside[last] = value
    return plan


def test_a_plan_against_itself_shows_no_edits_and_no_moves() -> None:
    changes = find_changes(PLAN, copy.deepcopy(PLAN))

    assert changes.edits == ()
    assert changes.moves == ()
    assert not changes.is_moved
    assert (changes.value, changes.money_moved) == (0, 0)


def test_money_moved_is_half_the_sum_of_absolute_differences() -> None:
    new = with_edits(initiatives__hybrid__spend=[4.0, 5.0], initiatives__play__spend=[3.0, 18.0])
    changes = find_changes(PLAN, new)

    assert changes.money_moved == (6 + 0 + 3 + 3) / 2
    assert [(move.id, move.old, move.new, move.moved) for move in changes.moves] == [
        ("hybrid", 15, 9, 3),
        ("play", 15, 21, 3),
    ]


def test_money_that_moves_in_time_alone_has_moved() -> None:
    changes = find_changes(PLAN, with_edits(initiatives__hybrid__spend=[5.0, 10.0]))

    assert changes.money_moved == 5
    assert (changes.moves[0].old, changes.moves[0].new) == (15, 15)


def test_a_renamed_initiative_is_one_that_goes_and_one_that_comes() -> None:
    new = copy.deepcopy(PLAN)
    new["initiatives"]["self-play"] = new["initiatives"].pop("play")
    changes = find_changes(PLAN, new)

    assert {move.id: (move.old, move.new) for move in changes.moves} == {"play": (15, 0), "self-play": (0, 15)}
    assert changes.money_moved == 15


def test_the_largest_move_comes_first_and_equal_ones_by_name() -> None:
    new = with_edits(initiatives__hybrid__spend=[10.0, 4.0], initiatives__play__spend=[0.0, 18.0])

    assert [move.id for move in find_changes(PLAN, new).moves] == ["play", "hybrid"]


def test_money_within_the_tolerance_of_two_solves_has_not_moved() -> None:
    assert find_changes(PLAN, with_edits(initiatives__hybrid__spend=[10.0, 5.0 + 1e-7])).moves == ()


def test_edits_name_inputs_as_the_portfolio_does_and_others_by_where_they_stand() -> None:
    new = with_edits(
        inputs__portfolio={"name": "Lab", "initiatives.hybrid.cost": "10 to 50", "initiatives.play.lag": 1.0},
        inputs__gambit={"name": "incumbent", "shares.architect": 0.6},
        inputs__law={"name": "muennighoff-2023", "alpha": 0.36},
    )

    assert [(edit.key, edit.old, edit.new) for edit in find_changes(PLAN, new).edits] == [
        ("gambit: shares.architect", 0.7, 0.6),
        ("initiatives.hybrid.cost", "10 to 40", "10 to 50"),
        ("initiatives.play.cost", 20.0, None),
        ("initiatives.play.lag", None, 1.0),
        ("law: alpha", 0.35, 0.36),
    ]


def test_the_change_of_value_is_new_minus_old() -> None:
    changes = find_changes(PLAN, with_edits(objective=0.75))

    assert (changes.old_value, changes.new_value, changes.value) == (0.5, 0.75, 0.25)
    assert changes.to_dict()["total"] == {"value": 0.25, "money_moved": 0}


def test_plans_of_different_periods_are_compared_period_by_period() -> None:
    later = with_edits(periods=["2027Q2", "2027Q3"])
    changes = find_changes(PLAN, later)

    # hybrid: Q1 10 → 0, Q2 5 → 10, Q3 0 → 5; play: Q2 15 → 0, Q3 0 → 15
    assert changes.money_moved == (10 + 5 + 5 + 15 + 15) / 2


_SPEND = st.lists(st.integers(0, 50).map(float), min_size=2, max_size=2)


@given(old=st.dictionaries(st.sampled_from("abcd"), _SPEND), new=st.dictionaries(st.sampled_from("abcd"), _SPEND))
def test_there_and_back_moves_the_same_money(old: dict[str, list[float]], new: dict[str, list[float]]) -> None:
    plans = [
        with_edits(initiatives={id: {"spend": spend} for id, spend in each.items()}, total_spend=1.0)
        for each in (old, new)
    ]
    there, back = find_changes(*plans), find_changes(*reversed(plans))
    by_hand = sum(
        abs(a - b) for id in {*old, *new} for a, b in zip(old.get(id, [0, 0]), new.get(id, [0, 0]), strict=True)
    )

    assert there.money_moved == pytest.approx(by_hand / 2, abs=1e-9)
    assert back.money_moved == pytest.approx(there.money_moved, abs=1e-9)
    assert {move.id: (move.new, move.old) for move in back.moves} == {
        move.id: (move.old, move.new) for move in there.moves
    }


def test_a_plan_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN), encoding="utf-8")

    assert read_plan(file) == PLAN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot read the plan"),
        ("[1]", "is not a plan"),
        ('{"format": "gambits/plan/0"}', "is not a plan"),
        ('{"format": "gambits/plan/1", "objective": 1}', "lacks draws, initiatives, inputs, money"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_plan(file)

    (problem,) = caught.value.problems
    assert problem.code == "not-a-plan"
    assert message in problem.message
    assert problem.where.file == file.as_posix()


def test_bytes_that_are_no_text_are_no_plan(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(b"\xff\xfe{}")
    with pytest.raises(InputError):
        read_plan(file)
