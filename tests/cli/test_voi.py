"""`gambits voi`: tables, JSON, a picture, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def piloted(lab: Path) -> Path:
    """The lab with a pilot of its hybrid."""
    text = lab.read_text(encoding="utf-8").replace(
        "takes: 3\n", "takes: 3\n    pilot: {cost: 1, informs: [success]}\n", 1
    )
    lab.write_text(text, encoding="utf-8")
    return lab


def test_json_has_every_key_that_is_promised(piloted: Path, run: Run) -> None:
    found = json.loads(run("voi", piloted, "--draws", 20, "--json").stdout)

    assert set(found) >= {
        "format",
        "evpi",
        "evppi",
        "queue",
        "findings",
        "standard_error",
        "objective",
        "draws",
        "seed",
    }
    assert all(0 <= worth <= found["evpi"] for worth in found["evppi"].values())
    assert set(found["queue"][0]) >= {"name", "informs", "evppi", "standard_error", "worth", "cost", "loss", "net"}


def test_the_tables_name_what_to_find_out_first_and_what_to_type_next(piloted: Path, run: Run) -> None:
    shown = run("voi", piloted, "--draws", 20).stdout

    assert "EVPI" in shown and "stopping" in shown
    assert "pilot of hybrid: success" in shown
    assert "First, the pilot of hybrid: success" in shown or "worth what it costs" in shown or "decide now" in shown
    assert "gambits sensitivity" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_a_file_without_pilots_is_told_how_to_name_one(lab: Path, run: Run) -> None:
    shown = run("voi", lab, "--draws", 20).stdout

    assert "pilot: {cost: 2, informs: [success]}" in shown
    assert "Worth finding out (" in shown


def test_a_picture_is_written(lab: Path, tmp_path: Path, run: Run) -> None:
    result = run("voi", lab, "--draws", 20, "--plot", tmp_path / "voi.svg")

    assert result.exit_code == 0
    assert "worth finding out" in (tmp_path / "voi.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--certain",), 2, "nothing to find out"),
        (("--plot", "voi.pdf"), 2, ".svg or .png"),
        (("--gambit", "incumbant"), 3, "incumbent"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    lab: Path, run: Run, options: tuple[str, ...], code: int, words: str
) -> None:
    result = run("voi", lab, *options)

    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr
