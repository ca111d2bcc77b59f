"""The price of the gambit: what the best plan is worth as one rule is turned and everything else stays.

The share of architect money from none to all, the budget from half to half as much again, the weight of the tail from
none to all. The value has one peak in the share: two plans of different shares mix to any share between, and the mix is
worth at least the lesser of them, since the value is concave. It is concave in the budget, where all releases grow
together. With whole choices plans do not mix, and neither has to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gambits.allocate.cuts import AIM, GAP, Ending, Optimum
from gambits.allocate.money import money_paid, spend
from gambits.allocate.plan import rounded
from gambits.allocate.sweep import Sweep
from gambits.analyse.dials import Rules
from gambits.analyse.ranking import Ranked, ranked
from gambits.analyse.study import Study
from gambits.errors import InfeasibleError, UnfinishedError
from gambits.portfolio.gambit import Gambit, Share
from gambits.portfolio.model import ALCHEMIST, ARCHITECT, Portfolio
from gambits.words import as_html

if TYPE_CHECKING:
    import pandas as pd

FORMAT: Final = "gambits/frontier/1"
INFEASIBLE: Final = "infeasible"
POINTS: Final = 21
_FACTORS: Final = tuple(k / 20 for k in range(10, 31, 2))
_AVERSIONS: Final = tuple(k / 10 for k in range(11))
_STEP: Final = 0.01
"""How far the share is moved to each side to price it at the margin."""
_SAME: Final = 1e-9
_STRETCH: Final = 7
"""Points of a curve that are found one after another."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best plan under some rules: status, values in OOM, money in the portfolio's unit; None where there is none.

    ``architect_share`` is that of the plan's architect and alchemist money, None where it has none of either.
    """

    status: str
    objective: float | None = None
    bound: float | None = None
    expected: float | None = None
    cvar: float | None = None
    total_spend: float | None = None
    architect_share: float | None = None

    @property
    def is_loose(self) -> bool:
        """Whether the search ended before it was certified, with a plan or without."""
        return self.status not in (Ending.OPTIMAL.value, INFEASIBLE)

    def to_dict(self, **before: object) -> dict[str, Any]:
        """Give the record as JSON, behind what it was found for."""
        return {**before, **{key: value for key, value in asdict(self).items() if key not in before}}


@dataclass(frozen=True, slots=True)
class Frontier:
    """How the value answers to the gambit's rules.

    Attributes
    ----------
    by_share
        The share of architect in architect and alchemist money → the best plan.
    by_budget
        The total budget, all releases grown together → the best plan.
    by_aversion
        The weight of the tail → the best plan; empty in one future, which has no tail.
    marks
        Gambit → its own best plan, as it weighs mean and tail itself.
    free
        The best plan without the gambit's shares.
    margin
        What a point less, and a point more, of architect share would add, OOM; None where there is no such plan, and
        for a gambit that does not fix the share.
    ranking
        Initiatives by worth for their money.
    is_whole
        Whether rules make whole choices, so that neither curve has to be round.
    uncertified
        Searches behind it that ended before their answers were certified; what rests on them may fall short.
    """

    portfolio: str
    gambit: str
    money: str
    aversion: float
    tail: float
    by_share: Mapping[float, Found]
    by_budget: Mapping[float, Found]
    by_aversion: Mapping[float, Found]
    marks: Mapping[str, Found]
    free: Found
    margin: tuple[float | None, float | None] | None
    ranking: tuple[Ranked, ...]
    is_whole: bool
    draws: int
    seed: int | None
    uncertified: int = 0

    @property
    def best(self) -> tuple[float, Found] | None:
        """The share of the curve that is worth most, and the plan."""
        known = [(share, each) for share, each in self.by_share.items() if each.objective is not None]
        return max(known, key=lambda pair: pair[1].objective or 0.0, default=None)

    @property
    def price(self) -> float | None:
        """What the gambit's shares cost: the value without them less its own, OOM; None where it has no plan."""
        own = self.marks[self.gambit].objective
        return None if own is None or self.free.objective is None else max(0.0, self.free.objective - own)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        lower, higher = self.margin or (None, None)
        return rounded(  # type: ignore[no-any-return]
            {
                "format": FORMAT,
                "portfolio": self.portfolio,
                "gambit": self.gambit,
                "money": self.money,
                "aversion": self.aversion,
                "tail": self.tail,
                "points": [each.to_dict(architect_share=share) for share, each in self.by_share.items()],
                "budget_points": [each.to_dict(budget=budget) for budget, each in self.by_budget.items()],
                "risk_points": [each.to_dict(aversion=aversion) for aversion, each in self.by_aversion.items()],
                "marks": [each.to_dict(gambit=name) for name, each in self.marks.items()],
                "free": self.free.to_dict(),
                "price": self.price,
                "margin": {"point_less": lower, "point_more": higher},
                "ranking": [asdict(each) for each in self.ranking],
                "whole_choices": self.is_whole,
                "draws": self.draws,
                "seed": self.seed,
                "uncertified": self.uncertified,
            }
        )

    def _repr_html_(self) -> str:
        said = f"The best plan by share of architect money, OOM. Money is in {self.money}."
        return as_html(f"{self.portfolio}: the price of the shares of {self.gambit}", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give the best plan (columns) by share of architect money (rows)."""
        import pandas as pd  # heavy, and a frontier is found without it

        rows = [asdict(each) for each in self.by_share.values()]
        return pd.DataFrame(rows, index=pd.Index(list(self.by_share), name="share")).drop(columns="architect_share")


def find_frontier(study: Study, gambit: Gambit, marked: Sequence[Gambit] = (), points: int = POINTS) -> Frontier:
    """Turn a gambit's share of architect, the budget, and the weight of the tail, and plan anew for each.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        Whose rules and weighing hold.
    marked
        Gambits whose own best plans are shown beside the curve.
    points
        Shares looked at, from none to all.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules, whatever the shares.
    UnfinishedError
        If the search without shares ended before it found any plan.
    """
    names = {each.name: each for each in (gambit, *marked)}
    own = _tried(lambda: study.best(gambit))
    marks = {name: own if name == gambit.name else _tried(partial(study.best, each)) for name, each in names.items()}
    free = study.under(gambit.without_shares())
    return _Turning(study, gambit, own, free).frontier(marks, points)


class _Turning:
    """One gambit's rules, turned."""

    def __init__(self, study: Study, gambit: Gambit, own: Optimum | str, free: Optimum) -> None:
        self.study = study
        self.gambit = gambit
        self.own = own
        self.free = free
        fixed = gambit.shares.get(ARCHITECT)
        self.share = fixed.low if fixed is not None and fixed.high - fixed.low <= _SAME else None

    def frontier(self, marks: Mapping[str, Optimum | str], points: int) -> Frontier:
        """Walk along every curve, side by side."""
        shares = [k / (points - 1) for k in range(points)]
        aversions = _AVERSIONS if self.study.forecast(self.gambit).draws.count > 1 else ()
        free = self._found(self.free)
        middle = self.share if self.share is not None else free.architect_share or 0.0
        beside = () if self.share is None else (self.share - _STEP, self.share + _STEP)
        curves = (
            _Curve("shares", shares, middle, self._with_share),
            _Curve("budgets", _FACTORS, 1.0, self._with_budget),
            _Curve("weights", aversions, self.gambit.aversion, self._with_aversion),
            _Curve("margin", [each for each in beside if 0 <= each <= 1], middle, self._with_share, AIM),
        )
        by_share, by_budget, by_aversion, margin = self._walk(curves)
        portfolio = self.study.portfolio
        seen = self.study.forecast(self.gambit)
        return Frontier(
            portfolio=portfolio.name,
            gambit=self.gambit.name,
            money=portfolio.money,
            aversion=self.gambit.aversion,
            tail=self.gambit.tail,
            by_share={share: self._found(each) for share, each in by_share.items()},
            by_budget={scaled(portfolio, at).budget.total: self._found(each) for at, each in by_budget.items()},
            by_aversion={aversion: self._found(each) for aversion, each in by_aversion.items()},
            marks={name: self._found(each) for name, each in marks.items()},
            free=free,
            margin=self._margin(margin) if self.share is not None else None,
            ranking=ranked(portfolio, seen),
            is_whole=self.study.has_whole_choices(self.gambit),
            draws=seen.draws.count,
            seed=None if self.study.settings.certain else self.study.settings.seed,
            uncertified=self.study.uncertified,
        )

    def _walk(self, curves: Sequence[_Curve]) -> list[dict[float, Optimum | str]]:
        """Find the plans of every curve; each walks outwards from where the gambit stands, to either side."""
        ways = [(k, way) for k, curve in enumerate(curves) for way in ways_from(curve.middle, curve.at)]

        def walk(item: tuple[int, list[float]]) -> dict[float, Optimum | str]:
            k, way = item
            sweep = self.study.sweep(self.gambit)
            return {at: self._at(sweep, curves[k], at) for at in way}

        known: list[dict[float, Optimum | str]] = [{} for _ in curves]
        for (k, _), found in zip(ways, self.study.each(walk, ways, "stretches of curves"), strict=True):
            known[k] |= found
        return [{at: found[at] for at in sorted(found)} for found in known]

    def _at(self, sweep: Sweep, curve: _Curve, at: float) -> Optimum | str:
        """Find the plan at one point; where the gambit itself stands it is known."""
        is_own = abs(at - curve.middle) <= _SAME and (curve.about != "shares" or self.share is not None)
        if is_own and not isinstance(self.own, str):
            return self.own
        settings = self.study.settings
        patience = settings.patience(min(settings.gap, curve.aim))
        return _tried(lambda: self.study.noted(sweep.at(*curve.turn(at), patience)))

    def _with_share(self, share: float) -> Rules:
        """Hold architect at a share; alchemist gets the rest of what other paths with shares leave."""
        others = {path: each for path, each in self.gambit.shares.items() if path != ALCHEMIST}
        return self.study.portfolio, replace(self.gambit, shares=others | {ARCHITECT: Share(share, share)})

    def _with_budget(self, factor: float) -> Rules:
        return scaled(self.study.portfolio, factor), self.gambit

    def _with_aversion(self, aversion: float) -> Rules:
        return self.study.portfolio, replace(self.gambit, aversion=aversion)

    def _margin(self, beside: Mapping[float, Optimum | str]) -> tuple[float | None, float | None]:
        """Say what a point less and a point more of architect add; less than the searches err by is nothing."""

        def added(way: int) -> float | None:
            found = next((each for at, each in beside.items() if (at - (self.share or 0.0)) * way > 0), INFEASIBLE)
            if isinstance(found, str) or isinstance(self.own, str):
                return None
            more = found.objective - self.own.objective
            return more if abs(more) > 2 * AIM else 0.0

        return added(-1), added(1)

    def _found(self, optimum: Optimum | str) -> Found:
        if isinstance(optimum, str):
            return Found(optimum)
        portfolio = self.study.portfolio
        money = spend(portfolio, optimum.funded)
        decided = {
            path: sum(
                float(row[portfolio.now :].sum())
                for each, row in zip(portfolio.initiatives, money, strict=True)
                if each.path == path
            )
            for path in (ARCHITECT, ALCHEMIST)
        }
        of = sum(decided.values())
        return Found(
            status=optimum.ending.value,
            objective=optimum.objective,
            bound=optimum.bound,
            expected=optimum.values.expected,
            cvar=optimum.values.tail,
            total_spend=float(money.sum()),
            architect_share=decided[ARCHITECT] / of if of > _SAME else None,
        )


@dataclass(frozen=True, slots=True)
class _Curve:
    """Points along which a number is turned, and the one at which the gambit stands."""

    about: str
    at: Sequence[float]
    middle: float
    turn: Callable[[float], Rules]
    aim: float = GAP


def ways_from(middle: float, points: Sequence[float]) -> list[list[float]]:
    """Cut the points of a curve into stretches that lead away from its middle, falling or rising.

    Each goes from plan to plan, and starts from what is known of the middle: the shorter the more start far from it,
    the longer the fewer can be walked side by side.
    """
    below = sorted((at for at in points if at < middle - _SAME), reverse=True)
    above = sorted(at for at in points if at >= middle - _SAME)
    return [side[k : k + _STRETCH] for side in (below, above) for k in range(0, len(side), _STRETCH)]


def scaled(portfolio: Portfolio, factor: float) -> Portfolio:
    """Multiply what is released from now on, funds and total alike."""
    budget, now = portfolio.budget, portfolio.now

    def grown(releases: tuple[float, ...]) -> tuple[float, ...]:
        return (*releases[:now], *(factor * money for money in releases[now:]))

    spent = float(money_paid(portfolio.initiatives, portfolio.periods.count)[:, :now].sum())
    turned = replace(
        budget,
        per_period=grown(budget.per_period),
        total=spent + factor * (budget.total - spent),
        funds=tuple(replace(fund, per_period=grown(fund.per_period)) for fund in budget.funds),
    )
    return replace(portfolio, budget=turned)


def _tried(find: Callable[[], Optimum]) -> Optimum | str:
    """Give the plan, or in a word why there is none."""
    try:
        return find()
    except InfeasibleError:
        return INFEASIBLE
    except UnfinishedError:
        return Ending.GAP.value
