"""Laws of effects: published check values, what must hold for every argument, and how ranges come about."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gambits.files.kinds import Refused
from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.scaling.effects import data, experts, families, parallel, points, precision, serving, thinking, trends
from gambits.scaling.effects.law import EFFECT_TAGS, JUDGED, LawEstimate, Setting
from gambits.scaling.effects.registry import EFFECT_LAWS, effect_laws, find_effect_law
from gambits.scaling.effects.reinforcement import pass_rate
from gambits.scaling.effects.sizing import size
from gambits.scaling.effects.spread import POINTS, WIDENING, quantile_of_constant
from gambits.scaling.effects.spread import points as spread_points
from gambits.scaling.frontier import Constants, ln_parameters_fed, loss, optimum
from gambits.scaling.kaplan import Advice, kaplan_growth, kaplan_optimum
from gambits.scaling.laws import load_law
from gambits.scaling.published import Constant

LAB = Setting(flop=2e27, unique_tokens=15e12)

# Arguments that every law can be asked with.
ASKED: dict[str, dict[str, Any]] = {
    "parscale": {"streams": 8, "data": "code"},
    "moe": {},
    "routing": {"experts": 128, "parameters": 1e10},
    "granularity": {"granularity": 8.0},
    "sparse_weights": {},
    "low_precision": {"weights": 8.0},
    "overtrain": {"tokens_served": Estimate.point(1e14, Bounds.POSITIVE)},
    "distillation": {},
    "test_time": {"samples": 64, "verifiable": 0.3},
    "reinforcement": {
        "start": Estimate.point(0.3, Bounds.PROBABILITY),
        "slope": Estimate.point(1, Bounds.POSITIVE),
        "midpoint": Estimate.point(1e4, Bounds.POSITIVE),
        "spent": Estimate.point(5e4, Bounds.POSITIVE),
    },
    "points": {"gained": Estimate.point(7, Bounds.POSITIVE), "on": "maths"},
    "synthetic_text": {"tokens": Estimate.point(1e12, Bounds.POSITIVE)},
    "semi_synthetic": {},
    "algorithmic_progress": {},
    "gpu_price": {},
    "inference_price": {},
    "hybrid": {},
    "state_space": {},
    "hierarchical_reasoning": {},
    "curation": {},
    "tuned_repetition": {},
    "preference": {},
    "self_play": {},
    "agentic_loops": {},
    "quantised_serving": {},
    "speculative_decoding": {},
}

EVERY_FORM = [(law.name, lever) for law in EFFECT_LAWS for lever in law.levers]


def asked(name: str, lever: str, **arguments: Any) -> LawEstimate:
    """Size an effect by a law's name."""
    law = find_effect_law(name)
    assert law is not None
    return size(law, lever, ASKED[name] | arguments, LAB)


# ------------------------------------------------------------------------------------------ published values


@pytest.mark.parametrize(
    ("streams", "k", "expected"),
    [(2, 0.39, 1.27), (4, 0.39, 1.54), (8, 0.39, 1.81), (2, 0.33, 1.23), (4, 0.33, 1.46), (8, 0.33, 1.69)],
)
def test_streams_are_worth_k_ln_p_and_1(streams: int, k: float, expected: float) -> None:
    """Chen et al. 2025 (ParScale): N is multiplied by k ln P + 1; k of 0.39 on code and 0.33 on text (R2)."""
    assert round(parallel.worth_of_streams(streams, k), 2) == expected


@pytest.mark.parametrize(
    ("k", "expected"), [(0.3935, (1.27, 1.55, 1.82)), (0.3344, (1.23, 1.46, 1.70))], ids=["code", "text"]
)
def test_streams_by_our_refit_of_the_authors_runs(k: float, expected: tuple[float, ...]) -> None:
    """OWN: 2, 4 and 8 streams by k refitted on the runs of the authors' code."""
    found = tuple(round(parallel.worth_of_streams(streams, k), 2) for streams in (2, 4, 8))

    assert found == expected


def test_streams_trained_throughout_cost_more_than_they_are_worth_and_in_two_stages_less() -> None:
    """Chen et al. 2025: training FLOP times P, or 1 trillion tokens and then 20 billion with every stream."""
    assert parallel.net_worth_of_streams(8, 0.39) == pytest.approx(1.811 / 8, rel=1e-3)
    assert parallel.cost_of_streams(8, 20 / 1020) == pytest.approx(1.137, rel=1e-3)
    assert parallel.net_worth_of_streams(8, 0.39, 20 / 1020) == pytest.approx(1.59, rel=2e-3)


@pytest.mark.parametrize(("parameters", "expected"), [(1.3e9, 3.57), (1e10, 2.42), (1e12, 1.0)])
def test_routing_pays_less_the_larger_the_model_and_nothing_at_1e12(parameters: float, expected: float) -> None:
    """Clark et al. 2022, S-BASE (R2), with the saturation formula from memory (M)."""
    named = {each.name: each.value for each in experts.CLARK.constants}

    assert experts.saturated_experts(1, named["E_start"], named["E_max"]) == pytest.approx(named["E_start"])
    assert experts.saturated_experts(128, named["E_start"], named["E_max"]) == pytest.approx(91.4, rel=1e-3)
    assert experts.worth_of_routing(128, parameters, named) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("granularity", "expected"), [(1, 1.0), (8, 1.93), (64, 2.37)])
def test_finer_experts_by_krajewski(granularity: float, expected: float) -> None:
    """Krajewski et al. 2024: the parameter term (g/G^γ + a)/N^α with a 18.1, g 2.1, γ 0.58, α 0.115 (R2)."""
    assert experts.worth_of_granularity(granularity, 2.1, 18.1, 0.58, 0.115) == pytest.approx(expected, rel=2e-3)


def test_a_model_three_quarters_sparse_matches_one_2_16_times_as_large() -> None:
    """Frantar et al. 2023 (R2)."""
    assert precision.worth_of_sparsity(0.75, 2.16) == pytest.approx(2.16)


@pytest.mark.parametrize(("bits", "kept"), [(8, 0.950), (4, 0.776), (16, 0.997)])
def test_eight_bits_keep_95_per_cent_of_the_parameters_and_four_77_6(bits: float, kept: float) -> None:
    """Kumar et al. 2024, γ of the weights 2.6745 (R2)."""
    assert precision.parameters_kept(bits, 2.6745) == pytest.approx(kept, abs=5e-4)


def test_four_bits_in_place_of_eight_are_measured_from_eight() -> None:
    """77.6 % of the parameters over 95.0 %; half the bits save 2^0.8."""
    asked_for = {"weights": 4.0, "activations": 4.0, "instead_of": 8.0}
    kept = asked("low_precision", "parameter_efficiency", weights=4.0, instead_of=8.0)
    saved = asked("low_precision", "compute", **asked_for)

    assert kept.law.central == pytest.approx(0.776 / 0.950, abs=1e-3)
    assert saved.law.central == pytest.approx(2**0.8)
    assert asked("low_precision", "parameter_efficiency", weights=8.0, instead_of=8.0).values == (1.0,)


def test_quantising_after_training_harms_more_after_more_data_and_less_in_larger_models() -> None:
    """Kumar et al. 2024 (R2): the harm grows with data (R1 abstract)."""
    assert precision.loss_by_quantisation(4, 26e9, 1.7e9) == pytest.approx(0.0087, abs=5e-5)
    assert precision.loss_by_quantisation(4, 260e9, 1.7e9) > precision.loss_by_quantisation(4, 26e9, 1.7e9)
    assert precision.loss_by_quantisation(4, 26e9, 17e9) < precision.loss_by_quantisation(4, 26e9, 1.7e9)


def compute_optimal(law: Constants, parameters: float) -> float:
    """Give the training FLOP at which a model of this size is the compute-optimal one."""
    # ln N is affine in ln D along the optimum.
    at_0 = float(ln_parameters_fed(law, 0.0))
    slope = float(ln_parameters_fed(law, 1.0)) - at_0
    return 6 * parameters * math.exp((math.log(parameters) - at_0) / slope)


SARDANA = Constants(math.log(406.4), math.log(410.7), 0.0, 0.336, 0.283, math.inf, math.inf)
EXAMPLES = [
    pytest.param(13e9, 2e12, 7.0e9, 1.25e12, 0.174, 1.69e22, id="13B serving 2T"),
    pytest.param(30e9, 5e12, 16.4e9, 3.26e12, 0.163, 9.44e22, id="30B serving 5T"),
    pytest.param(70e9, 10e12, 41.6e9, 7.92e12, 0.119, 3.81e23, id="70B serving 10T"),
]


@pytest.mark.parametrize(("instead_of", "served", "parameters", "tokens", "saving", "flop"), EXAMPLES)
def test_the_three_examples_of_sardana(
    instead_of: float, served: float, parameters: float, tokens: float, saving: float, flop: float
) -> None:
    """Sardana et al. 2023 (R2): 7B, 17 % (1.7e22 FLOP); 16.4B on 3.27T, 16 %; 41.6B on 7.92T, 12 %."""
    training = compute_optimal(SARDANA, instead_of)

    found = serving.cheapest_over_life(SARDANA, training, served)

    assert found.parameters == pytest.approx(parameters, rel=5e-3)
    assert found.tokens == pytest.approx(tokens, rel=5e-3)
    assert found.saving == pytest.approx(saving, rel=5e-3)
    assert found.saving * (training + 2 * instead_of * served) == pytest.approx(flop, rel=5e-3)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("chinchilla-2022-rounded", 0.06, 0.10), ("besiroglu-2024", 0.29, 0.31)],
)
def test_what_over_training_saves_depends_on_the_constants(name: str, low: float, high: float) -> None:
    """OWN: over the three examples, 6 to 10 % by Hoffmann's printed constants, 29 to 31 % by the refit."""
    law = load_law(name).central
    found = [
        serving.cheapest_over_life(law, compute_optimal(law, n), served).saving
        for n, served in ((13e9, 2e12), (30e9, 5e12), (70e9, 10e12))
    ]

    assert (min(found), max(found)) == pytest.approx((low, high), abs=5e-3)


def test_minitron_saves_1_8_times_the_compute_of_its_family() -> None:
    """Muralidharan et al. 2024 (R1 abstract): 8 and 4 billion parameters from 15 with up to 40 times fewer tokens."""
    assert families.worth_of_distillation(12 / 15, 40) == pytest.approx(1.8, rel=0.025)


def test_coverage_passes_through_the_published_pair_of_points() -> None:
    """Brown et al. 2024 (R2): SWE-bench Lite from 15.9 % at one sample to 56 % at 250."""
    a, b = thinking.calibrated(0.159, 0.56, 250)

    assert (round(a, 3), round(b, 3)) == (-1.839, 0.209)
    assert thinking.coverage(1, a, b) == pytest.approx(0.159)
    assert thinking.coverage(250, a, b) == pytest.approx(0.56)
    assert thinking.coverage(64, -1.839, 0.209) == pytest.approx(0.46, abs=5e-3)
    arguments = {key.name: key.default for key in thinking.TEST_TIME.arguments}
    assert (float(arguments["a"]), float(arguments["b"])) == (round(a, 3), round(b, 3))


def test_fifteen_times_the_search_is_worth_ten_times_the_training_in_games() -> None:
    """Jones 2021 (R2)."""
    assert thinking.worth_of_samples(15, thinking.JONES) == pytest.approx(10)
    assert thinking.worth_of_samples(64, thinking.JONES) == pytest.approx(34.3, rel=2e-3)


@pytest.mark.parametrize(("reinforcement", "inference"), [(10, 3.16), (10_000, 100)])
def test_ten_times_the_reinforcement_learning_is_worth_three_times_the_inference(
    reinforcement: float, inference: float
) -> None:
    """Ord 2025 (R1): about 3 times for 10 times, about 100 times for 10,000 times."""
    assert thinking.thinking_for_reinforcement(reinforcement) == pytest.approx(inference, rel=2e-3)


def test_a_sigmoid_of_reinforcement_learning_is_half_way_at_its_midpoint() -> None:
    """Khatri et al. 2025 (ScaleRL): R₀ + (A − R₀)/(1 + (C_mid/C)^B), A of 0.61 at 8 billion parameters (R2)."""
    assert pass_rate(1e4, 0.3, 0.61, 1e4, 2) == pytest.approx((0.3 + 0.61) / 2)
    assert pass_rate(1e12, 0.3, 0.61, 1e4, 2) == pytest.approx(0.61)
    assert pass_rate(1e-6, 0.3, 0.61, 1e4, 2) == pytest.approx(0.3)


def test_gadre_gives_the_loss_and_the_error_that_its_note_says() -> None:
    """Gadre et al. 2024 as refitted by us (OWN): Err over 17 tasks 0.850 − 2.079 e^(−0.756 L)."""
    before, after = (points.gadre_error(points.gadre_loss(flop, 20)) for flop in (1e25, 1e26))

    assert points.gadre_error(2) == pytest.approx(0.392, abs=5e-4)
    assert 100 * (before - after) == pytest.approx(3.1, abs=0.05)
    assert 1 / (100 * (before - after)) == pytest.approx(0.3, abs=0.025)


@pytest.mark.parametrize(("oom", "expected"), [(0.03, 1.62), (0.01, 1.17), (0.1, 5.01)])
def test_seven_points_by_the_rule(oom: float, expected: float) -> None:
    """A rule of ours, and a judgement."""
    assert points.worth_of_points(7, oom) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Ho et al. 2024 (R1 abstract): halving in 8 months, 95 % 5 to 14; 2.8 times a year, 1.8 to 5.3 (OWN).
        (trends.algorithmic_progress(1), 2.83),
        (trends.algorithmic_progress(1, 14), 1.81),
        (trends.algorithmic_progress(1, 5), 5.28),
        # Hobbhahn and Besiroglu 2022 (R1): doubling in 2.46 years, for machine learning in 2.07.
        (trends.price_performance(2.46), 2.0),
        (trends.price_performance(1), 1.325),
        (trends.price_performance(1, trends.DOUBLING_ML.value), 1.398),
        # Epoch AI 2025: median 50 times a year (R2).
        (trends.inference_price_fall(1), 50.0),
        (trends.inference_price_fall(2, 10), 100.0),
        # Cottier et al. 2024 (R1 abstract): 2.4 times a year. Epoch AI (R1): compute 4.7 times a year.
        (trends.training_cost_growth(2), 5.76),
        (trends.training_compute_growth(1), 4.7),
    ],
)
def test_trends(found: float, expected: float) -> None:
    assert found == pytest.approx(expected, rel=2e-3)


def test_synthetic_text_levels_off_and_rephrasing_is_best_at_three_tenths() -> None:
    """Qin et al. 2025: gains level off near 300 billion tokens. Kang et al. 2025: best near 30 %, none alone (R1)."""
    assert data.useful_synthetic_tokens(1e15, 3e11) == pytest.approx(3e11)
    assert data.useful_synthetic_tokens(1e9, 3e11) == pytest.approx(1e9, rel=2e-3)
    assert data.worth_of_rephrasing(0.3, 5.5) == pytest.approx(5.5)
    assert data.worth_of_rephrasing(1, 5.5) == data.worth_of_rephrasing(0, 5.5) == 1
    assert data.worth_of_rephrasing(1 / 3, 5.5) == pytest.approx(5.5, rel=0.01)


def test_kaplan_would_have_advised_much_larger_models() -> None:
    """Kaplan et al. 2020 (R2): N ∝ C^0.73; Hoffmann et al. 2022 quote 5.5 and 1.8 for ten times the compute."""
    grown = kaplan_growth(10)

    assert (grown.parameters, grown.tokens) == pytest.approx((5.37, 1.86), rel=2e-3)
    assert grown.parameters * grown.tokens == pytest.approx(10)
    assert (grown.parameters, grown.tokens) == pytest.approx((5.5, 1.8), rel=0.04)
    known = Advice(1e9, 20e9)
    assert kaplan_optimum(6 * 1e9 * 20e9, known) == known


# ------------------------------------------------------------------------------------- what holds for every argument

COUNTS = st.integers(1, 1024)
SHARES = st.floats(0, 1)
FACTORS = st.floats(0.05, 1)


@given(COUNTS, COUNTS, FACTORS, SHARES)
def test_more_streams_are_worth_more_cost_more_and_one_is_nothing_new(p: int, q: int, k: float, share: float) -> None:
    fewer, more = sorted((p, q))

    assert parallel.worth_of_streams(fewer, k) <= parallel.worth_of_streams(more, k)
    assert parallel.cost_of_streams(fewer, share) <= parallel.cost_of_streams(more, share)
    assert parallel.worth_of_streams(1, k) == parallel.cost_of_streams(1, share) == 1
    assert parallel.net_worth_of_streams(more, k) <= 1 + 1e-12 or k > 1


@given(st.floats(1, 16), st.floats(1, 16), st.floats(0.5, 4))
def test_more_bits_keep_more_parameters_and_never_all(p: float, q: float, gamma: float) -> None:
    fewer, more = sorted((p, q))

    assert 0 < precision.parameters_kept(fewer, gamma) <= precision.parameters_kept(more, gamma) <= 1


@given(st.floats(0, 0.75), st.floats(0, 0.75))
def test_sparser_weights_are_worth_more_each(one: float, other: float) -> None:
    less, more = sorted((one, other))

    assert 1 <= precision.worth_of_sparsity(less, 2.16) <= precision.worth_of_sparsity(more, 2.16) <= 2.16 + 1e-12


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.floats(0.01, 0.4), st.floats(0.41, 0.99))
def test_coverage_rises_with_samples_and_stays_a_share(k: int, q: int, once: float, often: float) -> None:
    a, b = thinking.calibrated(once, often, 250)
    fewer, more = sorted((k, q))

    assert 0 < thinking.coverage(fewer, a, b) <= thinking.coverage(more, a, b) < 1
    assert thinking.coverage(1, a, b) == pytest.approx(once)
    assert thinking.coverage(250, a, b) == pytest.approx(often)


@given(st.integers(1, 10_000), SHARES)
def test_samples_pay_only_where_answers_can_be_verified_and_cost_where_they_are_used(k: int, share: float) -> None:
    gain = asked("test_time", "test_time", samples=k, verifiable=share)
    cost = asked("test_time", "inference_cost", samples=k, verifiable=share)

    assert gain.values[0] >= 1
    assert cost.values[-1] <= 1
    assert cost.central == pytest.approx(1 / (1 + share * (k - 1)), rel=1e-3)
    if share == 0 or k == 1:
        assert gain.is_certain
        assert gain.central == cost.central == 1


@given(st.floats(0, 0.5), st.floats(0.51, 1), st.floats(0.1, 5), st.floats(1, 1e6), st.floats(1, 1e6))
def test_a_pass_rate_lies_between_start_and_ceiling_and_rises(
    start: float, ceiling: float, slope: float, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    before, after = (pass_rate(spent, start, ceiling, 1e3, slope) for spent in (less, more))

    assert start <= before <= after <= ceiling


@given(st.floats(1e8, 1e15), st.floats(1e11, 1e13))
def test_synthetic_tokens_count_at_most_once_and_at_most_the_plateau(written: float, plateau: float) -> None:
    assert 0 < data.useful_synthetic_tokens(written, plateau) <= min(written, plateau) * (1 + 1e-12)


@given(SHARES, st.floats(1, 10))
def test_no_share_of_rephrased_text_beats_the_best_one(share: float, best: float) -> None:
    assert 1 <= data.worth_of_rephrasing(share, best) <= best * (1 + 1e-12)


@given(st.floats(0, 100), st.floats(1, 40))
def test_a_family_saves_at_most_its_students_and_a_model_alone_nothing(students: float, fewer: float) -> None:
    assert 1 <= families.worth_of_distillation(students, fewer) <= min(1 + students, fewer) * (1 + 1e-12)
    assert families.worth_of_distillation(0, fewer) == 1


@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_trends_compound(one: float, other: float) -> None:
    for trend in (
        trends.algorithmic_progress,
        trends.price_performance,
        trends.inference_price_fall,
        trends.training_cost_growth,
        trends.training_compute_growth,
    ):
        assert trend(one + other) == pytest.approx(trend(one) * trend(other))


@settings(deadline=None)
@given(
    st.sampled_from(["besiroglu-2024", "chinchilla-2022", "muennighoff-2023"]),
    st.floats(22, 28),
    st.floats(10, 17),
    st.sampled_from([2e12, 15e12, 1e17]),
)
def test_the_cheapest_model_over_its_life_has_the_loss_that_was_asked_and_costs_no_more(
    name: str, log_flop: float, log_served: float, unique: float
) -> None:
    law = load_law(name).central
    flop, served = 10**log_flop, 10**log_served
    ln_n, ln_d = optimum(law, math.log(flop), math.log(unique))

    found = serving.cheapest_over_life(law, flop, served, unique)

    wanted = loss(law, np.exp(ln_n), np.exp(ln_d), unique if law.r_d < math.inf else 1e60)
    reached = loss(law, found.parameters, found.tokens, unique if law.r_d < math.inf else 1e60)
    before, after = flop + 2 * math.exp(ln_n) * served, found.parameters * (6 * found.tokens + 2 * served)
    assert float(reached) == pytest.approx(float(wanted), rel=1e-9)
    assert after <= before * (1 + 1e-9)
    assert found.saving == pytest.approx(1 - after / before, abs=1e-9)
    assert found.smaller >= 1
    assert found.training == pytest.approx(6 * found.parameters * found.tokens / flop, rel=1e-9)


@settings(deadline=None)
@given(st.floats(22, 28), st.floats(10, 16))
def test_the_first_order_condition_of_sardana_holds(log_flop: float, log_served: float) -> None:
    """Sardana et al. 2023: at the optimum ε_N/ε_D = 1 + T/(3D), the elasticities of the reducible loss."""
    served = 10**log_served

    found = serving.cheapest_over_life(SARDANA, 10**log_flop, served)

    by_parameters = 0.336 * 406.4 * found.parameters**-0.336
    by_tokens = 0.283 * 410.7 * found.tokens**-0.283
    assert by_parameters / by_tokens == pytest.approx(1 + served / (3 * found.tokens), rel=1e-3)


@pytest.mark.parametrize("unique", [15e12, 1e60])
@pytest.mark.parametrize("served", [1e13, 1e14, 1e16])
@pytest.mark.parametrize("name", ["besiroglu-2024", "muennighoff-2023"])
def test_no_smaller_model_of_the_same_loss_is_cheaper_over_its_life(name: str, served: float, unique: float) -> None:
    """Brute force: 1,000 smaller models on ever more tokens, each at the first that reach the loss that was asked."""
    law = load_law(name).central
    ln_n, ln_d = (float(each) for each in optimum(law, math.log(2e27), math.log(unique)))
    wanted = float(loss(law, math.exp(ln_n), math.exp(ln_d), unique))
    found = serving.cheapest_over_life(law, 2e27, served, unique)

    parameters = np.exp(ln_n - np.linspace(0, 3, 1_000))[:, np.newaxis]
    tokens = np.exp(ln_d + np.linspace(0, 8, 2_000))
    reaches = np.asarray(loss(law, parameters, tokens, unique)) <= wanted
    first = np.where(reaches.any(axis=1), tokens[reaches.argmax(axis=1)], np.inf)

    assert found.parameters * (6 * found.tokens + 2 * served) <= (parameters[:, 0] * (6 * first + 2 * served)).min()


@pytest.mark.parametrize("name", ["besiroglu-2024", "chinchilla-2022", "chinchilla-2022-rounded", "muennighoff-2023"])
def test_a_frontier_law_has_a_reducible_loss_whose_logarithm_is_jointly_convex(name: str) -> None:
    """What makes a law fit to be the frontier: ln(L − E) in ln N, ln D and ln U, over 20,000 random pairs of points."""
    law = load_law(name).central
    limits = np.array([[18, 32], [22, 36], [24, 34]])[:, :, np.newaxis]
    one, other = np.random.default_rng(2027).uniform(limits[:, 0], limits[:, 1], (2, 3, 20_000))

    def ln_reducible(at: np.ndarray) -> np.ndarray:
        return np.log(loss(law, *np.exp(at)) - np.exp(law.ln_e))

    chord = (ln_reducible(one) + ln_reducible(other)) / 2
    assert (ln_reducible((one + other) / 2) - chord).max() <= 1e-9


def test_the_more_is_served_the_smaller_the_model_and_the_data_wall_halves_the_saving() -> None:
    law = load_law("besiroglu-2024").central
    found = [serving.cheapest_over_life(law, 2e27, served) for served in (1e12, 1e13, 1e14, 1e15)]
    walled = serving.cheapest_over_life(law, 2e27, 1e14, unique=15e12)

    assert [each.smaller for each in found] == sorted(each.smaller for each in found)
    assert [each.saving for each in found] == sorted(each.saving for each in found)
    assert walled.saving < 0.6 * found[2].saving


# ----------------------------------------------------------------------------------------------- ranges


def test_the_range_of_one_constant_is_the_formula_at_the_ends_of_its_interval() -> None:
    found = asked("moe", "compute")

    assert (found.shape, found.values) == (Shape.RANGE, (2.0, 7.0))
    assert asked("inference_price", "inference_cost").values == (9.0, 900.0)


@pytest.mark.parametrize(
    ("name", "lever", "low", "high"),
    [
        ("hybrid", "data_efficiency", 1.2, 2.0),
        ("hybrid", "inference_cost", 2, 8),
        ("state_space", "compute", 0.8, 1.5),
        ("state_space", "inference_cost", 2, 5),
        ("hierarchical_reasoning", "parameter_efficiency", 1.0, 1.3),
        ("moe", "parameter_efficiency", 2, 7),
        ("curation", "data_efficiency", 1.5, 6.6),
        ("tuned_repetition", "data_efficiency", 1.2, 5),
        ("preference", "post_training", 3, 20),
        ("quantised_serving", "inference_cost", 1.5, 4),
        ("speculative_decoding", "inference_cost", 1.5, 3),
    ],
)
def test_a_published_gain_has_the_range_of_its_row_and_a_part_of_it_in_logarithms(
    name: str, lever: str, low: float, high: float
) -> None:
    """laws.md §3; of a factor of 4 half is kept as 2."""
    half = asked(name, lever, kept=Estimate.point(0.5, Bounds.PROBABILITY))
    nothing = asked(name, lever, kept=Estimate.point(0, Bounds.PROBABILITY))

    assert asked(name, lever).values == pytest.approx((low, high), rel=1e-3)
    assert half.values == pytest.approx((math.sqrt(low), math.sqrt(high)), rel=1e-3)
    assert nothing.values == (1.0,)
    assert ("kept", "0.5") in half.law.arguments


@pytest.mark.parametrize(("name", "low", "high"), [("self_play", 3, 13), ("agentic_loops", 5, 19)])
def test_points_of_self_play_and_of_agents_become_compute_by_the_one_rule(name: str, low: float, high: float) -> None:
    """laws.md §3: the range of points and that of what a point is worth, together."""
    found = asked(name, "post_training")
    gained = Estimate(Shape.RANGE, (low, high), Bounds.POSITIVE)
    by_rule = asked("points", "post_training", gained=gained)

    assert found.law.central == pytest.approx(10 ** (0.03 * found.law.constants[0].value))
    assert np.log(found.values) == pytest.approx(np.log(by_rule.values), rel=0.2)
    assert asked(name, "post_training", kept=Estimate.point(0.5, Bounds.PROBABILITY)).values[1] < found.values[1]


def test_what_is_kept_may_be_uncertain() -> None:
    certain = asked("curation", "data_efficiency", kept=Estimate.point(0.4, Bounds.PROBABILITY))
    ranged = asked("curation", "data_efficiency", kept=Estimate(Shape.RANGE, (0.2, 0.8), Bounds.PROBABILITY))

    assert ranged.values[0] < certain.values[0] < certain.values[1] < ranged.values[1]


def test_an_interval_of_95_per_cent_is_narrowed_to_90() -> None:
    """Ho et al. 2024: 5 to 14 months at 95 %, so less than 5.28 and more than 1.81 times a year at 90 %."""
    low, high = asked("algorithmic_progress", "compute").values

    assert 1.81 < low < 2 ** (12 / 8) < high < 5.28


def test_a_published_value_off_the_middle_of_its_interval_stays_the_median() -> None:
    at = quantile_of_constant(Constant("x", 2.0, "R1", (1.0, 16.0), 0.9))

    assert [at(place) for place in (0.05, 0.5, 0.95)] == pytest.approx([1.0, 2.0, 16.0])


@pytest.mark.parametrize(("name", "lever"), EVERY_FORM)
def test_every_law_gives_an_effect_with_its_provenance_the_same_each_time(name: str, lever: str) -> None:
    found = asked(name, lever)

    assert found == asked(name, lever)
    assert all(math.isfinite(value) and value > 0 for value in found.values)
    assert found.bounds is Bounds.POSITIVE
    assert found.values[0] * (1 - 1e-3) <= found.law.central <= found.values[-1] * (1 + 1e-3)
    assert (found.law.law, found.law.lever) == (name, lever)
    assert found.law.tag in EFFECT_TAGS
    assert all((found.law.formula, found.law.source, found.law.reach, found.law.note, found.law.spread))
    assert found.law.title in found.law.words
    assert found.law.tag in found.law.words


@pytest.mark.parametrize(("name", "lever"), EVERY_FORM)
def test_a_figure_without_a_published_interval_is_never_shown_as_certain(name: str, lever: str) -> None:
    found = asked(name, lever)

    if any(each.interval is None for each in found.law.constants):
        assert not found.is_certain
        assert f"{WIDENING[found.law.tag]:g} times" in found.law.spread
    assert found.law.constants or found.law.tag in ("R2", "OWN"), "without figures of its own, a formula is arithmetic"


def test_the_weaker_the_tag_the_wider_the_range() -> None:
    factors = [WIDENING[tag] for tag in ("R1", "OWN", "R2", "M")]

    assert factors == sorted(factors)
    assert JUDGED not in WIDENING, "a judgement has an interval of its own"
    routed = asked("routing", "parameter_efficiency")
    assert routed.law.tag == "M"
    low, high = (math.log(value) for value in routed.values)
    assert (low, high) == pytest.approx((math.log(routed.law.central) / 2, math.log(routed.law.central) * 2), rel=2e-3)


def test_an_argument_that_is_a_range_widens_the_effect() -> None:
    certain = asked("points", "post_training")
    ranged = asked("points", "post_training", gained=Estimate(Shape.RANGE, (3, 13), Bounds.POSITIVE))

    assert ranged.values[0] < certain.values[0]
    assert ranged.values[1] > certain.values[1]
    assert "gained as written" in ranged.law.spread
    assert ("gained", "3 to 13") in ranged.law.arguments


def test_points_of_the_cube_are_even_and_within_it() -> None:
    found = np.array([list(each.values()) for each in spread_points({name: lambda place: place for name in "abcde"})])

    assert found.shape == (POINTS, 5)
    assert ((found > 0) & (found < 1)).all()
    assert found.mean(axis=0) == pytest.approx(0.5, abs=0.02)
    assert np.abs(np.corrcoef(found.T) - np.eye(5)).max() < 0.12


def test_over_training_by_any_law_spans_what_the_published_sets_say() -> None:
    ends = [asked("overtrain", "compute", law=name).values for name in ("sardana-2023", "besiroglu-2024")]
    low, high = asked("overtrain", "compute").values

    assert min(each[0] for each in ends) <= low
    assert high <= max(each[-1] for each in ends)
    assert asked("overtrain", "compute", law="sardana-2023").is_certain


def test_over_training_counts_the_life_or_harms_training_alone() -> None:
    life = asked("overtrain", "compute", law="sardana-2023")
    training = asked("overtrain", "compute", law="sardana-2023", count="training")
    served = asked("overtrain", "inference_cost", law="sardana-2023")

    assert training.central < 1 < life.central < served.central


# --------------------------------------------------------------------------------------------- what is refused


def test_a_law_that_needs_the_flagship_says_so_where_there_is_none() -> None:
    with pytest.raises(Refused, match="`flop` is by default that of `frontier`"):
        size(serving.OVERTRAIN, "compute", ASKED["overtrain"])

    given = ASKED["overtrain"] | {"flop": 1e24, "unique_tokens": 1e14}
    assert size(serving.OVERTRAIN, "compute", given).values[0] > 1


@pytest.mark.parametrize(
    ("name", "lever", "arguments", "message"),
    [
        ("reinforcement", "post_training", {"start": Estimate.point(0.7)}, "does not lie above `start`"),
        ("test_time", "test_time", {"a": 0.5}, "`a` is not below 0"),
        ("points", "post_training", {"gained": Estimate.point(1e6)}, "no finite effect"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(
    name: str, lever: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused, match=message):
        asked(name, lever, **arguments)


def test_a_law_says_nothing_about_levers_that_it_does_not_have() -> None:
    with pytest.raises(KeyError):
        asked("parscale", "demand")


# ----------------------------------------------------------------------------------------------- the registry


def test_laws_have_names_of_their_own_and_levers_that_exist() -> None:
    from gambits.portfolio.model import Lever

    names = [law.name for law in EFFECT_LAWS]
    levers = {lever.value for lever in Lever}

    assert len(set(names)) == len(names)
    assert set(ASKED) == set(names)
    for law in EFFECT_LAWS:
        assert set(law.levers) <= levers
        assert len(set(law.levers)) == len(law.levers)
        assert set(law.costs) <= set(law.levers)
        assert effect_laws(law.levers[0])[law.name] is law


@pytest.mark.parametrize("law", EFFECT_LAWS, ids=lambda law: law.name)
def test_every_constant_has_a_tag_a_place_in_its_interval_and_a_level(law: Any) -> None:
    names = [each.name for each in law.constants]
    used = {name for form in law.forms for name in form.uses(dict(_all_words(law)))}

    assert len(set(names)) == len(names)
    assert used or not names
    for each in law.constants:
        assert each.tag in EFFECT_TAGS
        assert (each.interval is None) == (each.level is None)
        if each.interval is not None:
            assert each.interval[0] <= each.value <= each.interval[1]
        if each.tag == JUDGED:
            assert each.interval is not None
            assert each.note


def _all_words(law: Any) -> Any:
    """Give each argument its default, or a word that it takes."""
    for key in law.arguments:
        yield key.name, key.default or "text"


@pytest.mark.parametrize("lever", ["unique_tokens"])
def test_an_amount_is_never_widened_as_a_gain_is(lever: str) -> None:
    """Widening acts on the logarithm of a multiplier, which tokens are not."""
    for law in effect_laws(lever).values():
        assert all(each.interval is not None for each in law.constants)
