"""The numbers in the rules that can be turned: releases, capacities, shares, caps. Prices and repairs turn them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate.money import spend
from gambits.portfolio.gambit import Gambit, Share
from gambits.portfolio.model import Group, Portfolio, Resource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Rules = tuple[Portfolio, Gambit]
"""The two files that rules stand in."""

_POINT: Final = 0.01
_LEAST_PART, _MOST_PART = 1e-3, 0.1
"""One unit is turned where it is between these parts of the number; elsewhere a power of ten near a hundredth."""


@dataclass(frozen=True, slots=True)
class Dial:
    """A number in a rule, and the rules with another number there.

    Attributes
    ----------
    name
        What it is, in the user's words.
    key
        Where it stands: a dotted key of the portfolio or, after ``gambit:``, of the gambit.
    unit
        What one unit of it is called.
    value, step
        The number, and one unit of it.
    loosens
        +1 where more of it allows more plans, −1 where less does, 0 where neither does.
    low, high
        The range in which it makes sense.
    turn
        Gives the rules with another number.
    spare
        Says how much of the number a plan, φ of shape (I, T), leaves unused; None where that is not simply told.
    """

    name: str
    key: str
    unit: str
    value: float
    step: float
    loosens: int
    low: float
    high: float
    turn: Callable[[float], Rules]
    spare: Callable[[Array], float] | None = None

    def shown(self, value: float) -> str:
        """Write a number of it as a person would."""
        return f"{value:.1%}".replace(".0%", "%") if self.step == _POINT else f"{value:,.6g}"


def dials(portfolio: Portfolio, gambit: Gambit) -> tuple[Dial, ...]:
    """List every number in the rules, in the order of the files."""
    return tuple(
        dial
        for family in (_releases, _total, _funds, _reserve, _capacities, _groups, _shares, _caps)
        for dial in family(portfolio, gambit)
    )


def _step(value: float) -> float:
    """Give what to turn a number by: one, or what is to it as small and as large as one can be read."""
    if value <= 0 or value * _LEAST_PART <= 1 <= value * _MOST_PART:
        return 1.0
    return float(10.0 ** math.ceil(math.log10(value / 100)))


def _releases(portfolio: Portfolio, gambit: Gambit) -> Iterator[Dial]:
    budget = portfolio.budget
    for t, name in enumerate(portfolio.periods.names[portfolio.now :], start=portfolio.now):

        def turn(value: float, t: int = t) -> Rules:
            releases = (*budget.per_period[:t], value, *budget.per_period[t + 1 :])
            # A total that is only the sum of the releases grows with them; one that the user wrote stays.
            total = budget.total if _has_total(portfolio) else budget.total + value - budget.per_period[t]
            return replace(portfolio, budget=replace(budget, per_period=releases, total=total)), gambit

        yield Dial(
            f"money released in {name}",
            "budget.per_period",
            portfolio.money,
            budget.per_period[t],
            _step(budget.per_period[t]),
            1,
            0.0,
            math.inf,
            turn,
            partial(_unspent, portfolio, t),
        )


def _has_total(portfolio: Portfolio) -> bool:
    return "budget.total" in portfolio.inputs


def _total(portfolio: Portfolio, gambit: Gambit) -> Iterator[Dial]:
    budget = portfolio.budget
    if _has_total(portfolio):

        def turn(value: float) -> Rules:
            return replace(portfolio, budget=replace(budget, total=value)), gambit

        yield Dial(
            "the total budget",
            "budget.total",
            portfolio.money,
            budget.total,
            _step(budget.total),
            1,
            0.0,
            math.inf,
            turn,
        )


def _funds(portfolio: Portfolio, gambit: Gambit) -> Iterator[Dial]:
    funds = portfolio.budget.funds
    for n, fund in enumerate(funds):
        for t, name in enumerate(portfolio.periods.names[portfolio.now :], start=portfolio.now):

            def turn(value: float, n: int = n, t: int = t) -> Rules:
                old = portfolio.budget.funds[n]
                turned = replace(old, per_period=(*old.per_period[:t], value, *old.per_period[t + 1 :]))
                more = 0.0 if _has_total(portfolio) else value - old.per_period[t]
                budget = replace(
                    portfolio.budget,
                    funds=(*funds[:n], turned, *funds[n + 1 :]),
                    total=portfolio.budget.total + more,
                )
                return replace(portfolio, budget=budget), gambit

            what, value = f"the fund {fund.name} in {name}", fund.per_period[t]
            yield Dial(what, "budget.funds", portfolio.money, value, _step(value), 1, 0.0, math.inf, turn)


def _reserve(portfolio: Portfolio, gambit: Gambit) -> Iterator[Dial]:
    value = portfolio.budget.reserve
    if value:

        def turn(value: float) -> Rules:
            return replace(portfolio, budget=replace(portfolio.budget, reserve=value)), gambit

        unit = "point of the total budget"
        yield Dial("the budget's reserve", "budget.reserve", unit, value, _POINT, -1, 0.0, 1.0, turn)


def _groups(portfolio: Portfolio, gambit: Gambit) -> Iterator[Dial]:
    groups = portfolio.groups
    for n, group in enumerate(groups):
        for end, value, loosens in (("low", group.low, -1), ("high", group.high, 1)):
            if value in (0.0, 1.0):
                continue

            def turn(value: float, n: int = n, end: str = end, group: Group = group) -> Rules:
                ends: dict[str, Any] = {end: value}
                turned = replace(group, **ends)
                return replace(portfolio, groups=(*groups[:n], turned, *groups[n + 1 :])), gambit

            low, high = (0.0, group.high) if end == "low" else (group.low, 1.0)
            what = f"the {'least' if end == 'low' else 'most'} for {', '.join(group.among)} together"
            yield Dial(what, "groups", "point of all money", value, _POINT, loosens, low, high, turn)


def _capacities(portfolio: Portfolio, gambit: Gambit) -> Iterator[Dial]:
    for n, resource in enumerate(portfolio.resources):
        for t, name in enumerate(portfolio.periods.names[portfolio.now :], start=portfolio.now):

            def turn(value: float, n: int = n, t: int = t) -> Rules:
                old = portfolio.resources[n]
                turned = replace(old, capacity=(*old.capacity[:t], value, *old.capacity[t + 1 :]))
                return replace(
                    portfolio, resources=(*portfolio.resources[:n], turned, *portfolio.resources[n + 1 :])
                ), gambit

            yield Dial(
                f"{resource.name} in {name}",
                f"resources.{resource.name}.capacity",
                resource.unit,
                resource.capacity[t],
                _step(resource.capacity[t]),
                1,
                0.0,
                math.inf,
                turn,
                partial(_unused, portfolio, resource, t),
            )


def _unspent(portfolio: Portfolio, t: int, funded: Array) -> float:
    """Give the money of a release that a plan leaves: with carry-over, the least that any later period has left."""
    budget = portfolio.budget
    if budget.funds or budget.includes_serving or portfolio.now:
        return 0.0  # what the budget itself pays is not the plan's money alone
    left = np.array(budget.per_period) - spend(portfolio, funded).sum(axis=0)
    return float(np.cumsum(left)[t:].min() if portfolio.budget.carry_over else left[t])


def _unused(portfolio: Portfolio, resource: Resource, t: int, funded: Array) -> float:
    if t < portfolio.now:
        return 0.0
    uses = [each.uses[resource.name].central if resource.name in each.uses else 0.0 for each in portfolio.initiatives]
    return float(resource.capacity[t] - np.diff(funded, axis=1, prepend=0.0)[:, t] @ np.array(uses))


def _shares(portfolio: Portfolio, gambit: Gambit) -> Iterator[Dial]:
    """Shares that are numbers move against the others; ends of bands move alone."""
    for path, share in gambit.shares.items():
        if share.low == share.high:

            def turn(value: float, path: str = path) -> Rules:
                return portfolio, replace(gambit, shares=moved(gambit.shares, path, value))

            yield Dial(f"the share of {path}", f"gambit:shares.{path}", "point", share.low, _POINT, 0, 0.0, 1.0, turn)
            continue
        for end, value, loosens in (("least", share.low, -1), ("most", share.high, 1)):
            if value in (0.0, 1.0):
                continue

            def turn_end(value: float, path: str = path, share: Share = share, end: str = end) -> Rules:
                turned = replace(share, low=value) if end == "least" else replace(share, high=value)
                return portfolio, replace(gambit, shares={**gambit.shares, path: turned})

            low, high = (0.0, share.high) if end == "least" else (share.low, 1.0)
            name = f"the {end} share of {path}"
            yield Dial(name, f"gambit:shares.{path}", "point", value, _POINT, loosens, low, high, turn_end)


def moved(shares: Mapping[str, Share], path: str, value: float) -> dict[str, Share]:
    """Set the share of a path; what the others have as numbers makes room in proportion."""
    old = shares[path].low
    rest = 1.0 - old

    def room(share: Share) -> Share:
        if share.low != share.high:
            return share
        part = share.low / rest if rest > 0 else 1.0 / max(1, len(shares) - 1)
        return Share(part * (1.0 - value), part * (1.0 - value))

    return {name: Share(value, value) if name == path else room(share) for name, share in shares.items()}


def _caps(portfolio: Portfolio, gambit: Gambit) -> Iterator[Dial]:
    for key, name, unit, step, loosens in (
        ("most_for_one", "the most for one initiative", "point of the total budget", _POINT, 1),
        ("reserve", "the gambit's reserve", "point of the total budget", _POINT, -1),
        ("extrapolation_cap", "the cap on extrapolation", "point of all money", _POINT, 1),
        ("cvar_floor", "the floor under the tail", "0.01 OOM", 0.01, -1),
    ):
        value = getattr(gambit, key)
        if value is None or (key == "reserve" and value == 0):
            continue

        def turn(value: float, key: str = key) -> Rules:
            turned: dict[str, Any] = {key: value}
            return portfolio, replace(gambit, **turned)

        low, high = (-math.inf, math.inf) if key == "cvar_floor" else (0.0, 1.0)
        yield Dial(f"{name}", f"gambit:{key}", unit, value, step, loosens, low, high, turn)
