"""The Shapley value against games that are worked out by hand, and against its own axioms."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambits.analyse.shapley import sampled_shapley, shapley


def game(worths: dict[frozenset[int], float]) -> Callable[[frozenset[int]], np.ndarray]:
    return lambda made: np.array([worths[made], 2 * worths[made]])


def random_game(count: int, seed: int) -> Callable[[frozenset[int]], np.ndarray]:
    rng = np.random.default_rng(seed)
    subsets = [frozenset(k for k in range(count) if number >> k & 1) for number in range(2**count)]
    return game({subset: float(rng.normal()) for subset in subsets})


def over_every_order(count: int, worth: Callable[[frozenset[int]], np.ndarray]) -> np.ndarray:
    """The definition: what each adds, averaged over every order."""
    values = np.zeros((count, 2))
    orders = list(permutations(range(count)))
    for order in orders:
        for place, k in enumerate(order):
            values[k] += worth(frozenset(order[: place + 1])) - worth(frozenset(order[:place]))
    return values / len(orders)


def test_the_glove_game() -> None:
    """One left glove and two right ones: a pair is worth 1 (textbook: 2/3, 1/6, 1/6)."""
    worths = {
        frozenset(k for k in range(3) if number >> k & 1): float(number & 1 and number > 1) for number in range(8)
    }

    assert shapley(3, game(worths))[:, 0] == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=1e-15)


@given(count=st.integers(0, 5), seed=st.integers(0, 10**6))
def test_it_is_the_mean_over_every_order_and_adds_up(count: int, seed: int) -> None:
    worth = random_game(count, seed)
    values = shapley(count, worth)

    assert values == pytest.approx(over_every_order(count, worth), abs=1e-12)
    assert values.sum(axis=0) == pytest.approx(worth(frozenset(range(count))) - worth(frozenset()), abs=1e-12)


@given(count=st.integers(1, 8), pairs=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_a_sample_adds_up_as_exactly(count: int, pairs: int, seed: int) -> None:
    worth = random_game(count, seed)
    values, errors = sampled_shapley(count, worth, pairs, np.random.default_rng(seed))

    assert values.sum(axis=0) == pytest.approx(worth(frozenset(range(count))) - worth(frozenset()), abs=1e-12)
    assert np.isinf(errors).all() if pairs == 1 else np.isfinite(errors).all()


def test_a_sample_lies_within_its_stated_error_of_the_exact_value() -> None:
    apart = []
    for seed in range(40):
        worth = random_game(6, seed)
        values, errors = sampled_shapley(6, worth, 40, np.random.default_rng(seed))
        apart.append(((values - shapley(6, worth)) / errors)[:, 0])
    z = np.concatenate(apart)

    assert abs(z.mean()) < 0.2
    assert 0.8 < z.std() < 1.25


def test_reversed_orders_split_two_causes_exactly() -> None:
    worth = random_game(2, 7)
    values, errors = sampled_shapley(2, worth, 2, np.random.default_rng(1))

    assert values == pytest.approx(shapley(2, worth), abs=1e-12)
    assert errors == pytest.approx(np.zeros((2, 2)), abs=1e-12)
