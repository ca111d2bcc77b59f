"""Each estimate known beforehand, low and high, and the plan made for that: what a fact would move.

The bars are not the plan's value at other numbers but that of the best plan for each, so that what one would do
about it is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.cuts import Optimum
from gambits.allocate.money import spend
from gambits.analyse.sensitivity import Bar
from gambits.analyse.study import Study
from gambits.forecast.draws import LAW, event, law_draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.edits import estimates, with_estimates
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.quantities.estimates import Estimate
from gambits.quantities.quantiles import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LOW: Final = 0.1
HIGH: Final = 0.9


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known beforehand: where it stands, and how a search is told.

    ``held`` are quantiles of draws; ``edits`` are estimates written as one number, for what the rules take in too.
    """

    estimate: str
    at: float | None
    held: Mapping[str, float] = field(default_factory=dict)
    edits: Mapping[str, Estimate] = field(default_factory=dict)


def tornado(study: Study, gambit: Gambit, wanted: Callable[[str], bool] = lambda _: True) -> tuple[Bar, ...]:
    """Solve again with each uncertain estimate at its p10 and at its p90; the widest bar first.

    Parameters
    ----------
    study, gambit
        The portfolio and its futures, and whose plan it is.
    wanted
        Says by their keys which estimates to look at; all unless told.

    Raises
    ------
    InfeasibleError
        If some plan cannot obey the rules, as where a cost is known to be high and the work must be done.
    """
    base = study.best(gambit)
    pairs = [pair for pair in facts(study, gambit) if wanted(pair[0].estimate)]

    def known(fact: Fact) -> Optimum:
        if fact.edits:
            return study.supposing(gambit, with_estimates(study.portfolio, fact.edits), base)
        return study.knowing(gambit, fact.held, base)

    plans = study.each(known, [fact for pair in pairs for fact in pair], "facts")
    bars = [
        Bar(
            estimate=low.estimate,
            low_at=low.at,
            high_at=high.at,
            low=plans[2 * k].objective,
            high=plans[2 * k + 1].objective,
            moved=(
                money_moved(study.portfolio, base, plans[2 * k]),
                money_moved(study.portfolio, base, plans[2 * k + 1]),
            ),
        )
        for k, (low, high) in enumerate(pairs)
    ]
    return tuple(sorted(bars, key=lambda bar: (-round(bar.width, 7), bar.estimate)))


def money_moved(portfolio: Portfolio, first: Optimum, second: Optimum) -> float:
    """Give ½ Σ of absolute differences of money over initiatives and periods, at the costs of a portfolio."""
    return float(np.abs(spend(portfolio, first.funded) - spend(portfolio, second.funded)).sum() / 2)


def facts(study: Study, gambit: Gambit) -> list[tuple[Fact, Fact]]:
    """List what could be known beforehand, each at its p10 and its p90.

    A chance of success is known by its outcome: it stands at failure in the lowest tenth of its luck, and at success
    in the highest, so that a chance above 0.9 or below 0.1 has no bar. The law stands at the constants under which
    the plan, all else at its middle, has its p10 and its p90.
    """
    found = [_law(study, gambit)]
    chances = {each.key("success") for each in study.portfolio.initiatives}
    for key, estimate in estimates(study.portfolio).items():
        if key in chances:
            found.append(_success(key, estimate))
        elif not estimate.is_certain:
            found.append(_value(key, estimate))
    return [pair for pair in found if pair is not None]


def _success(key: str, estimate: Estimate) -> tuple[Fact, Fact] | None:
    if not LOW < estimate.central <= HIGH:
        return None
    # Luck runs downwards: work succeeds in the draws whose uniform lies below its chance.
    return Fact(key, 0.0, held={event(key): HIGH}), Fact(key, 1.0, held={event(key): LOW})


def _value(key: str, estimate: Estimate) -> tuple[Fact, Fact]:
    low, high = (float(value) for value in quantile(estimate, np.array([LOW, HIGH])))
    if key.endswith(".cost") or ".uses." in key:
        points = (Estimate.point(at, estimate.bounds) for at in (low, high))
        first, second = (Fact(key, point.central, edits={key: point}) for point in points)
        return first, second
    return Fact(key, low, held={key: LOW}), Fact(key, high, held={key: HIGH})


def _law(study: Study, gambit: Gambit) -> tuple[Fact, Fact] | None:
    ranked = law_by_value(study, gambit)
    if ranked is None:
        return None
    values, uniforms = ranked
    order = np.argsort(values, kind="stable")
    low, high = (float(uniforms[order[int(at * len(order))]]) for at in (LOW, HIGH))
    return Fact(LAW, None, held={LAW: low}), Fact(LAW, None, held={LAW: high})


def law_by_value(study: Study, gambit: Gambit, draws: int | None = None) -> tuple[Array, Array] | None:
    """Give what the plan is worth under each draw of the law, all else at its middle, and the law's uniforms: (R,).

    On as many draws as are asked for, else on those of the study. None where the law does not vary.
    """
    settings, portfolio = study.settings, study.portfolio
    objective = gambit.objective_for(portfolio)
    periods = len(objective.weights)
    count = draws or settings.draws
    alone = None if settings.certain else law_draw(portfolio, periods, str(settings.seed), count)
    if alone is None:
        return None
    drawn, uniforms = alone
    plan = study.best(gambit)
    counted = timing.counted(portfolio.initiatives, plan.progress, plan.funded, periods)
    return Forecast(drawn, objective).project(*counted).value, uniforms
