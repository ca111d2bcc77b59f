"""The bridge gives every unit of value and of money moved to the edit that caused it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gambits import pipeline
from gambits.analyse.bridge import Bridge, Line
from gambits.analyse.changes import find_changes
from gambits.analyse.study import Settings
from gambits.files.bundled import laws
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.load import load
from gambits.rerun.attribution import bridge
from gambits.rerun.edits import edits_between, leaf_of
from gambits.rerun.sides import Side
from gambits.rerun.worlds import of_today

LAB = """\
format: gambits/1
name: Twins
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid: {path: architect, source: Doe, cost: 16 to 25, success: 0.6, effects: {data_efficiency: 1.2 to 2},
           response: 0.8}
  one: {path: alchemist, source: Doe, cost: 12, effects: {post_training: 1.4}, response: 0.7}
  two: {path: alchemist, source: Doe, cost: 12, effects: {post_training: 1.4}, response: 0.7}
  shelved: {path: alchemist, source: Doe, cost: 9, effects: {post_training: 1.3}, never: true}
  idle: {path: architect, source: Doe, cost: 500, success: 0.01, effects: {compute: 1.001}}
"""
CERTAIN = Settings(certain=True)
Ends = Callable[..., tuple[Side, Side]]


@pytest.fixture
def ends(tmp_path: Path) -> Ends:
    """Give a function that solves the lab before and after some edits."""

    def side(text: str, gambit: str, settings: Settings) -> Side:
        file = tmp_path / "lab.yaml"
        file.write_text(text, encoding="utf-8")
        portfolio, chosen = load(file), load_gambit(gambit)
        plan = pipeline.solve(portfolio, chosen, settings).to_dict()
        return Side(of_today(portfolio, chosen, settings), plan, is_ours=True)

    def ends(
        *edits: tuple[str, str],
        gambits: tuple[str, str] = ("challenger", "challenger"),
        settings: tuple[Settings, Settings] = (CERTAIN, CERTAIN),
    ) -> tuple[Side, Side]:
        text = LAB
        for old, new in edits:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return side(LAB, gambits[0], settings[0]), side(text, gambits[1], settings[1])

    return ends


def lines(found: Bridge) -> dict[str, Line]:
    return {line.edit: line for line in found.lines}


def assert_adds_up(found: Bridge, old: Side, new: Side) -> None:
    total = replace(find_changes(old.plan, new.plan), bridge=found).to_dict()
    for key, name in (("value", "value"), ("money", "money_moved")):
        assert sum(line[key] for line in total["lines"]) == pytest.approx(total["total"][name], abs=1e-9)


COST = ("cost: 16 to 25", "cost: 20 to 40")
ONE = ("one: {path: alchemist, source: Doe, cost: 12", "one: {path: alchemist, source: Doe, cost: 18")
TWO = ("two: {path: alchemist, source: Doe, cost: 12", "two: {path: alchemist, source: Doe, cost: 18")
SHELVED = ("cost: 9,", "cost: 19,")
IDLE = ("cost: 500", "cost: 510")
WORDS = ("name: Twins", "name: The twins")


def test_one_edit_has_moved_all_of_it(ends: Ends) -> None:
    old, new = ends(COST)
    found = bridge(old, new)
    line = lines(found)["initiatives.hybrid.cost"]

    assert_adds_up(found, old, new)
    assert line.value == pytest.approx(new.plan["objective"] - old.plan["objective"], abs=3e-6)
    assert line.inputs == ("initiatives.hybrid.cost",)
    assert line.money > 1
    assert set(lines(found)) == {"initiatives.hybrid.cost", "version", "ties"}
    assert abs(lines(found)["ties"].value) <= 3e-6
    assert lines(found)["version"].value == 0
    assert found.worlds == 2


def test_two_edits_are_the_mean_of_both_orders_solved_one_by_one(ends: Ends) -> None:
    """An independent route: whole solves of the files in between."""
    old, new = ends(COST, ONE)
    worth = {frozenset(): old.plan["objective"], frozenset("ho"): new.plan["objective"]}
    for name, edit in (("h", COST), ("o", ONE)):
        worth[frozenset(name)] = ends(edit)[1].plan["objective"]
    found = bridge(old, new)
    by_hand = {
        name: (worth[frozenset(name)] - worth[frozenset()] + worth[frozenset("ho")] - worth[frozenset(other)]) / 2
        for name, other in (("h", "o"), ("o", "h"))
    }

    assert_adds_up(found, old, new)
    assert lines(found)["initiatives.hybrid.cost"].value == pytest.approx(by_hand["h"], abs=3e-6)
    assert lines(found)["initiatives.one.cost"].value == pytest.approx(by_hand["o"], abs=3e-6)
    assert found.worlds == 4


def test_an_edit_that_matters_to_nothing_has_a_line_of_0(ends: Ends) -> None:
    old, new = ends(COST, SHELVED, WORDS, IDLE)
    found = bridge(old, new)

    assert_adds_up(found, old, new)
    # What can get no money, and words, are known to be idle before anything is solved.
    for name in ("initiatives.shelved.cost", "name"):
        assert (lines(found)[name].value, lines(found)[name].money) == (0, 0)
    # What could get money and does not is found out.
    assert lines(found)["initiatives.idle.cost"].value == pytest.approx(0, abs=2e-8)
    assert lines(found)["initiatives.idle.cost"].money == pytest.approx(0, abs=1e-4)
    assert found.worlds == 4


def test_two_exchangeable_edits_get_equal_lines(ends: Ends) -> None:
    old, new = ends(COST, ONE, TWO)
    found = lines(bridge(old, new))

    one, two = found["initiatives.one.cost"], found["initiatives.two.cost"]

    assert (one.value, one.money) == (two.value, two.money)
    assert one.value < -1e-4
    assert one.money > 0.1


def test_edits_that_cannot_stand_alone_are_one_line(ends: Ends) -> None:
    """A newcomer comes whole, with what waits for it; what works only together is joined when that shows."""
    newcomer = ("  idle:", "  tools: {path: architect, source: Doe, cost: 2}\n  idle:")
    waits = ("cost: 16 to 25,", "cost: 16 to 25, requires: [tools],")
    must = ("two: {path", "two: {must: true, path")
    poorer = ("per_period: 10", "per_period: 2")
    more = ("{per_period: 2}", "{per_period: 2, total: 5}")
    cheaper = (TWO[0], "two: {path: alchemist, source: Doe, cost: 1")
    old, new = ends(newcomer, waits)
    assert [edit.name for edit in edits_between(old.world, new.world)] == ["initiatives.tools (new)"]
    assert lines(bridge(old, new))["initiatives.tools (new)"].money > 0

    old, new = ends(cheaper, must, poorer, more)
    found = bridge(old, new)
    assert_adds_up(found, old, new)
    joined = max(lines(found), key=len)
    assert "initiatives.two.cost" in joined
    assert "initiatives.two.must" in joined


def test_gambit_law_and_draws_are_lines_of_their_own(ends: Ends, tmp_path: Path) -> None:
    law = ("frontier:\n", "frontier:\n  law: besiroglu-2024\n")
    settings = (Settings(draws=30, batches=0), Settings(draws=40, batches=0))
    old, new = ends(law, gambits=("incumbent", "challenger"), settings=settings)
    found = bridge(old, new)

    assert_adds_up(found, old, new)
    assert set(lines(found)) == {"law", "gambit", "draws and seed", "version", "ties"}
    assert all(abs(lines(found)[name].value) > 1e-5 for name in ("law", "gambit", "draws and seed"))


def test_a_law_file_that_was_edited_is_the_law_line(tmp_path: Path, ends: Ends) -> None:
    text = laws()["muennighoff-2023"].read_text(encoding="utf-8").replace("draws:", "# draws:")
    mine = tmp_path / "mine.yaml"
    mine.write_text(text, encoding="utf-8")
    named = ("frontier:\n", "frontier:\n  law: mine.yaml\n")
    _, old = ends(named)
    mine.write_text(text.replace("15.387756", "5"), encoding="utf-8")
    _, new = ends(named, WORDS)
    found = bridge(old, new)

    assert_adds_up(found, old, new)
    assert abs(lines(found)["law"].value) > 1e-4
    assert lines(found)["name"].value == 0


def test_many_edits_are_sampled_with_their_error_and_add_up(ends: Ends) -> None:
    old, new = ends(COST, ONE, ("growth_per_year: 4", "growth_per_year: 3"), ("success: 0.6", "success: 0.7"))
    exact, sampled = bridge(old, new, worlds=32), bridge(old, new, worlds=8)

    assert (exact.orders, sampled.orders) == (0, 4)
    assert sampled.worlds < exact.worlds == 16
    assert_adds_up(exact, old, new)
    assert_adds_up(sampled, old, new)
    assert any(line.value_error > 0 for line in sampled.lines)
    for name, line in lines(sampled).items():
        assert abs(line.value - lines(exact)[name].value) <= 4 * line.value_error + 1e-3


def test_the_same_inputs_need_no_bridge(ends: Ends) -> None:
    old, new = ends()
    found = bridge(old, new)

    assert [(line.edit, line.money) for line in found.lines] == [("version", 0), ("ties", pytest.approx(0, abs=1e-6))]


def test_what_another_program_found_is_the_line_of_the_version(ends: Ends) -> None:
    old, new = ends(COST)
    other = replace(old, is_ours=False, plan=old.plan | {"objective": old.plan["objective"] - 0.01})
    found = bridge(other, new)

    assert_adds_up(found, other, new)
    assert lines(found)["version"].value == pytest.approx(0.01, abs=1e-5)
    assert lines(found)["initiatives.hybrid.cost"].value == pytest.approx(
        new.plan["objective"] - old.plan["objective"], abs=3e-6
    )


def test_money_between_plans_of_one_worth_is_the_line_of_ties(ends: Ends) -> None:
    """The twins are worth the same: a plan that favours the other has moved money for nothing."""
    old, new = ends(COST)
    swapped: dict[str, Any] = dict(new.plan)
    rows = dict(swapped["initiatives"])
    rows["one"], rows["two"] = rows["two"], rows["one"]
    shifted = rows["one"]["spend"][0] / 2
    for id, sign in (("one", -1), ("two", 1)):
        spend = [rows[id]["spend"][0] + sign * shifted, *rows[id]["spend"][1:]]
        rows[id] = rows[id] | {"spend": spend}
    found = bridge(old, replace(new, plan=swapped | {"initiatives": rows}))
    straight = bridge(old, new)

    assert lines(found)["initiatives.hybrid.cost"] == lines(straight)["initiatives.hybrid.cost"]
    assert lines(found)["ties"].money > lines(straight)["ties"].money + shifted / 2


def test_whole_choices_have_a_bridge_too(ends: Ends) -> None:
    whole = (
        "one: {path: alchemist, source: Doe, cost: 12,",
        "one: {path: alchemist, source: Doe, cost: 14, whole: true,",
    )
    old, new = ends(whole, COST)
    found = bridge(old, new)

    assert_adds_up(found, old, new)
    assert {"initiatives.one.whole", "initiatives.one.cost", "initiatives.hybrid.cost"} <= set(lines(found))
    assert lines(found)["initiatives.one.whole"].value <= 1e-7


@pytest.mark.parametrize(
    ("key", "leaf"),
    [
        ("initiatives.a.cost.p10", "initiatives.a.cost"),
        ("initiatives.a.effects.compute", "initiatives.a.effects.compute"),
        ("initiatives.a.effects.post_training.samples.count", "initiatives.a.effects.post_training"),
        ("initiatives.a.uses.gpu", "initiatives.a.uses.gpu"),
        ("frontier.compute.flop", "frontier.compute.flop"),
        ("scenarios", "scenarios"),
        ("budget.per_period", "budget.per_period"),
    ],
)
def test_a_value_in_parts_is_one_edit(key: str, leaf: str) -> None:
    assert leaf_of(key) == leaf
