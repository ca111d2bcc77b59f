"""The value of information: against a grid of plans, nested Monte Carlo, and what must hold of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gambits
from gambits.allocate.cuts import GAP
from gambits.analyse.foresight import foresight, value_of
from gambits.analyse.information import Information
from gambits.analyse.regression import value_of_knowing
from gambits.analyse.study import Settings, Study
from gambits.analyse.voi import without
from gambits.errors import GambitsError, InputError
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.quantities.quantiles import quantile

Read = Callable[[str], Portfolio]

LAB = """\
format: gambits/1
name: Two bets
as_of: 2027-01-01
periods: {first: 2027, count: 1}
money: USD million
budget: {per_period: 20}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
  law_uncertainty: false
initiatives:
  hybrid:
    path: architect
    source: Doe 2026
    cost: 20
    effects: {data_efficiency: 1.05 to 3}
    pilot: {cost: 0.5, informs: effects.data_efficiency}
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 20
    success: 0.5
    effects: {post_training: 2.6}
    pilot: {cost: 1, informs: [success], source: "judgement: two people for a month"}
  kernels:
    path: architect
    source: Doe 2026
    cost: 20
    effects: {compute: 1.5}
    response: 0.8
"""
FREE = Gambit("free", aversion=0.4)
SETTINGS = Settings(draws=160, batches=0)
FEW = Settings(draws=50, batches=0)
EFFECT = "initiatives.hybrid.effects.data_efficiency"
SUCCESS = "initiatives.play.success"


@pytest.fixture(scope="module")
def portfolio(read: Read) -> Portfolio:
    return read(LAB)


@pytest.fixture(scope="module")
def found(portfolio: Portfolio) -> Information:
    return gambits.voi(portfolio, FREE, replace(SETTINGS, draws=800))


def evppi(found: Information, key: str) -> tuple[float, float]:
    finding = next(each for each in found.findings if each.estimate == key)
    return finding.evppi, finding.standard_error


def best_mean(text: str, read: Read, settings: Settings = SETTINGS) -> float:
    return gambits.solve(read(text), Gambit("mean"), settings).objective


def test_knowing_everything_is_worth_what_the_best_of_a_grid_of_plans_adds(portfolio: Portfolio) -> None:
    """Every way to split the money in steps of 1/40, valued in every draw; no search."""
    study = Study(portfolio, SETTINGS)
    plans = [(a / 40, b / 40, (40 - a - b) / 40) for a in range(41) for b in range(41 - a)]
    ids = [each.id for each in portfolio.initiatives]
    order = [("hybrid", "play", "kernels").index(id) for id in ids]
    seen = study.forecast(Gambit("mean"))
    worth = np.array([value_of(study, seen, np.array(plan)[order][:, np.newaxis]) for plan in plans])
    by_hand = worth.max(axis=0).mean() - worth.mean(axis=1).max()

    neutral = Gambit("mean")
    got = foresight(study, neutral, study.best(neutral))

    assert got.evpi == pytest.approx(by_hand, abs=1e-3)
    assert np.all(got.best >= worth.max(axis=0) - 2 * GAP)
    assert np.all(got.best >= got.planned)


def test_knowing_an_effect_is_worth_what_nested_monte_carlo_says(found: Information, read: Read) -> None:
    """For each of many values the file says it, and is solved anew."""
    effect = read(LAB).initiative("hybrid").effects
    levels = quantile(next(iter(effect.values())), (np.arange(40) + 0.5) / 40)
    nested = np.mean([best_mean(LAB.replace("1.05 to 3", repr(float(at))), read) for at in levels])
    worth, error = evppi(found, EFFECT)

    assert worth > 0
    assert worth == pytest.approx(nested - best_mean(LAB, read), abs=3 * error)


def test_knowing_whether_work_succeeds_is_worth_what_the_two_files_say(found: Information, read: Read) -> None:
    fails, works = (best_mean(LAB.replace("success: 0.5", f"success: {at}"), read) for at in (0, 1))
    worth, error = evppi(found, SUCCESS)

    assert worth > 0
    assert worth == pytest.approx((fails + works) / 2 - best_mean(LAB, read), abs=3 * error)


def test_the_errors_are_small_enough_for_that_to_say_something(found: Information) -> None:
    assert all(each.standard_error < 0.2 * each.evppi for each in found.findings)


def test_nothing_is_worth_more_than_everything_nor_less_than_nothing(found: Information) -> None:
    assert all(0 <= each.evppi <= found.evpi for each in found.findings)
    assert found.evpi > max(each.evppi for each in found.findings)
    assert (found.draws, found.solved_on) == (800, 200)


def test_aversion_is_left_out(portfolio: Portfolio) -> None:
    averse, bold = (gambits.voi(portfolio, Gambit("free", aversion=at), FEW) for at in (0.6, 0.0))

    assert averse.to_dict() == bold.to_dict()


def test_rules_are_kept(portfolio: Portfolio, found: Information) -> None:
    """Who may move less money on what is known has less of it."""
    tied = Gambit("tied", most_for_one=0.4)

    assert gambits.voi(portfolio, tied, FEW).evpi < 0.6 * found.evpi


def test_knowing_what_no_plan_can_act_on_is_worth_nothing(read: Read) -> None:
    """There is money for all of it, whatever comes out."""
    rich = gambits.voi(
        read(LAB.replace("per_period: 20", "per_period: 60").replace("1.05 to 3", "1.5 to 3")), FREE, FEW
    )

    assert rich.evpi == pytest.approx(0, abs=GAP)
    assert all(each.evppi <= GAP for each in rich.findings)
    assert all(each.cost is not None for each in rich.queue)


def test_a_pilot_pays_from_the_budget(found: Information, read: Read) -> None:
    pilot = next(each for each in found.queue if each.name == "play")
    settings = replace(SETTINGS, draws=200)
    less = best_mean(LAB, read, settings) - best_mean(LAB.replace("per_period: 20", "per_period: 19"), read, settings)

    assert pilot.informs == (SUCCESS,)
    assert pilot.loss == pytest.approx(less, abs=2 * GAP)
    assert pilot.net == pytest.approx(pilot.evppi - less, abs=2 * GAP)
    assert pilot.evppi == evppi(found, SUCCESS)[0]


def test_the_queue_is_in_order_of_what_is_left(found: Information) -> None:
    left = [each.net for each in found.queue if each.net is not None]

    assert {each.name for each in found.queue} == {"play", "hybrid"}
    assert left == sorted(left, reverse=True)


def test_what_has_no_pilot_stands_in_the_queue_by_its_estimate(read: Read) -> None:
    text = LAB.replace("    pilot: {cost: 0.5, informs: effects.data_efficiency}\n", "")
    queue = gambits.voi(read(text), FREE, replace(FEW, draws=800)).queue

    assert {(each.name, each.cost is None) for each in queue} == {(EFFECT, True), ("play", False)}


def test_a_pilot_of_two_things_is_worth_at_least_the_better_of_them(read: Read, found: Information) -> None:
    text = LAB.replace("informs: [success]", f"informs: [success, {EFFECT}]")
    both = next(
        each for each in gambits.voi(read(text), FREE, replace(SETTINGS, draws=800)).queue if each.name == "play"
    )

    assert max(evppi(found, SUCCESS)[0], evppi(found, EFFECT)[0]) < both.evppi <= found.evpi


def test_worth_in_money_is_what_the_plan_would_lose_with_so_much_less(found: Information, portfolio: Portfolio) -> None:
    study = Study(portfolio, replace(SETTINGS, draws=200))
    finding = found.findings[0]
    assert finding.worth is not None
    less = study.under(Gambit("mean"), without(portfolio, finding.worth)).objective

    assert found.objective - less == pytest.approx(finding.evppi, rel=0.15)


def test_a_pilot_that_the_budget_cannot_pay_stands_last(read: Read) -> None:
    queue = gambits.voi(read(LAB.replace("pilot: {cost: 1,", "pilot: {cost: 21,")), FREE, FEW).queue

    assert [each.name for each in queue] == ["hybrid", "play"]
    assert (queue[-1].loss, queue[-1].net) == (None, None)


def test_the_order_of_the_file_changes_nothing(portfolio: Portfolio, read: Read) -> None:
    head, body = LAB.split("initiatives:\n")
    blocks = re.split(r"(?m)^(?=  \w+:$)", body)
    turned = read(f"{head}initiatives:\n{''.join(reversed(blocks))}")

    assert gambits.voi(turned, FREE, FEW).to_dict() == gambits.voi(portfolio, FREE, FEW).to_dict()


def test_whole_choices_stages_and_sizes_have_their_worth_too(read: Read) -> None:
    text = LAB.replace(
        "    cost: 20\n    success: 0.5\n", "    stages: [{name: p, cost: 4, success: 0.5}, {name: s, cost: 9}]\n"
    )
    text = text.replace("informs: [success]", "informs: [stages.p.success]")
    text = text.replace(
        "    cost: 20\n    effects: {compute: 1.5}\n    response: 0.8\n",
        "    cost: 9\n    whole: true\n    effects: {compute: 1.5}\n",
    )
    found = gambits.voi(read(text), FREE, FEW)

    assert {"play"} < {each.name for each in found.queue}
    assert found.evpi > 0
    assert found.to_dict()["evppi"]["initiatives.play.stages.p.success"] > 0


def test_money_is_taken_from_the_next_releases_first(read: Read) -> None:
    three = read(LAB.replace("count: 1", "count: 3").replace("per_period: 20", "per_period: [10, 20, 30], total: 50"))

    assert without(three, 15).budget.per_period == (0, 15, 30)
    assert without(three, 15).budget.total == 35


def test_scenarios_and_the_law_can_be_found_out_too(futures: Portfolio) -> None:
    known = gambits.voi(futures, "incumbent", replace(FEW, draws=20))

    assert {"scenarios", "frontier.law"} <= {each.estimate for each in known.findings}


def test_choices_among_noise_are_worth_nothing() -> None:
    """In the mean over many samples; in one of them less than what counts as clear."""
    samples = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        samples.append(value_of_knowing(rng.random((200, 1)), rng.normal(size=(200, 5)), np.full(200, 1 / 200)))

    assert np.mean([worth for worth, _ in samples]) < 0.02
    assert np.mean([worth <= 3 * error for worth, error in samples]) > 0.95


def test_a_choice_that_depends_on_two_things_at_once_is_learnt() -> None:
    rng = np.random.default_rng(2)
    known = rng.random((1000, 2))
    # The second plan is better where both are high or both are low: E[max(0, (2a−1)(2b−1))] = 1/8.
    worth = np.stack([np.zeros(1000), np.prod(2 * known - 1, axis=1) + rng.normal(scale=0.1, size=1000)], axis=1)
    value, error = value_of_knowing(known, worth, np.full(1000, 1e-3))

    assert value == pytest.approx(1 / 8, abs=3 * error)


def test_the_central_future_leaves_nothing_to_find_out(portfolio: Portfolio) -> None:
    with pytest.raises(GambitsError, match="nothing to find out"):
        gambits.voi(portfolio, FREE, Settings(certain=True))


def test_a_pilot_of_an_estimate_that_is_not_there_is_refused(read: Read) -> None:
    with pytest.raises(InputError) as caught:
        read(LAB.replace("informs: [success]", "informs: [succes]"))

    assert caught.value.problems[0].code == "unknown-estimate"
    assert "success" in caught.value.problems[0].fix


def test_a_pilot_moves_no_plan(read: Read, portfolio: Portfolio) -> None:
    bare = "\n".join(line for line in LAB.splitlines() if "pilot:" not in line)
    with_pilots, plain = (gambits.solve(each, FREE, SETTINGS) for each in (portfolio, read(bare)))

    assert with_pilots.objective == plain.objective
    assert with_pilots.allocations == plain.allocations


def test_as_tables_it_has_a_row_for_each_estimate_and_experiment(found: Information) -> None:
    assert list(found.to_frame().index) == [each.estimate for each in found.findings]
    assert list(found.queue_frame()["name"]) == [each.name for each in found.queue]
    assert set(found.to_dict()["evppi"]) == {EFFECT, SUCCESS}


def test_the_picture_is_drawn_without_a_browser(found: Information, tmp_path: Path) -> None:
    from gambits.memo.information_chart import information_chart

    assert information_chart(found, ".png").startswith(b"\x89PNG")
    assert "play: success" in information_chart(found, ".svg").decode()
