"""What holds whatever the rules are: fewer of them never hurt, more money never hurts, names and order change nothing.

The portfolios have whole choices, sizes, counts, exclusions, choices among prerequisites, minimums and funds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from gambits.allocate.cuts import Ending

Solve = Callable[..., Any]

LAB = yaml.safe_load("""\
format: gambits/1
name: With rules of every kind
as_of: 2027-04-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget:
  per_period: [6, 7, 5, 6]
  reserve: 0.1
  discount_per_year: 0.05
  funds: [{name: grant, paths: [alchemist], per_period: 1}]
resources: {people: {unit: FTE, capacity: 9}}
frontier: {compute: {flop: 2e27, growth_per_year: 4}, unique_tokens: {count: 1e13}}
objective: {effective_compute: 1, value: 0.05, after_horizon: 2}
initiatives:
  hybrid:
    path: architect
    source: x
    levels: [{cost: 4, effects: {data_efficiency: 1.2}}, {name: big, cost: 9, effects: {data_efficiency: 1.7}}]
    lag: 1
  tools: {path: alchemist, source: x, cost: 5, success: 0.8, spent: {2026Q4: 0.5, 2027Q1: 1}, uses: {people: 7}}
  other-tools: {path: alchemist, source: x, cost: 4, success: 0.6, value: -1}
  play:
    path: alchemist
    source: x
    cost: 8
    whole: true
    takes: 2
    effects: {post_training: 2.5}
    requires: [{any: [tools, other-tools], share: 0.8}]
  words: {path: alchemist, source: x, cost: 6, minimum: 0.5, response: 0.7, effects: {unique_tokens: 2e13}}
  recipes: {path: architect, source: x, cost: 5, response: 0.6, effects: {compute: 1.5}, after: [{of: tools, lag: 1}]}
  chips: {path: scale, source: x, cost: 7, must: true, effects: {compute: 1.2}, uses: {people: 5}}
groups: [{among: [words, recipes], min: 0.1, max: 0.5}]
excludes: [[words, other-tools]]
counts: {min: 3, max: 5}
""")
GAMBIT = {"name": "mine", "shares": {"architect": [0.2, 0.7]}, "most_for_one": 0.4, "most_initiatives": 5}

FEWER: dict[str, Callable[[Any, Any], None]] = {
    "reserve": lambda lab, _: lab["budget"].pop("reserve"),
    "prices": lambda lab, _: lab["budget"].pop("discount_per_year"),
    "resources": lambda lab, _: [each.pop("uses", None) for each in lab["initiatives"].values()],
    "whole": lambda lab, _: lab["initiatives"]["play"].pop("whole"),
    "minimum": lambda lab, _: lab["initiatives"]["words"].pop("minimum"),
    "must": lambda lab, _: lab["initiatives"]["chips"].pop("must"),
    "share of a need": lambda lab, _: lab["initiatives"]["play"]["requires"][0].update(share=0.4),
    "lag of a need": lambda lab, _: lab["initiatives"]["recipes"]["after"][0].pop("lag"),
    "after": lambda lab, _: lab["initiatives"]["recipes"].pop("after"),
    "groups": lambda lab, _: lab.pop("groups"),
    "excludes": lambda lab, _: lab.pop("excludes"),
    "counts": lambda lab, _: lab.pop("counts"),
    "shares": lambda _, gambit: gambit.pop("shares"),
    "most for one": lambda _, gambit: gambit.pop("most_for_one"),
    "most initiatives": lambda _, gambit: gambit.pop("most_initiatives"),
}
MORE: dict[str, Callable[[Any], None]] = {
    "budget": lambda lab: lab["budget"].update(per_period=[6, 8, 6, 6]),
    "grant": lambda lab: lab["budget"]["funds"][0].update(per_period=2),
    "people": lambda lab: lab["resources"]["people"].update(capacity=12),
}


@pytest.fixture(scope="module")
def found(solve: Solve) -> Any:
    return solve(yaml.safe_dump(LAB), yaml.safe_dump(GAMBIT))


def test_the_portfolio_binds(found: Any) -> None:
    """Its best plan is cut off by whole choices: the laws below have something to say."""
    assert found.optimum.ending is Ending.OPTIMAL
    assert found.objective > 0.05


@pytest.mark.parametrize("rule", FEWER)
def test_without_a_rule_the_best_is_no_worse(rule: str, found: Any, solve: Solve) -> None:
    lab, gambit = copy.deepcopy((LAB, GAMBIT))
    FEWER[rule](lab, gambit)

    assert solve(yaml.safe_dump(lab), yaml.safe_dump(gambit)).objective >= found.objective - 2e-5


@pytest.mark.parametrize("what", MORE)
def test_with_more_money_or_people_the_best_is_no_worse(what: str, found: Any, solve: Solve) -> None:
    lab = copy.deepcopy(LAB)
    MORE[what](lab)

    assert solve(yaml.safe_dump(lab), yaml.safe_dump(GAMBIT)).objective >= found.objective - 2e-5


def test_other_names_in_another_order_give_the_same_plan_to_the_last_bit(found: Any, solve: Solve) -> None:
    names = {id: f"n{7 - k}" for k, id in enumerate(LAB["initiatives"])}
    text = yaml.safe_dump(LAB)
    document = yaml.safe_load(text)
    works = document.pop("initiatives")
    renamed = {names[id]: _renamed(works[id], names) for id in reversed(list(works))}
    again = solve(
        yaml.safe_dump(_renamed(document, names) | {"initiatives": renamed}, sort_keys=False), yaml.safe_dump(GAMBIT)
    )

    assert again.objective == found.objective
    for id in found.forecast.ids:
        entry, _, part = id.partition("/")
        assert again.funded(f"{names[entry]}/{part}" if part else names[entry]) == found.funded(id)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """Rename ids wherever they stand as values."""
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value
