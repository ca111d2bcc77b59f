"""Who can get money at all: forbidden and unreachable initiatives leave before the master is built."""

from __future__ import annotations

from gambits.errors import BrokenRule, InfeasibleError, Where
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Portfolio


def eligible(portfolio: Portfolio, gambit: Gambit) -> tuple[tuple[Initiative, ...], dict[str, tuple[BrokenRule, ...]]]:
    """Split the portfolio into who may get money, and who may not with the rules that forbid it.

    Raises
    ------
    InfeasibleError
        If an initiative that must be funded is among the second.
    """
    barred: dict[str, tuple[BrokenRule, ...]] = {}
    for each in portfolio.initiatives:
        reason = _own_reason(each, portfolio, gambit)
        if reason is not None:
            barred[each.id] = (reason,)
    waiting = [each for each in portfolio.initiatives if each.id not in barred]
    moved = True
    while moved:
        moved = False
        for each in waiting:
            blocker = next((id for id in each.requires + each.after if id in barred), None)
            if each.id not in barred and blocker is not None:
                key = "requires" if blocker in each.requires else "after"
                link = BrokenRule(f"{each.id} waits for {blocker} ({key})", _place(portfolio, each, key))
                barred[each.id] = (link, *barred[blocker])
                moved = True
    for each in portfolio.initiatives:
        if each.must and each.id in barred:
            must = BrokenRule(f"{each.id} must be funded", _place(portfolio, each, "must"))
            conflict = (must, *barred[each.id])
            raise InfeasibleError("these rules cannot all hold", conflict, f"drop one of the {len(conflict)} rules")
    return tuple(each for each in portfolio.initiatives if each.id not in barred), barred


def _own_reason(initiative: Initiative, portfolio: Portfolio, gambit: Gambit) -> BrokenRule | None:
    if initiative.never:
        return BrokenRule(f"{initiative.id} must never be funded", _place(portfolio, initiative, "never"))
    if gambit.only is not None and initiative.path not in gambit.only:
        return BrokenRule(f"{gambit.name} funds {', '.join(gambit.only)} only", gambit.place("only"))
    if initiative.start >= portfolio.periods.count:
        return BrokenRule(f"{initiative.id} starts after the last period", _place(portfolio, initiative, "start"))
    return None


def _place(portfolio: Portfolio, initiative: Initiative, key: str) -> Where:
    return portfolio.place(initiative.key(key))
