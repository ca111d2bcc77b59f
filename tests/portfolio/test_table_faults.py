"""What is wrong with a table is said once, with its file, sheet, row and column, and how to mend it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambits import check, load
from gambits.errors import Problem
from gambits.portfolio.book import book
from gambits.portfolio.load import tree

LAB = """\
format: gambits/1
name: A lab in tables
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 20}
initiatives: initiatives.csv
"""
HEAD = "id,path,source,cost,value\n"
SOUND = HEAD + "survey,product,judgement,1,1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a sound portfolio and its table."""
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("portfolio.yaml").write_text(LAB, encoding="utf-8")
    tmp_path.joinpath("initiatives.csv").write_text(SOUND, encoding="utf-8")
    assert check(tmp_path) == ()
    return tmp_path


def only(found: tuple[Problem, ...], code: str, place: str) -> Problem:
    assert [(problem.code, str(problem.where)) for problem in found] == [(code, place)]
    assert found[0].fix
    return found[0]


@pytest.mark.parametrize(
    ("text", "code", "place", "words"),
    [
        (b"", "no-headings", ":1", "the table is empty"),
        (b"\n\n  ,, \n", "no-headings", ":1", "the table is empty"),
        (SOUND.replace("value", "cost"), "heading-twice", ":1:cost", "two columns are headed `cost`"),
        (SOUND.replace("value", "valeu"), "unknown-heading", ":1:valeu", "no key `valeu` for initiatives"),
        (SOUND.replace("value", "effects.cost"), "unknown-heading", ":1:effects.cost", "no key"),
        (SOUND.replace("value", "value.p50.x"), "unknown-heading", ":1:value.p50.x", "no key"),
        (SOUND.replace("id,", "ident,"), "missing-column", ":1", "no column `id`"),
        (SOUND + ",product,judgement,1,1\n", "no-id", ":3", "this initiative has no id"),
        (SOUND.replace("survey", "a survey"), "not-an-id", ":2:id", "cannot name an initiative"),
        (SOUND + "\nsurvey,product,judgement,1,2\n", "key-twice", ":4:id", "first on line 2"),
        (SOUND.replace(",1\n", ",1,2\n"), "no-heading", ":2", "column 6, which has no heading"),
        (SOUND.replace(",1\n", ",one\n"), "not-a-number", ":2:value", "`one` is not a number"),
        (SOUND.replace(",1\n", ',"1,5"\n'), "not-a-number", ":2:value", "`1,5` is not a number"),
        (SOUND.replace(",1\n", ",{p10: 1\n"), "not-yaml", ":2:value", "not valid YAML"),
        (SOUND.replace(",1\n", ",[1]}\n"), "not-yaml", ":2:value", "not valid YAML"),
        (SOUND.replace(",1\n", ",[!!python/name:os.system ]\n"), "yaml-tag", ":2:value", "tags are not allowed"),
        (SOUND.replace(",1\n", ',"[&a [*a]]"\n'), "too-large", ":2:value", "deep"),
        (SOUND.replace(",1\n", ",[" + "[" * 900 + "]" * 900 + "]\n"), "too-large", ":2:value", "deep"),
        (SOUND.replace("judgement", "a \x07 bell"), "control-character", ":2:source", "control character"),
        (SOUND.replace("judgement", '"judge'), "not-csv", ":2", "not a CSV table"),
        (SOUND.replace("judgement", '"a"b'), "not-csv", ":2", "not a CSV table"),
        (SOUND.replace("judgement", "x" * 200_000), "not-csv", ":2", "not a CSV table"),
        (SOUND.replace("product", "größe").encode("latin-1"), "not-utf8", ":2", "not UTF-8"),
        (SOUND.encode("utf-16"), "not-utf8", ":1", "not UTF-8"),
        (b"#" * 20_000_001, "too-large", "", "larger than 20 MB"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, str | bytes) else None,
)
def test_a_fault_of_a_csv_table_has_line_column_and_mend(
    text: str | bytes, code: str, place: str, words: str, folder: Path
) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    folder.joinpath("initiatives.csv").write_bytes(data)

    problem = only(check(folder), code, f"initiatives.csv{place}")

    assert words in problem.message


@pytest.mark.parametrize(
    "text",
    [
        SOUND.replace("\n", "\r\n"),
        SOUND.replace("\n", "\r"),
        "\ufeff" + SOUND,
        "\n\n" + SOUND.replace("\n", "\n\n"),
        SOUND.replace(",", ";"),
        SOUND.replace(",", "\t"),
        "sep=;\n" + SOUND.replace(",", ";"),
        "sep=|\r\n" + SOUND.replace(",", "|"),
        SOUND.replace("value\n", "value,#thoughts\n").replace(",1\n", ",1,not sure\n"),
        SOUND.replace("value\n", "value,note,,\n").replace(",1\n", ",1,,,\n"),
        SOUND.replace(",", " , "),
        SOUND.replace("value", "value,must").replace(",1\n", ",1,TRUE\n").replace("TRUE", "FALSE"),
        '"id","path","source","cost","value"\n"survey","product","judgement","1","1"\n',
    ],
    ids=lambda text: repr(text)[:24],
)
def test_tables_come_as_spreadsheets_and_scripts_write_them(text: str, folder: Path) -> None:
    before = load(folder)
    folder.joinpath("initiatives.csv").write_bytes(text.encode())

    assert load(folder) == before


def test_lists_percentiles_and_names_of_ones_own_are_read_from_cells(folder: Path) -> None:
    folder.joinpath("initiatives.csv").write_text(
        "id;path;source;cost.p10;cost.p50;cost.p90;value;requires;uses.people;response;stages\n"
        "a;product;x;1;2;4;1;;3;[[0.5, 0.75], [1, 1]];\n"
        'b;product;x;;;;-1 to 2;a;;0.5;"[{name: one, cost: 1}, {name: two, cost: 2 to 3}]"\n'
        "c;product;x;1;2;5;{p10: 1, p50: 2, p90: 3};a,b;;;\n",
        encoding="utf-8",
    )
    folder.joinpath("portfolio.yaml").write_text(
        LAB + "resources: {people: {unit: FTE, capacity: [1, 2]}}\n", encoding="utf-8"
    )

    lab = load(folder)

    assert lab.initiative("a").cost.values == (1, 2, 4)
    assert lab.initiative("a").uses["people"].values == (3,)
    assert lab.initiative("a").response.points == ((0, 0), (0.5, 0.75), (1, 1))
    assert lab.initiative("b/two").cost.values == (2, 3)
    assert lab.initiative("c").waits_for == ("a", "b/two")


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("../outside.csv", "outside-folder", "outside the portfolio's folder"),
        ("/etc/passwd.csv", "outside-folder", "outside"),
        ("link.csv", "outside-folder", "outside"),
        ("absent.csv", "unknown-table", "no file `absent.csv`"),
        ("initiatives.xls", "unknown-table", "no table that can be read"),
        ("pipe.csv", "unknown-table", "no file"),
        ("folder.csv", "unknown-table", "no file"),
    ],
)
def test_a_table_lies_in_the_folder_of_its_portfolio(name: str, code: str, words: str, folder: Path) -> None:
    import os

    folder.parent.joinpath("outside.csv").write_text(SOUND, encoding="utf-8")
    folder.joinpath("link.csv").symlink_to(folder.parent / "outside.csv")
    folder.joinpath("folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    folder.joinpath("portfolio.yaml").write_text(LAB.replace("initiatives.csv", name), encoding="utf-8")

    problem = only(check(folder), code, "portfolio.yaml:7")

    assert words in problem.message


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("initiatives.csv", "initiatives: initiatives.csv"),
        ("lab.ods", "save it as .xlsx"),
        ("lab.XLS", "save it as .xlsx"),
    ],
)
def test_what_is_no_portfolio_alone_says_what_to_do(name: str, mend: str, folder: Path) -> None:
    folder.joinpath(name).touch()

    assert mend in only(check(folder / name), "not-a-portfolio", name).fix


def test_a_table_of_headings_alone_has_no_initiatives(folder: Path) -> None:
    folder.joinpath("initiatives.csv").write_text(HEAD, encoding="utf-8")

    only(check(folder), "no-initiatives", "portfolio.yaml:7")


def test_a_broken_table_hides_no_other(folder: Path) -> None:
    folder.joinpath("portfolio.yaml").write_text(LAB + "resources: res.csv\nscenarios: gone.csv\n", encoding="utf-8")
    folder.joinpath("res.csv").write_text("id,unit,unit\n", encoding="utf-8")
    folder.joinpath("initiatives.csv").write_text('id,"path\n', encoding="utf-8")

    places = [str(problem.where) for problem in check(folder)]

    assert places == ["initiatives.csv:1", "portfolio.yaml:9", "res.csv:1:unit"]


Edit = Callable[[Any], None]


def put(sheet: str, cell: str, value: object, kind: str | None = None) -> Edit:
    def edit(workbook: Any) -> None:
        workbook[sheet][cell] = value
        if kind:
            workbook[sheet][cell].data_type = kind

    return edit


def merge(sheet: str, cells: str) -> Edit:
    return lambda workbook: workbook[sheet].merge_cells(cells)


def remove(sheet: str) -> Edit:
    return lambda workbook: workbook.remove(workbook[sheet])


def add(sheet: str, *rows: list[object]) -> Edit:
    def edit(workbook: Any) -> None:
        made = workbook.create_sheet(sheet)
        for row in rows:
            made.append(row)

    return edit


@pytest.fixture(scope="module")
def minimal() -> bytes:
    return book(tree("minimal"))


@pytest.fixture
def edited(minimal: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Give a function that edits the workbook of the minimal portfolio as a spreadsheet would."""
    monkeypatch.chdir(tmp_path)

    def edited(*edits: Edit) -> Path:
        workbook = openpyxl.load_workbook(io.BytesIO(minimal))
        for edit in edits:
            edit(workbook)
        workbook.save("book.xlsx")
        return Path("book.xlsx")

    return edited


# In the workbook of `minimal`, initiatives stand in rows 2 to 5; A is the id, B the title, C the path, H the cost.
@pytest.mark.parametrize(
    ("edits", "code", "place", "words"),
    [
        ([put("initiatives", "H3", "dear")], "not-a-number", "initiatives!H3", "`dear` is not a number"),
        ([put("initiatives", "H3", None)], "missing-key", "initiatives!A3", "`initiatives.tuned-repetition.cost` is"),
        ([put("initiatives", "C3", None)], "missing-key", "initiatives!A3", "path` is missing"),
        ([put("initiatives", "A3", None)], "no-id", "initiatives!3", "has no id"),
        ([put("initiatives", "A3", "self-play")], "key-twice", "initiatives!A5", "first in row 3 of initiatives"),
        ([put("initiatives", "B1", "titel")], "unknown-heading", "initiatives!B1", "no key `titel`"),
        ([put("initiatives", "B1", "path")], "heading-twice", "initiatives!C1", "headed `path`"),
        ([put("initiatives", "B1", None)], "no-heading", "initiatives!B2", "column 2, which has no heading"),
        ([put("initiatives", "H3", date(2027, 3, 12))], "date-cell", "initiatives!H3", "the date 2027-03-12"),
        ([put("initiatives", "H3", "=1+1")], "formula-without-value", "initiatives!H3", "not been worked out"),
        ([put("initiatives", "H3", "#DIV/0!", "e")], "cell-error", "initiatives!H3", "the error #DIV/0!"),
        ([merge("initiatives", "C2:C3")], "merged-cells", "initiatives", "C2:C3 are merged"),
        ([put("initiatives", "XFD2", "far")], "too-large", "initiatives", "500 columns"),
        ([put("initiatives", "A1048576", "far")], "too-large", "initiatives", "20000 rows"),
        ([put("portfolio", "A9", "budget.totl")], "unknown-key", "portfolio!A9", "unknown key `budget.totl`"),
        ([put("portfolio", "B3", None)], "missing-key", "", "`name` is missing"),
        ([put("portfolio", "A9", "name"), put("portfolio", "B9", 1)], "key-twice", "portfolio!B9", "`name` is given"),
        ([put("portfolio", "B1", "values")], "missing-column", "portfolio!1", "no column `value`"),
        ([put("portfolio", "B4", "2027-13-01")], "not-a-date", "portfolio!B4", "not a date"),
        ([put("portfolio", "B5", datetime(2027, 1, 31))], "date-cell", "portfolio!B5", "the date 2027-01-31"),
        ([remove("portfolio")], "no-sheet", "", "no sheet `portfolio`"),
        ([remove("initiatives")], "missing-key", "", "`initiatives` is missing"),
        ([add("Sheet1", ["x"])], "unknown-sheet", "Sheet1", "no table `Sheet1`"),
        ([add("scenario", ["name"])], "unknown-sheet", "scenario", "no table `scenario`"),
        ([put("initiatives.stages", "A2", "play")], "unknown-id", "initiatives.stages!A2", "no initiative"),
        ([put("resources", "A2", "gpu")], "missing-key", "resources!A2", "resources.gpu"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_fault_of_a_workbook_has_sheet_cell_and_mend(
    edits: list[Edit], code: str, place: str, words: str, edited: Callable[..., Path]
) -> None:
    found = check(edited(*edits))

    assert {(problem.code, str(problem.where)) for problem in found} == {(code, f"book.xlsx:{place}".rstrip(":"))}
    assert words in found[0].message
    assert found[0].fix


def test_what_a_spreadsheet_makes_of_values_is_understood(edited: Callable[..., Path]) -> None:
    before = load(edited())

    after = load(
        edited(
            put("portfolio", "B4", date(2027, 1, 1)),
            put("portfolio", "B6", 4.0),
            put("initiatives", "H3", " 9 to 16 "),
            put("initiatives", "I3", "0.45", "s"),
            add("#scratch", ["anything", "anything"], [1, "=A1"]),
            add("Sheet1"),
            put("Instructions", "A40", "=1"),
            merge("Instructions", "A1:B1"),
        )
    )

    assert after == before


def rewritten(file: Path, old: bytes, new: bytes) -> Path:
    """Change what stands in one part of a workbook."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert sum(old in data for data in parts.values()) == 1
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data.replace(old, new))
    return file


def test_cells_merged_to_the_far_end_of_a_sheet_cost_no_time(edited: Callable[..., Path]) -> None:
    file = rewritten(edited(merge("initiatives", "A10:C12")), b'ref="A10:C12"', b'ref="A10:XFD1048576"')

    assert "A10:XFD1048576" in only(check(file), "merged-cells", "book.xlsx:initiatives").message


def test_a_formula_is_read_by_the_value_that_was_last_worked_out(edited: Callable[..., Path]) -> None:
    """As a spreadsheet saves it: the formula, and beside it its value."""
    file = rewritten(edited(put("initiatives", "I3", 0.125)), b"<v>0.125</v>", b"<f>1/8</f><v>0.125</v>")

    assert load(file).initiative("tuned-repetition").success.values == (0.125,)


def test_months_survive_a_spreadsheet_that_makes_dates_of_them(edited: Callable[..., Path]) -> None:
    lab = load(edited(put("portfolio", "B5", datetime(2027, 1, 1))))

    assert lab.periods.names == ("2027-01", "2027-02", "2027-03", "2027-04")


def test_tables_inside_a_workbook_can_stand_beside_a_portfolio_file(
    minimal: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("book.xlsx").write_bytes(minimal)
    text = Path(load("minimal").file).read_text(encoding="utf-8")
    frame = text.partition("initiatives:\n")[0]
    Path("portfolio.yaml").write_text(frame + "initiatives: book.xlsx\n", encoding="utf-8")
    assert load(".") == load("minimal")

    Path("portfolio.yaml").write_text(frame + "initiatives: book.xlsx\nmarket: book.xlsx\n", encoding="utf-8")
    assert only(check("."), "wrong-type", f"portfolio.yaml:{frame.count(chr(10)) + 2}")

    workbook = openpyxl.load_workbook(io.BytesIO(minimal))
    for name in [name for name in workbook.sheetnames if name != "initiatives"]:
        workbook.remove(workbook[name])
    workbook["initiatives"].title = "Tabelle1"
    workbook.save("book.xlsx")
    Path("portfolio.yaml").write_text(frame + "initiatives: book.xlsx\n", encoding="utf-8")
    assert load(".") == load("minimal")

    workbook.create_sheet("More").append(["id"])
    workbook.save("book.xlsx")
    assert "there are Tabelle1, More" in only(check("."), "no-sheet", f"portfolio.yaml:{frame.count(chr(10)) + 1}").fix


def zipped(**parts: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "not-a-workbook", "no Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not-a-workbook", "no Excel workbook"),
        (zipped(hello=b"world"), "not-a-workbook", "broken"),
        (zipped(bomb=b"\0" * 61_000_000), "too-large", "unpacks to more than 60 MB"),
        (b"PK" + b"\0" * 5_000_000, "too-large", "larger than 5 MB"),
    ],
    ids=["empty", "password", "zip", "bomb", "large"],
)
def test_a_file_that_is_no_workbook_is_refused(
    data: bytes, code: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("book.xlsx").write_bytes(data)

    assert words in only(check("book.xlsx"), code, "book.xlsx").message


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet3.xml", "xl/styles.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b'<!ENTITY b "&a;&a;">]>' + data,
    ],
    ids=["torn", "emptied", "doctype"],
)
def test_a_workbook_with_a_broken_part_is_refused_or_read_but_never_crashes(
    part: str, harm: Callable[[bytes], bytes], minimal: bytes, tmp_path: Path
) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(minimal)) as archive, zipfile.ZipFile(data, "w") as harmed:
        for name in archive.namelist():
            harmed.writestr(name, harm(archive.read(name)) if name == part else archive.read(name))
    file = tmp_path / "book.xlsx"
    file.write_bytes(data.getvalue())

    assert {problem.code for problem in check(file)} <= {"not-a-workbook", "no-sheet", "no-initiatives", "missing-key"}


ODD = [
    "",
    "=1",
    "{",
    "]",
    "{a: b}",
    "[a, b]",
    "null",
    "TRUE",
    "1e999",
    "nan",
    "9 to 1",
    "*x",
    "!x",
    "\x00",
    "'",
    "#",
    "id",
    "é;\t",
]


@given(found=st.one_of(st.binary(max_size=200), st.lists(st.lists(st.sampled_from(ODD), min_size=5, max_size=5))))
def test_whatever_a_table_holds_the_answer_is_a_report(
    found: bytes | list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    folder.joinpath("portfolio.yaml").write_text(LAB, encoding="utf-8")
    rows = [] if isinstance(found, bytes) else [",".join(row) for row in found]
    data = found if isinstance(found, bytes) else (HEAD + "\n".join(rows)).encode()
    folder.joinpath("initiatives.csv").write_bytes(data)

    assert all(problem.fix for problem in check(folder))
