"""Initiatives by worth for their money: the ranking that a finance department would make."""

from __future__ import annotations

from dataclasses import dataclass

from gambits.allocate import timing
from gambits.allocate.soonest import in_order, soonest
from gambits.forecast.oracle import Forecast
from gambits.portfolio.graph import waits_for
from gambits.portfolio.model import Portfolio


@dataclass(frozen=True, slots=True)
class Ranked:
    """One initiative, bought with all that it waits for and that was not bought above it.

    ``per_money`` is what it and all that it waits for are worth alone, mean OOM for 100 of their money. ``money`` is
    what it adds to the bill, ``cumulative_money`` and ``cumulative_value`` (mean OOM) what is bought down to it costs
    and is worth, funded as fast as may be. ``within_budget`` says whether the total budget pays for all down to it.
    """

    id: str
    title: str
    path: str
    per_money: float
    money: float
    cumulative_money: float
    cumulative_value: float
    within_budget: bool


def ranked(portfolio: Portfolio, forecast: Forecast) -> tuple[Ranked, ...]:
    """Rank initiatives by worth for their money, and add up what is bought from the top.

    It is no plan: it knows no shares, no quarters and no resources, and counts nothing that two do to each other
    before they are bought. Of several sizes of one initiative each stands for itself, and the dearest bought counts.
    """
    needed, order = waits_for(portfolio), in_order(portfolio)
    price = {each.id: each.price for each in portfolio.initiatives}

    def value(wanted: set[str]) -> float:
        funded = soonest(portfolio, wanted, order)
        made = timing.progress(portfolio.initiatives, funded)
        counted = timing.counted(portfolio.initiatives, made, funded, forecast.periods)
        return forecast.evaluate(*counted).expected

    chains = {each.id: {each.id, *needed[each.id]} for each in portfolio.initiatives}
    worth = {id: 100 * value(chain) / sum(price[name] for name in chain) for id, chain in chains.items()}
    bought: set[str] = set()
    rows = []
    for id in sorted(worth, key=lambda id: (-round(worth[id], 9), id)):
        new = chains[id] - bought
        bought |= new
        each, total = portfolio.initiative(id), sum(price[name] for name in bought)
        rows.append(
            Ranked(
                id=id,
                title=each.title,
                path=each.path,
                per_money=worth[id],
                money=sum(price[name] for name in new),
                cumulative_money=total,
                cumulative_value=value(bought),
                within_budget=total <= portfolio.budget.total,
            )
        )
    return tuple(rows)
