"""A plan that someone made elsewhere, held against the best: value, rules broken, and the cheapest way closer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate.cuts import AIM, Optimum
from gambits.allocate.money import paid_before, prices, spend
from gambits.allocate.nearest import Nearest, nearest, nearest_allowed, spend_of
from gambits.allocate.obeying import ROUNDING, broken
from gambits.allocate.plan import rounded
from gambits.analyse import given
from gambits.analyse.changes import Move
from gambits.analyse.given import Held
from gambits.analyse.study import Study
from gambits.errors import BrokenRule
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import ALCHEMIST, ARCHITECT, Portfolio
from gambits.words import as_html, oom

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FORMAT: Final = "gambits/score/1"
HALF: Final = 0.5
_SAME: Final = 1e-9
"""Values that differ by less are one value, OOM."""
_SMALLEST_MOVE: Final = 1e-6
"""Money below this part of the total budget has not moved: it is the tolerance of a solve."""


@dataclass(frozen=True, slots=True)
class Valued:
    """What a plan is worth, OOM, and its money, by id over the horizon.

    ``architect_share`` is of its architect and alchemist money, None where it has none of either.
    """

    objective: float
    expected: float
    cvar: float
    total_spend: float
    architect_share: float | None
    money: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Step:
    """A plan near the one that is given, the moves that lead there, and how little money could move at all.

    ``moved`` is ½ Σ of absolute differences of money over initiatives and periods; no plan that does as much moves less
    than ``least``.
    """

    plan: Valued
    moves: tuple[Move, ...]
    moved: float
    least: float

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        moves = {move.id: {"old": move.old, "new": move.new, "moved": move.moved} for move in self.moves}
        return {"plan": self.plan.to_dict(), "moved": self.moved, "least": self.least, "moves": moves}


@dataclass(frozen=True, slots=True)
class Score:
    """A plan that is given, against a gambit's rules and its best plan.

    Attributes
    ----------
    plan, best
        The plan, and the best one; values as the gambit weighs them.
    bound
        What no plan that obeys the rules exceeds, OOM.
    broken
        The rules that it does not obey.
    mend
        The nearest plan that obeys them all; None where it does.
    half
        The nearest plan that obeys all rules and closes half of the distance; None where there is none to close.
    whole
        The nearest plan of those that are the best, within the tolerance of the certificate; None as above.
    uncertified
        Searches behind it that ended before their answers were certified; what rests on them may fall short.
    """

    portfolio: str
    gambit: str
    money: str
    plan: Valued
    best: Valued
    bound: float
    broken: tuple[BrokenRule, ...]
    mend: Step | None
    half: Step | None
    whole: Step | None
    draws: int
    seed: int | None
    uncertified: int = 0

    @property
    def distance(self) -> float:
        """What the best plan is worth more, OOM; below 0 where the plan is worth more than rules allow."""
        short = self.best.objective - self.plan.objective
        return 0.0 if abs(short) <= _SAME else short

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        steps = {"mend": self.mend, "half": self.half, "whole": self.whole}
        return rounded(  # type: ignore[no-any-return]
            {
                "format": FORMAT,
                "portfolio": self.portfolio,
                "gambit": self.gambit,
                "money": self.money,
                "plan": self.plan.to_dict(),
                "best": self.best.to_dict(),
                "bound": self.bound,
                "distance": self.distance,
                "broken": [rule.to_dict() for rule in self.broken],
                **{name: None if step is None else step.to_dict() for name, step in steps.items()},
                "draws": self.draws,
                "seed": self.seed,
                "uncertified": self.uncertified,
            }
        )

    def _repr_html_(self) -> str:
        said = f"Worth {oom(self.plan.objective)} OOM, the best {oom(self.best.objective)}. Money is in {self.money}."
        return as_html(f"{self.portfolio}: a plan of yours, under {self.gambit}", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give money by initiative (rows) in the plan, in the nearest ones, and in the best (columns)."""
        import pandas as pd  # heavy, and a score is made without it

        steps = {"mend": self.mend, "half": self.half, "whole": self.whole}
        plans = {"plan": self.plan, **{name: step.plan for name, step in steps.items() if step}, "best": self.best}
        frame = pd.DataFrame({name: dict(each.money) for name, each in plans.items()})
        return frame.rename_axis(index="initiative", columns="plan").sort_index()


def score(study: Study, gambit: Gambit, money: Array) -> Score:
    """Hold a plan against a gambit's rules and its best plan.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        Whose rules and weighing hold.
    money
        The plan, shape (I, T). In periods that are over it is what was paid.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules.
    UnfinishedError
        If the search for the best ended before it found any plan.
    """
    return _Scoring(study, gambit, money).score()


class _Scoring:
    def __init__(self, study: Study, gambit: Gambit, money: Array) -> None:
        self.study = study
        self.gambit = gambit
        self.money = money
        self.best = study.best(gambit)
        self.seen = study.forecast(gambit)

    def score(self) -> Score:
        portfolio = self.study.portfolio
        held = given.held(portfolio, self.money)
        plan, best = self._valued(held, self.money), self._valued_found(self.best)
        rules = (*_beyond(portfolio, self.money), *broken(portfolio, self.gambit, held.funded, held.progress))
        short = best.objective - plan.objective
        is_there = short <= _SAME or (short <= AIM and not rules)
        return Score(
            portfolio=portfolio.name,
            gambit=self.gambit.name,
            money=portfolio.money,
            plan=plan,
            best=best,
            bound=self.best.bound,
            broken=rules,
            mend=self._step(nearest_allowed(portfolio, self.gambit, self.seen, self._named())) if rules else None,
            half=None if is_there else self._nearest(HALF * short),
            whole=None if is_there else self._nearest(self.study.settings.gap),
            draws=self.seen.draws.count,
            seed=None if self.study.settings.certain else self.study.settings.seed,
            uncertified=self.study.uncertified,
        )

    def _nearest(self, within: float) -> Step:
        """Find the nearest plan that is worth at most so much less than the best."""
        best = replace(self.best, points=self.study.pool(self.gambit).points)
        return self._step(nearest(self.study.portfolio, self.gambit, self.seen, best, self._named(), within))

    def _named(self) -> dict[str, Array]:
        return {each.id: row for each, row in zip(self.study.portfolio.initiatives, self.money, strict=True)}

    def _step(self, found: Nearest) -> Step:
        portfolio = self.study.portfolio
        least = _SMALLEST_MOVE * portfolio.budget.total
        new, moves = spend_of(portfolio, found.plan.funded), []
        for id, row in self._named().items():
            moved = float(np.abs(new[id] - row).sum()) / 2
            if moved > least:
                moves.append(Move(id, float(row.sum()), float(new[id].sum()), moved))
        moves.sort(key=lambda move: (-round(move.moved, 6), move.id))
        return Step(self._valued_found(found.plan), tuple(moves), found.moved, found.least)

    def _valued_found(self, optimum: Optimum) -> Valued:
        return self._valued(given.found(optimum), spend(self.study.portfolio, optimum.funded))

    def _valued(self, held: Held, money: Array) -> Valued:
        portfolio = self.study.portfolio
        values = self.seen.evaluate(*held.counted(portfolio, self.seen))
        aversion = self.gambit.aversion
        decided = {
            path: sum(
                float(row[portfolio.now :].sum())
                for each, row in zip(portfolio.initiatives, money, strict=True)
                if each.path == path
            )
            for path in (ARCHITECT, ALCHEMIST)
        }
        of = sum(decided.values())
        return Valued(
            objective=(1 - aversion) * values.expected + aversion * values.tail,
            expected=values.expected,
            cvar=values.tail,
            total_spend=float(money.sum()),
            architect_share=decided[ARCHITECT] / of if of > _SAME else None,
            money={
                each.id: float(row.sum())
                for each, row in sorted(zip(portfolio.initiatives, money, strict=True), key=lambda pair: pair[0].id)
            },
        )


def _beyond(portfolio: Portfolio, money: Array) -> tuple[BrokenRule, ...]:
    """Name the initiatives that get more than they cost, which buys nothing."""
    later = np.where(np.arange(portfolio.periods.count) < portfolio.now, 0.0, money / prices(portfolio))
    found = []
    paid = paid_before(portfolio.initiatives)
    for each, row, before in zip(portfolio.initiatives, later, paid, strict=True):
        over = sum(amount for when, amount in each.spent if 0 <= when < portfolio.now) / each.cost.central
        received = before + over + float(row.sum()) / each.price
        if received > 1 + ROUNDING and row.sum() > 0:
            words = f"{each.id} can use no more than {max(0.0, each.price * (1 - before - over)):.6g}"
            found.append(BrokenRule(words, portfolio.place(each.key("cost"))))
    return tuple(found)
