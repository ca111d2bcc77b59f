"""`gambits calibrate`: outcomes are recorded, scored, and learned from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]


def lab_of(count: int) -> str:
    """Write a lab of many small bets, whose author thinks each costs 10."""
    head = """\
format: gambits/1
name: Many bets
as_of: 2027-01-01
periods: {first: 2027Q1, count: 6}
money: USD million
budget: {per_period: 7}
objective: {value: 1}
initiatives:
"""
    rows = (
        f"  bet-{n}: {{path: {path}, owner: {owner}, source: judgement, cost: 8 to 12.5, success: 0.8, "
        f"value: {n + 1}}}\n"
        for n in range(count)
        for path, owner in [("architect", "Ann") if n % 2 else ("alchemist", "Bob")]
    )
    return head + "".join(rows)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GAMBITS_RECORD", "GAMBITS_LEDGER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bets(tmp_path: Path, run: Run) -> Path:
    """Record a lab of twelve bets."""
    file = tmp_path / "bets.yaml"
    file.write_text(lab_of(12), encoding="utf-8")
    assert run("solve", file, "--certain", "--gambit", "incumbent", "--record").exit_code == 0
    return file


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Write what came out: every bet cost 15, and half of them worked."""
    lines = ["estimate,value,on,by"]
    lines += [f"bet-{n}.cost,15,2027-09-30,Cy" for n in range(12)]
    lines += [f"bet-{n}.success,{n % 2},2027-12-31,Cy" for n in range(12)]
    file = tmp_path / "outcomes.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def report(run: Run, *arguments: str | Path) -> dict[str, Any]:
    result = run("calibrate", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


def test_outcomes_are_scored_and_the_plan_is_laid_beside_the_one_on_mended_estimates(
    bets: Path, history: Path, run: Run
) -> None:
    found = report(run, bets, "--outcomes", history, "--certain")

    assert found["outcomes"] == 24
    assert found["kinds"]["cost"]["bias"] == pytest.approx(1.5)
    assert found["kinds"]["cost"]["coverage"] == 0
    assert found["kinds"]["success"]["brier"] == pytest.approx((0.2**2 + 0.8**2) / 2)
    assert found["kinds"]["success"]["bias"] == pytest.approx(-0.3)
    assert set(found["owners"]) == {"Ann", "Bob"}
    assert set(found["paths"]) == {"architect", "alchemist"}
    assert found["lessons"]["cost"]["shift"] > 1
    plans = found["plans"]
    assert plans["estimates"]["initiatives.bet-1.cost"]["raw"] == "8 to 12.5"
    assert plans["recalibrated"]["objective"] < plans["raw"]["objective"]
    assert plans["recalibrated"]["input_sha256"] != plans["raw"]["input_sha256"]
    # Ann's bets worked and Bob's did not: the record of each is told apart.
    of = {(each["kind"], each["owner"]): each["shift"] for each in found["lessons_of_owners"]}
    assert of["success", "Ann"] > of["success", "Bob"]


def test_what_is_printed_says_what_was_learned_and_fits_100_columns(bets: Path, history: Path, run: Run) -> None:
    result = run("calibrate", bets, "--outcomes", history, "--certain")
    told = " ".join(result.stdout.split())

    assert "Recorded 24 outcomes" in result.stderr
    assert "1.50×" in told
    assert "Shrunk as if 10 more outcomes had come out as forecast." in told
    assert "OOM on raw estimates" in told
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_with_too_little_it_says_so_and_plans_nothing_else(bets: Path, run: Run) -> None:
    empty = run("calibrate", bets, "--certain")
    assert empty.exit_code == 0
    assert "not enough data" in empty.stdout
    few = run("calibrate", bets, "--outcome", "bet-1.cost=15", "--on", "2027-09-30", "--certain")

    assert "not enough data" in few.stdout
    assert report(run, bets, "--certain")["plans"] is None
    assert report(run)["kinds"]["cost"] == {
        "outcomes": 1,
        "enough": False,
        "brier": None,
        "coverage": None,
        "bias": None,
    }


def test_an_outcome_is_held_against_the_estimate_that_stood_before_it(bets: Path, run: Run) -> None:
    text = bets.read_text(encoding="utf-8")
    bets.write_text(
        text.replace("2027-01-01", "2027-06-01").replace("cost: 8 to 12.5", "cost: 14 to 16"), encoding="utf-8"
    )
    run("solve", bets, "--certain", "--gambit", "incumbent", "--record")
    bets.write_text(
        text.replace("2027-01-01", "2028-01-01").replace("cost: 8 to 12.5", "cost: 1 to 2"), encoding="utf-8"
    )
    run("solve", bets, "--certain", "--gambit", "incumbent", "--record")
    outcomes = [part for n in range(12) for part in ("--outcome", f"bet-{n}.cost=15")]
    found = report(run, bets, "--certain", *outcomes, "--on", "2027-09-30")

    assert found["kinds"]["cost"]["coverage"] == 1
    too_early = report(run, bets, "--certain", "--outcome", "bet-1.success=1", "--on", "2026-01-01")
    assert too_early["without_estimate"] == [{"portfolio": "Many bets", "estimate": "initiatives.bet-1.success"}]


def test_the_last_entry_of_an_outcome_counts(bets: Path, history: Path, run: Run) -> None:
    run("calibrate", bets, "--outcomes", history, "--certain")
    corrected = [part for n in range(12) for part in ("--outcome", f"bet-{n}.cost=10")]
    found = report(run, bets, "--certain", *corrected, "--on", "2027-09-30")

    assert found["kinds"]["cost"]["outcomes"] == 12
    assert found["kinds"]["cost"]["bias"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("bet-99.cost=3", "did you mean `bet-"),
        ("bet-1=3", "write bet-1.cost"),
        ("bet-1.success=0.5", "write 1 if it succeeded and 0 if not"),
        ("bet-1.cost=-3", "write a number above 0"),
    ],
)
def test_what_cannot_be_an_outcome_is_refused_and_nothing_recorded(
    outcome: str, words: str, bets: Path, run: Run
) -> None:
    result = run("calibrate", bets, "--outcome", "bet-2.cost=9", "--outcome", outcome, "--certain")

    assert result.exit_code == 3
    assert words in result.stderr
    assert report(run)["outcomes"] == 0


def test_a_metric_of_ones_own_is_kept_for_criteria_and_left_out_of_scores(bets: Path, run: Run) -> None:
    found = report(run, bets, "--outcome", "bet-1.pass rate=0.2", "--on", "2027-06-30", "--by", "Cy", "--certain")
    assert found["outcomes"] == 0
    text = bets.read_text(encoding="utf-8")
    kill = "kill: [{metric: pass rate, below: 0.3, by: 2027-06-30}], value: 2}"
    bets.write_text(text.replace("value: 2}", kill), encoding="utf-8")
    again = json.loads(run("rerun", bets, "--json", "--today", "2027-07-01").stdout)

    assert [(each["state"], each["value"]) for each in again["tripwires"]] == [("hit", 0.2)]


def test_a_table_that_is_none_is_refused_line_by_line(bets: Path, run: Run, write: Callable[[str, str], Path]) -> None:
    table = write(
        "bad.csv", "estimate,value,on\nbet-1.cost,much,2027-01-01\nbet-1.cost,3,soon\nbet-1.cost,3,2027-02-02\n"
    )
    result = run("calibrate", bets, "--outcomes", table, "--json")

    assert result.exit_code == 3
    assert [each["line"] for each in json.loads(result.stdout)["problems"]] == [2, 3]
    headless = run("calibrate", bets, "--outcomes", write("no.csv", "a,b\n1,2\n"))
    assert "no column estimate, value, on" in headless.stderr
    assert run("calibrate", "--outcome", "bet-1.cost=3").exit_code == 2
    assert run("calibrate", bets, "--outcome", "bet-1.cost").exit_code == 2


def test_a_calibration_is_kept_in_a_file_and_told(bets: Path, history: Path, tmp_path: Path, run: Run) -> None:
    result = run("calibrate", bets, "--outcomes", history, "--certain", "-o", tmp_path / "track.json")
    kept = json.loads((tmp_path / "track.json").read_text(encoding="utf-8"))

    assert "by kind of estimate" in result.stdout
    assert kept == report(run, bets, "--certain")
    assert kept["plans"] is not None
