"""`gambits diff`: what was edited, what money moved, what it was worth."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gambits.files.bundled import laws, portfolio_folder


@pytest.fixture
def solved(lab: Path, tmp_path: Path, run: Callable[..., Result]) -> Callable[..., Path]:
    """Give a function that edits the lab, solves it, and keeps the plan under a name."""
    text = lab.read_text(encoding="utf-8")

    def solved(name: str, *edits: tuple[str, str], gambit: str = "challenger") -> Path:
        edited = text
        for old, new in edits:
            assert old in edited
            edited = edited.replace(old, new)
        lab.write_text(edited, encoding="utf-8")
        out = tmp_path / f"{name}.json"
        assert run("solve", lab, "--certain", "--gambit", gambit, "-o", out).exit_code == 0
        return out

    return solved


def money(plan: Path) -> dict[str, Any]:
    return {id: each["spend"] for id, each in json.loads(plan.read_text())["initiatives"].items()}


def test_an_edited_estimate_is_told_with_the_money_that_moved_and_the_value(
    solved: Callable[..., Path], run: Callable[..., Result]
) -> None:
    old, new = solved("old"), solved("new", ("cost: 20\n", "cost: 30\n"))
    before, after = (json.loads(plan.read_text()) for plan in (old, new))

    result = run("diff", old, new)
    lines = [line.split() for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert result.stderr == ""
    assert ["initiatives.play.cost", "20", "30"] in lines
    for id, each in after["initiatives"].items():
        change = each["total"] - before["initiatives"][id]["total"]
        if abs(change) > 0.1:
            (row,) = (line for line in lines if line[:1] == [id])
            was, now = before["initiatives"][id]["spend"], each["spend"]
            moved = sum(abs(b - a) for a, b in zip(was, now, strict=True)) / 2
            assert [float(cell) for cell in row[-2:]] == pytest.approx([change, moved], abs=0.051)
    assert f"Value {before['objective']:.3f} → {after['objective']:.3f} OOM" in " ".join(result.stdout.split())
    assert "Money moved: " in result.stdout


def test_json_has_every_key_that_is_promised_and_adds_up(
    solved: Callable[..., Path], run: Callable[..., Result]
) -> None:
    old, new = solved("old"), solved("new", ("cost: 20\n", "cost: 30\n"))
    found = json.loads(run("diff", old, new, "--json").stdout)
    before, after = money(old), money(new)
    moved = sum(abs(b - a) for id in before for a, b in zip(before[id], after[id], strict=True)) / 2

    assert set(found) >= {"total", "lines", "changes"}
    assert found["total"]["money_moved"] == pytest.approx(moved, abs=1e-3)
    assert found["total"]["value"] == pytest.approx(
        json.loads(new.read_text())["objective"] - json.loads(old.read_text())["objective"], abs=1e-10
    )
    assert found["changes"] == [{"input": "initiatives.play.cost", "old": 20, "new": 30}]


def test_the_same_plan_twice_moves_nothing(solved: Callable[..., Path], run: Callable[..., Result]) -> None:
    old, new = solved("old"), solved("new")
    shown, found = run("diff", old, new), json.loads(run("diff", old, new, "--json").stdout)

    assert "The inputs are the same." in shown.stdout
    assert "No money moved." in shown.stdout
    assert found["changes"] == []
    assert found["total"] == {"value": 0, "money_moved": 0}


def test_another_gambit_is_an_edit_of_the_gambit(solved: Callable[..., Path], run: Callable[..., Result]) -> None:
    old, new = solved("old", gambit="incumbent"), solved("new", gambit="challenger")
    changes = {each["input"]: each for each in json.loads(run("diff", old, new, "--json").stdout)["changes"]}

    assert changes["gambit: shares.architect"] == {"input": "gambit: shares.architect", "old": 0.7, "new": 0.3}
    assert all(key.startswith("gambit: ") for key in changes)


def test_another_law_is_an_edit_of_its_constants_too(solved: Callable[..., Path], run: Callable[..., Result]) -> None:
    old, new = solved("old"), solved("new", ("frontier:\n", "frontier:\n  law: besiroglu-2024\n"))
    changes = {each["input"]: each for each in json.loads(run("diff", old, new, "--json").stdout)["changes"]}

    assert changes["frontier.law"]["old"] is None
    assert changes["law: name"]["new"] == "besiroglu-2024"
    assert "law: alpha" in changes


def test_an_initiative_that_goes_or_comes_is_told_as_such(
    solved: Callable[..., Path], run: Callable[..., Result]
) -> None:
    old, new = solved("old"), solved("new", ("  play:\n", "  self-play:\n"))
    found = json.loads(run("diff", old, new, "--json").stdout)
    changes = {each["input"]: each for each in found["changes"]}

    assert changes["initiatives.play.cost"]["new"] is None
    assert changes["initiatives.self-play.cost"]["old"] is None
    assert found["moves"]["play"]["new"] == 0
    assert found["moves"]["self-play"]["old"] == 0
    assert found["total"]["value"] == pytest.approx(0, abs=1e-9)


def test_the_frontier_lab_with_one_estimate_edited(tmp_path: Path, run: Callable[..., Result]) -> None:
    """The third use of the whole tool: an estimate changes, and the lab asks what moved."""
    folder = portfolio_folder("frontier-lab")
    assert folder is not None
    mine, old, new = (tmp_path / name for name in ("portfolio.yaml", "old.json", "new.json"))
    mine.write_text((folder / "portfolio.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    run("solve", tmp_path, "--certain", "--gambit", "challenger", "-o", old)
    initiatives = json.loads(old.read_text())["initiatives"]
    largest = max(initiatives, key=lambda id: initiatives[id]["total"])
    text, count = re.subn(rf"(?ms)^(  {largest}:\n.*?^    cost: )[^\n]+", r"\g<1>300 to 400", mine.read_text(), count=1)
    assert count == 1
    mine.write_text(text, encoding="utf-8")
    run("solve", tmp_path, "--certain", "--gambit", "challenger", "-o", new)

    result = run("diff", old, new)
    told = " ".join(result.stdout.split())

    assert result.exit_code == 0
    assert f"initiatives.{largest}.cost " in told
    assert " 300 to 400 " in told
    assert f" {largest} " in told.split("what moved")[1]
    assert float(told.split("Money moved: ")[1].split()[0]) > 1
    assert float(told.split("OOM (")[1].split(")")[0]) < 0
    assert max(len(line) for line in result.stdout.splitlines()) <= 100


NO_PLANS = {
    "text": "not json",
    "a list": "[]",
    "another shape": '{"format": "gambits/diff/1"}',
    "a plan that is infeasible": '{"format": "gambits/plan/1", "status": "infeasible", "conflict": []}',
    "nothing": "",
    "depth without end": "[" * 100_000,
}


@pytest.mark.parametrize("text", NO_PLANS.values(), ids=NO_PLANS)
def test_what_is_no_plan_exits_3_with_how_to_make_one(
    text: str, solved: Callable[..., Path], write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    plan, other = solved("plan"), write("other.json", text)

    for pair in ((plan, other), (other, plan)):
        result = run("diff", *pair)
        assert result.exit_code == 3
        assert result.stdout == ""
        assert f"{other}: " in result.stderr
        assert "gambits solve PORTFOLIO -o plan.json" in result.stderr


def test_a_plan_that_is_not_there_exits_3(tmp_path: Path, run: Callable[..., Result]) -> None:
    result = run("diff", tmp_path / "old.json", tmp_path / "new.json", "--json")

    assert result.exit_code == 3
    assert [each["code"] for each in json.loads(result.stdout)["problems"]] == ["unreadable"]


@pytest.mark.parametrize(
    ("key", "odd"),
    [
        ("initiatives", []),
        ("initiatives", {"play": {}}),
        ("inputs", []),
        ("objective", "much"),
        ("total_spend", None),
        ("periods", 4),
        ("periods", [1]),
        ("objective", float("nan")),
        ("objective", 10**400),
        ("inputs", {"portfolio": {}}),
        ("seed", "2027"),
        ("draws", None),
    ],
)
def test_a_plan_with_something_odd_in_it_exits_3(
    key: str, odd: object, solved: Callable[..., Path], run: Callable[..., Result], write: Callable[[str, str], Path]
) -> None:
    plan = json.loads(solved("plan").read_text())
    other = write("other.json", json.dumps(plan | {key: odd}))

    assert run("diff", other, other).exit_code == 3


def test_the_lines_of_the_bridge_add_up_to_the_total(solved: Callable[..., Path], run: Callable[..., Result]) -> None:
    old, new = solved("old"), solved("new", ("cost: 20\n", "cost: 30\n"), ("takes: 3", "takes: 2"))
    found = json.loads(run("diff", old, new, "--json").stdout)
    shown = run("diff", old, new).stdout

    assert {line["edit"] for line in found["lines"]} == {
        "initiatives.play.cost",
        "initiatives.hybrid.takes",
        "version",
        "ties",
    }
    for key, name in (("value", "value"), ("money", "money_moved")):
        assert sum(line[key] for line in found["lines"]) == pytest.approx(found["total"][name], abs=1e-9)
    assert "which edit moved it" in shown
    assert max(map(len, shown.splitlines())) <= 100
    assert json.loads(run("diff", old, new, "--worlds", "0", "--json").stdout)["lines"] is None


def test_the_exit_code_says_whether_the_plan_moved(solved: Callable[..., Path], run: Callable[..., Result]) -> None:
    old, new, same = solved("old"), solved("new", ("cost: 20\n", "cost: 30\n")), solved("same", ("Doe 2026", "Doe"))

    assert run("diff", old, new, "--exit-code").exit_code == 1
    assert run("diff", old, new).exit_code == 0
    told = run("diff", old, same, "--exit-code")
    assert told.exit_code == 0
    assert "initiatives.hybrid.source" in told.stdout


def test_runs_of_the_ledger_are_compared_like_files(
    lab: Path, solved: Callable[..., Path], run: Callable[..., Result], tmp_path: Path
) -> None:
    old, new = solved("old"), solved("new", ("cost: 20\n", "cost: 30\n"))
    by_file = json.loads(run("diff", old, new, "--json").stdout)
    book = tmp_path / "book.db"
    for edits in ((), (("cost: 20\n", "cost: 30\n"),)):
        solved("again", *edits)
        run("solve", lab, "--certain", "--gambit", "challenger", "--ledger", book)
    lab.unlink()
    by_run = json.loads(run("diff", "1", "latest", "--ledger", book, "--json").stdout)

    assert by_run == by_file


def test_a_plan_whose_law_is_gone_is_compared_without_a_bridge(
    solved: Callable[..., Path], run: Callable[..., Result], write: Callable[[str, str], Path]
) -> None:
    law = write("mine.yaml", laws()["muennighoff-2023"].read_text(encoding="utf-8").replace("draws:", "# draws:"))
    named = ("frontier:\n", "frontier:\n  law: mine.yaml\n")
    old, new = solved("old", named), solved("new", named, ("cost: 20\n", "cost: 30\n"))
    assert json.loads(run("diff", old, new, "--json").stdout)["lines"]
    law.unlink()

    result = run("diff", old, new, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["lines"] is None
    assert "[law-gone]" in result.stderr


def test_the_bridge_is_drawn_as_a_picture(
    solved: Callable[..., Path], run: Callable[..., Result], tmp_path: Path
) -> None:
    old, new = solved("old"), solved("new", ("cost: 20\n", "cost: 30\n"))
    assert run("diff", old, new, "--plot", tmp_path / "bridge.svg").exit_code == 0
    texts = ET.fromstring((tmp_path / "bridge.svg").read_text(encoding="utf-8")).itertext()

    assert {"initiatives.play.cost", "before", "after"} <= set(texts)
    assert run("diff", old, new, "--plot", tmp_path / "bridge.pdf").exit_code == 2
    assert run("diff", old, new, "--plot", tmp_path / "b.svg", "--worlds", "0").exit_code == 2


def test_what_moved_is_kept_in_a_file_and_told(
    solved: Callable[..., Path], tmp_path: Path, run: Callable[..., Result]
) -> None:
    old, new = solved("old"), solved("new", ("cost: 20\n", "cost: 30\n"))
    result = run("diff", old, new, "--worlds", "0", "--exit-code", "-o", tmp_path / "moved" / "diff.json")

    assert result.exit_code == 1
    assert "Money moved: " in result.stdout
    kept = json.loads((tmp_path / "moved" / "diff.json").read_text(encoding="utf-8"))
    assert kept == json.loads(run("diff", old, new, "--worlds", "0", "--json").stdout)
    assert (
        run("diff", old, new, "--worlds", "0", "-o", "-").stdout
        == run("diff", old, new, "--worlds", "0", "--json").stdout
    )
