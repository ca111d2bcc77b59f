"""`gambits memo` and `gambits schema`: documents on standard output or in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from jsonschema import Draft202012Validator

from gambits import briefing
from gambits.analyse.study import Study
from gambits.portfolio.schema import json_schema


def test_the_memo_goes_to_standard_output(lab: Path, run: Callable[..., Result]) -> None:
    result = run("memo", lab, "--certain", "--gambit", "challenger")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith("# Small lab: the challenger's plan\n")


def test_the_memo_goes_to_a_file_whose_folder_is_made(lab: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    result = run("memo", lab, "--certain", "-o", tmp_path / "board" / "memo.md")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert (tmp_path / "board" / "memo.md").read_text(encoding="utf-8") == run("memo", lab, "--certain").stdout


def test_the_memo_of_a_gambit_of_one_s_own_weighs_it_against_both_built_in_ones(
    lab: Path, write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    text = run("memo", lab, "--certain", "--gambit", write("mine.yaml", "name: free\n")).stdout

    assert text.startswith("# Small lab: the free's plan\n")
    assert "The **incumbent** would spend" in text
    assert "The **challenger** would spend" in text


def test_a_memo_is_written_even_where_the_other_gambit_has_no_plan(lab: Path, run: Callable[..., Result]) -> None:
    """What must be funded costs 30 % of the budget: too much for one under the incumbent, not the challenger."""
    lab.write_text(lab.read_text().replace("cost: 12\n", "cost: 12\n    must: true\n"), encoding="utf-8")

    assert run("solve", lab, "--certain", "--gambit", "challenger").exit_code == 0
    assert run("memo", lab, "--certain", "--gambit", "challenger").exit_code == 0


def test_a_memo_of_rules_that_cannot_all_hold_is_not_written(
    lab: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    lab.write_text(
        lab.read_text().replace("    cost: 20\n", "    cost: 20\n    must: true\n    never: true\n"), encoding="utf-8"
    )
    result = run("memo", lab, "--certain", "-o", tmp_path / "memo.md")

    assert result.exit_code == 4
    assert "play must be funded" in result.stderr
    assert not (tmp_path / "memo.md").exists()


FEW = ("--draws", "20", "--batches", "0")


def hurry(study: Study) -> Study:
    """Give the study of questions that take many solves, which has no time for any."""
    return Study(study.portfolio, replace(study.settings, time_limit=1e-9))


def test_a_memo_whose_plans_are_certified_and_whose_other_answers_are_not_says_so_and_ends_with_5(
    lab: Path, tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(briefing, "_fewer", hurry)
    result = run("memo", lab, *FEW, "-o", tmp_path / "memo.md")
    record = json.loads(run("memo", lab, *FEW, "--json").stdout)
    memo = (tmp_path / "memo.md").read_text(encoding="utf-8")

    assert result.exit_code == 5
    assert "ended before their answers were certified" in result.stderr
    assert {plan["status"] for plan in record["plans"].values()} == {"optimal"}
    assert set(record["uncertified_in"]) <= set(briefing.LONG)
    assert record["uncertified"] == sum(each["searches"] for each in record["uncertified_in"].values()) > 0
    assert f"Look at: {record['uncertified']} searches behind this memo" in memo.partition("## Commit now")[0]
    for each in record["uncertified_in"].values():
        assert f"{each['words']} ({each['searches']})" in memo.partition("## Certificate")[2]


def test_what_is_not_certified_is_asked_again_by_the_next_memo(
    lab: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(briefing, "_fewer", hurry)
        hasty = run("memo", lab, *FEW, "--record")
    patient = run("memo", lab, *FEW, "-o", tmp_path / "memo.md")

    assert (hasty.exit_code, patient.exit_code) == (5, 0)
    assert "Recorded as run 1" in hasty.stderr
    assert "Not certified" in hasty.stdout
    assert "Not certified" not in (tmp_path / "memo.md").read_text(encoding="utf-8")


def test_a_memo_about_nothing_to_fund_says_so(lab: Path, run: Callable[..., Result]) -> None:
    lab.write_text(lab.read_text().replace("per_period: 10", "per_period: 0"), encoding="utf-8")
    text = run("memo", lab, "--certain").stdout

    assert "Fund nothing: no money can be placed under these rules." in text


@pytest.mark.parametrize("what", ["portfolio", "gambit", "law"])
def test_a_schema_is_valid_json_schema(what: str, run: Callable[..., Result]) -> None:
    result = run("schema", what)

    assert result.exit_code == 0
    Draft202012Validator.check_schema(json.loads(result.stdout))


def test_the_schema_of_portfolios_is_the_default(run: Callable[..., Result]) -> None:
    assert json.loads(run("schema").stdout) == json_schema() == json.loads(run("schema", "portfolio").stdout)
