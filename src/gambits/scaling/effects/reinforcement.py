"""Reinforcement learning after training: a sigmoid in compute with a ceiling."""

from __future__ import annotations

from typing import Final

from gambits.files.kinds import Number, Refused, Uncertain
from gambits.files.sections import Key
from gambits.quantities.estimates import Bounds
from gambits.scaling.effects.law import EffectLaw, Form, Values, always
from gambits.scaling.effects.points import OOM_PER_POINT, worth_of_points


def pass_rate(spent: float, start: float, asymptote: float, midpoint: float, slope: float) -> float:
    """Give the pass rate after some reinforcement learning: R₀ + (A − R₀) / (1 + (C_mid/C)^B).

    Parameters
    ----------
    spent, midpoint
        C and C_mid, compute in one unit (GPU-hours, FLOP).
    start, asymptote
        R₀ and A, the pass rates before and without end.
    slope
        B.

    Notes
    -----
    Khatri et al. 2025, arXiv 2510.13786 (ScaleRL). At C = C_mid it lies half-way between R₀ and A.
    """
    return float(start + (asymptote - start) / (1 + (midpoint / spent) ** slope))


def _gain(at: Values) -> float:
    reached = pass_rate(at["spent"], at["start"], at["asymptote"], at["midpoint"], at["slope"])
    # A draw of the ceiling may fall below the start: nothing is gained then.
    return worth_of_points(100 * max(0.0, reached - at["start"]) * at["share"], at["oom_per_point"])


def _refuse(given: Values) -> None:
    if given["asymptote"] <= given["start"]:
        message = f"`asymptote` {given['asymptote']:g} does not lie above `start` {given['start']:g}"
        raise Refused("law-argument", message, "write the pass rate before, and the higher one it tends to")


_RATE: Final = Uncertain(Bounds.PROBABILITY)
_AMOUNT: Final = Uncertain(Bounds.POSITIVE)

REINFORCEMENT: Final = EffectLaw(
    name="reinforcement",
    title="RL sigmoid (ScaleRL)",
    source="Khatri et al. 2025, arXiv 2510.13786",
    reach="8 billion parameters; fits on up to 50,000 GPU-hours foretold 100,000",
    note=(
        "Slope and midpoint were not read in the paper: give those of your own runs. Points of pass rate become "
        "compute by the rule of the law `points`, a judgement."
    ),
    arguments=(
        Key("start", _RATE, "pass rate before", required=True),
        Key("asymptote", _RATE, "pass rate without end; 0.61 was found at 8 billion parameters (R2)", "", "0.61"),
        Key("slope", _AMOUNT, "B, how steep", required=True),
        Key("midpoint", _AMOUNT, "C_mid, compute at which half is gained", "as `spent`", required=True),
        Key("spent", _AMOUNT, "compute spent", "GPU-hours or FLOP", required=True),
        Key("share", Number(0, 1), "how much of what the lab is after the tasks stand for", "", "1"),
    ),
    forms=(
        Form(
            "post_training",
            "10^(100 (R − R₀) × share × OOM a point), R = R₀ + (A − R₀) / (1 + (C_mid/C)^B)",
            _gain,
            uses=always("oom_per_point"),
        ),
    ),
    constants=(OOM_PER_POINT,),
    refuse=_refuse,
)
