"""What people call an estimate that a file knows by its dotted key."""

from __future__ import annotations

from typing import Final

from gambits.forecast.draws import LAW
from gambits.portfolio.model import Initiative, Portfolio

_SHARED: Final = {
    LAW: "the scaling law",
    "budget.total": "the total budget",
    "budget.per_period": "the money released a period",
    "frontier.compute.flop": "training compute of the flagship",
    "frontier.compute.growth_per_year": "growth of training compute a year",
    "frontier.unique_tokens.count": "unique tokens that there are",
    "frontier.unique_tokens.growth_per_year": "growth of unique tokens a year",
    "frontier.inference_tokens": "tokens served over the flagship's life",
}


def estimate_names(portfolio: Portfolio) -> dict[str, str]:
    """Name the estimates of the frontier, and of every initiative by its title, by dotted key."""
    found = dict(_SHARED)
    for each in portfolio.initiatives:
        for name, words in _own(each):
            found.setdefault(each.key(name), f"{words} {each.title or each.id}")
    return found


def _own(initiative: Initiative) -> list[tuple[str, str]]:
    """List what an initiative may have estimates of, with the words before its title."""
    effects = [(f"effects.{lever.value}", f"{lever.words} of") for lever in initiative.effects]
    uses = [(f"uses.{name}", f"{name} used by") for name in initiative.uses]
    return [("success", "success of"), ("cost", "cost of"), ("value", "value of"), *effects, *uses]
