"""`gambits export`: the form follows the file's name, and JSON says what is known of the programme."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def test_the_form_is_the_one_that_the_file_is_named_for(run: Run, tmp_path: Path) -> None:
    for name, form in (("master.mps", "mps"), ("master.LP", "lp"), ("master.txt", "lp")):
        result = run("export", "minimal", "--certain", "--json", "-o", tmp_path / name)

        assert result.exit_code == 0, result.stderr
        record = json.loads(result.stdout)
        assert (record["form"], record["text"]) == (form, None)
        assert Path(record["file"]) == tmp_path / name
        text = tmp_path.joinpath(name).read_text(encoding="utf-8")
        assert text.rstrip().endswith("ENDATA" if form == "mps" else "end")


@pytest.mark.parametrize("form", ["lp", "mps"])
def test_without_a_file_the_text_is_the_output(form: str, run: Run) -> None:
    text = run("export", "minimal", "--certain", "--format", form).stdout
    record = json.loads(run("export", "minimal", "--certain", "--format", form, "--json").stdout)

    assert text.startswith(("\\ Four bets, 2027", "* Four bets, 2027"))
    assert record["text"] == text
    assert run("export", "minimal", "--certain", "--format", form, "-o", "-").stdout == text


def test_the_same_question_gives_the_same_bytes(run: Run) -> None:
    first, second = (run("export", "minimal", "--draws", "50", "--gambit", "challenger").stdout for _ in range(2))

    assert first == second


def test_rules_that_cannot_hold_end_as_they_do_in_solve(run: Run, write: Callable[[str, str], Path]) -> None:
    gambit = write("floor.yaml", "{name: floor, cvar_floor: 5}")

    result = run("export", "minimal", "--certain", "--gambit", gambit)

    assert result.exit_code == 4
    assert "no plan has a tail worth 5 OOM" in result.stderr
