"""The projection as a whole: what adds up, what is beside it, and what JSON holds."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from gambits import project
from gambits.analyse.outlook import Outlook
from gambits.analyse.projection import only_levers
from gambits.analyse.sources import BOUGHT, WALL, WALL_AND_SERVING
from gambits.analyse.study import Settings
from gambits.portfolio.model import Lever, Portfolio

Read = Callable[[str], Portfolio]
CERTAIN = Settings(certain=True)

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 8}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 2e27, growth_per_year: 4}
  unique_tokens: {count: 15e12, growth_per_year: 1.05}
market:
  elasticity: 0.8
  value_per_oom: 0.35
  sectors:
    firms: {tokens_per_day: 1e12, value_per_million: 2e-6, cost_per_million: 5e-7}
    homes: {tokens_per_day: 3e12, value_per_million: 4e-7, cost_per_million: 2e-7}
objective: {effective_compute: 1, token_gdp: 0.3}
initiatives:
  hybrid:
    {path: architect, cost: 20, success: 0.7, effects: {data_efficiency: {hybrid: {}}}, lag: 1, source: Waleffe 2024}
  kernels: {path: architect, cost: 10, effects: {compute: 1.3}, fitted_to: 1e27, source: "judgement: a guess"}
  serving: {path: architect, cost: 8, effects: {inference_cost: 2}, fitted_to: 1e27, source: "judgement: a guess"}
  scans: {path: alchemist, cost: 10, effects: {unique_tokens: 4e12}, source: "judgement: a guess"}
  verifiers: {path: alchemist, cost: 6, source: "judgement: none"}
  play: {path: alchemist, cost: 15, effects: {post_training: 1.5}, requires: [verifiers], source: "judgement: a guess"}
"""
SERVED = LAB.replace("  unique_tokens:", "  inference_tokens: 1e14\n  unique_tokens:")
NO_FRONTIER = (
    LAB.partition("frontier:")[0] + 'initiatives: {a: {path: x, cost: 1, value: 1, source: "judgement: none"}}\n'
)


@pytest.fixture(scope="module")
def outlook_of(read: Read) -> Callable[[str], Outlook]:
    def outlook_of(text: str) -> Outlook:
        return project(read(text), "incumbent", CERTAIN)

    return outlook_of


@pytest.fixture(scope="module")
def found(outlook_of: Callable[[str], Outlook]) -> Outlook:
    return outlook_of(LAB)


def test_sources_add_up_to_the_gain_of_the_plan_year_by_year(read: Read, found: Outlook) -> None:
    from gambits import solve

    plan = solve(read(LAB), "incumbent", CERTAIN)

    assert list(found.ledger) == ["2027", "2028"]
    for year, period in (("2027", 3), ("2028", 7)):
        assert sum(found.ledger[year].values()) == pytest.approx(plan.gain[period], abs=1e-9)
    assert list(found.ledger["2028"]) == ["compute", "algorithms", "data", "post-training"]


def test_what_is_bought_anyway_and_what_the_wall_takes_add_up_to_the_baseline(found: Outlook) -> None:
    for year, period in (("2027", 3), ("2028", 7)):
        parts = found.anyway[year]
        grown = found.baseline[period].effective_compute - found.baseline[0].effective_compute
        assert sum(parts.values()) == pytest.approx(grown, abs=1e-12)
        assert parts[BOUGHT] == pytest.approx(period / 4 * math.log10(4))
        assert parts[WALL] < 0


def test_the_field_gains_half_an_order_of_magnitude_a_year_by_algorithms(found: Outlook) -> None:
    """Ho et al. 2024: halving in 8 months, 5 to 14; from the first period to the last of each year."""
    drift = found.drift["2028"]

    assert drift.gained == pytest.approx(1.75 * 12 / 8 * math.log10(2))
    assert (drift.low, drift.high) == pytest.approx((1.75 * 12 / 14 * math.log10(2), 1.75 * 12 / 5 * math.log10(2)))


def test_cheaper_serving_is_a_source_where_the_flagship_is_served(outlook_of: Callable[[str], Outlook]) -> None:
    served = outlook_of(SERVED)

    assert served.ledger["2028"]["cheaper serving"] > 0
    assert WALL_AND_SERVING in served.anyway["2027"]
    assert 0 < served.baseline[0].serving < 1


def test_how_far_the_projection_reaches_beyond_its_evidence(found: Outlook) -> None:
    assert found.reach is not None
    assert found.reach.law == pytest.approx(math.log10(9.3e21))
    assert found.reach.beyond["2028"] == pytest.approx(math.log10(2e27) + 1.75 * math.log10(4) - math.log10(9.3e21))
    assert found.initiatives["hybrid"].beyond == pytest.approx(math.log10(2e27 / 1.7e23))
    assert found.initiatives["play"].beyond is None
    assert 0 < found.reach.share_of_value < 1, "kernels and serving are measured near the flagship"


def test_a_path_is_worth_its_value_over_its_money(found: Outlook) -> None:
    architect = found.path_worth["architect"]

    assert architect.money == pytest.approx(38)
    assert architect.per_money == pytest.approx(100 * found.by_path["architect"] / 38)


def test_the_market_is_that_of_the_plan_and_pays_by_what_the_plan_adds(read: Read, found: Outlook) -> None:
    from gambits import solve

    plan = solve(read(LAB), "incumbent", CERTAIN)
    assert found.market is not None
    assert found.flywheel is not None
    assert plan.market is not None
    for name, values in found.market["all"].to_dict().items():
        assert values == pytest.approx(plan.market["all"][name])

    before = 1e6 * 2e-6 + 3e6 * 4e-7 - (1e6 * 5e-7 + 3e6 * 2e-7)
    whole = found.market["all"]
    surplus = whole.gdp_per_day[-1] - whole.bill_per_day[-1]
    assert found.flywheel.surplus_per_day[-1] == pytest.approx(surplus)
    assert found.flywheel.added_per_day[-1] == pytest.approx(surplus - before)
    assert found.flywheel.payback_days == pytest.approx(plan.total_spend / (surplus - before))


def test_a_plan_that_adds_nothing_to_the_market_never_pays_there(outlook_of: Callable[[str], Outlook]) -> None:
    text = LAB.replace("value_per_oom: 0.35", "value_per_oom: 0").replace("elasticity: 0.8", "elasticity: 0")
    flat = outlook_of(text.replace("inference_cost: 2", "demand: 1"))

    assert flat.flywheel is not None
    assert flat.flywheel.payback_days is None


def test_without_a_frontier_there_are_initiatives_alone(outlook_of: Callable[[str], Outlook]) -> None:
    bare = outlook_of(NO_FRONTIER)

    assert (bare.baseline, bare.wall, bare.trillion, bare.anyway, bare.drift) == ((), (), (), {}, {})
    assert bare.reach is None
    assert bare.market is None
    assert list(bare.initiatives) == ["a"]


@pytest.mark.parametrize("text", [LAB, SERVED, NO_FRONTIER], ids=["trained", "served", "no frontier"])
def test_json_holds_everything_and_no_infinity(text: str, outlook_of: Callable[[str], Outlook]) -> None:
    def numbers(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [each for item in value.values() for each in numbers(item)]
        if isinstance(value, list):
            return [each for item in value for each in numbers(item)]
        return [value] if isinstance(value, float) else []

    shown = outlook_of(text).to_dict()

    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert all(map(math.isfinite, numbers(shown)))
    assert {"baseline", "initiatives", "by_path", "ledger", "wall", "more_data"} <= set(shown)


def test_only_some_levers_leave_the_rest_as_it_is(read: Read) -> None:
    portfolio = read(LAB + "synergies: [{between: [kernels, play], effects: {compute: 1.1, post_training: 1.2}}]\n")

    only = only_levers(portfolio, frozenset({Lever.COMPUTE}))

    assert set(only.initiative("kernels").effects) == {Lever.COMPUTE}
    assert not only.initiative("play").effects
    assert set(only.synergies[0].effects) == {Lever.COMPUTE}
    assert [each.id for each in only.initiatives] == [each.id for each in portfolio.initiatives]
