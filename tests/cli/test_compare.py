"""`gambits compare`: plans side by side, and what they agree on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result


@pytest.fixture
def comparison(lab: Path, run: Callable[..., Result]) -> dict[str, Any]:
    return json.loads(run("compare", lab, "--certain", "--json").stdout)


def test_json_has_every_key_that_is_promised(comparison: dict[str, Any]) -> None:
    assert set(comparison) >= {"plans", "regret", "core", "held_back", "not_funded", "break_even"}
    assert list(comparison["plans"]) == ["incumbent", "challenger"]


@pytest.mark.parametrize("gambit", ["incumbent", "challenger"])
def test_each_plan_is_the_one_that_solve_gives(
    gambit: str, comparison: dict[str, Any], lab: Path, run: Callable[..., Result]
) -> None:
    alone = json.loads(run("solve", lab, "--certain", "--gambit", gambit, "--json").stdout)

    assert comparison["plans"][gambit] == alone


def test_every_initiative_is_core_or_held_back_or_not_funded(comparison: dict[str, Any]) -> None:
    funded = {
        id: [plan["initiatives"][id]["funded"] >= 0.5 for plan in comparison["plans"].values()]
        for id in comparison["plans"]["incumbent"]["initiatives"]
    }

    assert comparison["core"] == sorted(id for id, each in funded.items() if all(each))
    assert comparison["held_back"] == sorted(id for id, each in funded.items() if any(each) and not all(each))
    assert comparison["not_funded"] == sorted(id for id, each in funded.items() if not any(each))


def test_the_tables_show_value_money_by_path_and_where_the_plans_differ(
    lab: Path, run: Callable[..., Result], comparison: dict[str, Any]
) -> None:
    result = run("compare", lab, "--certain")
    told = " ".join(result.stdout.split())

    assert result.exit_code == 0
    assert result.stderr == ""
    for words in ("what each gambit is worth", "on architect", "on alchemist", "on scale", "where they differ most"):
        assert words in told
    for plan in comparison["plans"].values():
        assert f"{plan['objective']:.3f}" in told
        assert f"{plan['total_spend']:.1f}" in told
    assert "Commit now, funded at least half in every plan" in told


def test_the_tables_of_the_frontier_lab_fit_100_columns_and_cut_no_number_short(run: Callable[..., Result]) -> None:
    shown = run("compare", "frontier-lab", "--certain", "--gambit", "incumbent", "--gambit", "challenger").stdout

    assert max(len(line) for line in shown.splitlines()) <= 100
    assert "%…" not in shown
    assert not any(cell.endswith("…") and cell[:1].isdigit() for cell in shown.split())


def test_initiatives_have_one_name_in_the_table_and_in_the_lists_below_it(
    lab: Path, run: Callable[..., Result], comparison: dict[str, Any]
) -> None:
    shown = run("compare", lab, "--certain").stdout
    table, _, lists = shown.partition("where they differ most")[2].partition("Commit now")
    listed = set(re.findall(r"[a-z][a-z-]+", lists.partition("beside what else")[0]))
    rows = {line.split()[0] for line in table.splitlines()[4:] if line.strip()}

    assert rows
    assert rows <= set(comparison["plans"]["incumbent"]["initiatives"])
    assert rows <= listed


def test_a_split_that_a_rule_sets_is_told_of_the_money_that_the_rule_counts(
    lab: Path, run: Callable[..., Result]
) -> None:
    """Money on scale stands outside the rule; where there is none, the parts of all are those of the rule."""
    beside = run("compare", lab, "--certain").stdout
    lab.write_text(lab.read_text().replace("    cost: 40\n", "    cost: 40\n    never: true\n"), encoding="utf-8")
    without = run("compare", lab, "--certain").stdout
    (row,) = (line for line in beside.splitlines() if "as the rule splits it" in line)

    assert row.split(" it ")[-1].split() == ["30%", ":", "70%", "70%", ":", "30%"]
    assert not re.search(r"on architect .*\(70%\)", beside)
    assert re.search(r"on architect .*\(70%\)", without)
    assert "as the rule splits it" not in without


def test_any_gambits_can_be_compared_also_a_file_of_one_s_own(
    lab: Path, write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    mine = write("mine.yaml", "name: free\n")
    result = run("compare", lab, "--certain", "--gambit", "compute-only", "--gambit", mine, "--json")
    plans = json.loads(result.stdout)["plans"]

    assert list(plans) == ["compute-only", "free"]
    assert plans["free"]["objective"] >= plans["compute-only"]["objective"]


def test_one_gambit_alone_is_compared_with_nothing(lab: Path, run: Callable[..., Result]) -> None:
    result = run("compare", lab, "--certain", "--gambit", "challenger")

    assert result.exit_code == 0
    assert "where they differ most" not in result.stdout


def test_two_gambits_of_one_name_are_both_compared_or_refused(
    lab: Path, write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    mine = write("mine.yaml", "name: incumbent\n")
    result = run("compare", lab, "--certain", "--gambit", "incumbent", "--gambit", mine, "--json")

    assert result.exit_code == 3 or len(json.loads(result.stdout)["plans"]) == 2


def test_a_file_holds_what_json_prints(lab: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    printed = run("compare", lab, "--certain", "--json").stdout
    run("compare", lab, "--certain", "-o", tmp_path / "comparison.json")

    assert (tmp_path / "comparison.json").read_text(encoding="utf-8") == printed
    assert run("compare", lab, "--certain", "-o", "-").stdout == printed


def test_an_unknown_gambit_is_refused_with_the_one_that_was_meant(lab: Path, run: Callable[..., Result]) -> None:
    result = run("compare", lab, "--certain", "--gambit", "challange")

    assert result.exit_code == 3
    assert "there is no such gambit" in result.stderr
    assert "did you mean `challenger`?" in result.stderr


def test_rules_that_cannot_all_hold_exit_4(lab: Path, run: Callable[..., Result]) -> None:
    lab.write_text(
        lab.read_text().replace("    cost: 20\n", "    cost: 20\n    must: true\n    never: true\n"), encoding="utf-8"
    )
    result = run("compare", lab, "--certain", "--json")

    assert result.exit_code == 4
    assert [each["line"] for each in json.loads(result.stdout)["conflict"]] == [26, 27]
