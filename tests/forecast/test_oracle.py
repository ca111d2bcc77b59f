"""The oracle: values, slopes and tails against differences, chords, sorting and a linear programme."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog, minimize_scalar

from gambits.forecast.draws import ON_COMPUTE, ON_COST, ON_DATA, ON_OOM, ON_STOCK, ROWS, Draws, central_draw
from gambits.forecast.oracle import Forecast, tail_weights
from gambits.portfolio.model import Objective, Portfolio
from gambits.scaling.frontier import LN_10, Constants, loss, loss_at
from gambits.scaling.laws import load_law

Array = NDArray[np.float64]

SEEDS = range(8)


def rows_of(moved: Array, stock: Array | None = None) -> Array:
    """Put effects on the three rows of the loss law, and tokens, among those of all rows."""
    found = np.zeros((ROWS, *moved.shape[1:]))
    found[:3] = moved
    found[ON_STOCK] = 0 if stock is None else stock
    return found


def random_forecast(seed: int) -> Forecast:
    """Make a forecast of 2 to 9 draws of 1 to 5 initiatives over 1 to 4 periods, every array random.

    Where the seed is odd the flagship is served from the same budget, and the cost of serving it moves.
    """
    rng = np.random.default_rng(seed)
    r, i, k = int(rng.integers(2, 10)), int(rng.integers(1, 6)), int(rng.integers(1, 5))
    probability = rng.uniform(0.2, 1, r)
    weights = rng.uniform(0.1, 1, k)
    stock = 10 ** rng.uniform(11, 13.5, (r, i)) * (rng.random((r, i)) < 0.5)
    helps = rows_of(rng.uniform(0, 1, (3, r, i)) * (rng.random((3, r, i)) < 0.6), stock)
    harms = rows_of(-rng.uniform(0, 0.5, (3, r, i)) * (rng.random((3, r, i)) < 0.3))
    serves = np.random.default_rng([seed, 2])
    if seed % 2:
        helps[ON_COST] = serves.uniform(0, 0.5, (r, i)) * (serves.random((r, i)) < 0.5)
        harms[ON_COST] = -serves.uniform(0, 0.3, (r, i)) * (serves.random((r, i)) < 0.3)
    return Forecast(
        Draws(
            ids=tuple(f"i{n}" for n in range(i)),
            probability=probability / probability.sum(),
            ln_compute=rng.uniform(24, 29, (r, k)) * LN_10,
            ln_tokens=rng.uniform(12, 14, (r, k)) * LN_10,
            helps=helps,
            harms=harms,
            value=rng.normal(0, 1, (r, i)),
            law=Constants(
                ln_a=rng.uniform(6, 6.5, (r, 1)),
                ln_b=rng.uniform(7, 7.5, (r, 1)),
                ln_e=0.6,
                alpha=rng.uniform(0.32, 0.37, (r, 1)),
                beta=rng.uniform(0.33, 0.41, (r, 1)),
                r_d=rng.uniform(5, 60, (r, 1)),
                r_n=rng.uniform(1, 20, (r, 1)),
            ),
            ln_served=serves.uniform(11, 15, (r, 1)) * LN_10 if seed % 2 else None,
        ),
        Objective(effective_compute=1.0, value=0.2, weights=tuple(weights / weights.sum())),
        tail=float(rng.uniform(0.1, 0.9)),
    )


def random_plan(seed: int, forecast: Forecast, low: float = 0, high: float = 1) -> tuple[Array, Array]:
    """Draw (progress, funded), apart from one another: each of shape (I, K)."""
    shape = (len(forecast.ids), forecast.periods)
    progress, funded = np.random.default_rng([seed, 1]).uniform(low, high, (2, *shape))
    return progress, funded


def differences(of: Callable[[Array], float], plan: Array, step: float = 1e-5) -> Array:
    """Give central differences of a function of a plan of shape (I, K)."""
    slopes = np.zeros_like(plan)
    for place in np.ndindex(plan.shape):
        up, down = plan.copy(), plan.copy()
        up[place] += step
        down[place] -= step
        slopes[place] = (of(up) - of(down)) / (2 * step)
    return slopes


@pytest.mark.parametrize("seed", SEEDS)
def test_slopes_of_the_expected_value_are_those_of_central_differences(seed: int) -> None:
    oracle = random_forecast(seed)
    progress, funded = random_plan(seed, oracle, 0.1, 0.9)

    by_progress, by_funded = oracle.evaluate(progress, funded).expected_slopes

    assert by_progress == pytest.approx(
        differences(lambda plan: oracle.evaluate(plan, funded).expected, progress), abs=1e-7
    )
    assert by_funded == pytest.approx(
        differences(lambda plan: oracle.evaluate(progress, plan).expected, funded), abs=1e-7
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_slopes_of_the_tail_are_those_of_central_differences(seed: int) -> None:
    oracle = random_forecast(seed)
    progress, funded = random_plan(seed, oracle, 0.1, 0.9)

    by_progress, by_funded = oracle.evaluate(progress, funded).tail_slopes

    assert by_progress == pytest.approx(
        differences(lambda plan: oracle.evaluate(plan, funded).tail, progress), abs=1e-7
    )
    assert by_funded == pytest.approx(differences(lambda plan: oracle.evaluate(progress, plan).tail, funded), abs=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_value_of_a_period_depends_on_what_counts_in_it_alone(seed: int) -> None:
    """Hence the slopes of the expected value are those of its entries by period."""
    oracle = random_forecast(seed)
    progress, funded = random_plan(seed, oracle)
    before = oracle.evaluate(progress, funded)
    progress[:, -1], funded[:, -1] = 0.5, 0.5

    after = oracle.evaluate(progress, funded)

    assert after.by_period[:-1] == pytest.approx(before.by_period[:-1], abs=1e-15)
    assert before.by_period.sum() == pytest.approx(before.expected, abs=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_expected_value_and_tail_are_jointly_concave_in_progress_and_funded(seed: int) -> None:
    oracle = random_forecast(seed)
    for pair in range(20):
        one = random_plan(1000 * pair, oracle)
        other = random_plan(1000 * pair + 1, oracle)
        middle = oracle.evaluate((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
        ends = oracle.evaluate(*one), oracle.evaluate(*other)

        assert middle.expected >= (ends[0].expected + ends[1].expected) / 2 - 1e-12
        assert middle.tail >= (ends[0].tail + ends[1].tail) / 2 - 1e-12
        assert (middle.by_period >= (ends[0].by_period + ends[1].by_period) / 2 - 1e-12).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_plan_is_worth_more_than_the_tangent_at_another_says(seed: int) -> None:
    """A cut at one plan holds for all, those at the corners (nothing, everything) included."""
    oracle = random_forecast(seed)
    shape = (len(oracle.ids), oracle.periods)
    nothing, everything = (np.zeros(shape), np.zeros(shape)), (np.ones(shape), np.ones(shape))
    plans = [nothing, everything, *(random_plan(1000 * n, oracle) for n in range(8))]
    valued = [(plan, oracle.evaluate(*plan)) for plan in plans]
    for (one, at), (other, there) in permutations(valued, 2):
        moved = other[0] - one[0], other[1] - one[1]
        by_period = sum((s * m).sum(axis=0) for s, m in zip(at.expected_slopes, moved, strict=True))
        of_tail = sum((s * m).sum() for s, m in zip(at.tail_slopes, moved, strict=True))

        assert (there.by_period <= at.by_period + by_period + 1e-12).all()
        assert there.tail <= at.tail + of_tail + 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_doing_nothing_is_worth_nothing(seed: int) -> None:
    oracle = random_forecast(seed)
    nothing = np.zeros((len(oracle.ids), oracle.periods))

    values = oracle.evaluate(nothing, nothing)

    assert (values.expected, values.tail) == pytest.approx((0, 0), abs=1e-12)
    assert values.by_period == pytest.approx(0, abs=1e-12)
    assert oracle.project(nothing, nothing).gain == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_projection_is_where_the_raw_loss_is_least_with_the_levers_in_it(seed: int) -> None:
    """Draw by draw and period by period: N and D multiplied, tokens joined to U, the loss minimised by SciPy."""
    oracle = random_forecast(seed)
    draws = oracle.draws
    assert draws.law is not None
    progress, funded = random_plan(seed, oracle)

    projection = oracle.project(progress, funded)

    for r, k in np.ndindex(projection.reached.shape):
        law = Constants(
            *(
                float(np.broadcast_to(part, (draws.count, 1))[r, 0])
                for part in (getattr(draws.law, name) for name in Constants.__slots__)
            )
        )
        moved = draws.helps[:3, r] @ progress[:, k] + draws.harms[:3, r] @ funded[:, k]
        # A data-efficiency gain is in both rows; what is left of the first are the parameters.
        of_tokens = math.exp(moved[ON_DATA])
        of_parameters = math.exp(moved[ON_COMPUTE] - moved[ON_DATA])
        unique = math.exp(draws.ln_tokens[r, k]) + float(draws.helps[ON_STOCK, r] @ progress[:, k])
        flop = math.exp(draws.ln_compute[r, k])
        served = 0.0
        if draws.ln_served is not None:
            cost = draws.helps[ON_COST, r] @ progress[:, k] + draws.harms[ON_COST, r] @ funded[:, k]
            served = math.exp(float(draws.ln_served[r, 0])) / 10**cost

        def of_ln_d(ln_d: float) -> float:
            d = math.exp(ln_d)
            n = flop / (6 * d + 2 * served)  # noqa: B023  (used at once)
            return float(loss(law, of_parameters * n, of_tokens * d, of_tokens * unique))  # noqa: B023

        middle = math.log(flop / 6) / 2
        least = minimize_scalar(
            of_ln_d, bounds=(middle - 25, middle + 25), method="bounded", options={"xatol": 1e-10}
        ).fun
        outside = moved[ON_OOM]
        assert float(loss_at(law, projection.reached[r, k] - outside)) == pytest.approx(least, abs=1e-12)


@pytest.mark.parametrize("seed", range(0, 8, 2))
def test_a_flagship_that_serves_nothing_gives_the_bits_of_one_that_is_only_trained(seed: int) -> None:
    oracle = random_forecast(seed)
    served = np.full((oracle.draws.count, 1), -math.inf)
    other = replace(oracle, draws=replace(oracle.draws, ln_served=served))
    plan = random_plan(seed, oracle)

    one, two = oracle.evaluate(*plan), other.evaluate(*plan)

    assert (one.expected, one.tail) == (two.expected, two.tail)
    assert all(map(np.array_equal, one.expected_slopes, two.expected_slopes))


def sorted_tail(total: Array, probability: Array, alpha: float) -> float:
    """Average the worst draws, one by one, until α is full; the last counts in part."""
    left, mean = alpha, 0.0
    for value, chance in sorted(zip(total.tolist(), probability.tolist(), strict=True)):
        taken = min(left, chance)
        mean += taken * value
        left -= taken
    return mean / alpha


def programmed_tail(total: Array, probability: Array, alpha: float) -> float:
    """Solve max τ − E[s]/α, s ≥ τ − V, s ≥ 0 (Rockafellar and Uryasev 2000)."""
    count = len(total)
    cost = np.concatenate([[-1.0], probability / alpha])
    rows = np.hstack([np.ones((count, 1)), -np.eye(count)])
    found = linprog(cost, A_ub=rows, b_ub=total, bounds=[(None, None), *[(0, None)] * count], method="highs")
    return float(-found.fun)


@pytest.mark.parametrize("alpha", [0.01, 0.2, 0.25, 1 / 3, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_the_tail_is_the_mean_of_the_worst_draws_the_last_in_part(seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 30))
    # Even numbers of draws are alike, odd ones are not; every second seed has ties.
    probability = np.ones(count) if seed % 3 else rng.uniform(0, 1, count)
    probability = probability / probability.sum()
    total = rng.integers(-3, 4, count).astype(float) if seed % 2 else rng.normal(0, 1, count)

    weights = tail_weights(total, probability, alpha)

    assert float(weights @ total) == pytest.approx(sorted_tail(total, probability, alpha), abs=1e-12)
    assert float(weights @ total) == pytest.approx(programmed_tail(total, probability, alpha), abs=1e-9)
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    assert (weights >= 0).all()
    assert (weights <= probability / alpha + 1e-12).all()


def test_the_whole_of_the_draws_is_a_tail_equal_to_the_mean() -> None:
    probability = np.array([0.1, 0.2, 0.3, 0.4])

    assert tail_weights(np.array([4.0, 3.0, 2.0, 1.0]), probability, 1.0) == pytest.approx(probability)


def test_a_tail_of_all_draws_has_the_slopes_of_the_mean() -> None:
    oracle = random_forecast(3)
    plan = random_plan(3, oracle)
    whole, nearly = (Forecast(oracle.draws, oracle.objective, alpha).evaluate(*plan) for alpha in (1.0, 1 - 1e-9))

    assert whole.tail == pytest.approx(nearly.tail, abs=1e-7)
    for slopes, limit in zip(whole.tail_slopes, nearly.tail_slopes, strict=True):
        assert slopes == pytest.approx(limit, abs=1e-7)


def test_no_tail_is_better_than_the_mean_and_a_smaller_one_no_better_than_a_larger() -> None:
    oracle = random_forecast(3)
    plan = random_plan(3, oracle)
    tails = [Forecast(oracle.draws, oracle.objective, alpha).evaluate(*plan).tail for alpha in (0.05, 0.2, 0.6, 1)]

    assert tails == sorted(tails)
    assert tails[-1] == pytest.approx(oracle.evaluate(*plan).expected, abs=1e-14)


CHAIN = """\
format: gambits/1
name: A chain
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 1e26, growth_per_year: 16}
  unique_tokens: {count: 4e12 to 16e12, growth_per_year: 1.0}
objective: {effective_compute: 1, value: 0.5}
initiatives:
  platform:
    path: architect
    source: judgement
    cost: 10
    success: 0.9
    effects: {compute: 2}
  verifier:
    path: alchemist
    source: judgement
    cost: 10
    success: 0.8
    requires: [platform]
    effects: {data_efficiency: 1 to 4}
  self-play:
    path: alchemist
    source: judgement
    cost: 10
    success: {p10: 0.3, p50: 0.5, p90: 0.6}
    requires: [verifier]
    after: [memo]
    quality: 0.25
    effects: {unique_tokens: 1e12 to 1e14, post_training: 10}
    value: 3
  memo:
    path: product
    source: judgement
    cost: 10
    success: 0.1
    effects: {test_time: 0.5}
    value: -2
"""


def test_in_the_central_draw_an_effect_counts_with_the_chance_of_its_initiative_and_all_it_requires(
    read: Callable[[str], Portfolio],
) -> None:
    """`after` is a link of money and time alone: memo's chance of 0.1 is no part of self-play's."""
    draws = central_draw(read(CHAIN), 2)
    number = {id: i for i, id in enumerate(draws.ids)}
    chance = {"platform": 0.9, "verifier": 0.9 * 0.8, "self-play": 0.9 * 0.8 * 0.5, "memo": 0.1}
    helps = np.zeros((ROWS, 1, 4))
    helps[ON_COMPUTE, 0, number["platform"]] = chance["platform"] * math.log(2)
    helps[ON_COMPUTE, 0, number["verifier"]] = chance["verifier"] * math.log(2)
    helps[ON_DATA, 0, number["verifier"]] = chance["verifier"] * math.log(2)
    helps[ON_OOM, 0, number["self-play"]] = chance["self-play"] * 1.0
    harms = np.zeros((ROWS, 1, 4))
    harms[ON_OOM, 0, number["memo"]] = chance["memo"] * math.log10(0.5)

    assert (draws.count, draws.probability.tolist()) == (1, [1.0])
    helps[ON_STOCK, 0, number["self-play"]] = chance["self-play"] * 0.25 * 1e13
    assert draws.helps == pytest.approx(helps, abs=1e-15)
    assert draws.harms == pytest.approx(harms, abs=1e-15)
    assert draws.value[0, number["self-play"]] == pytest.approx(chance["self-play"] * 3)
    assert draws.value[0, number["memo"]] == pytest.approx(chance["memo"] * -2)


def test_the_baseline_of_a_period_is_that_of_its_start_and_tokens_are_at_their_median(
    read: Callable[[str], Portfolio],
) -> None:
    """Compute grows 16 times a year, so 2 times a quarter; the range 4e12 to 16e12 has its median at 8e12."""
    draws = central_draw(read(CHAIN), 3)

    assert np.exp(draws.ln_compute[0]) == pytest.approx([1e26, 2e26, 4e26])
    assert np.exp(draws.ln_tokens[0]) == pytest.approx([8e12] * 3)
    assert draws.law == load_law("muennighoff-2023").central


def test_what_helps_acts_on_progress_and_what_harms_on_the_funded_fraction(
    read: Callable[[str], Portfolio],
) -> None:
    portfolio = read(CHAIN)
    oracle = Forecast(central_draw(portfolio, len(portfolio.objective.weights)), portfolio.objective, 1.0)
    nothing, everything = np.zeros((4, 2)), np.ones((4, 2))

    money_alone = oracle.evaluate(nothing, everything)
    progress_alone = oracle.evaluate(everything, nothing)

    # Money alone: memo's harm, and the points, which are linear in money.
    points = 0.5 * (3 * 0.9 * 0.8 * 0.5 - 2 * 0.1)
    assert money_alone.expected == pytest.approx(0.1 * math.log10(0.5) + points, abs=1e-12)
    assert progress_alone.expected > 0
    by_progress, by_funded = oracle.evaluate(everything, everything).expected_slopes
    memo = oracle.ids.index("memo")
    assert (by_progress[memo] == 0).all()
    assert (by_funded[memo] < 0).all()


MIXED = CHAIN.replace("effects: {compute: 2}", "effects: {compute: 4, data_efficiency: 0.5}").replace(
    "effects: {test_time: 0.5}", "effects: {test_time: 0.5, post_training: 10}"
)


def test_an_initiative_that_helps_one_lever_and_harms_another_does_each_in_its_own_way(
    read: Callable[[str], Portfolio],
) -> None:
    """Data efficiency moves the compute row too, but it is another effect than compute: they do not cancel."""
    draws = central_draw(read(MIXED), 1)
    platform, memo = draws.ids.index("platform"), draws.ids.index("memo")

    assert draws.helps[:3, 0, platform] == pytest.approx([0.9 * math.log(4), 0, 0])
    assert draws.harms[:3, 0, platform] == pytest.approx([0.9 * math.log(0.5), 0.9 * math.log(0.5), 0])
    assert draws.helps[:3, 0, memo] == pytest.approx([0, 0, 0.1])
    assert draws.harms[:3, 0, memo] == pytest.approx([0, 0, 0.1 * math.log10(0.5)])


def test_without_a_frontier_points_are_all_there_is(read: Callable[[str], Portfolio]) -> None:
    text = (
        CHAIN.split("frontier:", maxsplit=1)[0]
        + """\
objective: {value: 1}
initiatives:
  survey: {path: product, source: judgement, cost: 10, value: 2}
"""
    )
    portfolio = read(text)
    oracle = Forecast(central_draw(portfolio, len(portfolio.objective.weights)), portfolio.objective, 0.2)
    half = np.full((1, 2), 0.5)

    values = oracle.evaluate(half, half)

    assert (values.expected, values.tail) == (1.0, 1.0)
    assert values.expected_slopes[1] == pytest.approx(np.full((1, 2), 1.0))
    assert (oracle.project(half, half).gain == 0).all()
