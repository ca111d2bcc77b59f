"""The programme behind a plan as LP and MPS: another reader finds the same bound, and a person finds the names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pulp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from gambits import load
from gambits.allocate.cuts import search
from gambits.allocate.export import Export, export, readable
from gambits.pipeline import Settings
from gambits.pipeline import export as export_portfolio

Solve = Callable[..., Any]
LP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,254}")


def read_back(text: str, form: str, folder: Path) -> highspy.Highs:
    file = folder / f"master.{form}"
    file.write_text(text, encoding="utf-8")
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(file)) == highspy.HighsStatus.kOk
    return highs


def exported(solved: Any, form: str) -> Export:
    return export(*search(solved.portfolio, solved.gambit, solved.forecast), form)


def minimum(highs: highspy.Highs) -> float:
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value)


@pytest.mark.parametrize("gambit", ["incumbent", "compute-only"])
@pytest.mark.parametrize("form", ["lp", "mps"])
def test_what_is_written_has_the_bound_for_its_least_value(form: str, gambit: str, tmp_path: Path) -> None:
    found = export_portfolio(load("minimal"), gambit, Settings(draws=50), form)

    highs = read_back(found.text, form, tmp_path)

    assert (highs.getNumCol(), highs.getNumRow()) == (found.columns, found.rows)
    assert minimum(highs) == pytest.approx(-found.bound, abs=1e-7)
    assert found.status == "optimal"
    assert 0 <= found.gap <= 1e-5


def test_both_forms_are_one_programme(tmp_path: Path) -> None:
    lab = load("frontier-lab")
    lp, mps = (
        read_back(export_portfolio(lab, "challenger", Settings(certain=True), form).text, form, tmp_path).getLp()
        for form in ("lp", "mps")
    )

    order = [mps.col_names_.index(name) for name in lp.col_names_]
    assert sorted(order) == list(range(mps.num_col_))
    assert lp.row_names_ == mps.row_names_
    for ours, theirs in ((lp.col_cost_, mps.col_cost_), (lp.col_upper_, mps.col_upper_)):
        assert np.array(ours).tolist() == np.array(theirs)[order].tolist()
    assert list(lp.row_upper_) == list(mps.row_upper_)


def test_pulp_and_scipy_read_the_same_bound_from_it(solve: Solve, tmp_path: Path) -> None:
    """A third and a fourth opinion: PuLP's reader of MPS, and SciPy on the matrix that it gives."""
    solved = solve(Path(load("minimal").file).read_text(encoding="utf-8"), "{name: even, shares: {architect: 0.5}}")
    file = tmp_path / "master.mps"
    file.write_text(exported(solved, "mps").text, encoding="utf-8")

    variables, problem = pulp.LpProblem.fromMPS(str(file))
    names = list(variables)
    number = {name: k for k, name in enumerate(names)}
    less, limits, equal, sides = [], [], [], []
    for row in problem.constraints():
        line = np.zeros(len(names))
        for variable, coefficient in row.items():
            line[number[variable.name]] = coefficient
        sign = -1.0 if row.sense == pulp.LpConstraintGE else 1.0
        matrix, right = (equal, sides) if row.sense == pulp.LpConstraintEQ else (less, limits)
        matrix.append(sign * line)
        right.append(-sign * row.constant)
    cost = np.zeros(len(names))
    for variable, coefficient in problem.objective.items():
        cost[number[variable.name]] = coefficient
    bounds = [(variables[name].lowBound, variables[name].upBound) for name in names]
    found = linprog(cost, A_ub=less, b_ub=limits, A_eq=equal, b_eq=sides, bounds=bounds)

    assert found.fun == pytest.approx(-solved.optimum.bound, abs=1e-7)


def test_names_are_those_of_the_portfolio(tmp_path: Path) -> None:
    text = export_portfolio(load("minimal"), "incumbent", Settings(certain=True), "lp").text

    assert text.startswith("\\ Four bets, 2027: the master of incumbent, with its cuts.\n\\ No plan is worth more than")
    assert "\n requires_self.play_verifier.suite_2027Q1: " in text
    assert " share_alchemist: " in text
    assert " cut_1: " in text
    assert max(map(len, text.splitlines())) <= 400


@pytest.mark.parametrize("form", ["lp", "mps"])
def test_stages_odd_paths_and_long_ids_are_no_hindrance(form: str, solve: Solve, tmp_path: Path) -> None:
    """Ids that differ in a sign that the formats do not know stay two columns."""
    long = "x" * 64
    solved = solve(
        f"""\
format: gambits/1
name: "= Größe \\\\ * [a] 100%"
as_of: 2027-01-01
periods: {{first: 2027-01, count: 2}}
money: USD million
budget: {{per_period: 10}}
initiatives:
  a-b: {{path: größe & mehr, source: judgement, cost: 8, value: 3}}
  a_b: {{path: architect, source: judgement, cost: 8, value: 2}}
  {long}:
    path: alchemist
    source: judgement
    value: 4
    requires: [a_b]
    stages: [{{name: {"y" * 64}, cost: 3}}, {{name: {"z" * 64}, cost: 3}}]
  e1: {{path: architect, source: judgement, cost: 5, value: 1}}
objective: {{value: 1}}
""",
        "{name: odd, most_for_one: 0.4}",
    )
    found = exported(solved, form)

    highs = read_back(found.text, form, tmp_path)

    names = [*highs.getLp().col_names_, *highs.getLp().row_names_]
    assert len(set(names)) == len(names)
    assert all(LP_NAME.fullmatch(name) for name in names)
    assert minimum(highs) == pytest.approx(-solved.optimum.bound, abs=1e-7)


@given(st.lists(st.one_of(st.text(max_size=3), st.sampled_from(["x" * 300, "x" * 400, "a-b", "a/b", "a.b.2"]))))
def test_readable_names_are_all_different(names: list[str]) -> None:
    found = readable(f"c{k:06d}_funded_{name}" for k, name in enumerate(names))

    assert len(set(found)) == len(names)
    assert all(LP_NAME.fullmatch(name) for name in found)


def test_an_export_says_what_is_known_of_it() -> None:
    record = export_portfolio(load("minimal"), "incumbent", Settings(certain=True), "mps").to_dict()

    assert set(record) == {
        *("format", "form", "portfolio", "gambit", "status", "objective", "bound", "gap", "columns", "rows")
    }
    assert record["format"] == "gambits/export/1"
