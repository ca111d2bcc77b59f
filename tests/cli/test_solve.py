"""`gambits solve`: the plan as a table, as JSON, as a file, and why there is none."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

# design.md, section 5: at least these, and none renamed.
KEYS = {
    "format", "status", "gambit", "objective", "bound", "gap", "rounds", "expected", "cvar", "out_of_sample",
    "total_spend", "shares", "initiatives", "prices", "seed", "draws", "versions", "input_sha256",
}  # fmt: skip
KEYS_OF_AN_INITIATIVE = {"spend", "total", "funded", "progress", "uses"}


@pytest.fixture
def plan(lab: Path, run: Callable[..., Result]) -> dict[str, Any]:
    return json.loads(run("solve", lab, "--gambit", "incumbent", "--certain", "--json").stdout)


def test_json_has_every_key_that_is_promised(plan: dict[str, Any]) -> None:
    assert set(plan) >= KEYS
    assert plan["format"] == "gambits/plan/1"
    assert set(plan["initiatives"]) == {"hybrid", "play", "rented", "verifier"}
    for initiative in plan["initiatives"].values():
        assert set(initiative) >= KEYS_OF_AN_INITIATIVE


def test_json_adds_up(plan: dict[str, Any]) -> None:
    initiatives = plan["initiatives"].values()

    assert all(sum(each["spend"]) == pytest.approx(each["total"], abs=1e-9) for each in initiatives)
    assert sum(each["total"] for each in initiatives) == pytest.approx(plan["total_spend"], abs=1e-9)
    assert sum(plan["shares"].values()) == pytest.approx(1, abs=1e-9)
    assert sum(each["contribution"] for each in initiatives) == pytest.approx(plan["expected"], abs=1e-9)
    by_period = [sum(column) for column in zip(*(each["spend"] for each in initiatives), strict=True)]
    assert plan["spend_by_period"] == pytest.approx(by_period, abs=1e-9)


def test_progress_is_the_funded_fraction_to_the_power_of_the_response(plan: dict[str, Any]) -> None:
    for id, response in {"hybrid": 0.8, "play": 0.8, "verifier": 1, "rented": 1}.items():
        found = plan["initiatives"][id]
        assert found["progress"][-1] == pytest.approx(found["funded"] ** response, abs=1e-6)


def test_the_plan_is_certified_and_obeys_its_gambit(plan: dict[str, Any]) -> None:
    assert plan["status"] == "optimal"
    assert 0 <= plan["gap"] <= 1e-5
    assert plan["gap"] == pytest.approx(max(0, plan["bound"] - plan["objective"]), abs=1e-12)
    architect = plan["initiatives"]["hybrid"]["total"]
    alchemist = plan["initiatives"]["play"]["total"] + plan["initiatives"]["verifier"]["total"]
    assert architect / (architect + alchemist) == pytest.approx(0.7, abs=1e-6)
    assert max(each["total"] for each in plan["initiatives"].values()) <= 0.25 * 40 + 1e-6
    assert plan["total_spend"] <= 40 + 1e-6


@pytest.mark.parametrize(("gambit", "architect"), [("incumbent", 0.7), ("challenger", 0.3)])
def test_the_shares_of_the_frontier_lab_are_those_of_the_gambit(
    gambit: str, architect: float, run: Callable[..., Result]
) -> None:
    plan = json.loads(run("solve", "frontier-lab", "--gambit", gambit, "--certain", "--json").stdout)
    shares = plan["shares"]

    assert plan["gap"] <= 1e-5
    assert shares["architect"] / (shares["architect"] + shares["alchemist"]) == pytest.approx(architect, abs=1e-6)


def test_inputs_are_in_the_plan_by_dotted_key(plan: dict[str, Any]) -> None:
    assert plan["inputs"]["portfolio"]["initiatives.hybrid.cost"] == "16 to 25"
    assert plan["inputs"]["portfolio"]["frontier.compute.flop"] == 1e27
    assert plan["inputs"]["gambit"]["shares.architect"] == 0.7
    assert plan["inputs"]["law"]["name"] == "muennighoff-2023"


def test_a_file_holds_what_json_prints(lab: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    printed = run("solve", lab, "--certain", "--json").stdout
    shown = run("solve", lab, "--certain", "-o", tmp_path / "plan.json").stdout

    assert (tmp_path / "plan.json").read_text(encoding="utf-8") == printed
    assert "money by initiative" in shown


def test_a_dash_for_a_file_is_standard_output(lab: Path, run: Callable[..., Result]) -> None:
    assert run("solve", lab, "--certain", "-o", "-").stdout == run("solve", lab, "--certain", "--json").stdout


@pytest.mark.parametrize("command", ["solve", "compare"])
def test_a_dash_and_json_print_one_answer(command: str, lab: Path, run: Callable[..., Result]) -> None:
    json.loads(run(command, lab, "--certain", "--json", "-o", "-").stdout)


def test_the_table_shows_the_money_the_worth_and_the_certificate(lab: Path, run: Callable[..., Result]) -> None:
    result = run("solve", lab, "--certain", "--gambit", "challenger")
    told = " ".join(result.stdout.split())

    assert result.exit_code == 0
    assert result.stderr == ""
    assert "challenger: money by initiative and period (USD million)" in told
    for words in ("27Q1", "27Q4", "total", "funded", "hybrid", "verifier", "Worth", "No plan under these rules"):
        assert words in told
    assert "No money: rented." in told
    assert "Next: gambits memo" in told


def test_the_table_shows_the_plan_s_own_numbers(lab: Path, run: Callable[..., Result], plan: dict[str, Any]) -> None:
    shown = run("solve", lab, "--certain", "--gambit", "incumbent").stdout
    (row,) = (line.split() for line in shown.splitlines() if line.split()[:1] == ["hybrid"])

    *spend, total, funded = row[-6:]
    found = plan["initiatives"]["hybrid"]
    assert [0 if cell == "–" else float(cell) for cell in spend] == pytest.approx(found["spend"], abs=0.0501)
    assert float(total) == pytest.approx(found["total"], abs=0.0501)
    assert float(funded.strip("%")) / 100 == pytest.approx(found["funded"], abs=0.00501)


@pytest.mark.parametrize("gambit", ["incumbent", "challenger", "compute-only"])
def test_the_table_of_the_frontier_lab_fits_100_columns(gambit: str, run: Callable[..., Result]) -> None:
    shown = run("solve", "frontier-lab", "--gambit", gambit, "--certain").stdout

    assert max(len(line) for line in shown.splitlines()) <= 100


def test_the_table_of_the_frontier_lab_cuts_no_number_short(run: Callable[..., Result]) -> None:
    shown = run("solve", "frontier-lab", "--certain").stdout

    assert re.findall(r"\S*\d…", shown) == []


def test_a_table_of_many_periods_cuts_no_number_short(lab: Path, run: Callable[..., Result]) -> None:
    lab.write_text(lab.read_text().replace("first: 2027Q1, count: 4", "first: 2027-01, count: 36"), encoding="utf-8")
    shown = run("solve", lab, "--certain").stdout

    assert re.findall(r"\S*\d…", shown) == []


def test_the_next_thing_to_type_works_for_a_gambit_file(
    tmp_path: Path, lab: Path, write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    lab.rename(tmp_path / "portfolio.yaml")
    told = run("solve", tmp_path, "--certain", "--gambit", write("mine.yaml", "name: all on compute\n")).stdout
    following = shlex.split(" ".join(told.split()).partition("Next: gambits ")[2])[:-2]

    assert run(*following).exit_code == 0


def test_a_table_of_many_periods_fits_100_columns(lab: Path, run: Callable[..., Result]) -> None:
    lab.write_text(lab.read_text().replace("first: 2027Q1, count: 4", "first: 2027-01, count: 36"), encoding="utf-8")
    shown = run("solve", lab, "--certain").stdout

    assert max(len(line) for line in shown.splitlines()) <= 100


CONFLICTS = {
    "an own must against an own never": (
        "    cost: 20\n",
        "    cost: 20\n    must: true\n    never: true\n",
        {"play must be funded": 26, "play must never be funded": 27},
    ),
    "a must that waits for a never": (
        "    cost: 20\n    effects: {post_training: 1.4}\n    response: 0.8\n    requires: [verifier]\n  verifier:\n",
        "    cost: 20\n    must: true\n    requires: [verifier]\n  verifier:\n    never: true\n",
        {"play must be funded": 26, "play waits for verifier (requires)": 27, "verifier must never be funded": 29},
    ),
    "a must that starts after the last period": (
        "    cost: 20\n",
        "    cost: 20\n    must: true\n    start: 2029Q1\n",
        {"play must be funded": 26, "play starts after the last period": 27},
    ),
}


@pytest.mark.parametrize(("old", "new", "rules"), CONFLICTS.values(), ids=CONFLICTS)
def test_rules_that_cannot_all_hold_exit_4_and_are_named_with_their_lines(
    old: str, new: str, rules: dict[str, int], lab: Path, run: Callable[..., Result]
) -> None:
    assert old in lab.read_text()
    lab.write_text(lab.read_text().replace(old, new), encoding="utf-8")
    shown = run("solve", lab, "--certain")
    as_json = run("solve", lab, "--certain", "--json")
    found = json.loads(as_json.stdout)

    assert shown.exit_code == as_json.exit_code == 4
    assert shown.stdout == ""
    assert all(f"{lab}:{line}: {rule}" in shown.stderr for rule, line in rules.items())
    assert "Next: " in shown.stderr
    assert found["status"] == "infeasible"
    assert {each["rule"]: each["line"] for each in found["conflict"]} == rules
    assert {each["file"] for each in found["conflict"]} == {str(lab)}
    assert "repairs" in found


IMPOSSIBLE_SUMS = {
    "a must that costs more than the budget": (
        "    cost: 20\n",
        "    cost: 200\n    must: true\n",
        {"play must be funded": 26, "the budget by 2027Q4": 6},
    ),
    "a must that takes longer than there is": (
        "    cost: 12\n    takes: 2\n",
        "    cost: 12\n    takes: 6\n    must: true\n",
        {"verifier must be funded": 35, "verifier takes 6 periods": 34},
    ),
}


@pytest.mark.parametrize(("old", "new", "rules"), IMPOSSIBLE_SUMS.values(), ids=IMPOSSIBLE_SUMS)
def test_sums_that_cannot_come_out_exit_4_and_are_named_with_their_lines(
    old: str, new: str, rules: dict[str, int], lab: Path, write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    assert old in lab.read_text()
    lab.write_text(lab.read_text().replace(old, new), encoding="utf-8")
    result = run("solve", lab, "--certain", "--json", "--gambit", write("free.yaml", "name: free"))
    found = {each["rule"]: each["line"] for each in json.loads(result.stdout)["conflict"]}

    assert result.exit_code == 4
    assert found == rules


def test_a_plan_whose_shares_cannot_be_met_says_so_and_names_the_empty_path(
    lab: Path, run: Callable[..., Result]
) -> None:
    lab.write_text(lab.read_text().replace("path: architect", "path: product"), encoding="utf-8")
    shown = run("solve", lab, "--certain", "--gambit", "incumbent")
    plan = json.loads(run("solve", lab, "--certain", "--gambit", "incumbent", "--json").stdout)

    assert shown.exit_code == 0
    assert "Look at: the plan funds nothing on alchemist and architect" in " ".join(shown.stdout.split())
    (warning,) = plan["warnings"]
    assert "the shares of incumbent cannot be met: no initiative on path architect can get money" in warning
    assert plan["initiatives"]["play"]["total"] == plan["initiatives"]["verifier"]["total"] == 0


def test_a_gambit_file_is_taken_as_a_gambit(
    lab: Path, write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    mine = write("mine.yaml", "name: all on compute\nonly: [scale]\n")
    plan = json.loads(run("solve", lab, "--certain", "--json", "--gambit", mine).stdout)

    assert plan["gambit"] == "all on compute"
    assert plan["shares"] == {"alchemist": 0, "architect": 0, "scale": 1}
    assert plan["inputs"]["gambit"] == {"name": "all on compute", "only": ["scale"]}


def test_a_gambit_that_does_not_fit_the_horizon_is_an_input_error_with_its_own_file_and_line(
    lab: Path, write: Callable[[str, str], Path], run: Callable[..., Result]
) -> None:
    mine = write("mine.yaml", "name: mine\nobjective:\n  weights: [1, 2]\n")
    result = run("solve", lab, "--certain", "--gambit", mine)

    assert result.exit_code == 3
    assert f"{mine}:3: `objective.weights` has 2 numbers for 4 periods" in result.stderr


def test_a_name_that_looks_like_no_number_at_all_is_a_name(lab: Path, run: Callable[..., Result]) -> None:
    lab.write_text(lab.read_text().replace("name: Small lab", "name: 2027"), encoding="utf-8")

    assert json.loads(run("solve", lab, "--certain", "--json").stdout)["portfolio"] == "2027"


@pytest.mark.parametrize("name", ["nan", "inf", "Infinity"])
def test_a_name_that_python_takes_for_a_number_is_a_name(name: str, lab: Path, run: Callable[..., Result]) -> None:
    lab.write_text(lab.read_text().replace("name: Small lab", f"name: {name}"), encoding="utf-8")

    assert json.loads(run("solve", lab, "--certain", "--json").stdout)["inputs"]["portfolio"]["name"] == name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cost: 20\n", "cost: 1e308\n"),
        ("{compute: 1.1}", "{unique_tokens: 1e308}"),
        ("{count: 1e13}", "{count: 1e-300}"),
        ("initiatives:", "objective: {effective_compute: 1e308}\ninitiatives:"),
    ],
)
def test_numbers_beyond_all_reason_are_solved_or_refused(
    old: str, new: str, lab: Path, run: Callable[..., Result]
) -> None:
    lab.write_text(lab.read_text().replace(old, new), encoding="utf-8")

    assert run("solve", lab, "--certain").exit_code in (0, 3, 4, 5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{per_period: 10}", "{per_period: 0}"),
        ("{per_period: 10}", "{per_period: 10, total: 0}"),
        ("cost: 20\n", "cost: 1e-9\n"),
        ("cost: 20\n", "cost: 20\n    success: 0\n"),
        ("cost: 20\n", "cost: 20\n    lag: 240\n"),
        ("cost: 20\n", "cost: 20\n    takes: 240\n"),
        ("cost: 20\n", "cost: 20\n    value: -5 to 5\n"),
        ("{flop: 1e27, growth_per_year: 4}", "{flop: 1}"),
        ("{post_training: 1.4}", "{}"),
        ("initiatives:", "resources: {gpu: {unit: h, capacity: 0}}\ninitiatives:"),
        ("initiatives:", "objective: {effective_compute: 0}\ninitiatives:"),
        ("first: 2027Q1, count: 4", "first: 2027, count: 1"),
    ],
)
def test_portfolios_at_the_edge_of_sense_have_a_plan_and_a_memo(
    old: str, new: str, lab: Path, run: Callable[..., Result]
) -> None:
    assert old in lab.read_text()
    lab.write_text(lab.read_text().replace(old, new), encoding="utf-8")

    assert run("solve", lab, "--certain").exit_code == 0
    assert run("memo", lab, "--certain").exit_code == 0


def test_draws_and_seed_are_in_the_plan(lab: Path, run: Callable[..., Result]) -> None:
    plan = json.loads(run("solve", lab, "--draws", "50", "--seed", "7", "--batches", "0", "--json").stdout)

    assert (plan["draws"], plan["seed"]) == (50, 7)
    assert set(plan["out_of_sample"]) >= {"objective", "expected", "cvar", "standard_error"}
    assert plan["cvar"] <= plan["expected"]
