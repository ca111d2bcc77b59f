"""Explain one initiative: by solving again with more money, without each rule, and with it forced in or out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.conflicts import contradiction
from gambits.allocate.cuts import Optimum
from gambits.allocate.eligible import eligible
from gambits.allocate.money import paid_by, spend
from gambits.allocate.most import most_funded
from gambits.analyse.compare import FUNDED
from gambits.analyse.dependencies import dependencies, with_plan
from gambits.analyse.explanation import Blocker, Displacement, Explanation, Margin, Move
from gambits.analyse.relaxed import relaxations
from gambits.analyse.study import Study
from gambits.errors import BrokenRule, InfeasibleError
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.graph import waits_for
from gambits.portfolio.model import Initiative, Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_PART: Final = 0.1
"""The part of an initiative's cost by which its margin is told: small, and more than the noise of a solve."""
_MORE: Final = 0.01
"""A rule blocks if without it φ is higher by more than this."""
_TELLING: Final = 0.05
_FULL: Final = 1 - 1e-6
_LEAST_FORCED: Final = 1e-3


def explain(study: Study, gambit: Gambit, id: str) -> Explanation:
    """Say why an initiative is in the best plan or out of it, and what the other would cost.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        Whose plan it is.
    id
        An initiative, or one of its stages or sizes.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules as they are.
    KeyError
        If there is no such initiative.
    """
    return _Explaining(study, gambit, study.portfolio.initiative(id)).run()


class _Explaining:
    def __init__(self, study: Study, gambit: Gambit, initiative: Initiative) -> None:
        self.study = study
        self.portfolio = study.portfolio
        self.gambit = gambit
        self.initiative = initiative
        self.plan = study.best(gambit)
        self.row = [each.id for each in self.portfolio.initiatives].index(initiative.id)
        self.funded = float(self.plan.funded[self.row, -1])

    def run(self) -> Explanation:
        _, barred = eligible(self.portfolio, self.gambit)
        reasons = barred.get(self.initiative.id, ())
        seen = self.study.forecast(self.gambit)
        return Explanation(
            portfolio=self.portfolio.name,
            gambit=self.gambit.name,
            unit=self.portfolio.money,
            id=self.initiative.id,
            title=self.initiative.title,
            path=self.initiative.path,
            cost=self.initiative.price,
            spend=float(self._money(self.plan)[self.row]),
            funded=self.funded,
            objective=self.plan.objective,
            barred=reasons,
            waits_for={id: self._funded_of(id) for id in self.initiative.waits_for},
            held_by=() if self.funded >= _FULL else self._held_by(),
            margin=None if reasons else self._margin(),
            blockers=() if self.funded >= _FULL else self._blockers(),
            displacement=self._displacement(),
            draws=seen.draws.count,
            seed=None if self.study.settings.certain else self.study.settings.seed,
            uncertified=self.study.uncertified,
        )

    def _money(self, plan: Optimum) -> Array:
        return np.asarray(spend(self.portfolio, plan.funded).sum(axis=1))

    def _funded_of(self, id: str) -> float:
        return float(self.plan.funded[[each.id for each in self.portfolio.initiatives].index(id), -1])

    def _held_by(self) -> tuple[str, ...]:
        """Follow those that it waits for to the last that is funded no further than it needs."""
        ids = [each.id for each in self.portfolio.initiatives]
        funded = dict(zip(ids, map(float, self.plan.funded[:, -1]), strict=True))
        money = dict(zip(ids, map(float, self._money(self.plan)), strict=True))
        found = with_plan(dependencies(self.portfolio), funded, money).blocker.get(self.initiative.id)
        return () if found is None else found.path

    def _margin(self) -> Margin:
        """Hold a tenth of its cost against the best use of so much money, released when it would be spent here."""
        up = self.funded < _FULL
        part = min(_PART, 1 - self.funded) if up else -_PART
        funded = self._turned(part)
        money = (spend(self.portfolio, funded) - spend(self.portfolio, self.plan.funded))[self.row]
        return Margin(float(money.sum()), self._worth(funded) - self.plan.objective, self._elsewhere(money))

    def _turned(self, part: float) -> Array:
        """Fund more of it, as early as its pace allows, or less of it: φ of the plan but for that, shape (I, T)."""
        funded = self.plan.funded.copy()
        if part > 0:
            first = max(self.initiative.start, self.portfolio.now)
            pace = np.clip((np.arange(funded.shape[1]) + 1 - first) / self.initiative.takes, 0, 1)
            funded[self.row] = np.minimum(funded[self.row] + part * pace, 1.0)
        else:
            paid = paid_by(self.portfolio.initiatives, funded.shape[1])[self.row]
            funded[self.row] = np.maximum(funded[self.row] * (1 + part), paid)
        return funded

    def _worth(self, funded: Array) -> float:
        """Value a plan by the oracle, whatever rules it breaks."""
        seen = self.study.forecast(self.gambit)
        made = timing.progress(self.portfolio.initiatives, funded)
        values = seen.evaluate(*timing.counted(self.portfolio.initiatives, made, funded, seen.periods))
        aversion = self.gambit.aversion_over(seen.draws.count)
        return (1 - aversion) * values.expected + aversion * values.tail

    def _elsewhere(self, money: Array) -> float | None:
        """Find what the best plan gains from money released by period, shape (T,), under all rules."""
        budget = self.portfolio.budget
        releases = tuple(float(max(0.0, old + more)) for old, more in zip(budget.per_period, money, strict=True))
        total = max(0.0, budget.total + float(money.sum()))
        changed = replace(self.portfolio, budget=replace(budget, per_period=releases, total=total))
        try:
            return self.study.under(self.gambit, changed).objective - self.plan.objective
        except InfeasibleError:
            return None

    def _blockers(self) -> tuple[Blocker, ...]:
        """Take each rule away, and see whether the best plan then funds more of it."""
        found = []
        rules, tell = list(relaxations(self.portfolio, self.gambit, self.initiative)), self.study.settings.tell
        for number, each in enumerate(rules):
            if tell is not None:
                tell("rules taken away", number, len(rules))
            try:
                plan = self.study.under(each.rules[1], each.rules[0])
            except InfeasibleError:
                continue
            funded = float(plan.funded[self.row, -1])
            if funded > self.funded + _MORE:
                found.append(Blocker(each.words, each.where, funded, plan.objective - self.plan.objective))
        return tuple(sorted(found, key=lambda each: (-round(each.funded, 4), each.rule)))

    def _displacement(self) -> Displacement | None:
        if self.funded >= FUNDED:
            return None if self.initiative.must else self._without()
        most = most_funded(self.portfolio, self.gambit, self.initiative.id)
        conflict = () if most >= _FULL else self._conflict()
        if most < self.funded + _LEAST_FORCED:
            return Displacement(self.funded, 0.0, (), conflict)
        return self._against(replace(self.portfolio, asked={self.initiative.id: most}), most, conflict)

    def _without(self) -> Displacement | None:
        return self._against(self._changed(never=True), 0.0, ())

    def _conflict(self) -> tuple[BrokenRule, ...]:
        """Name rules that keep it from being funded whole."""
        error = contradiction(self._changed(must=True), self.gambit)
        must = f"{self.initiative.entry} must be funded"
        return () if error is None else tuple(rule for rule in error.conflict if rule.rule != must)

    def _changed(self, **values: Any) -> Portfolio:
        changed = tuple(
            replace(each, **values) if each.id == self.initiative.id else each for each in self.portfolio.initiatives
        )
        return replace(self.portfolio, initiatives=changed)

    def _against(self, portfolio: Portfolio, forced: float, conflict: tuple[BrokenRule, ...]) -> Displacement | None:
        try:
            plan = self.study.under(self.gambit, portfolio)
        except InfeasibleError:
            return None
        return Displacement(forced, plan.objective - self.plan.objective, self._moves(plan), conflict)

    def _moves(self, plan: Optimum) -> tuple[Move, ...]:
        """List whose money moves, most first."""
        graph = waits_for(self.portfolio)
        before, after = self._money(self.plan), self._money(plan)
        found = [
            Move(
                id=each.id,
                before=float(before[i]),
                after=float(after[i]),
                funded_before=float(self.plan.funded[i, -1]),
                funded_after=float(plan.funded[i, -1]),
                tie=self._tie(each.id, graph),
            )
            for i, each in enumerate(self.portfolio.initiatives)
            if abs(after[i] - before[i]) >= _TELLING
        ]
        return tuple(sorted(found, key=lambda move: (-round(abs(move.after - move.before), 3), move.id)))

    def _tie(self, id: str, graph: dict[str, tuple[str, ...]]) -> str:
        if self.initiative.id in graph[id]:
            return "waits for it"
        return "it waits for" if id in graph[self.initiative.id] else ""
