"""What the first scaling laws would have advised: much larger models, hardly more data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PARAMETER_EXPONENT: Final = 0.73
"""N grows as C^0.73 (Kaplan et al. 2020, arXiv 2001.08361; R2)."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A model and its training data."""

    parameters: float
    tokens: float


def kaplan_growth(more: float) -> Advice:
    """Give the factors on parameters and on tokens that Kaplan et al. advise for a factor on compute.

    Notes
    -----
    Kaplan et al. 2020, arXiv 2001.08361: N ∝ C^0.73, D ∝ C^0.27. Ten times the compute: 5.4 times the parameters
    and 1.9 times the tokens (Hoffmann et al. 2022 quote 5.5 and 1.8), where Chinchilla says 3.2 of each at equal
    exponents.
    """
    return Advice(more**PARAMETER_EXPONENT, more ** (1 - PARAMETER_EXPONENT))


def kaplan_optimum(flop: float, known: Advice) -> Advice:
    """Give the model that Kaplan et al. would have trained with some compute, in proportion to a known one.

    Parameters
    ----------
    flop
        Training compute, FLOP.
    known
        A model and its tokens that are taken as right; 6ND is its compute.
    """
    grown = kaplan_growth(flop / (6 * known.parameters * known.tokens))
    return Advice(known.parameters * grown.parameters, known.tokens * grown.tokens)
