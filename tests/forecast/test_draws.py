"""Every uncertain number in every draw: whose stream it is from, what it shares, in which future it stands."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from gambits.errors import InputError
from gambits.files.bundled import laws
from gambits.forecast.draws import ON_COMPUTE, ON_DATA, ON_OOM, ON_STOCK, Draws, central_draw, draw
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import LN_10, Constants
from gambits.scaling.laws import load_law
from gambits.scaling.wall import outrun_at

Array = NDArray[np.float64]
Read = Callable[[str], Portfolio]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 20}
frontier:
  law: muennighoff-2023
  compute: {flop: 5e26 to 2e27, growth_per_year: 2 to 6}
  unique_tokens: {count: 5e12 to 2e13, growth_per_year: 1.05}
initiatives:
  hybrid:
    path: architect
    source: Doe 2026
    cost: 16 to 25
    success: 0.6
    effects: {data_efficiency: 1.4 to 2.0, compute: 0.7 to 0.9}
  kernels:
    path: architect
    source: Doe 2026
    cost: {p10: 6, p50: 8, p90: 15}
    effects: {compute: 1.2 to 1.5}
    value: -2 to 9
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 20
    success: 0.4 to 0.7
    effects: {post_training: 1.3 to 2, unique_tokens: 1e12 to 2e13}
    quality: 0.5
    requires: [verifier]
  verifier:
    path: alchemist
    source: "judgement: none"
    cost: 9 to 16
    success: 0.85
"""

SEED = "2027"
COUNT = 400
IDS = ("hybrid", "kernels", "play", "verifier")


def column(draws: Draws, id: str) -> dict[str, Array]:
    """Take out everything that is drawn for one initiative."""
    i = draws.ids.index(id)
    assert draws.cost_ratio is not None
    return {
        "helps": draws.helps[:ON_STOCK, :, i],
        "harms": draws.harms[..., i],
        "tokens": draws.helps[ON_STOCK, :, i],
        "value": draws.value[:, i],
        "cost": draws.cost_ratio[:, i],
    }


def baseline(draws: Draws) -> dict[str, Array]:
    """Take out everything that is drawn for no initiative."""
    constants = {} if draws.law is None else {name: getattr(draws.law, name) for name in Constants.__slots__}
    return constants | {
        "compute": draws.ln_compute,
        "tokens": draws.ln_tokens,
        "probability": draws.probability,
        "scenario": draws.scenario,
        "served": np.zeros(1) if draws.ln_served is None else draws.ln_served,
    }


def differing(one: dict[str, Array], other: dict[str, Array]) -> set[str]:
    """Name the parts that are not equal bit by bit."""
    return {name for name in one if not np.array_equal(one[name], other[name])}


def moved(before: Draws, after: Draws) -> dict[str, set[str]]:
    """Say which parts of which initiatives differ, and of the baseline."""
    pairs: dict[str, tuple[dict[str, Array], dict[str, Array]]] = {
        id: (column(before, id), column(after, id)) for id in set(before.ids) & set(after.ids)
    }
    pairs["baseline"] = baseline(before), baseline(after)
    found = {name: differing(*pair) for name, pair in pairs.items()}
    return {name: parts for name, parts in found.items() if parts}


def edited(old: str, new: str, text: str = LAB) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.fixture(scope="module")
def drawn(read: Read) -> Callable[..., Draws]:
    """Give a function that draws the text of a portfolio."""

    def drawn(text: str = LAB, seed: str = SEED, count: int = COUNT, periods: int = 2) -> Draws:
        return draw(read(text), periods, seed, count)

    return drawn


# Streams by name.

EDITS: dict[str, tuple[str, str, dict[str, set[str]]]] = {
    "a cost": ("cost: 16 to 25", "cost: 20 to 70", {"hybrid": {"cost"}}),
    "a cost, to a certain one": ("cost: 16 to 25", "cost: 20", {"hybrid": {"cost"}}),
    "a probability": ("success: 0.85", "success: 0.3", {"verifier": set(), "play": {"helps", "tokens"}}),
    "an effect": ("compute: 1.2 to 1.5", "compute: 1.2 to 1.4", {"kernels": {"helps"}}),
    "one effect of two": ("compute: 0.7 to 0.9", "compute: 0.9", {"hybrid": {"harms"}}),
    "tokens": ("unique_tokens: 1e12 to 2e13", "unique_tokens: 1e12 to 5e13", {"play": {"tokens"}}),
    "quality": ("quality: 0.5", "quality: 0.7", {"play": {"tokens"}}),
    "points": ("value: -2 to 9", "value: -2 to 11", {"kernels": {"value"}}),
    "the flagship run": ("flop: 5e26 to 2e27", "flop: 1e27", {"baseline": {"compute"}}),
    "the stock": ("count: 5e12 to 2e13", "count: 3e12 to 2e13", {"baseline": {"tokens"}}),
    "tokens served": (
        "  unique_tokens: {count",
        "  inference_tokens: 1e14\n  unique_tokens: {count",
        {"baseline": {"served"}},
    ),
    "a path": ('path: alchemist\n    source: "judgement: none"', 'path: scale\n    source: "judgement: none"', {}),
    "the budget": ("per_period: 20", "per_period: 25", {}),
}


@pytest.mark.parametrize(("old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_editing_one_estimate_leaves_every_other_draw_bit_equal(
    old: str, new: str, expected: dict[str, set[str]], drawn: Callable[..., Draws]
) -> None:
    before, after = drawn(), drawn(edited(old, new))

    assert moved(before, after) == {name: parts for name, parts in expected.items() if parts}


def test_adding_an_initiative_leaves_every_other_draw_bit_equal(drawn: Callable[..., Draws]) -> None:
    more = LAB + "  another: {path: product, source: none, cost: 3 to 9, success: 0.5, value: 1 to 4}\n"
    after = drawn(more)

    assert set(after.ids) == {*IDS, "another"}
    assert moved(drawn(), after) == {}


def test_an_initiative_that_requires_another_changes_nothing_about_it(drawn: Callable[..., Draws]) -> None:
    more = LAB + "  another: {path: product, source: none, cost: 3, success: 0.5, value: 1, requires: [play, hybrid]}\n"

    assert moved(drawn(), drawn(more)) == {}


def test_removing_an_initiative_leaves_every_other_draw_bit_equal(drawn: Callable[..., Draws]) -> None:
    head, _, tail = LAB.partition("  kernels:\n")
    without = head + "  play:\n" + tail.partition("  play:\n")[2]

    assert set(drawn(without).ids) == set(IDS) - {"kernels"}
    assert moved(drawn(), drawn(without)) == {}


def test_the_order_of_the_file_changes_nothing(drawn: Callable[..., Draws]) -> None:
    head, *initiatives = (
        LAB.replace("\n  hybrid", "\0  hybrid")
        .replace("\n  kernels", "\0  kernels")
        .replace("\n  play", "\0  play")
        .replace("\n  verifier", "\0  verifier")
        .rstrip("\n")
        .split("\0")
    )
    assert len(initiatives) == 4
    before, after = drawn(), drawn("\n".join([head, *reversed(initiatives)]) + "\n")

    assert after.ids == before.ids
    assert moved(before, after) == {}


def test_a_renamed_initiative_draws_anew_and_nothing_else_does(drawn: Callable[..., Draws]) -> None:
    before, after = drawn(), drawn(edited("  kernels:\n", "  fast-kernels:\n"))

    assert moved(before, after) == {}
    assert differing(column(before, "kernels"), column(after, "fast-kernels")) == {"helps", "value", "cost"}


@pytest.mark.parametrize("seed", ["2028", f"{SEED}/fresh", f"{SEED}/batch/0"])
def test_another_stream_draws_everything_anew(seed: str, drawn: Callable[..., Draws]) -> None:
    changed = moved(drawn(), drawn(seed=seed))

    assert changed["hybrid"] == {"helps", "harms", "cost"}
    assert changed["kernels"] == {"helps", "value", "cost"}
    assert changed["play"] == {"helps", "tokens"}
    assert changed["baseline"] >= {"compute", "tokens", "ln_a", "alpha", "r_d"}
    assert not changed["baseline"] & {"probability", "scenario"}


def test_batches_are_drawn_anew_each(drawn: Callable[..., Draws]) -> None:
    streams = [drawn(seed=f"{SEED}/{name}") for name in ("fresh", "batch/0", "batch/1", "batch/11")]

    for one, other in combinations(streams, 2):
        assert set(moved(one, other)) == {"hybrid", "kernels", "play", "verifier", "baseline"}


# What the numbers are.


def test_every_estimate_has_its_own_quantiles(drawn: Callable[..., Draws]) -> None:
    draws = drawn(edited("success: 0.6\n", "success: 1\n").replace("0.7 to 0.9", "0.8"))
    hybrid, kernels, play, verifier = (column(draws, id) for id in IDS)
    at = [0.05, 0.95]

    assert np.quantile(np.exp(hybrid["helps"][ON_DATA]), at) == pytest.approx([1.4, 2.0], rel=0.02)
    assert np.quantile(np.exp(kernels["helps"][ON_COMPUTE]), at) == pytest.approx([1.2, 1.5], rel=0.02)
    assert np.quantile(kernels["value"], at) == pytest.approx([-2, 9], abs=0.2)
    assert np.quantile(kernels["cost"] * 8, [0.1, 0.5, 0.9]) == pytest.approx([6, 8, 15], rel=0.02)
    assert np.quantile(verifier["cost"] * 12, at) == pytest.approx([9, 16], rel=0.02)
    alive = play["tokens"] > 0
    assert np.quantile(10 ** play["helps"][ON_OOM][alive], [0.05, 0.95]) == pytest.approx([1.3, 2], rel=0.05)
    assert np.quantile(play["tokens"][alive] / 0.5, at) == pytest.approx([1e12, 2e13], rel=0.3)
    assert np.quantile(np.exp(draws.ln_compute[:, 0]), at) == pytest.approx([5e26, 2e27], rel=0.02)
    assert np.quantile(np.exp(draws.ln_tokens[:, 0]), at) == pytest.approx([5e12, 2e13], rel=0.02)


def test_a_gain_and_a_harm_on_one_row_are_kept_apart(drawn: Callable[..., Draws]) -> None:
    """Data efficiency is compute and data alike; what slows the hybrid down harms beside it."""
    hybrid = column(drawn(), "hybrid")
    alive = hybrid["helps"][ON_DATA] > 0

    assert alive.mean() == pytest.approx(0.6, abs=0.01)
    assert np.array_equal(hybrid["helps"][ON_COMPUTE], hybrid["helps"][ON_DATA])
    assert np.quantile(np.exp(hybrid["harms"][ON_COMPUTE])[alive], [0.05, 0.95]) == pytest.approx([0.7, 0.9], rel=0.03)
    assert (hybrid["harms"][ON_COMPUTE][alive] < 0).all()
    for part in ("helps", "harms"):
        assert not hybrid[part][:, ~alive].any()


def test_growth_is_drawn_once_and_compounds(drawn: Callable[..., Draws]) -> None:
    draws = drawn(periods=5)
    growth = np.exp(draws.ln_compute[:, 4] - draws.ln_compute[:, 0])

    assert np.diff(draws.ln_compute, axis=1) == pytest.approx(np.log(growth)[:, np.newaxis].repeat(4, 1) / 4)
    assert np.quantile(growth, [0.05, 0.95]) == pytest.approx([2, 6], rel=0.02)
    assert np.exp(draws.ln_tokens[:, 4] - draws.ln_tokens[:, 0]) == pytest.approx(1.05)


def test_a_portfolio_without_spread_draws_its_central_draw(read: Read) -> None:
    text = """\
format: gambits/1
name: Certain lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 20}
frontier:
  law_uncertainty: false
  compute: {flop: 1e27, growth_per_year: 3}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid: {path: architect, source: none, cost: 20, effects: {data_efficiency: 1.5, test_time: 0.9}, value: 3}
  play: {path: alchemist, source: none, cost: 20 to 20, effects: {unique_tokens: 1e13}, requires: [hybrid]}
"""
    portfolio = read(text)
    central, found = central_draw(portfolio, 2), draw(portfolio, 2, SEED, 3)

    assert found.count == 3
    assert found.cost_ratio is None
    assert found.law == central.law
    for name in ("ln_compute", "ln_tokens", "value"):
        assert getattr(found, name) == pytest.approx(np.repeat(getattr(central, name), 3, axis=0), rel=1e-15)
    for name in ("helps", "harms"):
        assert getattr(found, name) == pytest.approx(np.repeat(getattr(central, name), 3, axis=1), rel=1e-15)


@pytest.mark.parametrize("chance", ["1e-6", "0", "1"])
def test_extreme_probabilities_are_drawn_as_they_are(chance: str, drawn: Callable[..., Draws]) -> None:
    draws = drawn(edited("success: 0.6\n", f"success: {chance}\n"))
    alive = column(draws, "hybrid")["helps"][ON_DATA] > 0

    assert alive.mean() == pytest.approx(float(chance), abs=1 / COUNT)


# Failure.

CHAIN = """\
format: gambits/1
name: A chain
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 20}
initiatives:
  tool: {path: product, source: none, cost: 1, success: 0.8, value: 1}
  model: {path: product, source: none, cost: 1, success: 0.7, value: 1, requires: [tool]}
  service: {path: product, source: none, cost: 1, success: 0.9, value: 1, requires: [model]}
  course: {path: product, source: none, cost: 1, success: 0.5, value: 1, after: [model]}
  report: {path: product, source: none, cost: 1, value: 1, requires: [course]}
"""


@pytest.fixture(scope="module")
def alive(drawn: Callable[..., Draws]) -> dict[str, NDArray[np.bool_]]:
    """Give in which of 4,000 draws each initiative of the chain works: its points count there."""
    draws = drawn(CHAIN, count=4000)
    assert set(np.unique(draws.value)) == {0, 1}
    return {id: draws.value[:, i] == 1 for i, id in enumerate(draws.ids)}


def test_the_share_of_draws_that_work_is_the_product_of_success(alive: dict[str, Array]) -> None:
    assert alive["tool"].mean() == pytest.approx(0.8, abs=1 / 4000)
    assert alive["model"].mean() == pytest.approx(0.8 * 0.7, abs=0.02)
    assert alive["service"].mean() == pytest.approx(0.8 * 0.7 * 0.9, abs=0.02)


def test_failure_is_passed_down_requires_and_not_after(alive: dict[str, Array]) -> None:
    assert not (alive["model"] & ~alive["tool"]).any()
    assert not (alive["service"] & ~alive["model"]).any()
    assert alive["course"].mean() == pytest.approx(0.5, abs=1 / 4000)
    assert (alive["course"] & ~alive["model"]).mean() == pytest.approx(0.5 * 0.44, abs=0.02)
    # A link `after` stands between the report and the model; the course alone can void the report.
    assert np.array_equal(alive["report"], alive["course"])


def test_success_and_failure_are_those_of_the_one_initiative_in_all_its_effects(drawn: Callable[..., Draws]) -> None:
    play = column(drawn(), "play")

    assert np.array_equal(play["tokens"] > 0, play["helps"][ON_OOM] > 0)


def test_an_uncertain_chance_of_success_works_as_often_as_it_says_on_average(drawn: Callable[..., Draws]) -> None:
    draws = drawn(edited("    requires: [verifier]\n", ""), count=4000)

    mean = 0.5291  # of a log-normal with 90 % between 0.4 and 0.7, cut at 1
    assert (column(draws, "play")["tokens"] > 0).mean() == pytest.approx(mean, abs=0.025)


# Stages.

STAGED = """\
format: gambits/1
name: In stages
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20, basis: BASIS}
resources: {people: {unit: FTE, capacity: 100}}
initiatives:
  tool: {path: product, source: none, cost: 1, success: 0.9, value: 1}
  play:
    path: alchemist
    source: none
    title: Self-play
    stages:
      - {name: pilot, cost: 4, success: 0.5}
      - {name: scale, cost: 8 to 18, success: 0.6 to 0.9}
      - {name: ship, cost: 24}
    value: 3 to 5
    uses: {people: 40}
    lag: 1
    takes: 2
    requires: [tool]
  service: {path: product, source: none, cost: 2, value: 1, requires: [play]}
"""
PARTS = ("play/pilot", "play/scale", "play/ship")


@pytest.fixture(scope="module")
def staged(read: Read) -> Callable[[str], Portfolio]:
    return lambda basis="committed": read(STAGED.replace("BASIS", basis))


def test_stages_are_a_chain_of_parts_with_their_own_cost_and_chance(staged: Callable[..., Portfolio]) -> None:
    portfolio = staged()
    pilot, scale, ship = (portfolio.initiative(id) for id in PARTS)

    assert {each.id for each in portfolio.initiatives} == {"tool", "service", *PARTS}
    assert [each.cost.central for each in (pilot, scale, ship)] == [4, 12, 24]
    assert [each.success.values for each in (pilot, scale, ship)] == [(0.5,), (0.6, 0.9), (1,)]
    assert [each.waits_for for each in (pilot, scale, ship)] == [("tool",), ("play/pilot",), ("play/scale",)]
    assert portfolio.initiative("service").waits_for == ("play/ship",)
    assert [each.title for each in (pilot, scale, ship)] == [
        f"Self-play: {each}" for each in ("pilot", "scale", "ship")
    ]
    assert {each.path for each in (pilot, scale, ship)} == {"alchemist"}
    assert {each.takes for each in (pilot, scale, ship)} == {2}


def test_the_effects_of_stages_come_with_the_last_and_resources_by_cost(staged: Callable[..., Portfolio]) -> None:
    pilot, scale, ship = (staged().initiative(id) for id in PARTS)

    assert [each.value.values for each in (pilot, scale, ship)] == [(0,), (0,), (3, 5)]
    assert [each.lag for each in (pilot, scale, ship)] == [0, 0, 1]
    assert [each.uses["people"].central for each in (pilot, scale, ship)] == pytest.approx([4, 12, 24])


def test_what_stages_are_worth_hangs_on_all_of_them(staged: Callable[..., Portfolio]) -> None:
    draws = draw(staged(), 4, SEED, 4000)
    works = {id: column(draws, id)["value"] > 0 for id in ("tool", "play/ship", "service")}

    mean = 0.7377  # of a log-normal with 90 % between 0.6 and 0.9
    assert works["play/ship"].mean() == pytest.approx(0.9 * 0.5 * mean, abs=0.02)
    assert not (works["service"] & ~works["play/ship"]).any()
    assert not (works["play/ship"] & ~works["tool"]).any()
    assert central_draw(staged(), 4).value.sum() == pytest.approx(
        0.9 + (1 + math.sqrt(15)) * 0.9 * 0.5 * math.sqrt(0.54), rel=1e-12
    )


def test_the_cost_of_each_stage_is_drawn_by_itself(staged: Callable[..., Portfolio]) -> None:
    draws = draw(staged(), 4, SEED, 1000)

    assert set(column(draws, "play/pilot")["cost"]) == {1.0}
    assert np.quantile(column(draws, "play/scale")["cost"] * 12, [0.05, 0.95]) == pytest.approx([8, 18], rel=0.02)


def test_the_basis_expected_counts_a_later_stage_by_the_chance_that_it_is_reached(
    staged: Callable[..., Portfolio],
) -> None:
    committed, expected = staged("committed"), staged("expected")

    assert [committed.initiative(id).price for id in PARTS] == [4, 12, 24]
    reached = [1, 0.5, 0.5 * math.sqrt(0.54)]
    assert [expected.initiative(id).price for id in PARTS] == pytest.approx([4, 12 * reached[1], 24 * reached[2]])
    # What is done and what it needs besides money are the same.
    for id in PARTS:
        assert expected.initiative(id).cost == committed.initiative(id).cost
        assert expected.initiative(id).uses == committed.initiative(id).uses
    assert moved(draw(committed, 4, SEED, 50), draw(expected, 4, SEED, 50)) == {}


# Shared luck.

MANY = 4000

TWIN_PATHS = """\
format: gambits/1
name: Luck
as_of: 2027-01-01
periods: {first: 2027Q1, count: 1}
money: USD million
budget: {per_period: 20}
initiatives:
  a: {path: architect, source: none, cost: 5 to 20, value: 1 to 9}
  b: {path: architect, source: none, cost: 5 to 20, value: 2 to 3}
  c: {path: alchemist, source: none, cost: 5 to 20, value: 1 to 9}
  d: {path: alchemist, source: none, cost: 5 to 20, value: -3 to 9, success: 0.5}
"""


def rank_correlation(one: Array, other: Array) -> float:
    return float(stats.spearmanr(one, other).statistic)


def of_gaussian(rho: float) -> float:
    """Give the rank correlation of a bivariate normal."""
    return 6 / math.pi * math.asin(rho / 2)


@pytest.fixture(scope="module")
def lucky(drawn: Callable[..., Draws]) -> Callable[..., dict[str, dict[str, Array]]]:
    """Give a function that draws the twin paths with some of luck shared."""

    def lucky(**shared: float) -> dict[str, dict[str, Array]]:
        draws = drawn(f"{TWIN_PATHS}correlation: {shared}\n".replace("'", ""), count=MANY, periods=1)
        return {id: column(draws, id) for id in draws.ids}

    return lucky


SHARED = [{"path": 0.6}, {"scenario": 0.5}, {"path": 0.5, "scenario": 0.3}, {"path": 1.0}, {"path": 0}]


@pytest.mark.parametrize("shared", SHARED, ids=str)
def test_effects_share_the_luck_of_their_path_and_scenario(
    shared: dict[str, float], lucky: Callable[..., dict[str, dict[str, Array]]]
) -> None:
    """The rank correlation is that of the Gaussian copula: ρ of path and scenario together, or of scenario alone."""
    found = lucky(**shared)
    across = shared.get("scenario", 0.0)
    within = across + shared.get("path", 0.0)

    assert rank_correlation(found["a"]["value"], found["b"]["value"]) == pytest.approx(of_gaussian(within), abs=0.05)
    assert rank_correlation(found["a"]["value"], found["c"]["value"]) == pytest.approx(of_gaussian(across), abs=0.05)


@pytest.mark.parametrize("shared", SHARED, ids=str)
def test_costs_move_with_bad_luck(shared: dict[str, float], lucky: Callable[..., dict[str, dict[str, Array]]]) -> None:
    found = lucky(**shared)
    across = shared.get("scenario", 0.0)
    within = across + shared.get("path", 0.0)

    assert rank_correlation(found["a"]["cost"], found["b"]["cost"]) == pytest.approx(of_gaussian(within), abs=0.05)
    assert rank_correlation(found["a"]["cost"], found["b"]["value"]) == pytest.approx(-of_gaussian(within), abs=0.05)
    assert rank_correlation(found["a"]["cost"], found["c"]["value"]) == pytest.approx(-of_gaussian(across), abs=0.05)


@pytest.mark.parametrize("shared", SHARED, ids=str)
def test_strata_stay_exact_whatever_luck_is_shared(
    shared: dict[str, float], lucky: Callable[..., dict[str, dict[str, Array]]]
) -> None:
    found, alone = lucky(**shared), lucky()
    for id in "abc":
        for part in ("value", "cost"):
            assert np.array_equal(np.sort(found[id][part]), np.sort(alone[id][part]))
    # Half of d's draws work, whoever they are.
    assert np.count_nonzero(found["d"]["value"]) == MANY // 2


def test_success_shares_luck_too(lucky: Callable[..., dict[str, dict[str, Array]]]) -> None:
    works = lucky(path=0.7)["d"]["value"] != 0
    luck = lucky(path=0.7)["c"]["value"]

    assert works[luck > np.median(luck)].mean() > 0.65
    assert works[luck <= np.median(luck)].mean() < 0.35


def test_without_correlation_the_key_changes_nothing(drawn: Callable[..., Draws]) -> None:
    assert moved(drawn(), drawn(LAB + "correlation: {path: 0, scenario: 0}\n")) == {}


def test_editing_one_estimate_leaves_every_other_draw_bit_equal_under_shared_luck(drawn: Callable[..., Draws]) -> None:
    text = LAB + "correlation: {path: 0.4, scenario: 0.2}\n"

    assert moved(drawn(text), drawn(edited("cost: 16 to 25", "cost: 20 to 70", text))) == {"hybrid": {"cost"}}
    more = edited("initiatives:\n", "initiatives:\n  more: {path: architect, source: none, cost: 3 to 9}\n", text)
    assert moved(drawn(text), drawn(more)) == {}


def test_what_is_no_initiative_shares_no_luck(drawn: Callable[..., Draws]) -> None:
    assert "baseline" not in moved(drawn(), drawn(LAB + "correlation: {path: 0.6, scenario: 0.4}\n"))


# Scenarios.


def with_scenarios(*lines: str, text: str = LAB) -> str:
    return text + "scenarios:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


@pytest.mark.parametrize(
    ("count", "probabilities", "sizes"),
    [
        (1000, (0.5, 0.3, 0.2), (500, 300, 200)),
        (10, (0.5, 0.3, 0.2), (5, 3, 2)),
        (100, (1 / 3, 1 / 3, 1 / 3), (33, 33, 33)),
        (100, (0.999999, 1e-6), (100, 1)),
        (2, (0.5, 0.25, 0.25), (1, 1, 1)),
        (50, (1.0,), (50,)),
    ],
)
def test_scenarios_have_their_exact_proportion(
    count: int, probabilities: tuple[float, ...], sizes: tuple[int, ...], drawn: Callable[..., Draws]
) -> None:
    lines = [f"name: s{n}, probability: {each:.9f}" for n, each in enumerate(probabilities)]
    draws = drawn(with_scenarios(*lines), count=count)

    assert draws.scenarios == tuple(f"s{n}" for n in range(len(sizes)))
    assert np.bincount(draws.scenario).tolist() == list(sizes)
    assert draws.count == sum(sizes)
    assert draws.probability.sum() == pytest.approx(1, abs=1e-15)
    for number, (size, chance) in enumerate(zip(sizes, probabilities, strict=True)):
        weights = draws.probability[draws.scenario == number]
        assert weights == pytest.approx(chance / size, rel=1e-6)
        assert weights.sum() == pytest.approx(chance, rel=1e-6)


def test_scenarios_are_the_same_in_whatever_order_they_stand(drawn: Callable[..., Draws]) -> None:
    lines = (
        "name: early, probability: 0.3, change: {frontier.unique_tokens.count: 6e12}",
        "name: late, probability: 0.7",
    )

    assert moved(drawn(with_scenarios(*lines)), drawn(with_scenarios(*reversed(lines)))) == {}


def test_a_change_replaces_the_distribution_and_not_its_uniforms(drawn: Callable[..., Draws]) -> None:
    """Common random numbers: what is 90 % up in one future would have been 90 % up in the other."""
    change = "change: {initiatives.hybrid.cost: 32 to 50, frontier.unique_tokens.count: 1e13 to 4e13}"
    same = drawn(with_scenarios("name: a, probability: 0.5", "name: b, probability: 0.5"))
    other = drawn(with_scenarios("name: a, probability: 0.5", f"name: b, probability: 0.5, {change}"))
    in_b = same.scenario == 1

    assert moved(same, other) == {"hybrid": {"cost"}, "baseline": {"tokens"}}
    before, after = column(same, "hybrid")["cost"], column(other, "hybrid")["cost"]
    assert np.array_equal(after[~in_b], before[~in_b])
    assert after[in_b] == pytest.approx(2 * before[in_b], rel=1e-12)
    assert np.array_equal(other.ln_tokens[~in_b], same.ln_tokens[~in_b])
    assert other.ln_tokens[in_b] == pytest.approx(same.ln_tokens[in_b] + math.log(2), rel=1e-12)


def test_tokens_served_are_drawn_once_for_all_periods_and_may_come_with_a_scenario(drawn: Callable[..., Draws]) -> None:
    ranged = drawn(edited("  unique_tokens: {count", "  inference_tokens: 1e13 to 1e15\n  unique_tokens: {count"))
    scenarios = """\
scenarios:
  - {name: as planned, probability: 0.75}
  - {name: everybody asks, probability: 0.25, change: {frontier.inference_tokens: 1e15}}
"""
    some = drawn(LAB + scenarios)

    assert drawn().ln_served is None
    assert ranged.ln_served is not None
    assert ranged.ln_served.shape == (COUNT, 1)
    assert np.exp(np.quantile(ranged.ln_served, [0.05, 0.5, 0.95])) == pytest.approx([1e13, 1e14, 1e15], rel=0.05)
    assert some.ln_served is not None
    assert np.exp(some.ln_served).mean() == pytest.approx(0.25 * 1e15)
    assert np.isneginf(some.ln_served).mean() == 0.75


def test_a_changed_shape_keeps_the_ranks(drawn: Callable[..., Draws]) -> None:
    change = "change: {initiatives.hybrid.cost: {p10: 10, p50: 30, p90: 80}}"
    same = drawn(with_scenarios("name: a, probability: 0.5", "name: b, probability: 0.5"))
    other = drawn(with_scenarios("name: a, probability: 0.5", f"name: b, probability: 0.5, {change}"))
    in_b = same.scenario == 1
    before, after = column(same, "hybrid")["cost"][in_b], column(other, "hybrid")["cost"][in_b]

    assert np.array_equal(np.argsort(before), np.argsort(after))
    assert np.median(after) == pytest.approx(30 / 20, rel=0.05)


def test_a_changed_chance_of_success_keeps_the_luck(drawn: Callable[..., Draws]) -> None:
    """Whoever succeeds at 0.6 succeeds at 0.9."""
    change = "change: {initiatives.hybrid.success: 0.9}"
    same = drawn(with_scenarios("name: a, probability: 0.5", "name: b, probability: 0.5"))
    other = drawn(with_scenarios("name: a, probability: 0.5", f"name: b, probability: 0.5, {change}"))
    in_b = same.scenario == 1
    before, after = (column(draws, "hybrid")["helps"][ON_DATA] > 0 for draws in (same, other))

    assert np.array_equal(after[~in_b], before[~in_b])
    assert not (before & ~after).any()
    assert before[in_b].mean() == pytest.approx(0.6, abs=0.1)
    assert after[in_b].mean() == pytest.approx(0.9, abs=0.07)
    kept = before & after
    assert np.array_equal(column(same, "hybrid")["helps"][:, kept], column(other, "hybrid")["helps"][:, kept])


def test_a_default_can_be_changed(drawn: Callable[..., Draws]) -> None:
    changes = "initiatives.kernels.success: 0.5, initiatives.play.value: 7, frontier.unique_tokens.growth_per_year: 2"
    draws = drawn(with_scenarios("name: a, probability: 0.5", f"name: b, probability: 0.5, change: {{{changes}}}"))
    in_b = draws.scenario == 1
    kernels, play = column(draws, "kernels"), column(draws, "play")

    assert (kernels["helps"][ON_COMPUTE][~in_b] > 0).all()
    assert (kernels["helps"][ON_COMPUTE][in_b] > 0).mean() == pytest.approx(0.5, abs=0.1)
    assert set(play["value"][~in_b]) == {0}
    assert set(play["value"][in_b]) == {0, 7}
    assert np.diff(draws.ln_tokens)[in_b] == pytest.approx(math.log(2) / 4)


def test_a_scenario_changes_the_cost_and_the_chance_of_a_stage(read: Read) -> None:
    stage = "initiatives.play.stages"
    changes = f"{stage}.pilot.cost: 8, {stage}.pilot.success: 0.9, {stage}.ship.success: 0.7"
    text = STAGED.replace("BASIS", "committed")
    lines = ("name: a, probability: 0.5", f"name: b, probability: 0.5, change: {{{changes}}}")
    draws = draw(read(with_scenarios(*lines, text=text)), 4, SEED, 4000)
    in_b = draws.scenario == 1
    works = column(draws, "play/ship")["value"] > 0

    assert set(column(draws, "play/pilot")["cost"][~in_b]) == {1}
    assert set(column(draws, "play/pilot")["cost"][in_b]) == {2}
    assert works[~in_b].mean() == pytest.approx(0.9 * 0.5 * 0.7377, abs=0.04)
    assert works[in_b].mean() == pytest.approx(0.9 * 0.9 * 0.7377 * 0.7, abs=0.04)


def test_a_scenario_changes_what_a_size_has_of_its_own(read: Read) -> None:
    sizes = "levels: [{name: small, cost: 4, value: 1}, {cost: 9, value: 2}]"
    text = f"""\
format: gambits/1
name: In sizes
as_of: 2027-01-01
periods: {{first: 2027Q1, count: 4}}
money: USD million
budget: {{per_period: 20}}
initiatives:
  play: {{path: alchemist, source: none, {sizes}}}
  tool: {{path: product, source: none, cost: 1 to 2, value: 1}}
"""
    changes = "initiatives.play.levels.small.value: 5, initiatives.play.levels.2.cost: 18"
    lines = ("name: a, probability: 0.5", f"name: b, probability: 0.5, change: {{{changes}}}")
    draws = draw(read(with_scenarios(*lines, text=text)), 4, SEED, 100)
    in_b = draws.scenario == 1

    assert set(column(draws, "play/small")["value"][in_b]) == {5}
    assert set(column(draws, "play/small")["value"][~in_b]) == {1}
    assert set(column(draws, "play/2")["cost"][in_b]) == {2}
    assert set(column(draws, "play/2")["cost"][~in_b]) == {1}


REFUSED_IN_STAGES = {
    "play.cost": "change `initiatives.play.stages.pilot.cost` and `initiatives.play.stages.scale.cost` and "
    "`initiatives.play.stages.ship.cost`",
    "play.stages.0.cost": "change what is there",
    "play.stages.pilots.cost": "change what is there",
}


@pytest.mark.parametrize(("key", "fix"), REFUSED_IN_STAGES.items())
def test_a_change_of_what_is_in_stages_names_the_stage(key: str, fix: str, read: Read) -> None:
    lines = ("name: a, probability: 0.5", f"name: b, probability: 0.5, change: {{initiatives.{key}: 3}}")
    with pytest.raises(InputError, match="1 problem in the input") as caught:
        read(with_scenarios(*lines, text=STAGED.replace("BASIS", "committed")))
    (problem,) = caught.value.problems

    assert problem.code == "unknown-change"
    assert problem.fix == fix


def test_luck_that_is_shared_in_a_scenario_is_not_shared_with_another(drawn: Callable[..., Draws]) -> None:
    """Each scenario has a factor of its own: in all draws together nothing but the factor correlates."""
    text = TWIN_PATHS + "correlation: {scenario: 0.8}\n"
    draws = drawn(with_scenarios("name: x, probability: 0.5", "name: y, probability: 0.5", text=text), count=MANY)
    a, c = column(draws, "a")["value"], column(draws, "c")["value"]
    for number in (0, 1):
        here = draws.scenario == number
        assert rank_correlation(a[here], c[here]) == pytest.approx(of_gaussian(0.8), abs=0.05)


REFUSED_CHANGES = {
    "a typing error": ("frontier.compute.flops: 1e27", "unknown-change", "did you mean `frontier.compute.flop`?"),
    "an initiative that is not there": ("initiatives.plays.cost: 3", "unknown-change", "change what is there"),
    "a lever that it does not move": ("initiatives.play.effects.compute: 2", "unknown-change", "change what is there"),
    "a rule": ("budget.per_period: 30", "unknown-change", ""),
    "a word": ("frontier.law: besiroglu-2024", "unknown-change", ""),
    "a quality": ("initiatives.play.quality: 0.9", "unknown-change", ""),
    "a whole initiative": ("initiatives.play: 3", "unknown-change", ""),
    "a number out of range": ("initiatives.play.cost: -3", "out-of-range", "write a number above 0"),
    "no probability": ("initiatives.play.success: 1.5", "out-of-range", "write numbers between 0 and 1"),
    "no number": ("initiatives.play.cost: much", "not-a-number", "write digits"),
    "a range that runs downwards": ("initiatives.play.cost: 9 to 3", "range-order", "write 3 to 9"),
    "skewed percentiles": ("initiatives.play.cost: {p10: 1, p50: 1.01, p90: 9}", "too-skewed", "write a p50 between"),
}


@pytest.mark.parametrize(("change", "code", "fix"), REFUSED_CHANGES.values(), ids=REFUSED_CHANGES)
def test_what_cannot_change_is_refused_with_a_mend(change: str, code: str, fix: str, read: Read) -> None:
    with pytest.raises(InputError, match="1 problem in the input") as caught:
        read(with_scenarios("name: a, probability: 0.5", f"name: b, probability: 0.5, change: {{{change}}}"))
    (problem,) = caught.value.problems

    assert problem.code == code
    assert problem.where.line == LAB.count("\n") + 3
    assert fix in problem.fix


def test_a_change_that_would_do_nothing_is_refused(read: Read) -> None:
    """Rules, and so the use of resources, hold in all scenarios alike."""
    text = edited("frontier:\n", "resources: {gpu: {unit: h, capacity: 9}}\nfrontier:\n")
    text = edited("cost: 16 to 25", "cost: 16 to 25\n    uses: {gpu: 5}", text)
    with pytest.raises(InputError, match="1 problem in the input"):
        read(with_scenarios("name: a, probability: 1, change: {initiatives.hybrid.uses.gpu: 9}", text=text))


# Laws.


def rows_of(name: str) -> list[dict[str, str]]:
    path = load_law(name).draws
    assert path is not None
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


DRAWN_LAWS = ("besiroglu-2024", "muennighoff-2023")


@pytest.mark.parametrize("name", DRAWN_LAWS)
def test_the_shipped_draws_of_a_law_stem_from_three_losses_in_equal_parts(name: str) -> None:
    losses = [row["loss"] for row in rows_of(name)]

    assert {loss: losses.count(loss) for loss in set(losses)} == {"huber": 333, "absolute": 333, "square": 333}


# Of laws.md, and of the files of the laws: 95 % intervals. The draws hold three losses, so they reach further.
INTERVALS = [
    ("besiroglu-2024", "alpha", 0.317, 0.373),
    ("besiroglu-2024", "beta", 0.331, 0.415),
]


@pytest.mark.parametrize(("name", "constant", "low", "high"), INTERVALS)
def test_the_draws_of_one_loss_reproduce_the_published_interval(
    name: str, constant: str, low: float, high: float
) -> None:
    huber = [float(row[constant]) for row in rows_of(name) if row["loss"] == "huber"]
    every = [float(row[constant]) for row in rows_of(name)]

    assert np.quantile(huber, [0.025, 0.975]) == pytest.approx([low, high], abs=0.015)
    assert np.quantile(every, 0.025) <= low + 0.01
    assert np.quantile(every, 0.975) >= high - 0.01


@pytest.mark.parametrize("name", DRAWN_LAWS)
def test_the_published_law_lies_in_the_middle_of_the_draws(name: str) -> None:
    """So that the central future and the drawn ones stand at the same wall; B is placed by the wall at 30T."""
    law = load_law(name)
    drawn = law.drawn((np.arange(999) + 0.5) / 999)

    for constant in ("ln_a", "ln_e", "alpha", "beta", "r_d", "r_n"):
        assert np.median(getattr(drawn, constant)) == pytest.approx(getattr(law.central, constant), rel=1e-6)
    walls = {
        tokens: (np.median(outrun_at(drawn, tokens)), outrun_at(law.central, tokens)) for tokens in (1e13, 3e13, 1e14)
    }
    assert walls[3e13][0] == pytest.approx(walls[3e13][1], abs=1e-6)
    assert all(middle == pytest.approx(published, abs=0.02) for middle, published in walls.values())


@pytest.mark.parametrize("name", DRAWN_LAWS)
def test_what_is_not_identified_keeps_its_ends(name: str) -> None:
    drawn = [float(row["R_D"]) for row in rows_of(name)]

    low, high = np.quantile(drawn, [0.025, 0.975])
    assert low == pytest.approx(6.3, abs=0.1)
    assert high == pytest.approx(1e4)


@pytest.mark.parametrize("name", DRAWN_LAWS)
def test_the_constants_of_a_draw_are_one_row_of_the_shipped_file(name: str, drawn: Callable[..., Draws]) -> None:
    law = drawn(edited("muennighoff-2023", name)).law
    assert law is not None
    names = {"ln_A": law.ln_a, "ln_B": law.ln_b, "ln_E": law.ln_e, "alpha": law.alpha, "beta": law.beta}
    names |= {"R_D": law.r_d, "R_N": law.r_n}
    found = [tuple(row) for row in np.column_stack(list(names.values()))]
    shipped = {tuple(float(row[constant]) for constant in names) for row in rows_of(name)}

    assert len(found) == COUNT
    assert set(found) <= shipped
    # 400 strata over 999 rows: two neighbours can share the row between them, and no others can.
    assert max(found.count(row) for row in found) <= 2


def test_as_many_draws_as_rows_take_every_row_once(drawn: Callable[..., Draws]) -> None:
    law = drawn(count=999).law
    assert law is not None

    assert len(np.unique(law.ln_a)) == len({row["ln_A"] for row in rows_of("muennighoff-2023")})


def test_without_law_uncertainty_the_constants_are_the_published_ones(drawn: Callable[..., Draws]) -> None:
    certain = drawn(edited("frontier:\n", "frontier:\n  law_uncertainty: false\n"))

    assert certain.law == load_law("muennighoff-2023").central
    assert set(moved(drawn(), certain)) == {"baseline"}
    assert moved(drawn(), certain)["baseline"] == {"ln_a", "ln_b", "ln_e", "alpha", "beta", "r_d", "r_n"}


def test_a_law_that_ships_without_draws_has_its_published_constants(drawn: Callable[..., Draws]) -> None:
    assert {name for name in laws() if load_law(name).draws is None} == {"chinchilla-2022", "chinchilla-2022-rounded"}
    found = drawn(edited("muennighoff-2023", "chinchilla-2022")).law

    assert found == load_law("chinchilla-2022").central
    assert found is not None
    assert found.r_d == math.inf


def test_the_central_draw_has_published_constants_and_no_scenarios(read: Read) -> None:
    found = central_draw(read(with_scenarios("name: a, probability: 1, change: {frontier.compute.flop: 1e20}")), 2)

    assert found.count == 1
    assert found.law == load_law("muennighoff-2023").central
    assert found.ln_compute[0, 0] == pytest.approx(27 * LN_10, rel=1e-12)
    assert found.cost_ratio is None


# Too many.


@pytest.mark.parametrize(("name", "initiatives"), [("frontier-lab", 29), ("minimal", 4)])
def test_draws_that_would_not_fit_into_memory_are_refused_with_how_many_would(
    name: str, initiatives: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number in the mend is accepted and one more is not; nothing is drawn here to see that."""

    class ReachedError(Exception):
        pass

    def reached(*_: Any) -> None:
        raise ReachedError

    monkeypatch.setattr("gambits.forecast.draws.Sampler", reached)
    portfolio = load(name)
    with pytest.raises(InputError, match="1 problem in the input") as caught:
        draw(portfolio, 12, SEED, 10_000_000)
    (problem,) = caught.value.problems
    assert problem.code == "too-many-draws"
    assert re.fullmatch(rf"10,000,000 draws of {initiatives} initiatives would take \d+ GiB of memory", problem.message)
    found = re.fullmatch(r"use at most ([\d,]+) draws", problem.fix)
    assert found is not None
    most = int(found[1].replace(",", ""))

    with pytest.raises(ReachedError):
        draw(portfolio, 12, SEED, most)
    with pytest.raises(InputError, match="1 problem in the input"):
        draw(portfolio, 12, SEED, most + 1)
