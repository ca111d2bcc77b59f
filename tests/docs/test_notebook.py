"""The notebook of the documentation runs from top to bottom, and what it shows is shown as tables."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from gambits import Information, Settings, compare, explain, load, solve

NOTEBOOK = Path(__file__).parents[2] / "docs" / "tutorial" / "notebook.ipynb"
CERTAIN = Settings(certain=True)


def cells(kind: str) -> list[str]:
    document = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(each["source"]) for each in document["cells"] if each["cell_type"] == kind]


def test_it_is_a_notebook_without_outputs_that_could_grow_stale() -> None:
    document = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    ids = [each["id"] for each in document["cells"]]

    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert len(set(ids)) == len(ids)
    for each in document["cells"]:
        if each["cell_type"] == "code":
            assert each["outputs"] == []
            assert each["execution_count"] is None


def test_every_cell_runs_after_those_before_it_and_shows_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for number, text in enumerate(cells("code"), 1):
        shown = run(text, names, f"cell {number}")
        assert shown is not None, f"cell {number} shows nothing"
        if type(shown).__module__.startswith("gambits"):
            assert "<table" in shown._repr_html_()

    assert list(tmp_path.iterdir()) == []


def run(text: str, names: dict[str, Any], where: str) -> Any:
    """Run a cell as a notebook does: the value of its last expression is what it shows."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), names)
    return eval(compile(ast.Expression(last.value), where, "eval"), names) if isinstance(last, ast.Expr) else None


def test_the_records_of_decisions_show_themselves_as_tables() -> None:
    portfolio = load("minimal")
    plan = solve(portfolio, "challenger", CERTAIN)
    comparison = compare(portfolio, ["incumbent", "challenger"], CERTAIN)
    why = explain(portfolio, plan.allocations[0].id, "challenger", CERTAIN)

    for record, row in (
        (portfolio, portfolio.initiatives[0].id),
        (plan, plan.allocations[0].id),
        (comparison, plan.allocations[0].id),
        (why, ""),
    ):
        page = record._repr_html_()
        assert page.startswith("<p><strong>")
        assert f"<th>{row}</th>" in page if row else "<table" in page
    assert hasattr(Information, "_repr_html_")


def test_what_a_file_says_is_text_and_no_markup(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(
        """\
format: gambits/1
name: <script>alert(1)</script>
as_of: 2027-01-01
periods: {first: 2027Q1, count: 1}
money: <b>USD</b>
budget: {per_period: 10}
frontier: {compute: {flop: 1e26}, unique_tokens: {count: 1e13}}
initiatives:
  kernels: {path: a, source: "<img src=x onerror=alert(1)>", cost: 5, effects: {compute: 2}}
""",
        encoding="utf-8",
    )
    portfolio = load(file)
    page = portfolio._repr_html_() + solve(portfolio, settings=Settings(certain=True))._repr_html_()

    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page
