"""Errors carry what happened, where, the way out, and an exit code."""

from __future__ import annotations

import pickle

import pytest

from gambits.errors import (
    BrokenRule,
    GambitsError,
    InfeasibleError,
    InputError,
    Problem,
    UnfinishedError,
    VerificationError,
    Where,
)

PROBLEM = Problem("unknown-key", Where("lab.yaml", 7), "unknown key `cots`", "did you mean `cost`?")


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [(GambitsError, 1), (InputError, 3), (InfeasibleError, 4), (UnfinishedError, 5), (VerificationError, 6)],
)
def test_each_kind_of_error_has_its_exit_code(kind: type[GambitsError], exit_code: int) -> None:
    assert kind.exit_code == exit_code
    assert issubclass(kind, GambitsError)


def test_no_two_kinds_of_error_share_an_exit_code_and_none_is_that_of_usage() -> None:
    codes = [kind.exit_code for kind in (GambitsError, *GambitsError.__subclasses__())]

    assert len(set(codes)) == len(codes)
    assert 2 not in codes


@pytest.mark.parametrize(("where", "shown"), [(Where("lab.yaml", 7), "lab.yaml:7"), (Where("lab.yaml"), "lab.yaml")])
def test_a_place_is_a_file_and_perhaps_a_line(where: Where, shown: str) -> None:
    assert str(where) == shown


def test_places_sort_by_file_and_line() -> None:
    assert sorted([Where("b", 1), Where("a", 10), Where("a", 9)]) == [Where("a", 9), Where("a", 10), Where("b", 1)]


def test_a_problem_reads_as_place_message_code_and_mend() -> None:
    assert str(PROBLEM) == "lab.yaml:7: unknown key `cots` [unknown-key]\n    did you mean `cost`?"


def test_a_problem_as_json_is_flat() -> None:
    assert PROBLEM.to_dict() == {
        "code": "unknown-key",
        "file": "lab.yaml",
        "line": 7,
        "message": "unknown key `cots`",
        "fix": "did you mean `cost`?",
    }


@pytest.mark.parametrize(("count", "message"), [(1, "1 problem in the input"), (2, "2 problems in the input")])
def test_an_input_error_counts_its_problems(count: int, message: str) -> None:
    error = InputError((PROBLEM,) * count)

    assert str(error) == message
    assert len(error.problems) == count
    assert error.hint


def test_an_infeasible_error_holds_the_rules_that_clash() -> None:
    rule = BrokenRule("play must be funded", Where("lab.yaml", 20))
    error = InfeasibleError("these rules cannot all hold", (rule,), "drop one")

    assert error.conflict == (rule,)
    assert rule.to_dict() == {"rule": "play must be funded", "file": "lab.yaml", "line": 20}
    assert (error.message, error.hint) == ("these rules cannot all hold", "drop one")


@pytest.mark.parametrize(
    "error",
    [
        GambitsError("it failed", "try again"),
        InputError((PROBLEM, PROBLEM)),
        InfeasibleError(
            "these rules cannot all hold", (BrokenRule("play must be funded", Where("lab.yaml", 20)),), "drop"
        ),
        UnfinishedError("no plan was found", "let it run longer"),
    ],
)
def test_an_error_goes_to_another_process_and_back_unchanged(error: GambitsError) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert (str(again), again.args, again.__dict__) == (str(error), error.args, error.__dict__)
