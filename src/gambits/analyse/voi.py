"""The value of information: how much better one could split the money on knowing more, and what to find out first.

For each uncertain estimate the plan is made again as if it were known low, and known high. Regression over the draws
then says which of these plans one would choose on knowing its value, and what that is worth (``regression.py``). Plans
in between serve as well, since rules that hold for two plans hold for their mean, but where choices are whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.cuts import GAP, Optimum
from gambits.analyse.foresight import foresight, value_of
from gambits.analyse.information import Experiment, Finding, Information, in_queue
from gambits.analyse.regression import value_of_knowing
from gambits.analyse.study import Study
from gambits.analyse.tornado import HIGH, LOW, law_by_value
from gambits.errors import InfeasibleError
from gambits.forecast.draws import LAW, event
from gambits.forecast.outcomes import outcomes, scenario_of
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SCENARIOS: Final = "scenarios"
"""The key of which scenario it is."""
MOST_DRAWS: Final = 200
"""Draws for which a plan is made one by one."""
_CARE: Final = 1e-3
"""How close to the best a plan for something known has to be, as a part of EVPI: far below what draws can tell."""
_LESS: Final = (0.01, 0.03, 0.1, 0.25, 0.5)
"""Parts of the budget that are taken away to see what money is worth."""


def value_of_information(
    study: Study, gambit: Gambit, draws: int, wanted: Callable[[str], bool] = lambda _: True
) -> Information:
    """Value everything, each estimate, and each pilot, for one who maximises the mean under a gambit's rules.

    Parameters
    ----------
    study
        The portfolio and the draws on which plans are made, at most ``MOST_DRAWS``.
    gambit
        Whose rules they are; its aversion is left out.
    draws
        On how many draws knowledge is valued.
    wanted
        Says by their keys which estimates to value; all unless told.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules.
    """
    return _Finding(study, replace(gambit, aversion=0.0), draws).run(wanted)


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Something to know: its value in each draw, shape (R,), and how a search is told that it is low, and high.

    ``held`` are quantiles of draws; ``believed`` are probabilities of scenarios.
    """

    estimate: str
    known: Array
    held: tuple[Mapping[str, float], ...] = ()
    believed: tuple[Mapping[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Options:
    """What one would choose among on knowing something: funded fractions, and how good each plan is if it is made."""

    unknown: _Unknown
    plans: tuple[Optimum, ...]


class _Finding:
    def __init__(self, study: Study, gambit: Gambit, draws: int) -> None:
        self.study = study
        self.portfolio = study.portfolio
        self.gambit = gambit
        # A floor under the tail holds for the plan that knows nothing; what one knows moves the tail itself.
        # Nobody asks for the tail of plans that know: that of all draws costs nothing.
        self.knowing = replace(gambit, cvar_floor=None, tail=1.0)
        self.plan = study.best(gambit)
        self.draws = draws
        self.seen = study.forecast(gambit, draws=draws)
        self.mixes = not study.has_whole_choices(gambit)
        self.perfect = foresight(study, gambit, self.plan)
        self.aim = max(GAP, _CARE * self.perfect.evpi)

    def run(self, wanted: Callable[[str], bool]) -> Information:
        perfect = self.perfect
        unknown = [each for each in self._unknown() if wanted(each.estimate)]
        options = dict(
            zip(
                (each.estimate for each in unknown),
                self.study.each(self._options, unknown, "facts"),
                strict=True,
            )
        )
        findings = [self._finding(each) for each in options.values()]
        piloted = [each for each in self.portfolio.initiatives if each.pilot is not None]
        pilots = [self._pilot(each, options) for each in _one_a_whole(piloted)]
        covered = {estimate for each in pilots for estimate in each.informs}
        alone = [
            Experiment(each.estimate, (each.estimate,), each.evppi, each.standard_error, each.worth)
            for each in findings
            if each.is_clear and each.estimate not in covered
        ]
        return Information(
            portfolio=self.portfolio.name,
            gambit=self.gambit.name,
            money=self.portfolio.money,
            objective=self.plan.objective,
            evpi=perfect.evpi,
            standard_error=perfect.standard_error,
            findings=tuple(sorted(findings, key=lambda each: (-round(each.evppi, 7), each.estimate))),
            queue=tuple(sorted((*pilots, *alone), key=in_queue)),
            draws=self.seen.draws.count,
            solved_on=len(perfect.best),
            seed=self.study.settings.seed,
            uncertified=self.study.uncertified,
        )

    def _unknown(self) -> list[_Unknown]:
        """List what varies over the draws, sorted by key; and the law, and the scenario."""
        seed = str(self.study.settings.seed)
        chances = {each.key("success") for each in self.portfolio.initiatives}
        found = [
            _Unknown(
                key,
                known,
                # Luck runs downwards: work fails where its uniform is not below its chance.
                ({event(key): 1.0}, {event(key): 0.0}) if key in chances else ({key: LOW}, {key: HIGH}),
            )
            for key, known in outcomes(self.portfolio, seed, self.draws).items()
        ]
        law = law_by_value(self.study, self.gambit, self.draws)
        if law is not None:
            values, uniforms = law
            order = np.argsort(values, kind="stable")
            ends = (float(uniforms[order[int(at * len(order))]]) for at in (LOW, HIGH))
            found.append(_Unknown(LAW, values, tuple({LAW: end} for end in ends)))
        names = [each.name for each in self.portfolio.scenarios]
        if len(names) > 1:
            number = scenario_of(self.portfolio, seed, self.draws).astype(float)
            found.append(_Unknown(SCENARIOS, number, believed=tuple({name: 1.0} for name in names)))
        return found

    def _options(self, unknown: _Unknown) -> _Options:
        plans = [self._supposing(held) for held in unknown.held]
        plans += [self.study.believing(chances).best(self.knowing) for chances in unknown.believed]
        return _Options(unknown, tuple(plans))

    def _supposing(self, held: Mapping[str, float]) -> Optimum:
        return self.study.knowing(self.knowing, held, self.plan, aim=self.aim)

    def _finding(self, options: _Options) -> Finding:
        evppi, error = self._worth_of([options])
        return Finding(options.unknown.estimate, evppi, error, self._in_money(evppi))

    def _worth_of(self, options: Sequence[_Options]) -> tuple[float, float]:
        """Give EVPPI of several things together, between 0 and EVPI, and its standard error."""
        known = np.array([each.unknown.known for each in options]).T
        plans = [each.funded for one in options for each in one.plans]
        if len(options) > 1:
            plans += [each.funded for each in self._together(options)]
        worth = np.array([value_of(self.study, self.seen, funded) for funded in self._choices(plans)]).T
        evppi, error = value_of_knowing(known, worth, self.seen.draws.probability)
        return min(max(evppi, 0.0), self.perfect.evpi), error

    def _choices(self, plans: Iterable[Array]) -> list[Array]:
        """List the plan without knowledge first, then those with it, each with the mean of both."""
        base, found = self.plan.funded, [self.plan.funded]
        for funded in plans:
            if np.abs(funded - base).max() > 0:
                found += [funded, (base + funded) / 2] if self.mixes else [funded]
        return found

    def _together(self, options: Sequence[_Options]) -> list[Optimum]:
        """Make the plan for all of it at its worse end, and at its better."""
        ends: tuple[dict[str, float], dict[str, float]] = ({}, {})
        for each in options:
            by_value = sorted(zip(each.plans, each.unknown.held, strict=False), key=lambda pair: pair[0].objective)
            for end, (_, held) in zip(ends, by_value, strict=False):
                end.update(held)
        return [self._supposing(end) for end in ends if end]

    def _pilot(self, initiative: Initiative, options: Mapping[str, _Options]) -> Experiment:
        pilot = initiative.pilot
        assert pilot is not None, "who asks has looked"
        informed = [options[key] for key in pilot.informs if key in options]
        evppi, error = self._worth_of(informed) if informed else (0.0, 0.0)
        loss = self._loss(pilot.cost)
        return Experiment(initiative.entry, pilot.informs, evppi, error, self._in_money(evppi), pilot.cost, loss)

    def _in_money(self, value: float) -> float | None:
        """Give the money whose loss costs as much as a value, between those that were tried; None beyond them."""
        money, losses = self._price
        if value > losses[-1]:
            return None
        return float(np.interp(value, losses, money)) if value > 0 else 0.0

    @cached_property
    def _price(self) -> tuple[Array, Array]:
        """Give amounts of money, and what the plan loses without each: from nothing on, as far as rules can hold."""
        money, losses = [0.0], [0.0]
        for part in _LESS:
            loss = self._loss(part * self.portfolio.budget.total)
            if loss is None:
                break
            money.append(part * self.portfolio.budget.total)
            losses.append(max(loss, losses[-1]))
        return np.array(money), np.array(losses)

    def _loss(self, amount: float) -> float | None:
        """Give what the best plan is worth less without an amount of the first money; None where there is none."""
        if amount > _left(self.portfolio):
            return None
        try:
            plan = self.study.under(self.gambit, without(self.portfolio, amount), near=self.plan)
        except InfeasibleError:
            return None
        return max(0.0, self.plan.objective - plan.objective)


def without(portfolio: Portfolio, amount: float) -> Portfolio:
    """Give the portfolio with an amount taken from its budget: from the total, and from releases, the next first."""
    budget, left, releases = portfolio.budget, amount, list(portfolio.budget.per_period)
    for number in range(portfolio.now, len(releases)):
        taken = min(left, releases[number])
        releases[number] -= taken
        left -= taken
    total = max(0.0, budget.total - amount)
    return replace(portfolio, budget=replace(budget, per_period=tuple(releases), total=total))


def _left(portfolio: Portfolio) -> float:
    """Give the money that is still to be released."""
    return min(portfolio.budget.total, sum(portfolio.budget.per_period[portfolio.now :]))


def _one_a_whole(initiatives: Iterable[Initiative]) -> list[Initiative]:
    """Give one part of each initiative, sorted: a pilot stands with the whole."""
    return list({each.entry: each for each in sorted(initiatives, key=lambda each: each.id)}.values())
