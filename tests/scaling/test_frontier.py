"""The frontier against its own mathematics: minimising the raw loss, closed forms and published values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from gambits.files.bundled import laws
from gambits.scaling.frontier import (
    LN_10,
    Constants,
    effective_compute,
    ln_parameters_fed,
    ln_wall,
    loss,
    loss_at,
    optimum,
)
from gambits.scaling.laws import load_law
from gambits.scaling.published import TAGS

PRESETS = ("besiroglu-2024", "chinchilla-2022", "chinchilla-2022-rounded", "muennighoff-2023")
WITH_A_LIMIT = ("besiroglu-2024", "muennighoff-2023")
PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "constants.json"

# (FLOP, unique tokens) from far below the wall to far beyond it.
PLACES = [
    (1e24, 15e12),
    (1e26, 15e12),
    (1e26, 2e12),
    (1e27, 15e12),
    (1e27, 30e12),
    (1e28, 10e12),
    (1e29, 1e12),
]


def constants(name: str) -> Constants:
    return load_law(name).central


def least(of_ln_parameters: Callable[[float], float], around: float) -> tuple[float, float]:
    """Minimise by SciPy a loss as a function of ln N: (ln N, loss)."""
    bounds = (around - 25, around + 25)
    found = minimize_scalar(of_ln_parameters, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    return float(found.x), float(found.fun)


def least_loss(law: Constants, flop: float, unique: float, *, parameters: float = 1, tokens: float = 1) -> float:
    """Minimise the loss with levers in the raw quantities: N times one factor, D and U times another."""

    def loss_of(ln_n: float) -> float:
        n = math.exp(ln_n)
        d = flop / (6 * n)
        return float(loss(law, parameters * n, tokens * d, tokens * unique))

    return least(loss_of, math.log(flop / 6) / 2)[1]


def points(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw (ln C, ln U), C from 1e22 to 1e30 FLOP and U from 1e11 to 1e15 tokens: shape (2, size)."""
    exponents = rng.uniform([[22], [11]], [[30], [15]], (2, size))
    return exponents * LN_10


@pytest.mark.parametrize("name", PRESETS)
def test_effective_compute_is_jointly_concave_in_the_logarithms_of_compute_and_of_tokens(name: str) -> None:
    rng = np.random.default_rng(2027)
    one, other = points(rng, 20_000), points(rng, 20_000)
    law = constants(name)

    middle = effective_compute(law, *(one + other) / 2).oom
    chord = (effective_compute(law, *one).oom + effective_compute(law, *other).oom) / 2

    assert (chord - middle).max() <= 1e-12


def test_any_law_of_this_form_is_jointly_concave() -> None:
    """The constants are drawn, as they will be where they are uncertain, and the pairs lie close together."""
    rng = np.random.default_rng(1)
    size = 20_000
    law = Constants(
        ln_a=rng.uniform(5, 8, size),
        ln_b=rng.uniform(5, 9, size),
        ln_e=rng.uniform(0.4, 0.7, size),
        alpha=rng.uniform(0.2, 0.6, size),
        beta=rng.uniform(0.2, 0.6, size),
        r_d=np.exp(rng.uniform(0, 5, size)),
        r_n=np.exp(rng.uniform(-1.5, 3.5, size)),
    )
    one = points(rng, size)
    other = one + rng.normal(0, 1, (2, size))

    middle = effective_compute(law, *(one + other) / 2).oom
    chord = (effective_compute(law, *one).oom + effective_compute(law, *other).oom) / 2

    assert (chord - middle).max() <= 1e-12


@pytest.mark.parametrize("name", PRESETS)
def test_slopes_are_those_of_central_differences(name: str) -> None:
    law, step = constants(name), 1e-5
    ln_c, ln_u = points(np.random.default_rng(3), 5_000)

    reach = effective_compute(law, ln_c, ln_u)

    def oom(by_compute: float, by_tokens: float) -> np.ndarray:
        return effective_compute(law, ln_c + by_compute, ln_u + by_tokens).oom

    assert reach.by_compute == pytest.approx((oom(step, 0) - oom(-step, 0)) / (2 * step), abs=1e-7)
    assert reach.by_tokens == pytest.approx((oom(0, step) - oom(0, -step)) / (2 * step), abs=1e-7)


@pytest.mark.parametrize("name", PRESETS)
def test_more_compute_and_more_tokens_never_lower_what_is_reached(name: str) -> None:
    reach = effective_compute(constants(name), *points(np.random.default_rng(4), 5_000))

    assert (reach.by_compute >= 0).all()
    assert (reach.by_tokens >= 0).all()
    assert (reach.by_compute <= 1 / LN_10 + 1e-15).all()


@pytest.mark.parametrize("name", PRESETS)
def test_the_loss_is_the_formula_of_the_paper(name: str) -> None:
    law = constants(name)
    rng = np.random.default_rng(5)
    for ln_n, ln_d, ln_u in zip(*rng.uniform([[18], [22], [22]], [[32], [36], [34]], (3, 200)), strict=True):
        n, d, u = math.exp(ln_n), math.exp(ln_d), math.exp(ln_u)
        if name in WITH_A_LIMIT:
            g = (law.alpha * math.exp(law.ln_a) / (law.beta * math.exp(law.ln_b))) ** (1 / (law.alpha + law.beta))
            u_d = min(d, u)
            u_n = min(n, g * (u * g) ** (law.beta / law.alpha))
            d = u_d + u_d * law.r_d * (1 - math.exp(-(d / u_d - 1) / law.r_d))
            n = u_n + u_n * law.r_n * (1 - math.exp(-(n / u_n - 1) / law.r_n))
        expected = math.exp(law.ln_e) + math.exp(law.ln_a) / n**law.alpha + math.exp(law.ln_b) / d**law.beta

        assert float(loss(law, math.exp(ln_n), math.exp(ln_d), u)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("parameters", "tokens", "expected"), [(6.34e9, 242e9, 2.2256), (8.67e9, 178e9, 2.2270)])
def test_the_loss_agrees_with_the_check_values_of_the_authors(
    parameters: float, tokens: float, expected: float
) -> None:
    """laws.md §1a: both of the authors' code, on 25e9 unique tokens."""
    found = float(loss(constants("muennighoff-2023"), parameters, tokens, 25e9))

    assert round(found, 4) == expected


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(("flop", "unique"), PLACES)
def test_effective_compute_is_where_the_least_loss_is_that_of_minimising_the_raw_loss(
    name: str, flop: float, unique: float
) -> None:
    law = constants(name)
    reach = effective_compute(law, math.log(flop), math.log(unique))
    without_limit = unique if name in WITH_A_LIMIT else 1e30

    assert float(loss_at(law, reach.oom)) == pytest.approx(least_loss(law, flop, without_limit), abs=1e-12)


@pytest.mark.parametrize("name", WITH_A_LIMIT)
@pytest.mark.parametrize("k", [0.5, 1.5, 2, 20])
@pytest.mark.parametrize(("flop", "unique"), PLACES)
def test_k_times_parameter_efficiency_is_k_times_compute(name: str, k: float, flop: float, unique: float) -> None:
    law = constants(name)
    by_lever = least_loss(law, flop, unique, parameters=k)

    assert by_lever == pytest.approx(least_loss(law, k * flop, unique), abs=1e-12)
    reach = effective_compute(law, math.log(flop) + math.log(k), math.log(unique))
    assert float(loss_at(law, reach.oom)) == pytest.approx(by_lever, abs=1e-12)


@pytest.mark.parametrize("name", WITH_A_LIMIT)
@pytest.mark.parametrize("k", [0.5, 1.5, 2, 20])
@pytest.mark.parametrize(("flop", "unique"), PLACES)
def test_k_times_data_efficiency_is_k_times_compute_and_k_times_unique_tokens(
    name: str, k: float, flop: float, unique: float
) -> None:
    law = constants(name)
    by_lever = least_loss(law, flop, unique, tokens=k)

    assert by_lever == pytest.approx(least_loss(law, k * flop, k * unique), abs=1e-12)
    reach = effective_compute(law, math.log(flop) + math.log(k), math.log(unique) + math.log(k))
    assert float(loss_at(law, reach.oom)) == pytest.approx(by_lever, abs=1e-12)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("flop", [1e22, 1e26, 1e30])
def test_without_a_data_limit_it_is_the_closed_form_of_chinchilla(name: str, flop: float) -> None:
    """Hoffmann et al. 2022: N = G (C/6)^a, L = E + A/N^α + B/D^β."""
    law = constants(name)
    a, b = math.exp(law.ln_a), math.exp(law.ln_b)
    g = (law.alpha * a / (law.beta * b)) ** (1 / (law.alpha + law.beta))
    n = g * (flop / 6) ** (law.beta / (law.alpha + law.beta))
    d = flop / 6 / n
    closed = math.exp(law.ln_e) + a / n**law.alpha + b / d**law.beta

    reach = effective_compute(law, math.log(flop), math.log(1e40))
    ln_n, ln_d = optimum(law, math.log(flop), math.log(1e40))

    assert float(reach.oom) == pytest.approx(math.log10(flop), abs=1e-13)
    assert float(reach.by_tokens) == 0
    assert float(loss_at(law, reach.oom)) == pytest.approx(closed, abs=1e-13)
    assert float(loss(law, n, d, 1e40)) == pytest.approx(closed, abs=1e-13)
    assert (float(ln_n), float(ln_d)) == pytest.approx((math.log(n), math.log(d)), abs=1e-12)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(("flop", "unique"), PLACES[:-1])  # at the last the loss is flat to its last digit
def test_the_best_model_is_the_one_that_brute_force_finds(name: str, flop: float, unique: float) -> None:
    law = constants(name)
    if name not in WITH_A_LIMIT:
        unique = 1e30
    ln_six = math.log(6)

    def loss_of(ln_n: np.ndarray) -> np.ndarray:
        return loss(law, np.exp(ln_n), np.exp(math.log(flop) - ln_six - ln_n), unique)

    # Ever finer grids: no derivative, no bracket, no law.
    low, high = math.log(1e6), math.log(1e17)
    for _ in range(8):
        grid = np.linspace(low, high, 1001)
        best = int(loss_of(grid).argmin())
        low, high = grid[max(best - 5, 0)], grid[min(best + 5, 1000)]
    ln_n, ln_d = optimum(law, math.log(flop), math.log(unique))

    # A minimum is flat: the loss tells models apart to a root of its own precision.
    assert float(ln_n) == pytest.approx((low + high) / 2, abs=1e-6)
    assert float(ln_n + ln_d) == pytest.approx(math.log(flop) - ln_six, abs=1e-12)
    assert float(loss_of(ln_n)) <= loss_of(grid).min() + 1e-14


def matching_compute(flop: float, unique: float) -> float:
    """Find how many times the compute is worth as much as 2 × data efficiency."""
    law = constants("muennighoff-2023")
    ln_c, ln_u, ln_2 = math.log(flop), math.log(unique), math.log(2)
    wanted = effective_compute(law, ln_c + ln_2, ln_u + ln_2).oom

    def missing(ln_k: float) -> float:
        return float(effective_compute(law, ln_c + ln_k, ln_u).oom - wanted)

    return math.exp(brentq(missing, 0, math.log(1e4)))


@pytest.mark.parametrize(
    ("flop", "unique", "expected"),
    [
        (1e25, 15e12, 2.00),
        (1e25, 30e12, 2.00),
        (1e26, 15e12, 2.07),
        (1e27, 30e12, 2.28),
        (1e27, 15e12, 2.94),
        (1e28, 30e12, 4.47),
    ],
)
def test_twice_the_data_efficiency_is_worth_the_compute_of_the_table(
    flop: float, unique: float, expected: float
) -> None:
    """laws.md §0.2, to the digits printed there."""
    assert round(matching_compute(flop, unique), 2) == expected


def test_far_beyond_the_wall_no_compute_is_worth_twice_the_data_efficiency() -> None:
    """laws.md §0.2: at 1e28 FLOP on 15T tokens, not matched by even 1e4 times the compute."""
    law, ln_2 = constants("muennighoff-2023"), math.log(2)
    ln_c, ln_u = math.log(1e28), math.log(15e12)

    by_data = effective_compute(law, ln_c + ln_2, ln_u + ln_2).oom
    by_compute = effective_compute(law, ln_c + math.log(1e4), ln_u).oom

    assert by_compute < by_data


def test_twice_the_compute_is_worth_little_beyond_the_wall() -> None:
    """design.md §3.1: 0.23 OOM at 1e27 FLOP and 15T tokens; 27.34 reached at 1e28 FLOP on 10T."""
    law = constants("muennighoff-2023")

    once = effective_compute(law, math.log(1e27), math.log(15e12)).oom
    twice = effective_compute(law, math.log(2e27), math.log(15e12)).oom
    deep = effective_compute(law, math.log(1e28), math.log(10e12)).oom

    assert round(float(twice - once), 2) == 0.23
    assert float(deep) == pytest.approx(27.34, abs=0.01)


@pytest.mark.parametrize(("unique", "median"), [(10e12, 4.0e25), (15e12, 9.2e25), (30e12, 3.9e26), (100e12, 4.7e27)])
def test_the_besiroglu_optimum_needs_these_tokens_at_about_the_compute_of_the_table(
    unique: float, median: float
) -> None:
    """laws.md §1b prints medians of a bootstrap; the published constants give 9 to 13 % less compute."""
    law = constants("besiroglu-2024")
    wall = float(ln_wall(law, math.log(unique)))

    assert math.exp(wall) == pytest.approx(median, rel=0.15)
    ln_n, ln_d = optimum(law, wall, math.log(unique))
    assert float(ln_d) == pytest.approx(math.log(unique), abs=1e-12)
    assert float(ln_n) == pytest.approx(float(ln_parameters_fed(law, math.log(unique))), abs=1e-12)


def test_chinchilla_ignores_the_stock_of_tokens() -> None:
    law = constants("chinchilla-2022")
    ln_tokens = np.log(10.0) * np.arange(3, 25)

    reach = effective_compute(law, math.log(1e27), ln_tokens)

    assert np.ptp(reach.oom) == 0
    assert (reach.by_tokens == 0).all()
    assert reach.by_compute == pytest.approx(np.full(ln_tokens.shape, 1 / LN_10))


@pytest.mark.parametrize("name", WITH_A_LIMIT)
def test_a_start_for_the_search_changes_no_result(name: str) -> None:
    law = constants(name)
    rng = np.random.default_rng(6)
    ln_c, ln_u = points(rng, 5_000)
    cold = effective_compute(law, ln_c, ln_u)

    for start in (cold.split, np.zeros(5_000), np.full(5_000, 1e3), rng.uniform(0, 30, 5_000)):
        warm = effective_compute(law, ln_c, ln_u, start)
        assert warm.oom == pytest.approx(cold.oom, abs=1e-13)
        assert warm.by_compute == pytest.approx(cold.by_compute, abs=1e-11)


def test_draws_by_periods_give_what_each_gives_alone() -> None:
    """Constants of shape (R, 1) against compute and tokens of shape (R, K)."""
    rng = np.random.default_rng(7)
    alpha, r_d = rng.uniform(0.3, 0.4, (4, 1)), rng.uniform(5, 20, (4, 1))
    ln_c, ln_u = (part.reshape(4, 3) for part in points(rng, 12))

    together = effective_compute(Constants(6.2, 7.3, 0.6, alpha, 0.36, r_d, 5.3), ln_c, ln_u)

    for r in range(4):
        law = Constants(6.2, 7.3, 0.6, float(alpha[r, 0]), 0.36, float(r_d[r, 0]), 5.3)
        for k in range(3):
            alone = effective_compute(law, ln_c[r, k], ln_u[r, k])
            assert together.oom[r, k] == pytest.approx(float(alone.oom), abs=1e-13)
            assert together.by_tokens[r, k] == pytest.approx(float(alone.by_tokens), abs=1e-12)


@pytest.mark.parametrize(("ln_c", "ln_u"), [(math.nan, 30.0), (62.0, math.nan)])
def test_nan_in_gives_nan_out(ln_c: float, ln_u: float) -> None:
    """As ``effective_compute`` promises: one NaN among the draws must not pass for a number."""
    reach = effective_compute(constants("muennighoff-2023"), np.array([ln_c, 62.0]), np.array([ln_u, 30.0]))

    assert np.isnan(reach.oom).tolist() == [True, False]


@pytest.mark.parametrize("name", WITH_A_LIMIT)
def test_extremes_stay_finite(name: str) -> None:
    reach = effective_compute(constants(name), np.log([1e22, 1e35, 1e60]), np.log([1e30, 1e9, 1e3]))

    assert np.isfinite(reach.oom).all()
    assert np.isfinite(reach.by_tokens).all()


# Names of the published constants in constants.json, and the logarithm's where the preset has that one.
_ELSEWHERE = {
    "muennighoff-2023": (
        "muennighoff2023",
        {"ln_A": "log_A", "ln_B": "log_B", "ln_E": "log_E", "R_D": "R_D_star", "R_N": "R_N_star"},
    ),
    "besiroglu-2024": ("besiroglu2024", {}),
    "chinchilla-2022": ("hoffmann2022_tex_unrounded", {"ln_A": "A", "ln_B": "B", "ln_E": "E"}),
    "chinchilla-2022-rounded": ("hoffmann2022_rounded", {}),
}


@pytest.mark.parametrize("name", PRESETS)
def test_the_constants_are_those_published(name: str) -> None:
    if not PUBLISHED.is_file():
        pytest.skip("the published constants (shared/data/constants.json) are not beside this checkout")
    listed = json.loads(PUBLISHED.read_text())["constants"]
    known = {(each["law"], each["constant"]): each for each in listed}
    law, names = _ELSEWHERE[name]

    for constant in load_law(name).constants.values():
        key = (law, names.get(constant.name, constant.name))
        # Besiroglu et al. fit no repetition: that pair is Muennighoff's.
        published = known.get(key) or known["muennighoff2023", f"{constant.name}_star"]
        is_logarithm = constant.name.startswith("ln_") and not key[1].startswith("log_")
        value = math.exp(constant.value) if is_logarithm else constant.value

        # The file has the constants of the TeX source to six decimals, the others as they are in the preset.
        digits = 2e-6 if name == "chinchilla-2022" else 1e-12
        assert value == pytest.approx(published["value"], rel=digits), constant
        assert constant.tag == published["provenance"]
        low, high = constant.interval or (None, None)
        assert (low, high if high != math.inf else None) == (published["lo"], published["hi"])
        assert constant.level == published["ci"]


@pytest.mark.parametrize("name", sorted(laws()))
def test_every_constant_of_a_preset_has_a_tag_and_the_law_a_source(name: str) -> None:
    law = load_law(name)

    assert law.source
    assert law.note
    assert law.fitted_to > 0
    assert {each.tag for each in law.constants.values()} <= set(TAGS)


def test_the_presets_are_these_four() -> None:
    assert tuple(sorted(laws())) == PRESETS
