"""`gambits explain`: why not, in words, tables and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def test_json_has_every_key_that_is_promised(lab: Path, run: Run) -> None:
    found = json.loads(run("explain", lab, "play", "--certain", "--json").stdout)

    assert set(found) >= {"initiative", "funded", "margin", "blockers", "displacement", "waits_for", "barred", "why"}
    assert found["initiative"] == "play"
    assert all(isinstance(sentence, str) for sentence in found["why"])


def test_it_answers_in_sentences_and_names_who_would_leave(lab: Path, run: Run) -> None:
    shown = " ".join(run("explain", lab, "play", "--certain").stdout.split())

    assert "play gets" in shown
    assert "verifier" in shown
    assert "whose money moves" in shown or "No plan under these rules" in shown


def test_tables_fit_100_columns(lab: Path, run: Run) -> None:
    shown = run("explain", lab, "rented", "--certain").stdout

    assert max(map(len, shown.splitlines())) <= 100


def test_an_unknown_initiative_is_a_fault_of_the_input(lab: Path, run: Run) -> None:
    result = run("explain", lab, "plya", "--certain")

    assert result.exit_code == 3
    assert "play" in result.stderr


def test_a_picture_is_written(lab: Path, tmp_path: Path, run: Run) -> None:
    result = run("explain", lab, "hybrid", "--certain", "--plot", tmp_path / "hybrid.svg")

    assert result.exit_code == 0
    assert "What gives way" in (tmp_path / "hybrid.svg").read_text(encoding="utf-8")
