"""What a plan rests on: bars are the plans of edited files, and each flip flips where 5 % short of it does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gambits
from gambits.allocate.cuts import GAP
from gambits.analyse.compare import FUNDED
from gambits.analyse.sensitivity import Flip, Sensitivity
from gambits.analyse.study import Settings
from gambits.errors import InputError
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.quantities.quantiles import quantile

Read = Callable[[str], Portfolio]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 10}
resources:
  people: {unit: FTE-quarters, capacity: 8}
frontier:
  compute: {flop: 1e27, growth_per_year: 3 to 5}
  unique_tokens: {count: 1e+13 to 2e+13}
initiatives:
  hybrid:
    path: architect
    source: Doe 2026
    cost: 16 to 25
    success: 0.6
    effects: {data_efficiency: 1.2 to 2}
    response: 0.8
    uses: {people: 10}
  kernels:
    path: architect
    source: Doe 2026
    cost: 20 to 30
    effects: {compute: 1.1 to 1.5}
    response: 0.8
    uses: {people: 25}
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 16 to 24
    success: 0.7
    effects: {post_training: 1.3 to 1.6}
    response: 0.8
    requires: [verifier]
  verifier:
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 8
    success: 0.85
    must: true
"""
SETTINGS = Settings(draws=40, batches=0)
FREE = Gambit("free", aversion=0.3)


@pytest.fixture(scope="module")
def portfolio(read: Read) -> Portfolio:
    return read(LAB)


@pytest.fixture(scope="module")
def found(portfolio: Portfolio) -> Sensitivity:
    return gambits.sensitivity(portfolio, FREE, SETTINGS)


def objective(portfolio: Portfolio) -> float:
    return gambits.solve(portfolio, FREE, SETTINGS).objective


def edited(flip: Flip, after: str) -> str:
    """Edit the file as a user would."""
    *_, owner, name = flip.estimate.removeprefix("frontier.").replace(".effects", "").replace(".uses", "").split(".")
    before, rest = LAB.split(f"  {owner}:", 1)
    assert f"{name}: {flip.before}" in rest
    return f"{before}  {owner}:{rest.replace(f'{name}: {flip.before}', f'{name}: {after}', 1)}"


def funded(text: str, id: str, read: Read) -> float:
    return gambits.solve(read(text), FREE, SETTINGS).allocation(id).funded


def test_each_bar_is_the_best_plan_of_a_file_that_says_what_is_known(
    found: Sensitivity, portfolio: Portfolio, read: Read
) -> None:
    bars = {bar.estimate: bar for bar in found.tornado}
    low, high = quantile(portfolio.initiative("hybrid").cost, np.array([0.1, 0.9]))
    cost = bars["initiatives.hybrid.cost"]
    works = bars["initiatives.hybrid.success"]

    assert (cost.low_at, cost.high_at) == pytest.approx((low, high))
    assert cost.low == pytest.approx(objective(read(LAB.replace("16 to 25", repr(float(low))))), abs=2 * GAP)
    assert cost.high == pytest.approx(objective(read(LAB.replace("16 to 25", repr(float(high))))), abs=2 * GAP)
    assert cost.low > found.objective > cost.high
    assert works.low == pytest.approx(objective(read(LAB.replace("success: 0.6", "success: 0"))), abs=2 * GAP)
    assert works.high == pytest.approx(objective(read(LAB.replace("success: 0.6", "success: 1"))), abs=2 * GAP)


def test_every_uncertain_estimate_has_a_bar_the_widest_first(found: Sensitivity) -> None:
    assert {bar.estimate for bar in found.tornado} == {
        "frontier.law",
        "frontier.compute.growth_per_year",
        "frontier.unique_tokens.count",
        "initiatives.hybrid.cost",
        "initiatives.hybrid.success",
        "initiatives.hybrid.effects.data_efficiency",
        "initiatives.kernels.cost",
        "initiatives.kernels.effects.compute",
        "initiatives.play.cost",
        "initiatives.play.success",
        "initiatives.play.effects.post_training",
        "initiatives.verifier.success",
    }
    widths = [round(bar.width, 7) for bar in found.tornado]
    assert widths == sorted(widths, reverse=True)


def test_there_are_flips_in_and_out_of_own_and_of_shared_estimates(found: Sensitivity) -> None:
    assert {flip.is_own for flip in found.flips} == {True, False}
    assert {flip.funded >= FUNDED for flip in found.flips} == {True, False}
    assert not {"verifier"} & {flip.initiative for flip in found.flips}
    assert set(found.firm) == {"hybrid", "kernels", "play", "verifier"} - {flip.initiative for flip in found.flips}


def test_each_flip_written_into_the_file_flips(found: Sensitivity, read: Read) -> None:
    for flip in found.flips:
        before = funded(LAB, flip.initiative, read)
        after = funded(edited(flip, flip.after), flip.initiative, read)

        assert before == flip.funded
        assert (before >= FUNDED) != (after >= FUNDED), flip


def test_five_per_cent_short_of_it_does_not(found: Sensitivity, read: Read) -> None:
    for flip in found.flips:
        low_high = [float(value) for value in flip.before.split(" to ")]
        short = [a + 0.95 * (b - a) for a, b in zip(low_high, map(float, flip.after.split(" to ")), strict=True)]
        after = funded(edited(flip, " to ".join(map(repr, short))), flip.initiative, read)

        assert (after >= FUNDED) == (flip.funded >= FUNDED), flip


def test_no_smaller_change_of_an_own_estimate_flips(found: Sensitivity, read: Read) -> None:
    """By looking: the search must not jump over a nearer crossing."""
    flip = next(flip for flip in found.flips if flip.is_own and flip.sigmas)
    low, high = (float(value) for value in flip.before.split(" to "))
    factor = float(flip.after.split(" to ")[0]) / low
    for part in np.linspace(0.1, 0.9, 9).tolist():
        scaled = f"{low * factor**part!r} to {high * factor**part!r}"
        assert (funded(edited(flip, scaled), flip.initiative, read) >= FUNDED) == (flip.funded >= FUNDED)


def test_a_flip_of_a_chance_without_spread_has_neither_spreads_nor_chance(found: Sensitivity) -> None:
    flips = [flip for flip in found.flips if flip.estimate.endswith(".success")]

    assert flips
    assert all(flip.sigmas is None and flip.chance is None for flip in flips)
    assert all(0 < flip.median + flip.change < 1 for flip in flips)


def test_spreads_and_chance_belong_together(found: Sensitivity) -> None:
    for flip in found.flips:
        if flip.sigmas is not None:
            assert flip.sigmas * flip.change > 0
            assert flip.chance is not None and flip.chance < 0.5


def test_flips_can_be_asked_of_some_alone(found: Sensitivity, portfolio: Portfolio) -> None:
    some = gambits.sensitivity(portfolio, FREE, SETTINGS, ["kernels"])

    assert some.tornado == found.tornado
    assert some.flips == tuple(flip for flip in found.flips if flip.initiative == "kernels")


def test_an_initiative_that_is_not_there_is_named(portfolio: Portfolio) -> None:
    with pytest.raises(InputError) as caught:
        gambits.sensitivity(portfolio, FREE, SETTINGS, ["kernel"])

    assert caught.value.problems[0].code == "unknown-initiative"
    assert "kernels" in caught.value.problems[0].fix


def test_the_central_future_has_bars_too_and_flips_need_not_be_looked_for(portfolio: Portfolio) -> None:
    certain = gambits.sensitivity(portfolio, FREE, Settings(certain=True), [])

    assert {bar.estimate for bar in certain.tornado} >= {"initiatives.hybrid.success", "initiatives.hybrid.cost"}
    assert "frontier.law" not in {bar.estimate for bar in certain.tornado}
    assert (certain.flips, certain.firm) == ((), ())
    assert (certain.draws, certain.seed) == (1, None)


def test_as_a_table_it_has_a_row_for_each_estimate(found: Sensitivity) -> None:
    frame, flips = found.to_frame(), found.flips_frame()

    assert list(frame.index) == [bar.estimate for bar in found.tornado]
    assert frame["width"].is_monotonic_decreasing
    assert len(flips) == len(found.flips)


def test_the_picture_is_drawn_without_a_browser(found: Sensitivity, tmp_path: Path) -> None:
    from gambits.memo.tornado_chart import tornado_chart

    assert tornado_chart(found, ".png").startswith(b"\x89PNG")
    assert "hybrid: success" in tornado_chart(found, ".svg").decode()
