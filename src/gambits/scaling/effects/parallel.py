"""Parallel streams: one model run several times at once on its input, and the results joined (ParScale)."""

from __future__ import annotations

import math
from typing import Final

from gambits.files.kinds import Choice, Number, Uncertain, Whole
from gambits.files.sections import Key
from gambits.quantities.estimates import Bounds
from gambits.scaling.effects.law import EffectLaw, Form
from gambits.scaling.published import Constant


def worth_of_streams(streams: float, k: float) -> float:
    """Give the factor on parameters that parallel streams are worth: k ln P + 1.

    Parameters
    ----------
    streams
        P, at least 1.
    k
        What a stream is worth, by training data.

    Notes
    -----
    Chen et al. 2025, arXiv 2505.10475: L = E + (A / (N (k ln P + 1)))^α. With k = 0.39 (code) 2, 4 and 8 streams are
    worth 1.27, 1.54 and 1.81 times the parameters, with k = 0.33 (text) 1.23, 1.46 and 1.69.
    """
    return k * math.log(streams) + 1


def cost_of_streams(streams: float, share: float) -> float:
    """Give the factor on FLOP when a share of all tokens goes through every stream: 1 + share (P − 1).

    Notes
    -----
    Each stream is a forward (and in training a backward) pass of its own. The authors' two stages, 1 trillion
    tokens with one stream and then 20 billion with all, make the share 0.02 and 8 streams 1.14 times as dear.
    """
    return 1 + share * (streams - 1)


def net_worth_of_streams(streams: float, k: float, share: float = 1.0) -> float:
    """Give what streams are worth after their cost in training, as a factor on compute.

    k × parameter efficiency is exactly k × compute, so the two divide. With every stream trained throughout, 8
    streams are worth 1.81 / 8 = 0.23: a loss; in two stages 1.81 / 1.14 = 1.59.
    """
    return worth_of_streams(streams, k) / cost_of_streams(streams, share)


PARSCALE: Final = EffectLaw(
    name="parscale",
    title="ParScale",
    source="Chen et al. 2025, arXiv 2505.10475",
    reach=(
        "models of 0.5 to 4.4 billion parameters with up to 8 streams, one of 1.6 billion on 1 trillion tokens; the "
        "flagship is hundreds of times larger"
    ),
    fitted_to=9.6e21,
    note=(
        "On parameter_efficiency it is the gross worth of the streams. Their training cost belongs under compute and "
        "their serving cost under inference_cost, each with the same law."
    ),
    arguments=(
        Key("streams", Whole(1, 1024), "parallel streams, P", required=True),
        Key(
            "data",
            Choice(("code", "text")),
            "what is learnt: k was fitted on Stack-V2-Python and on the Pile",
            "",
            "text",
        ),
        Key("trained", Number(0, 1), "share of the training tokens that go through all streams", "", "0.02"),
        Key("served", Uncertain(Bounds.PROBABILITY), "share of serving cost that grows with the streams", "", "1"),
    ),
    forms=(
        Form(
            "parameter_efficiency",
            "k ln P + 1",
            lambda at: worth_of_streams(at["streams"], at[f"k_{at['data']}"]),
            uses=lambda given: (f"k_{given['data']}",),
        ),
        Form(
            "compute",
            "1 / (1 + trained (P − 1))",
            lambda at: 1 / cost_of_streams(at["streams"], at["trained"]),
            tag="R2",
        ),
        Form(
            "inference_cost",
            "1 / (1 + served (P − 1))",
            lambda at: 1 / cost_of_streams(at["streams"], at["served"]),
            tag="R2",
        ),
    ),
    constants=(
        Constant("k_code", 0.39, "R2", note="Stack-V2-Python; our own refit of the authors' runs gives 0.3935"),
        Constant("k_text", 0.33, "R2", note="the Pile; our own refit gives 0.3344"),
    ),
    costs=("compute", "inference_cost"),
)
