"""`gambits template`: a workbook or tables to fill in, which every command then takes for a portfolio."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result

from gambits import load
from gambits.files.bundled import laws

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_workbook_comes_from_nothing_but_the_command(run: Run) -> None:
    result = run("template")

    assert result.exit_code == 0
    assert "gambits check portfolio.xlsx" in result.stdout
    assert run("check", "portfolio.xlsx").stdout.startswith("portfolio.xlsx: sound. 4 initiatives")
    assert load("portfolio.xlsx") == load("minimal")


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (("-o", "lab.xlsx"), ["lab.xlsx"]),
        (("-o", "deep/lab.xlsx"), ["deep/lab.xlsx"]),
        (("-o", "lab"), ["lab/portfolio.yaml", "lab/initiatives.csv"]),
        (("--format", "csv"), ["portfolio/portfolio.yaml", "portfolio/initiatives.csv"]),
        (("--format", "csv", "-o", "lab.xlsx"), ["lab.xlsx/portfolio.yaml", "lab.xlsx/initiatives.csv"]),
        (("--format", "xlsx"), ["portfolio.xlsx"]),
    ],
)
def test_what_is_written_follows_the_name_or_the_format(options: tuple[str, ...], files: list[str], run: Run) -> None:
    record = json.loads(run("template", "minimal", *options, "--json").stdout)

    assert record["files"] == files
    assert all(Path(file).is_file() for file in files)
    assert load(record["portfolio"]) == load("minimal")


def test_nothing_is_written_over(run: Run) -> None:
    Path("lab").mkdir()
    Path("lab", "initiatives.csv").write_text("mine", encoding="utf-8")
    Path("lab.xlsx").write_text("mine", encoding="utf-8")

    for out in ("lab", "lab.xlsx"):
        result = run("template", "-o", out)
        assert result.exit_code == 2
        assert "exists and is left as it is" in result.stderr
    assert Path("lab.xlsx").read_text(encoding="utf-8") == "mine"
    assert sorted(Path("lab").iterdir()) == [Path("lab/initiatives.csv")]


def test_a_workbook_ends_as_one(run: Run) -> None:
    assert run("template", "--format", "xlsx", "-o", "lab").exit_code == 2


def test_a_portfolio_with_faults_is_no_template(run: Run, write: Callable[[str, str], Path]) -> None:
    result = run("template", write("lab.yaml", "format: gambits/1\n"), "-o", "book.xlsx")

    assert result.exit_code == 3
    assert not Path("book.xlsx").exists()


def test_a_law_file_is_not_forgotten(run: Run, lab: Path) -> None:
    Path("own.yaml").write_text(laws()["chinchilla-2022"].read_text(encoding="utf-8"), encoding="utf-8")
    lab.write_text(lab.read_text(encoding="utf-8").replace("frontier:", "frontier:\n  law: own.yaml"), encoding="utf-8")

    assert "Copy own.yaml into its folder" in run("template", lab, "-o", "tables").stdout
    assert json.loads(run("template", lab, "--json").stdout)["law"] == "own.yaml"


def test_a_plan_of_a_workbook_is_the_plan_of_the_file(run: Run) -> None:
    run("template", "minimal", "-o", "lab.xlsx")

    plans = [json.loads(run("solve", lab, "--certain", "--json").stdout) for lab in ("minimal", "lab.xlsx")]

    assert plans[0] == plans[1]


def test_a_fault_in_a_cell_is_told_in_words_and_in_json(run: Run) -> None:
    run("template", "-o", "lab.xlsx")
    book = openpyxl.load_workbook("lab.xlsx")
    book["initiatives"]["H3"] = "dear"
    book.save("lab.xlsx")

    result = run("check", "lab.xlsx", "--json")

    assert result.exit_code == 3
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["file"], problem["line"], problem["sheet"], problem["column"]) == (
        "lab.xlsx",
        3,
        "initiatives",
        "H",
    )
    assert "lab.xlsx:initiatives!H3: `initiatives.tuned-repetition.cost`: `dear`" in result.stderr


def test_a_rule_that_breaks_is_pinned_to_its_cell(run: Run) -> None:
    run("template", "-o", "lab.xlsx")
    book = openpyxl.load_workbook("lab.xlsx")
    headings = {cell.value: cell.column_letter for cell in book["initiatives"][1]}
    book["initiatives"][f"{headings['must']}3"] = True
    book["initiatives"][f"{headings['never']}3"] = True
    book.save("lab.xlsx")

    result = run("solve", "lab.xlsx", "--certain", "--json")

    assert result.exit_code in (3, 4)
    assert f"lab.xlsx:initiatives!{headings['must']}3" in result.stderr
