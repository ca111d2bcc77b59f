"""The same input gives the same bytes, whatever the process, the layout of the file and the order in it."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from gambits.cli import main
from gambits.files.bundled import portfolio_folder
from gambits.files.reading import compose, plain

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 20}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    path: architect
    source: Doe 2026
    cost: 10 to 40
    effects: {data_efficiency: 1.5, compute: 1.1}
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 20
    effects: {unique_tokens: 1e13}
    requires: [verifier]
  verifier:
    path: alchemist
    source: "judgement: none"
    cost: 5
"""


def solved(file: Path | str, *options: str) -> str:
    result = CliRunner().invoke(main, ["solve", str(file), "--json", *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture
def solve(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Give a function that solves the text of a portfolio under the text of a gambit."""

    def solve(text: str, gambit: str = "name: mine\nshares: {architect: 0.5, alchemist: 0.5}\n") -> dict[str, Any]:
        (tmp_path / "lab.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "gambit.yaml").write_text(gambit, encoding="utf-8")
        return json.loads(solved(tmp_path / "lab.yaml", "--certain", "--gambit", str(tmp_path / "gambit.yaml")))

    return solve


@pytest.fixture(scope="module")
def frontier_lab() -> Any:
    folder = portfolio_folder("frontier-lab")
    assert folder is not None
    return plain(compose((folder / "portfolio.yaml").read_text(encoding="utf-8"), "frontier-lab"))


def written(document: Any, file: Path) -> Path:
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def shuffled(document: Any, seed: int) -> Any:
    """Shuffle the initiatives of a portfolio, the keys of each, and the keys of the file."""
    chance = random.Random(seed)

    def in_another_order(mapping: dict[str, Any]) -> dict[str, Any]:
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    document = in_another_order(document)
    initiatives = {id: in_another_order(each) for id, each in document["initiatives"].items()}
    return document | {"initiatives": in_another_order(initiatives)}


def test_the_plan_of_the_frontier_lab_is_the_same_bytes_in_every_process() -> None:
    command = [
        sys.executable,
        "-c",
        "from gambits.cli import main; main()",
        "solve",
        "frontier-lab",
        "--certain",
        "--json",
    ]
    plans = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("0", "1", "4711")
    ]

    assert plans[0] == plans[1] == plans[2]


def test_draws_are_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(LAB, encoding="utf-8")
    options = ["--draws", "100", "--batches", "2", "--json"]
    command = [sys.executable, "-c", "from gambits.cli import main; main()", "solve", tmp_path / "lab.yaml", *options]
    plans = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("0", "1")
    ]

    assert plans[0] == plans[1]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_file_changes_no_value_and_no_hash(frontier_lab: Any, seed: int, tmp_path: Path) -> None:
    plan = json.loads(solved(written(frontier_lab, tmp_path / "a.yaml"), "--certain"))
    again = json.loads(solved(written(shuffled(frontier_lab, seed), tmp_path / "b.yaml"), "--certain"))

    assert again == plan
    assert again["input_sha256"] == plan["input_sha256"]


def test_the_order_of_the_file_changes_no_byte(frontier_lab: Any, tmp_path: Path) -> None:
    plan = solved(written(frontier_lab, tmp_path / "a.yaml"), "--certain")

    assert solved(written(shuffled(frontier_lab, 1), tmp_path / "b.yaml"), "--certain") == plan


def test_the_order_of_the_file_changes_nothing_in_the_memo(frontier_lab: Any, tmp_path: Path) -> None:
    def memo(document: Any) -> str:
        file = written(document, tmp_path / "lab.yaml")
        return CliRunner().invoke(main, ["memo", str(file), "--certain"], catch_exceptions=False).stdout

    assert memo(shuffled(frontier_lab, 3)) == memo(frontier_lab)


LAYOUTS = {
    "comments": LAB.replace("budget:", "# as approved\nbudget:"),
    "blocks for braces": LAB.replace("budget: {per_period: 20}", "budget:\n  per_period: 20"),
    "quotes": LAB.replace("name: Small lab", 'name: "Small lab"'),
    "another way to write a number": LAB.replace("flop: 1e27", "flop: 1000e24").replace("cost: 20", "cost: 20.0"),
    "windows": LAB.replace("\n", "\r\n"),
    "spaces in a range": LAB.replace("10 to 40", "10   to  40"),
}
EDITS = {
    "a cost": LAB.replace("cost: 20", "cost: 21"),
    "a source": LAB.replace("Doe 2026", "Doe 2027"),
    "a default written out": LAB.replace("cost: 20", "cost: 20\n    lag: 0"),
    "the law": LAB.replace("frontier:\n", "frontier:\n  law: besiroglu-2024\n"),
}


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
def test_the_hash_is_of_the_contents_and_not_of_the_layout(text: str, solve: Callable[..., dict[str, Any]]) -> None:
    assert solve(text)["input_sha256"] == solve(LAB)["input_sha256"]


@pytest.mark.parametrize("text", EDITS.values(), ids=EDITS)
def test_an_edit_changes_the_hash(text: str, solve: Callable[..., dict[str, Any]]) -> None:
    assert solve(text)["input_sha256"] != solve(LAB)["input_sha256"]


def test_the_gambit_is_part_of_the_hash(solve: Callable[..., dict[str, Any]]) -> None:
    half = solve(LAB)

    assert half["input_sha256"] != solve(LAB, "name: mine\nshares: {architect: 0.4, alchemist: 0.6}\n")["input_sha256"]
    assert re.fullmatch(r"[0-9a-f]{64}", half["input_sha256"])


def test_the_settings_are_part_of_the_hash(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB, encoding="utf-8")
    runs = [["--certain"], ["--draws", "20", "--batches", "0"], ["--draws", "20", "--batches", "0", "--seed", "1"]]

    assert len({json.loads(solved(file, *options))["input_sha256"] for options in runs}) == 3


def test_where_a_file_lies_and_what_it_is_called_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for file in (tmp_path / "a" / "portfolio.yaml", tmp_path / "other.yaml"):
        file.write_text(LAB, encoding="utf-8")

    assert solved(tmp_path / "a", "--certain") == solved(tmp_path / "other.yaml", "--certain")


PLAN = """
import json, sys
from gambits import Settings, load, solve
plan = solve(load(sys.argv[1]), "incumbent", Settings(draws=300, batches=0))
print(json.dumps([each.spend for each in plan.allocations]))
"""


def test_another_processor_finds_the_same_plan_to_the_last_bit() -> None:
    """Sums on a processor without its vector units differ in their last digits; the money does not."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if not found:
        pytest.skip("this processor has no vector units that numpy can leave unused")
    plain = {"NPY_DISABLE_CPU_FEATURES": " ".join(found), "OPENBLAS_CORETYPE": "Nehalem"}

    plans = [
        subprocess.run(
            [sys.executable, "-c", PLAN, "frontier-lab"],
            env=os.environ | changed,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for changed in ({}, plain)
    ]

    assert json.loads(plans[0])
    assert plans[0] == plans[1]
