"""One portfolio under study: its futures drawn once, and every question about them answered from what is known.

Plans under other rules are plans in the same futures, so a cut that the oracle gave for one question holds for
the next: a sweep of rules costs a few rounds a point.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gambits.allocate.cuts import AIM, GAP, Ending, Optimum, Patience, Watch, allocate
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import lay_out
from gambits.allocate.masters import Masters
from gambits.allocate.pool import Pool
from gambits.allocate.sweep import Sweep
from gambits.analyse.sweeps import Item, Result, Tell, side_by_side
from gambits.forecast.belief import believed
from gambits.forecast.draws import Draws, central_draw, draw
from gambits.forecast.oracle import Forecast
from gambits.forecast.workers import THREADS, Threads, Workers
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Objective, Portfolio


@dataclass(frozen=True, slots=True)
class Settings:
    """How a plan is found.

    ``draws`` futures are drawn under ``seed``; ``certain`` looks at the central one alone. ``batches`` plans on
    other draws say how stable the plan is; 0 for none. ``workers`` work through the draws, ``watch`` is told
    of every round of a search, and ``tell`` of every search of a sweep. A plan is optimal within ``gap`` (OOM); a
    search ends after ``time_limit`` seconds of ``clock``, None for none.
    """

    draws: int = 1000
    seed: int = 2027
    certain: bool = False
    batches: int = 8
    workers: Workers = THREADS
    watch: Watch | None = None
    gap: float = GAP
    time_limit: float | None = None
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)
    tell: Tell | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """What decides the answer, by name; ``Settings(**asked)`` asks the same."""
        limits: dict[str, Any] = {} if self.gap == GAP else {"gap": self.gap}
        limits |= {} if self.time_limit is None else {"time_limit": self.time_limit}
        if self.certain:
            return {"certain": True, **limits}
        return {"draws": self.draws, "seed": self.seed, "batches": self.batches, **limits}

    def patience(self, aim: float) -> Patience:
        """Say when a search that starts now ends."""
        at = math.inf if self.time_limit is None else self.clock() + self.time_limit
        return Patience(aim, max(self.gap, aim), at, self.clock)


class Study:
    """A portfolio, its futures, and what has been found out about them.

    Parameters
    ----------
    portfolio
        As ``load`` gives it.
    settings
        How many futures, and from which seed.
    """

    def __init__(self, portfolio: Portfolio, settings: Settings = Settings()) -> None:
        self.portfolio = portfolio
        self.settings = settings
        self._drawn: dict[tuple[str, int, int], Forecast] = {}
        self._seen: dict[tuple[str, int, Objective, float], Forecast] = {}
        self._pools: dict[tuple[Objective, float], Pool] = {}
        self._best: dict[str, tuple[Gambit, Optimum]] = {}
        self._masters: dict[str, Masters] = {}
        self._beliefs: dict[tuple[tuple[str, float], ...], Study] = {}
        self._loose: list[float] = []

    def __getstate__(self) -> dict[str, Any]:
        """Leave here, when sent to another process, who is told of rounds and searches."""
        return self.__dict__ | {"settings": replace(self.settings, watch=None, tell=None)}

    def each(self, task: Callable[[Item], Result], items: Sequence[Item], about: str) -> list[Result]:
        """Give ``task(item)`` for every item, in order: searches side by side, far away once they take long.

        Parameters
        ----------
        task
            Asks this study; what it finds reaches the caller as its answer alone.
        items
            What it is done to, small to send.
        about
            What they are, for who is told of progress.

        Raises
        ------
        GambitsError
            If another process was ended from outside.
        """
        # The workers of a cluster are reached from here alone.
        loose = self._loose if isinstance(self.settings.workers, Threads) else None
        return side_by_side(task, items, self.settings.tell, about, loose)

    @property
    def uncertified(self) -> int:
        """How many searches so far ended before their answers were certified."""
        return len(self._loose)

    def noted(self, found: Optimum) -> Optimum:
        """Give an answer back, and remember it if it is not certified."""
        if found.ending is not Ending.OPTIMAL:
            self._loose.append(found.bound - found.objective)  # sweeps search side by side: a list takes that
        return found

    def forecast(self, gambit: Gambit, seed: str | None = None, draws: int | None = None) -> Forecast:
        """Give the futures seen through a gambit's objective and tail; drawn once for each seed and number."""
        seed, count = seed or str(self.settings.seed), draws or self.settings.draws
        objective = gambit.objective_for(self.portfolio)
        key = (seed, count, objective, gambit.tail)
        if key not in self._seen:
            drawn = (seed, count, len(objective.weights))
            if drawn not in self._drawn:
                found = self.draws(*drawn)
                self._drawn[drawn] = Forecast(found, objective, gambit.tail, self.settings.workers)
            self._seen[key] = self._drawn[drawn].through(objective, gambit.tail)
        return self._seen[key]

    def best(self, gambit: Gambit) -> Optimum:
        """Find the best plan under a gambit and the portfolio's own rules, from nothing: whoever asks gets the same.

        Raises
        ------
        InfeasibleError
            If no plan obeys the rules.
        UnfinishedError
            If the search ended before it found any plan.
        """
        known = self._best.get(gambit.name)
        if known is None or known[0] != gambit:
            seen = self.forecast(gambit)
            patience = self.settings.patience(self.settings.gap / 10)
            found = self.noted(allocate(self.portfolio, gambit, seen, patience=patience, watch=self.settings.watch))
            self.pool(gambit).keep(found.points)
            known = self._best[gambit.name] = (gambit, replace(found, points=()))
        return known[1]

    def under(
        self, gambit: Gambit, portfolio: Portfolio | None = None, *, near: Optimum | None = None, aim: float = AIM
    ) -> Optimum:
        """Find the best plan under other rules, starting from all that is known of these futures.

        Parameters
        ----------
        gambit
            Its objective and tail say through what the futures are seen.
        portfolio
            The portfolio with other rules (budget, resources, ``must``, ``never``, links); the same initiatives in
            the same order, with the same estimates. None for its own.
        near
            The answer to a like question about other futures.
        aim
            Gap at which the search stops, OOM.

        Raises
        ------
        InfeasibleError, UnfinishedError
            As ``best``.
        """
        seen = self.forecast(gambit)
        pool = self.pool(gambit)
        found = allocate(
            portfolio or self.portfolio,
            gambit,
            seen,
            near=near,
            start=pool.points,
            patience=self.settings.patience(aim),
        )
        pool.keep(found.points)
        return replace(self.noted(found), points=())

    def sweep(self, gambit: Gambit) -> Sweep:
        """Give what finds one best plan after another under rules near a gambit's, from all that is known so far."""
        return Sweep(self.forecast(gambit), self.pool(gambit).points)

    def supposing(self, gambit: Gambit, portfolio: Portfolio, near: Optimum, *, aim: float = GAP) -> Optimum:
        """Find the best plan if estimates were others, to the tolerance of the certificate.

        Parameters
        ----------
        gambit
            As in ``best``.
        portfolio
            The portfolio with other estimates, its initiatives in the same order.
        near
            A plan to start from, such as the best one without the change.
        aim
            Gap at which the search stops, OOM.

        Raises
        ------
        InfeasibleError, UnfinishedError
            As ``best``.
        """
        seen = self._futures(gambit, portfolio)
        found = allocate(portfolio, gambit, seen, near=near, patience=self.settings.patience(aim))
        return replace(self.noted(found), points=())

    def knowing(self, gambit: Gambit, held: Mapping[str, float], near: Optimum, *, aim: float = GAP) -> Optimum:
        """Find the best plan if something were known beforehand, to the tolerance of the certificate.

        Parameters
        ----------
        gambit, near, aim
            As in ``supposing``.
        held
            Keys of what is known, with the quantile at which it stands (``draws.draw``).

        Raises
        ------
        InfeasibleError, UnfinishedError
            As ``best``.
        """
        seen = self._futures(gambit, self.portfolio, held)
        masters = self._masters.get(gambit.name)
        if masters is None or masters.gambit != gambit:
            masters = self._masters[gambit.name] = Masters(self.portfolio, gambit, seen)
        return replace(self.noted(masters.best(seen, near, self.settings.patience(aim))), points=())

    def _futures(self, gambit: Gambit, portfolio: Portfolio, held: Mapping[str, float] | None = None) -> Forecast:
        """See the futures of a portfolio that is not the study's, or in which something is known."""
        objective, settings = gambit.objective_for(portfolio), self.settings
        periods = len(objective.weights)
        drawn = (
            central_draw(portfolio, periods, held)
            if settings.certain
            else draw(portfolio, periods, str(settings.seed), settings.draws, held)
        )
        return Forecast(drawn, objective, gambit.tail, settings.workers)

    def has_whole_choices(self, gambit: Gambit) -> bool:
        """Whether rules make plans choose between whole things, so that value moves in steps."""
        initiatives, _ = eligible(self.portfolio, gambit)
        layout = lay_out(self.portfolio, gambit, initiatives, self.forecast(gambit).objective.weights, 0.0)
        return len(layout.binary) > 0

    def believing(self, chances: Mapping[str, float]) -> Study:
        """Give the study of the same futures with other probabilities of their scenarios.

        Parameters
        ----------
        chances
            Probability by scenario; those that are not named share what is left of 1 as they do here.
        """
        key = tuple(sorted(chances.items()))
        if key not in self._beliefs:
            self._beliefs[key] = _Believing(self, chances)
        return self._beliefs[key]

    def another(self, portfolio: Portfolio) -> Study:
        """Give the study of another portfolio for the same question: what it leaves uncertified counts here."""
        other = Study(portfolio, replace(self.settings, watch=None))
        other._loose = self._loose
        return other

    def pool(self, gambit: Gambit) -> Pool:
        """Give the points at which the oracle was asked through a gambit's objective and tail."""
        return self._pools.setdefault((gambit.objective_for(self.portfolio), gambit.tail), Pool())

    def draws(self, seed: str, count: int, periods: int) -> Draws:
        """Draw the futures; seen through no objective yet."""
        if self.settings.certain:
            return central_draw(self.portfolio, periods)
        return draw(self.portfolio, periods, seed, count)


class _Believing(Study):
    """A study whose futures are those of another, weighed by other beliefs."""

    def __init__(self, whole: Study, chances: Mapping[str, float]) -> None:
        super().__init__(whole.portfolio, whole.settings)
        self._whole = whole
        self._chances = chances
        self._loose = whole._loose

    def draws(self, seed: str, count: int, periods: int) -> Draws:
        return believed(self._whole.draws(seed, count, periods), self._chances)
