"""`gambits sensitivity`: tables, JSON, a picture, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def test_json_has_every_key_that_is_promised(lab: Path, run: Run) -> None:
    found = json.loads(run("sensitivity", lab, "--certain", "--json").stdout)

    assert set(found) >= {"format", "tornado", "flips", "firm", "gaming", "objective", "draws", "seed"}
    assert set(found["tornado"][0]) >= {"estimate", "low", "high"}
    assert found["flips"], "the lab has an initiative that can flip"
    assert set(found["gaming"][0]) >= {"owner", "initiatives", "money", "gained", "gained_by_cost", "loss"}
    assert set(found["flips"][0]) >= {"initiative", "estimate", "change", "sigmas", "chance"}


def test_the_tables_name_estimates_as_people_do(lab: Path, run: Run) -> None:
    shown = run("sensitivity", lab, "--certain").stdout

    assert "hybrid: data efficiency" in shown
    assert "fails" in shown and "works" in shown
    assert "half its cost" in shown
    assert "exaggerating" in shown and "architecture" in shown
    assert f"gambits voi {lab}" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 100


def test_flips_are_left_out_where_that_is_asked_for(lab: Path, run: Run) -> None:
    result = run("sensitivity", lab, "--certain", "--flips", "none", "--json")

    assert json.loads(result.stdout)["flips"] == []


def test_an_initiative_that_is_not_there_is_a_fault_of_the_input(lab: Path, run: Run) -> None:
    result = run("sensitivity", lab, "--certain", "--flips", "hybird")

    assert result.exit_code == 3
    assert "hybrid" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_picture_of_another_kind_is_refused_before_anything_is_computed(lab: Path, run: Run) -> None:
    for option in ("--plot", "--plot-gaming"):
        result = run("sensitivity", lab, option, "tornado.pdf")

        assert result.exit_code == 2
        assert f"{option} tornado.pdf: name a file that ends in .svg or .png" in result.stderr


def test_a_picture_is_written(lab: Path, tmp_path: Path, run: Run) -> None:
    pictures = ("--plot", tmp_path / "tornado.svg", "--plot-gaming", tmp_path / "gaming.svg")
    run("sensitivity", lab, "--certain", "--flips", "none", *pictures)

    assert "exaggerating" in (tmp_path / "gaming.svg").read_text(encoding="utf-8")
    assert "rests on" in (tmp_path / "tornado.svg").read_text(encoding="utf-8")


def test_rules_that_cannot_hold_end_with_code_4(lab: Path, run: Run) -> None:
    lab.write_text(
        lab.read_text().replace("takes: 2\n", "takes: 2\n    must: true\n    never: true\n"), encoding="utf-8"
    )

    assert run("sensitivity", lab, "--certain").exit_code in (3, 4)
