"""`gambits graph`: as text, picture, Mermaid, DOT and JSON; with and without a plan."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

# The issue: at least these keys.
KEYS = {"nodes", "edges", "layers", "critical_path", "unlock", "blocker"}


@pytest.fixture
def plan(run: Run, lab: Path, tmp_path: Path) -> Path:
    file = tmp_path / "plan.json"
    assert run("solve", lab, "--certain", "--gambit", "challenger", "-o", file).exit_code == 0
    return file


def test_the_table_shows_layers_times_and_worth(run: Run, lab: Path) -> None:
    shown = run("graph", lab, "--certain").stdout

    assert "Small lab: what waits for what" in shown
    assert max(map(len, shown.splitlines())) <= 100
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line.strip()}
    assert rows["verifier"][1] == "2027Q2"
    assert float(rows["verifier"][2]) > 0
    assert rows["play"][1:3] == ["verifier", "2027Q2"]
    assert "At the earliest all counts in 2027Q3; what decides that: hybrid." in shown
    assert "play: verifier, which takes 2 periods" in shown


def test_json_has_every_key_that_is_promised(run: Run, lab: Path, plan: Path) -> None:
    record = json.loads(run("graph", lab, "--certain", "--plan", plan, "--json").stdout)

    assert set(record) == KEYS | {"format", "portfolio", "money", "gambit", "excludes", "uncertified"}
    assert (record["format"], record["gambit"]) == ("gambits/graph/1", "challenger")
    assert record["layers"] == [["hybrid", "rented", "verifier"], ["play"]]
    assert record["edges"] == [
        {"from": "verifier", "to": "play", "kind": "requires", "share": 1, "lag": 0, "choice": None}
    ]
    assert record["excludes"] == []
    assert [node["id"] for node in record["nodes"]] == ["hybrid", "rented", "verifier", "play"]
    assert record["unlock"]["verifier"]["opens"] == ["play"]
    kept = json.loads(plan.read_text(encoding="utf-8"))["initiatives"]
    for node in record["nodes"]:
        assert node["funded"] == pytest.approx(kept[node["id"]]["funded"])
        assert node["spend"] == pytest.approx(kept[node["id"]]["total"])


def test_without_solving_there_is_structure_and_time_alone(run: Run, lab: Path) -> None:
    record = json.loads(run("graph", lab, "--bare", "--json").stdout)

    assert (record["unlock"], record["gambit"]) == (None, None)
    assert record["nodes"][0]["funded"] is None
    assert record["critical_path"] == ["hybrid"]
    assert record["blocker"] == {"play": {"by": "verifier", "path": ["play", "verifier"], "why": "takes 2 periods"}}


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("graph.svg", "<svg "),
        ("graph.mmd", "flowchart LR\n"),
        ("graph.md", "flowchart LR\n"),
        ("graph.dot", "digraph gambits {"),
        ("graph.gv", "digraph gambits {"),
        ("graph.txt", "Small lab: what waits for what"),
        ("graph", "Small lab: what waits for what"),
    ],
)
def test_the_form_is_the_one_that_the_file_is_named_for(
    name: str, begins: str, run: Run, lab: Path, tmp_path: Path
) -> None:
    result = run("graph", lab, "--bare", "-o", tmp_path / name)

    assert (result.exit_code, result.stdout) == (0, "")
    assert tmp_path.joinpath(name).read_text(encoding="utf-8").startswith(begins)


def test_forms_on_standard_output(run: Run, lab: Path, plan: Path) -> None:
    picture = run("graph", lab, "--bare", "--plan", plan, "--format", "svg").stdout
    assert ET.fromstring(picture).tag.endswith("svg")
    assert run("graph", lab, "--bare", "--format", "dot", "-o", "-").stdout.startswith("digraph")
    assert "graph TD" not in run("graph", lab, "--bare", "--format", "mermaid").stdout


def test_the_same_question_gives_the_same_bytes(run: Run, lab: Path) -> None:
    first, second = (run("graph", lab, "--draws", "50", "--format", "svg").stdout for _ in range(2))

    assert first == second


def test_a_plan_is_weighed_under_its_own_gambit_unless_told(
    run: Run, lab: Path, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    mine, file = write("mine.yaml", "name: mine"), tmp_path / "mine.json"
    run("solve", lab, "--certain", "--gambit", mine, "-o", file)

    refused = run("graph", lab, "--certain", "--plan", file)
    told = run("graph", lab, "--certain", "--plan", file, "--gambit", mine, "--json")

    assert refused.exit_code == 2
    assert "give its file with --gambit" in refused.stderr
    assert json.loads(told.stdout)["gambit"] == "mine"


def test_a_plan_of_another_portfolio_is_refused(run: Run, plan: Path) -> None:
    result = run("graph", "minimal", "--bare", "--plan", plan)

    assert result.exit_code == 3
    assert "the plan is one of another portfolio" in result.stderr
