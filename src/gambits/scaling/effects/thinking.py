"""Compute spent when a question is asked: many samples and a verifier that picks among them."""

from __future__ import annotations

import math
from typing import Final

from gambits.files.kinds import Choice, Number, Refused, Whole
from gambits.files.sections import Key
from gambits.scaling.effects.law import JUDGED, EffectLaw, Form, Values
from gambits.scaling.effects.points import OOM_PER_POINT, worth_of_points
from gambits.scaling.published import Constant

JONES: Final = math.log(10) / math.log(15)
"""ln of training compute over ln of test-time compute that it replaces: 10 times for 15 times."""


def coverage(samples: float, a: float, b: float) -> float:
    """Give the share of tasks that some sample solves: exp(a k^−b), a below 0.

    Notes
    -----
    Brown et al. 2024, arXiv 2407.21787. With a = −1.839, b = 0.209 (through 15.9 % at one sample and 56 % at 250 on
    SWE-bench Lite) 64 samples solve 46 %. The authors' own a and b are by model and task, and were not read.
    """
    return math.exp(a * samples**-b)


def calibrated(once: float, often: float, samples: float) -> tuple[float, float]:
    """Give a and b of the coverage through two points: one sample, and ``samples`` of them."""
    a = math.log(once)
    return a, math.log(a / math.log(often)) / math.log(samples)


def worth_of_samples(samples: float, exchange: float) -> float:
    """Give the training compute that samples replace, as a factor: k^exchange.

    Notes
    -----
    Jones 2021, arXiv 2104.03113: 10 times the training for 15 times the search in Hex, exchange 0.85; 15 samples are
    then worth 10 times the training, 64 samples 34 times. If the pass rate of a better model runs along the same
    coverage curve, this holds whatever a and b are, and saturates with it.
    """
    return float(samples**exchange)


def thinking_for_reinforcement(factor: float) -> float:
    """Give how many times more inference is worth as much as ``factor`` times more reinforcement learning.

    Notes
    -----
    Ord 2025, tobyord.com: 10 times the RL is worth about 3 times the inference, 10,000 times about 100 times: the
    square root.
    """
    return math.sqrt(factor)


def cost_of_samples(samples: float, share: float) -> float:
    """Give the factor on serving cost if a share of the use is sampled: 1 + share (k − 1)."""
    return 1 + share * (samples - 1)


def _gain(at: Values) -> float:
    samples, share = at["samples"], at["verifiable"]
    if at["by"] == "exchange":
        return float(worth_of_samples(samples, at["exchange"]) ** share)
    solved = coverage(samples, at["a"], at["b"]) - coverage(1, at["a"], at["b"])
    return worth_of_points(100 * solved * share, at["oom_per_point"])


def _refuse(given: Values) -> None:
    if given["a"] >= 0:
        raise Refused("law-argument", "`a` is not below 0, and coverage would not rise with samples", "write a below 0")


TEST_TIME: Final = EffectLaw(
    name="test_time",
    title="Samples and a verifier",
    source="Jones 2021, arXiv 2104.03113; Brown et al. 2024, arXiv 2407.21787",
    reach="Hex on boards of up to 9 × 9; coverage with up to 10,000 samples, one published pair of points used here",
    note=(
        "Only where answers can be verified; without a verifier it saturates (majority votes near 64 samples, R2). "
        "The serving cost belongs under inference_cost, with the same law."
    ),
    arguments=(
        Key("samples", Whole(1, 10_000), "answers drawn for a question, k", required=True),
        Key("verifiable", Number(0, 1), "share of the use whose answers can be verified", required=True),
        Key("by", Choice(("exchange", "coverage")), "the exchange with training, or the tasks solved", "", "exchange"),
        Key("a", Number(), "of the coverage", "", "-1.839"),
        Key("b", Number(above=0), "of the coverage", "", "0.209"),
    ),
    forms=(
        Form(
            "test_time",
            "k^(exchange × verifiable), or by coverage 10^(100 (c(k) − c(1)) × verifiable × OOM a point)",
            _gain,
            uses=lambda given: ("exchange",) if given["by"] == "exchange" else ("oom_per_point",),
        ),
        Form(
            "inference_cost",
            "1 / (1 + verifiable (k − 1))",
            lambda at: 1 / cost_of_samples(at["samples"], at["verifiable"]),
            tag="OWN",
        ),
    ),
    constants=(
        Constant(
            "exchange",
            0.38,
            JUDGED,
            (0.17, JONES),
            0.9,
            "the upper end is that of games, 10 times training for 15 times search (Jones, R2); at the lower end 64 "
            "samples are worth twice the training; our judgement, since language models beat one 14 times larger on "
            "tractable tasks only (Snell et al. 2024, arXiv 2408.03314, R1 abstract)",
        ),
        OOM_PER_POINT,
    ),
    refuse=_refuse,
    costs=("inference_cost",),
)
