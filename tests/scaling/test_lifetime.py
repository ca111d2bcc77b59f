"""The frontier when one budget trains the flagship and serves it: published examples, brute force, concavity."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from gambits.scaling.effects.serving import cheapest_over_life, constants_of
from gambits.scaling.frontier import LN_10, Constants, Reach, effective_compute, ln_wall, loss, loss_at, optimum
from gambits.scaling.laws import load_law

PRESETS = ("besiroglu-2024", "chinchilla-2022", "chinchilla-2022-rounded", "muennighoff-2023")
WITH_A_LIMIT = ("besiroglu-2024", "muennighoff-2023")
ENDLESS = 1e40

# (lifetime FLOP, unique tokens, tokens served), from next to no load to one that is most of the budget.
PLACES = [
    (1e24, 15e12, 1e10),
    (1e26, 15e12, 1e14),
    (1e26, 2e12, 1e13),
    (1e27, 15e12, 1e12),
    (2e27, 15e12, 1e15),
    (1e28, 10e12, 1e14),
    (1e29, 1e12, 1e13),
]


def constants(name: str) -> Constants:
    return load_law(name).central


def points(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw (ln C, ln U, ln T): 1e22 to 1e30 FLOP, 1e11 to 1e15 tokens, 1e8 to 1e18 served; shape (3, size)."""
    exponents = rng.uniform([[22], [11], [8]], [[30], [15], [18]], (3, size))
    return exponents * LN_10


def reached(law: Constants, at: np.ndarray, start: np.ndarray | None = None) -> Reach:
    return effective_compute(law, at[0], at[1], start, at[2])


def least_loss(law: Constants, flop: float, unique: float, served: float, k_n: float = 1, k_d: float = 1) -> float:
    """Minimise the raw loss over N, D taking what 6ND + 2NT ≤ C leaves; levers multiply N, and D and U."""

    def loss_of(ln_n: float) -> float:
        n = math.exp(ln_n)
        d = (flop / n - 2 * served) / 6
        return math.inf if d <= 0 else float(loss(law, k_n * n, k_d * d, k_d * unique))

    return least(loss_of, math.log(flop / (2 * served)))


def least(of: Callable[[float], float], below: float) -> float:
    """Minimise below a limit, piece by piece, since a bounded search may start where nothing is finite."""
    edges = np.linspace(max(below - 60, 0), below, 16)
    found = (
        minimize_scalar(of, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
        for low, high in pairwise(edges)
    )
    return float(min(each.fun for each in found))


@pytest.mark.parametrize("name", PRESETS)
def test_effective_compute_is_jointly_concave_in_the_logarithms_of_compute_tokens_and_tokens_served(name: str) -> None:
    """What lets a linear programme stand in for the law: 20,000 pairs, far apart and close together."""
    rng = np.random.default_rng(2027)
    one = points(rng, 20_000)
    other = np.concatenate([points(rng, 10_000), one[:, 10_000:] + rng.normal(0, 0.5, (3, 10_000))], axis=1)
    law = constants(name)

    middle = reached(law, (one + other) / 2).oom
    chord = (reached(law, one).oom + reached(law, other).oom) / 2

    assert (chord - middle).max() <= 1e-12


def test_any_law_of_this_form_is_jointly_concave() -> None:
    rng = np.random.default_rng(1)
    size = 20_000
    law = Constants(
        ln_a=rng.uniform(5, 8, size),
        ln_b=rng.uniform(5, 9, size),
        ln_e=rng.uniform(0.4, 0.7, size),
        alpha=rng.uniform(0.2, 1.2, size),
        beta=rng.uniform(0.2, 1.2, size),
        r_d=np.exp(rng.uniform(0, 5, size)),
        r_n=np.exp(rng.uniform(-1.5, 3.5, size)),
    )
    one = points(rng, size)
    other = one + rng.normal(0, 1, (3, size))

    middle = reached(law, (one + other) / 2).oom
    chord = (reached(law, one).oom + reached(law, other).oom) / 2

    assert (chord - middle).max() <= 1e-12


@pytest.mark.parametrize("name", PRESETS)
def test_slopes_are_those_of_central_differences_and_of_the_right_sign(name: str) -> None:
    law, step = constants(name), 1e-5
    at = points(np.random.default_rng(3), 5_000)

    reach = reached(law, at)

    for row, slope in enumerate((reach.by_compute, reach.by_tokens, reach.by_served)):
        move = np.zeros((3, 1))
        move[row] = step
        assert slope == pytest.approx((reached(law, at + move).oom - reached(law, at - move).oom) / 2e-5, abs=1e-7)
    assert reach.by_served is not None
    assert (reach.by_compute >= 0).all()
    assert (reach.by_tokens >= 0).all()
    assert (reach.by_served <= 0).all()


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(("flop", "unique", "served"), PLACES)
def test_it_is_where_the_least_loss_is_that_of_minimising_the_raw_loss(
    name: str, flop: float, unique: float, served: float
) -> None:
    law = constants(name)
    stock = unique if name in WITH_A_LIMIT else ENDLESS
    at = math.log(flop), math.log(unique), math.log(served)

    reach = reached(law, np.array(at))
    ln_n, ln_d = optimum(law, *at)

    assert float(loss_at(law, reach.oom)) == pytest.approx(least_loss(law, flop, stock, served), abs=1e-12)
    n, d = math.exp(float(ln_n)), math.exp(float(ln_d))
    assert 6 * n * d + 2 * n * served == pytest.approx(flop, rel=1e-9)
    assert float(loss(law, n, d, stock)) == pytest.approx(float(loss_at(law, reach.oom)), abs=1e-12)


SARDANA = constants_of("sardana-2023")[0]
EXAMPLES = [
    pytest.param(13e9, 2e12, 7.0e9, 1.25e12, 0.174, id="13B serving 2T"),
    pytest.param(30e9, 5e12, 16.4e9, 3.26e12, 0.163, id="30B serving 5T"),
    pytest.param(70e9, 10e12, 41.6e9, 7.92e12, 0.119, id="70B serving 10T"),
]


@pytest.mark.parametrize(("instead_of", "served", "parameters", "tokens", "saving"), EXAMPLES)
def test_the_three_examples_of_sardana(
    instead_of: float, served: float, parameters: float, tokens: float, saving: float
) -> None:
    """Sardana et al. 2023 (R2): 7B, 17 %; 16.4B on 3.27T, 16 %; 41.6B on 7.92T, 12 %.

    With what training and serving the smaller model take, the frontier reaches as far as the compute-optimal model
    that it stands in for, whose serving costs more.
    """
    g = (SARDANA.alpha * math.exp(SARDANA.ln_a) / (SARDANA.beta * math.exp(SARDANA.ln_b))) ** (
        1 / (SARDANA.alpha + SARDANA.beta)
    )
    training = 6 * (instead_of / g) ** ((SARDANA.alpha + SARDANA.beta) / SARDANA.beta)
    lifetime = (1 - saving) * (training + 2 * instead_of * served)
    at = math.log(lifetime), math.log(1e13), math.log(served)

    reach = reached(SARDANA, np.array(at))
    ln_n, ln_d = optimum(SARDANA, *at)

    assert math.exp(float(ln_n)) == pytest.approx(parameters, rel=5e-3)
    assert math.exp(float(ln_d)) == pytest.approx(tokens, rel=5e-3)
    assert 10 ** float(reach.oom) == pytest.approx(training, rel=2e-3)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("served", [1e13, 1e15])
def test_it_is_the_other_side_of_the_least_cost_at_a_given_loss(name: str, served: float) -> None:
    """``overtrain`` looks for the least compute of a loss, the frontier for the least loss of some compute."""
    law, training, unique = constants(name), 1e27, 15e12
    cheapest = cheapest_over_life(law, training, served, unique)
    lifetime = 6 * cheapest.parameters * cheapest.tokens + 2 * cheapest.parameters * served

    there = reached(law, np.log([lifetime, unique, served]))
    without = effective_compute(law, math.log(training), math.log(unique))

    assert float(there.oom) == pytest.approx(float(without.oom), abs=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_served_is_the_frontier_of_training_to_the_last_bit(name: str) -> None:
    law = constants(name)
    ln_c, ln_u, _ = points(np.random.default_rng(8), 1_000)
    plain = effective_compute(law, ln_c, ln_u)

    none = effective_compute(law, ln_c, ln_u, ln_served=-math.inf)
    little = effective_compute(law, ln_c, ln_u, ln_served=math.log(1e-3))

    assert plain.by_served is None
    for one, other in ((plain.oom, none.oom), (plain.by_compute, none.by_compute), (plain.by_tokens, none.by_tokens)):
        assert np.array_equal(one, other)
    assert none.by_served is not None
    assert not none.by_served.any()
    assert little.oom == pytest.approx(plain.oom, abs=1e-12)
    assert little.by_tokens == pytest.approx(plain.by_tokens, abs=1e-9)


def test_draws_that_serve_and_draws_that_do_not_stand_side_by_side() -> None:
    law = constants("muennighoff-2023")
    ln_c, ln_u = math.log(2e27), math.log(15e12)

    both = effective_compute(law, ln_c, ln_u, ln_served=np.array([math.log(1e14), -math.inf]))

    assert float(both.oom[0]) == float(effective_compute(law, ln_c, ln_u, ln_served=math.log(1e14)).oom)
    assert float(both.oom[1]) == float(effective_compute(law, ln_c, ln_u).oom)


@pytest.mark.parametrize("name", WITH_A_LIMIT)
@pytest.mark.parametrize("k", [0.5, 3])
@pytest.mark.parametrize(("flop", "unique", "served"), PLACES)
def test_levers_are_shifts_of_compute_tokens_and_tokens_served(
    name: str, k: float, flop: float, unique: float, served: float
) -> None:
    """k × parameters is k × compute; k × data efficiency is k × compute, k × tokens and k × tokens served."""
    law = constants(name)
    at, shift = np.log([flop, unique, served]), math.log(k)

    by_parameters = reached(law, at + np.array([shift, 0, 0])).oom
    by_data = reached(law, at + shift).oom

    of_parameters = least_loss(law, flop, unique, served, k_n=k)
    of_data = least_loss(law, flop, unique, served, k_d=k)
    assert float(loss_at(law, by_parameters)) == pytest.approx(of_parameters, abs=1e-12)
    assert float(loss_at(law, by_data)) == pytest.approx(of_data, abs=1e-12)


@pytest.mark.parametrize("name", WITH_A_LIMIT)
@pytest.mark.parametrize("served", [1e12, 1e14, 1e16])
def test_the_wall_is_where_the_optimum_sees_every_token_once(name: str, served: float) -> None:
    law, ln_u, ln_t = constants(name), math.log(15e12), math.log(served)

    wall = float(ln_wall(law, ln_u, ln_t))
    _, ln_d = optimum(law, wall, ln_u, ln_t)

    assert float(ln_d) == pytest.approx(ln_u, abs=1e-9)
    assert wall < float(ln_wall(law, ln_u))


@pytest.mark.parametrize("name", PRESETS)
def test_a_start_for_the_search_changes_no_result(name: str) -> None:
    law, rng = constants(name), np.random.default_rng(6)
    at = points(rng, 5_000)
    cold = reached(law, at)

    for start in (cold.split, np.zeros(5_000), np.full(5_000, 1e3), rng.uniform(-50, 50, 5_000)):
        warm = reached(law, at, start)
        assert warm.oom == pytest.approx(cold.oom, abs=1e-13)
        assert warm.by_served == pytest.approx(cold.by_served, abs=1e-10)


def test_draws_by_periods_give_what_each_gives_alone() -> None:
    """Constants and tokens served of shape (R, 1) against compute and tokens of shape (R, K)."""
    rng = np.random.default_rng(7)
    alpha, r_d = rng.uniform(0.3, 0.4, (4, 1)), rng.uniform(5, 20, (4, 1))
    ln_c, ln_u, ln_t = points(rng, 12).reshape(3, 4, 3)
    ln_t = ln_t[:, :1]

    together = effective_compute(Constants(6.2, 7.3, 0.6, alpha, 0.36, r_d, 5.3), ln_c, ln_u, ln_served=ln_t)

    for r, k in np.ndindex(4, 3):
        law = Constants(6.2, 7.3, 0.6, float(alpha[r, 0]), 0.36, float(r_d[r, 0]), 5.3)
        alone = effective_compute(law, ln_c[r, k], ln_u[r, k], ln_served=ln_t[r, 0])
        assert together.oom[r, k] == pytest.approx(float(alone.oom), abs=1e-13)


def test_nan_in_gives_nan_out_and_extremes_stay_finite() -> None:
    law = constants("muennighoff-2023")
    at = np.array([[62.0, math.nan, 62.0, 62.0], [30.0, 30.0, math.nan, 30.0], [30.0, 30.0, 30.0, math.nan]])

    assert np.isnan(reached(law, at).oom).tolist() == [False, True, True, True]
    extreme = reached(law, np.log([[1e22, 1e35, 1e60, 1e24], [1e30, 1e9, 1e3, 1e13], [1e3, 1e20, 1e30, 1e30]]))
    assert np.isfinite([extreme.oom, extreme.by_compute, extreme.by_tokens, extreme.by_served]).all()
