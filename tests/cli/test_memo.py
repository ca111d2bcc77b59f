"""`gambits memo` and `gambits schema`: documents on standard output or in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from jsonschema import Draft202012Validator

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
