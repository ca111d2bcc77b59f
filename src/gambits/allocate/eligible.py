"""Who can get money at all: forbidden and unreachable initiatives leave before the master is built."""

from __future__ import annotations

from gambits.errors import BrokenRule, InfeasibleError, Where
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Need, Portfolio

Reasons = tuple[BrokenRule, ...]


def eligible(portfolio: Portfolio, gambit: Gambit) -> tuple[tuple[Initiative, ...], dict[str, Reasons]]:
    """Split the portfolio into who takes part, and who may get no money with the rules that forbid it.

    Who has had money takes part though it may get no more: what was paid still counts, and others may wait for it.

    Raises
    ------
    InfeasibleError
        If an initiative that must be funded may get no money.
    """
    barred: dict[str, Reasons] = {}
    paid = {each.id for each in portfolio.initiatives if each.spent}
    for each in portfolio.initiatives:
        reason = own_reason(each, portfolio, gambit)
        if reason is not None:
            barred[each.id] = (reason,)
    moved = True
    while moved:
        moved = False
        for each in portfolio.initiatives:
            if each.id not in barred and each.id not in paid:
                reasons = _blocked(portfolio, each, {id: why for id, why in barred.items() if id not in paid})
                if reasons:
                    barred[each.id], moved = reasons, True
    _check_musts(portfolio, barred)
    return tuple(each for each in portfolio.initiatives if each.id not in barred or each.id in paid), barred


def _check_musts(portfolio: Portfolio, barred: dict[str, Reasons]) -> None:
    """Stop where nothing is left of what must be funded; of several sizes one is enough."""
    able = {each.entry for each in portfolio.initiatives if each.is_size and each.id not in barred}
    for each in portfolio.initiatives:
        if each.must and each.id in barred and not each.spent and each.entry not in able:
            must = BrokenRule(f"{each.entry} must be funded", place_of(portfolio, each, "must"))
            conflict = (must, *barred[each.id])
            raise InfeasibleError("these rules cannot all hold", conflict, f"drop one of the {len(conflict)} rules")


def own_reason(initiative: Initiative, portfolio: Portfolio, gambit: Gambit) -> BrokenRule | None:
    """Give the rule that lets an initiative have no new money, whatever others get; None if there is none."""
    if initiative.never:
        return BrokenRule(f"{initiative.id} must never be funded", place_of(portfolio, initiative, "never"))
    if gambit.only is not None and initiative.path not in gambit.only:
        return BrokenRule(f"{gambit.name} funds {', '.join(gambit.only)} only", gambit.place("only"))
    if initiative.start >= portfolio.periods.count:
        return BrokenRule(f"{initiative.id} starts after the last period", place_of(portfolio, initiative, "start"))
    return None


def _blocked(portfolio: Portfolio, initiative: Initiative, out: dict[str, Reasons]) -> Reasons:
    """Give the rules by which an initiative waits in vain; none if it does not."""
    for key, needs in (("requires", initiative.requires), ("after", initiative.after)):
        for need in needs:
            missing = [id for id in need.of if id in out]
            if len(need.of) - len(missing) < need.count:
                why = dict.fromkeys(reason for id in missing for reason in out[id])
                return (waits(portfolio, initiative, key, need), *why)
    return ()


def waits(portfolio: Portfolio, initiative: Initiative, key: str, need: Need) -> BrokenRule:
    """Give the rule by which an initiative waits for others."""
    return BrokenRule(f"{initiative.id} waits for {need} ({key})", place_of(portfolio, initiative, key))


def place_of(portfolio: Portfolio, initiative: Initiative, key: str) -> Where:
    """Say where a key of an initiative is written."""
    return portfolio.place(initiative.key(key))
