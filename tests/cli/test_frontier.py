"""`gambits frontier`: tables, JSON, a picture, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def test_json_has_every_key_that_is_promised(lab: Path, run: Run) -> None:
    found = json.loads(run("frontier", lab, "--certain", "--points", "5", "--json").stdout)

    assert set(found) >= {"format", "points", "budget_points", "risk_points", "marks", "free", "price", "margin"}
    assert [point["architect_share"] for point in found["points"]] == [0, 0.25, 0.5, 0.75, 1]
    for point in found["points"]:
        assert set(point) >= {"expected", "cvar", "objective", "total_spend", "status"}
    assert set(found["budget_points"][0]) >= {"budget", "expected", "cvar"}
    assert [mark["gambit"] for mark in found["marks"]] == ["incumbent", "challenger"]
    assert set(found["ranking"][0]) >= {"id", "per_money", "cumulative_money", "cumulative_value", "within_budget"}


def test_marks_are_the_plans_of_compare(lab: Path, run: Run) -> None:
    settings = ("--draws", "40", "--seed", "3", "--json")
    marks = json.loads(run("frontier", lab, "--points", "2", *settings).stdout)["marks"]
    plans = json.loads(run("compare", lab, "--batches", "0", *settings).stdout)["plans"]

    for mark in marks:
        plan = plans[mark["gambit"]]
        assert {key: mark[key] for key in ("objective", "expected", "cvar")} == {
            key: plan[key] for key in ("objective", "expected", "cvar")
        }
        assert mark["total_spend"] == pytest.approx(plan["total_spend"], abs=1e-6)


def test_the_tables_say_what_the_split_costs_and_what_the_ranking_is(lab: Path, run: Run) -> None:
    shown = run("frontier", lab, "--draws", "20", "--points", "3").stdout
    text = " ".join(shown.split())

    assert "the split of incumbent costs" in text
    assert "At the margin" in text
    assert "a ranking, not a plan" in text
    assert "incumbent, any split" in text
    assert "weight of the tail" in text
    assert f"gambits compare {lab}" in text
    assert max(map(len, shown.splitlines())) <= 100


def test_a_share_that_no_plan_has_is_told(lab: Path, run: Run) -> None:
    lab.write_text(lab.read_text().replace("cost: 12\n", "cost: 12\n    must: true\n"), encoding="utf-8")
    result = run("frontier", lab, "--gambit", "challenger", "--certain", "--points", "3")

    assert result.exit_code == 0
    assert "infeasible" in result.stdout


def test_whole_choices_are_told(lab: Path, run: Run) -> None:
    lab.write_text(lab.read_text().replace("cost: 40\n", "cost: 40\n    whole: true\n"), encoding="utf-8")
    result = run("frontier", lab, "--certain", "--points", "3")

    assert "plans do not mix" in result.stdout


@pytest.mark.parametrize("draws", [("--certain",), ("--draws", "20")])
def test_a_picture_is_written(draws: tuple[str, ...], lab: Path, tmp_path: Path, run: Run) -> None:
    run("frontier", lab, *draws, "--points", "3", "--plot", tmp_path / "curves.svg")

    text = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    assert "The price of the gambit: incumbent" in text
    assert ("worst draws" in text) is (draws != ("--certain",))


def test_what_cannot_be_is_refused(lab: Path, run: Run) -> None:
    assert run("frontier", lab, "--plot", "curves.pdf").exit_code == 2
    assert run("frontier", lab, "--points", "1").exit_code == 2
    assert run("frontier", lab, "--gambit", "incumbant").exit_code == 3
    lab.write_text(lab.read_text().replace("cost: 40\n", "cost: 90\n    must: true\n"), encoding="utf-8")
    result = run("frontier", lab, "--certain")
    assert result.exit_code == 4
    assert "Traceback" not in result.stderr
