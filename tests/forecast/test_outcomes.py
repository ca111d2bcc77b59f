"""What is known beforehand, and what could be known in each draw."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from gambits.forecast.draws import LAW, ON_COMPUTE, Draws, central_draw, draw, event, law_draw
from gambits.forecast.oracle import Forecast
from gambits.forecast.outcomes import outcomes
from gambits.portfolio.model import Portfolio
from gambits.scaling.laws import load_law

Read = Callable[[str], Portfolio]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 20}
resources:
  people: {unit: FTE-quarters, capacity: 20}
frontier:
  compute: {flop: 1e27, growth_per_year: 2 to 4}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    path: architect
    source: Doe 2026
    cost: 12 to 20
    success: 0.5
    effects: {compute: 1.2 to 2.0}
    uses: {people: 5 to 9}
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 20
    success: 0.6 to 0.9
    effects: {post_training: 1.4}
    value: -1 to 2
    requires: [hybrid]
correlation: {path: 0.4}
"""
SEED, COUNT = "7", 64


@pytest.fixture
def portfolio(read: Read) -> Portfolio:
    return read(LAB)


def by_id(draws: Draws, name: str) -> np.ndarray:
    """Put the initiatives of an array in the order of their ids: an edit can change it."""
    return getattr(draws, name)[..., np.argsort(draws.ids)]


def same(first: Draws, second: Draws) -> bool:
    names = ("helps", "harms", "value")
    levels = ("ln_compute", "ln_tokens", "probability")
    return all(np.array_equal(by_id(first, name), by_id(second, name)) for name in names) and all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in levels
    )


@pytest.mark.parametrize(("luck", "chance"), [(0.9, "0"), (0.1, "1")])
def test_work_that_is_known_to_fail_or_succeed_is_drawn_as_if_the_file_said_so(
    luck: float, chance: str, portfolio: Portfolio, read: Read
) -> None:
    held = draw(portfolio, 2, SEED, COUNT, {event("initiatives.hybrid.success"): luck})

    assert same(held, draw(read(LAB.replace("success: 0.5", f"success: {chance}")), 2, SEED, COUNT))


def test_an_estimate_that_is_known_stands_at_its_quantile_and_all_others_stay(portfolio: Portfolio, read: Read) -> None:
    held = draw(portfolio, 2, SEED, COUNT, {"initiatives.hybrid.effects.compute": 0.05})

    known = draw(read(LAB.replace("1.2 to 2.0", "1.2")), 2, SEED, COUNT)
    assert by_id(held, "helps") == pytest.approx(by_id(known, "helps"), rel=1e-12)
    assert np.array_equal(by_id(held, "value"), by_id(known, "value"))
    assert np.array_equal(held.ln_compute, known.ln_compute)


def test_in_the_central_draw_too(portfolio: Portfolio, read: Read) -> None:
    held = {"initiatives.hybrid.effects.compute": 0.05, event("initiatives.play.success"): 0.1}
    known = read(LAB.replace("1.2 to 2.0", "1.2").replace("success: 0.6 to 0.9", "success: 1"))

    found, expected = (by_id(each, "helps") for each in (central_draw(portfolio, 2, held), central_draw(known, 2)))
    assert found == pytest.approx(expected, rel=1e-12)


def test_outcomes_are_the_values_that_the_draws_are_made_of(portfolio: Portfolio) -> None:
    drawn, found = draw(portfolio, 2, SEED, COUNT), outcomes(portfolio, SEED, COUNT)
    hybrid, play = (drawn.ids.index(id) for id in ("hybrid", "play"))

    works = found["initiatives.hybrid.success"]
    assert set(works) == {0.0, 1.0}
    assert np.allclose(works * np.log(found["initiatives.hybrid.effects.compute"]), drawn.helps[ON_COMPUTE, :, hybrid])
    assert drawn.cost_ratio is not None
    central = portfolio.initiative("hybrid").cost.central
    assert np.allclose(found["initiatives.hybrid.cost"] / central, drawn.cost_ratio[:, hybrid])
    alive = works * found["initiatives.play.success"]
    assert np.allclose(alive * found["initiatives.play.value"], drawn.value[:, play])
    assert np.allclose(np.log(found["frontier.compute.growth_per_year"]) / 4, np.diff(drawn.ln_compute)[:, 0])


def test_what_is_certain_or_not_drawn_has_no_outcome(portfolio: Portfolio) -> None:
    assert set(outcomes(portfolio, SEED, COUNT)) == {
        "frontier.compute.growth_per_year",
        "initiatives.hybrid.cost",
        "initiatives.hybrid.effects.compute",
        "initiatives.hybrid.success",
        "initiatives.play.success",
        "initiatives.play.value",
    }


def test_the_law_alone_is_the_law_of_the_draws_with_all_else_at_its_middle(portfolio: Portfolio) -> None:
    found = law_draw(portfolio, 2, SEED, COUNT)
    assert found is not None
    alone, uniforms = found
    drawn = draw(portfolio, 2, SEED, COUNT)
    assert alone.law is not None and drawn.law is not None
    assert np.array_equal(alone.law.alpha, drawn.law.alpha)
    plan = np.full((2, 2), 0.5)

    values = Forecast(alone, portfolio.objective).project(plan, plan).value

    held = {LAW: float(uniforms[3])}
    one = Forecast(draw_central_with_law(portfolio, held[LAW]), portfolio.objective).project(plan, plan).value
    assert values[3] == pytest.approx(float(one[0]), rel=1e-9)
    assert np.array_equal(draw(portfolio, 2, SEED, COUNT, held).law.alpha[0], alone.law.alpha[3])  # type: ignore[union-attr]
    assert math.isclose(alone.probability.sum(), 1)


def draw_central_with_law(portfolio: Portfolio, uniform: float) -> Draws:
    from dataclasses import replace

    law = load_law("muennighoff-2023").drawn(np.array([uniform]))
    return replace(central_draw(portfolio, 2), law=law)


def test_a_law_that_does_not_vary_is_not_varied(read: Read) -> None:
    certain = LAB.replace("frontier:\n", "frontier:\n  law_uncertainty: false\n")

    assert law_draw(read(certain), 2, SEED, COUNT) is None
