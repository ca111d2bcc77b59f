"""Gains that were published without a law: a factor with its range, of which a lab keeps a part.

A published factor stands against the authors' baseline at the authors' scale. What a lab's own baseline has already,
and what does not survive the way to its scale, has to come off: ``kept`` is what is left, in logarithms.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from gambits.files.kinds import Uncertain
from gambits.files.sections import Key
from gambits.quantities.estimates import Bounds
from gambits.scaling.effects.law import JUDGED, EffectLaw, Form, Values
from gambits.scaling.effects.points import OOM_PER_POINT, worth_of_points
from gambits.scaling.published import Constant

KEPT: Final = Key(
    "kept",
    Uncertain(Bounds.PROBABILITY),
    "part of the published gain that your baseline lacks and your scale keeps, in logarithms",
    "",
    "1",
)


def kept_gain(gain: float, kept: float) -> float:
    """Give the part of a factor that is kept: gain^kept. Of a factor of 4, 0.5 keeps 2."""
    return float(gain**kept)


def _factor(constant: str, at: Values) -> float:
    return kept_gain(at[constant], at["kept"])


def _points(constant: str, at: Values) -> float:
    return worth_of_points(at[constant] * at["kept"], at["oom_per_point"])


def _uses(*names: str) -> Callable[[Values], tuple[str, ...]]:
    return lambda given: names


def factor(lever: str, constant: str) -> Form:
    """Give the form of a published factor on a lever."""
    return Form(lever, f"{constant}^kept", partial(_factor, constant), uses=_uses(constant))


def points(lever: str, constant: str) -> Form:
    """Give the form of points gained on a benchmark, by the rule of the law ``points``."""
    formula = f"10^({constant} × kept × OOM a point)"
    return Form(lever, formula, partial(_points, constant), uses=_uses(constant, OOM_PER_POINT.name))


def _range(name: str, low: float, middle: float, high: float, note: str) -> Constant:
    return Constant(name, middle, JUDGED, (low, high), 0.9, f"{note}; the range is our judgement")


HYBRID: Final = EffectLaw(
    name="hybrid",
    title="State-space hybrid",
    source="Waleffe et al. 2024, arXiv 2406.07887; Olmo Hybrid, allenai.org",
    reach="8 billion parameters on 3.5 trillion tokens (Waleffe)",
    fitted_to=1.7e23,
    note=(
        "Attention kept in some layers. Pure state-space models lag on copying and on learning from context (Waleffe, "
        "R1 abstract)."
    ),
    arguments=(KEPT,),
    forms=(factor("data_efficiency", "tokens"), factor("inference_cost", "speed")),
    constants=(
        _range(
            "tokens",
            1.2,
            1.5,
            2.0,
            "2.65 points over 12 tasks (Waleffe, R1 abstract), 35 to 49 % fewer tokens (Olmo, R1)",
        ),
        _range("speed", 2.0, 3.0, 8.0, "up to 8 times faster (Waleffe), 3 times (Nemotron-H), both R1 abstracts"),
    ),
)

STATE_SPACE: Final = EffectLaw(
    name="state_space",
    title="State-space model",
    source="Gu and Dao 2023, arXiv 2312.00752",
    reach="3 billion parameters; a lag on copying and on learning from context at 8 billion (Waleffe et al. 2024)",
    note="Without attention. It may do harm: below 1 the range counts as one.",
    arguments=(KEPT,),
    forms=(factor("compute", "training"), factor("inference_cost", "speed")),
    constants=(
        _range("training", 0.8, 1.1, 1.5, "3 billion parameters match a transformer of twice the size (R2)"),
        _range("speed", 2.0, 3.2, 5.0, "5 times the throughput (R2)"),
    ),
)

HRM: Final = EffectLaw(
    name="hierarchical_reasoning",
    title="Hierarchical reasoning model",
    source="ARC Prize 2025, check of HRM, arcprize.org",
    reach="27 million parameters on puzzles; nothing on language",
    note=(
        "40.3 % by its authors, 32 % when checked, 2 % on the harder set; a plain transformer of the same size comes "
        "within 5 points (R1). Worth most as an option."
    ),
    arguments=(KEPT,),
    forms=(factor("parameter_efficiency", "gain"),),
    constants=(_range("gain", 1.0, 1.0, 1.3, "no gain for language has been published"),),
)

CURATION: Final = EffectLaw(
    name="curation",
    title="Filtering and deduplication",
    source="DCLM, Li et al. 2024, arXiv 2406.11794",
    reach="7 billion parameters on 2.6 trillion tokens",
    fitted_to=1.1e23,
    note="Against a set that was hardly filtered. Shares one slack with rephrasing and tuned repetition.",
    arguments=(KEPT,),
    forms=(factor("data_efficiency", "gain"),),
    constants=(
        _range("gain", 1.5, 3.0, 6.6, "6.6 times less compute than Llama 3 8B for a similar score (R1 abstract)"),
    ),
)

TUNED_REPETITION: Final = EffectLaw(
    name="tuned_repetition",
    title="Tuned repetition and ensembles",
    source="Kim et al. 2025, arXiv 2509.14786",
    reach="200 million tokens; nearly five orders of magnitude below a flagship's stock",
    note="Strong regularisation lets repeated data go on teaching. Only where data bind.",
    arguments=(KEPT,),
    forms=(factor("data_efficiency", "gain"),),
    constants=(_range("gain", 1.2, 2.0, 5.0, "5.17 times less data (R1 abstract)"),),
)

PREFERENCE: Final = EffectLaw(
    name="preference",
    title="Learning from human preference",
    source="Ouyang et al. 2022 (InstructGPT); Davidson et al. 2023, arXiv 2312.07413",
    reach="175 billion parameters; by preference and on target tasks, not by loss",
    fitted_to=3.1e23,
    note="Every lab has done its first rounds: they are in the baseline.",
    arguments=(KEPT,),
    forms=(factor("post_training", "gain"),),
    constants=(
        _range(
            "gain",
            3.0,
            5.0,
            20.0,
            "1.3 billion parameters preferred to 175 (R2); most enhancements worth over 5 times, some over 20 "
            "(Davidson, R1 abstract)",
        ),
    ),
)

SELF_PLAY: Final = EffectLaw(
    name="self_play",
    title="Self-play",
    source="Absolute Zero 2025; R-Zero 2025, arXiv 2508.05004; SPICE 2025",
    reach="4 to 14 billion parameters, on mathematics and code",
    note="Needs a verifier, above which it cannot rise, and levels off.",
    arguments=(KEPT,),
    forms=(points("post_training", "gained"),),
    constants=(
        _range(
            "gained",
            3.0,
            7.0,
            13.0,
            "points: 10.2 and 13.2 (Absolute Zero, R2), 6.5 and 7.5 (R-Zero, R1 abstract), 8.9 and 9.8 (SPICE, R1 "
            "abstract)",
        ),
        OOM_PER_POINT,
    ),
)

AGENTIC_LOOPS: Final = EffectLaw(
    name="agentic_loops",
    title="Learning from agents' work",
    source="SWE-Gym 2024; R2E-Gym 2025; PDR 2025",
    reach="models of some tens of billions of parameters, on repairs of code",
    note="Needs verifiers and sandboxes.",
    arguments=(KEPT,),
    forms=(points("post_training", "gained"),),
    constants=(
        _range(
            "gained",
            5.0,
            12.0,
            19.0,
            "points: 19 (SWE-Gym, R1 abstract), 34.4 to 51 % with hybrid verifiers (R2E-Gym, R1 and R2), 70.9 to 77.6 "
            "(PDR, R2)",
        ),
        OOM_PER_POINT,
    ),
)

QUANTISED_SERVING: Final = EffectLaw(
    name="quantised_serving",
    title="Quantised serving",
    source="Kurtic et al. 2024, arXiv 2411.02355",
    reach="the Llama 3.1 family, up to 405 billion parameters",
    fitted_to=3.8e25,
    note=(
        "Eight bits lose nothing to three per cent, four-bit weights rival them (R1 abstract). The harm grows with "
        "tokens a parameter, so that it bites most where models were trained for longest."
    ),
    arguments=(KEPT,),
    forms=(factor("inference_cost", "saving"),),
    constants=(_range("saving", 1.5, 2.0, 4.0, "from eight bits to four-bit weights"),),
)

SPECULATIVE: Final = EffectLaw(
    name="speculative_decoding",
    title="Speculative decoding",
    source="several, as quoted in reviews of 2024",
    reach="models of 7 to 70 billion parameters",
    note="A small model drafts, the large one checks. Most labs serve so already.",
    arguments=(KEPT,),
    forms=(factor("inference_cost", "speed"),),
    constants=(_range("speed", 1.5, 2.0, 3.0, "2 to 3 times lower latency (R2)"),),
)
