"""The data wall as an answer: dates, layers, what a token is worth and costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gambits.analyse.datawall import (
    OWN_STOCK,
    crossing,
    quantiles,
    repetition_of,
    suppliers_of,
    wall_of,
    worth_of_a_trillion,
)
from gambits.analyse.study import Settings, Study
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import LN_10, effective_compute, ln_wall, optimum
from gambits.scaling.laws import load_law
from gambits.scaling.published import TAGS
from gambits.scaling.wall import LAYERS, worth_of_epochs, worth_of_repetition

Read = Callable[[str], Portfolio]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q3, count: 4}
money: USD million
budget: {per_period: 20}
frontier:
  compute: {flop: 1e26, growth_per_year: 4}
  unique_tokens: {count: 2e13, growth_per_year: 1.1}
initiatives:
  licences:
    {path: alchemist, cost: 30, success: 0.9, effects: {unique_tokens: 2e12}, quality: 0.5, requires: [office],
     source: "judgement: a guess"}
  scans: {path: alchemist, cost: 10, effects: {unique_tokens: 4e12}, source: "judgement: a guess"}
  office: {path: alchemist, cost: 6, success: 0.8, source: "judgement: none"}
  kernels: {path: architect, cost: 10, effects: {compute: 1.5}, source: "judgement: a guess"}
"""
LAW = load_law("muennighoff-2023").central


def seen(portfolio: Portfolio, settings: Settings = Settings(certain=True)) -> Forecast:
    return Study(portfolio, settings).forecast(Gambit("free"))


def nothing(forecast: Forecast) -> tuple[np.ndarray, np.ndarray]:
    zeros = np.zeros((len(forecast.ids), forecast.periods))
    return zeros, zeros


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, np.newaxis]


def test_compute_outruns_a_stock_when_its_trend_crosses_the_wall() -> None:
    """Without serving both are straight lines in time: (ln C_U − ln C) / (g − (α+β)/α u)."""
    compute, tokens = (column(math.log(1e26)), column(math.log(4))), (column(math.log(30e12)), column(math.log(1.08)))

    (found,) = crossing(LAW, compute, tokens)

    wall = float(ln_wall(LAW, math.log(30e12)))
    expected = (wall - math.log(1e26)) / (math.log(4) - 2 * math.log(1.08))
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("ln_served", [None, math.log(1e14)])
def test_on_that_date_the_optimum_sees_every_token_once(ln_served: float | None) -> None:
    compute, tokens = (column(math.log(1e25)), column(math.log(3))), (column(math.log(30e12)), column(math.log(1.05)))

    (years,) = crossing(LAW, compute, tokens, None if ln_served is None else column(ln_served))

    ln_c, ln_u = (float(start[0, 0] + years * growth[0, 0]) for start, growth in (compute, tokens))
    _, ln_d = optimum(LAW, ln_c, ln_u, ln_served)
    assert float(ln_d) == pytest.approx(ln_u, abs=1e-6)


def test_compute_that_stands_still_never_outruns_a_stock_that_it_has_not() -> None:
    compute, tokens = (column(*[math.log(1e24)] * 2), column(0.0, 9.0)), (column(math.log(30e12)), column(0.05))

    never, soon = crossing(LAW, compute, tokens)

    assert never == math.inf
    assert 0 < soon < 2


def test_what_was_outrun_long_ago_is_said_to_be_ten_years_back() -> None:
    (found,) = crossing(LAW, (column(math.log(1e27)), column(0.3)), (column(math.log(1e11)), column(0.0)))

    assert found == pytest.approx(-10)


def test_the_layers_are_those_that_people_argue_about_with_source_and_tag() -> None:
    kinds = {each.kind for each in LAYERS}

    assert {"raw", "deduplicated", "high quality", "code", "private or recorded"} <= kinds
    assert len({each.name for each in LAYERS}) == len(LAYERS)
    for each in LAYERS:
        assert each.source
        assert each.tag in TAGS
        assert (each.low is None) == (each.high is None)
        if each.low is not None and each.high is not None:
            assert each.low < each.tokens < each.high


def test_each_layer_is_outrun_at_its_compute_and_date_in_the_central_future(read: Read) -> None:
    portfolio = read(LAB)

    own, *layers = wall_of(portfolio, seen(portfolio), "2027")

    assert own.name == OWN_STOCK
    assert own.outrun_at == pytest.approx(float(ln_wall(LAW, math.log(2e13))) / LN_10)
    assert own.growth == pytest.approx(1.1)
    assert own.year == own.year_low == own.year_high
    assert own.year is not None
    at = 26 + (own.year - 2027.5) * math.log10(4)
    stock = 2e13 * 1.1 ** (own.year - 2027.5)
    assert at == pytest.approx(float(ln_wall(LAW, math.log(stock))) / LN_10, abs=1e-6)
    assert [each.tokens for each in layers] == [each.tokens for each in LAYERS]
    assert own.chance == (own.year <= 2027.5 + 0.75)


def test_over_draws_a_layer_has_intervals_keyed_by_its_name(read: Read) -> None:
    portfolio = read(LAB)
    forecast = seen(portfolio, Settings(draws=400))

    one, again, other = (wall_of(portfolio, forecast, seed) for seed in ("2027", "2027", "1"))

    assert one == again
    assert one != other
    for each in one:
        assert each.low < each.outrun_at < each.high
        assert 0 <= each.chance <= 1
    public = next(each for each in one if each.kind == "public")
    high_quality = next(each for each in one if each.kind == "high quality")
    assert public.high - public.low > high_quality.high - high_quality.low, "its own interval is in it"


def test_a_stock_that_is_not_outrun_within_fifty_years_has_no_date(read: Read) -> None:
    portfolio = read(LAB.replace("growth_per_year: 4", "growth_per_year: 1.01"))

    (own, *_) = wall_of(portfolio, seen(portfolio), "2027")

    assert own.year is None
    assert own.chance == 0


def test_a_trillion_is_worth_what_the_frontier_says_and_less_beside_a_plan_that_brings_tokens(read: Read) -> None:
    portfolio = read(LAB)
    forecast = seen(portfolio)
    everything = (np.ones((4, 4)), np.ones((4, 4)))

    found = worth_of_a_trillion(portfolio, forecast, everything)

    def reached(k: int, more: float) -> float:
        tokens = 2e13 * 1.1 ** (k / 4) + more
        return float(effective_compute(LAW, math.log(1e26 * 4 ** (k / 4)), math.log(tokens)).oom)

    for k, each in enumerate(found):
        assert each.worth == pytest.approx(reached(k, 1e12) - reached(k, 0), abs=1e-12)
        assert each.low == each.worth == each.high
    # Before the wall a trillion is worth nothing, with 50 % more compute something.
    assert found[-1].with_plan != found[-1].worth
    late = worth_of_a_trillion(portfolio, seen(read(LAB.replace("flop: 1e26", "flop: 1e28"))), everything)
    assert late[0].worth > late[0].with_plan > 0


def test_tokens_cost_what_their_initiative_costs_for_each_usable_trillion_that_is_expected(read: Read) -> None:
    portfolio = read(LAB)

    found = suppliers_of(portfolio, seen(portfolio), dict.fromkeys(("licences", "scans", "office", "kernels"), 0.1))

    assert list(found) == ["scans", "licences"], "the cheapest first"
    # 2T, half of them usable, if licences (0.9) and the office that they need (0.8) come about.
    assert found["licences"].tokens == pytest.approx(2e12 * 0.5 * 0.9 * 0.8)
    assert found["licences"].money_per_trillion == pytest.approx(30 / 0.72)
    assert found["licences"].with_enablers == pytest.approx(36 / 0.72)
    assert found["scans"].oom_per_trillion == pytest.approx(0.1 / 4)


def test_tokens_in_an_overlap_are_counted_before_the_cap(read: Read) -> None:
    portfolio = read(LAB + "overlaps: [{among: [licences, scans], lever: unique_tokens, cap: 3e12}]\n")

    found = suppliers_of(portfolio, seen(portfolio), dict.fromkeys(("licences", "scans", "office", "kernels"), 0.1))

    assert found["scans"].tokens == pytest.approx(4e12)


def test_repetition_is_worth_what_the_table_of_the_law_says() -> None:
    """laws.md §1b: at the margin and together, at 2, 4, 8, 16 and 40 epochs."""
    epochs = (2, 4, 8, 16, 40)

    assert [round(float(worth_of_repetition(LAW, each)), 3) for each in epochs] == [0.937, 0.823, 0.635, 0.377, 0.079]
    assert [round(float(worth_of_epochs(LAW, each)), 3) for each in epochs] == [0.984, 0.931, 0.828, 0.661, 0.379]


def test_repetition_has_the_interval_of_the_law(read: Read) -> None:
    forecast = seen(read(LAB), Settings(draws=400))

    found = {each.epochs: each for each in repetition_of(forecast)}

    assert (found[1].last, found[1].together) == pytest.approx((1, 1))
    assert found[16].low < 0.377 < found[16].high
    assert repetition_of(seen(read(LAB.replace("frontier:\n", "frontier:\n  law: chinchilla-2022\n")))) == ()


def test_without_a_frontier_there_is_no_wall(read: Read) -> None:
    text = LAB.partition("frontier:")[0] + 'initiatives: {a: {path: x, cost: 1, value: 1, source: "judgement: none"}}\n'
    portfolio = read(text)
    forecast = seen(portfolio)

    assert wall_of(portfolio, forecast, "1") == ()
    assert worth_of_a_trillion(portfolio, forecast, nothing(forecast)) == ()
    assert suppliers_of(portfolio, forecast, {"a": 0.0}) == {}


def test_quantiles_weigh_draws_and_take_infinities() -> None:
    values = np.array([math.inf, 1.0, 2.0, 3.0])
    weights = np.array([0.1, 0.1, 0.5, 0.3])

    assert quantiles(values, weights) == (1.0, 2.0, math.inf)
    assert quantiles(np.array([7.0]), np.array([1.0])) == (7.0, 7.0, 7.0)


def test_a_served_flagship_outruns_the_stock_earlier(read: Read) -> None:
    portfolio = read(LAB)
    served = read(LAB.replace("  unique_tokens:", "  inference_tokens: 1e15\n  unique_tokens:"))

    (one, *_), (other, *_) = wall_of(portfolio, seen(portfolio), "1"), wall_of(served, seen(served), "1")

    assert other.outrun_at < one.outrun_at
    assert replace(portfolio.frontier, inference_tokens=served.frontier.inference_tokens) == served.frontier  # type: ignore[type-var, union-attr]
