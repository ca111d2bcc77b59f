"""Prices: slopes of the value of the best plan, from both sides, by solving again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner

from gambits.allocate.cuts import Patience, allocate
from gambits.analyse.dials import dials
from gambits.analyse.prices import AIM, Price, find_prices
from gambits.analyse.study import Settings, Study
from gambits.cli import main
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 12}
resources:
  people: {unit: FTE-quarters, capacity: 9}
  power: {unit: MW, capacity: 500}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid: {path: architect, source: x, cost: 30, effects: {data_efficiency: 1.5}, response: 0.7, uses: {people: 15}}
  play: {path: alchemist, source: x, cost: 20, effects: {unique_tokens: 2e13}, response: 0.8, uses: {people: 12}}
  tuned: {path: architect, source: x, cost: 15, effects: {post_training: 1.3}, response: 0.8, uses: {power: 20}}
"""


@pytest.fixture(scope="module")
def study(read: Callable[[str], Portfolio]) -> Study:
    return Study(read(LAB), Settings(certain=True))


@pytest.fixture(scope="module")
def rows(study: Study) -> dict[str, Price]:
    return {row.rule: row for row in find_prices(study, load_gambit("incumbent")).rows}


def value(study: Study, rule: str, by: float) -> float:
    """Solve from nothing with one number turned, to a finer gap than prices use."""
    gambit = load_gambit("incumbent")
    (dial,) = [each for each in dials(study.portfolio, gambit) if each.name == rule]
    portfolio, turned = dial.turn(dial.value + by)
    return allocate(portfolio, turned, study.forecast(turned), patience=Patience(1e-8)).objective


def test_every_number_in_the_rules_has_a_price(study: Study, rows: dict[str, Price]) -> None:
    assert set(rows) == {each.name for each in dials(study.portfolio, load_gambit("incumbent"))}
    assert {"money released in 2027Q1", "people in 2027Q2", "the share of architect"} <= set(rows)


def test_a_price_is_the_slope_that_cold_solves_give(study: Study, rows: dict[str, Price]) -> None:
    now = value(study, "money released in 2027Q1", 0.0)
    for rule in ("money released in 2027Q1", "people in 2027Q1"):
        price = rows[rule]

        assert price.more == pytest.approx(value(study, rule, 1.0) - now, abs=4 * AIM)
        assert price.less == pytest.approx(now - value(study, rule, -1.0), abs=4 * AIM)


def test_one_more_is_worth_no_more_than_one_less_costs(study: Study, rows: dict[str, Price]) -> None:
    """Right slope ≤ price ≤ left slope, for what loosens when there is more of it."""
    priced = 0
    for each in dials(study.portfolio, load_gambit("incumbent")):
        price = rows[each.name]
        if each.loosens > 0 and price.more is not None and price.less is not None:
            assert 0 <= price.more <= price.less + 4 * AIM
            if price.price is not None:
                assert price.more <= price.price + 4 * AIM
                assert price.price <= price.less + 4 * AIM
            priced += price.more > 0
    assert priced >= 2


def test_what_is_not_used_up_is_worth_nothing_as_far_as_it_is_spare(study: Study, rows: dict[str, Price]) -> None:
    power = rows["power in 2027Q1"]

    assert (power.more, power.less, power.note) == (0.0, 0.0, "not binding")
    assert power.to_dict()["high"] is None
    now = value(study, "power in 2027Q1", 0.0)
    assert value(study, "power in 2027Q1", power.low - power.value) == pytest.approx(now, abs=1e-6)


def test_a_price_holds_at_the_ends_of_its_range(study: Study, rows: dict[str, Price]) -> None:
    loosening = {each.name for each in dials(study.portfolio, load_gambit("incumbent")) if each.loosens > 0}
    price = next(row for row in rows.values() if row.rule in loosening and row.more and row.high > row.value)
    now = value(study, price.rule, 0.0)
    assert price.more is not None

    far = price.high - price.value
    assert value(study, price.rule, far) - now == pytest.approx(price.more * far, rel=0.06)


def test_whole_choices_say_that_value_moves_in_steps(read: Callable[[str], Portfolio]) -> None:
    lab = LAB.replace("effects: {post_training: 1.3}", "effects: {post_training: 1.3}, whole: true")
    study = Study(read(lab), Settings(certain=True))

    notes = {row.note for row in find_prices(study, replace(load_gambit("incumbent"), most_for_one=None)).rows}

    assert "whole choices" in notes
    assert "kink" not in notes


def test_the_command_prints_prices_and_keeps_them_in_json() -> None:
    command = ["solve", "minimal", "--certain", "--prices"]

    told = CliRunner().invoke(main, command, catch_exceptions=False)
    found = json.loads(CliRunner().invoke(main, [*command, "--json"], catch_exceptions=False).stdout)

    assert "what one more and one less is worth" in told.stdout
    assert {"rule", "key", "unit", "value", "more", "less", "low", "high", "price", "note"} <= set(found["prices"][0])
    assert load("minimal").money in {row["unit"] for row in found["prices"]}
