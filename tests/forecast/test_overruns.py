"""Costs that turn out otherwise: money is what is decided, so a dearer draw gets less far. Against slow formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from gambits.allocate import timing
from gambits.forecast.draws import ON_COMPUTE, ON_DATA, ON_OOM, ON_STOCK, Draws, draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.model import Objective, Portfolio, Response

Array = NDArray[np.float64]
Read = Callable[[str], Portfolio]
Texts = Callable[..., st.SearchStrategy[str]]


# The slow way: one draw and one period at a time, from the formulas of design.md.


def least_loss(compute: float, unique: float, law: tuple[float, ...]) -> float:
    """Minimise E + A/N'^α + B/D'^β over N, with D = C/6N, by golden section on ln N."""
    ln_a, ln_b, ln_e, alpha, beta, r_d, r_n = law
    # Parameters that are compute-optimal for U tokens, where nothing repeats.
    fed = math.exp((math.log(alpha / beta) + ln_a - ln_b + beta * math.log(unique)) / alpha)

    def discounted(amount: float, fresh: float, limit: float) -> float:
        if amount <= fresh or math.isinf(limit):
            return amount
        return fresh - fresh * limit * math.expm1(-(amount / fresh - 1) / limit)

    def loss(ln_n: float) -> float:
        n = discounted(math.exp(ln_n), fed, r_n)
        d = discounted(compute / 6 / math.exp(ln_n), unique, r_d)
        return math.exp(ln_e) + math.exp(ln_a) / n**alpha + math.exp(ln_b) / d**beta

    ratio = (math.sqrt(5) - 1) / 2
    low, high = math.log(1e3), math.log(compute / 6)
    while high - low > 1e-9:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return loss((low + high) / 2)


def effective_oom(compute: float, unique: float, law: tuple[float, ...]) -> float:
    """Give log10 of the compute that would reach the same loss with no data limit, from the closed form of that."""
    ln_a, ln_b, ln_e, alpha, beta, _, _ = law
    # Without a limit αA N^−α = βB D^−β at the optimum, with D = C/6N.
    share = alpha / (alpha + beta)
    ln_g = (math.log(alpha / beta) + ln_a - ln_b) / (alpha + beta)
    # ln N = ln G + (1 − share) ln(C/6); both terms fall as (C/6)^−γ.
    gamma = alpha * (1 - share)
    factor = math.exp(ln_a - alpha * ln_g) + math.exp(ln_b + beta * ln_g)
    reducible = least_loss(compute, unique, law) - math.exp(ln_e)
    return (math.log(6) - math.log(reducible / factor) / gamma) / math.log(10)


def progress_in_draw(response: Response, funded: float, ratio: float) -> float:
    """Follow the response at the fraction of the true cost that the money is."""
    reached = min(1.0, funded / ratio)
    if response.points:
        return float(np.interp(reached, *zip(*response.points, strict=True)))
    return reached**response.exponent


@dataclass(frozen=True)
class Slowly:
    """Everything about a plan's value, by loops. ``funded`` has shape (I, K), as it counts."""

    draws: Draws
    objective: Objective

    def values(self, funded: Array) -> list[float]:
        return [self._value(r, funded) for r in range(self.draws.count)]

    def expected(self, funded: Array) -> float:
        pairs = zip(self.draws.probability, self.values(funded), strict=True)
        return sum(chance * value for chance, value in pairs)

    def tail(self, funded: Array, alpha: float) -> float:
        return conditional_value_at_risk(self.values(funded), self.draws.probability, alpha)

    def _value(self, r: int, funded: Array) -> float:
        return sum(
            weight * self._in_period(r, k, funded[:, k]) for k, weight in enumerate(self.objective.weights) if weight
        )

    def _in_period(self, r: int, k: int, funded: Array) -> float:
        draws = self.draws
        moved = {ON_COMPUTE: 0.0, ON_DATA: 0.0, ON_OOM: 0.0, ON_STOCK: 0.0}
        points = 0.0
        for i in range(len(draws.ids)):
            ratio = 1.0 if draws.cost_ratio is None else float(draws.cost_ratio[r, i])
            progress = progress_in_draw(draws.responses[i], float(funded[i]), ratio)
            for row in moved:
                moved[row] += draws.helps[row, r, i] * progress + draws.harms[row, r, i] * funded[i]
            points += draws.value[r, i] * funded[i]
        law = self._law(r)
        compute, stock = math.exp(draws.ln_compute[r, k]), math.exp(draws.ln_tokens[r, k])
        after = effective_oom(
            compute * math.exp(moved[ON_COMPUTE]), (stock + moved[ON_STOCK]) * math.exp(moved[ON_DATA]), law
        )
        gain = after - effective_oom(compute, stock, law) + moved[ON_OOM]
        return self.objective.effective_compute * gain + self.objective.value * points

    def _law(self, r: int) -> tuple[float, ...]:
        law = self.draws.law
        assert law is not None
        parts = (law.ln_a, law.ln_b, law.ln_e, law.alpha, law.beta, law.r_d, law.r_n)
        return tuple(float(np.broadcast_to(part, (self.draws.count, 1))[r, 0]) for part in parts)


def conditional_value_at_risk(values: ArrayLike, probability: Array, alpha: float) -> float:
    """Maximise η − E[(η − V)⁺]/α, which is piecewise linear: one of the values attains it (Rockafellar, Uryasev)."""
    found = np.asarray(values, dtype=float)
    short = np.maximum(found[:, np.newaxis] - found, 0) @ probability
    return float(np.max(found - short / alpha))


def seen_through(portfolio: Portfolio, seed: str, count: int, alpha: float = 0.3) -> Forecast:
    periods = len(portfolio.objective.weights)
    return Forecast(draw(portfolio, periods, seed, count), portfolio.objective, alpha)


def random_plan(portfolio: Portfolio, seed: int, low: float = 0.0, high: float = 1.0) -> Array:
    """Draw funded fractions as they count, shape (I, K); progress that goes with them comes from ``progress_of``."""
    shape = (len(portfolio.initiatives), len(portfolio.objective.weights))
    return np.sort(np.random.default_rng(seed).uniform(low, high, shape), axis=1)


def progress_of(portfolio: Portfolio, funded: Array) -> Array:
    return timing.progress(portfolio.initiatives, funded)


@given(data=st.data(), seed=st.integers(0, 10**6), alpha=st.floats(0.05, 1))
def test_value_and_tail_are_those_of_slow_formulas(
    data: st.DataObject, seed: int, alpha: float, portfolio_texts: Texts, read: Read
) -> None:
    portfolio = read(data.draw(portfolio_texts(most_periods=3)))
    oracle = seen_through(portfolio, str(seed), 5, alpha)
    funded = random_plan(portfolio, seed)
    slowly = Slowly(oracle.draws, oracle.objective)

    found = oracle.evaluate(progress_of(portfolio, funded), funded)

    assert found.expected == pytest.approx(slowly.expected(funded), abs=1e-8)
    assert found.tail == pytest.approx(slowly.tail(funded, alpha), abs=1e-8)
    projection = oracle.project(progress_of(portfolio, funded), funded)
    assert projection.value == pytest.approx(slowly.values(funded), abs=1e-8)


@settings(max_examples=10)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_slopes_are_those_of_slow_formulas_in_any_direction(
    data: st.DataObject, seed: int, portfolio_texts: Texts, read: Read
) -> None:
    """Along a change of φ, with p following it: Σ slope by φ · dφ + slope by p · dp."""
    portfolio = read(data.draw(portfolio_texts(most_periods=2)))
    oracle = seen_through(portfolio, str(seed), 5)
    funded = random_plan(portfolio, seed, 0.1, 0.9)
    direction = np.random.default_rng([seed, 1]).uniform(-1, 1, funded.shape)
    step = 1e-5
    slowly = Slowly(oracle.draws, oracle.objective)
    up, down = funded + step * direction, funded - step * direction
    moved = progress_of(portfolio, up) - progress_of(portfolio, down), up - down

    found = oracle.evaluate(progress_of(portfolio, funded), funded)

    for slopes, of in ((found.expected_slopes, slowly.expected), (found.tail_slopes, lambda at: slowly.tail(at, 0.3))):
        by_slopes = sum(float((slope * part).sum()) for slope, part in zip(slopes, moved, strict=True))
        assert by_slopes == pytest.approx(of(up) - of(down), abs=2e-8)


@settings(max_examples=15)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_value_and_tail_are_concave_where_costs_vary(
    data: st.DataObject, seed: int, portfolio_texts: Texts, read: Read
) -> None:
    """Jointly in p and φ, which the programme chooses apart."""
    portfolio = read(data.draw(portfolio_texts()))
    oracle = seen_through(portfolio, str(seed), 40)
    plans = [(random_plan(portfolio, seed + n), random_plan(portfolio, seed + n + 500)) for n in range(2)]
    nothing = np.zeros_like(plans[0][0])
    plans += [(nothing, nothing), (nothing + 1, nothing + 1)]
    valued = [(plan, oracle.evaluate(*plan)) for plan in plans]

    for (one, at), (other, there) in permutations(valued, 2):
        middle = oracle.evaluate((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
        assert middle.expected >= (at.expected + there.expected) / 2 - 1e-11
        assert middle.tail >= (at.tail + there.tail) / 2 - 1e-11
        moved = other[0] - one[0], other[1] - one[1]
        for slopes, start, end in (
            (at.expected_slopes, at.expected, there.expected),
            (at.tail_slopes, at.tail, there.tail),
        ):
            tangent = start + sum(float((slope * part).sum()) for slope, part in zip(slopes, moved, strict=True))
            assert end <= tangent + 1e-10


# One initiative alone, by hand.

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {{first: 2027Q1, count: 1}}
money: USD million
budget: {{per_period: 20}}
frontier:
  compute: {{flop: 1e27}}
  unique_tokens: {{count: 1e13}}
initiatives:
  play:
    path: alchemist
    source: none
    cost: {cost}
    response: {response}
    {effect}
"""

ROUNDING = 1e-13
"""A gain is a difference of two numbers near 27 OOM, whose last digit is 4e-15 and depends on the processor."""
FUNDED = (0.0, 0.003, 0.25, 0.5, 0.9, 1.0)
RESPONSES = ("1", "0.8", "0.5", "0.2")
POLYLINES = ("[[0.2, 0.5], [0.6, 0.9], [1, 1]]", "[[0.5, 0.9], [1, 1]]")


@pytest.fixture(scope="module")
def alone(read: Read) -> Callable[..., Forecast]:
    """Give a function that makes the forecast of one initiative."""

    def alone(response: str, *, cost: str = "10 to 40", effect: str = "effects: {test_time: 1.5}") -> Forecast:
        return seen_through(read(LAB.format(cost=cost, response=response, effect=effect)), "1", 200)

    return alone


def values(oracle: Forecast, funded: float) -> Array:
    """Give V in every draw at a funded fraction."""
    progress = progress_in_draw(oracle.draws.responses[0], funded, 1.0)
    return oracle.project(np.array([[progress]]), np.array([[funded]])).value


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("funded", FUNDED)
def test_progress_in_a_draw_is_that_of_the_money_against_its_own_cost(
    response: str, funded: float, alone: Callable[..., Forecast]
) -> None:
    """min(1, φ/ρ)^κ = min(1, p · ρ^−κ), to rounding."""
    oracle = alone(response)
    kappa, p = float(response), funded ** float(response)
    assert oracle.draws.cost_ratio is not None
    ratio = oracle.draws.cost_ratio[:, 0]

    found = values(oracle, funded) / math.log10(1.5)

    assert found == pytest.approx(np.minimum(1, p * ratio**-kappa), rel=1e-14, abs=ROUNDING)
    assert found == pytest.approx(np.minimum(1, funded / ratio) ** kappa, rel=1e-12, abs=ROUNDING)


@pytest.mark.parametrize("response", POLYLINES)
@pytest.mark.parametrize("funded", FUNDED)
def test_a_polyline_is_followed_at_the_money_against_its_own_cost(
    response: str, funded: float, alone: Callable[..., Forecast]
) -> None:
    oracle = alone(response)
    assert oracle.draws.cost_ratio is not None
    corners = [(0.0, 0.0), *(tuple(map(float, pair)) for pair in oracle.draws.responses[0].points[1:])]
    reached = np.minimum(1, funded / oracle.draws.cost_ratio[:, 0])

    assert values(oracle, funded) / math.log10(1.5) == pytest.approx(
        np.interp(reached, *zip(*corners, strict=True)), rel=1e-13, abs=ROUNDING
    )


@pytest.mark.parametrize("response", RESPONSES + POLYLINES)
def test_full_money_is_enough_in_half_of_the_draws(response: str, alone: Callable[..., Forecast]) -> None:
    """The median is what full funding means: half the draws cost less and reach everything, and no more than that."""
    found = values(alone(response), 1.0) / math.log10(1.5)

    assert found.max() == pytest.approx(1, abs=ROUNDING)
    assert np.mean(found > 1 - 1e-12) == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("response", RESPONSES + POLYLINES)
def test_points_and_harms_follow_the_money_and_not_the_cost(response: str, alone: Callable[..., Forecast]) -> None:
    harmful = alone(response, effect="effects: {test_time: 0.5}")
    assert harmful.draws.cost_ratio is not None

    assert values(harmful, 0.25) == pytest.approx(0.25 * math.log10(0.5), abs=ROUNDING)
    points = Forecast(
        alone(response, effect="value: 8").draws, Objective(effective_compute=0, value=0.1, weights=(1.0,)), 0.2
    )
    assert values(points, 0.25) == pytest.approx(0.1 * 8 * 0.25, rel=1e-14)


@pytest.mark.parametrize("response", RESPONSES + POLYLINES)
def test_a_certain_cost_overruns_nothing(response: str, alone: Callable[..., Forecast]) -> None:
    oracle = alone(response, cost="20")
    expected = math.log10(1.5) * progress_in_draw(oracle.draws.responses[0], 0.25, 1.0)

    assert oracle.draws.cost_ratio is None
    assert values(oracle, 0.25) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("response", RESPONSES + POLYLINES)
def test_the_unit_of_money_changes_nothing(response: str, alone: Callable[..., Forecast]) -> None:
    assert values(alone(response), 0.4) == pytest.approx(values(alone(response, cost="1e5 to 4e5"), 0.4), rel=1e-12)


def test_a_future_in_which_everything_costs_twice_gets_half_as_far(read: Read) -> None:
    text = LAB.format(cost="20", response="1", effect="effects: {test_time: 1.5}") + (
        "scenarios:\n"
        "  - {name: as planned, probability: 0.5}\n"
        "  - {name: dear, probability: 0.5, change: {initiatives.play.cost: 40}}\n"
    )
    oracle = seen_through(read(text), "1", 10)
    found = values(oracle, 1.0) / math.log10(1.5)

    assert found[oracle.draws.scenario == 0] == pytest.approx(1)
    assert found[oracle.draws.scenario == 1] == pytest.approx(0.5)


# The tail.


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.2, 0.35, 1.0])
def test_the_tail_over_many_blocks_is_that_of_all_draws_together(alpha: float, read: Read) -> None:
    """Blocks without a single bad draw take part with nothing."""
    text = LAB.format(cost="10 to 40", response="0.7", effect="effects: {data_efficiency: 1.1 to 3}\n    success: 0.6")
    text += (
        "scenarios:\n"
        "  - {name: good, probability: 0.9}\n"
        "  - {name: dear, probability: 0.1, change: {initiatives.play.cost: 100 to 400}}\n"
    )
    oracle = seen_through(read(text), "1", 3400, alpha)
    funded = np.array([[0.8]])
    plan = progress_of_one(0.7, funded), funded
    value = oracle.project(*plan).value

    found = oracle.evaluate(*plan)

    assert len(oracle.blocks) > 3
    assert found.tail == pytest.approx(conditional_value_at_risk(value, oracle.draws.probability, alpha), abs=1e-12)
    assert found.expected == pytest.approx(float(oracle.draws.probability @ value), abs=1e-14)
    step = 1e-6
    ends = [oracle.evaluate(plan[0] + shift, funded).tail for shift in (step, -step)]
    assert found.tail_slopes[0][0, 0] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-6)


def progress_of_one(kappa: float, funded: Array) -> Array:
    return np.asarray(funded**kappa)


def test_the_tail_is_the_mean_of_the_worst_draws_the_last_in_part(read: Read) -> None:
    """Seven draws of weight 1/7 and α = 0.3: two whole ones, and a tenth of a third."""
    oracle = seen_through(
        read(LAB.format(cost="10 to 40", response="1", effect="effects: {test_time: 1.5}")), "1", 7, 0.3
    )
    worst = np.sort(values(oracle, 1.0))

    tail = oracle.evaluate(np.array([[1.0]]), np.array([[1.0]])).tail

    assert tail == pytest.approx((worst[0] + worst[1] + 0.1 * worst[2]) / 2.1, rel=1e-12)
