"""An estimate changed in a portfolio is the same as one changed in its file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gambits.portfolio.edits import estimates, in_order, own_estimates, with_estimates
from gambits.portfolio.load import load
from gambits.portfolio.model import Initiative, Portfolio
from gambits.quantities.estimates import Bounds, Estimate, Shape

Read = Callable[[str], Portfolio]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 10, basis: expected}
resources:
  people: {unit: FTE-quarters, capacity: 20}
frontier:
  compute: {flop: 1e27, growth_per_year: 2 to 4}
  unique_tokens: {count: 1e13}
  inference_tokens: 1e12
initiatives:
  hybrid:
    path: architect
    source: Doe 2026
    stages:
      - {name: pilot, cost: 4, success: 0.5}
      - {name: scale, cost: 12 to 20, success: 0.9}
    effects: {data_efficiency: 1.2 to 2.0, compute: 1.1}
    uses: {people: 30}
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 20
    success: 0.6 to 0.9
    effects: {post_training: 1.4, compute: 1.2}
    value: -1 to 2
    uses: {people: 12}
    requires: [hybrid]
synergies:
  - {between: [hybrid, play], effects: {post_training: 1.1}}
overlaps:
  - {among: [hybrid, play], lever: compute, cap: 1.5}
"""
EDITS = [
    ("initiatives.hybrid.stages.pilot.cost", "cost: 4,", "cost: 9,", "9"),
    ("initiatives.hybrid.stages.pilot.success", "success: 0.5", "success: 0.8", "0.8"),
    ("initiatives.hybrid.stages.scale.success", "success: 0.9}", "success: 0.7}", "0.7"),
    ("initiatives.hybrid.effects.data_efficiency", "1.2 to 2.0", "1.5 to 2.5", "1.5 to 2.5"),
    ("initiatives.hybrid.uses.people", "people: 30", "people: 15", "15"),
    ("initiatives.play.cost", "cost: 20\n", "cost: 18\n", "18"),
    ("initiatives.play.success", "0.6 to 0.9", "0.3 to 0.5", "0.3 to 0.5"),
    ("initiatives.play.value", "-1 to 2", "0 to 3", "0 to 3"),
    ("frontier.compute.growth_per_year", "2 to 4", "3 to 5", "3 to 5"),
    ("frontier.compute.flop", "flop: 1e27", "flop: 2e27", "2e27"),
    ("frontier.unique_tokens.count", "count: 1e13", "count: 3e13", "3e13"),
    ("frontier.inference_tokens", "inference_tokens: 1e12", "inference_tokens: 4e12", "4e12"),
    ("synergies.hybrid/scale+play.effects.post_training", "post_training: 1.1}", "post_training: 1.3}", "1.3"),
    ("overlaps.hybrid/scale+play.compute", "cap: 1.5", "cap: 1.6", "1.6"),
]


def estimate(text: str, bounds: Bounds) -> Estimate:
    parts = tuple(float(part) for part in text.split(" to "))
    return Estimate(Shape.RANGE if len(parts) > 1 else Shape.POINT, parts, bounds)


@pytest.mark.parametrize(("key", "old", "new", "text"), EDITS, ids=[edit[0] for edit in EDITS])
def test_an_edit_gives_what_the_edited_file_gives(key: str, old: str, new: str, text: str, read: Read) -> None:
    assert LAB.count(old) == 1
    portfolio = read(LAB)
    asked = estimate(text, estimates(portfolio)[key].bounds)

    edited = in_order(with_estimates(portfolio, {key: asked}))

    expected = read(LAB.replace(old, new))
    assert rounded(edited) == rounded(expected)
    assert edited != portfolio


def rounded(portfolio: Portfolio) -> list[object]:
    """Leave the last digits out: what a stage uses is a product of other factors."""
    return [
        portfolio.frontier,
        portfolio.synergies,
        portfolio.overlaps,
        [(each.id, each.cost, each.success, each.value, each.effects) for each in portfolio.initiatives],
        [(float(f"{each.reached:.12g}"), uses(each)) for each in portfolio.initiatives],
    ]


def uses(initiative: Initiative) -> dict[str, list[str]]:
    return {name: [f"{value:.12g}" for value in use.values] for name, use in initiative.uses.items()}


def test_every_estimate_that_can_be_edited_is_listed_and_no_other(read: Read) -> None:
    assert {key for key, *_ in EDITS} | {
        "frontier.unique_tokens.growth_per_year",
        "initiatives.hybrid.effects.compute",
        "initiatives.hybrid.stages.scale.cost",
        "initiatives.play.effects.compute",
        "initiatives.play.effects.post_training",
        "initiatives.play.uses.people",
    } == set(estimates(read(LAB)))


def test_a_stage_owns_its_cost_and_success_and_shares_what_the_whole_uses(read: Read) -> None:
    portfolio = read(LAB)

    assert set(own_estimates(portfolio, "hybrid/pilot")) == {
        "initiatives.hybrid.stages.pilot.cost",
        "initiatives.hybrid.stages.pilot.success",
        "initiatives.hybrid.uses.people",
    }
    assert own_estimates(portfolio, "hybrid/pilot")["initiatives.hybrid.uses.people"].central == pytest.approx(30)


@pytest.mark.parametrize("name", ["minimal", "frontier-lab"])
def test_a_change_to_what_is_there_already_changes_nothing(name: str) -> None:
    portfolio = load(name)

    assert with_estimates(portfolio, estimates(portfolio)) == portfolio
