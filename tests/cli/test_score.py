"""`gambits score`: tables, JSON, a picture, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Write = Callable[[str, str], Path]

PLAN = "initiative,total\nhybrid,3\nverifier,2\nplay,5\n"


def test_json_has_every_key_that_is_promised(lab: Path, write: Write, run: Run) -> None:
    result = run("score", lab, write("plan.csv", PLAN), "--certain", "--json")
    found = json.loads(result.stdout)

    assert set(found) >= {
        "format",
        "plan",
        "best",
        "bound",
        "distance",
        "broken",
        "mend",
        "half",
        "whole",
        "draws",
        "seed",
    }
    assert set(found["plan"]) == {"objective", "expected", "cvar", "total_spend", "architect_share", "money"}
    assert {"rule", "file", "line"} <= set(found["broken"][0])
    assert set(found["half"]) == {"plan", "moved", "least", "moves"}
    assert set(next(iter(found["half"]["moves"].values()))) == {"old", "new", "moved"}


def test_the_best_plan_of_solve_scores_nothing_from_the_best(lab: Path, tmp_path: Path, run: Run) -> None:
    settings = ("--gambit", "challenger", "--draws", "40")
    run("solve", lab, *settings, "--batches", "0", "-o", tmp_path / "plan.json")
    result = run("score", lab, tmp_path / "plan.json", *settings, "--json")
    found = json.loads(result.stdout)

    assert found["distance"] == 0
    assert found["broken"] == []
    shown = run("score", lab, tmp_path / "plan.json", *settings).stdout
    assert "It is 0.000 OOM from the best plan of challenger." in shown
    assert "It obeys every rule." in shown


def test_the_tables_name_the_rules_and_the_moves(lab: Path, write: Write, run: Run) -> None:
    shown = run("score", lab, write("plan.csv", PLAN), "--certain").stdout
    text = " ".join(shown.split())

    assert "incumbent's share of architect: 70%" in text
    assert "play waits for verifier (requires)" in text
    assert "close half of the distance" in text
    assert "after which it obeys every rule" in text
    assert max(map(len, shown.splitlines())) <= 100


@pytest.mark.parametrize("plan", [PLAN, "initiative,total\n"])
def test_a_picture_is_written(plan: str, lab: Path, write: Write, tmp_path: Path, run: Run) -> None:
    run("score", lab, write("plan.csv", plan), "--certain", "--plot", tmp_path / "moves.svg")

    assert "From this plan to a better one" in (tmp_path / "moves.svg").read_text(encoding="utf-8")


def test_faults_of_a_plan_are_told_with_their_place(lab: Path, write: Write, run: Run) -> None:
    result = run("score", lab, write("plan.csv", "initiative,total\nhybird,8\nplay,much\n"), "--certain")

    assert result.exit_code == 3
    assert "plan.csv:2" in result.stderr and "plan.csv:3" in result.stderr
    assert "did you mean `hybrid`?" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_cannot_be_is_refused(lab: Path, write: Write, run: Run) -> None:
    plan = write("plan.csv", PLAN)
    assert run("score", lab, plan, "--plot", "moves.pdf").exit_code == 2
    assert run("score", lab, "none.csv").exit_code == 3
    lab.write_text(lab.read_text().replace("cost: 40\n", "cost: 90\n    must: true\n"), encoding="utf-8")
    assert run("score", lab, plan, "--certain").exit_code == 4
