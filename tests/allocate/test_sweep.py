"""Plans found one after another from one master are those that cold searches find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gambits.allocate.cuts import GAP, Patience, allocate
from gambits.allocate.sweep import Sweep
from gambits.errors import InfeasibleError
from gambits.forecast.draws import draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit, Share
from gambits.portfolio.model import Portfolio

HEDGE = Gambit("hedge", {"architect": Share(0.7, 0.7)}, aversion=0.4, most_for_one=0.5)
PATIENCE = Patience(GAP)
Read = Callable[[str], Portfolio]


def seen(portfolio: Portfolio) -> Forecast:
    return Forecast(draw(portfolio, portfolio.periods.count, "3", 60), portfolio.objective, HEDGE.tail)


def with_share(share: float) -> Gambit:
    return replace(HEDGE, shares={"architect": Share(share, share)})


def with_budget(portfolio: Portfolio, factor: float) -> Portfolio:
    budget = portfolio.budget
    released = tuple(factor * money for money in budget.per_period)
    return replace(portfolio, budget=replace(budget, per_period=released, total=factor * budget.total))


def agrees(sweep: Sweep, portfolio: Portfolio, gambit: Gambit, forecast: Forecast) -> None:
    warm, cold = sweep.at(portfolio, gambit, PATIENCE), allocate(portfolio, gambit, forecast)
    assert warm.objective == pytest.approx(cold.objective, abs=2 * GAP)
    assert warm.bound >= cold.objective - 1e-12
    assert warm.bound - warm.objective <= GAP


@pytest.mark.parametrize("start", ["", "  whole: true\n"])
def test_shares_budgets_and_aversions_in_turn_give_what_cold_searches_give(start: str, read: Read, lab: str) -> None:
    portfolio = read(lab.replace("cost: 24,", "cost: 24, whole: true,") if start else lab)
    forecast = seen(portfolio)
    sweep = Sweep(forecast, ())

    for share in (0.7, 0.4, 0.0, 1.0):
        agrees(sweep, portfolio, with_share(share), forecast)
    for factor in (0.5, 1.4):
        agrees(sweep, with_budget(portfolio, factor), HEDGE, forecast)
    for aversion in (0.0, 1.0):
        agrees(sweep, portfolio, replace(HEDGE, aversion=aversion), forecast)


def test_rules_with_other_columns_are_stated_anew(read: Read, lab: str) -> None:
    """Without money there are no columns; the next plan has them again."""
    portfolio = read(lab)
    forecast = seen(portfolio)
    sweep = Sweep(forecast, ())

    for factor in (1.0, 0.0, 1.0):
        agrees(sweep, with_budget(portfolio, factor), HEDGE, forecast)


def test_after_rules_that_cannot_hold_the_next_plan_is_found(read: Read, lab: str) -> None:
    portfolio = read(lab.replace("cost: 9,", "cost: 9, must: true,"))
    forecast = seen(portfolio)
    sweep = Sweep(forecast, ())
    sweep.at(portfolio, HEDGE, PATIENCE)

    with pytest.raises(InfeasibleError) as caught:
        sweep.at(portfolio, with_share(1.0), PATIENCE)

    assert any("rewrite must be funded" in rule.rule for rule in caught.value.conflict)
    agrees(sweep, portfolio, with_share(0.5), forecast)


def test_a_floor_that_no_plan_reaches_is_told(read: Read, lab: str) -> None:
    portfolio = read(lab)
    sweep = Sweep(seen(portfolio), ())

    with pytest.raises(InfeasibleError) as caught:
        sweep.at(portfolio, replace(HEDGE, cvar_floor=9.0), PATIENCE)

    assert [rule.rule for rule in caught.value.conflict] == ["hedge's floor of 9 OOM"]


def test_a_sweep_takes_fewer_rounds_than_cold_searches(read: Read, lab: str) -> None:
    portfolio = read(lab)
    forecast = seen(portfolio)
    sweep = Sweep(forecast, ())
    sweep.at(portfolio, with_share(0.5), PATIENCE)
    shares = [0.52, 0.54, 0.56]

    warm = sum(sweep.at(portfolio, with_share(share), PATIENCE).rounds for share in shares)
    cold = sum(allocate(portfolio, with_share(share), forecast, patience=PATIENCE).rounds for share in shares)

    assert warm < cold
