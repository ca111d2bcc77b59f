"""Smaller models trained for longer: the least compute over a model's life, training and serving together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from gambits.files.kinds import Choice, Number, Uncertain
from gambits.files.sections import Key
from gambits.quantities.estimates import Bounds
from gambits.scaling.effects.law import FLAGSHIP, STOCK, EffectLaw, Form, Values

if TYPE_CHECKING:
    from gambits.scaling.frontier import Constants

SARDANA: Final = "sardana-2023"
_PUBLISHED: Final = ("chinchilla-2022", SARDANA, "besiroglu-2024")
_LAWS: Final = (*_PUBLISHED, "muennighoff-2023")
_ANY: Final = "any"
_SETS: Final = 200
"""Of a law's bootstrap draws, so many are used."""
_R_D, _R_N = 15.387756, 5.309743
"""How repetition fades (Muennighoff et al. 2023, arXiv 2305.16264), for laws that say nothing of it."""
_ENDLESS: Final = 1e60
_STEPS: Final = 48
_GOLDEN: Final = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The model that costs least over its life, against the compute-optimal one of the same loss.

    ``saving`` is the part of all FLOP that is saved; ``smaller`` how many times smaller the model is; ``training`` how
    many times more FLOP its training takes.
    """

    parameters: float
    tokens: float
    saving: float
    smaller: float
    training: float


def cheapest_over_life(law: Constants, flop: float, served: float, unique: float = math.inf) -> Lifetime:
    """Minimise 6ND + 2NT at the loss of the compute-optimal model.

    Parameters
    ----------
    law
        Constants, scalars; E does not matter.
    flop
        Training compute of the compute-optimal model, FLOP.
    served
        T, tokens served over the model's life.
    unique
        Unique tokens; beyond them tokens repeat and fade.

    Notes
    -----
    Sardana et al. 2023, arXiv 2401.00448. With their constants (α 0.336, β 0.283, A 406.4, B 410.7): in place of a
    model of 13 billion parameters that serves 2 trillion tokens, 7.0 billion save 1.7e22 FLOP (17 %); of 30 that
    serves 5 trillion, 16.4 billion on 3.27 trillion tokens (16 %); of 70 that serves 10, 41.6 on 7.92 (12 %).
    """
    from gambits.scaling.frontier import optimum

    terms = _Terms.of(law, unique)
    ln_n, ln_d = (float(each) for each in optimum(law, math.log(flop), terms.ln_unique))
    reducible = terms.of_parameters(ln_n) + terms.of_tokens(ln_d)

    def cost(shrink: float) -> float:
        ln_tokens = terms.tokens_needed(reducible, ln_n - shrink)
        return ln_n - shrink + _ln_sum(math.log(6) + ln_tokens, math.log(2 * served))

    before = cost(0.0)
    # A model so small that its parameter term alone is the loss has no room for a finite number of tokens.
    shrink = _least(cost, ln_n - (terms.ln_a - math.log(reducible)) / terms.alpha)
    ln_tokens = terms.tokens_needed(reducible, ln_n - shrink)
    return Lifetime(
        parameters=math.exp(ln_n - shrink),
        tokens=math.exp(ln_tokens),
        saving=-math.expm1(cost(shrink) - before),
        smaller=math.exp(shrink),
        training=math.exp(ln_tokens - shrink - ln_d),
    )


@dataclass(frozen=True, slots=True)
class _Terms:
    """The two terms of the reducible loss on some unique tokens, for one model at a time: faster than arrays."""

    ln_a: float
    ln_b: float
    alpha: float
    beta: float
    r_d: float
    r_n: float
    ln_unique: float
    ln_fed: float

    @classmethod
    def of(cls, law: Constants, unique: float) -> _Terms:
        """Take the constants; without end of unique tokens nothing is discounted."""
        from gambits.scaling.frontier import ln_parameters_fed

        ln_unique = math.log(min(unique, _ENDLESS))
        ln_fed = float(ln_parameters_fed(law, ln_unique))
        return cls(
            ln_a=float(law.ln_a),
            ln_b=float(law.ln_b),
            alpha=float(law.alpha),
            beta=float(law.beta),
            r_d=float(law.r_d),
            r_n=float(law.r_n),
            ln_unique=ln_unique,
            ln_fed=ln_fed,
        )

    def of_parameters(self, ln_parameters: float) -> float:
        """A / N'^α."""
        ln_worth = self.ln_fed + _ln_discounted(ln_parameters - self.ln_fed, self.r_n)
        return math.exp(self.ln_a - self.alpha * ln_worth)

    def of_tokens(self, ln_tokens: float) -> float:
        """B / D'^β."""
        ln_worth = self.ln_unique + _ln_discounted(ln_tokens - self.ln_unique, self.r_d)
        return math.exp(self.ln_b - self.beta * ln_worth)

    def tokens_needed(self, reducible: float, ln_parameters: float) -> float:
        """Give ln of the tokens that bring a model to a reducible loss; infinite if none do."""
        left = reducible - self.of_parameters(ln_parameters)
        if left <= 0:
            return math.inf
        ln_worth = (self.ln_b - math.log(left)) / self.beta
        over = ln_worth - self.ln_unique
        if over <= 0 or math.isinf(self.r_d):
            return ln_worth
        faded = math.expm1(over) / self.r_d
        return self.ln_unique + math.log1p(-self.r_d * math.log1p(-faded)) if faded < 1 else math.inf


def _ln_discounted(ln_ratio: float, r: float) -> float:
    """Give ln of 1 + r (1 − e^(−(x − 1)/r)) for a ratio x above 1, else ln x."""
    if ln_ratio <= 0 or math.isinf(r):
        return ln_ratio
    return math.log1p(-r * math.expm1(-math.expm1(ln_ratio) / r))


def _least(cost: Callable[[float], float], high: float) -> float:
    """Find where a cost with one valley between 0 and ``high`` is least, by golden section."""
    low = 0.0
    left, right = high - _GOLDEN * high, _GOLDEN * high
    at_left, at_right = cost(left), cost(right)
    for _ in range(_STEPS):
        # Beyond what tokens can make up for, both are infinite: the valley is to the left.
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = cost(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = cost(right)
    return (low + high) / 2


def _ln_sum(one: float, other: float) -> float:
    """Give ln(e^one + e^other)."""
    high, low = max(one, other), min(one, other)
    return high if math.isinf(high) else high + math.log1p(math.exp(low - high))


def _fitted(given: Values, probability: float) -> Constants:
    """Give the constants of the law that was asked for; of any, each of three published sets has a third."""
    name, place = str(given["law"]), probability
    if name == _ANY:
        number = min(int(probability * len(_PUBLISHED)), len(_PUBLISHED) - 1)
        name, place = _PUBLISHED[number], probability * len(_PUBLISHED) - number
    sets = constants_of(name)
    law = sets[min(int(place * len(sets)), len(sets) - 1)]
    return law if math.isfinite(float(law.r_d)) else replace(law, r_d=_R_D, r_n=_R_N)


@cache
def constants_of(name: str) -> tuple[Constants, ...]:
    """Give a law's sets of constants: draws where it has them, else the published one."""
    import numpy as np  # slow to import, and few portfolios ask

    from gambits.scaling.frontier import Constants
    from gambits.scaling.laws import load_law

    if name == SARDANA:
        return (Constants(math.log(406.4), math.log(410.7), 0.0, 0.336, 0.283, math.inf, math.inf),)
    law = load_law(name)
    if law.draws is None:
        return (law.central,)
    drawn = law.drawn((np.arange(_SETS) + 0.5) / _SETS)
    columns = [np.ravel(getattr(drawn, each.name)) for each in fields(drawn)]
    return tuple(Constants(*(float(value) for value in row)) for row in zip(*columns, strict=True))


def _asked(at: Values) -> Lifetime:
    return _known(at["joint"], at["flop"], at["tokens_served"], at["unique_tokens"])


# Both forms ask the same of one file, and so does each reading of it.
_known: Final = lru_cache(maxsize=4096)(cheapest_over_life)


def _compute(at: Values) -> float:
    found = _asked(at)
    return 1 / found.training if at["count"] == "training" else 1 / (1 - found.saving)


OVERTRAIN: Final = EffectLaw(
    name="overtrain",
    title="Smaller models, trained for longer",
    source="Sardana et al. 2023, arXiv 2401.00448",
    reach=(
        "47 models with up to 10,000 tokens a parameter; laws fitted near 20 tokens a parameter over-estimate what "
        "more tokens do at the extremes"
    ),
    note=(
        "At the loss of the compute-optimal model. Under compute either the FLOP of the whole life count, or (`count: "
        "training`) the harm to training alone, which goes with the gain under inference_cost; never the first with "
        "the last."
    ),
    arguments=(
        Key(
            "tokens_served", Uncertain(Bounds.POSITIVE), "tokens served over the model's life", "tokens", required=True
        ),
        Key("flop", Number(above=0), "training compute of the compute-optimal model", "FLOP", FLAGSHIP),
        Key("unique_tokens", Number(above=0), "unique tokens; beyond them tokens repeat", "tokens", STOCK),
        Key(
            "law", Choice((_ANY, *_LAWS)), "whose constants; `any` gives each of three published sets a third", "", _ANY
        ),
        Key("count", Choice(("lifetime", "training")), "the FLOP that count under compute", "", "lifetime"),
    ),
    forms=(
        Form(
            "compute", "1 / (1 − saving), the least 6ND + 2NT over that of the compute-optimal N, D", _compute, tag="R2"
        ),
        Form("inference_cost", "compute-optimal N / least-cost N", lambda at: _asked(at).smaller, tag="R2"),
    ),
    joint=_fitted,
)
