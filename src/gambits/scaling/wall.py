"""The data wall: how many tokens there are, and at which compute the optimum outruns them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.frontier import LN_10, Constants, ln_wall

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


WEB_GROWTH: Final = (1.04, 1.12)
"""Growth of the web in a year, 90 %: 1.0 to 1.1 times the pages, each 1.02 to 1.04 times as long (95 %; inputs of
Villalobos et al. 2024, arXiv 2211.04325, R1; OWN from these)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the stock of text, with its source and tag.

    ``low`` and ``high`` are a 90 % interval of ``tokens``, and ``growth`` one of the factor by which they grow in a
    year; None where nobody gave one.
    """

    name: str
    kind: str
    tokens: float
    source: str
    tag: str
    low: float | None = None
    high: float | None = None
    growth: tuple[float, float] | None = WEB_GROWTH


LAYERS: Final = (
    Layer("raw web crawl", "raw", 240e12, "DCLM-Pool, Common Crawl tokens (DCLM abstract)", "R1"),
    Layer("raw web crawl, 84 dumps", "raw", 100e12, "RedPajama-V2 (publisher's page)", "R1"),
    Layer(
        "the indexed web",
        "raw",
        508e12,
        "inputs of Villalobos et al. 2024, arXiv 2211.04325; 75e9 to 1e12 pages",
        "OWN",
        157e12,
        1640e12,
    ),
    Layer("filtered and deduplicated", "deduplicated", 30e12, "RedPajama-V2 (publisher's page)", "R1"),
    Layer(
        "high quality, as in training",
        "high quality",
        15e12,
        "FineWeb 15T, Llama 3.1 15.6T, DeepSeek-V3 14.8T",
        "R2",
    ),
    Layer("highest quality, filtered hard", "high quality", 6.3e12, "Nemotron-CC 6.3T", "R2"),
    Layer("public code, filtered", "code", 0.9e12, "The Stack v2, training set (publisher's page)", "R1", growth=None),
    Layer(
        "all public text, effective",
        "public",
        300e12,
        "Villalobos et al. 2024, arXiv 2211.04325, repetition and quality counted",
        "R2",
        100e12,
        1000e12,
    ),
    Layer(
        "recorded, multimodal sets",
        "private or recorded",
        30e12,
        "Llama 4, over 30T multimodal tokens",
        "R2",
        growth=None,
    ),
    Layer(
        "private, messages of a year",
        "private or recorded",
        253e12,
        "1e11 to 2e11 messages a day of 4 to 6 tokens (inputs of Villalobos et al. 2024); nobody may use them",
        "OWN",
        169e12,
        378e12,
        growth=None,
    ),
)
"""What has been counted of the stock, and where nobody has, what can be worked out from published inputs."""


def worth_of_repetition(law: Constants, epoch: float) -> Array:
    """Give the worth of a token seen for the nth time, over a new one: exp(−(n − 1)/R_D).

    Notes
    -----
    Muennighoff et al. 2023, arXiv 2305.16264: 0.937, 0.823, 0.635, 0.377 and 0.079 at epoch 2, 4, 8, 16 and 40.
    """
    return np.exp(-(epoch - 1) / np.asarray(law.r_d))


def worth_of_epochs(law: Constants, epochs: float) -> Array:
    """Give what tokens seen for some epochs are worth together, over as many new ones: D'/D.

    0.984, 0.931, 0.828, 0.661 and 0.379 at 2, 4, 8, 16 and 40 epochs (the same).
    """
    limit = np.asarray(law.r_d)
    return np.asarray((1 - limit * np.expm1(-(epochs - 1) / limit)) / epochs)


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
