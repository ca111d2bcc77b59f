"""The rules that can keep an initiative from money, and the files without each of them: to see which one does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from gambits.allocate.eligible import place_of
from gambits.analyse.dials import Rules
from gambits.errors import Where
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Counts, Initiative, Portfolio, Resource
from gambits.words import percent

_ENDLESS: Final = 1e3
"""A capacity of this many times all that could ever be used."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A rule that touches an initiative, where it stands, and the rules without it."""

    words: str
    where: Where
    rules: Rules


def relaxations(portfolio: Portfolio, gambit: Gambit, initiative: Initiative) -> Iterator[Relaxation]:
    """List the rules that touch an initiative, one by one, each with what is left when it alone is gone."""
    yield from _own(portfolio, gambit, initiative)
    yield from _of_sets(portfolio, gambit, initiative)
    yield from _capacities(portfolio, gambit, initiative)
    yield from _of_the_gambit(portfolio, gambit, initiative)


def _own(portfolio: Portfolio, gambit: Gambit, initiative: Initiative) -> Iterator[Relaxation]:
    """Rules of its own: who it waits for in money, when and how fast it is done, whole or not, never.

    The technical chain stays: what it requires can still void it.
    """
    id = initiative.id
    for key in ("requires", "after"):
        for need in getattr(initiative, key):
            others = tuple(each for each in getattr(initiative, key) if each != need)
            words = f"it waits for {need} ({key})"
            yield _changed(portfolio, gambit, initiative, key, words, {key: others})
    if initiative.start > portfolio.now:
        words = f"it starts in {_period(portfolio, initiative.start)}"
        yield _changed(portfolio, gambit, initiative, "start", words, {"start": portfolio.now})
    if initiative.takes > 1:
        words = f"it takes {initiative.takes} periods"
        yield _changed(portfolio, gambit, initiative, "takes", words, {"takes": 1})
    for key, value in (("whole", False), ("minimum", 0.0), ("never", False)):
        if getattr(initiative, key) and not initiative.is_size:
            words = {
                "whole": "it is all or nothing",
                "minimum": f"it gets {percent(initiative.minimum)} of its cost or nothing",
                "never": f"{id} must never be funded",
            }[key]
            yield _changed(portfolio, gambit, initiative, key, words, {key: value})


def _changed(
    portfolio: Portfolio, gambit: Gambit, initiative: Initiative, key: str, words: str, values: dict[str, Any]
) -> Relaxation:
    """Change keys of an initiative; those that stages share, of all of them."""
    # A stage waits for the one before, by itself; pace and the rest stand with the whole.
    alone = key in ("requires", "after")
    changed = tuple(
        replace(each, **values) if each.id == initiative.id or (not alone and each.entry == initiative.entry) else each
        for each in portfolio.initiatives
    )
    return Relaxation(words, place_of(portfolio, initiative, key), (replace(portfolio, initiatives=changed), gambit))


def _period(portfolio: Portfolio, number: int) -> str:
    names = portfolio.periods.names
    return names[number] if number < len(names) else "a period after the horizon"


def _of_sets(portfolio: Portfolio, gambit: Gambit, initiative: Initiative) -> Iterator[Relaxation]:
    for ids in portfolio.excludes:
        if initiative.entry in ids:
            rest = tuple(each for each in portfolio.excludes if each != ids)
            words = f"at most one of {', '.join(ids)} gets money"
            yield Relaxation(words, portfolio.place("excludes"), (replace(portfolio, excludes=rest), gambit))
    for group in portfolio.groups:
        left = tuple(each for each in portfolio.groups if each != group)
        words = f"{', '.join(group.among)} get {percent(group.low)} to {percent(group.high)} of all money"
        yield Relaxation(words, portfolio.place("groups"), (replace(portfolio, groups=left), gambit))
    if portfolio.counts != Counts():
        words = "so many initiatives get money (counts)"
        yield Relaxation(words, portfolio.place("counts"), (replace(portfolio, counts=Counts()), gambit))


def _capacities(portfolio: Portfolio, gambit: Gambit, initiative: Initiative) -> Iterator[Relaxation]:
    for n, resource in enumerate(portfolio.resources):
        if resource.name in initiative.uses:
            most = sum(each.uses[resource.name].central for each in portfolio.initiatives if resource.name in each.uses)
            endless = Resource(resource.name, resource.unit, (most * _ENDLESS,) * portfolio.periods.count)
            changed = (*portfolio.resources[:n], endless, *portfolio.resources[n + 1 :])
            place = portfolio.place(f"resources.{resource.name}.capacity")
            yield Relaxation(f"the capacity of {resource.name}", place, (replace(portfolio, resources=changed), gambit))


def _of_the_gambit(portfolio: Portfolio, gambit: Gambit, initiative: Initiative) -> Iterator[Relaxation]:
    without: list[tuple[str, str, dict[str, Any]]] = []
    if initiative.path in gambit.share_paths and gambit.shares:
        shares = " / ".join(f"{path} {share}" for path, share in gambit.shares.items())
        without.append((f"{gambit.name}'s shares: {shares}", "shares", {"shares": {}}))
    if gambit.most_for_one is not None:
        words = f"{gambit.name}'s most for one: {percent(gambit.most_for_one)} of the total budget"
        without.append((words, "most_for_one", {"most_for_one": None}))
    if gambit.only is not None:
        without.append((f"{gambit.name} funds {', '.join(gambit.only)} only", "only", {"only": None}))
    if gambit.reserve:
        without.append((f"{gambit.name}'s reserve of {percent(gambit.reserve)}", "reserve", {"reserve": 0.0}))
    if gambit.extrapolation_cap is not None and portfolio.reaches_beyond(initiative):
        words = f"{gambit.name}'s cap of {percent(gambit.extrapolation_cap)} on extrapolation"
        without.append((words, "extrapolation_cap", {"extrapolation_cap": None}))
    if gambit.cvar_floor is not None:
        without.append((f"{gambit.name}'s floor of {gambit.cvar_floor:g} OOM", "cvar_floor", {"cvar_floor": None}))
    if gambit.most_initiatives is not None:
        words = f"{gambit.name} funds at most {gambit.most_initiatives} initiatives"
        without.append((words, "most_initiatives", {"most_initiatives": None}))
    for words, key, values in without:
        yield Relaxation(words, gambit.place(key), (portfolio, replace(gambit, **values)))
