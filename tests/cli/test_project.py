"""``gambits project``: what it prints fits the page, and its JSON is the projection."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from gambits.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["project", *arguments], catch_exceptions=False)


@pytest.mark.parametrize("name", ["challenger-startup", "frontier-lab", "minimal"])
def test_every_table_fits_a_hundred_columns(name: str) -> None:
    result = run(name, "--draws", "60")

    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "the data wall" in result.stdout
    assert "what a trillion more unique tokens would be worth" in result.stdout
    # No heading, figure or name that says something is cut, but for names of initiatives.
    wall = result.stdout[result.stdout.index("the data wall: when") : result.stdout.index("Twice the compute")]
    assert "…" not in wall


def test_json_is_the_projection() -> None:
    result = run("minimal", "--certain", "--json")
    found = json.loads(result.stdout)

    assert found["format"] == "gambits/projection/1"
    assert set(found["initiatives"]) == {"hybrid-backbone", "self-play", "tuned-repetition", "verifier-suite"}
    assert {"alone", "marginal", "with_all"} <= set(found["initiatives"]["self-play"])
    assert {"compute", "unique_tokens", "effective_compute"} <= set(found["baseline"][0])
    assert found["market"] is None
    assert [each["epochs"] for each in found["repetition"]] == [1, 2, 4, 8, 16, 40]


def test_a_portfolio_without_a_frontier_is_projected_by_its_points(tmp_path: object) -> None:
    folder = tmp_path
    text = (
        "format: gambits/1\nname: x\nas_of: 2027-01-01\nperiods: {first: 2027, count: 1}\nmoney: EUR\n"
        "budget: {per_period: 10}\nobjective: {value: 1}\n"
        "initiatives:\n  a: {path: architect, cost: 3, value: 2, source: judgement}\n"
        "  b: {path: alchemist, cost: 3, value: 2, source: judgement}\n"
    )
    file = folder / "lab.yaml"  # type: ignore[operator]
    file.write_text(text, encoding="utf-8")

    result = run(str(file), "--certain")

    assert result.exit_code == 0
    assert "what each initiative would add" in result.stdout
    assert "data wall" not in result.stdout
