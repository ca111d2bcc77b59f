"""A lab for searches that follow one another: a chain of two, people who are short, diminishing returns."""

from __future__ import annotations

import pytest

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 10}
resources:
  people: {unit: FTE-quarters, capacity: 8}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid: {path: architect, source: x, cost: 16 to 25, success: 0.6, effects: {data_efficiency: 2}, response: 0.8}
  kernels: {path: architect, source: x, cost: 24, effects: {compute: 1.1 to 1.5}, uses: {people: 25}}
  play: {path: alchemist, source: x, cost: 20, success: 0.7, effects: {post_training: 1.4}, requires: [verifier]}
  verifier: {path: alchemist, source: x, cost: 12, takes: 2}
  rewrite: {path: alchemist, source: x, cost: 9, effects: {unique_tokens: 1e12 to 8e12}, response: 0.7}
"""


@pytest.fixture(scope="session")
def lab() -> str:
    """The lab as its author would write it."""
    return LAB
