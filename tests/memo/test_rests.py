"""What the memo says of the estimates that the plan rests on, of what waits for what, and of how old estimates are."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gambits.analyse.study import Settings, Study
from gambits.briefing import LONG, QUESTIONS, beside, brief
from gambits.cli import main
from gambits.memo.compose import compose
from gambits.memo.document import Chart, Document
from gambits.memo.seal import made
from gambits.memo.write import write_memo
from gambits.portfolio.edits import estimates
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.load import load

SETTINGS = Settings(draws=80, batches=0)
LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 8e12 to 2e13}
initiatives:
  hybrid:
    title: Hybrid backbone
    path: architect
    source: "judgement: a guess"
    cost: 16 to 25
    success: 0.6
    effects: {data_efficiency: 1.2 to 2.0}
    takes: 3
    pilot: {cost: 0.2, informs: [success]}
  play:
    title: Self-play
    path: alchemist
    source: Doe 2026
    stages:
      - {name: pilot, cost: 5, success: 0.5}
      - {name: scale, cost: 15}
    effects: {post_training: 1.1 to 1.9}
    verified: true
    requires: [verifier]
  verifier:
    title: Verifiers
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 12
    takes: 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rests")
    (folder / "portfolio.yaml").write_text(LAB, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def record(folder: Path) -> dict[str, Any]:
    study, gambit = Study(load(folder), SETTINGS), load_gambit("challenger")
    return brief(study, gambit, beside(study, gambit))


@pytest.fixture(scope="module")
def memo(record: dict[str, Any]) -> str:
    return write_memo(record, made("challenger", SETTINGS, record)).decode()


def chart(document: Document, name: str) -> Chart:
    (found,) = (each for each in document.charts if each.name == name)
    return found


def test_bars_are_those_that_sensitivity_gives(record: dict[str, Any], folder: Path) -> None:
    options = ["--gambit", "challenger", "--draws", "80", "--flips", "none", "--json"]
    result = CliRunner().invoke(main, ["sensitivity", str(folder), *options], catch_exceptions=False)
    told = {bar["estimate"]: bar for bar in json.loads(result.stdout)["tornado"]}

    assert {bar["estimate"] for bar in record["sensitivity"]["tornado"]} == set(told)
    for bar in record["sensitivity"]["tornado"]:
        for key in ("low", "high", "low_at", "high_at"):
            assert bar[key] == pytest.approx(told[bar["estimate"]][key], abs=1e-6), bar["estimate"]


def test_every_bar_and_every_flip_has_a_name_that_people_use(record: dict[str, Any], folder: Path) -> None:
    names = {bar["estimate"]: bar["name"] for bar in record["sensitivity"]["tornado"]}

    assert names["initiatives.hybrid.success"] == "success of Hybrid backbone"
    assert names["frontier.unique_tokens.count"] == "unique tokens that there are"
    assert set(names) <= {*estimates(load(folder)), "frontier.law"}
    for each in (*record["sensitivity"]["tornado"], *record["sensitivity"]["flips"]):
        assert "initiatives." not in each["name"], each["estimate"]


def test_the_memo_says_which_estimate_moves_it_most(record: dict[str, Any], memo: str) -> None:
    widest = max(record["sensitivity"]["tornado"], key=lambda bar: abs(bar["high"] - bar["low"]))
    told = f"The widest bar is {widest['name']}: from {widest['low']:.3f} to {widest['high']:.3f}."

    assert told.replace("~", "\\~") in memo


def test_each_end_of_a_bar_is_labelled_in_the_picture(record: dict[str, Any]) -> None:
    drawing = chart(compose(record), "tornado").drawing
    assert isinstance(drawing, dict)
    texts = [
        row["text"]
        for layer in drawing["layer"]
        if layer["mark"]["type"] == "text"
        for row in layer["data"]["values"]
        if row["estimate"] == "success of Hybrid backbone"
    ]

    assert sorted(texts) == ["fails", "works"]


def test_the_graph_is_drawn_with_what_is_funded_and_told_in_a_table(record: dict[str, Any], memo: str) -> None:
    picture = chart(compose(record), "graph")
    root = ET.fromstring(str(picture.drawing))
    words = " ".join("".join(each.itertext()) for each in root.iter() if each.tag.endswith("text"))
    funded = record["plans"]["challenger"]["initiatives"]["verifier"]["funded"]

    assert "Verifiers" in words
    assert f"{funded:.0%}" in words
    assert "| Self-play, pilot | Verifiers | requires |" in memo.replace(": pilot", ", pilot")


def test_one_future_has_no_bars(memo_of: Callable[..., str]) -> None:
    assert "Which estimates it rests on" not in memo_of(LAB)


def test_an_assumption_says_what_it_rests_on_and_since_when(folder: Path, tmp_path: Path, memo: str) -> None:
    assert "judgement; 2027-01-01" in memo
    assert "the author's figure, from the source named, checked by a third party; 2027-01-01" in memo
    assert "no effect of its own; 2027-01-01" in memo

    lab = tmp_path / "lab"
    lab.mkdir()
    file = lab / "portfolio.yaml"
    file.write_text(LAB, encoding="utf-8")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, [*arguments, "--certain"], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    run("solve", str(lab), "--record")
    file.write_text(LAB.replace("as_of: 2027-01-01", "as_of: 2027-04-01").replace("cost: 12", "cost: 13"), "utf-8")
    later = run("memo", str(lab))

    assert "judgement; 2027-01-01" in later
    assert "no effect of its own; 2027-04-01" in later


def command(folder: Path, *arguments: str) -> dict[str, Any]:
    options = ["--gambit", "challenger", "--draws", "80", "--json"]
    result = CliRunner().invoke(main, [arguments[0], str(folder), *arguments[1:], *options], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


def test_what_to_find_out_is_what_the_value_of_information_says(
    record: dict[str, Any], memo: str, folder: Path
) -> None:
    told = {row["name"]: row for row in command(folder, "voi")["queue"]}
    pilot = told["hybrid"]
    queue = {row["name"]: row for row in record["information"]["queue"]}

    assert queue["hybrid"]["title"] == "Hybrid backbone, pilot"
    for key in ("evppi", "cost", "loss", "net"):
        assert queue["hybrid"][key] == pytest.approx(pilot[key], abs=1e-6)
    assert pilot["net"] > 0
    assert (
        f"**Find out first:** Hybrid backbone, pilot. It costs {pilot['cost']:.1f} USD million, and knowing what it "
        f"tells before the rest is spent is worth {pilot['evppi']:.3f} OOM." in memo
    )


def test_the_price_of_the_gambit_is_the_frontier_at_every_tenth(record: dict[str, Any], folder: Path) -> None:
    told = command(folder, "frontier", "--points", "11")

    assert [each["architect_share"] for each in record["frontier"]["points"]] == [k / 10 for k in range(11)]
    for mine, theirs in zip(record["frontier"]["points"], told["points"], strict=True):
        for key in ("expected", "cvar", "objective"):
            assert mine[key] == pytest.approx(theirs[key], abs=2e-5)
    assert record["frontier"]["price"] == pytest.approx(told["price"], abs=2e-5)


def test_the_gambits_stand_on_the_line_of_means(record: dict[str, Any]) -> None:
    drawing = chart(compose(record), "frontier").drawing
    assert isinstance(drawing, dict)
    names = {
        row["name"]: row["value"]
        for layer in drawing["layer"]
        if layer["mark"]["type"] == "text"
        for row in layer["data"]["values"]
    }

    for name in ("incumbent", "challenger", "any split", "on average", "in the worst cases"):
        assert any(name in each for each in names), f"{name} is named, alone or with what stands beside it, in {names}"
    values = {
        row["told"].split(":")[0]: row["value"]
        for layer in drawing["layer"]
        if layer["mark"]["type"] == "point"
        for row in layer["data"]["values"]
    }
    assert values["challenger"] == pytest.approx(record["plans"]["challenger"]["expected"], abs=1e-4)


def test_a_quick_memo_leaves_out_what_takes_many_solves_and_verifies(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "memo.md"
    options = ["--gambit", "challenger", "--draws", "60", "--batches", "0", "--quick", "-o", str(file)]
    assert CliRunner().invoke(main, ["memo", str(folder), *options], catch_exceptions=False).exit_code == 0
    text = file.read_text(encoding="utf-8")

    for heading in ("Which estimates it rests on", "What to find out first", "What one more unit is worth"):
        assert f"## {heading}" not in text
    assert "## What it costs to be wrong" in text
    checked = CliRunner().invoke(main, ["memo", str(folder), "--check", str(file), "--json"], catch_exceptions=False)
    assert json.loads(checked.stdout)["verified"] is True


def test_what_was_recorded_is_not_asked_again_and_check_asks_it_anew(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, asked = tmp_path / "ledger.db", list[str]()
    options = ["--gambit", "challenger", "--draws", "60", "--batches", "0", "--ledger", str(ledger)]

    def spied(name: str, ask: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def answer(inquiry: Any) -> Any:
            asked.append(name)
            return ask(inquiry)

        return answer

    def memo(*more: str) -> list[str]:
        asked.clear()
        result = CliRunner().invoke(main, ["memo", str(folder), *options, *more], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return sorted(set(asked) & set(LONG))

    for name, (words, ask) in list(QUESTIONS.items()):
        monkeypatch.setitem(QUESTIONS, name, (words, spied(name, ask)))
    first, second, quick = (str(tmp_path / f"{name}.md") for name in ("first", "second", "quick"))

    assert memo("--record", "--quick", "-o", quick) == []
    assert memo("--record", "-o", first) == sorted(LONG)
    assert memo("--no-record", "-o", second) == []
    assert Path(second).read_bytes() == Path(first).read_bytes()
    assert memo("--seed", "1", "--no-record", "-o", second) == sorted(LONG)
    assert memo("--check", first) == sorted(LONG)
