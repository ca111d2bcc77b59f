"""Other plans that are nearly as good, as different as possible: what the best plan does not have to be.

Modelling to generate alternatives (Brill, Chang and Hopkins 1982, Modeling to generate alternatives: the HSJ approach,
Management Science 28(3)): an optimum hides how flat the top is. Here the money of each initiative is first taken as low
and as high as nearly the best plans go; of the plans met on the way those farthest from each other are kept, and each
is then moved away from the others for as long as that goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate.cuts import Optimum
from gambits.allocate.money import spend
from gambits.allocate.near_best import NearBest
from gambits.allocate.plan import Plan, rounded
from gambits.analyse.compare import FUNDED
from gambits.analyse.study import Study
from gambits.analyse.sweeps import side_by_side
from gambits.portfolio.gambit import Gambit
from gambits.words import as_html

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FORMAT: Final = "gambits/alternatives/1"
ALTERNATIVE: Final = "alternative"
"""The status of a plan that is not the best, and is not meant to be."""
COUNT: Final = 5
WITHIN: Final = 0.01
"""What a plan may be worth less than the best unless told, OOM."""
_MOST_STEPS: Final = 4
_MOST_ROUNDS: Final = 2
_FARTHER: Final = 1e-6
"""A set of plans is farther apart from this part of the total budget on."""
_SAME: Final = 1e-3
"""Plans that differ by no more than this part of the total budget are one plan to whoever reads them."""
_CHAINS: Final = 2
"""Searches side by side, on any machine, so that all find the same."""


@dataclass(frozen=True, slots=True)
class Range:
    """Money of one initiative over the horizon in plans that are nearly the best: the ``least`` and ``most`` found.

    ``funded`` says whether all of them fund it to at least half its cost (True), none does (False), or some do (None).
    """

    least: float
    most: float
    funded: bool | None


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The best plan and others within ``within`` (OOM) of it.

    Attributes
    ----------
    plans
        The best one first.
    ranges
        By id: how far its money goes in any plan that is so good.
    uncertified
        Searches behind it that ended before their answers were certified; what rests on them may fall short.
    """

    portfolio: str
    gambit: str
    money: str
    within: float
    plans: tuple[Plan, ...]
    ranges: Mapping[str, Range]
    draws: int
    seed: int | None
    uncertified: int = 0

    @property
    def core_index(self) -> dict[str, float]:
        """The share of the plans that fund an initiative to at least half its cost, by id."""
        return {
            each.id: sum(plan.allocation(each.id).funded >= FUNDED for plan in self.plans) / len(self.plans)
            for each in self.plans[0].allocations
        }

    @property
    def distances(self) -> dict[tuple[int, int], float]:
        """Money that two plans do not have in common: ½ Σ over initiatives of absolute differences of their totals."""
        totals = [np.array([each.total for each in plan.allocations]) for plan in self.plans]
        return {
            (k, m): float(np.abs(totals[k] - totals[m]).sum()) / 2 for k, m in combinations(range(len(self.plans)), 2)
        }

    @property
    def least_distance(self) -> float | None:
        """The distance of the two plans that are most alike; None for one plan."""
        return min(self.distances.values(), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        beside = {
            "core_index": self.core_index,
            "ranges": {
                id: {"least": each.least, "most": each.most, "funded": each.funded} for id, each in self.ranges.items()
            },
            "distances": [{"plans": [k, m], "money": money} for (k, m), money in self.distances.items()],
            "least_distance": self.least_distance,
        }
        return {
            "format": FORMAT,
            "portfolio": self.portfolio,
            "gambit": self.gambit,
            "money": self.money,
            "within": self.within,
            "plans": [plan.to_dict() for plan in self.plans],
            **rounded(beside),
            "draws": self.draws,
            "seed": self.seed,
            "uncertified": self.uncertified,
        }

    def _repr_html_(self) -> str:
        said = f"Each is worth at most {self.within:g} OOM less than the best. Money is in {self.money}."
        return as_html(f"{self.portfolio}: plans as good, under {self.gambit}", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give money by initiative (rows) in each plan, and its least and most (columns)."""
        import pandas as pd  # heavy, and alternatives are found without it

        ids = [each.id for each in self.plans[0].allocations]
        names = ["best", *(f"alternative {k}" for k in range(1, len(self.plans)))]
        columns: dict[str, list[float]] = {
            name: [plan.allocation(id).total for id in ids] for name, plan in zip(names, self.plans, strict=True)
        }
        columns |= {"least": [self.ranges[id].least for id in ids], "most": [self.ranges[id].most for id in ids]}
        return pd.DataFrame(columns, index=pd.Index(ids, name="initiative"))


def find_alternatives(
    study: Study, gambit: Gambit, within: float = WITHIN, count: int = COUNT
) -> tuple[list[Optimum], dict[str, Range]]:
    """Find plans that are worth at most so much less than the best, as far from each other as can be found.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        Whose rules and weighing hold.
    within
        What may be given up, OOM; above 0.
    count
        Plans at most, the best one among them; fewer where no further one differs.

    Returns
    -------
    :
        The plans, the best one first; and for each initiative how far its money goes.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules.
    UnfinishedError
        If the search for the best ended before it found any plan.
    """
    return _Finding(study, gambit, within).find(count)


class _Finding:
    def __init__(self, study: Study, gambit: Gambit, within: float) -> None:
        self.study = study
        self.portfolio = study.portfolio
        seen = study.forecast(gambit)
        self.best = replace(study.best(gambit), points=())
        known = replace(self.best, points=study.pool(gambit).points)
        self.near = [NearBest(self.portfolio, gambit, seen, known, within) for _ in range(_CHAINS)]

    def find(self, count: int) -> tuple[list[Optimum], dict[str, Range]]:
        ends = self._ends()
        plans = [self.best, *(plan for pair in ends for plan in pair)]
        least = _SAME * self.portfolio.budget.total
        chosen = _far_apart(np.array([self._money(plan) for plan in plans]), count, least)
        apart = self._pushed_apart([plans[k] for k in chosen])
        ranges = self._ranges([*plans, *apart])
        return apart, ranges

    def _ends(self) -> list[tuple[Optimum, Optimum]]:
        """Take the money of each initiative as low and as high as it goes."""
        rows = np.arange(len(self.portfolio.initiatives))
        parts = [(self.near[k], rows[k::_CHAINS]) for k in range(_CHAINS)]
        tell, done = self.study.settings.tell, iter(range(1, len(rows) + 1))

        def both(part: tuple[NearBest, NDArray[np.int64]]) -> list[tuple[Optimum, Optimum]]:
            found = []
            for row in part[1]:
                way = (rows == row).astype(float)
                found.append((part[0].farthest(-way), part[0].farthest(way)))
                if tell is not None:
                    tell("initiatives", next(done), len(rows))
            return found

        found = side_by_side(both, parts)
        return [found[row % _CHAINS][row // _CHAINS] for row in rows]

    def _pushed_apart(self, plans: list[Optimum]) -> list[Optimum]:
        """Move each plan but the best away from the others, as long as the two most alike grow less so."""
        for _ in range(_MOST_ROUNDS):
            before = self._least(plans)
            for k in range(1, len(plans)):
                others = [*plans[:k], *plans[k + 1 :]]
                plans[k] = self._away(plans[k], others)
            if self._least(plans) <= before + _FARTHER * self.portfolio.budget.total:
                break
        return plans

    def _away(self, plan: Optimum, others: Sequence[Optimum]) -> Optimum:
        """Find a plan farther from all others: up the slope of its distance to the nearest of them, step by step."""
        there = np.array([self._money(each) for each in others])

        def apart(one: Optimum) -> Array:
            return np.asarray(np.abs(there - self._money(one)).sum(axis=1) / 2)

        for _ in range(_MOST_STEPS):
            distances = apart(plan)
            nearest = np.exp(-(distances - distances.min()) / max(float(distances.min()), 1e-12) * 4)
            slope = nearest @ np.sign(self._money(plan) - there)
            found = self.near[0].farthest(slope)
            if apart(found).min() <= distances.min() + _FARTHER * self.portfolio.budget.total:
                break
            plan = found
        return plan

    def _least(self, plans: Sequence[Optimum]) -> float:
        money = np.array([self._money(plan) for plan in plans])
        return min((float(np.abs(one - other).sum()) / 2 for one, other in combinations(money, 2)), default=0.0)

    def _money(self, plan: Optimum) -> Array:
        """Give the money of each initiative over the horizon, shape (I,)."""
        return np.asarray(spend(self.portfolio, plan.funded).sum(axis=1))

    def _ranges(self, plans: Sequence[Optimum]) -> dict[str, Range]:
        money = np.array([self._money(plan) for plan in plans])
        funded = np.array([plan.funded[:, -1] >= FUNDED for plan in plans])
        found = {}
        for i, each in enumerate(self.portfolio.initiatives):
            always, never = bool(funded[:, i].all()), not funded[:, i].any()
            verdict = True if always else False if never else None
            found[each.id] = Range(float(money[:, i].min()), float(money[:, i].max()), verdict)
        return dict(sorted(found.items()))


def _far_apart(money: Array, count: int, least: float) -> list[int]:
    """Choose plans by their money, shape (P, I): the first, and then each time the one farthest from those chosen.

    A plan no farther than ``least`` from one that is chosen is the same plan, and ends the choice.
    """
    chosen = [0]
    nearest = np.abs(money - money[0]).sum(axis=1)
    while len(chosen) < min(count, len(money)):
        # Ties by the digits that every processor agrees on, and then by order.
        farthest = int(np.argmax(np.round(nearest, 6)))
        if nearest[farthest] <= 2 * least:
            break
        chosen.append(farthest)
        nearest = np.minimum(nearest, np.abs(money - money[chosen[-1]]).sum(axis=1))
    return chosen
