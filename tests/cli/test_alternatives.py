"""`gambits alternatives`: tables, JSON, a picture, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]
FEW = ("--certain", "--count", "3")


def test_json_has_every_key_that_is_promised(lab: Path, run: Run) -> None:
    found = json.loads(run("alternatives", lab, *FEW, "--json").stdout)

    assert set(found) >= {"format", "within", "plans", "core_index", "ranges", "distances", "least_distance"}
    assert [plan["format"] for plan in found["plans"]] == ["gambits/plan/1"] * len(found["plans"])
    assert set(found["core_index"]) == {"hybrid", "play", "verifier", "rented"}
    best = found["plans"][0]["objective"]
    assert all(best - plan["objective"] <= found["within"] for plan in found["plans"])


def test_the_tables_say_what_all_of_them_have(lab: Path, run: Run) -> None:
    shown = run("alternatives", lab, *FEW).stdout

    assert "In every plan so good that was found" in shown
    assert "alternative 1" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_a_picture_is_written(lab: Path, tmp_path: Path, run: Run) -> None:
    run("alternatives", lab, *FEW, "--plot", tmp_path / "ranges.svg")

    assert "How flat the top is" in (tmp_path / "ranges.svg").read_text(encoding="utf-8")


def test_what_cannot_be_is_refused(lab: Path, run: Run) -> None:
    assert run("alternatives", lab, "--within", "0").exit_code == 2
    assert run("alternatives", lab, "--plot", "ranges.pdf").exit_code == 2
    lab.write_text(lab.read_text().replace("cost: 40\n", "cost: 90\n    must: true\n"), encoding="utf-8")
    assert run("alternatives", lab, "--certain").exit_code == 4
