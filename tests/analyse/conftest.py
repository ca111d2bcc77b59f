"""A lab for questions about plans: two paths, two futures, a rival, today's allocation; small enough to solve often."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gambits.analyse.study import Settings, Study
from gambits.portfolio.model import Portfolio

FUTURES = """\
format: gambits/1
name: Two futures
as_of: 2027-01-01
periods: {first: 2027, count: 3}
money: USD million
budget: {per_period: 20}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 1e13}
current: {hybrid: 18, verifier: 6, play: 3, rented: 30}
rivals:
  other: {effective_compute: 26.8 to 27.2, growth_per_year: 2 to 4}
  third: {effective_compute: 26.5, growth_per_year: 4}
scenarios:
  - {name: as planned, probability: 0.6}
  - name: play works
    probability: 0.4
    change: {initiatives.play.success: 0.9, initiatives.hybrid.success: 0.2}
initiatives:
  hybrid: {path: architect, source: x, cost: 16 to 25, success: 0.85, effects: {data_efficiency: 1.3 to 2.5}, takes: 2}
  kernels: {path: architect, source: x, cost: 8, success: 0.9, effects: {compute: 1.1 to 1.4}, response: 0.8}
  play: {path: alchemist, source: x, cost: 20, success: 0.1, effects: {post_training: 1.4 to 3}, requires: [verifier]}
  rewrite: {path: alchemist, source: x, cost: 10, success: 0.8, effects: {unique_tokens: 1e12 to 8e12}, response: 0.9}
  verifier: {path: alchemist, source: x, cost: 9, success: 0.9}
  rented: {path: scale, source: x, cost: 50, effects: {compute: 1.2}}
"""


@pytest.fixture(scope="session")
def futures_text() -> str:
    """The lab as its author would write it."""
    return FUTURES


@pytest.fixture(scope="session")
def futures(read: Callable[[str], Portfolio]) -> Portfolio:
    return read(FUTURES)


@pytest.fixture(scope="session")
def few_draws() -> Settings:
    return Settings(draws=120, seed=5, batches=0)


@pytest.fixture(scope="session")
def study(futures: Portfolio, few_draws: Settings) -> Study:
    return Study(futures, few_draws)
