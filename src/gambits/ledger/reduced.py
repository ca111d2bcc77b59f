"""The hash of what an answer depends on: two inputs that differ in nothing else have the same plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from gambits.allocate.eligible import eligible
from gambits.ledger.records import sha256
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Portfolio
from gambits.scaling.laws import load_law

_WORDS: Final = frozenset(
    {"title", "owner", "team", "source", "note", "verified", "pilot", "review_every", "kill", "dissent", "decision"}
)
"""Keys that say something to people and nothing to the programme."""
_NAMES: Final = frozenset({"name", "as_of"})


def reduced_sha256(portfolio: Portfolio, gambit: Gambit, settings: Mapping[str, Any]) -> str:
    """Hash the numbers and rules that decide a plan.

    Words are left out, and so is whoever can get no money and what they would have joined in. Ids stay, since
    they key the draws.

    Raises
    ------
    InfeasibleError
        If an initiative that must be funded can get no money.
    """
    able, barred = eligible(portfolio, gambit)
    asked = replace(
        portfolio,
        initiatives=able,
        synergies=tuple(each for each in portfolio.synergies if not barred.keys() & set(each.between)),
    )
    # Of the day on which estimates stood it matters only which periods were over.
    shown = [_shown(asked, _NAMES | _WORDS), portfolio.now, _shown(gambit, _NAMES)]
    return sha256(repr([*shown, sorted(settings.items()), _law(portfolio)]))


def _shown(record: Any, left_out: frozenset[str]) -> list[tuple[str, Any]]:
    """List the fields by which a record equals another, initiatives without their words."""
    named = ((each.name, getattr(record, each.name)) for each in fields(record) if each.compare)
    return [(name, _plain(value)) for name, value in named if name not in left_out]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return _shown(value, _WORDS) if isinstance(value, Initiative) else value


def _law(portfolio: Portfolio) -> list[Any]:
    if portfolio.frontier is None:
        return []
    law = load_law(portfolio.frontier.law, Path(portfolio.file).parent)
    return [[(name, constant.value) for name, constant in law.constants.items()], law.draws_sha256]
