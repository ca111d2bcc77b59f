"""From benchmark points to a compute multiplier: one rule for all, and a judgement."""

from __future__ import annotations

import math
from typing import Final

from gambits.files.kinds import Number, Text, Uncertain
from gambits.files.sections import Key
from gambits.quantities.estimates import Bounds
from gambits.scaling.effects.law import JUDGED, EffectLaw, Form, always
from gambits.scaling.published import Constant

OOM_PER_POINT: Final = Constant(
    "oom_per_point",
    0.03,
    JUDGED,
    (0.01, 0.1),
    0.9,
    "OOM of effective compute that a benchmark point stands for: our judgement. Over Gadre's 17 tasks a point took "
    "0.3 OOM at 1e25 FLOP (OWN), by a gain in everything; a gain sought on one benchmark carries over in part",
)


def worth_of_points(points: float, oom_per_point: float) -> float:
    """Give the compute multiplier that benchmark points stand for: 10^(points × OOM a point).

    With 0.03 OOM a point (0.01 to 0.1) 7 points stand for 1.6 times the compute (1.2 to 5.0).
    """
    return float(10 ** (points * oom_per_point))


def gadre_loss(flop: float, tokens_per_parameter: float) -> float:
    """Give the loss on C4, nats a token: E + (a M^η + b M^−η) C^−η.

    Notes
    -----
    Gadre et al. 2024, arXiv 2403.08540, as refitted by us (OWN): E 1.508, a 141.3, b 189.5, η 0.1212.
    """
    eta = 0.1212
    ratio = tokens_per_parameter**eta
    return float(1.508 + (141.3 * ratio + 189.5 / ratio) * flop**-eta)


def gadre_error(loss: float) -> float:
    """Give the mean error over 17 tasks, a fraction: ε − k exp(−γ L).

    Notes
    -----
    Gadre et al. 2024, arXiv 2403.08540, as refitted by us (OWN): ε 0.850, k 2.079, γ 0.756. A loss of 2 nats gives
    0.392. At 1e25 FLOP and 20 tokens a parameter ten times the compute take 3.1 points off.
    """
    return 0.850 - 2.079 * math.exp(-0.756 * loss)


POINTS: Final = EffectLaw(
    name="points",
    title="Benchmark points",
    source="a rule of this project",
    reach="nothing: no publication gives an exchange rate between benchmark points and compute",
    note=(
        "A judgement, whatever the paper behind the points. Benchmarks near their ceiling make a point dearer than "
        "this."
    ),
    arguments=(
        Key("gained", Uncertain(Bounds.POSITIVE), "points gained, in per cent", "points", required=True),
        Key("on", Text(), "what they were gained on", required=True),
        Key("share", Number(0, 1), "how much of what the lab is after that stands for", "", "1"),
    ),
    forms=tuple(
        Form(
            lever,
            "10^(gained × share × OOM a point)",
            lambda at: worth_of_points(at["gained"] * at["share"], at["oom_per_point"]),
            uses=always("oom_per_point"),
        )
        for lever in ("post_training", "test_time", "data_efficiency", "parameter_efficiency")
    ),
    constants=(OOM_PER_POINT,),
)
