"""Percentiles of a plan's value, and the tokens that the flagship wants."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import gambits
from gambits import pipeline
from gambits.analyse.spread import LEVELS, spread_of
from gambits.analyse.study import Settings


def test_percentiles_of_equal_draws_are_those_of_numpy() -> None:
    value = np.random.default_rng(1).normal(size=997)
    found = spread_of(value, np.full(997, 1 / 997)).percentiles

    assert found == pytest.approx(np.percentile(value, LEVELS, method="inverted_cdf"), abs=1e-12)


def test_a_draw_counts_by_its_probability() -> None:
    spread = spread_of(np.array([3.0, 1.0, 2.0]), [0.2, 0.5, 0.3])

    assert [spread.to_dict()[name] for name in ("p5", "p50", "p95")] == [1, 1, 3]
    assert spread.percentiles[LEVELS.index(51)] == 2
    assert spread.percentiles[LEVELS.index(80)] == 2


def test_half_of_the_futures_lie_at_or_below_the_median() -> None:
    found = spread_of(np.arange(10.0), np.full(10, 0.1))

    assert found.percentiles[LEVELS.index(50)] == 4
    assert found.percentiles[LEVELS.index(10)] == 0


def test_the_flagship_wants_the_tokens_at_which_the_published_loss_is_least() -> None:
    """Constants of Muennighoff et al. 2023, no repetition: the size is searched for, tokens follow from 6·N·D."""
    outlook = pipeline.project(gambits.load("minimal"), settings=Settings(certain=True))
    ln_a, ln_b, alpha = 6.255414, 7.3049974, 0.3526596

    for number, each in enumerate(outlook.supply):
        flop = 2e27 * 4 ** (number / 4)
        best = minimize_scalar(
            lambda ln_n, flop=flop: (
                math.exp(ln_a - alpha * ln_n) + math.exp(ln_b - alpha * (math.log(flop / 6) - ln_n))
            ),
            bounds=(20, 40),
            method="bounded",
            options={"xatol": 1e-10},
        )
        assert each.wanted == pytest.approx(flop / 6 / math.exp(best.x), rel=1e-5)
        assert each.stock == pytest.approx(15e12 * 1.05 ** (number / 4), rel=1e-9)


def test_only_made_tokens_add_to_the_stock_and_only_efficiency_to_their_worth() -> None:
    outlook = pipeline.project(gambits.load("minimal"), settings=Settings(certain=True))
    plan = pipeline.solve(gambits.load("minimal"), settings=Settings(certain=True))
    taught = 0.6 * math.log(math.sqrt(1.2 * 2.0)) * plan.allocation("hybrid-backbone").progress[-1]
    taught += 0.45 * math.log(math.sqrt(1.05 * 1.6)) * plan.allocation("tuned-repetition").progress[-1]
    last = outlook.supply[-1]

    assert last.with_plan == last.stock
    assert last.worth == pytest.approx(last.stock * math.exp(taught), rel=1e-9)
