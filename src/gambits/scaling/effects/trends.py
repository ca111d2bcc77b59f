"""What happens anyway: algorithms that get better, chips and tokens that get cheaper, bills that grow."""

from __future__ import annotations

from typing import Final

from gambits.files.kinds import Choice, Number
from gambits.files.sections import Key
from gambits.scaling.effects.law import EffectLaw, Form, always
from gambits.scaling.published import Constant

HALVING: Final = Constant(
    "halving", 8.0, "R1", (5.0, 14.0), 0.95, "months in which the compute for a given loss halves (abstract)"
)
DOUBLING_ALL: Final = Constant("doubling_all", 2.46, "R1", (2.24, 2.72), 0.95, "years, 470 GPUs")
DOUBLING_ML: Final = Constant("doubling_ml", 2.07, "R1", (1.54, 3.13), 0.95, "years, GPUs for machine learning")
CHEAPER: Final = Constant(
    "cheaper",
    50.0,
    "R2",
    (9.0, 900.0),
    0.9,
    "times a year; the interval is the range over tasks (R1), 40 times for GPT-4's level (R1)",
)
COST_GROWTH: Final = Constant("cost_growth", 2.4, "R1", (2.0, 3.1), 0.95, "times a year since 2016")
COMPUTE_GROWTH: Final = Constant("compute_growth", 4.7, "R1", (4.3, 5.2), 0.9, "times a year, 428 notable models")


def algorithmic_progress(years: float, halving: float = HALVING.value) -> float:
    """Give the factor on compute that better algorithms are worth after some years: 2^(12 years / months to halve).

    Notes
    -----
    Ho et al. 2024, arXiv 2403.05812: 8 months (95 %: 5 to 14), so 2.83 times a year (1.81 to 5.28). Gundlach et al.
    2025 (arXiv 2511.21622) find that most of it does not show at small scale.
    """
    return float(2 ** (12 * years / halving))


def price_performance(years: float, doubling: float = DOUBLING_ALL.value) -> float:
    """Give the factor on FLOP a dollar after some years: 2^(years / years to double).

    Notes
    -----
    Hobbhahn and Besiroglu 2022, epoch.ai: doubling in 2.46 years (95 %: 2.24 to 2.72), so 1.33 times a year; for GPUs
    made for machine learning 2.07 (1.54 to 3.13), 1.40 times a year.
    """
    return float(2 ** (years / doubling))


def inference_price_fall(years: float, cheaper: float = CHEAPER.value) -> float:
    """Give how many times less a token of the same quality costs after some years.

    Notes
    -----
    Epoch AI, March 2025: 9 to 900 times a year by task (R1), median 50 (R2). Others say 10 times (R2).
    """
    return float(cheaper**years)


def training_cost_growth(years: float, growth: float = COST_GROWTH.value) -> float:
    """Give the factor on the cost of the dearest training run after some years.

    Notes
    -----
    Cottier et al. 2024, arXiv 2405.21015: 2.4 times a year (95 %: 2.0 to 3.1).
    """
    return float(growth**years)


def training_compute_growth(years: float, growth: float = COMPUTE_GROWTH.value) -> float:
    """Give the factor on the training compute of notable models after some years.

    Notes
    -----
    Epoch AI: 4.7 times a year (90 %: 4.3 to 5.2), n = 428; our own fit gives 4.68 (4.29 to 5.15).
    """
    return float(growth**years)


_YEARS: Final = Key("years", Number(above=0, high=20), "how long", "years", "1")

ALGORITHMIC_PROGRESS: Final = EffectLaw(
    name="algorithmic_progress",
    title="Algorithmic progress",
    source="Ho et al. 2024, arXiv 2403.05812",
    reach="language models from 2012 to 2023",
    note=(
        "What the whole field gains, you and your rivals alike: a drift of the baseline, which multiplies "
        "`frontier.compute.growth_per_year`, and not the gain of one initiative. Most of it does not show at small "
        "scale (Gundlach et al. 2025, arXiv 2511.21622, R1 abstract)."
    ),
    arguments=(_YEARS,),
    forms=(
        Form(
            "compute",
            "2^(12 years / halving)",
            lambda at: algorithmic_progress(at["years"], at["halving"]),
            uses=always("halving"),
        ),
    ),
    constants=(HALVING,),
)

GPU_PRICE: Final = EffectLaw(
    name="gpu_price",
    title="FLOP a dollar",
    source="Hobbhahn and Besiroglu 2022, epoch.ai",
    reach="470 GPUs; memory bandwidth grows more slowly, doubling in 4.1 years",
    note="What chips do without you: for money spent later, not for an initiative that buys the same chips.",
    arguments=(
        _YEARS,
        Key("of", Choice(("all", "ml")), "all GPUs, or those made for machine learning", "", "all"),
    ),
    forms=tuple(
        Form(
            lever,
            "2^(years / doubling)",
            lambda at: price_performance(at["years"], at[f"doubling_{at['of']}"]),
            uses=lambda given: (f"doubling_{given['of']}",),
        )
        for lever in ("compute", "inference_cost")
    ),
    constants=(DOUBLING_ALL, DOUBLING_ML),
)

INFERENCE_PRICE: Final = EffectLaw(
    name="inference_price",
    title="Price of a token",
    source="Epoch AI 2025, epoch.ai",
    reach="prices at fixed quality, by task; the fastest falls are those since January 2024",
    note="Contains smaller models, quantisation, chips and margins: do not add it to their laws.",
    arguments=(_YEARS,),
    forms=(
        Form(
            "inference_cost",
            "cheaper^years",
            lambda at: inference_price_fall(at["years"], at["cheaper"]),
            uses=always("cheaper"),
        ),
    ),
    constants=(CHEAPER,),
)
