"""Fewer bits and fewer weights: what sparse and low-precision models keep, and what they save."""

from __future__ import annotations

import math
from typing import Final

from gambits.files.kinds import Number
from gambits.files.sections import Key
from gambits.scaling.effects.law import JUDGED, EffectLaw, Form, Values, always
from gambits.scaling.published import Constant

_FULL_BITS: Final = 16.0


def worth_of_sparsity(sparsity: float, known: float) -> float:
    """Give how many times larger the dense model is that a model with as many non-zero weights matches.

    Parameters
    ----------
    sparsity
        Share of the weights that are zero, at most 0.75.
    known
        The factor at a sparsity of 0.75.

    Notes
    -----
    Frantar et al. 2023, arXiv 2309.08520: 75 % sparse matches a dense model 2.16 times as large. Below that the power
    law (1 − S)^−x through 1 and that point is ours.
    """
    return float((1 - sparsity) ** (-math.log(known) / math.log(4)))


def parameters_kept(bits: float, gamma: float) -> float:
    """Give the share of the parameters that still count at some bits: 1 − exp(−P/γ).

    Notes
    -----
    Kumar et al. 2024, arXiv 2411.04330. With γ = 2.6745 (weights) 8 bits keep 95.0 %, 4 bits 77.6 %.
    """
    return -math.expm1(-bits / gamma)


def loss_by_quantisation(bits: float, tokens: float, parameters: float) -> float:
    """Give the loss, nats a token, that quantising after training adds: C_T e^(−P/γ) D^0.5068 / N^0.3439.

    Notes
    -----
    Kumar et al. 2024, C_T 0.0598, γ 0.5907 (R2). It grows with tokens and shrinks with parameters: over-trained
    small models suffer most. 4 bits after 26 billion tokens on 1.7 billion parameters: 0.0087 nats.
    """
    return float(0.0598 * math.exp(-bits / 0.5907) * tokens**0.5068 / parameters**0.3439)


def _kept(at: Values) -> float:
    kept = 1.0
    for name in ("weights", "activations", "cache"):
        if name in at:
            gamma = at[f"gamma_{name}"]
            kept *= parameters_kept(at[name], gamma) / parameters_kept(at["instead_of"], gamma)
    return kept


def _saved(bits: float, at: Values) -> float:
    return float((at["instead_of"] / bits) ** at["realised"])


_BITS: Final = Number(1, _FULL_BITS)

SPARSE_WEIGHTS: Final = EffectLaw(
    name="sparse_weights",
    title="Sparse weights",
    source="Frantar et al. 2023, arXiv 2309.08520",
    reach="ViT on JFT-4B and T5 on C4; one published point, at 75 % sparsity",
    note="At equal non-zero weights. To save serving cost, hardware must skip zeros.",
    arguments=(Key("sparsity", Number(0, 0.75), "share of the weights that are zero", "", "0.75"),),
    forms=tuple(
        Form(
            lever,
            "(1 − S)^(−ln known / ln 4)",
            lambda at: worth_of_sparsity(at["sparsity"], at["known"]),
            uses=always("known"),
        )
        for lever in ("parameter_efficiency", "inference_cost")
    ),
    constants=(Constant("known", 2.16, "R2", note="dense size that a 75 % sparse model matches"),),
)

LOW_PRECISION: Final = EffectLaw(
    name="low_precision",
    title="Low precision",
    source="Kumar et al. 2024, arXiv 2411.04330",
    reach="465 runs of up to 1.7 billion parameters on up to 26 billion tokens; integers, trained in low precision",
    fitted_to=2.7e20,
    note=(
        "The harm belongs under parameter_efficiency, the savings under compute (training) or inference_cost. "
        "Quantising after training harms more the more tokens a parameter has seen, which is not in this law."
    ),
    arguments=(
        Key("weights", _BITS, "bits of the weights", "bits", required=True),
        Key("activations", _BITS, "bits of the activations; left out, they stay as they are", "bits"),
        Key("cache", _BITS, "bits of the keys and values; left out, they stay as they are", "bits"),
        Key("instead_of", _BITS, "bits of today's models, from which the effect is measured", "bits", "16"),
    ),
    forms=(
        Form(
            "parameter_efficiency",
            "product of (1 − exp(−bits/γ)) / (1 − exp(−instead of/γ))",
            _kept,
            uses=lambda given: tuple(f"gamma_{name}" for name in given if name != "instead_of"),
        ),
        Form(
            "compute",
            "(instead of / widest bits)^realised",
            lambda at: _saved(max(at["weights"], at.get("activations", at["instead_of"])), at),
            uses=always("realised"),
        ),
        Form(
            "inference_cost",
            "(instead of / bits of the weights)^realised",
            lambda at: _saved(at["weights"], at),
            uses=always("realised"),
        ),
    ),
    constants=(
        Constant("gamma_weights", 2.6745, "R2"),
        Constant("gamma_activations", 2.2102, "R2"),
        Constant("gamma_cache", 0.9578, "R2"),
        Constant(
            "realised",
            0.8,
            JUDGED,
            (0.6, 1.0),
            0.9,
            "share of the nominal saving, in logarithms, that hardware and kernels give: our judgement",
        ),
    ),
)
