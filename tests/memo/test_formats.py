"""Every format says the same, holds together, comes out the same twice, and lets no text of a file act."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from html import escape, unescape
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import docx
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from gambits.analyse.study import Settings, Study
from gambits.briefing import beside, brief
from gambits.cli import main
from gambits.memo.compose import compose
from gambits.memo.seal import made
from gambits.memo.write import FORMATS, write_memo
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.load import load

# What Markdown, HTML, Jinja, Typst or a spreadsheet would act on, and what breaks out of attributes and comments.
NASTY = (
    "=1+1 <script>alert(1)</script> <img src=x onerror=alert(2)> \"'> --> ]]> **bold** [link](javascript:alert) | cell "
    "`code` {{ 7*7 }} {% raw %} #panic() $x$ &lt;b&gt; \\ */ </style> </svg> @here"
)
STARTS = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "=HYPERLINK(0)")

LAB = """\
format: gambits/1
name: {name}
as_of: 2027-01-01
periods: {{first: 2027Q1, count: 3}}
money: USD million
budget: {{per_period: 10}}
decision: {{question: {name}, decider: {name}, by: 2027-02-01}}
resources:
  researchers: {{unit: FTE-quarters, capacity: 20}}
frontier:
  compute: {{flop: 1e27, growth_per_year: 4}}
  unique_tokens: {{count: 1e13}}
initiatives:
  hybrid:
    title: {name}
    path: architect
    owner: {owner}
    team: {team}
    source: {name}
    cost: 16 to 25
    success: 0.6
    effects: {{data_efficiency: 1.2 to 2.0}}
    uses: {{researchers: 30}}
    takes: 3
    dissent: [{{by: {owner}, text: {name}}}]
    kill: [{{metric: {name}, above: 30, by: 2027-06-30}}]
    pilot: {{cost: 0.1, informs: success, source: {name}}}
  play:
    title: {other}
    path: alchemist
    owner: {owner}
    team: {team}
    source: {other}
    cost: 20
    effects: {{post_training: 1.2 to 1.6}}
    dissent: [{{by: {team}, text: {other}}}]
    pilot: {{cost: 0.1, informs: effects.post_training, source: {other}}}
"""


def record_of(folder: Path, **texts: str) -> dict[str, Any]:
    named = dict.fromkeys(("name", "owner", "team", "other"), "plain") | texts
    file = folder / "portfolio.yaml"
    file.write_text(LAB.format(**{key: json.dumps(text) for key, text in named.items()}), encoding="utf-8")
    study, gambit = Study(load(file), Settings(draws=60, batches=1)), load_gambit("challenger")
    return brief(study, gambit, beside(study, gambit))


def written(record: Mapping[str, Any], form: str) -> bytes:
    return write_memo(record, made("challenger", Settings(draws=60, batches=1), record), form)


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A record in which every text means harm."""
    return record_of(tmp_path_factory.mktemp("nasty"), name=NASTY, owner=STARTS[0], team=STARTS[1], other=STARTS[3])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return record_of(tmp_path_factory.mktemp("plain"))


def test_texts_of_every_kind_are_among_those_that_mean_harm(nasty: dict[str, Any]) -> None:
    assert any(NASTY in bar["name"] for bar in nasty["sensitivity"]["tornado"])
    assert any(NASTY in row["title"] and row["title"].endswith(", pilot") for row in nasty["information"]["queue"])
    assert {each["text"] for each in nasty["watched"]["dissent"]} == {NASTY, STARTS[3]}
    assert {each["by"] for each in nasty["watched"]["dissent"]} == {STARTS[0], STARTS[1]}
    assert any(NASTY in each["metric"] for each in nasty["watched"]["tripwires"])
    assert nasty["decision"] == {"question": NASTY, "decider": NASTY, "by": "2027-02-01"}


class Elements(HTMLParser):
    """Counts elements and lists attributes, as a browser would find them."""

    VOID = ("meta", "img", "br", "link", "input", "hr", "base")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)


def test_html_holds_no_element_that_a_text_of_the_file_brought(nasty: dict[str, Any], plain: dict[str, Any]) -> None:
    pages = [written(record, "html").decode() for record in (nasty, plain)]
    bad, good = (Elements(page) for page in pages)

    assert escape(NASTY) in pages[0].replace("&#39;", "&#x27;").replace("&#34;", "&quot;")
    # Text in pictures takes the places that it takes; all else is the same.
    assert {tag: count for tag, count in bad.tags.items() if tag not in ("g", "path", "text", "tspan", "title")} == {
        tag: count for tag, count in good.tags.items() if tag not in ("g", "path", "text", "tspan", "title")
    }
    assert bad.tags["script"] == 1
    assert bad.tags["img"] == 0
    assert not [name for _, name, _ in bad.attributes if name.startswith("on")]


def test_html_is_balanced_and_every_name_in_it_is_its_own(nasty: dict[str, Any], plain: dict[str, Any]) -> None:
    for record in (nasty, plain):
        page = Elements(written(record, "html").decode())
        ids = [value for _, name, value in page.attributes if name == "id"]

        assert (page.unbalanced, page.open) == ([], [])
        assert [name for name, count in Counter(ids).items() if count > 1] == []
        named = [value for _, name, value in page.attributes if name in ("aria-labelledby", "aria-describedby")]
        assert set(named) <= set(ids)
        assert {value[1:] for tag, name, value in page.attributes if tag == "a" and name == "href"} <= set(ids)


def test_html_asks_nothing_of_anybody(plain: dict[str, Any]) -> None:
    text = written(plain, "html").decode()
    page = Elements(text)

    for _, name, value in page.attributes:
        assert name not in ("src", "srcset", "action", "poster", "data", "background")
        assert name not in ("href", "xlink:href") or value.startswith("#")
        assert "url(" not in value or "url(#" in value
    assert "@import" not in text
    assert "default-src 'none'" in text
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_the_one_script_of_the_page_is_the_one_that_its_policy_lets_run(plain: dict[str, Any]) -> None:
    import base64
    import hashlib

    text = written(plain, "html").decode()
    script = re.search(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()

    assert f"script-src 'sha256-{digest}'" in unescape(text)


def test_every_picture_has_words_beside_it(plain: dict[str, Any]) -> None:
    document = compose(plain)
    page = written(plain, "html").decode()

    assert {chart.name for chart in document.charts} >= {"money by period", "luck", "ledger", "wall"}
    for chart in document.charts:
        assert "".join(span.shown for span in chart.shows)
        assert "Source:" in "".join(span.shown for span in chart.source)
    assert page.count('<svg role="img"') == len(document.charts)


def test_every_ink_can_be_read_on_its_ground() -> None:
    """WCAG 2.1 asks for a contrast of 4.5 for text."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    from gambits.memo.plots.style import colours_of, ink_on

    css = resources.files("gambits.memo").joinpath("templates", "memo.css").read_text(encoding="utf-8")
    inks = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", css))
    assert all(contrast(inks[name], "#ffffff") >= 4.5 for name in ("ink", "soft", "mark"))
    fills = colours_of(["architect", "alchemist", "scale", "a", "b", "c"])["range"]
    assert all(contrast(fill, ink_on(fill)) >= 4.5 for fill in fills)


def test_paths_can_be_told_apart_in_grey() -> None:
    from gambits.memo.plots.style import colours_of

    fills = colours_of(["architect", "alchemist", "scale"])["range"]
    greys = sorted(0.299 * int(f[1:3], 16) + 0.587 * int(f[3:5], 16) + 0.114 * int(f[5:7], 16) for f in fills)

    assert all(after - before > 40 for before, after in pairwise(greys))


def test_docx_holds_texts_as_they_were_written(nasty: dict[str, Any], plain: dict[str, Any]) -> None:
    bad, good = (docx.Document(io.BytesIO(written(record, "docx"))) for record in (nasty, plain))
    cells = [cell.text for table in bad.tables for row in table.rows for cell in row.cells]

    assert NASTY in cells
    assert STARTS[0] in cells
    assert len(bad.paragraphs) == len(good.paragraphs)
    assert len(bad.tables) == len(good.tables)
    with zipfile.ZipFile(io.BytesIO(written(nasty, "docx"))) as parts:
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                ET.fromstring(parts.read(name))
        links = parts.read("word/_rels/document.xml.rels").decode()
    assert 'TargetMode="External"' not in links


def test_every_picture_of_a_docx_has_words_for_who_cannot_see_it(plain: dict[str, Any]) -> None:
    document = docx.Document(io.BytesIO(written(plain, "docx")))

    assert len(document.inline_shapes) == len(compose(plain).charts)
    for shape in document.inline_shapes:
        assert len(shape._inline.docPr.get("descr")) > 40


def test_a_workbook_holds_no_formula_but_its_own_sums(nasty: dict[str, Any]) -> None:
    book = load_workbook(io.BytesIO(written(nasty, "xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    formulas = [cell for cell in cells if cell.data_type == "f"]

    assert all(re.fullmatch(r"=SUM\([A-Z]+\d+:[A-Z]+\d+\)", cell.value) for cell in formulas)
    assert {STARTS[0], STARTS[1], STARTS[3], NASTY} <= {cell.value for cell in cells if cell.data_type == "s"}
    assert not [cell for cell in cells if cell.hyperlink]


def test_the_sums_of_a_workbook_are_live_and_agree_with_the_plan(plain: dict[str, Any]) -> None:
    data = written(plain, "xlsx")
    live, last = (load_workbook(io.BytesIO(data), data_only=only) for only in (False, True))
    sheet, values = live["Money by initiative and period"], last["Money by initiative and period"]
    plan = plain["plans"]["challenger"]
    found = 0
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type != "f":
                continue
            start, end = re.fullmatch(r"=SUM\((\w+):(\w+)\)", cell.value).groups()
            parts = [part.value for line in values[f"{start}:{end}"] for part in line]
            assert sum(parts) == pytest.approx(values[cell.coordinate].value, abs=1e-9)
            found += 1
    head = next(row for row in sheet.iter_rows() if row[0].value == "initiative")
    total = next(row for row in values.iter_rows() if row[0].value == "all")
    wanted = dict(zip(plan["periods"], plan["spend_by_period"], strict=True)) | {"total": plan["total_spend"]}

    shown = sum(each["total"] >= 0.05 for each in plan["initiatives"].values())
    assert found == len(plan["periods"]) + 1 + shown + (plain["facts"]["funded"]["rest"] is not None)
    assert {cell.value: total[k].value for k, cell in enumerate(head) if cell.value in wanted} == pytest.approx(
        wanted, abs=0.1
    )


def test_money_too_small_for_rows_of_its_own_has_one_row_so_that_rows_add_up(tmp_path: Path) -> None:
    texts = dict.fromkeys(("name", "owner", "team", "other"), '"plain"')
    tiny = "  {id}:\n    path: alchemist\n    source: judgement\n    cost: 0.03\n    effects: {{compute: 1.3}}\n"
    file = tmp_path / "portfolio.yaml"
    lab = LAB.format(**texts) + tiny.format(id="tiny") + tiny.format(id="tinier")
    file.write_text(lab, encoding="utf-8")
    study, gambit = Study(load(file), Settings(certain=True)), load_gambit("challenger")
    record = brief(study, gambit, beside(study, gambit), is_quick=True)
    plan = record["plans"]["challenger"]
    book = load_workbook(io.BytesIO(written(record, "xlsx")), data_only=True)

    assert {id for id, each in plan["initiatives"].items() if 0 < each["total"] < 0.05} == {"tiny", "tinier"}
    for name, wanted in (
        ("What 2027Q1 commits", {2: plan["spend_by_period"][0]}),
        ("Money by initiative and period", {2 + k: spent for k, spent in enumerate(plan["spend_by_period"])}),
    ):
        rows = list(book[name].iter_rows(values_only=True))
        head, end = (next(k for k, row in enumerate(rows) if row[0] == word) for word in ("initiative", "all"))
        assert rows[end - 1][0] == "2 others, too little to show"
        for column, spent in wanted.items():
            assert sum(row[column] for row in rows[head + 1 : end]) == pytest.approx(spent, abs=1e-6)
            assert rows[end][column] == pytest.approx(spent, abs=1e-9)


def test_what_the_teams_need_adds_up_to_what_is_used(plain: dict[str, Any]) -> None:
    now = plain["facts"]["now"]
    teams = now["teams"].values()

    assert sum(each["money"] for each in teams) == pytest.approx(now["money"], abs=0.05)
    for name, used in now["uses"].items():
        assert sum(each["uses"][name] for each in teams) == pytest.approx(used, abs=0.05)


def test_a_workbook_has_a_sheet_a_question(plain: dict[str, Any]) -> None:
    book = load_workbook(io.BytesIO(written(plain, "xlsx")))

    assert len(book.sheetnames) == len(compose(plain).sections) + 1
    assert {"Recommendation", "The options", "What could go wrong", "Assumptions"} <= set(book.sheetnames)


def test_a_pdf_is_set_from_text_that_cannot_act(nasty: dict[str, Any]) -> None:
    data = written(nasty, "pdf")

    assert data.startswith(b"%PDF-")
    assert b"/JavaScript" not in data
    assert b"/URI" not in data


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_record_gives_the_same_bytes(form: str, plain: dict[str, Any]) -> None:
    assert written(plain, form) == written(json.loads(json.dumps(plain)), form)


def test_every_figure_of_the_text_has_a_place_in_the_record(plain: dict[str, Any]) -> None:
    from gambits.memo.teller import Teller, is_still

    tell = Teller(plain)
    figures = compose(plain).figures

    assert len(figures) > 100
    for figure in figures:
        assert is_still(tell.told(figure.at, figure.form), figure.form, figure.shown)


def test_a_word_of_ours_holds_no_digit(plain: dict[str, Any]) -> None:
    from gambits.memo.document import spans
    from gambits.memo.teller import Teller

    for section in compose(plain).sections:
        for block in section.blocks:
            loose = [span.content for span in spans(block) if isinstance(span.content, str)]
            assert not [text for text in loose if re.search(r"\d", text)]
    with pytest.raises(ValueError, match="a figure without a place"):
        Teller(plain).say("it is worth 3 OOM")


@pytest.mark.parametrize("form", ["docx", "pdf", "xlsx"])
def test_what_is_no_text_goes_to_a_file(form: str, tmp_path: Path) -> None:
    run: Callable[..., Any] = CliRunner().invoke
    refused = run(main, ["memo", "minimal", "--certain", "--format", form])
    taken = run(main, ["memo", "minimal", "--certain", "-o", str(tmp_path / f"memo.{form}")])

    assert refused.exit_code == 2
    assert "give one with -o" in refused.stderr
    assert taken.exit_code == 0
    assert (tmp_path / f"memo.{form}").stat().st_size > 5000
