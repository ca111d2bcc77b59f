"""How the value bends where costs are ranges: the curves against slow sums, and cuts along them as true bounds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gambits.forecast.curves import Bend, Curves, curves_of
from gambits.forecast.draws import draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.model import Portfolio

Array = NDArray[np.float64]
Read = Callable[[str], Portfolio]
Texts = Callable[..., st.SearchStrategy[str]]

LAB = """\
format: gambits/1
name: Three lines
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 40}
frontier: {law: muennighoff-2023, compute: {flop: 2e27}, unique_tokens: {count: 10e12 to 22e12}}
initiatives:
  mixed: {path: architect, source: made up, cost: 20 to 45, success: 0.7, response: 0.8,
          effects: {data_efficiency: 1.1 to 1.9, unique_tokens: 1e12 to 4e12}}
  plain: {path: alchemist, source: made up, cost: 10 to 30, effects: {post_training: 1.1 to 1.5}}
  fixed: {path: alchemist, source: made up, cost: 10, effects: {post_training: 1.1 to 1.5}}
"""


def seen(portfolio: Portfolio, seed: int, count: int) -> Forecast:
    periods = len(portfolio.objective.weights)
    return Forecast(draw(portfolio, periods, str(seed), count), portfolio.objective, 0.3)


def curves(forecast: Forecast) -> Curves:
    assert forecast.curves is not None
    return forecast.curves


def bound(value: float, slopes: tuple[Array, Array], bend: Bend, known: Curves, one: Array, other: Array) -> float:
    """Say what the cut at a plan, bent along the curves, allows another plan to be worth."""
    along, steep = bend.along[known.who], bend.steep[known.who]
    bent = along * (known.at(other[known.who])[0] - bend.reached[known.who])
    rest = slopes[0].copy()
    rest[known.who] -= along * steep
    return value + float(bent.sum() + ((rest + slopes[1]) * (other - one)).sum() + bend.slack.sum())


def test_a_curve_is_the_mean_of_what_each_draw_reaches(read: Read) -> None:
    forecast = seen(read(LAB), 3, 300)
    draws, known = forecast.draws, curves(forecast)
    assert draws.cost_ratio is not None
    assert [draws.ids[i] for i in known.who] == ["mixed", "plain"], "a fixed cost has no kinks"
    at = np.linspace(0, 1, 7)

    for i, curve in zip(known.who, known.each, strict=True):
        sizes = draws.helps[:, :, i]
        weight = sum(row / row.mean() for row in sizes if row.any()) * draws.probability
        rate = draws.cost_ratio[:, i] ** -draws.responses[i].exponent
        value, slope = curve.at(at)
        slowly = [float(weight @ np.minimum(1, rate * p) / weight.sum()) for p in at]
        assert value == pytest.approx(slowly, abs=1e-12)
        ahead = [float(weight @ np.minimum(1, rate * (p + 1e-9)) / weight.sum()) for p in at]
        assert slope == pytest.approx((np.array(ahead) - slowly) / 1e-9, abs=1e-4)


@pytest.mark.parametrize("count", [1, 7, 60, 1000])
@pytest.mark.parametrize("loose", [1e-9, 1e-4])
def test_no_plan_is_worth_more_than_a_bent_cut_allows(count: int, loose: float, read: Read) -> None:
    forecast = seen(read(LAB), 5, count)
    rng = np.random.default_rng(11)
    shape = (len(forecast.ids), forecast.periods)
    plans = [np.sort(rng.random(shape), axis=1) for _ in range(8)]
    plans += [np.full(shape, level) for level in (0.0, 0.7, 0.8, 0.9, 1.0)]
    valued = [(plan, forecast.evaluate(plan, plan, loose)) for plan in plans]

    for (one, here), (other, there) in permutations(valued, 2):
        if here.expected_bend is None or here.tail_bend is None:
            assert forecast.curves is None
            continue
        known = curves(forecast)
        allowed = bound(here.expected, here.expected_slopes, here.expected_bend, known, one, other)
        assert there.expected <= allowed + 1e-12
        assert there.tail <= bound(here.tail, here.tail_slopes, here.tail_bend, known, one, other) + 1e-12
    for _, here in valued:
        for found in (here.expected_bend, here.tail_bend):
            assert found is None or 0 <= found.slack.sum() <= loose * 1.001 + 1e-9


@settings(max_examples=25)
@given(data=st.data(), seed=st.integers(0, 10**6), count=st.sampled_from([5, 40]))
def test_bent_cuts_hold_for_any_portfolio(
    data: st.DataObject, seed: int, count: int, portfolio_texts: Texts, read: Read
) -> None:
    """Period by period, as the master has them, where synergies, overlaps and gates act beside."""
    forecast = seen(read(data.draw(portfolio_texts())), seed, count)
    rng = np.random.default_rng(seed)
    shape = (len(forecast.ids), forecast.periods)
    plans = [np.sort(rng.random(shape), axis=1) for _ in range(3)] + [np.zeros(shape), np.ones(shape)]
    valued = [(plan, forecast.evaluate(plan, plan, 1e-5)) for plan in plans]
    for (one, here), (other, there) in permutations(valued, 2):
        if here.expected_bend is None or here.tail_bend is None:
            continue
        known = curves(forecast)
        assert (
            there.expected <= bound(here.expected, here.expected_slopes, here.expected_bend, known, one, other) + 1e-10
        )
        assert there.tail <= bound(here.tail, here.tail_slopes, here.tail_bend, known, one, other) + 1e-10


def test_a_bent_cut_is_much_deeper_than_a_tangent_far_from_its_plan(read: Read) -> None:
    forecast = seen(read(LAB), 5, 1000)
    shape = (len(forecast.ids), forecast.periods)
    one, other = np.full(shape, 0.5), np.ones(shape)
    here, there = forecast.evaluate(one, one, 1e-3), forecast.evaluate(other, other)
    assert here.expected_bend is not None
    tangent = here.expected + float(((here.expected_slopes[0] + here.expected_slopes[1]) * (other - one)).sum())
    bent = bound(here.expected, here.expected_slopes, here.expected_bend, curves(forecast), one, other)
    assert bent - there.expected < 0.5 * (tangent - there.expected)


def test_nobody_pays_for_curves_who_does_not_ask(read: Read) -> None:
    forecast = seen(read(LAB), 5, 50)
    plan = np.full((3, forecast.periods), 0.6)
    plain, bent = forecast.evaluate(plan, plan), forecast.evaluate(plan, plan, 1e-4)
    assert plain.expected_bend is None
    assert (plain.expected, plain.tail) == (bent.expected, bent.tail)
    assert all(map(np.array_equal, plain.tail_slopes, bent.tail_slopes))


def test_certain_costs_have_no_curves(read: Read) -> None:
    certain = LAB.replace("20 to 45", "30").replace("10 to 30", "20")
    forecast = seen(read(certain), 5, 50)
    assert curves_of(forecast.draws) is None
    plan = np.full((3, forecast.periods), 0.6)
    assert forecast.evaluate(plan, plan, 1e-4).expected_bend is None
