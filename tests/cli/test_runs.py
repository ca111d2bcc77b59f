"""`--record` and `gambits runs`: what was decided is kept, found, made again, approved and exported."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gambits.files.bundled import laws

Run = Callable[..., Result]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The ledger beside the lab."""
    return tmp_path / ".gambits" / "ledger.db"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GAMBITS_RECORD", "GAMBITS_LEDGER"):
        monkeypatch.delenv(name, raising=False)


def listed(run: Run, *options: str | Path) -> list[dict[str, Any]]:
    return list(json.loads(run("runs", "list", "--json", *options).stdout)["runs"])


def test_a_solve_is_recorded_beside_its_portfolio_and_shown_with_every_key_that_is_promised(
    lab: Path, book: Path, run: Run
) -> None:
    solved = run("solve", lab, "--certain", "--record", "--json")
    shown = json.loads(run("runs", "show", "latest", "--json").stdout)

    assert "Recorded as run 1 in .gambits/ledger.db" in solved.stderr
    assert book.is_file()
    assert set(shown) >= {"run", "recorded_at", "inputs", "plan", "verified"}
    assert shown["run"] == 1
    assert shown["verified"] is True
    assert json.dumps(shown["plan"]) == json.dumps(json.loads(solved.stdout))
    assert shown["inputs"] == shown["plan"]["inputs"]


def test_compare_records_a_run_for_each_plan_and_memo_keeps_its_text(lab: Path, run: Run, tmp_path: Path) -> None:
    run("compare", lab, "--certain", "--record")
    memo = run("memo", lab, "--certain", "--gambit", "challenger", "--record").stdout
    run("runs", "export", "3", "-o", tmp_path / "out")

    assert [(each["command"], each["gambit"]) for each in listed(run)] == [
        ("compare", "incumbent"),
        ("compare", "challenger"),
        ("memo", "challenger"),
    ]
    assert listed(run)[1]["sha256"] == listed(run)[2]["sha256"]
    assert (tmp_path / "out" / "memo.md").read_text(encoding="utf-8") == memo


def test_the_same_again_says_so_and_another_input_does_not(lab: Path, run: Run) -> None:
    texts = [lab.read_text(encoding="utf-8")]
    texts += [texts[0].replace("cost: 20\n", "cost: 30\n"), texts[0]]
    told = []
    for text in texts:
        lab.write_text(text, encoding="utf-8")
        told.append(run("solve", lab, "--certain", "--record").stderr)

    assert [("the same as" in each) for each in told] == [False, False, True]
    assert "Recorded as run 3" in told[2]
    assert "the same as run 1" in told[2]
    hashes = [each["sha256"] for each in listed(run)]
    assert hashes[0] == hashes[2] != hashes[1]


# Options, GAMBITS_RECORD, the project file, and whether a run is recorded.
SETTINGS: tuple[tuple[list[str], str | None, str, bool], ...] = (
    ([], None, "", False),
    ([], None, "record = true", True),
    ([], "1", "", True),
    ([], "0", "record = true", False),
    (["--no-record"], "1", "record = true", False),
    (["--record"], "0", "record = false", True),
    (["--ledger", ".gambits/ledger.db"], None, "", True),
    (["--ledger", ".gambits/ledger.db", "--no-record"], None, "", False),
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_flag_goes_before_the_environment_before_the_project(
    setting: tuple[list[str], str | None, str, bool],
    lab: Path,
    book: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options, environment, project, expected = setting
    (lab.parent / "gambits.toml").write_text(project, encoding="utf-8")
    if environment is not None:
        monkeypatch.setenv("GAMBITS_RECORD", environment)
    assert run("solve", lab, "--certain", *options).exit_code == 0

    assert book.exists() == expected


def test_the_ledger_is_where_the_project_says(
    lab: Path, run: Run, write: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("pyproject.toml", '[tool.gambits]\nrecord = true\nledger = "books/all.db"\n')
    run("solve", lab, "--certain")
    assert (tmp_path / "books" / "all.db").is_file()
    assert len(listed(run)) == 1

    monkeypatch.setenv("GAMBITS_LEDGER", str(tmp_path / "other.db"))
    run("solve", lab, "--certain")
    assert (tmp_path / "other.db").is_file()
    assert run("solve", lab, "--certain", "--ledger", tmp_path / "third.db").exit_code == 0
    assert len(listed(run, "--ledger", tmp_path / "third.db")) == 1


def test_a_ledger_is_found_from_the_folder_above_and_from_the_folders_below(
    lab: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        folder = tmp_path / name
        (folder / "deep").mkdir(parents=True)
        (folder / "portfolio.yaml").write_text(lab.read_text(encoding="utf-8"), encoding="utf-8")
        if name == "b":
            assert len(listed(run)) == 1  # the one below
        run("solve", folder, "--certain", "--record")
    several = run("runs", "list")
    assert several.exit_code == 2
    assert "a/.gambits/ledger.db, b/.gambits/ledger.db" in several.stderr
    monkeypatch.chdir(tmp_path / "a" / "deep")

    assert len(listed(run)) == 1


def test_a_bundled_portfolio_has_its_ledger_in_the_current_folder(run: Run, book: Path) -> None:
    run("solve", "minimal", "--certain", "--record")

    assert book.is_file()


def test_a_run_verifies_from_what_was_recorded_after_every_file_has_gone(lab: Path, run: Run, tmp_path: Path) -> None:
    law = laws()["muennighoff-2023"]
    (tmp_path / "draws").mkdir()
    (tmp_path / "mine.yaml").write_bytes(law.read_bytes().replace(b"1.5", b"1.50"))
    draws = law.parent / "draws" / "muennighoff-2023.csv"
    (tmp_path / "draws" / draws.name).write_bytes(draws.read_bytes())
    gambit = tmp_path / "half.yaml"
    gambit.write_text("name: half\nshares: {architect: 0.5, alchemist: 0.5}\naversion: 0.3\n", encoding="utf-8")
    text = lab.read_text(encoding="utf-8").replace("frontier:\n", "frontier:\n  law: mine.yaml\n")
    lab.write_text(text.replace("cost: 20\n", "cost: 20\n    start: 2031Q1\n"), encoding="utf-8")
    run("solve", lab, "--gambit", gambit, "--draws", "40", "--batches", "2", "--record")
    for file in (lab, gambit, tmp_path / "mine.yaml", tmp_path / "draws" / draws.name):
        file.unlink()

    (found,) = json.loads(run("runs", "verify", "--json").stdout)["runs"]
    assert found == {"run": 1, "verified": True, "outcome": "the same bytes", "environment": [], "differences": []}
    assert listed(run)[0]["verified"] is True


def _forged(book: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Forge a plan so well that every hash fits: only making the run again can tell."""
    connection = sqlite3.connect(book)
    for trigger in ("keep_documents_from_update", "keep_runs_from_update", "keep_parts_from_update"):
        connection.execute(f"DROP TRIGGER {trigger}")
    parts = dict(connection.execute("SELECT name, document FROM parts").fetchall())
    (text,) = connection.execute("SELECT text FROM documents WHERE sha256 = ?", (parts["plan"],)).fetchone()
    plan = json.loads(text)
    change(plan)
    text = json.dumps(plan, indent=2, ensure_ascii=False) + "\n"
    forged = sha256(text.encode()).hexdigest()
    connection.execute("INSERT INTO documents VALUES (?, ?)", (forged, text))
    connection.execute("UPDATE parts SET document = ? WHERE name = 'plan'", (forged,))
    parts["plan"] = forged
    whole = "\n".join(f"{name} {parts[name]}" for name in ("inputs", "plan", "settings"))
    connection.execute("UPDATE runs SET sha256 = ?", (sha256(whole.encode()).hexdigest(),))
    connection.commit()
    connection.close()


def test_a_plan_that_was_forged_does_not_verify_and_the_ledger_remembers(lab: Path, book: Path, run: Run) -> None:
    run("solve", lab, "--certain", "--record")
    _forged(book, lambda plan: plan.update(objective=plan["objective"] + 0.1))

    result = run("runs", "verify", "1")
    assert result.exit_code == 6
    assert "Run 1: different." in result.stdout
    assert "objective: " in result.stdout
    assert "not borne out: run 1" in result.stderr
    shown = json.loads(run("runs", "show", "1", "--json").stdout)
    assert shown["verified"] is False
    assert shown["verification"]["text"].startswith("different; objective")


def _elsewhere(book: Path) -> None:
    """Say that the run was made by another program on another machine."""
    connection = sqlite3.connect(book)
    connection.execute("DROP TRIGGER IF EXISTS keep_runs_from_update")
    connection.execute("""UPDATE runs SET environment = replace(environment, '"code": "', '"code": "0')""")
    connection.commit()
    connection.close()


def test_elsewhere_a_run_verifies_within_the_tolerance_of_a_certificate(lab: Path, book: Path, run: Run) -> None:
    run("solve", lab, "--certain", "--record")
    _forged(book, lambda plan: plan.update(objective=plan["objective"] + 1e-7))
    assert run("runs", "verify", "1").exit_code == 6
    _elsewhere(book)

    result = run("runs", "verify", "1")
    assert result.exit_code == 0
    assert "Run 1: equal within tolerance." in result.stdout
    assert "the program's text" in result.stdout


def test_elsewhere_money_in_another_place_is_named(lab: Path, book: Path, run: Run) -> None:
    run("solve", lab, "--certain", "--record")

    def move(plan: dict[str, Any]) -> None:
        spend = plan["initiatives"]["hybrid"]["spend"]
        spend[0], spend[-1] = spend[0] - 2, spend[-1] + 2

    _forged(book, move)
    _elsewhere(book)

    result = run("runs", "verify", "1")
    assert result.exit_code == 6
    assert "money of hybrid" in result.stdout


def test_a_run_is_exported_with_every_hash(lab: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    solved = run("solve", lab, "--certain", "--record", "--json").stdout
    assert run("runs", "export", "1", "-o", out).exit_code == 0
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    rows = list(csv.reader((out / "money.csv").read_text(encoding="utf-8").splitlines()))

    assert (out / "source" / "portfolio.yaml").read_bytes() == lab.read_bytes()
    assert (out / "plan.json").read_text(encoding="utf-8") == solved
    for name in ("inputs", "settings"):
        assert sha256((out / f"{name}.json").read_bytes()).hexdigest() == manifest["parts"][name]
    assert rows[0] == ["initiative", "path", "2027Q1", "2027Q2", "2027Q3", "2027Q4", "total", "funded"]
    assert [row[0] for row in rows[1:]] == sorted(json.loads(solved)["initiatives"])
    again = run("runs", "export", "1", "-o", out)
    assert again.exit_code == 2
    assert "is left as it is" in again.stderr


def test_a_run_is_approved_annotated_and_locked_by_name(lab: Path, run: Run) -> None:
    run("solve", lab, "--certain", "--record")
    assert run("runs", "annotate", "1", "why so much on one?", "--by", "Bob").exit_code == 0
    assert run("runs", "approve", "1", "--by", "Ann", "--note", "go").exit_code == 0
    assert run("runs", "lock", "approved", "--by", "Ann").exit_code == 0
    closed = run("runs", "annotate", "1", "too late", "--by", "Bob")
    (found,) = listed(run)
    told = run("runs", "show", "1").stdout

    assert closed.exit_code == 3
    assert "run 1 was locked by Ann" in closed.stderr
    assert (found["approved_by"], found["locked"]) == (["Ann"], True)
    assert "note by Bob: why so much on one?" in told
    assert "approved by Ann: go" in told
    assert "approved, locked" in run("runs", "list").stdout


def test_what_is_not_there_exits_3_with_what_to_type(lab: Path, run: Run) -> None:
    nowhere = run("runs", "list", "--json")
    assert nowhere.exit_code == 3
    assert [each["code"] for each in json.loads(nowhere.stdout)["problems"]] == ["no-ledger"]
    run("solve", lab, "--certain", "--record")
    for command in ("show", "verify"):
        missing = run("runs", command, "7")
        assert missing.exit_code == 3
        assert "gambits runs list" in missing.stderr


def test_what_is_printed_fits_100_columns(lab: Path, run: Run) -> None:
    run("solve", lab, "--certain", "--record")
    run("runs", "approve", "1", "--by", "Ann")
    for command in (("list",), ("show", "1"), ("verify", "1")):
        assert max(map(len, run("runs", *command).stdout.splitlines())) <= 100


def test_a_setting_that_makes_no_sense_is_named(lab: Path, run: Run, write: Callable[[str, str], Path]) -> None:
    write("gambits.toml", 'record = "perhaps"')
    assert "neither true nor false" in run("solve", lab, "--certain").stderr
    write("gambits.toml", "record = ")
    result = run("solve", lab, "--certain")

    assert result.exit_code == 2
    assert "is not TOML" in result.stderr
