"""What is spent stays spent: money of periods that are over since the older plan is taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gambits.allocate.plan import rounded
from gambits.ledger.recording import sources
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.quantities.periods import Period
from gambits.rerun.worlds import World

Spent = dict[str, dict[str, float]]
_NOTHING: Final = 1e-9
"""Part of all money below which none was planned."""


def carried_forward(portfolio: Portfolio, gambit: Gambit, plan: Mapping[str, Any]) -> tuple[Portfolio, Spent]:
    """Fill in what was spent in periods that are over by ``as_of``, as an older plan had it.

    A file that says itself what was spent, of any initiative, is left as it is.

    Returns
    -------
    :
        The portfolio, and what was filled in: money by initiative and period.

    Raises
    ------
    InputError
        If more was planned than an initiative costs now: the file has to say what was spent.
    """
    if any(key.startswith("initiatives.") and key.split(".")[2:3] == ["spent"] for key in portfolio.inputs):
        return portfolio, {}
    spent = _planned(portfolio, plan)
    if not spent:
        return portfolio, {}
    added = {f"initiatives.{id}.spent.{name}": money for id, row in spent.items() for name, money in row.items()}
    law = {name: text for name, text in sources(portfolio, gambit).items() if name.startswith("law/")}
    world = World(dict(sorted({**portfolio.inputs, **added}.items())), gambit.inputs, {}, law)
    with TemporaryDirectory() as folder:
        found, _ = world.build(Path(folder))
    return replace(found, file=portfolio.file, where=portfolio.where, warnings=portfolio.warnings), spent


def _planned(portfolio: Portfolio, plan: Mapping[str, Any]) -> Spent:
    """Give the older plan's money in periods that are over; stages of an initiative together."""
    first = portfolio.periods.first
    known = {each.id.partition("/")[0] for each in portfolio.initiatives}
    periods = [Period.parse(name) for name in plan["periods"]]
    over = [k for k, each in enumerate(periods) if each.unit is first.unit and each.index < first.index + portfolio.now]
    spent: Spent = {}
    for id, row in plan["initiatives"].items():
        whole = id.partition("/")[0]
        for k in over:
            money = row["spend"][k]
            if whole in known and money > _NOTHING * plan["total_spend"]:
                by_period = spent.setdefault(whole, {})
                name = plan["periods"][k]
                by_period[name] = rounded(by_period.get(name, 0.0) + money)
    return spent
