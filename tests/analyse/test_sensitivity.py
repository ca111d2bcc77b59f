"""What a plan rests on: bars are the plans of edited files, and each flip flips where 5 % short of it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gambits
from gambits.allocate.cuts import GAP
from gambits.analyse.compare import FUNDED
from gambits.analyse.gaming import claimed
from gambits.analyse.sensitivity import Bar, Flip, Sensitivity
from gambits.analyse.study import Settings
from gambits.errors import InputError
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.quantities.estimates import Bounds, Estimate
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


PERCENTILES = LAB.replace("cost: 16 to 25", "cost: {p10: 13, p50: 20, p90: 30}").replace(
    "success: 0.6", "success: 0.35 to 0.9"
)
NUMBER = re.compile(r"(?<!p)\b[0-9.]+\b")


def test_percentiles_and_chances_with_spread_flip_too_and_not_five_per_cent_short(read: Read) -> None:
    flips = gambits.sensitivity(read(PERCENTILES), FREE, SETTINGS, ["hybrid"]).flips
    before = funded(PERCENTILES, "hybrid", read)
    own = {flip.estimate.rpartition(".")[2]: flip for flip in flips if flip.is_own}

    for flip in (own["cost"], own["success"]):
        pairs = zip(*(map(float, NUMBER.findall(text)) for text in (flip.before, flip.after)), strict=True)
        numbers = iter([repr(old + 0.95 * (new - old)) for old, new in pairs])
        short = NUMBER.sub(lambda _, numbers=numbers: next(numbers), flip.before)
        flipped, kept = (
            funded(PERCENTILES.replace(flip.before, text, 1), "hybrid", read) for text in (flip.after, short)
        )

        assert flip.before in PERCENTILES
        assert flip.sigmas is not None and flip.chance is not None
        assert (flipped >= FUNDED) != (before >= FUNDED), flip
        assert (kept >= FUNDED) == (before >= FUNDED), flip


def test_at_most_five_shared_estimates_are_moved(found: Sensitivity) -> None:
    assert len({flip.estimate for flip in found.flips if not flip.is_own}) <= 5


BRAGS = (
    ("success: 0.6", f"success: {1 - 0.4 / 1.1!r}"),
    ("data_efficiency: 1.2 to 2", f"data_efficiency: {1.2**1.1!r} to {2**1.1!r}"),
)


def test_the_gaming_index_is_the_money_of_a_file_in_which_one_owner_exaggerates(
    found: Sensitivity, portfolio: Portfolio, read: Read
) -> None:
    index = {each.owner: each for each in found.gaming}
    text = LAB
    for honest, inflated in BRAGS:
        assert honest in text
        text = text.replace(honest, inflated)
    before, after = (gambits.solve(each, FREE, SETTINGS) for each in (portfolio, read(text)))
    cheap = gambits.solve(read(LAB.replace("cost: 16 to 25", f"cost: {16 / 1.1!r} to {25 / 1.1!r}")), FREE, SETTINGS)
    hybrid = index["hybrid"]

    assert set(index) == {"hybrid", "kernels", "play", "verifier"}
    assert hybrid.money == pytest.approx(before.allocation("hybrid").total)
    assert hybrid.gained == pytest.approx(after.allocation("hybrid").total - hybrid.money, abs=0.2)
    assert hybrid.gained > 0.2
    # More of it is funded, at what it truly costs.
    assert hybrid.gained_by_cost == pytest.approx(cheap.allocation("hybrid").funded * 20 - hybrid.money, abs=0.2)
    assert all(each.loss >= 0 for each in found.gaming)
    assert [each.gained for each in found.gaming] == sorted((each.gained for each in found.gaming), reverse=True)


def test_an_owner_stands_for_all_that_is_theirs(read: Read) -> None:
    text = LAB.replace("    source: Doe 2026\n", "    source: Doe 2026\n    owner: Ada\n")
    gaming = gambits.sensitivity(read(text), FREE, Settings(certain=True), []).gaming

    assert {each.owner: each.initiatives for each in gaming}["Ada"] == ("hybrid", "kernels")
    assert {each.owner for each in gaming} == {"Ada", "play", "verifier"}


@pytest.mark.parametrize(
    ("key", "written", "told"),
    [
        ("effects.compute", Estimate.point(1.3, Bounds.POSITIVE), 1.3**1.1),
        ("effects.compute", Estimate.point(0.8, Bounds.POSITIVE), 0.8 ** (1 / 1.1)),
        ("effects.unique_tokens", Estimate.point(2e12, Bounds.AMOUNT), 2.2e12),
        ("value", Estimate.point(-3), -3 / 1.1),
        ("success", Estimate.point(0.3, Bounds.PROBABILITY), 0.33),
        ("success", Estimate.point(0.95, Bounds.PROBABILITY), 1 - 0.05 / 1.1),
        ("cost", Estimate.point(20, Bounds.POSITIVE), 20),
    ],
)
def test_claims_are_a_tenth_better_and_stay_what_they_are(key: str, written: Estimate, told: float) -> None:
    assert claimed(f"initiatives.play.{key}", written).central == pytest.approx(told)


def test_as_a_table_it_has_a_row_for_each_estimate(found: Sensitivity) -> None:
    frame, flips = found.to_frame(), found.flips_frame()
    assert list(found.gaming_frame().index) == [each.owner for each in found.gaming]

    assert list(frame.index) == [bar.estimate for bar in found.tornado]
    assert frame["width"].is_monotonic_decreasing
    assert len(flips) == len(found.flips)


def test_the_picture_is_drawn_without_a_browser(found: Sensitivity, tmp_path: Path) -> None:
    from gambits.memo.gaming_chart import gaming_chart
    from gambits.memo.tornado_chart import tornado_chart

    assert gaming_chart(found, ".png").startswith(b"\x89PNG")
    assert "kernels" in gaming_chart(found, ".svg").decode()
    assert tornado_chart(found, ".png").startswith(b"\x89PNG")
    assert "hybrid: success" in tornado_chart(found, ".svg").decode()


def test_labels_of_a_bar_whose_ends_lie_on_one_side_are_one_from_the_inner_end_outwards(found: Sensitivity) -> None:
    """Two labels at places that nearly meet would cover each other."""
    from gambits.memo.tornado_chart import tornado_chart

    middle = found.objective
    ends = ((16.0, 25.0, 0.1, 0.001), (1.5, 2.5, -0.002, -0.001), (3.0, 7.0, 0.0, 0.0), (0.2, 0.4, -0.001, 0.001))
    bars = tuple(
        Bar(f"initiatives.play{number}.cost", low_at, high_at, middle + low, middle + high, (0.0, 0.0))
        for number, (low_at, high_at, low, high) in enumerate(ends)
    )
    picture = tornado_chart(replace(found, tornado=bars), ".svg").decode()
    told = re.findall(r"<text[^>]*>([\d., ]+)</text>", picture)

    assert {"25, 16", "2.5, 1.5", "3, 7", "0.2", "0.4"} <= set(told)
    assert not {"16", "25", "1.5", "2.5"} & set(told)
