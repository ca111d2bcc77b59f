"""The graph as a schedule and as a bet: times by simulation and by solving, worth by solving without."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gambits import load
from gambits.analyse.dependencies import Dependencies, dependencies, funding, with_plan, with_unlock
from gambits.analyse.study import Settings, Study
from gambits.errors import InfeasibleError, InputError
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.model import Portfolio

Read = Callable[[str], Portfolio]
CERTAIN = Settings(certain=True)
FREE = Gambit("free")


def lab(*initiatives: str, count: int = 8, **frame: Any) -> str:
    """Give a portfolio of work that is worth a point each, money no object."""
    file = {
        "format": "gambits/1",
        "name": "Graph",
        "as_of": "2027-01-01",
        "periods": {"first": "2027Q1", "count": count},
        "money": "USD million",
        "budget": {"per_period": 1000},
        "objective": {"value": 1},
        "initiatives": {
            id: {"path": "scale", "source": "x", "cost": 8, "value": 1} | yaml.safe_load(f"{{{keys}}}")
            for id, _, keys in (each.partition(" ") for each in initiatives)
        },
    } | frame
    return yaml.safe_dump(file, sort_keys=False)


@st.composite
def needs(draw: st.DrawFn, ids: list[str]) -> str:
    """Draw what one waits for: ids, parts, delays, choices."""
    found = []
    for _ in range(draw(st.integers(0, 2)) if ids else 0):
        of = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
        keys = [f"of: [{', '.join(of)}]"]
        keys += [f"k: {draw(st.integers(1, len(of)))}"] if draw(st.booleans()) else []
        keys += [f"share: {draw(st.sampled_from([0.25, 0.5]))}"] if draw(st.booleans()) else []
        keys += [f"lag: {draw(st.integers(1, 2))}"] if draw(st.booleans()) else []
        found.append(f"{{{', '.join(keys)}}}")
    return f"[{', '.join(found)}]"


@st.composite
def labs(draw: st.DrawFn) -> str:
    ids = ["a", "b", "c", "d", "e", "f"][: draw(st.integers(1, 6))]
    rows = []
    for k, id in enumerate(ids):
        keys = [f"takes: {draw(st.integers(1, 4))}", f"lag: {draw(st.integers(0, 3))}"]
        keys.append(f"start: 2027Q{draw(st.integers(1, 4))}")
        keys += [f"requires: {draw(needs(ids[:k]))}", f"after: {draw(needs(ids[:k]))}"]
        keys += ["never: true"] if draw(st.integers(0, 5)) == 0 else []
        keys += [draw(st.sampled_from(["whole: true", "spent: {2026Q4: 2}"]))] if draw(st.integers(0, 3)) == 0 else []
        rows.append(f"{id} {', '.join(keys)}")
    return lab(*draw(st.permutations(rows)))


def enough(parts: list[float], count: int) -> float:
    """Find the largest x up to 1 with Σ min(u, x) ≥ count·x, by halving."""
    low, high = 0.0, 1.0
    if sum(min(part, high) for part in parts) >= count * high - 1e-12:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(min(u, middle) for u in parts) >= count * middle - 1e-15 else (low, middle)
    return low


def simulated(portfolio: Portfolio, horizon: int) -> dict[str, list[float]]:
    """Fund all as fast as may be, period by period; what is whole from the first start that lets it go through."""
    funded: dict[str, list[float]] = {}
    before = {each.id: sum(money for _, money in each.spent) / each.cost.central for each in portfolio.initiatives}

    def allowed(each: Any, t: int) -> float:
        limits = [1.0]
        for need in each.requires + each.after:
            then = [funded[id][t - need.lag] if t >= need.lag else before[id] for id in need.of]
            paid = enough([before[id] / need.share for id in need.of], need.count)
            # What it was paid ahead of them before the first period stays ahead.
            extra = max(0.0, before[each.id] - paid)
            limits.append(enough([part / need.share for part in then], need.count) + extra)
        return min(limits)

    for each in sorted(portfolio.initiatives, key=lambda each: each.id):
        row = [before[each.id]] * horizon
        if each.whole and not each.never:
            for begin in range(each.start, horizon):
                tried = [min(1.0, max(0.0, (t - begin + 1) / each.takes)) for t in range(horizon)]
                if all(part <= allowed(each, t) + 1e-9 for t, part in enumerate(tried)):
                    row = tried
                    break
        elif not each.never:
            for t in range(each.start, horizon):
                last = row[t - 1] if t else before[each.id]
                row[t] = max(last, min(last + 1 / each.takes, 1.0, max(allowed(each, t), before[each.id])))
        funded[each.id] = row
    return funded


@given(labs())
def test_times_are_those_of_a_simulation(read: Read, text: str) -> None:
    portfolio = read(text)
    graph = dependencies(portfolio)
    funded = simulated(portfolio, 6 * (4 + 2) + 4)

    for each in portfolio.initiatives:
        row = funded[each.id]
        done = next((t for t, part in enumerate(row) if part >= 1 - 1e-9), math.inf)
        when = graph.timing[each.id]
        assert (when.done, when.counts) == (done, done + each.lag)
        if not math.isinf(done) and not each.spent:
            assert when.start == next(t for t, part in enumerate(row) if part > 1e-9)


@pytest.mark.parametrize(
    ("rows", "done"),
    [
        (("a takes: 3", "b 'requires: [a]'"), 2),
        (("a takes: 2, start: 2027Q2", "b takes: 3, requires: [a]"), 3),
        (("a start: 2027Q3", "b takes: 3, requires: [a]"), 4),
        (("a takes: 4", "b takes: 2, after: [a]", "c start: 2027Q2, requires: [b]"), 3),
        (("a takes: 3", "b takes: 1, requires: [{of: a, lag: 2}]"), 4),
        (("a takes: 4", "b takes: 1, requires: [{of: a, share: 0.5}]"), 1),
        (("a takes: 4", "b takes: 2", "c takes: 1, after: [{any: [a, b]}]"), 1),
        (("a takes: 4", "b takes: 2", "d start: 2027Q4", "c takes: 1, after: [{k: 2, of: [a, b, d]}]"), 3),
        (("a start: 2027Q2", "b takes: 3, whole: true, requires: [a]"), 3),
        (("a takes: 3, whole: true, start: 2027Q2", "b takes: 2, requires: [a]"), 3),
        (("a takes: 2", "b takes: 4, spent: {2026Q4: 4}, requires: [a]"), 1),
    ],
)
def test_no_plan_is_sooner_and_some_plan_is_as_soon(
    rows: tuple[str, ...], done: int, read: Read, solve: Callable[..., Any]
) -> None:
    """An independent route: the last initiative must be funded, in just enough periods and in one too few."""
    rows = tuple(row.replace("'", "") for row in rows)
    last = rows[-1].partition(" ")[0]
    assert dependencies(read(lab(*rows))).timing[last].done == done

    forced = (*rows[:-1], f"{rows[-1]}, must: true")
    assert solve(lab(*forced, count=done + 1)).funded(last)[-1] == pytest.approx(1)
    with pytest.raises(InfeasibleError):
        solve(lab(*forced, count=done))


def test_the_critical_path_is_what_decides_when_all_counts(read: Read) -> None:
    """c takes a quarter, and waits for b, which cannot begin before a; d is late for its lag, but not last."""
    graph = dependencies(
        read(
            lab(
                "a start: 2027Q3",
                "b takes: 4, requires: [a]",
                "c requires: [b, quick], lag: 1",
                "quick takes: 2",
                "d takes: 2, lag: 4",
            )
        )
    )

    assert graph.critical_path == ("a", "b", "c")
    assert graph.period(graph.timing["c"].counts) == "2028Q3"
    assert (graph.blocker["c"].path, graph.blocker["c"].why) == (("c", "b", "a"), "takes 1 period from 2027Q3")
    assert set(graph.blocker) == {"b", "c"}
    assert [node["critical"] for node in graph.to_dict()["nodes"]] == [True, False, False, True, True]


def test_of_a_choice_the_last_that_is_needed_decides(read: Read) -> None:
    rows = ("a takes: 2", "b takes: 3", "c start: 2027Q4", "d requires: [{k: 2, of: [a, b, c]}]")
    graph = dependencies(read(lab(*rows)))

    assert graph.blocker["d"].path == ("d", "b")
    assert graph.critical_path == ("c",)
    assert [edge.words for edge in graph.edges] == ["2 of 3"] * 3


def test_sizes_and_sets_of_which_one_gets_money_are_named(read: Read) -> None:
    rows = ("a takes: 2", "b takes: 3", "c cost: 9, levels: [{cost: 4}, {name: big, cost: 9}]", "d requires: [c]")
    text = lab(*rows, excludes=[["b", "a"], ["a", "c"]]).replace("    cost: 9\n    value: 1\n    levels", "    levels")
    graph = dependencies(read(text))

    assert graph.excludes == (("a", "b"), ("a", "c/1", "c/big"), ("c/1", "c/big"))
    assert {edge.of for edge in graph.waits_of("d")} == {"c/1", "c/big"}


def test_what_never_gets_money_blocks_all_behind_it(read: Read) -> None:
    graph = dependencies(read(lab("a never: true", "b requires: [a]", "c requires: [b]", "d takes: 2")))

    assert graph.blocker["c"].path == ("c", "b", "a")
    assert graph.blocker["c"].why == "never gets money"
    assert graph.period(graph.timing["c"].counts) is None
    assert graph.critical_path == ("d",)


def test_layers_and_names_do_not_depend_on_the_order_of_the_file(read: Read) -> None:
    rows = ("b requires: [a]", "a takes: 2", "d requires: [a, c]", "c after: [b]", "e takes: 1")
    first, second = (dependencies(read(lab(*order))).to_dict() for order in (rows, rows[::-1]))

    assert first == second
    assert first["layers"] == [["a", "e"], ["b"], ["c"], ["d"]]


@given(labs())
def test_who_waits_stands_in_a_later_layer(read: Read, text: str) -> None:
    graph = dependencies(read(text))
    level = {id: number for number, layer in enumerate(graph.layers) for id in layer}

    assert all(level[edge.of] < level[edge.waits] for edge in graph.edges)
    for id, number in level.items():
        behind = [level[edge.of] for edge in graph.waits_of(id)]
        assert number == max(behind, default=-1) + 1


def weighed(portfolio: Portfolio, gambit: Gambit = FREE, settings: Settings = CERTAIN) -> Dependencies:
    return with_unlock(dependencies(portfolio), Study(portfolio, settings), gambit)


def test_an_enabler_is_worth_what_is_lost_without_it(read: Read, solve: Callable[..., Any]) -> None:
    """Money for one of two chains: without the better one the other gets it."""
    rows = ("base value: 0", "good requires: [base], value: 5", "root value: 0", "fair requires: [root], value: 3")
    frame = {"budget": {"per_period": [16] + [0] * 7}}

    graph = weighed(read(lab(*rows, **frame)))

    assert graph.unlock is not None
    assert graph.unlock["base"].value == pytest.approx(5 - 3)
    assert graph.unlock["base"].opens == ("good",)
    assert graph.unlock["root"].value == 0
    without = tuple(f"{row}, never: true" if row.startswith("base") else row for row in rows)
    difference = solve(lab(*rows, **frame)).objective - solve(lab(*without, **frame)).objective
    assert graph.unlock["base"].value == pytest.approx(difference, abs=1e-5)


@given(labs())
def test_no_enabler_is_worth_more_than_the_plan_nor_less_than_nothing(read: Read, text: str) -> None:
    portfolio = read(text)
    graph = weighed(portfolio)
    best = Study(portfolio, CERTAIN).best(FREE).objective

    assert graph.unlock is not None
    assert set(graph.unlock) == {edge.of for edge in graph.edges}
    for each in graph.unlock.values():
        assert each.value is not None
        assert 0 <= each.value <= best + 1e-9


def test_an_enabler_of_what_must_be_funded_is_needed(read: Read) -> None:
    graph = weighed(read(lab("a must: true", "b requires: [a]", "c takes: 1", "d requires: [c], must: true")))

    assert graph.unlock is not None
    assert graph.unlock["c"].value is None
    # Forbidding `a` drops its own must: the question is what it opens.
    assert graph.unlock["a"].value == pytest.approx(2)


def test_a_plan_says_who_is_held_back_by_whom(read: Read) -> None:
    portfolio = read(lab("a takes: 1", "b requires: [a]", "c requires: [b]", "d requires: [a]", "e takes: 1"))
    funded = {"a": 1.0, "b": 0.25, "c": 0.25, "d": 0.5, "e": 0.0}

    graph = with_plan(dependencies(portfolio), funded, {id: 8 * part for id, part in funded.items()})

    assert {id: (each.path, each.why) for id, each in graph.blocker.items()} == {
        "c": (("c", "b"), "is funded to 25%"),
    }
    nodes = {node["id"]: node for node in graph.to_dict()["nodes"]}
    assert (nodes["b"]["funded"], nodes["b"]["spend"]) == (0.25, 2.0)
    assert graph.to_dict()["blocker"]["d"] is None


def test_a_plan_of_another_portfolio_is_refused() -> None:
    plan = {"initiatives": {"other": {"funded": 1.0, "total": 2.0}}}

    with pytest.raises(InputError) as caught:
        funding(plan, load("minimal"), "plan.json")

    assert [problem.code for problem in caught.value.problems] == ["not-a-plan"]


def test_the_bundled_lab_rests_on_its_platform() -> None:
    graph = weighed(load("frontier-lab"), load_gambit("incumbent"))

    assert graph.unlock is not None
    values = {id: each.value for id, each in graph.unlock.items() if each.value is not None}
    assert max(values, key=lambda id: values[id]) == "training-platform"
    assert "hybrid-flagship" in graph.unlock["training-platform"].opens
