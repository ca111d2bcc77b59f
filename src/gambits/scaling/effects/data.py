"""Data that models write: wholly synthetic text, and web text rephrased."""

from __future__ import annotations

import math
from typing import Final

from gambits.files.kinds import Choice, Number, Uncertain
from gambits.files.sections import Key
from gambits.quantities.estimates import Bounds
from gambits.scaling.effects.gains import KEPT, kept_gain
from gambits.scaling.effects.law import JUDGED, EffectLaw, Form, always
from gambits.scaling.published import Constant

BEST_SHARE: Final = 0.3
"""Share of rephrased text that does best (Kang et al. 2025, arXiv 2510.01631)."""


def useful_synthetic_tokens(written: float, plateau: float) -> float:
    """Give the tokens that synthetic text is worth: P (1 − exp(−D/P)).

    Notes
    -----
    Qin et al. 2025, arXiv 2503.19551 (SynthLLM): gains level off near 300 billion tokens; an 8-billion model peaks at 1
    trillion, a 3-billion one at 4. The form is ours: each token counts at first, and P without end.
    """
    return -plateau * math.expm1(-written / plateau)


def worth_of_rephrasing(share: float, best: float) -> float:
    """Give the factor on data efficiency of a mix: best^w, w = (s/0.3)^0.3 ((1 − s)/0.7)^0.7.

    Parameters
    ----------
    share
        s, the part of all tokens that is rephrased.
    best
        The factor at the best share, 0.3.

    Notes
    -----
    Kang et al. 2025, arXiv 2510.01631: a third rephrased learns 5 to 10 times faster than web text, best near 30 %;
    rephrased alone is no faster. w is the flattest curve of its kind through those: 0 at both ends, 1 at 0.3.
    """
    weight = (share / BEST_SHARE) ** BEST_SHARE * ((1 - share) / (1 - BEST_SHARE)) ** (1 - BEST_SHARE)
    return float(best**weight)


SYNTHETIC_TEXT: Final = EffectLaw(
    name="synthetic_text",
    title="Synthetic-text plateau",
    source="Qin et al. 2025, arXiv 2503.19551",
    reach="mathematics, models of up to 8 billion parameters on 1 trillion tokens",
    fitted_to=4.8e22,
    note=(
        "Their fitted curve was not read. Textbooks alone do worse than web text (Kang et al. 2025): set `quality` "
        "below 1."
    ),
    arguments=(Key("tokens", Uncertain(Bounds.POSITIVE), "tokens written", "tokens", required=True),),
    forms=(
        Form(
            "unique_tokens",
            "P (1 − exp(−tokens/P))",
            lambda at: useful_synthetic_tokens(at["tokens"], at["plateau"]),
            uses=always("plateau"),
        ),
    ),
    constants=(
        Constant(
            "plateau",
            1.1e12,
            JUDGED,
            (3e11, 4e12),
            0.9,
            "from 300 billion tokens, where gains level off, to 4 trillion, where the smallest model peaks (R1 "
            "abstract)",
        ),
    ),
)

SEMI_SYNTHETIC: Final = EffectLaw(
    name="semi_synthetic",
    title="Rephrased web text",
    source="Kang et al. 2025, arXiv 2510.01631; BeyondWeb 2025, arXiv 2508.10975",
    reach="at most some billions of parameters; a generator beyond 8 billion brought nothing more",
    note="Shares one slack with curation and tuned repetition: do not add the three up.",
    arguments=(
        Key("share", Number(0, 1), "part of all tokens that is rephrased", "", "0.3"),
        Key("against", Choice(("web", "curated")), "raw web text, or a set as curated as labs use", "", "curated"),
        KEPT,
    ),
    forms=(
        Form(
            "data_efficiency",
            "best^(w kept), w = (s/0.3)^0.3 ((1 − s)/0.7)^0.7",
            lambda at: kept_gain(worth_of_rephrasing(at["share"], at[f"best_{at['against']}"]), at["kept"]),
            uses=lambda given: (f"best_{given['against']}",),
        ),
    ),
    constants=(
        Constant(
            "best_web",
            5.5,
            JUDGED,
            (3.0, 10.0),
            0.9,
            "5 to 10 times (Kang), up to 7.7 (BeyondWeb), about 3 (WRAP, arXiv 2401.16380), all R1 abstracts; the "
            "range is our judgement",
        ),
        Constant(
            "best_curated",
            2.5,
            JUDGED,
            (1.5, 5.0),
            0.9,
            "2.7 times another synthetic set (BeyondWeb, R1 abstract), 3.7 to 5.2 times repetition (SynPro, R2); the "
            "range is our judgement",
        ),
    ),
)
