"""`gambits check`: every problem at once, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

FAULTY = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: lots}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    path: architect
    cost: 10 to 40
    effcts: {data_efficiency: 1.5}
  play:
    path: alchemist
    source: a paper
    cost: -20
    effects: {unique_tokens: 1e13}
    requires: [verifer]
  verifier:
    path: alchemist
    source: a paper
    cost: 5
    after: [checker]
  checker:
    path: alchemist
    source: a paper
    cost: 5
    after: [verifier]
"""
EXPECTED = [
    (6, "not-a-number", "`lots` is not a number"),
    (12, "missing-key", "`initiatives.hybrid.source` is missing"),
    (14, "unknown-key", "unknown key `initiatives.hybrid.effcts`"),
    (18, "out-of-range", "-20 is not above 0"),
    (20, "unknown-initiative", "names `verifer`, which is no initiative"),
    (26, "cycle", "checker → verifier → checker"),
]
MENDS = (
    "write digits",
    "add `source:`",
    "did you mean `effects`?",
    "above 0",
    "did you mean `verifier`?",
    "remove one",
)


@pytest.fixture
def faulty(write: Callable[[str, str], Path]) -> Path:
    return write("faulty.yaml", FAULTY)


def test_all_faults_are_told_on_standard_error_with_line_and_mend(faulty: Path, run: Callable[..., Result]) -> None:
    result = run("check", faulty)

    assert result.exit_code == 3
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = result.stderr.splitlines()
    for (line, code, message), mend in zip(EXPECTED, MENDS, strict=True):
        (told,) = (number for number, text in enumerate(lines) if text.startswith(f"{faulty}:{line}: "))
        assert message in lines[told]
        assert lines[told].endswith(f"[{code}]")
        assert mend in lines[told + 1]
    assert "Error: 6 problems in the input" in lines
    assert lines[-1].startswith("Next: ")


def test_as_json_each_problem_has_its_code_file_line_message_and_fix(faulty: Path, run: Callable[..., Result]) -> None:
    result = run("check", faulty, "--json")
    found = json.loads(result.stdout)

    assert result.exit_code == 3
    assert [set(problem) for problem in found["problems"]] == [{"code", "file", "line", "message", "fix"}] * 6
    assert [(problem["line"], problem["code"]) for problem in found["problems"]] == [each[:2] for each in EXPECTED]
    assert {problem["file"] for problem in found["problems"]} == {str(faulty)}
    assert all(mend in problem["fix"] for mend, problem in zip(MENDS, found["problems"], strict=True))


@pytest.mark.parametrize("command", ["solve", "compare", "memo"])
def test_every_command_that_reads_a_portfolio_tells_the_same(
    command: str, faulty: Path, run: Callable[..., Result]
) -> None:
    result = run(command, faulty)

    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr == run("check", faulty).stderr


@pytest.mark.parametrize("command", ["solve", "compare"])
def test_so_it_does_as_json(command: str, faulty: Path, run: Callable[..., Result]) -> None:
    result = run(command, faulty, "--json")

    assert result.exit_code == 3
    assert json.loads(result.stdout)["problems"] == json.loads(run("check", faulty, "--json").stdout)["problems"]


def test_a_sound_portfolio_is_said_to_be_so_with_the_next_thing_to_type(lab: Path, run: Callable[..., Result]) -> None:
    result = run("check", lab)

    assert result.exit_code == 0
    assert result.stderr == ""
    assert "sound. 4 initiatives over 2027Q1 to 2027Q4, 40.0 USD million" in " ".join(result.stdout.split())
    assert "Next: gambits compare" in result.stdout


def test_a_sound_portfolio_has_no_problems_as_json(lab: Path, run: Callable[..., Result]) -> None:
    result = run("check", lab, "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["problems"] == []
    assert json.loads(result.stdout)["format"] == "gambits/check/1"


def test_warnings_are_shown_and_leave_the_portfolio_sound(lab: Path, run: Callable[..., Result]) -> None:
    lab.write_text(lab.read_text().replace("cost: 12", "cost: 12 to 12"), encoding="utf-8")
    shown, as_json = run("check", lab), run("check", lab, "--json")

    assert shown.exit_code == as_json.exit_code == 0
    assert "no spread" in " ".join(shown.stdout.split())
    assert [warning["code"] for warning in json.loads(as_json.stdout)["warnings"]] == ["no-spread"]


@pytest.mark.parametrize("command", ["check", "solve"])
def test_the_next_thing_to_type_works_for_a_file_of_any_name(
    command: str, lab: Path, run: Callable[..., Result]
) -> None:
    told = " ".join(run(command, lab).stdout.split())
    following = told[told.index("Next: gambits ") + len("Next: gambits ") :].split()
    following = following[: following.index("-o")] if "-o" in following else following

    assert run(*following).exit_code == 0


def test_a_portfolio_that_is_not_there_exits_3_and_names_those_that_are(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    result = run("check", tmp_path / "nowhere")

    assert result.exit_code == 3
    assert "there is no such file" in result.stderr
    assert "frontier-lab" in result.stderr


def test_a_portfolio_that_checks_also_solves_even_with_a_law_of_its_own(
    lab: Path, write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    write("law.yaml", "format: gambits-law/1\ntitle: x\n")
    lab.write_text(lab.read_text().replace("frontier:\n", "frontier:\n  law: law.yaml\n"), encoding="utf-8")

    assert run("check", lab).exit_code == run("solve", lab).exit_code == 3


def test_a_name_too_long_to_be_a_file_is_an_input_that_is_not_there(run: Callable[..., Result]) -> None:
    assert run("check", "a" * 5000).exit_code == 3


def test_a_bundled_portfolio_is_found_by_its_name(run: Callable[..., Result]) -> None:
    assert run("check", "frontier-lab").exit_code == 0
