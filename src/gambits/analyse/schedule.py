"""How soon all can be done when money is no object: by its own pace, from its start, behind those that it waits for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gambits.allocate.money import paid_before, paid_by
from gambits.allocate.soonest import FULL, fastest
from gambits.allocate.waiting import allowed
from gambits.portfolio.model import Initiative, Need, Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timing:
    """How soon work can be done when money is no object, by period, counted from the first.

    New money can come from ``start`` on; by the end of ``done`` it is fully funded, and in ``counts`` all of its effect
    counts; infinite where it never comes to that.
    """

    start: float = math.inf
    done: float = math.inf
    counts: float = math.inf


class Schedule:
    """Everything funded as fast as may be.

    Parameters
    ----------
    portfolio
        Whose rules of time hold: starts, paces, what was paid before, and the graph.
    order
        Its ids, each behind those that it waits for.

    Attributes
    ----------
    timing
        By id.
    """

    def __init__(self, portfolio: Portfolio, order: tuple[str, ...]) -> None:
        self.now = portfolio.now
        self.initiatives = {id: portfolio.initiative(id) for id in order}
        each_paid = list(self.initiatives.values())
        self.length = max(portfolio.periods.count, self._length())
        self.before = dict(zip(order, paid_before(each_paid).tolist(), strict=True))
        self.paid = dict(zip(order, paid_by(each_paid, self.length), strict=True))
        self.funded: dict[str, Array] = {}
        self.timing: dict[str, Timing] = {}
        self._ahead: dict[str, str | None] = {}
        for id, each in self.initiatives.items():
            self.funded[id] = self._fastest(each, each.requires + each.after)
            self.timing[id] = self._timing(each, self.funded[id])

    def held_by(self, id: str) -> tuple[str, ...]:
        """Give the path from an initiative to what really holds it back in time, itself where nothing else does."""
        path = [id]
        while (ahead := self._who_is_ahead(path[-1])) is not None:
            path.append(ahead)
        return tuple(path)

    def critical_path(self) -> tuple[str, ...]:
        """List what decides when all that can ever count does, from the first to be done to the last."""
        last = [(-when.counts, id) for id, when in self.timing.items() if not math.isinf(when.counts)]
        return tuple(reversed(self.held_by(min(last)[1]))) if last else ()

    def _length(self) -> int:
        """Give periods enough for all to be done one behind the other."""
        end: dict[str, int] = {}
        for id, each in self.initiatives.items():
            behind = [end[other] + need.lag for need in each.requires + each.after for other in need.of]
            end[id] = max([each.start, self.now, *behind]) + each.takes
        return max(end.values(), default=0)

    def _fastest(self, initiative: Initiative, needs: tuple[Need, ...]) -> Array:
        """Give φ by period where only some of what an initiative waits for holds it back."""
        own = self.paid[initiative.id]
        limits = [
            allowed(need, own, *(np.array([of[id] for id in need.of]) for of in (self.funded, self.paid, self.before)))
            for need in needs
        ]
        return fastest(initiative, own, limits, self.now)

    def _timing(self, initiative: Initiative, funded: Array) -> Timing:
        more = np.flatnonzero(np.diff(funded, prepend=self.before[initiative.id])[self.now :] > 0) + self.now
        full = np.flatnonzero(funded >= FULL)
        start = float(more[0]) if len(more) else math.inf
        done = float(full[0]) if len(full) else math.inf
        return Timing(start, done, done + initiative.lag)

    def _who_is_ahead(self, id: str) -> str | None:
        """Name whom an initiative waits for longest; None where its own start and pace take as long."""
        if id not in self._ahead:
            each, done = self.initiatives[id], self.timing[id].done
            own = self._timing(each, self._fastest(each, ())).done
            late = [
                (self._timing(each, self._fastest(each, (need,))).done, need) for need in each.requires + each.after
            ]
            is_own = each.never or not late or done <= own
            self._ahead[id] = None if is_own else min((-when, self._last_needed(need)) for when, need in late)[1]
        return self._ahead[id]

    def _last_needed(self, need: Need) -> str:
        """Name the last to be done of as many as are enough."""
        by_done = sorted(need.of, key=lambda id: (self.timing[id].done, id))
        return by_done[need.count - 1]
