"""Every law that an effect can name."""

from __future__ import annotations

from typing import Final

from gambits.scaling.effects.data import SEMI_SYNTHETIC, SYNTHETIC_TEXT
from gambits.scaling.effects.experts import CLARK, KRAJEWSKI, MOE
from gambits.scaling.effects.families import DISTILLATION
from gambits.scaling.effects.gains import (
    AGENTIC_LOOPS,
    CURATION,
    HRM,
    HYBRID,
    PREFERENCE,
    QUANTISED_SERVING,
    SELF_PLAY,
    SPECULATIVE,
    STATE_SPACE,
    TUNED_REPETITION,
)
from gambits.scaling.effects.law import EffectLaw
from gambits.scaling.effects.parallel import PARSCALE
from gambits.scaling.effects.points import POINTS
from gambits.scaling.effects.precision import LOW_PRECISION, SPARSE_WEIGHTS
from gambits.scaling.effects.reinforcement import REINFORCEMENT
from gambits.scaling.effects.serving import OVERTRAIN
from gambits.scaling.effects.thinking import TEST_TIME
from gambits.scaling.effects.trends import ALGORITHMIC_PROGRESS, GPU_PRICE, INFERENCE_PRICE

EFFECT_LAWS: Final[tuple[EffectLaw, ...]] = (
    HYBRID,
    STATE_SPACE,
    HRM,
    PARSCALE,
    MOE,
    CLARK,
    KRAJEWSKI,
    SPARSE_WEIGHTS,
    LOW_PRECISION,
    QUANTISED_SERVING,
    SPECULATIVE,
    OVERTRAIN,
    DISTILLATION,
    TUNED_REPETITION,
    TEST_TIME,
    PREFERENCE,
    REINFORCEMENT,
    SELF_PLAY,
    AGENTIC_LOOPS,
    POINTS,
    CURATION,
    SYNTHETIC_TEXT,
    SEMI_SYNTHETIC,
    ALGORITHMIC_PROGRESS,
    GPU_PRICE,
    INFERENCE_PRICE,
)


def effect_laws(lever: str) -> dict[str, EffectLaw]:
    """Give the laws that can be used on a lever, by name."""
    return {law.name: law for law in EFFECT_LAWS if lever in law.levers}


def find_effect_law(name: str) -> EffectLaw | None:
    """Find a law by its name; None if there is none."""
    return next((law for law in EFFECT_LAWS if law.name == name), None)
