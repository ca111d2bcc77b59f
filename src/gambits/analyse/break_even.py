"""Which belief decides: how two plans compare as one belief moves, and where one overtakes the other.

Both plans are held as they are and valued again: under other probabilities of a scenario on the same draws, and under
other chances of success of a path with every chance moved by the same odds. Where the lines cross, both gambits are
also solved again under that belief, since who held it would have planned for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.analyse.given import Held
from gambits.analyse.study import Study
from gambits.analyse.views import View
from gambits.forecast.belief import weighed
from gambits.forecast.oracle import tail_weights
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Portfolio
from gambits.quantities.estimates import Bounds, Estimate
from gambits.words import as_html, percent

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MEAN: Final = "mean"
_PROBABILITIES: Final = tuple(k / 20 for k in range(21))
_ODDS: Final = tuple(math.exp(k / 2) for k in range(-6, 7))
"""By which the odds of every success on a path are multiplied: from a twentieth to twenty times."""
_HALVINGS: Final = 30
_TIE: Final = 1e-9
"""Values that differ by less are one value, OOM."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where the lines of two plans cross: the belief, and the plan that is worth more above it."""

    at: float
    above: str


@dataclass(frozen=True, slots=True)
class Line:
    """Two plans valued along one belief.

    Attributes
    ----------
    belief
        ``scenarios.NAME.probability``, or ``paths.NAME.success``: the mean chance of success of its initiatives.
    now
        What the portfolio says.
    at
        The beliefs looked at, rising.
    values
        View → plan → value at each, OOM: ``mean``, and as each gambit weighs mean and tail.
    crossings
        View → where the plans cross, rising.
    reoptimised
        Gambit → mean value of the best plan for the belief at the crossing of the means that is nearest to now;
        empty where they do not cross.
    """

    belief: str
    now: float
    at: tuple[float, ...]
    values: Mapping[str, Mapping[str, tuple[float, ...]]]
    crossings: Mapping[str, tuple[Crossing, ...]]
    reoptimised: Mapping[str, float]

    @property
    def nearest(self) -> Crossing | None:
        """The crossing of the means that is nearest to now."""
        return min(self.crossings[MEAN], key=lambda each: abs(each.at - self.now), default=None)

    def leader(self, view: str = MEAN) -> str | None:
        """Name the plan that is worth more now in a view; None where they tie."""
        (first, ours), (second, theirs) = self.values[view].items()
        ahead = np.interp(self.now, self.at, np.subtract(ours, theirs))
        return None if abs(ahead) <= _TIE else first if ahead > 0 else second

    def _repr_html_(self) -> str:
        where = "the means do not cross"
        if self.nearest is not None:
            where = f"above {percent(self.nearest.at)} the mean of {self.nearest.above} is worth more"
        said = f"Worth of two plans by belief, OOM. Now it is {percent(self.now)}; {where}."
        return as_html(self.belief, said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give values, OOM, by belief (rows), view and plan (columns)."""
        import pandas as pd  # heavy, and lines are drawn without it

        columns = {(view, plan): row for view, rows in self.values.items() for plan, row in rows.items()}
        return pd.DataFrame(columns, index=pd.Index(self.at, name=self.belief)).rename_axis(columns=["view", "plan"])

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "belief": self.belief,
            "now": self.now,
            "at": list(self.at),
            "values": {view: {plan: list(row) for plan, row in rows.items()} for view, rows in self.values.items()},
            "crossings": {
                view: [{"at": each.at, "above": each.above} for each in found] for view, found in self.crossings.items()
            },
            "reoptimised": dict(self.reoptimised),
        }


def break_even(
    study: Study, gambits: Sequence[Gambit], views: Sequence[View], plans: Mapping[str, Held]
) -> tuple[Line, ...]:
    """Draw the lines of two plans for every scenario and for every path of a gambit's shares.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambits
        Two, whose plans they are.
    views
        How each of them weighs mean and tail, in their order.
    plans
        What the two plans hold, by gambit.
    """
    lines = [_of_scenario(study, gambits, views, plans, name) for name in _scenarios(study, gambits[0])]
    paths = sorted({path for each in gambits for path in each.share_paths})
    lines += [_of_path(study, gambits, views, plans, path) for path in paths if _doubtful(study.portfolio, path)]
    return tuple(lines)


def _scenarios(study: Study, gambit: Gambit) -> tuple[str, ...]:
    names = study.forecast(gambit).draws.scenarios
    return names if len(names) > 1 else ()


def _of_scenario(
    study: Study, gambits: Sequence[Gambit], views: Sequence[View], plans: Mapping[str, Held], name: str
) -> Line:
    drawn = {(view.name, plan): _drawn(view, held) for view in views for plan, held in plans.items()}
    draws = views[0].forecast.draws

    def value(belief: float, view: View, aversion: float, plan: str) -> float:
        return _weighed(drawn[view.name, plan], weighed(draws, {name: belief}), view.lens.tail, aversion)

    def best(belief: float, gambit: Gambit) -> float:
        return study.believing({name: belief}).under(gambit, near=study.best(gambit)).values.expected

    now = float(draws.probability[draws.scenario == draws.scenarios.index(name)].sum())
    ways = {MEAN: (views[0], 0.0)} | {view.name: (view, view.lens.aversion) for view in views}
    values = {
        way: {plan: tuple(value(at, *seen, plan) for at in _PROBABILITIES) for plan in plans}
        for way, seen in ways.items()
    }

    def ahead(way: str) -> Callable[[float], float]:
        first, second = plans
        return lambda at: value(at, *ways[way], first) - value(at, *ways[way], second)

    crossings = {way: _crossings(_PROBABILITIES, rows, ahead(way)) for way, rows in values.items()}
    line = Line(f"scenarios.{name}.probability", now, _PROBABILITIES, values, crossings, {})
    return _reoptimised(line, gambits, best)


def _of_path(
    study: Study, gambits: Sequence[Gambit], views: Sequence[View], plans: Mapping[str, Held], path: str
) -> Line:
    believed = {odds: study.another(with_success(study.portfolio, path, odds)) for odds in _ODDS}
    at = tuple(_mean_success(each.portfolio, path) for each in believed.values())
    ways = {MEAN: (views[0], 0.0)} | {view.name: (view, view.lens.aversion) for view in views}
    drawn = {
        (odds, view.name, plan): _drawn(replace(view, study=other), held)
        for odds, other in believed.items()
        for view in views
        for plan, held in plans.items()
    }
    # Success is drawn inside the scenarios: their probabilities stay as they are.
    probability = views[0].forecast.draws.probability

    def value(odds: float, view: View, aversion: float, plan: str) -> float:
        return _weighed(drawn[odds, view.name, plan], probability, view.lens.tail, aversion)

    def best(belief: float, gambit: Gambit) -> float:
        odds = math.exp(float(np.interp(belief, at, np.log(_ODDS))))
        other = study.another(with_success(study.portfolio, path, odds))
        return other.under(gambit, near=study.best(gambit)).values.expected

    values = {
        way: {plan: tuple(value(odds, *seen, plan) for odds in _ODDS) for plan in plans} for way, seen in ways.items()
    }
    crossings = {way: _crossings(at, rows, None) for way, rows in values.items()}
    line = Line(f"paths.{path}.success", _mean_success(study.portfolio, path), at, values, crossings, {})
    return _reoptimised(line, gambits, best)


def _reoptimised(line: Line, gambits: Sequence[Gambit], best: Callable[[float, Gambit], float]) -> Line:
    crossing = line.nearest
    if crossing is None:
        return line
    return replace(line, reoptimised={each.name: best(crossing.at, each) for each in gambits})


def _drawn(view: View, plan: Held) -> Array:
    """Give the value of a plan in each draw, shape (R,)."""
    forecast = view.forecast
    return forecast.project(*plan.counted(view.study.portfolio, forecast)).value


def _weighed(value: Array, probability: Array, tail: float, aversion: float) -> float:
    mean = float(probability @ value)
    if aversion == 0 or len(value) == 1:
        return mean
    return (1 - aversion) * mean + aversion * float(tail_weights(value, probability, tail) @ value)


def _crossings(
    at: Sequence[float], rows: Mapping[str, Sequence[float]], ahead: Callable[[float], float] | None
) -> tuple[Crossing, ...]:
    """Find where the first plan's lead over the second changes its sign.

    Between two beliefs looked at it is taken for straight, or halved down with ``ahead`` where that is given.
    """
    (first, ours), (second, theirs) = rows.items()
    lead = np.subtract(ours, theirs)
    signs = np.where(np.abs(lead) <= _TIE, 0, np.sign(lead))
    known = np.flatnonzero(signs)
    found = []
    for left, right in pairwise(known.tolist()):
        if signs[left] != signs[right]:
            before, after = abs(lead[left]), abs(lead[right])
            place = (at[left] * after + at[right] * before) / (before + after)
            if ahead is not None:
                place = _halved(at[left], at[right], ahead)
            found.append(Crossing(float(place), first if signs[right] > 0 else second))
    return tuple(found)


def _halved(low: float, high: float, ahead: Callable[[float], float]) -> float:
    rises = ahead(low) < 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if (ahead(middle) < 0) == rises else (low, middle)
    return (low + high) / 2


def with_success(portfolio: Portfolio, path: str, odds: float) -> Portfolio:
    """Give the portfolio with the odds of every success on a path multiplied, in every scenario."""
    keys = {each.key("success") for each in portfolio.initiatives if each.path == path}

    def changed(each: Initiative) -> Initiative:
        return replace(each, success=_with_odds(each.success, odds)) if each.path == path else each

    return replace(
        portfolio,
        initiatives=tuple(map(changed, portfolio.initiatives)),
        scenarios=tuple(
            replace(one, change={k: _with_odds(v, odds) if k in keys else v for k, v in one.change.items()})
            for one in portfolio.scenarios
        ),
    )


def _with_odds(chance: Estimate, odds: float) -> Estimate:
    """Multiply the odds of an estimated chance; 0 and 1 stay, and in logits three percentiles only move."""
    values = tuple(odds * value / (1 + (odds - 1) * value) for value in chance.values)
    return Estimate(chance.shape, values, Bounds.PROBABILITY)


def _doubtful(portfolio: Portfolio, path: str) -> list[Initiative]:
    """List the initiatives of a path whose success is in doubt."""
    return [each for each in portfolio.initiatives if each.path == path and 0 < each.success.central < 1]


def _mean_success(portfolio: Portfolio, path: str) -> float:
    doubtful = _doubtful(portfolio, path)
    return sum(each.success.central for each in doubtful) / len(doubtful)
