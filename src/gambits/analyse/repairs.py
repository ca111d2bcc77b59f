"""What would make rules hold together that do not: the least change of each, tried before it is told.

A set of rules that contradict each other holds as soon as one of them gives way. For every rule of the set the least
change is sought that leaves a plan: numbers by halving, whole numbers and links one after the other. Where one change
is not enough, since other rules contradict each other as well, changes are joined.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Final

from gambits.allocate.conflicts import contradiction, holds
from gambits.analyse.dials import Rules
from gambits.analyse.steps import Change
from gambits.analyse.study import Study
from gambits.analyse.ways import ways
from gambits.errors import BrokenRule, GambitsError, InfeasibleError, Repair
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

_MOST_JOINED: Final = 3
_MOST_SHOWN: Final = 12


def find_repairs(study: Study, gambit: Gambit, error: InfeasibleError) -> tuple[Repair, ...]:
    """Find what would leave a plan, the smallest change first.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        The rules beside the portfolio's own.
    error
        Why there is no plan.

    Returns
    -------
    :
        Repairs, each of which was tried: with it, the rules hold together.
    """
    rules = study.portfolio, gambit
    if holds(*rules):
        return _lower_floor(study, gambit)
    found = find_changes_that_mend(study.portfolio, gambit, error)
    return tuple(_told(study, gambit, changes) for changes in found[:_MOST_SHOWN])


def find_changes_that_mend(
    portfolio: Portfolio, gambit: Gambit, error: InfeasibleError
) -> tuple[tuple[Change, ...], ...]:
    """List the sets of changes that leave a plan, the smallest first, without saying what that plan is worth."""
    found = _ways_out((portfolio, gambit), error.conflict, _MOST_JOINED)
    ranked = sorted(found, key=lambda changes: (sum(each.size for each in changes), [each.words for each in changes]))
    return tuple(ranked)


def _told(study: Study, gambit: Gambit, changes: tuple[Change, ...]) -> Repair:
    return Repair(
        words=", and ".join(change.words for change in changes),
        cost=sum(change.money for change in changes),
        size=sum(change.size for change in changes),
        value_after=_value(study, gambit, changes),
    )


def _lower_floor(study: Study, gambit: Gambit) -> tuple[Repair, ...]:
    """Lower the floor under the tail to what the best tail is worth."""
    highest = study.under(replace(gambit, aversion=1.0, cvar_floor=None)).values.tail
    floor = math.floor(highest * 1e4) / 1e4
    old = gambit.cvar_floor or 0.0

    def apply(rules: Rules) -> Rules:
        return rules[0], replace(rules[1], cvar_floor=floor)

    change = Change(f"lower the floor under the tail from {old:g} to {floor:g} OOM", abs(old - floor), 0.0, apply)
    return (_told(study, gambit, (change,)),)


def _value(study: Study, gambit: Gambit, changes: tuple[Change, ...]) -> float | None:
    """Give the value of the best plan once the changes are made."""
    portfolio, changed = _applied(changes, (study.portfolio, gambit))
    links = [[(each.requires, each.after) for each in one.initiatives] for one in (portfolio, study.portfolio)]
    try:
        if links[0] == links[1]:
            return study.under(changed, portfolio).objective
        # Without a link other futures come about: what failed with its prerequisite no longer does.
        return Study(portfolio, study.settings).best(changed).objective
    except GambitsError:
        return None


def _applied(changes: tuple[Change, ...], rules: Rules) -> Rules:
    for change in changes:
        rules = change.apply(rules)
    return rules


def _ways_out(rules: Rules, conflict: tuple[BrokenRule, ...], depth: int) -> list[tuple[Change, ...]]:
    """List sets of changes that leave a plan: of one rule of the conflict, or else of one more with each."""
    places = {rule.where for rule in conflict}
    open_to = [way for way in ways(*rules) if way.place in places]
    alone = [way.least(lambda changed: holds(*changed)) for way in open_to if holds(*way.furthest(rules))]
    found: list[tuple[Change, ...]] = [(change,) for change in alone if change is not None]
    if found or depth <= 1:
        return found
    joined = []
    for way in open_to:
        further = contradiction(*way.furthest(rules))
        more = _ways_out(way.furthest(rules), further.conflict, depth - 1) if further is not None else []
        if more:
            rest = min(more, key=lambda changes: sum(each.size for each in changes))
            change = way.least(partial(_hold_after, rest))
            joined += [(change, *rest)] if change is not None else []
    return joined


def _hold_after(rest: tuple[Change, ...], rules: Rules) -> bool:
    return holds(*_applied(rest, rules))
