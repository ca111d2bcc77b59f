"""How little of a change in one estimate makes an initiative cross half its cost, into the plan or out of it.

A change moves an estimate as its author would: a range keeps its width (``quantities.shifts``). The search goes by
plans near the one that stands, and ends with plans from nothing, so that the file with the change gives what is
said here: with the change the initiative is on the other side, and 5 % short of it, it is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from gambits.allocate.cuts import Optimum
from gambits.allocate.eligible import eligible
from gambits.allocate.money import paid_before
from gambits.analyse.compare import FUNDED
from gambits.analyse.sensitivity import Bar, Flip
from gambits.analyse.study import Study
from gambits.errors import InfeasibleError
from gambits.portfolio.edits import estimates, in_order, own_estimates, with_estimates
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.graph import waits_for
from gambits.portfolio.model import Portfolio
from gambits.quantities.estimates import Bounds, Estimate
from gambits.quantities.shifts import chance_beyond, distance, shift_to, shifted, spread, written

REACH: Final = 2.0
"""Changes are looked for up to this many spreads."""
_REACH_OF_A_POINT: Final = math.log(2)
"""A factor of 2 for a quantity without spread; for such a chance, 2 in log-odds."""
MOST_SHARED: Final = 5
_STEPS: Final = (0.25, 0.5, 0.75, 1.0)
"""Where the plan is looked at for a shared estimate, in parts of the reach."""
_SHORT: Final = 0.95
_MOST_TRIES: Final = 12
_LEAST: Final = 1e-8
"""Less than this is no change: what crosses here stands on the edge, and digits that are written down end."""
_FULL: Final = 1 - 1e-6
"""Capacity is short where more than this part of it is used."""


def flips(study: Study, gambit: Gambit, tornado: tuple[Bar, ...], only: Iterable[str] = ()) -> tuple[Flip, ...]:
    """Find the flips of every initiative that rules leave open, or of some, those of least change first.

    Each of an initiative's own estimates is moved to the side that speaks against where it stands; the shared ones
    with the widest bars, to either side.
    """
    stand = Standing(study, gambit)
    asked = [id for id in stand.open if id in set(only)] if only else stand.open
    shared = most_influential(study.portfolio, tornado)
    own = {key for id in asked for key in own_estimates(study.portfolio, id) if can_shift(stand.estimates[key])}
    # What is shared takes longest: first, so that it does not keep the others waiting at the end.
    keys = [*shared, *sorted(own - set(shared))]
    found = study.each(lambda key: _Line(stand, key, asked, is_shared=key in shared).flips(), keys, "estimates")
    return tuple(sorted((flip for part in found for flip in part), key=_least_first))


class Standing:
    """A plan as it stands, and which initiatives could be on the other side of half their cost."""

    def __init__(self, study: Study, gambit: Gambit) -> None:
        self.study = study
        self.gambit = gambit
        self.plan = study.best(gambit)
        self.estimates = estimates(study.portfolio)
        self.funded = _funded(study.portfolio, self.plan)
        able, _ = eligible(study.portfolio, gambit)
        self.open = sorted(each.id for each in able if not each.must)
        self.has_whole_choices = study.has_whole_choices(gambit)

    def crosses(self, id: str, funded: float) -> bool:
        """Whether a funded fraction is on the other side."""
        return (funded >= FUNDED) != (self.funded[id] >= FUNDED)

    def nearby(self, key: str, change: float) -> dict[str, float]:
        """Give φ of every initiative in the best plan after a change, near the one that stands; nothing without one."""
        edited = self._edited(key, change)
        try:
            return _funded(edited, self.study.supposing(self.gambit, edited, self.plan))
        except InfeasibleError:
            return {}

    def cold(self, key: str, change: float) -> dict[str, float]:
        """Give φ of every initiative as ``solve`` finds it for the edited file; nothing without a plan."""
        edited = in_order(self._edited(key, change))
        try:
            return _funded(edited, self.study.another(edited).best(self.gambit))
        except InfeasibleError:
            return {}

    @cached_property
    def used(self) -> dict[str, tuple[float, ...]]:
        """What the plan uses of each resource by period, as a part of its capacity."""
        return {
            resource.name: tuple(
                sum(self._use(id, resource.name)[t] for id in self.funded) / capacity if capacity else 1.0
                for t, capacity in enumerate(resource.capacity)
            )
            for resource in self.study.portfolio.resources
        }

    def leaves_room(self, id: str, key: str) -> bool:
        """Whether another use of a resource, within reach, leaves the plan as good as it is and no rule broken.

        That is so where less of it would be used and there is enough; and where more would be, and there still is. With
        whole choices it need not be so.
        """
        name = key.rpartition(".")[2]
        if ".uses." not in key or self.has_whole_choices:
            return False
        if self.funded[id] < FUNDED:
            return max(self.used[name]) < _FULL
        factor = math.exp(reach_of(self.estimates[key])) - 1
        capacity = next(each.capacity for each in self.study.portfolio.resources if each.name == name)
        more = zip(self.used[name], self._use(id, name), capacity, strict=True)
        return all(part + factor * use / size < _FULL for part, use, size in more if size)

    def _use(self, id: str, resource: str) -> tuple[float, ...]:
        row = [each.id for each in self.study.portfolio.initiatives].index(id)
        uses = self.study.portfolio.initiatives[row].uses
        if resource not in uses:
            return (0.0,) * self.study.portfolio.periods.count
        before = paid_before(self.study.portfolio.initiatives)[row]
        received: list[float] = np.diff(self.plan.funded[row], prepend=before).tolist()
        return tuple(part * uses[resource].central for part in received)

    def _edited(self, key: str, change: float) -> Portfolio:
        return with_estimates(self.study.portfolio, {key: shifted(self.estimates[key], change)})


@dataclass(frozen=True, slots=True)
class _Bracket:
    """Between two changes an initiative crosses: it has not at ``low``, and it has at ``high``; φ − ½ at both."""

    low: float
    high: float
    at_low: float
    at_high: float


class _Line:
    """The plans along the changes of one estimate, each looked at once."""

    def __init__(self, stand: Standing, key: str, asked: list[str], *, is_shared: bool) -> None:
        self.stand = stand
        self.key = key
        self.estimate = stand.estimates[key]
        self.own = [id for id in asked if key in own_estimates(stand.study.portfolio, id)]
        self.others = [id for id in asked if id not in self.own] if is_shared else []
        self._seen: dict[float, dict[str, float]] = {0.0: stand.funded}
        self._cold: dict[float, dict[str, float]] = {}

    def flips(self) -> list[Flip]:
        """Find what flips along the line."""
        reach = reach_of(self.estimate)
        found = [self._flip(id, self._against(id) * reach, (1.0,)) for id in self.own if not self._is_idle(id)]
        found += [self._flip(id, side * reach, _STEPS) for side in (-1, 1) for id in self.others]
        return [flip for flip in found if flip is not None]

    def _is_idle(self, id: str) -> bool:
        return self.stand.leaves_room(id, self.key)

    def _against(self, id: str) -> float:
        """Say to which side the estimate speaks against where an initiative stands: +1 up, −1 down."""
        less_is_better = self.key.endswith(".cost") or ".uses." in self.key
        up = -1.0 if less_is_better else 1.0
        return -up if self.stand.funded[id] >= FUNDED else up

    def _flip(self, id: str, far: float, steps: tuple[float, ...]) -> Flip | None:
        for step in steps:
            self._look(step * far)
            bracket = self._bracket(id, far)
            if bracket is not None:
                change = settled(lambda at: self._crosses_cold(id, at), self._near_the_edge(id, far), self.estimate)
                return None if change is None else self._as_flip(id, change)
        return None

    def _look(self, change: float) -> dict[str, float]:
        if change not in self._seen:
            self._seen[change] = self.stand.nearby(self.key, change)
        return self._seen[change]

    def _crosses_cold(self, id: str, change: float) -> bool:
        if change not in self._cold:
            self._cold[change] = self.stand.cold(self.key, change)
        return id in self._cold[change] and self.stand.crosses(id, self._cold[change][id])

    def _bracket(self, id: str, far: float) -> _Bracket | None:
        """Find the first two changes that were looked at, on one side, between which an initiative crosses."""
        low, at_low = 0.0, self.stand.funded[id]
        for change in sorted((each for each in self._seen if each * far > 0), key=abs):
            at = self._seen[change].get(id)
            if at is None:
                return None  # the rules cannot hold from here on
            if self.stand.crosses(id, at):
                return _Bracket(low, change, at_low - FUNDED, at - FUNDED)
            low, at_low = change, at
        return None

    def _near_the_edge(self, id: str, far: float) -> float:
        """Close in on the change at which φ is a half, by false position."""
        bracket = self._bracket(id, far)
        assert bracket is not None, "who asks has seen it cross"
        for tries in range(_MOST_TRIES):
            if abs(bracket.high - bracket.low) <= (1 - _SHORT) * abs(bracket.high):
                break
            rise = bracket.at_low - bracket.at_high
            # Where φ jumps, a straight line says nothing: every third step halves.
            part = 0.5 if tries % 3 == 2 or rise == 0 else bracket.at_low / rise  # noqa: PLR2004
            self._look(bracket.low + (bracket.high - bracket.low) * min(max(part, 0.1), 0.9))
            bracket = self._bracket(id, far) or bracket
        return bracket.high

    def _as_flip(self, id: str, change: float) -> Flip:
        after = shifted(self.estimate, change)
        sigma = spread(self.estimate)
        return Flip(
            initiative=id,
            funded=self.stand.funded[id],
            estimate=self.key,
            is_own=id in self.own,
            before=written(self.estimate),
            after=written(after),
            median=self.estimate.central,
            change=after.central - self.estimate.central,
            sigmas=distance(self.estimate, after) / sigma if sigma else None,
            chance=chance_beyond(self.estimate, after.central),
        )


def settled(crosses: Callable[[float], bool], change: float, estimate: Estimate) -> float | None:
    """Walk to a change that crosses while what is 5 % short of it does not; None if there is none within reach.

    Parameters
    ----------
    crosses
        Says whether a change crosses.
    change
        Near the edge, in the coordinate of ``shifted``.
    estimate
        What changes.
    """
    most = 1.2 * reach_of(estimate)
    while not crosses(change):
        change /= _SHORT
        if abs(change) > most:
            return None
    while abs(change) > _LEAST and crosses(shorter := _short_of(change, estimate)):
        change = shorter
    return change


def _short_of(change: float, estimate: Estimate) -> float:
    """Give a change that falls 5 % short, by its coordinate and by the estimate's unit: the larger of the two."""
    moved = shifted(estimate, change).central - estimate.central
    by_unit = shift_to(estimate, estimate.central + _SHORT * moved)
    return max(_SHORT * change, by_unit, key=abs)


def reach_of(estimate: Estimate) -> float:
    """Say up to which change flips are looked for, in the coordinate of ``shifted``."""
    if not estimate.is_certain:
        return REACH * spread(estimate)
    if estimate.bounds is Bounds.PROBABILITY:
        return REACH
    return REACH * abs(estimate.central) if estimate.bounds is Bounds.ANY else _REACH_OF_A_POINT


def can_shift(estimate: Estimate) -> bool:
    """Whether an estimate can move: a chance of 0 or 1 cannot, nor an amount of nothing."""
    if estimate.bounds is Bounds.PROBABILITY:
        return 0 < estimate.central < 1
    return estimate.central != 0


def most_influential(portfolio: Portfolio, tornado: tuple[Bar, ...]) -> tuple[str, ...]:
    """Give the shared estimates with the widest bars, widest first.

    More initiatives than one rest on a shared estimate: those of the frontier, of synergies and overlaps, and of
    enablers, which others wait for.
    """
    known = estimates(portfolio)
    enablers = {id for needed in waits_for(portfolio).values() for id in needed}
    of_one = {
        key for each in portfolio.initiatives if each.id not in enablers for key in own_estimates(portfolio, each.id)
    }
    wide = (bar.estimate for bar in tornado if bar.estimate in known and bar.estimate not in of_one)
    return tuple(key for key in wide if can_shift(known[key]))[:MOST_SHARED]


def _funded(portfolio: Portfolio, plan: Optimum) -> dict[str, float]:
    return {each.id: float(at) for each, at in zip(portfolio.initiatives, plan.funded[:, -1], strict=True)}


def _least_first(flip: Flip) -> tuple[float, float, str, str]:
    """Order by spreads; what has no spread comes after, by its change in parts of its median."""
    in_spreads = math.inf if flip.sigmas is None else round(abs(flip.sigmas), 6)
    return in_spreads, round(abs(flip.change / flip.median), 6), flip.initiative, flip.estimate
