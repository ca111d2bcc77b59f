"""Tokens wanted and tokens there, period by period, with a plan and without."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from gambits.forecast.oracle import Forecast, Projection
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import optimum

_ENDLESS: Final = math.log(1e40)
"""ln of a stock of tokens that no run outruns."""


@dataclass(frozen=True, slots=True)
class Supply:
    """Unique tokens of a period, means over the draws.

    ``stock`` is there without the plan; ``with_plan`` adds the tokens that it makes; ``worth`` counts each of those by
    what it teaches. ``wanted`` is what the flagship would train on if there were no end of them.
    """

    period: str
    stock: float
    with_plan: float
    worth: float
    wanted: float


def supply_of(portfolio: Portfolio, forecast: Forecast, plan: Projection) -> tuple[Supply, ...]:
    """Lay the tokens that there are, with a plan and without, beside those that the flagship wants."""
    draws = forecast.draws
    if draws.law is None:
        return ()
    _, ln_wanted = optimum(draws.law, draws.ln_compute, np.full_like(draws.ln_tokens, _ENDLESS), draws.ln_served)
    columns = (np.exp(draws.ln_tokens), plan.tokens, plan.tokens * np.exp(plan.ln_worth), np.exp(ln_wanted))
    rows = zip(*(draws.probability @ column for column in columns), strict=True)
    return tuple(Supply(name, *map(float, row)) for name, row in zip(portfolio.periods.names, rows, strict=False))
