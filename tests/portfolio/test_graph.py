"""Who waits for whom: knots are named as one path, the same for every order of the file."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambits.errors import Problem
from gambits.portfolio.graph import find_cycles, prerequisites, waits_for
from gambits.portfolio.model import Portfolio

HEAD = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 20}
initiatives:
"""
LINKS = {
    "agents": "  agents: {path: alchemist, source: x, cost: 1, value: 1, requires: [rewards]}\n",
    "rewards": "  rewards: {path: alchemist, source: x, cost: 1, value: 1, requires: [verifier]}\n",
    "verifier": "  verifier: {path: alchemist, source: x, cost: 1, value: 1, after: [agents, platform]}\n",
    "platform": "  platform: {path: architect, source: x, cost: 1, value: 1}\n",
}


@pytest.mark.parametrize("order", list(itertools.permutations(LINKS)), ids=" ".join)
def test_a_knot_is_one_path_from_its_smallest_id_in_whatever_order_it_stands(
    order: tuple[str, ...], problems: Callable[[str], tuple[Problem, ...]]
) -> None:
    (problem,) = problems(HEAD + "".join(LINKS[id] for id in order))

    assert problem.code == "cycle"
    assert problem.message == "these wait for each other: agents → rewards → verifier → agents"
    assert problem.where.line == HEAD.count("\n") + order.index("agents") + 1


@pytest.mark.parametrize("key", ["requires", "after"])
def test_who_waits_for_itself_is_named_on_the_line_that_says_so(
    key: str, problems: Callable[[str], tuple[Problem, ...]]
) -> None:
    (problem,) = problems(f"{HEAD}  play:\n    path: x\n    source: x\n    cost: 1\n    {key}: [play]\n")

    assert (problem.code, problem.where.line) == ("cycle", 12)
    assert problem.message == "`play` waits for itself"


@pytest.mark.parametrize(
    ("links", "cycles"),
    [
        ({"a": ["b"], "b": []}, ()),
        ({"a": ["a"]}, (("a", "a"),)),
        ({"b": ["a"], "a": ["b"]}, (("a", "b", "a"),)),
        ({"c": ["a"], "a": ["b"], "b": ["c"]}, (("a", "b", "c", "a"),)),
        # Two knots, each named once, sorted.
        ({"d": ["c"], "c": ["d"], "b": ["a"], "a": ["b", "c"]}, (("a", "b", "a"), ("c", "d", "c"))),
        # A knot with a long way round and a short one: the short one, through the smallest id.
        ({"a": ["b", "c"], "b": ["c"], "c": ["a"]}, (("a", "c", "a"),)),
        # Of two ways of one length the first by name.
        ({"a": ["c", "b"], "b": ["a"], "c": ["a"]}, (("a", "b", "a"),)),
        # What is no key waits for nobody.
        ({"a": ["nobody"]}, ()),
    ],
)
def test_each_knot_is_its_shortest_path_first_by_name(
    links: dict[str, list[str]], cycles: tuple[tuple[str, ...], ...]
) -> None:
    assert find_cycles(links) == cycles


def reachable(links: dict[str, list[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(links[start])
    while waiting:
        id = waiting.pop()
        if id not in seen:
            seen.add(id)
            waiting += links[id]
    return seen


def knots_by_trial(links: dict[str, list[str]]) -> tuple[tuple[str, ...], ...]:
    """Try every path through the smallest id of each knot: the slow way to the same answer."""
    reach = {id: reachable(links, id) for id in links}
    knots = {frozenset(other for other in reach[id] if id in reach[other]) for id in links if id in reach[id]}
    found = []
    for knot in knots:
        first = min(knot)
        paths = (
            (first, *middle, first)
            for length in range(len(knot))
            for middle in itertools.permutations(sorted(knot - {first}), length)
        )
        closed = (path for path in paths if all(b in links[a] for a, b in itertools.pairwise(path)))
        found.append(min(closed, key=lambda path: (len(path), path)))
    return tuple(sorted(found))


@given(
    st.integers(1, 5).flatmap(
        lambda size: st.fixed_dictionaries({id: st.lists(st.sampled_from("abcde"[:size])) for id in "abcde"[:size]})
    )
)
def test_knots_are_those_found_by_trying_every_path(links: dict[str, list[str]]) -> None:
    assert find_cycles(links) == knots_by_trial(links)


def test_failure_spreads_along_requires_only_and_money_along_both(read: Callable[[str], Portfolio]) -> None:
    portfolio = read(HEAD + "".join(LINKS.values()).replace("after: [agents, platform]", "after: [platform]"))

    assert prerequisites(portfolio)["agents"] == ("rewards", "verifier")
    assert waits_for(portfolio)["agents"] == ("platform", "rewards", "verifier")
    assert prerequisites(portfolio)["platform"] == ()
