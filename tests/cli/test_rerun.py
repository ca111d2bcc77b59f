"""`gambits rerun`: today's file against a recorded run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GAMBITS_RECORD", "GAMBITS_LEDGER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def edit(lab: Path) -> Callable[[str, str], None]:
    """Give a function that edits the lab."""

    def edit(old: str, new: str) -> None:
        text = lab.read_text(encoding="utf-8")
        assert text.count(old) == 1
        lab.write_text(text.replace(old, new), encoding="utf-8")

    return edit


@pytest.fixture
def recorded(lab: Path, run: Run) -> dict[str, Any]:
    """Record the lab's plan under the challenger, and give it."""
    return dict(json.loads(run("solve", lab, "--certain", "--gambit", "challenger", "--record", "--json").stdout))


def again(run: Run, lab: Path, *options: str | Path) -> dict[str, Any]:
    result = run("rerun", lab, "--json", *options)
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


COST = ("cost: 20\n", "cost: 30\n")


def test_a_rerun_has_every_key_that_is_promised_and_its_lines_add_up(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    edit(*COST)
    found = again(run, lab)
    solved = json.loads(run("solve", lab, "--certain", "--gambit", "challenger", "--json").stdout)

    assert set(found) >= {"total", "lines", "changes"}
    assert found["plan"] == solved
    assert found["against"] == "run 1"
    assert found["reused"] is None
    assert found["value"]["old"] == recorded["objective"]
    assert found["changes"] == [{"input": "initiatives.play.cost", "old": 20.0, "new": 30.0}]
    for key, name in (("value", "value"), ("money", "money_moved")):
        assert sum(line[key] for line in found["lines"]) == pytest.approx(found["total"][name], abs=1e-9)


def test_changed_and_changed_back_it_is_the_same_bytes_and_says_so(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    edit(*COST)
    run("rerun", lab, "--record")
    edit(COST[1], COST[0])
    shown = run("rerun", lab)
    found = again(run, lab, "--record")
    runs = json.loads(run("runs", "list", "--json").stdout)["runs"]

    assert json.dumps(found["plan"]) == json.dumps(recorded)
    assert (found["against"], found["reused"]) == ("run 2", 1)
    assert "run 1 asked these inputs, and its plan stands as it was recorded." in shown.stdout
    assert [each["command"] for each in runs] == ["solve", "rerun", "rerun"]
    assert runs[0]["sha256"] == runs[2]["sha256"] != runs[1]["sha256"]


def test_where_words_alone_changed_the_plan_stands_in_todays_words(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    edit("title: Self-play", "title: Playing")
    found = again(run, lab)
    solved = json.loads(run("solve", lab, "--certain", "--gambit", "challenger", "--json").stdout)

    assert found["reused"] == 1
    assert found["plan"] == solved
    assert found["total"] == {"value": 0, "money_moved": 0}
    assert all(line["value"] == 0 for line in found["lines"] if line["inputs"])


def test_the_old_plan_is_valued_under_todays_estimates(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    edit("success: 0.6", "success: 0.3")
    found = again(run, lab)

    assert found["value"]["new"] >= found["old_plan_today"] - 1e-9
    assert found["old_plan_today"] < recorded["objective"]
    edit("budget: {per_period: 10}", "budget: {per_period: 2}")
    assert again(run, lab)["old_plan_today"] is None
    assert "no longer obeys the rules" in run("rerun", lab).stdout


def test_gambit_draws_and_seed_are_those_of_the_older_run_unless_told(lab: Path, run: Run) -> None:
    run("solve", lab, "--gambit", "incumbent", "--draws", "30", "--seed", "7", "--batches", "0", "--record")
    found = again(run, lab)
    assert (found["reused"], found["plan"]["gambit"], found["plan"]["draws"], found["plan"]["seed"]) == (
        1,
        "incumbent",
        30,
        7,
    )
    other = again(run, lab, "--against", "1", "--gambit", "challenger", "--seed", "8", "--worlds", "0")
    assert (other["plan"]["gambit"], other["plan"]["draws"], other["plan"]["seed"]) == ("challenger", 30, 8)
    assert other["lines"] is None
    assert again(run, lab, "--certain", "--worlds", "0")["plan"]["seed"] is None


def test_a_gambit_file_that_is_gone_is_taken_from_the_ledger(lab: Path, run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "half.yaml"
    mine.write_text("name: half\nshares: {architect: 0.5, alchemist: 0.5}\n", encoding="utf-8")
    run("solve", lab, "--certain", "--gambit", mine, "--record")
    mine.unlink()

    assert again(run, lab)["reused"] == 1


def test_a_plans_file_needs_no_ledger(lab: Path, run: Run, tmp_path: Path, edit: Callable[[str, str], None]) -> None:
    plan = tmp_path / "plan.json"
    run("solve", lab, "--certain", "-o", plan)
    edit(*COST)
    found = again(run, lab, "--against", plan)

    assert found["against"] == str(plan)
    assert found["total"]["value"] < 0
    assert not (tmp_path / ".gambits").exists()
    missing = run("rerun", lab)
    assert missing.exit_code == 3
    assert "[no-ledger]" in missing.stderr


def test_stability_moves_less_and_says_what_it_gives_up(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    edit("success: 0.6", "success: 0.3")
    tight, loose = (again(run, lab, "--stability", within)["stability"] for within in ("0.0005", "0.01"))
    shown = run("rerun", lab, "--stability", "0.01").stdout

    for found, within in ((tight, 0.0005), (loose, 0.01)):
        assert 0 <= found["gives_up"] <= within
        assert found["money_moved"] <= found["money_moved_by_the_best"]
        spend = sum(map(sum, found["spend"].values()))
        assert spend <= 40 + 1e-6
    assert loose["money_moved"] < tight["money_moved"]
    assert tight["from_run"] is None
    assert "Stability gives up" in " ".join(shown.split())


def test_stability_keeps_near_the_plan_that_was_approved(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    run("runs", "approve", "1", "--by", "Ann")
    edit("success: 0.6", "success: 0.3")
    run("rerun", lab, "--record")
    found = again(run, lab, "--stability", "0.5")["stability"]

    assert found["from_run"] == 1
    assert found["money_moved"] == pytest.approx(0, abs=1e-6)
    assert {id: sum(row) for id, row in found["spend"].items()} == pytest.approx(
        {id: row["total"] for id, row in recorded["initiatives"].items()}, abs=1e-6
    )


def test_criteria_that_are_met_come_first(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    edit(
        "success: 0.6",
        "success: 0.3\n    review_every: 1 year\n    dissent: [{by: Bo, text: no}]\n"
        "    kill: [{metric: success, below: 0.4, by: 2027-06-30}]",
    )
    result = run("rerun", lab, "--today", "2028-07-01")
    found = again(run, lab, "--today", "2028-07-01")

    assert result.stdout.splitlines()[0].strip() == "criteria for stopping"
    assert "success below 0.4 by 2027-06-30" in result.stdout
    assert "Stale: hybrid stands since 2027-01-01" in result.stdout
    assert "Dissent on hybrid, Bo: no" in result.stdout
    assert [each["state"] for each in found["tripwires"]] == ["hit"]
    assert [each["initiative"] for each in found["stale"]] == ["hybrid"]
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_watching_solves_again_on_every_save_and_survives_a_fault(
    lab: Path, run: Run, recorded: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = lab.read_text(encoding="utf-8")
    saves = iter([text.replace(*COST), "format: nothing", text])

    def sleep(_: float) -> None:
        following = next(saves, None)
        if following is None:
            raise KeyboardInterrupt
        lab.write_text(following, encoding="utf-8")

    monkeypatch.setattr(time, "sleep", sleep)
    result = run("rerun", lab, "--watch")

    assert result.exit_code == 0
    assert result.stdout.count("Against run 1") == 3
    assert result.stderr.count("waiting for the next save") == 4
    assert "missing-key" in result.stderr
    assert result.stdout.rstrip().endswith("its plan stands as it was recorded.")


def test_another_portfolio_has_no_run_here(lab: Path, run: Run, recorded: dict[str, Any], tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(lab.read_text(encoding="utf-8").replace("Small lab", "Other lab"), encoding="utf-8")
    result = run("rerun", other)

    assert result.exit_code == 3
    assert "there is no run of Other lab" in result.stderr
    assert run("rerun", lab, "--gambit", "incumbent").exit_code == 3


def test_what_is_spent_stays_spent(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    """Half a year later the money of two quarters is gone: as planned, unless the file says otherwise."""
    edit("as_of: 2027-01-01", "as_of: 2027-07-01")
    edit("success: 0.6", "success: 0.1")
    found = again(run, lab, "--record")
    then, now = recorded["initiatives"], found["plan"]["initiatives"]

    for id, row in then.items():
        assert now[id]["spend"][:2] == pytest.approx(row["spend"][:2], abs=1e-9)
    spent = found["assumed_spent"]["play"]
    assert spent == pytest.approx(dict(zip(recorded["periods"][:2], then["play"]["spend"], strict=False)))
    assert found["total"]["money_moved"] > 0
    lines = {line["edit"]: line for line in found["lines"]}
    assert set(lines) == {"as_of, and what was spent", "initiatives.hybrid.success", "version", "ties"}
    for key, name in (("value", "value"), ("money", "money_moved")):
        assert sum(line[key] for line in found["lines"]) == pytest.approx(found["total"][name], abs=1e-9)
    assert again(run, lab)["reused"] == 2
    assert "Taken for spent up to 2027Q2, as run 1 planned" in run("rerun", lab, "--against", "1").stdout
    assert json.loads(run("runs", "verify", "2", "--json").stdout)["runs"][0]["verified"] is True

    edit("    title: Self-play\n", "    title: Self-play\n    spent: {2027Q1: 1}\n")
    stated = again(run, lab, "--against", "1")
    assert stated["assumed_spent"] == {}
    assert stated["plan"]["initiatives"]["play"]["spend"][:2] == [1, 0]
    assert stated["plan"]["initiatives"]["hybrid"]["spend"][:2] == [0, 0]


def test_a_horizon_that_has_rolled_on_keeps_what_was_spent_before_it(
    lab: Path, run: Run, recorded: dict[str, Any], edit: Callable[[str, str], None]
) -> None:
    edit("as_of: 2027-01-01", "as_of: 2027-04-01")
    edit("{first: 2027Q1, count: 4}", "{first: 2027Q2, count: 4}")
    found = again(run, lab)

    assert found["assumed_spent"]["hybrid"] == pytest.approx({"2027Q1": recorded["initiatives"]["hybrid"]["spend"][0]})
    assert found["plan"]["periods"][0] == "2027Q2"
