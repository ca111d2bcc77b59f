"""Why an initiative is in or out: every figure is that of a file in which a user made the change by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import gambits
from gambits.allocate.cuts import GAP
from gambits.allocate.most import most_funded
from gambits.analyse.explanation import Explanation
from gambits.analyse.study import Settings
from gambits.errors import GambitsError, InputError
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

Read = Callable[[str], Portfolio]
ReadGambit = Callable[[str], Gambit]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 10}
resources:
  people: {unit: FTE-quarters, capacity: 4}
frontier:
  compute: {flop: 1e27, growth_per_year: 3}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    path: architect
    source: Doe 2026
    cost: 20
    success: 0.6
    effects: {data_efficiency: 1.2 to 2}
    response: 0.8
    takes: 3
    uses: {people: 20}
  kernels:
    path: architect
    source: Doe 2026
    cost: 30
    effects: {compute: 1.2}
    response: 0.8
    uses: {people: 10}
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 30
    success: 0.7
    effects: {post_training: 1.7}
    response: 0.8
    requires: [verifier]
  verifier:
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 8
    success: 0.85
    requires: [harness]
  harness:
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 4
  rented:
    path: scale
    source: "judgement: a price list"
    cost: 60
    effects: {compute: 1.1}
"""
HEDGE = "{name: hedge, shares: {architect: 0.7, alchemist: 0.3}, aversion: 0.3, most_for_one: 0.45}"
SETTINGS = Settings(draws=40, batches=0)


@pytest.fixture(scope="module")
def hedge(read_gambit: ReadGambit) -> Gambit:
    return read_gambit(HEDGE)


@pytest.fixture(scope="module")
def explained(read: Read, hedge: Gambit) -> Callable[[str], Explanation]:
    portfolio, known = read(LAB), {}

    def explained(id: str) -> Explanation:
        if id not in known:
            known[id] = gambits.explain(portfolio, id, hedge, SETTINGS)
        return known[id]

    return explained


@pytest.fixture(scope="module")
def solved(read: Read, read_gambit: ReadGambit) -> Callable[..., gambits.Plan]:
    def solved(old: str = "", new: str = "", gambit: str = HEDGE) -> gambits.Plan:
        assert LAB.count(old) == 1 or not old
        return gambits.solve(read(LAB.replace(old, new) if old else LAB), read_gambit(gambit), SETTINGS)

    return solved


def near(value: float) -> object:
    return pytest.approx(value, abs=2 * GAP)


def test_it_says_what_the_plan_says(
    explained: Callable[[str], Explanation], solved: Callable[..., gambits.Plan]
) -> None:
    found, plan = explained("play"), solved()

    assert found.funded == plan.allocation("play").funded
    assert found.spend == pytest.approx(plan.allocation("play").total)
    assert found.objective == plan.objective
    assert found.waits_for == {"verifier": plan.allocation("verifier").funded}


def test_without_a_rule_the_plan_is_that_of_files_without_it(
    explained: Callable[[str], Explanation], solved: Callable[..., gambits.Plan]
) -> None:
    blockers = {each.rule: each for each in explained("play").blockers}
    base = solved()
    shares = next(each for rule, each in blockers.items() if "shares" in rule)
    link = blockers["it waits for verifier (requires)"]

    free = solved(gambit="{name: hedge, aversion: 0.3, most_for_one: 0.45}")
    assert shares.gain == near(free.objective - base.objective)
    assert shares.funded == pytest.approx(free.allocation("play").funded, abs=0.02)
    assert link.where.line == LAB.splitlines().index("    requires: [verifier]") + 1
    assert link.funded > explained("play").funded


def test_a_capacity_that_holds_it_back_is_named(
    explained: Callable[[str], Explanation], solved: Callable[..., gambits.Plan]
) -> None:
    people = next(each for each in explained("hybrid").blockers if "people" in each.rule)
    plenty = solved("capacity: 4}", "capacity: 400}")

    assert people.funded == pytest.approx(plenty.allocation("hybrid").funded, abs=0.02)
    assert people.gain == near(plenty.objective - solved().objective)


def test_forced_in_it_is_the_plan_of_a_file_that_says_must(
    explained: Callable[[str], Explanation], solved: Callable[..., gambits.Plan]
) -> None:
    found = explained("verifier")
    must = solved('no effect of its own"\n    cost: 8\n', 'no effect of its own"\n    cost: 8\n    must: true\n')
    assert found.displacement is not None

    assert found.displacement.forced == pytest.approx(1)
    assert found.displacement.value == near(must.objective - solved().objective)
    assert found.displacement.value < 0
    moves = {move.id: move for move in found.displacement.moves}
    assert moves["harness"].tie == "it waits for"
    assert moves["verifier"].enters
    for id, move in moves.items():
        assert move.before == pytest.approx(solved().allocation(id).total)
        assert move.after == pytest.approx(must.allocation(id).total, abs=0.5)


def test_forced_out_it_is_the_plan_of_a_file_that_says_never(
    explained: Callable[[str], Explanation], solved: Callable[..., gambits.Plan]
) -> None:
    found = explained("hybrid")
    never = solved("    takes: 3\n", "    takes: 3\n    never: true\n")
    assert found.displacement is not None

    assert found.displacement.forced == 0
    assert found.displacement.value == near(never.objective - solved().objective)
    assert "hybrid" in found.displacement.leaves


def test_what_no_rule_lets_be_whole_is_forced_as_far_as_rules_allow(
    explained: Callable[[str], Explanation], read: Read, hedge: Gambit
) -> None:
    found = explained("rented")
    assert found.displacement is not None

    # 45 % of 40 is 18, and 18 of 60 is 30 %.
    assert found.displacement.forced == pytest.approx(0.3, abs=1e-6)
    assert most_funded(read(LAB), hedge, "rented") == pytest.approx(0.3, abs=1e-6)
    assert any("most for one" in rule.rule for rule in found.displacement.conflict)
    assert sum(move.after - move.before for move in found.displacement.moves) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("id", ["hybrid", "kernels", "rented"])
def test_where_no_rule_but_the_budget_is_in_the_way_money_here_is_worth_no_more_than_at_its_best(
    id: str, read: Read
) -> None:
    open_lab = LAB.replace("capacity: 4}", "capacity: 400}").replace("    takes: 3\n", "")
    found = gambits.explain(read(open_lab), id, Gambit("free", aversion=0.3), SETTINGS)
    assert found.margin is not None and found.margin.elsewhere is not None

    assert found.blockers == ()
    assert found.margin.here <= found.margin.elsewhere + 2 * GAP
    assert found.funded == pytest.approx(1) or "elsewhere" in " ".join(found.why)


def test_the_best_use_of_more_money_is_the_plan_of_a_larger_budget(
    explained: Callable[[str], Explanation], solved: Callable[..., gambits.Plan]
) -> None:
    margin = explained("rented").margin
    assert margin is not None and margin.elsewhere is not None
    # It takes one period, so that all of it could be spent in the first.
    more = solved("{per_period: 10}", f"{{per_period: [{10 + margin.money!r}, 10, 10, 10]}}")

    assert margin.money == pytest.approx(6)
    assert margin.elsewhere == near(more.objective - solved().objective)


def test_what_holds_it_back_through_the_graph_is_followed_to_the_last(
    explained: Callable[[str], Explanation],
) -> None:
    assert explained("play").held_by[:2] == ("play", "verifier")


def test_it_says_why_in_words(explained: Callable[[str], Explanation]) -> None:
    play, rented = " ".join(explained("play").why), " ".join(explained("rented").why)

    assert "goes no further than" in play
    assert "hedge's shares" in play
    assert "No one rule keeps it" in rented
    assert "would be worth" in rented


def test_what_may_get_no_money_is_told_the_rule(read: Read, hedge: Gambit) -> None:
    found = gambits.explain(
        read(LAB.replace("    cost: 60\n", "    cost: 60\n    never: true\n")), "rented", hedge, SETTINGS
    )

    assert [rule.rule for rule in found.barred] == ["rented must never be funded"]
    assert found.margin is None
    assert "It can get no money" in found.why[1]


def test_one_in_stages_is_explained_by_its_last(read: Read, hedge: Gambit) -> None:
    staged = "stages: [{name: pilot, cost: 10, success: 0.6}, {name: scale, cost: 20}]"
    portfolio = read(
        LAB.replace("    cost: 30\n    effects: {compute: 1.2}", f"    {staged}\n    effects: {{compute: 1.2}}")
    )

    assert gambits.explain(portfolio, "kernels", hedge, SETTINGS).id == "kernels/scale"
    assert gambits.explain(portfolio, "kernels/pilot", hedge, SETTINGS).id == "kernels/pilot"


def test_an_initiative_that_is_not_there_is_named(read: Read, hedge: Gambit) -> None:
    with pytest.raises(InputError) as caught:
        gambits.explain(read(LAB), "kernel", hedge, SETTINGS)

    assert "kernels" in caught.value.problems[0].fix


def test_as_a_table_it_has_whose_money_moves(explained: Callable[[str], Explanation]) -> None:
    frame = explained("verifier").to_frame()

    assert list(frame.columns) == ["before", "after", "funded_before", "funded_after"]
    assert {"verifier", "harness"} <= set(frame.index)


def test_the_picture_is_drawn_without_a_browser(explained: Callable[[str], Explanation]) -> None:
    from gambits.memo.displacement_chart import displacement_chart

    assert displacement_chart(explained("verifier"), ".png").startswith(b"\x89PNG")


def test_where_nothing_moves_there_is_nothing_to_draw(explained: Callable[[str], Explanation]) -> None:
    from dataclasses import replace

    from gambits.memo.displacement_chart import displacement_chart

    with pytest.raises(GambitsError, match="nothing to draw"):
        displacement_chart(replace(explained("verifier"), displacement=None), ".svg")
