"""Fits: constants that are known come back, published ones reproduce, and what runs do not say is not claimed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

from gambits.errors import InputError
from gambits.scaling.fit.descent import descend
from gambits.scaling.fit.extrapolate import extrapolate, groups_of
from gambits.scaling.fit.fitting import fit_law, make_target
from gambits.scaling.fit.law_file import draws_text, law_text
from gambits.scaling.fit.losses import LOSSES
from gambits.scaling.fit.result import Fit, Options
from gambits.scaling.fit.runs import Runs, read_runs
from gambits.scaling.fit.search import HOFFMANN, find_optimum
from gambits.scaling.fit.verdict import Doubt, constants_of, find_doubts
from gambits.scaling.frontier import Constants, loss
from gambits.scaling.laws import load_law

MakeRuns = Callable[..., Runs]
Published = Callable[[str], Path]
QUICK = Options(resamples=0)


def fitted(runs: Runs, options: Options = QUICK, seed: int = 2027) -> Fit:
    return fit_law(runs, options, np.random.default_rng(seed))


def optimum(runs: Runs, options: Options = QUICK) -> dict[str, float]:
    target = make_target(runs, options)
    return constants_of(target.form.names, find_optimum(target, LOSSES[options.loss]))


# What a fit moves, and by how much.


@pytest.mark.parametrize("repeats", [False, True])
def test_slopes_are_those_of_the_predicted_log_loss(make_runs: MakeRuns, *, repeats: bool) -> None:
    target = make_target(make_runs(repeats=repeats), QUICK)
    place = np.array([6.1, 7.4, 0.6, 0.33, 0.37, math.log(9), math.log(4)])

    slopes = target.surface.slopes(place[np.newaxis], target.surface.at(place[np.newaxis]))[0]

    for run in (0, 13, 29):
        numeric = approx_fprime(place, lambda at, run=run: target.surface.at(at[np.newaxis]).ln_loss[0, run], 1e-7)
        assert slopes[:, run] == pytest.approx(numeric, rel=1e-4, abs=1e-7)


def test_a_fit_predicts_what_the_frontier_says_of_its_constants(make_runs: MakeRuns) -> None:
    runs = make_runs(repeats=True)
    place = np.array([6.1, 7.4, 0.6, 0.33, 0.37, math.log(9), math.log(4)])

    predicted = make_target(runs, QUICK).surface.at(place[np.newaxis]).ln_loss[0]

    law = Constants(6.1, 7.4, 0.6, 0.33, 0.37, 9.0, 4.0)
    assert np.exp(predicted) == pytest.approx(loss(law, runs.parameters, runs.tokens, runs.unique), rel=1e-12)


# Known constants come back.

LAWS = st.fixed_dictionaries(
    {
        "A": st.floats(20, 5000),
        "B": st.floats(20, 20000),
        "E": st.floats(0.5, 3),
        "alpha": st.floats(0.2, 0.5),
        "beta": st.floats(0.2, 0.5),
    }
)


@settings(max_examples=15)
@given(law=LAWS, name=st.sampled_from(sorted(LOSSES)))
def test_runs_made_from_constants_give_them_back(make_runs: MakeRuns, law: dict[str, float], name: str) -> None:
    found = optimum(make_runs(**law), Options(loss=name))

    assert found == pytest.approx(law, rel=1e-4)


@settings(max_examples=6)
@given(r_d=st.floats(3, 40), r_n=st.floats(2, 20), alpha=st.floats(0.3, 0.4))
def test_runs_that_repeat_tokens_give_back_what_repetition_is_worth(
    make_runs: MakeRuns, r_d: float, r_n: float, alpha: float
) -> None:
    found = optimum(make_runs(repeats=True, R_D=r_d, R_N=r_n, alpha=alpha))

    assert (found["R_D"], found["R_N"], found["alpha"]) == pytest.approx((r_d, r_n, alpha), rel=1e-3)


def test_a_tied_fit_gives_one_exponent_and_the_constants_of_a_law_that_has_one(make_runs: MakeRuns) -> None:
    found = optimum(make_runs(alpha=0.35, beta=0.35), Options(tie=True))

    assert found["alpha"] == found["beta"]
    assert found["alpha"] == pytest.approx(0.35, rel=1e-6)
    assert found["B"] == pytest.approx(1900, rel=1e-5)


def test_with_the_rest_held_only_repetition_is_fitted(make_runs: MakeRuns, true: dict[str, float]) -> None:
    held = load_law("muennighoff-2023")
    law = {name: math.exp(value.value) for name, value in held.constants.items() if name.startswith("ln_")}
    like_it = {name.removeprefix("ln_"): value for name, value in law.items()} | {"alpha": 0.3526596, "beta": 0.3526596}

    found = optimum(make_runs(repeats=True, **like_it), Options(held=held))

    assert set(found) == {"R_D", "R_N"}
    assert (found["R_D"], found["R_N"]) == pytest.approx((true["R_D"], true["R_N"]), rel=1e-4)


def test_the_order_of_runs_changes_nothing(make_runs: MakeRuns) -> None:
    runs = make_runs(noise=0.01)
    order = np.random.default_rng(3).permutation(len(runs.loss))
    other = replace(runs, parameters=runs.parameters[order], tokens=runs.tokens[order], loss=runs.loss[order])

    assert optimum(other) == pytest.approx(optimum(runs), rel=1e-5)


def test_no_general_optimiser_finds_less(make_runs: MakeRuns) -> None:
    """L-BFGS-B of SciPy, on an objective written out here, from the optimum and from Hoffmann's constants."""
    runs = make_runs(noise=0.01)
    ln_n, ln_d, ln_loss = np.log(runs.parameters), np.log(runs.tokens), np.log(runs.loss)

    def objective(place: np.ndarray) -> float:
        ln_a, ln_b, ln_e, alpha, beta = place
        predicted = np.log(np.exp(ln_a - alpha * ln_n) + np.exp(ln_b - beta * ln_d) + np.exp(ln_e))
        size = np.abs(predicted - ln_loss)
        return 1e3 * float(np.where(size <= 1e-3, size**2 / 2, 1e-3 * (size - 5e-4)).sum())

    fit = fitted(runs)

    found = [math.log(fit.constants[name]) for name in "ABE"] + [fit.constants["alpha"], fit.constants["beta"]]
    assert 1e3 * fit.objective == pytest.approx(objective(np.array(found)), rel=1e-9)
    for start in (found, HOFFMANN):
        assert minimize(objective, start, method="L-BFGS-B").fun >= 1e3 * fit.objective * (1 - 1e-7)


def test_one_run_gone_wrong_moves_a_robust_fit_less_than_least_squares(make_runs: MakeRuns) -> None:
    runs = make_runs(noise=0.003)
    spoiled = runs.loss.copy()
    spoiled[-1] *= 1.2
    moved = {}
    for name in LOSSES:
        before, after = (optimum(each, Options(loss=name)) for each in (runs, replace(runs, loss=spoiled)))
        moved[name] = abs(after["E"] / before["E"] - 1)

    assert moved["huber"] < moved["square"] / 5
    assert moved["absolute"] < moved["square"] / 5


# How sure it is.


def test_intervals_hold_the_truth_and_narrow_with_less_noise(make_runs: MakeRuns, true: dict[str, float]) -> None:
    loose, tight = (fitted(make_runs(noise=noise), Options(resamples=300)) for noise in (0.01, 0.002))

    for name in ("A", "B", "E", "alpha", "beta"):
        low, high = loose.intervals[name]
        assert low < true[name] < high
        assert tight.intervals[name][1] - tight.intervals[name][0] < (high - low) / 2


def test_the_choice_of_loss_is_in_the_draws(make_runs: MakeRuns) -> None:
    fit = fitted(make_runs(noise=0.01), Options(resamples=90))

    assert [fit.draws.losses.count(name) for name in LOSSES] == [30, 30, 30]
    assert set(fit.by_loss) == set(LOSSES)
    assert fit.by_loss["huber"] == fit.constants


def test_extrapolation_is_tested_on_the_runs_of_most_compute(make_runs: MakeRuns) -> None:
    runs = make_runs(noise=0.005)

    found = fitted(runs).extrapolation

    assert found is not None
    assert found.trained_to < found.predicted_to == runs.compute.max()
    assert found.predicted == int((runs.compute > found.trained_to).sum())
    assert 0 < found.mean < 0.02
    assert found.largest >= found.mean


def test_where_the_lower_runs_are_too_few_extrapolation_is_not_tested_and_that_is_said(make_runs: MakeRuns) -> None:
    runs = make_runs(noise=0.002).only([place in (0, 3, 8, 10, 14, 17, 21, 25, 28) for place in range(30)])

    fit = fitted(runs)

    assert fit.extrapolation is None
    assert any("too few" in warning for warning in fit.warnings)


def test_each_group_of_like_compute_is_predicted_from_the_others(make_runs: MakeRuns) -> None:
    runs = make_runs(noise=0.005)

    fit = fitted(runs)

    assert sum(each.runs for each in fit.left_out) == len(runs.loss)
    for one, other in pairwise(fit.left_out):
        assert one.low <= one.high < other.low <= other.high
    for each in fit.left_out:
        assert 0 < each.mean <= each.largest < 0.05
    exact = fitted(make_runs())
    assert max(each.largest for each in exact.left_out) < 1e-6, "runs of the law itself are foretold exactly"


def test_a_group_left_out_is_what_a_fit_without_it_misses(make_runs: MakeRuns) -> None:
    runs = make_runs(noise=0.01)
    group = fitted(runs).left_out[0]
    kept = (runs.compute < group.low) | (runs.compute > group.high)

    alone = fitted(runs.only(kept), Options(resamples=0))
    law = alone.constants
    predicted = law["E"] + law["A"] / runs.parameters ** law["alpha"] + law["B"] / runs.tokens ** law["beta"]

    assert np.abs(predicted / runs.loss - 1)[~kept].mean() == pytest.approx(group.mean, rel=1e-4)


def test_budgets_of_a_sweep_are_its_groups() -> None:
    budgets = np.repeat([18.0, 19.0, 20.0, 21.0], 5) + np.tile([-0.02, -0.01, 0, 0.01, 0.02], 4)

    groups = groups_of(budgets)

    assert [group.sum() for group in groups] == [5, 5, 5, 5]
    assert [group.sum() for group in groups_of(np.linspace(18, 21, 240))] == [30] * 8


def test_it_is_said_how_well_the_ends_of_an_interval_are_known(make_runs: MakeRuns) -> None:
    """Against the scatter over seeds, which is what it stands for."""
    runs = make_runs(noise=0.01)
    fits = [fitted(runs, Options(resamples=400), seed) for seed in range(6)]

    scatter = max(
        np.std([fit.intervals[name][side] for fit in fits], ddof=1) / fits[0].intervals[name][side]
        for name in fits[0].intervals
        for side in (0, 1)
    )
    told = [fit.end_error for fit in fits]

    assert all(error is not None and scatter / 3 < error < 3 * scatter for error in told)
    assert fitted(runs, Options(resamples=100)).end_error is None


# What the runs do not say.


def doubts(runs: Runs) -> list[Doubt]:
    """Give the doubts at the optimum alone: without resamples, and under one loss."""
    target = make_target(runs, QUICK)
    return find_doubts(target, find_optimum(target, LOSSES["huber"]), {})


def test_an_optimum_at_a_limit_is_doubted(make_runs: MakeRuns) -> None:
    """Loss that falls ever faster has no floor: E goes to its limit."""
    runs = make_runs()
    curved = np.exp(3 - 0.004 * (np.log(runs.parameters * runs.tokens) - 38) ** 2 / 4)

    found = doubts(replace(runs, loss=curved))

    assert any(not doubt.interior and "at the limit of the search" in doubt.message for doubt in found)


def test_sizes_beyond_every_stock_of_tokens_leave_the_law_a_mix(make_runs: MakeRuns) -> None:
    """Where every model is larger than its tokens feed, A, α and R_N cannot be told apart."""
    runs = make_runs()
    starved = replace(runs, unique=np.full_like(runs.tokens, 1e6))
    law = Constants(math.log(450), math.log(1900), math.log(1.8), 0.34, 0.36, 12.0, 7.0)

    found = doubts(replace(starved, loss=loss(law, starved.parameters, starved.tokens, starved.unique)))

    assert {"A", "alpha", "R_N"} & {doubt.constant for doubt in found}


def test_a_doubt_about_the_law_itself_is_refused_whatever_may_be_drawn(make_runs: MakeRuns) -> None:
    runs = make_runs(noise=0.1).only([place % 2 == 0 for place in range(30)])

    fit = fitted(runs, Options(resamples=100, draw_unidentified=True))

    assert {problem.code for problem in fit.refusals} <= {"fit-not-identified", "fit-at-limit"}
    assert fit.refusals
    assert fit.to_dict()["status"] == "refused"


def test_repetition_that_no_run_shows_is_not_identified_and_drawn_from_all_values(make_runs: MakeRuns) -> None:
    """No model outgrows what its tokens feed, so R_N may be anything."""
    runs = make_runs()
    kept = runs.tokens / runs.parameters > 60
    small = runs.only(kept)
    small = replace(small, unique=small.tokens / np.tile([1, 2, 3], 4))
    law = Constants(math.log(450), math.log(1900), math.log(1.8), 0.34, 0.36, 12.0, 7.0)
    small = replace(small, loss=loss(law, small.parameters, small.tokens, small.unique))

    fit = fitted(small, Options(resamples=200))

    assert fit.constants["A"] == pytest.approx(450, rel=1e-3)
    assert "R_N" in {doubt.constant for doubt in fit.doubts}
    column = fit.names.index("ln_R_N")
    assert np.ptp(fit.draws.free[:, column]) > math.log(1e4)


def test_sound_runs_leave_no_doubt(make_runs: MakeRuns) -> None:
    fit = fitted(make_runs(noise=0.002, repeats=True), Options(resamples=100))

    assert fit.doubts == ()
    assert fit.refusals == ()
    assert fit.ridge == ()


def test_copies_of_rows_are_pointed_out(make_runs: MakeRuns) -> None:
    runs = make_runs(noise=0.002)
    twice = replace(
        runs,
        parameters=np.append(runs.parameters, runs.parameters[:2]),
        tokens=np.append(runs.tokens, runs.tokens[:2]),
        loss=np.append(runs.loss, runs.loss[:2]),
        lines=(*runs.lines, 32, 33),
    )

    assert any("2 rows are copies" in warning for warning in fitted(twice).warnings)


# Law files.


def test_a_law_file_says_what_was_fitted_and_where_the_rest_is_from(make_runs: MakeRuns, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    fit = fit_law(make_runs(noise=0.005), Options(resamples=300), rng)
    tmp_path.joinpath("ours-draws.csv").write_text(draws_text(fit, rng), encoding="utf-8")
    tmp_path.joinpath("ours.yaml").write_text(law_text(fit, "ours-draws.csv", 5), encoding="utf-8")

    law = load_law("ours.yaml", tmp_path)

    assert (law.constants["A"].value, law.constants["A"].tag) == (pytest.approx(fit.constants["A"]), "OWN")
    assert law.constants["A"].interval == pytest.approx(fit.spans["A"])
    assert law.constants["A"].level == 0.95
    assert law.constants["R_D"].value == 15.387756
    assert "muennighoff-2023" in law.constants["R_D"].note
    assert law.fitted_to == pytest.approx(fit.runs.compute.max())
    assert "runs.csv" in law.source
    drawn = law.drawn((np.arange(300) + 0.5) / 300)
    for name, values in {"A": np.exp(drawn.ln_a), "E": np.exp(drawn.ln_e), "beta": drawn.beta}.items():
        assert np.quantile(values, (0.025, 0.975)) == pytest.approx(law.constants[name].interval, rel=1e-3)
    assert np.unique(drawn.r_d).size > 100


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_draws(make_runs: MakeRuns) -> None:
    def files(seed: int) -> tuple[str, str]:
        rng = np.random.default_rng(seed)
        fit = fit_law(make_runs(noise=0.005), Options(resamples=60), rng)
        return law_text(fit, "draws.csv", seed), draws_text(fit, rng)

    assert files(1) == files(1)
    assert files(1)[1] != files(2)[1]


def test_a_law_with_held_constants_says_whose_they_are(make_runs: MakeRuns, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    options = Options(held=load_law("muennighoff-2023"), resamples=90, draw_unidentified=True)
    fit = fit_law(make_runs(repeats=True, noise=0.005), options, rng)
    tmp_path.joinpath("draws.csv").write_text(draws_text(fit, rng), encoding="utf-8")
    tmp_path.joinpath("ours.yaml").write_text(law_text(fit, "draws.csv", 5), encoding="utf-8")

    law = load_law("ours.yaml", tmp_path)

    assert law.central.ln_a == pytest.approx(6.255414)
    assert (law.constants["A"].tag, law.constants["A"].note) == ("R1", "from muennighoff-2023")
    assert law.constants["R_D"].tag == "OWN"
    assert np.unique(law.drawn(np.linspace(0, 0.99, 90)).ln_a).size > 10


# Published fits (laws.md, section 2). The runs are not shipped: they carry no licence of their own.


@pytest.fixture(scope="module")
def chinchilla(published: Published) -> Runs:
    """The digitised runs of Hoffmann et al. 2022 (epoch-research/analyzing-chinchilla)."""
    return read_runs(published("chinchilla_svg_extracted_data.csv"))


@pytest.fixture(scope="module")
def chinchilla_fit(chinchilla: Runs) -> Fit:
    """Fitted without the five runs of the highest loss, as Besiroglu et al. 2024 do."""
    return fitted(chinchilla, Options(drop_worst=5))


@pytest.fixture(scope="module")
def repeated(published: Published) -> Runs:
    """The 182 runs of Muennighoff et al. 2023 behind their published R_D and R_N (huggingface/datablations)."""
    return read_runs(published("datablations_c4_runs.csv"), where={"subset": "fit182"})


def test_the_chinchilla_runs_give_the_best_of_the_published_grid(chinchilla_fit: Fit) -> None:
    """Besiroglu et al. 2024 (arXiv 2404.10102), the grid's best of their notebook: objective .001018274035."""
    best = {"A": 477.8417, "B": 2143.864, "E": 1.817236, "alpha": 0.347313, "beta": 0.367183}

    assert len(chinchilla_fit.runs.loss) == 240
    assert chinchilla_fit.constants == pytest.approx(best, rel=1e-3)
    assert 0.0010182740 < chinchilla_fit.objective <= 0.001018274035


def test_one_start_from_hoffmann_s_constants_finds_the_same_optimum(chinchilla_fit: Fit) -> None:
    target = make_target(chinchilla_fit.runs, QUICK)
    loss = LOSSES["huber"]

    found = descend(target, np.array([HOFFMANN]), np.ones_like(target.ln_loss), loss.exactly)

    objective = loss.objective(target.residuals(found), np.ones_like(target.ln_loss))
    assert float(objective[0]) == pytest.approx(chinchilla_fit.objective, rel=1e-9)


def test_least_absolute_deviations_give_the_published_refit(chinchilla_fit: Fit) -> None:
    """Besiroglu et al. 2024: 482.01, 2085.43, 1.81686, .34781, .36585."""
    published = {"A": 482.00572, "B": 2085.43420, "E": 1.81686, "alpha": 0.34781, "beta": 0.36585}

    assert chinchilla_fit.by_loss["absolute"] == pytest.approx(published, rel=2e-5)


def test_the_bootstrap_of_the_chinchilla_runs_gives_the_published_intervals(chinchilla: Runs) -> None:
    """Besiroglu et al. 2024: A 285-744, B 1042-5810, E 1.769-1.871, α .317-.373, β .331-.415."""
    published = {
        "A": (285, 744),
        "B": (1042, 5810),
        "E": (1.769, 1.871),
        "alpha": (0.317, 0.373),
        "beta": (0.331, 0.415),
    }

    # One batch of 1,000 can miss an end of B by a tenth; 4,000 do not.
    fit = fitted(chinchilla, Options(drop_worst=5, resamples=4000))

    for name, ends in published.items():
        assert fit.intervals[name] == pytest.approx(ends, rel=0.06 if name in "AB" else 0.01)
    assert fit.end_error is not None
    assert fit.end_error < 0.04


def test_the_chinchilla_law_misses_larger_runs_by_one_per_cent(chinchilla_fit: Fit) -> None:
    """Trained on C <= 2.8e20 FLOP, up to 1.3e22: mean 1.06 %, at most 4.6 % (laws.md, section 2)."""
    target = make_target(chinchilla_fit.runs, QUICK)

    found = extrapolate(target, chinchilla_fit.runs, LOSSES["huber"], trained_to=2.8e20)

    assert found is not None
    assert found.mean == pytest.approx(0.0106, abs=0.0003)
    assert found.largest == pytest.approx(0.046, abs=0.002)


def test_the_published_repetition_is_one_valley_of_several(repeated: Runs) -> None:
    """Muennighoff et al. 2023 (arXiv 2305.16264): R_D 15.387756, R_N 5.309743, objective .01582594."""
    target = make_target(repeated, Options(held=load_law("muennighoff-2023")))
    loss, once = LOSSES["huber"], np.ones_like(target.ln_loss)
    published = np.log([[15.387756, 5.309743]])

    valley = descend(target, published, once, loss.exactly)
    lowest = find_optimum(target, loss)

    def objective(place: np.ndarray) -> float:
        return float(loss.objective(target.residuals(np.atleast_2d(place)), once)[0])

    assert objective(published) == pytest.approx(0.015825935, abs=5e-10)
    assert np.exp(valley[0]) == pytest.approx((15.372, 5.315), rel=1e-3)
    assert objective(valley) < objective(published)
    assert objective(lowest) == pytest.approx(0.0158047, abs=1e-7)
    assert np.exp(lowest) == pytest.approx((95.4, 1.71), rel=0.01)


def test_of_the_published_repetition_the_fit_says_that_it_is_not_identified_and_shows_the_ridge(
    repeated: Runs,
) -> None:
    fit = fitted(repeated, Options(held=load_law("muennighoff-2023"), resamples=300))

    low, high = fit.intervals["R_D"]
    assert 3 < low < 9
    assert math.isinf(high)
    assert any(f"R_D is not identified: any value from {low:.2g} up fits as well" in text for text in fit.warnings)
    assert "fit-not-identified" in {problem.code for problem in fit.refusals}
    assert [place[0] for place in fit.ridge] == sorted(place[0] for place in fit.ridge)
    assert fit.ridge[0][0] == pytest.approx(low)
    assert sum(objective < 0.015825935 for _, _, objective in fit.ridge) >= 2, "lower than at the published constants"
    assert max(objective for *_, objective in fit.ridge) < 0.015825935 * 1.03


def test_free_fits_of_the_published_repetition_are_not_identified_either(repeated: Runs) -> None:
    fit = fitted(repeated, Options(resamples=100))

    assert {"R_D", "R_N"} <= {doubt.constant for doubt in fit.doubts}


def test_what_may_be_drawn_is_not_refused(repeated: Runs) -> None:
    held = load_law("muennighoff-2023")

    fit = fitted(repeated, Options(held=held, resamples=100, draw_unidentified=True))

    assert fit.refusals == ()
    assert fit.doubts


def test_the_json_of_a_fit_is_plain(make_runs: MakeRuns) -> None:
    record: dict[str, Any] = fitted(make_runs(noise=0.005, repeats=True), Options(resamples=60)).to_dict()

    keys = {"law", "constants", "intervals", "objective", "extrapolation_error", "warnings"}
    assert keys <= set(record)
    assert set(record["constants"]) == {"A", "B", "E", "alpha", "beta", "R_D", "R_N"}


def test_too_few_runs_are_refused_before_anything_is_computed(make_runs: MakeRuns) -> None:
    with pytest.raises(InputError, match="in the input"):
        fitted(make_runs().only([place < 5 for place in range(30)]))
