"""The data wall: how many tokens there are, and at which compute the optimum outruns them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.frontier import LN_10, Constants, ln_wall, optimum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the stock of text: tokens with an interval where one is known, and the source with its tag."""

    name: str
    tokens: float
    low: float | None
    high: float | None
    source: str
    tag: str


LAYERS: Final = (
    Layer("raw web crawl", 240e12, None, None, "DCLM-Pool, Common Crawl tokens (DCLM abstract)", "R1"),
    Layer("raw web crawl, 84 dumps", 100e12, None, None, "RedPajama-V2 (publisher's page)", "R1"),
    Layer("filtered and deduplicated", 30e12, None, None, "RedPajama-V2 (publisher's page)", "R1"),
    Layer(
        "high quality, as used in training", 15e12, None, None, "FineWeb 15T, Llama 3.1 15.6T, DeepSeek-V3 14.8T", "R2"
    ),
    Layer("highest quality, filtered hard", 6.3e12, None, None, "Nemotron-CC 6.3T", "R2"),
    Layer(
        "all public human text, with repetition and quality counted",
        300e12,
        100e12,
        1000e12,
        "Villalobos et al. 2024, arXiv 2211.04325; 90 % interval",
        "R2",
    ),
)
"""What has been counted of the stock. Code and private or recorded data have no citable count here."""


def outrun_at(law: Constants, tokens: float, ln_served: Array | None = None) -> Array:
    """Give log10 of the compute (FLOP) whose optimum needs exactly these unique tokens.

    ``ln_served`` is ln of the tokens that the model serves over its life; with None it is trained alone.
    """
    return ln_wall(law, math.log(tokens), ln_served) / LN_10


def more_data(law: Constants, factor: float = 2.0) -> Array:
    """Give the factor of data that the optimum wants for a factor of compute, before the wall.

    D grows as C^(α/(α+β)) (Hoffmann et al. 2022, arXiv 2203.15556): 1.41 for twice the compute where α = β.
    """
    alpha, beta = np.asarray(law.alpha), np.asarray(law.beta)
    return np.asarray(factor ** (alpha / (alpha + beta)))


def epochs(law: Constants, ln_compute: Array, ln_tokens: Array, ln_served: Array | None = None) -> Array:
    """Give tokens trained on over unique tokens at the optimum: above 1 the stock is repeated."""
    _, ln_d = optimum(law, ln_compute, ln_tokens, ln_served)
    return np.asarray(np.exp(ln_d - ln_tokens))
