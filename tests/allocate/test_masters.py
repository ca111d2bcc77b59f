"""Plans found by a master that is used again are those of a master stated anew, to the last bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gambits.allocate.cuts import GAP, Optimum, Patience, allocate
from gambits.allocate.masters import Masters
from gambits.errors import InfeasibleError
from gambits.forecast.draws import draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit, Share
from gambits.portfolio.model import Portfolio

HEDGE = Gambit("hedge", {"architect": Share(0.7, 0.7)}, aversion=0.4, most_for_one=0.5)
PATIENCE = Patience(GAP / 10)
Read = Callable[[str], Portfolio]


def futures(portfolio: Portfolio, seed: str) -> Forecast:
    return Forecast(draw(portfolio, portfolio.periods.count, seed, 60), portfolio.objective, HEDGE.tail)


def near(portfolio: Portfolio, gambit: Gambit) -> Optimum:
    return allocate(portfolio, gambit, futures(portfolio, "near"))


def test_what_was_asked_before_changes_no_bit(read: Read, lab: str) -> None:
    portfolio, plan = read(lab), near(read(lab), HEDGE)
    one, used = futures(portfolio, "one"), Masters(portfolio, HEDGE, futures(portfolio, "one"))
    for seed in ("two", "three"):
        used.best(futures(portfolio, seed), plan, PATIENCE)

    again = used.best(one, plan, PATIENCE)
    first = Masters(portfolio, HEDGE, one).best(one, plan, PATIENCE)

    assert (again.objective, again.bound, again.rounds) == (first.objective, first.bound, first.rounds)
    assert np.array_equal(again.funded, first.funded)


@pytest.mark.parametrize(
    ("old", "new", "gambit"),
    [
        ("", "", HEDGE),
        ("", "", Gambit("free")),
        ("", "", Gambit("floor", aversion=0.4, cvar_floor=0.02)),
        ("cost: 24,", "cost: 24, whole: true,", HEDGE),
    ],
)
def test_each_plan_is_what_a_cold_search_finds(old: str, new: str, gambit: Gambit, read: Read, lab: str) -> None:
    portfolio = read(lab.replace(old, new))
    plan = near(portfolio, gambit)
    masters = Masters(portfolio, gambit, futures(portfolio, "near"))

    for seed in ("one", "two"):
        forecast = futures(portfolio, seed)
        found, cold = masters.best(forecast, plan, PATIENCE), allocate(portfolio, gambit, forecast)
        assert found.objective == pytest.approx(cold.objective, abs=2 * GAP)
        assert found.bound >= cold.objective - 1e-12
        assert found.bound - found.objective <= GAP


def test_rules_that_cannot_hold_are_named_each_time(read: Read, lab: str) -> None:
    portfolio = read(lab.replace("cost: 9,", "cost: 9, must: true,"))
    plan = near(portfolio, HEDGE)
    all_in = Gambit("all in", {"architect": Share(1.0, 1.0)})
    masters = Masters(portfolio, all_in, futures(portfolio, "near"))

    for seed in ("one", "two"):
        with pytest.raises(InfeasibleError) as caught:
            masters.best(futures(portfolio, seed), plan, PATIENCE)
        assert any("rewrite must be funded" in rule.rule for rule in caught.value.conflict)
