"""What the memo says: every sentence's material, taken from the plans and worked out nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import Final

from gambits.allocate.plan import Allocation, Plan
from gambits.analyse.compare import Comparison, Difference
from gambits.errors import BrokenRule
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Portfolio
from gambits.scaling.effects.law import Provenance
from gambits.scaling.laws import Law

_SMALL: Final = 0.05
"""Money below this rounds to nothing."""


@dataclass(frozen=True, slots=True)
class Background:
    """What the memo needs beside the plans.

    ``free`` is the plan without the gambit's shares, None where it has none. ``match`` is the factor of bought
    compute that alone would gain as much at the end (infinite: none would). ``barred`` says who may get no
    money and why.
    """

    law: Law | None
    free: Plan | None
    match: float | None
    barred: dict[str, tuple[BrokenRule, ...]]


@dataclass(frozen=True, slots=True)
class Line:
    """One initiative in the memo: what it is, what it gets, what it brings."""

    initiative: Initiative
    allocation: Allocation
    contribution: float

    @property
    def now(self) -> float:
        """Money in the first period."""
        return self.allocation.spend[0]


@dataclass(frozen=True, slots=True)
class Memo:
    """The memo as material: one gambit's plan, with the other plans beside it."""

    portfolio: Portfolio
    gambit: Gambit
    plan: Plan
    others: tuple[Plan, ...]
    background: Background
    lines: tuple[Line, ...]
    differences: tuple[Difference, ...]

    @property
    def funded(self) -> tuple[Line, ...]:
        """Initiatives with money, most first."""
        with_money = [line for line in self.lines if line.allocation.total >= _SMALL]
        return tuple(sorted(with_money, key=lambda line: (-round(line.allocation.total, 6), line.initiative.id)))

    @property
    def now(self) -> tuple[Line, ...]:
        """Initiatives with money in the first period, most first."""
        with_money = [line for line in self.lines if line.now >= _SMALL]
        return tuple(sorted(with_money, key=lambda line: (-round(line.now, 6), line.initiative.id)))

    @property
    def top(self) -> tuple[Line, ...]:
        """Initiatives by what they bring, those that bring something."""
        bring = [line for line in self.lines if abs(line.contribution) >= 0.0005]  # noqa: PLR2004  (rounds to 0)
        return tuple(sorted(bring, key=lambda line: (-round(line.contribution, 6), line.initiative.id)))

    @property
    def unfunded(self) -> tuple[tuple[Line, str], ...]:
        """Initiatives without money, each with the reason."""
        lines = [line for line in self.lines if line.allocation.total < _SMALL]
        return tuple((line, self._reason(line)) for line in sorted(lines, key=lambda line: line.initiative.id))

    @property
    def unsteady(self) -> tuple[tuple[Line, dict[str, float]], ...]:
        """Initiatives whose funding hangs on the draws: those on which plans of other draws disagree."""
        stability = (self.plan.honesty or {}).get("stability", {})
        found = []
        for line in self.lines:
            firm = stability.get(line.initiative.id)
            if firm and 0 < firm["funded"] < 1:
                found.append((line, firm))
        return tuple(found)

    @property
    def by_law(self) -> tuple[tuple[tuple[str, Provenance], ...], ...]:
        """The effects that laws gave, by law: the initiative's title, and where the effect came from."""
        found: dict[str, list[tuple[str, Provenance]]] = {}
        for line in self.lines:
            for law in line.initiative.laws.values():
                found.setdefault(law.law, []).append((line.initiative.title, law))
        return tuple(tuple(uses) for _, uses in sorted(found.items()))

    @property
    def judged(self) -> float:
        """Part of the plan's positive value that rests on judgements rather than published effects."""
        positive = [line for line in self.lines if line.contribution > 0]
        whole = sum(line.contribution for line in positive)
        judged = sum(line.contribution for line in positive if line.initiative.rests_on_judgement)
        return judged / whole if whole else 0.0

    @property
    def beyond(self) -> float | None:
        """OOM by which the flagship at the end lies beyond the largest run that the law was fitted to."""
        if self.background.law is None or self.portfolio.frontier is None:
            return None
        return self.flagship[-1] - log10(self.background.law.fitted_to)

    @property
    def flagship(self) -> tuple[float, ...]:
        """Training compute of the baseline by period, log10 FLOP."""
        assert self.portfolio.frontier is not None, "a flagship needs a frontier"
        trend, years = self.portfolio.frontier.compute, self.portfolio.periods.years
        growth = log10(trend.growth_per_year.central)
        return tuple(log10(trend.start.central) + growth * years * k for k in range(self.portfolio.periods.count))

    def _reason(self, line: Line) -> str:
        rules = self.background.barred.get(line.initiative.id)
        if rules:
            return "; ".join(rule.rule for rule in rules)
        serves = [each.id for each in self.portfolio.initiatives if line.initiative.id in each.waits_for]
        if not line.initiative.effects and serves:
            return f"nothing that needs it is funded ({', '.join(sorted(serves))})"
        return "its money is worth more elsewhere under these rules"


def compose(portfolio: Portfolio, gambit: Gambit, comparison: Comparison, background: Background) -> Memo:
    """Gather the memo for one gambit's plan, with the other plans of the comparison beside it."""
    plan = comparison.plans[gambit.name]
    lines = tuple(Line(portfolio.initiative(each.id), each, plan.contributions[each.id]) for each in plan.allocations)
    return Memo(
        portfolio=portfolio,
        gambit=gambit,
        plan=plan,
        others=tuple(other for name, other in comparison.plans.items() if name != gambit.name),
        background=background,
        lines=lines,
        differences=tuple(row for row in comparison.differences if row.spread >= _SMALL),
    )
