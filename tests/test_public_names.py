"""The public interface: a written list, light to import, and usable as the documentation says."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import gambits
from gambits.analyse.prices import find_prices
from gambits.analyse.study import Settings, Study
from gambits.files.bundled import laws

NAMES = [
    "Comparison",
    "Forecast",
    "Gambit",
    "GambitsError",
    "InfeasibleError",
    "InputError",
    "Plan",
    "Portfolio",
    "UnfinishedError",
    "VerificationError",
    "check",
    "compare",
    "load",
    "load_gambit",
    "solve",
]
CERTAIN = Settings(certain=True)

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
    title: Hybrid backbone
    path: architect
    source: Doe 2026
    cost: 10 to 40
    effects: {data_efficiency: 1.5}
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
CONTESTED = LAB.replace(
    "initiatives:", "rivals:\n  other: {effective_compute: 26.8 to 27.5, growth_per_year: 2 to 4}\ninitiatives:"
).replace("effects: {data_eff", "success: 0.6\n    effects: {data_eff")
"""The lab with a rival, and with a bet that may fail."""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB, encoding="utf-8")
    return file


def test_the_public_names_keep_those_fixed_from_the_start() -> None:
    """More may come; none of these goes or changes its name."""
    assert set(NAMES) <= set(gambits.__all__)
    assert list(gambits.__all__) == sorted(gambits.__all__)


@pytest.mark.parametrize("name", gambits.__all__)
def test_each_public_name_can_be_imported_and_is_documented(name: str) -> None:
    found = getattr(gambits, name)

    assert inspect.getdoc(found)
    assert found.__name__ == name


def test_public_names_are_listed_by_dir() -> None:
    assert set(gambits.__all__) <= set(dir(gambits))


def test_a_name_that_is_not_public_is_missing_in_the_usual_way() -> None:
    with pytest.raises(AttributeError, match="module 'gambits' has no attribute 'slove'"):
        _ = gambits.slove  # type: ignore[attr-defined]


FUNCTIONS = [name for name in gambits.__all__ if inspect.isfunction(getattr(gambits, name))]


def returned(name: str) -> type:
    """Give the class that a public function is annotated to return."""
    function = getattr(gambits, name)
    found = inspect.get_annotations(function)["return"]
    scope = vars(inspect.getmodule(function))
    return eval(found, scope) if isinstance(found, str) else found


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "check"])
def test_what_a_public_function_returns_is_public_and_shows_itself_as_a_table(name: str) -> None:
    """``check`` gives a tuple of problems, each of which is a sentence."""
    record = returned(name)

    assert record.__name__ in gambits.__all__
    assert inspect.getdoc(record.to_frame)
    assert callable(record._repr_html_)
    assert hasattr(record, "to_dict") or record in (gambits.Portfolio, gambits.Gambit), "these are read, not found"


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """What every function that asks a question of a portfolio gives back."""
    portfolio = gambits.load("minimal")
    plan = gambits.solve(portfolio, settings=CERTAIN)
    few = Settings(draws=20, batches=0)
    return {
        "alternatives": gambits.alternatives(portfolio, settings=CERTAIN, count=2),
        "compare": gambits.compare(portfolio, settings=CERTAIN),
        "explain": gambits.explain(portfolio, "hybrid-backbone", settings=CERTAIN),
        "frontier": gambits.frontier(portfolio, settings=CERTAIN, points=2),
        "load": portfolio,
        "load_gambit": gambits.load_gambit("challenger"),
        "project": gambits.project(portfolio, settings=CERTAIN),
        "score": gambits.score(portfolio, plan, "challenger", CERTAIN),
        "sensitivity": gambits.sensitivity(portfolio, settings=CERTAIN, initiatives=()),
        "solve": plan,
        "voi": gambits.voi(portfolio, settings=few),
    }


def test_every_answer_is_shown(answers: dict[str, Any]) -> None:
    assert set(answers) == set(FUNCTIONS) - {"check"}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "check"])
def test_a_page_of_a_notebook_has_a_title_a_sentence_and_the_frame(name: str, answers: dict[str, Any]) -> None:
    record = answers[name]
    frame, page = record.to_frame(), record._repr_html_()

    assert page.startswith("<p><strong>")
    assert page.count("<tr") >= len(frame)
    assert len(frame) > 0
    for row in frame.index:
        assert f"<th>{row}</th>" in page


def with_a_frame() -> list[type]:
    """List every class of the package that gives itself as a data frame."""
    modules = [importlib.import_module(each.name) for each in pkgutil.walk_packages(gambits.__path__, "gambits.")]
    found = {each for module in modules for each in vars(module).values() if inspect.isclass(each)}
    ours = (each for each in found if each.__module__.startswith("gambits.") and hasattr(each, "to_frame"))
    return sorted(ours, key=lambda each: (each.__module__, each.__qualname__))


@pytest.mark.parametrize("record", with_a_frame(), ids=lambda record: record.__name__)
def test_whatever_gives_a_data_frame_shows_itself_in_a_notebook(record: type) -> None:
    assert callable(getattr(record, "_repr_html_", None))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> gambits.Comparison:
    """A comparison with all that it can say beside its plans."""
    file = tmp_path_factory.mktemp("told") / "lab.yaml"
    file.write_text(CONTESTED, encoding="utf-8")
    return gambits.compare(gambits.load(file), settings=Settings(draws=20, batches=0))


def test_what_a_comparison_says_beside_its_plans_is_shown_with_what_decides(told: gambits.Comparison) -> None:
    regret, standings, line = told.regret, told.standings, told.break_even[0]
    assert regret is not None
    assert standings is not None

    for record in (regret, standings, line):
        page = record._repr_html_()
        assert page.startswith("<p><strong>")
        assert page.count("<tr") >= len(record.to_frame()) > 0
    least = max(regret.regret[regret.least].values())
    assert f"Least regret: {regret.least}, {least:.3f} at worst" in regret._repr_html_()
    assert all(f"<th>{period}</th>" in standings._repr_html_() for period in standings.periods)
    assert f"Now it is {line.now:.0%}" in line._repr_html_()


def test_prices_are_shown_in_the_unit_of_money(tmp_path: Path) -> None:
    portfolio = gambits.load("minimal")
    prices = find_prices(
        Study(portfolio, CERTAIN), gambits.load_gambit("incumbent"), wanted=lambda dial: dial.key.startswith("gambit:")
    )
    page = prices._repr_html_()

    assert f"Money is in {portfolio.money}." in page
    assert page.count("<tr") == len(prices.rows) + 1 > 1


def test_a_projection_as_a_table_has_the_worth_of_each_initiative_and_the_lab_by_period(
    answers: dict[str, Any],
) -> None:
    outlook, portfolio = answers["project"], answers["load"]
    frame, baseline = outlook.to_frame(), outlook.baseline_frame()

    assert list(frame.index) == sorted(each.id for each in portfolio.initiatives)
    assert frame.loc["self-play", "alone"] == outlook.initiatives["self-play"].alone
    assert list(baseline.index) == list(portfolio.periods.names)
    assert baseline["effective_compute"].tolist() == [each.effective_compute for each in outlook.baseline]


def test_a_gambit_as_a_table_has_the_rules_that_hold(answers: dict[str, Any]) -> None:
    rules = answers["load_gambit"].to_frame()["value"].to_dict()

    assert rules["shares.alchemist"] == "70%"
    assert rules["most_for_one"] == 0.4
    assert "most_initiatives" not in rules
    assert rules["aversion"] == 0.1
    assert list(gambits.Gambit("free").to_frame().index) == ["aversion", "tail", "reserve"]


def test_the_errors_share_one_root() -> None:
    for name in NAMES:
        if name.endswith("Error"):
            assert issubclass(getattr(gambits, name), gambits.GambitsError)


def test_load_check_solve_and_compare_work_as_one_would_type_them(lab: Path) -> None:
    assert gambits.check(lab) == ()

    portfolio = gambits.load(lab)
    plan = gambits.solve(portfolio, "challenger", CERTAIN)
    comparison = gambits.compare(portfolio, settings=CERTAIN)

    assert isinstance(portfolio, gambits.Portfolio)
    assert isinstance(plan, gambits.Plan)
    assert isinstance(comparison, gambits.Comparison)
    assert plan.gap <= 1e-5
    assert plan == comparison.plans["challenger"]
    assert list(comparison.plans) == ["incumbent", "challenger"]


def test_solve_takes_a_gambit_its_name_or_its_file(lab: Path, tmp_path: Path) -> None:
    portfolio = gambits.load(lab)
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nshares: {architect: 0.5, alchemist: 0.5}\n", encoding="utf-8")

    by_file = gambits.solve(portfolio, str(file), CERTAIN)
    by_record = gambits.solve(portfolio, gambits.load_gambit(file), CERTAIN)

    assert by_file == by_record
    assert by_file.gambit == "mine"
    assert gambits.solve(portfolio, settings=CERTAIN).gambit == "incumbent"


def test_a_plan_as_a_table_has_money_by_initiative_and_period(lab: Path) -> None:
    plan = gambits.solve(gambits.load(lab), "challenger", CERTAIN)
    frame = plan.to_frame()

    assert list(frame.index) == ["hybrid", "play", "verifier"]
    assert list(frame.columns) == ["2027Q1", "2027Q2"]
    assert (frame.index.name, frame.columns.name) == ("initiative", "period")
    assert frame.to_numpy().sum() == pytest.approx(plan.total_spend, abs=1e-9)
    assert frame.loc["play"].tolist() == list(plan.allocation("play").spend)


def test_a_comparison_as_a_table_has_money_by_initiative_and_gambit(lab: Path) -> None:
    comparison = gambits.compare(gambits.load(lab), settings=CERTAIN)
    frame = comparison.to_frame()

    assert set(frame.index) == {"hybrid", "play", "verifier"}
    assert list(frame.columns) == ["incumbent", "challenger"]
    for name, plan in comparison.plans.items():
        for allocation in plan.allocations:
            assert frame.loc[allocation.id, name] == allocation.total
    spread = (frame.max(axis=1) - frame.min(axis=1)).tolist()
    assert spread == sorted(spread, reverse=True)


def test_a_plan_finds_what_one_initiative_receives(lab: Path) -> None:
    plan = gambits.solve(gambits.load(lab), "challenger", CERTAIN)

    assert plan.allocation("play").title == "play"
    assert plan.allocation("hybrid").title == "Hybrid backbone"
    with pytest.raises(KeyError, match="nobody"):
        plan.allocation("nobody")


def test_what_can_go_wrong_is_a_gambits_error_with_an_exit_code(lab: Path) -> None:
    lab.write_text(LAB.replace("cost: 20", "cost: -20"), encoding="utf-8")
    with pytest.raises(gambits.GambitsError) as caught:
        gambits.load(lab)

    assert caught.value.exit_code == 3
    assert [problem.code for problem in gambits.check(lab)] == ["out-of-range"]


def test_what_a_portfolio_holds_cannot_be_changed(lab: Path) -> None:
    portfolio = gambits.load(lab)

    with pytest.raises(AttributeError):
        portfolio.name = "Another"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        portfolio.initiatives[0].cost = None  # type: ignore[assignment, misc]


def test_a_law_file_that_is_edited_counts_at_the_next_solve(lab: Path, tmp_path: Path) -> None:
    law = tmp_path / "mine.yaml"
    text = laws()["muennighoff-2023"].read_text(encoding="utf-8")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("draws:"))
    law.write_text(text, encoding="utf-8")
    lab.write_text(LAB.replace("frontier:\n", "frontier:\n  law: mine.yaml\n"), encoding="utf-8")
    before = gambits.solve(gambits.load(lab), "challenger", CERTAIN)
    law.write_text(text.replace("15.387756", "1.5"), encoding="utf-8")
    after = gambits.solve(gambits.load(lab), "challenger", CERTAIN)

    assert before.objective != after.objective
    assert before.input_sha256 != after.input_sha256
