"""`memo --check` names every figure that was edited, has gone stale, or is borne out by nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gambits.cli import main
from gambits.memo.sight import figures_in, tokens, visible

LAB = """\
format: gambits/1
name: Small lab, 2027
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    title: Hybrid backbone of 70 billion – or more
    path: architect
    source: Doe 2026, pages 3-5
    cost: 16 to 25
    success: 0.6
    effects: {data_efficiency: 1.2 to 2.0}
    takes: 3
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 20
    effects: {post_training: 1.4}
"""
FORMATS = ("md", "html", "docx")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("lab") / "portfolio.yaml"
    file.write_text(LAB, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def memos(lab: Path) -> dict[str, Path]:
    """A memo in each format that can be checked."""
    found = {}
    for form in FORMATS:
        found[form] = lab.parent / f"memo.{form}"
        assert run("memo", lab, "--certain", "--gambit", "challenger", "-o", found[form]).exit_code == 0
    return found


@pytest.fixture
def edited(memos: dict[str, Path], tmp_path: Path) -> Callable[..., Path]:
    """Give a function that edits a memo by hand."""

    def edited(form: str, old: str, new: str, count: int = 1) -> Path:
        text = memos[form].read_text(encoding="utf-8")
        assert old in text
        file = tmp_path / f"edited.{form}"
        file.write_text(text.replace(old, new, count), encoding="utf-8")
        return file

    return edited


def verdict(lab: Path, memo: Path) -> dict:
    result = run("memo", lab, "--check", memo, "--json")
    assert result.exit_code in (0, 6)
    found = json.loads(result.stdout)
    assert found["verified"] is (result.exit_code == 0)
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_a_memo_just_written_verifies_with_what_it_carries_inside(form: str, lab: Path, memos: dict[str, Path]) -> None:
    result = run("memo", lab, "--check", memos[form])

    assert result.exit_code == 0, result.stdout
    assert "all hold; the inputs are those of the memo." in " ".join(result.stdout.split())


@pytest.mark.parametrize("form", ["md", "html"])
def test_every_figure_of_a_memo_can_be_changed_by_one_digit_and_is_named(
    form: str, lab: Path, memos: dict[str, Path], tmp_path: Path
) -> None:
    """Every ninth figure is enough for a test; between them they are of every form and in every section."""
    text = memos[form].read_text(encoding="utf-8")
    end = text.index("<!-- gambits-memo")
    wanted = (
        re.compile(r"(?<=[\s(>|])\d+\.\d+(?=[\s)<|%×])") if form == "md" else re.compile(r"(?<=>)\d+\.\d+(?=</data>)")
    )
    spots = [match for match in wanted.finditer(text) if match.end() < end][::9]
    assert len(spots) >= 8
    for spot in spots:
        last = spot[0][-1]
        changed = spot[0][:-1] + str((int(last) + 1) % 10)
        file = tmp_path / f"memo.{form}"
        file.write_text(text[: spot.start()] + changed + text[spot.end() :], encoding="utf-8")
        found = verdict(lab, file)

        assert [fault["says"].strip("%×") for fault in found["edited"]] == [changed], spot
        assert [fault["should"].strip("%×") for fault in found["edited"]] == [spot[0]]
        assert found["edited"][0]["line"] == text[: spot.start()].count("\n") + 1
        assert found["edited"][0]["place"]
        assert (found["stale"], found["unsupported"]) == ([], [])


def test_the_figure_is_named_by_its_place_in_the_result(
    lab: Path, memos: dict[str, Path], edited: Callable[..., Path]
) -> None:
    told = re.search(r"it is worth (0\.\d+) OOM", memos["md"].read_text(encoding="utf-8"))
    assert told is not None
    result = run("memo", lab, "--check", edited("md", f"worth {told[1]} OOM. No", "worth 9.999 OOM. No"))

    assert result.exit_code == 6
    assert "plans.challenger.objective" in result.stdout
    assert "9.999" in result.stdout
    assert told[1] in result.stdout
    assert "does not verify" in result.stderr


def test_text_from_the_file_is_a_figure_too(lab: Path, edited: Callable[..., Path]) -> None:
    found = verdict(lab, edited("md", "pages 3-5", "pages 3-7"))

    assert [fault["place"] for fault in found["edited"]] == ["portfolio.initiatives.hybrid.source"]


def test_a_sentence_of_one_s_own_may_hold_no_figure(lab: Path, edited: Callable[..., Path]) -> None:
    words = edited("md", "## Certificate", "We have thought about it – hard.\n\n## Certificate")
    assert verdict(lab, words)["verified"]

    found = verdict(lab, edited("md", "## Certificate", "It saves 12 % of the bill.\n\n## Certificate"))
    assert [fault["says"] for fault in found["unsupported"]] == ["12"]
    assert "saves 12 % of the bill" in found["unsupported"][0]["around"]


def test_a_figure_may_be_left_out_and_is_counted(
    lab: Path, edited: Callable[..., Path], memos: dict[str, Path]
) -> None:
    text = memos["md"].read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| nothing new"))
    found = verdict(lab, edited("md", f"{row}\n", ""))

    assert found["verified"]
    assert len(found["left_out"]) == 3


@pytest.mark.parametrize("form", FORMATS)
def test_a_changed_estimate_makes_its_figures_stale_and_no_others(
    form: str, lab: Path, memos: dict[str, Path], tmp_path: Path
) -> None:
    today = tmp_path / "portfolio.yaml"
    today.write_text(LAB.replace("success: 0.6", "success: 0.5"), encoding="utf-8")
    result = run("memo", today, "--check", memos[form])
    found = verdict(today, memos[form])
    places = {fault["place"] for fault in found["stale"]}

    assert result.exit_code == 6
    assert "the inputs have changed since" in " ".join(result.stdout.split())
    assert (found["edited"], found["unsupported"], found["is_same_input"]) == ([], [], False)
    assert {"portfolio.initiatives.hybrid.success", "plans.challenger.objective", "about.input_sha256"} <= places
    assert "portfolio.initiatives.play.cost" not in places
    assert "about.budget" not in places
    stale = next(fault for fault in found["stale"] if fault["place"] == "portfolio.initiatives.hybrid.success")
    assert (stale["says"], stale["should"]) == ("60%", "50%")


def test_an_initiative_that_is_gone_leaves_figures_that_nothing_gives(
    lab: Path, memos: dict[str, Path], tmp_path: Path
) -> None:
    today = tmp_path / "portfolio.yaml"
    today.write_text(LAB.replace("  play:", "  other:"), encoding="utf-8")
    gone = [fault for fault in verdict(today, memos["md"])["stale"] if ".play." in fault["place"]]

    assert gone
    assert all(fault["should"] == "" for fault in gone)


def test_a_seal_that_was_forged_with_the_text_does_not_agree_with_the_inputs(
    lab: Path, memos: dict[str, Path], tmp_path: Path
) -> None:
    from dataclasses import replace

    from gambits.memo.seal import read_seal

    text = memos["md"].read_text(encoding="utf-8")
    seal = read_seal(text)
    told = next(figure for figure in seal.figures if figure.place == "plans.challenger.objective")
    figures = tuple(replace(each, shown="9.999") if each == told else each for each in seal.figures)
    forged = text[: text.index("<!-- gambits-memo")].replace(told.shown, "9.999")
    (tmp_path / "memo.md").write_text(
        f"{forged}<!-- {replace(seal, figures=figures).to_text()} -->\n", encoding="utf-8"
    )
    found = verdict(lab, tmp_path / "memo.md")

    assert "plans.challenger.objective" in {fault["place"] for fault in found["stale"]}
    assert found["is_same_input"]


def test_a_picture_that_was_touched_is_named(lab: Path, edited: Callable[..., Path]) -> None:
    found = verdict(lab, edited("html", "<svg ", '<svg data-x="1" '))

    assert [fault["place"] for fault in found["edited"]] == ["chart-money-by-period"]


def test_a_table_behind_a_picture_is_checked_like_any_other(lab: Path, memos: dict[str, Path], tmp_path: Path) -> None:
    text = memos["html"].read_text(encoding="utf-8")
    start = text.index("<details>")
    spot = re.compile(r"(?<=>)\d\.\d\de1\d(?=<)|(?<=>)\d\.\d{3}(?=<)").search(text, start)
    assert spot is not None
    (tmp_path / "memo.html").write_text(text[: spot.start()] + "7.77e17" + text[spot.end() :], encoding="utf-8")

    assert [fault["says"] for fault in verdict(lab, tmp_path / "memo.html")["edited"]] == ["7.77e17"]


def test_a_memo_made_over_draws_is_made_again_from_its_own_seed(lab: Path, tmp_path: Path) -> None:
    memo = tmp_path / "memo.md"
    run("memo", lab, "--draws", "50", "--batches", "2", "--seed", "9", "-o", memo)

    assert run("memo", lab, "--check", memo).exit_code == 0
    assert '"seed": 9' in memo.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# A memo\n", "the memo carries no seal"),
        ("<!-- gambits-memo {} -->", "the seal of the memo is damaged"),
        ('<!-- gambits-memo {"format": "gambits/memo-seal/1"} -->', "the seal of the memo is damaged"),
        ("<!-- gambits-memo {" + "[" * 5000, "the seal of the memo is damaged"),
    ],
)
def test_a_memo_without_a_sound_seal_is_refused(text: str, message: str, lab: Path, tmp_path: Path) -> None:
    (tmp_path / "memo.md").write_text(text, encoding="utf-8")
    result = run("memo", lab, "--check", tmp_path / "memo.md")

    assert result.exit_code == 6
    assert message in result.stderr


@pytest.mark.parametrize(("key", "value"), [("settings", {"draws": "x"}), ("settings", {"draws": 0}), ("gambit", 3)])
def test_a_seal_that_asks_for_what_no_command_would_is_refused(
    key: str, value: object, lab: Path, memos: dict[str, Path], tmp_path: Path
) -> None:
    head, _, rest = memos["md"].read_text(encoding="utf-8").partition("<!-- gambits-memo ")
    record = json.loads(rest.rpartition(" -->")[0]) | {key: value}
    (tmp_path / "memo.md").write_text(f"{head}<!-- gambits-memo {json.dumps(record)} -->", encoding="utf-8")

    assert run("memo", lab, "--check", tmp_path / "memo.md").exit_code == 6


@pytest.mark.parametrize("name", ["memo.pdf", "memo.docx", "nothing.md", "memo"])
def test_what_is_no_memo_is_refused_as_input(name: str, lab: Path, tmp_path: Path) -> None:
    if not name.startswith("nothing"):
        (tmp_path / name).write_bytes(b"PK no zip")
    result = run("memo", lab, "--check", tmp_path / name)

    assert result.exit_code == 3
    assert name in result.stderr


def test_figures_are_told_from_words() -> None:
    assert tokens("+0.105 OOM, -3.2 to 1,234.5; 70%, 3.61×, 4.9e-07, 2027Q1 and –") == [
        "+0.105", "-3.2", "1,234.5", "70%", "3.61×", "4.9e-07", "2027", "1", "–"
    ]  # fmt: skip
    assert tokens("pages 3-5 of R1.") == ["3", "5", "1"]


def test_a_page_is_seen_as_a_browser_shows_it() -> None:
    page = "<style>h1 {top: 1px}</style>\n<td>0.<strong>5</strong></td><td>7</td>\n<svg><text>9</text></svg> &#50;5"
    found = figures_in(visible(page, "html"))

    assert [(seen.token, seen.line) for seen in found] == [("0.5", 2), ("7", 2), ("25", 3)]


def test_a_text_is_seen_without_escapes_and_comments() -> None:
    found = figures_in(visible("a \\-5 b\n<!-- 7\n8 -->\n1\\. 6", "md"))

    assert [(seen.token, seen.line) for seen in found] == [("-5", 1), ("1", 4), ("6", 4)]
