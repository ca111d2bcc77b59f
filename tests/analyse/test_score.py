"""A plan that is given: its value, the rules that it breaks, and the cheapest way closer to the best."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gambits
from gambits import Settings
from gambits.allocate.cuts import GAP
from gambits.allocate.money import spend
from gambits.allocate.obeying import broken
from gambits.analyse import given
from gambits.analyse.plan_file import read_money
from gambits.analyse.score import Score, score
from gambits.analyse.study import Study
from gambits.errors import InputError
from gambits.portfolio.gambit import Gambit, Share, load_gambit
from gambits.portfolio.model import Portfolio

Read = Callable[[str], Portfolio]


@pytest.fixture(scope="module")
def challenger_s(study: Study) -> Score:
    """The challenger's plan, by the incumbent's rules."""
    money = spend(study.portfolio, study.best(load_gambit("challenger")).funded)
    return score(study, load_gambit("incumbent"), money)


@pytest.fixture(scope="module")
def timid(study: Study) -> Score:
    """A third of the best plan's money: it obeys every rule."""
    gambit = load_gambit("incumbent")
    return score(study, gambit, spend(study.portfolio, study.best(gambit).funded) / 3)


@pytest.mark.parametrize("name", ["incumbent", "challenger"])
def test_the_best_plan_is_nothing_from_the_best(name: str, study: Study) -> None:
    gambit = load_gambit(name)
    found = score(study, gambit, spend(study.portfolio, study.best(gambit).funded))

    assert found.distance == 0
    assert found.broken == ()
    assert (found.mend, found.half, found.whole) == (None, None, None)
    assert found.plan.objective == pytest.approx(study.best(gambit).objective, abs=1e-12)


def test_a_plan_that_solve_wrote_is_scored_as_solve_valued_it(
    futures: Portfolio, few_draws: Settings, tmp_path: Path
) -> None:
    plan = gambits.solve(futures, "incumbent", few_draws)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan.to_dict()), encoding="utf-8")

    for given_plan in (file, plan):
        found = gambits.score(futures, given_plan, "incumbent", few_draws)
        assert found.distance == 0
        assert not found.broken
        assert found.plan.objective == pytest.approx(plan.objective, abs=1e-9)


def test_rules_of_shares_are_named_where_they_stand(challenger_s: Score) -> None:
    assert {rule.rule for rule in challenger_s.broken} >= {
        "incumbent's share of architect: 70%",
        "incumbent's share of alchemist: 30%",
    }
    assert all(rule.where.file.endswith("incumbent.yaml") for rule in challenger_s.broken)


def test_half_way_obeys_every_rule_and_is_worth_half_the_distance_more(timid: Score, study: Study) -> None:
    assert timid.broken == ()
    assert timid.half is not None and timid.whole is not None

    middle = (timid.plan.objective + timid.best.objective) / 2
    assert timid.half.plan.objective >= middle - 1e-9
    assert timid.whole.plan.objective >= timid.best.objective - study.settings.gap - 1e-9
    assert timid.half.moved < timid.whole.moved / 2, "returns diminish: the first half is the cheaper one"
    for step in (timid.half, timid.whole):
        assert step.least <= step.moved + 1e-6
        assert step.moved == pytest.approx(sum(move.moved for move in step.moves), abs=1e-3)


def test_no_plan_half_way_moves_less_money(timid: Score, study: Study) -> None:
    """Plans on the straight way to the best, and to others, are all dearer."""
    gambit, portfolio = load_gambit("incumbent"), study.portfolio
    seen = study.forecast(gambit)
    best = spend(portfolio, study.best(gambit).funded)
    own = best / 3
    middle = (timid.plan.objective + timid.best.objective) / 2
    assert timid.half is not None
    for part in np.linspace(0.05, 1, 20):
        values = seen.evaluate(*given.held(portfolio, own + part * (best - own)).counted(portfolio, seen))
        if (1 - gambit.aversion) * values.expected + gambit.aversion * values.tail >= middle:
            assert np.abs(part * (best - own)).sum() / 2 >= timid.half.moved - 1e-6


def test_moves_that_mend_lead_to_a_plan_that_breaks_nothing(challenger_s: Score, study: Study) -> None:
    assert challenger_s.mend is not None
    assert challenger_s.mend.plan.architect_share == pytest.approx(0.7, abs=1e-6)
    assert challenger_s.mend.moved > 0


def test_today_s_allocation_is_scored_as_compare_values_it(study: Study, few_draws: Settings) -> None:
    compared = gambits.compare(study.portfolio, settings=few_draws).references["current"]
    found = score(study, load_gambit("incumbent"), given.money_of_today(study.portfolio))

    assert found.plan.expected == pytest.approx(compared.expected, abs=1e-12)
    assert found.plan.total_spend == pytest.approx(compared.total_spend)


RULES = """\
format: gambits/1
name: Rules
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
budget: {per_period: 20, total: 50}
resources: {people: {unit: FTE, capacity: 10}}
frontier: {compute: {flop: 1e27}, unique_tokens: {count: 1e13}}
initiatives:
  base: {path: architect, source: x, cost: 12, effects: {compute: 1.2}}
  late: {path: architect, source: x, cost: 12, effects: {compute: 1.2}, start: 2027Q3}
  slow: {path: architect, source: x, cost: 12, effects: {compute: 1.2}, takes: 3}
  needs: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}, requires: [base]}
  either: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}, requires: [{any: [base, late]}]}
  whole: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}, whole: true}
  ticket: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}, minimum: 0.5}
  never: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}, never: true}
  staff: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}, uses: {people: 30}}
  this: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}}
  that: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}}
excludes: [[this, that]]
"""


@pytest.mark.parametrize(
    ("money", "words"),
    [
        ({"base": [12, 0, 0]}, None),
        ({"base": [21, 0, 0]}, "base can use no more than 12"),
        ({"base": [12, 0, 0], "this": [9, 0, 0]}, "the budget by 2027Q1"),
        (
            {"base": [12, 0, 0], "needs": [0, 0, 12], "this": [0, 12, 0], "whole": [0, 0, 12], "slow": [4, 4, 4]},
            "the total budget of 50",
        ),
        ({"late": [0, 2, 0]}, "late starts in 2027Q3"),
        ({"slow": [4, 4, 4]}, None),
        ({"slow": [5, 4, 0]}, "slow takes 3 periods"),
        ({"needs": [3, 0, 0]}, "needs waits for base (requires)"),
        ({"base": [3, 0, 0], "needs": [0, 3, 0]}, None),
        ({"either": [0, 2, 0]}, "either waits for"),
        ({"base": [2, 0, 0], "either": [0, 2, 0]}, None),
        ({"base": [1, 0, 0], "late": [0, 0, 1], "either": [0, 0, 2]}, None),
        ({"whole": [6, 0, 0]}, "whole is whole"),
        ({"whole": [6, 6, 0]}, None),
        ({"ticket": [5, 0, 0]}, "ticket gets 50% of its cost or nothing"),
        ({"ticket": [6, 0, 0]}, None),
        ({"never": [1, 0, 0]}, "never must never be funded"),
        ({"staff": [5, 0, 0]}, "the capacity of people in 2027Q1"),
        ({"staff": [4, 4, 4]}, None),
        ({"this": [1, 0, 0], "that": [1, 0, 0]}, "at most one of that, this"),
    ],
)
def test_each_rule_that_is_broken_is_named_and_no_other(
    money: dict[str, list[float]], words: str | None, read: Read
) -> None:
    portfolio = read(RULES)
    rows = given.shared_out(portfolio, {id: np.array(row, dtype=float) for id, row in money.items()})
    found = score(Study(portfolio, Settings(certain=True)), Gambit("free"), rows).broken

    assert [rule.rule for rule in found if words is None or not rule.rule.startswith(words)] == []
    assert len(found) == (words is not None)


def test_rules_of_the_gambit_are_rules(read: Read) -> None:
    portfolio = read(RULES)
    held = given.held(
        portfolio, given.shared_out(portfolio, {"base": np.array([6.0, 0, 0]), "this": np.array([6.0, 0, 0])})
    )
    gambit = Gambit(
        "strict", {"architect": Share(0.6, 1.0)}, most_for_one=0.1, most_initiatives=1, only=("architect",), reserve=0.9
    )
    names = [rule.rule for rule in broken(portfolio, gambit, held.funded, held.progress)]

    assert "strict funds architect only" in names
    assert "strict's most for one: 10%" in names
    assert "strict's reserve of 90%" in names
    only = replace(gambit, only=None)
    names = [rule.rule for rule in broken(portfolio, only, held.funded, held.progress)]
    assert "strict's share of architect: 60% to 100%" in names
    assert "strict's most initiatives: 1" in names


def test_a_plan_is_read_by_period_by_total_and_from_json(futures: Portfolio, tmp_path: Path) -> None:
    def read(name: str, text: str) -> dict[str, list[float]]:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        money = read_money(file, futures)
        return {each.id: row.tolist() for each, row in zip(futures.initiatives, money, strict=True) if row.any()}

    assert read("a.csv", "initiative,2027,2029\nhybrid,3,4\nplay,,2\n") == {"hybrid": [3, 0, 4], "play": [0, 0, 2]}
    assert read("b.csv", "initiative;total\nhybrid;6\n") == {"hybrid": [2, 2, 2]}
    assert read("c.csv", "id,path,2027,total,funded\nhybrid,architect,3,9,0.1\n") == {"hybrid": [3, 0, 0]}
    assert read("d.json", '{"hybrid": 6, "play": [1, 2, 3]}') == {"hybrid": [2, 2, 2], "play": [1, 2, 3]}
    assert read("e.json", '{"initiatives": {"play": {"spend": [1, 2, 3], "total": 6}}}') == {"play": [1, 2, 3]}


@pytest.mark.parametrize(
    ("name", "text", "codes"),
    [
        (
            "a.csv",
            "initiative,2027\nhybird,3\nplay,x\nplay,-1\n",
            ["unknown-initiative", "not-a-number", "key-twice", "out-of-range"],
        ),
        ("b.csv", "initiative,2031\nhybrid,3\n", ["missing-column", "unknown-heading"]),
        ("c.csv", "name,2027\nhybrid,3\n", ["missing-column"]),
        ("d.csv", "initiative,2027\n,3\n", ["no-id"]),
        ("e.csv", "initiative,2027\nhybrid,nan\n", ["not-a-number"]),
        ("f.json", '{"hybrid": [1, 2]}', ["wrong-length"]),
        ("g.json", '{"hybrid": "much", "play": NaN, "kernels": true}', ["not-a-number"] * 3),
        ("h.json", "[1]", ["not-a-plan"]),
        ("i.json", '{"hybrid": 1', ["not-a-plan"]),
        ("j.json", "{}", ["not-a-plan"]),
        ("k.csv", "", ["no-headings"]),
    ],
)
def test_every_fault_of_a_plan_is_told_at_once(
    name: str, text: str, codes: list[str], futures: Portfolio, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_money(file, futures)

    assert sorted(problem.code for problem in caught.value.problems) == sorted(codes)


def test_a_file_that_is_not_there_is_told(futures: Portfolio, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_money(tmp_path / "none.csv", futures)

    assert [problem.code for problem in caught.value.problems] == ["unreadable"]


def test_stages_named_as_a_whole_are_paid_in_order(read: Read) -> None:
    portfolio = read(
        RULES.replace(
            "  this: {path: alchemist, source: x, cost: 12, effects: {compute: 1.2}}",
            "  this:\n    path: alchemist\n    source: x\n    effects: {compute: 1.2}\n"
            "    stages: [{name: pilot, cost: 4}, {name: scale, cost: 8}]",
        )
    )
    money = given.shared_out(portfolio, {"this": np.array([3.0, 3, 1])})
    rows = {each.id: row.tolist() for each, row in zip(portfolio.initiatives, money, strict=True)}

    assert rows["this/pilot"] == [3, 1, 0]
    assert rows["this/scale"] == [0, 2, 1]


def test_the_table_has_money_by_initiative_and_plan(timid: Score) -> None:
    frame = timid.to_frame()

    assert list(frame.columns) == ["plan", "half", "whole", "best"]
    assert frame["plan"].sum() == pytest.approx(timid.plan.total_spend)
    assert frame["best"].sum() == pytest.approx(timid.best.total_spend)


def test_a_distance_is_what_the_best_is_worth_more(timid: Score) -> None:
    assert timid.distance == pytest.approx(timid.best.objective - timid.plan.objective)
    assert timid.distance > 10 * GAP
    assert timid.bound >= timid.best.objective
