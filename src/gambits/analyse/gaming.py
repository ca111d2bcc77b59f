"""What it pays to exaggerate: money that an owner gains when all their own numbers are a tenth better than they are.

The plan is made again with the numbers of one owner's initiatives inflated and everybody else's as they are. The lab
loses by it: the plan made on inflated numbers, at what the honest ones say it is worth, falls short of the best.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gambits.allocate.cuts import GAP, Optimum
from gambits.allocate.money import spend
from gambits.analyse.foresight import value_of
from gambits.analyse.sensitivity import Inflation
from gambits.analyse.study import Study
from gambits.errors import InfeasibleError
from gambits.forecast.oracle import tail_weights
from gambits.portfolio.edits import own_estimates, with_estimates
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative
from gambits.quantities.estimates import Bounds, Estimate

TENTH: Final = 1.1


def gaming(study: Study, gambit: Gambit) -> tuple[Inflation, ...]:
    """Inflate the numbers of each owner in turn and solve again; who gains most money first.

    An initiative without an owner stands for itself.
    """
    index = _Index(study, gambit)
    owners = owned(study.portfolio.initiatives)
    found = study.each(lambda owner: index.of(owner, owners[owner]), sorted(owners), "owners")
    return tuple(sorted(found, key=lambda each: (-round(each.gained, 3), each.owner)))


def owned(initiatives: tuple[Initiative, ...]) -> dict[str, tuple[str, ...]]:
    """List the initiatives of each owner, by id; stages and sizes one by one."""
    found: dict[str, list[str]] = {}
    for each in initiatives:
        found.setdefault(each.owner or each.entry, []).append(each.id)
    return {owner: tuple(sorted(ids)) for owner, ids in found.items()}


@dataclass(frozen=True, slots=True)
class _Index:
    study: Study
    gambit: Gambit

    def of(self, owner: str, ids: tuple[str, ...]) -> Inflation:
        honest = self.study.best(self.gambit)
        own = {key: estimate for id in ids for key, estimate in own_estimates(self.study.portfolio, id).items()}
        bragging = self._planned(own, claimed)
        cheap = self._planned(own, cheaper)
        before = self._money(honest, ids)
        return Inflation(
            owner=owner,
            initiatives=ids,
            money=before,
            gained=0.0 if bragging is None else self._money(bragging, ids) - before,
            gained_by_cost=0.0 if cheap is None else self._money(cheap, ids) - before,
            loss=0.0 if bragging is None else max(0.0, honest.objective - self._worth(bragging)),
        )

    def _planned(self, own: Mapping[str, Estimate], change: Callable[[str, Estimate], Estimate]) -> Optimum | None:
        """Make the plan with an owner's numbers changed; None where that leaves them as they are, or leaves no plan."""
        changes = {key: change(key, estimate) for key, estimate in own.items()}
        if all(changes[key] == own[key] for key in own):
            return None
        edited = with_estimates(self.study.portfolio, changes)
        try:
            return self.study.supposing(self.gambit, edited, self.study.best(self.gambit), aim=GAP / 10)
        except InfeasibleError:
            return None

    def _money(self, plan: Optimum, ids: tuple[str, ...]) -> float:
        """Give what initiatives get over the horizon, at their honest cost."""
        initiatives = self.study.portfolio.initiatives
        money = spend(self.study.portfolio, plan.funded).sum(axis=1)
        return float(sum(money[i] for i, each in enumerate(initiatives) if each.id in ids))

    def _worth(self, plan: Optimum) -> float:
        seen = self.study.forecast(self.gambit)
        value, probability = value_of(self.study, seen, plan.funded), seen.draws.probability
        aversion = self.gambit.aversion_over(seen.draws.count)
        tail = tail_weights(value, probability, self.gambit.tail)
        return float((1 - aversion) * (probability @ value) + aversion * (tail @ value))


def claimed(key: str, estimate: Estimate) -> Estimate:
    """Give an estimate as one would exaggerate it: effects, points and chances of success a tenth better.

    A multiplier's logarithm is a tenth larger, or smaller where it harms; added tokens and points are a tenth more. A
    chance of success is a tenth more, or the chance of failure a tenth less, whichever moves it less.
    """
    name = key.rpartition(".")[2]
    if name == "cost" or ".uses." in key:
        return estimate
    if estimate.bounds is Bounds.PROBABILITY:
        return _changed(estimate, lambda chance: min(TENTH * chance, 1 - (1 - chance) / TENTH))
    if name in ("value", "unique_tokens"):
        return _changed(estimate, lambda amount: amount * TENTH if amount > 0 else amount / TENTH)
    return _changed(estimate, lambda factor: factor**TENTH if factor > 1 else factor ** (1 / TENTH))


def cheaper(key: str, estimate: Estimate) -> Estimate:
    """Give an estimate as one would understate it: a cost that is true when it runs over by a tenth; the rest as is."""
    return _changed(estimate, lambda cost: cost / TENTH) if key.endswith(".cost") else estimate


def _changed(estimate: Estimate, change: Callable[[float], float]) -> Estimate:
    return Estimate(estimate.shape, tuple(map(change, estimate.values)), estimate.bounds)
