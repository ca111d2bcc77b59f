"""Options mean the same wherever they are, and an answer that is not certified ends with 5."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result

from gambits.cli import main

Run = Callable[..., Result]

SEARCH = {"--draws", "--seed", "--certain", "--cluster", "--gap", "--time-limit"}
AT_ONCE = ("--time-limit", "1e-9", "--draws", "20")
"""A search that has no time has its first plan and no certificate."""
QUESTIONS = ("alternatives", "explain", "frontier", "score", "sensitivity", "voi")


def commands() -> Iterator[tuple[str, click.Command]]:
    def below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            for inner, each in command.commands.items():
                yield from below(f"{name} {inner}".strip(), each)
        else:
            yield name, command

    return below("", main)


OPTIONS = {name: {option for each in command.params for option in each.opts} for name, command in commands()}


@pytest.mark.parametrize("name", [name for name, options in OPTIONS.items() if "--draws" in options])
def test_a_command_that_searches_takes_every_option_of_searches(name: str) -> None:
    """A rerun is made as the older run was, on this machine."""
    assert SEARCH - ({"--cluster"} if name == "rerun" else set()) <= OPTIONS[name]


def test_only_commands_that_give_plans_say_how_stable_they_are_and_record_them() -> None:
    stable = {name for name, options in OPTIONS.items() if "--batches" in options}

    assert stable == {"demo", "solve", "compare", "memo", "rerun", "calibrate"}
    assert {name for name, options in OPTIONS.items() if "--record" in options} == stable - {"demo", "calibrate"}


@pytest.mark.parametrize(
    "name", ["solve", "project", "compare", "memo", "rerun", "graph", "export", "diff", "calibrate", *QUESTIONS]
)
def test_what_a_command_finds_can_be_kept_in_a_file(name: str) -> None:
    assert {"-o", "--json"} <= OPTIONS[name]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "plan.csv"
    file.write_text("initiative,total\nself-play,10\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "command",
    [
        ("frontier", "minimal", "--points", "2"),
        ("score", "minimal", "PLAN"),
        ("project", "minimal"),
        ("graph", "minimal"),
    ],
    ids=lambda command: command[0],
)
def test_an_answer_that_rests_on_an_uncertified_search_is_given_and_ends_with_5(
    command: tuple[str, ...], plan: Path, run: Run
) -> None:
    words = [str(plan) if word == "PLAN" else word for word in command]
    result = run(*words, *AT_ONCE, "--json")
    answer = json.loads(result.stdout)

    assert result.exit_code == 5
    assert answer["uncertified"] > 0
    assert answer["format"].startswith("gambits/")
    assert "ended before" in result.stderr
    assert "--time-limit" in result.stderr


def test_a_memo_of_plans_that_are_not_certified_is_given_and_ends_with_5(run: Run) -> None:
    result = run("memo", "minimal", "--quick", *AT_ONCE, "--json")
    answer = json.loads(result.stdout)

    assert result.exit_code == 5
    assert answer["uncertified_in"]["plans"]["searches"] >= 2
    assert "the gap was not met (incumbent: " in result.stderr


@pytest.mark.parametrize("command", [("sensitivity",), ("explain", "self-play"), ("voi",), ("alternatives",)])
def test_a_question_about_a_plan_that_is_not_certified_is_refused_with_5_and_says_so_as_json(
    command: tuple[str, ...], run: Run
) -> None:
    result = run(command[0], "minimal", *command[1:], *AT_ONCE, "--json")

    assert result.exit_code == 5
    assert json.loads(result.stdout)["status"] == "failed"
    assert "not certified" in result.stderr


def test_a_frontier_names_the_points_that_are_not_certified(run: Run) -> None:
    loose = run("frontier", "minimal", "--points", "2", *AT_ONCE)
    firm = run("frontier", "minimal", "--points", "2", "--certain")

    assert "Not certified, so that a better plan may exist: architect 0%, 100%;" in " ".join(loose.stdout.split())
    assert "Not certified" not in firm.stdout
    assert firm.exit_code == 0


def test_a_projection_is_kept_in_a_file(tmp_path: Path, run: Run) -> None:
    run("project", "minimal", "--certain", "-o", tmp_path / "outlook.json")
    answer = json.loads((tmp_path / "outlook.json").read_text(encoding="utf-8"))

    assert answer == json.loads(run("project", "minimal", "--certain", "--json").stdout)
    assert (answer["gambit"], answer["uncertified"], answer["seed"]) == ("incumbent", 0, None)
