"""A portfolio goes into a workbook or into CSV tables and comes back the same, whatever its author wrote."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gambits import load
from gambits.errors import InputError
from gambits.files import bundled
from gambits.files.csv_table import csv_lines, csv_text, guarded, unguarded
from gambits.files.sections import Section, Several, Table
from gambits.files.workbook import escaped, unescaped
from gambits.portfolio.book import book
from gambits.portfolio.load import tree
from gambits.portfolio.model import Portfolio
from gambits.portfolio.rows import headings_of, resolve, section_of
from gambits.portfolio.schema import PORTFOLIO, rows
from gambits.portfolio.tables import TABLES
from gambits.portfolio.template import csv_folder

BUNDLED = bundled.portfolio_names()

# What spreadsheets, CSV and YAML each take for something else.
ODD = [
    *(
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "'=1",
        "''",
        '=HYPERLINK("x","y")',
        "-3 to 9",
        "'quoted'",
        "#N/A",
        "#REF!",
        "TRUE",
    ),
    *(
        "12",
        "007",
        "1e3",
        "0x10",
        "1_000",
        "2027-01-31",
        "12:30",
        "yes",
        "null",
        "~",
        "[a, b]",
        "{a: b}",
        "*a",
        "&a b",
        "!x",
    ),
    *(
        "a;b,c\td",
        'say "x"',
        "two\nlines",
        "a \\ b",
        "%d {0}",
        "_x0041_",
        "_x005F_x0041_",
        "Größe ∑ 数 🙂",
        "a # b",
        "x: y",
        "sep=;",
    ),
]
WORDS = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12),
).filter(str.strip)


def through_tables(folder: Path, given: Path) -> Portfolio:
    for name, text in csv_folder(tree(given)).items():
        folder.joinpath(name).write_text(text, encoding="utf-8", newline="")
    return load(folder)


def through_a_book(folder: Path, given: Path) -> Portfolio:
    file = folder / "book.xlsx"
    file.write_bytes(book(tree(given)))
    return load(file)


@st.composite
def decorated(draw: st.DrawFn, text: str) -> str:
    """Put words of any kind, and all that tables hold apart, into a portfolio file."""
    file: dict[str, Any] = yaml.safe_load(text)
    initiatives = file["initiatives"]
    for initiative in initiatives.values():
        for key in ("title", "owner", "source", "note"):
            if draw(st.booleans()):
                initiative[key] = draw(WORDS)
    for id in draw(st.lists(st.sampled_from(sorted(initiatives)), max_size=2, unique=True)):
        initiatives[id] |= {"value": {"p10": -2, "p50": 0.5, "p90": 3}, "verified": draw(st.booleans())}
        initiatives[id]["cost"] = {"p10": 3, "p50": 9.5, "p90": 3e1}
    first = initiatives[next(iter(initiatives))]
    if draw(st.booleans()):
        first["stages"] = [{"name": "pilot", "cost": "1 to 3", "success": 0.5}, {"name": "scale", "cost": 9}]
        first.pop("cost"), first.pop("success", None)
    last = initiatives[list(initiatives)[-1]]
    if draw(st.booleans()) and len(initiatives) > 1:
        last["levels"] = [{"cost": 3}, {"name": "big", "cost": "4 to 9", "effects": {"compute": 1.25}, "value": -1}]
        last.pop("cost")
    last |= {
        "dissent": [{"by": draw(WORDS), "text": draw(WORDS)}, {"by": "us", "text": "no"}],
        "review_every": "2 quarters",
        "pilot": {"cost": 0.25, "informs": ["frontier.compute.flop", "frontier.law"], "source": draw(WORDS)},
    }
    last["kill"] = [
        {"metric": "loss", "below": 2, "by": "2027-06-30"},
        {"metric": "m", "above": -1e9, "by": "2027-12-31"},
    ]
    if "levels" not in last:
        last |= {"spent": {"2026Q3": 0.5, "2026Q4": 0.25}, "minimum": 0.5}
    if len(initiatives) > 2:
        names = list(initiatives)
        last["after"] = [{"any": names[:2], "share": 0.5}, {"of": names[0], "lag": 1}]
        file["groups"] = [{"among": names[:2], "max": 0.75}, {"among": names[1:], "min": 0, "max": 1}]
        waiting = {id for id in names for key in ("requires", "after") if initiatives[id].get(key)}
        file["excludes"] = [list(pair) for pair in combinations(names, 2) if not waiting & set(pair)]
        file["counts"] = {"max": 3}
    file["rivals"] = {"them": {"effective_compute": "26 to 27", "growth_per_year": 1.01}}
    file["decision"] = {"question": draw(WORDS), "by": "2027-03-31"}
    file["current"] = {next(iter(initiatives)): 2.5}
    file["budget"]["funds"] = [{"name": draw(WORDS), "paths": ["architect", "scale"], "per_period": 1.5}]
    file["name"] = draw(WORDS)
    file["market"] = {"elasticity": 0.5, "sectors": {"homes": sector(1e12), "firms": sector("1e11 to 1e12")}}
    file["scenarios"] = [
        {"name": "as planned", "probability": 0.75},
        {"name": draw(WORDS), "probability": 0.25, "change": {"frontier.unique_tokens.count": "5e12 to 6e12"}},
    ]
    file["correlation"] = {"path": 0.25}
    if len(initiatives) > 1:
        pair = sorted(initiatives)[:2]
        file["synergies"] = [{"between": pair, "effects": {"post_training": 1.2, "test_time": "1.1 to 1.3"}}]
        for id in pair:
            initiatives[id].setdefault("effects", {}).setdefault("compute", 1.5)
        file["overlaps"] = [{"among": pair, "lever": "compute", "cap": 2}]
    return yaml.safe_dump(file, sort_keys=False, allow_unicode=True)


def sector(tokens: object) -> dict[str, object]:
    return {"tokens_per_day": tokens, "value_per_million": 2e-6, "cost_per_million": 4e-7}


@settings(max_examples=15, phases=[Phase.generate])
@given(data=st.data())
def test_a_portfolio_comes_back_equal_from_tables_and_from_a_workbook(
    data: st.DataObject,
    portfolio_texts: Callable[..., st.SearchStrategy[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("lab")
    file = folder / "lab.yaml"
    file.write_text(data.draw(decorated(data.draw(portfolio_texts()))), encoding="utf-8")
    before = load(file)

    assert through_tables(folder, file) == before
    assert through_a_book(folder, file) == before


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_portfolio_comes_back_with_the_same_inputs_so_that_a_plan_has_the_same_hash(
    name: str, tmp_path: Path
) -> None:
    before = load(name)

    for through in (through_tables, through_a_book):
        after = through(tmp_path, Path(before.file))
        after = through(tmp_path, Path(after.file))
        assert after == before
        assert after.inputs == before.inputs


@pytest.mark.parametrize("name", BUNDLED)
def test_the_same_portfolio_gives_the_same_bytes(name: str) -> None:
    first, second = (book(tree(name)) for _ in range(2))

    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {part.date_time[0] for part in archive.infolist()} == {1980}


def test_text_that_looks_like_a_formula_stays_text_in_a_cell(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    lab = yaml.safe_load(Path(load("minimal").file).read_text(encoding="utf-8"))
    lab["initiatives"] = {
        f"i{k}": {"path": "scale", "cost": 1, "value": 1, "source": "odd", "title": text} for k, text in enumerate(ODD)
    }
    file.write_text(yaml.safe_dump(lab, sort_keys=False), encoding="utf-8")
    through_a_book(tmp_path, file)

    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["initiatives"]
    column = [cell.value for cell in sheet[1]].index("title") + 1
    for text, cell in zip(ODD, (sheet.cell(line, column) for line in range(2, len(ODD) + 2)), strict=True):
        assert cell.data_type == "s", text
        assert unescaped(cell.value) == " ".join(text.split())
        assert bool(cell.quotePrefix) == text.startswith(("=", "+", "-", "@"))


@given(st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_no_cell_of_a_table_begins_as_a_formula_does_and_every_text_comes_back(rows: list[list[str]]) -> None:
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    text = csv_text(("a", "b", "c"), rows)

    found = [cells for _, cells in csv_lines(text, "t.csv")][1:]

    assert [[unguarded(cell) for cell in row] for row in found] == rows
    for row in found:
        for cell in row:
            assert not cell.startswith(("=", "@"))
            assert not cell.startswith(("+", "-")) or float(cell) is not None


@given(st.text(st.sampled_from("'=+-@x1"), max_size=6))
def test_an_apostrophe_comes_off_as_it_was_put_on(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert unescaped(escaped(f"_x0041_{text}_x000D_")) == f"_x0041_{text}_x000D_"


def test_every_key_that_a_portfolio_can_have_has_its_place_in_the_workbook() -> None:
    """One table drives the headings: what is built can be written, and every heading can be read."""
    workbook = openpyxl.load_workbook(io.BytesIO(book(tree("minimal"))))
    assert workbook.sheetnames == ["Instructions", "portfolio", *TABLES]

    settings = [row[0].value for row in workbook["portfolio"].iter_rows(min_row=2)]
    assert settings == [key for key in headings_of(PORTFOLIO) if key not in TABLES]
    for key, kind in TABLES.items():
        headings = [cell.value for cell in workbook[key][1]]
        below = [name for name in headings_of(section_of(kind)) if f"{key}.{name}" not in TABLES]
        assert [name for name in headings if name != "id"] == below
        assert all(resolve(section_of(kind), name) for name in below)


def test_whatever_there_can_be_several_of_may_be_a_table() -> None:
    several = [row for _, row in rows(PORTFOLIO) if isinstance(row.kind, Table | Several)]

    assert len(several) > 10
    assert [row.name for row in several if isinstance(row.kind.each, Section) and not row.kind.apart] == []


def test_the_workbook_helps_colours_and_offers_lists() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(book(tree("minimal"))))
    sheet = workbook["initiatives"]
    headings = {cell.value: cell for cell in sheet[1]}
    rules = {str(rule.sqref).split(":")[0][:-1]: rule for rule in sheet.data_validations.dataValidation}

    assert all(cell.comment and cell.comment.text for cell in sheet[1])
    assert headings["path"].comment.text.startswith("path\n")
    assert "Required." in headings["path"].comment.text
    required = {"id", "path", "source"}
    for name, cell in headings.items():
        beneath = sheet.cell(7, cell.column)
        assert (beneath.fill.start_color.rgb == "FFFFF2CC") == (name in required), name
        assert rules[cell.column_letter].prompt
    assert rules[headings["must"].column_letter].formula1 == '"true,false"'
    assert rules[headings["must"].column_letter].showErrorMessage
    assert rules[headings["path"].column_letter].formula1 == '"architect,alchemist,scale"'
    assert not rules[headings["path"].column_letter].showErrorMessage, "other paths are allowed"
    lever = workbook["overlaps"].data_validations.dataValidation[1]
    assert "data_efficiency" in lever.formula1
    assert sheet.freeze_panes == "B2"
    assert sheet.column_dimensions[headings["start"].column_letter].number_format == "@"


def test_a_text_that_no_cell_holds_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    lab = yaml.safe_load(Path(load("minimal").file).read_text(encoding="utf-8"))
    lab["initiatives"]["self-play"]["note"] = "x" * 40_000
    file.write_text(yaml.safe_dump(lab), encoding="utf-8")

    with pytest.raises(InputError) as caught:
        book(tree(file))

    (problem,) = caught.value.problems
    assert problem.code == "cell-too-long"
    assert through_tables(tmp_path, file) == load(file)
