"""Figures of the frontier lab's memo, worked out again from the file and the published law by another route.

The file is read as bare YAML, medians and chances are taken by hand, and effective compute comes from minimising
the published loss and inverting it, with nothing of gambits in between. Only the plan's money is taken as given,
and the size of an effect that names a law, which has tests of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.optimize import brentq, minimize_scalar

from gambits import load
from gambits.files.bundled import portfolio_folder

# Muennighoff et al. 2023, constants of the authors' code.
ALPHA = BETA = 0.3526596
A, B, E = math.exp(6.255414), math.exp(7.3049974), math.exp(0.6254804)
R_D, R_N = 15.387756, 5.309743

PERIODS, YEARS, HELD = 8, 0.25, 4
MULTIPLIERS = ("compute", "parameter_efficiency", "data_efficiency")
OUTSIDE = ("post_training", "test_time")
MARKET = ("demand", "token_value", "inference_cost")

Sections = Callable[[str], dict[str, str]]
Tables = Callable[[str], list[list[list[str]]]]


def median(estimate: Any) -> float:
    """The median of an estimate as written in YAML."""
    if isinstance(estimate, dict):
        return float(estimate["p50"])
    low, _, high = str(estimate).partition(" to ")
    return math.sqrt(float(low) * float(high)) if high else float(low)


def loss(ln_n: float, flop: float, unique: float) -> float:
    """Loss of a model of N parameters trained with some compute on a stock of unique tokens."""
    n = math.exp(ln_n)
    tokens = flop / (6 * n)
    # Parameters that are compute-optimal for the stock: αA N^−α = βB U^−β.
    fed = (ALPHA * A / (BETA * B)) ** (1 / ALPHA) * unique ** (BETA / ALPHA)
    if tokens > unique:
        tokens = unique * (1 + R_D * -math.expm1(-(tokens / unique - 1) / R_D))
    if n > fed:
        n = fed * (1 + R_N * -math.expm1(-(n / fed - 1) / R_N))
    return E + A / n**ALPHA + B / tokens**BETA


def least_loss(flop: float, unique: float) -> float:
    """The least loss for some compute: N by a scan and a search."""
    around = 0.5 * math.log(flop / 6)
    grid = np.linspace(around - 8, around + 8, 161)
    best = grid[int(np.argmin([loss(ln_n, flop, unique) for ln_n in grid]))]
    found = minimize_scalar(
        loss, bounds=(best - 0.2, best + 0.2), args=(flop, unique), method="bounded", options={"xatol": 1e-12}
    )
    return float(found.fun)


def effective_compute(flop: float, unique: float) -> float:
    """log10 of the FLOP that would reach the same loss on endless data."""
    wanted = least_loss(flop, unique)
    return float(
        brentq(lambda log10: least_loss(10**log10, 1e60) - wanted, math.log10(flop) - 14, math.log10(flop) + 1e-9)
    )


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    folder = portfolio_folder("frontier-lab")
    assert folder is not None
    return yaml.load((folder / "portfolio.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


@pytest.fixture(scope="module")
def chance(document: dict[str, Any]) -> dict[str, float]:
    """The chance that an initiative and everything that it requires succeed."""
    initiatives = document["initiatives"]

    def needed(id: str) -> set[str]:
        direct = set(initiatives[id].get("requires", []))
        return direct.union(*(needed(other) for other in direct))

    def own(id: str) -> float:
        return median(initiatives[id].get("success", 1))

    return {id: own(id) * math.prod(own(other) for other in needed(id)) for id in initiatives}


@pytest.fixture(scope="module")
def size(document: dict[str, Any]) -> Callable[[str, str], float]:
    """Give a function for the median of an effect at full funding, ln of a factor or tokens."""
    read = load("frontier-lab")
    by_law = {(each.id, lever.value): each.effects[lever].central for each in read.initiatives for lever in each.laws}

    def size(id: str, lever: str) -> float:
        initiative = document["initiatives"][id]
        found = by_law.get((id, lever)) or median(initiative["effects"][lever])
        return found * float(initiative.get("quality", 1)) if lever == "unique_tokens" else math.log(found)

    return size


@pytest.fixture(scope="module")
def moved(
    document: dict[str, Any],
    chance: dict[str, float],
    size: Callable[[str, str], float],
    frontier_plans: dict[str, dict[str, Any]],
) -> Callable[[str, int], dict[str, float]]:
    """Give a function for what a plan does to each lever in a period: ln of factors, and tokens."""

    def moved(gambit: str, k: int) -> dict[str, float]:
        total = dict.fromkeys((*MULTIPLIERS, *OUTSIDE, *MARKET, "unique_tokens"), 0.0)
        shared = {(id, each["lever"]): 0.0 for each in document["overlaps"] for id in each["among"]}
        progress = dict.fromkeys(document["initiatives"], 0.0)
        for id, initiative in document["initiatives"].items():
            seen = min(k - int(initiative.get("lag", 0)), PERIODS - 1)
            if seen < 0:
                continue
            money = frontier_plans[gambit]["initiatives"][id]["spend"]
            funded = min(1.0, sum(money[: seen + 1]) / median(initiative["cost"]))
            progress[id] = funded ** float(initiative.get("response", 1))
            for lever in initiative.get("effects", {}):
                effect = size(id, lever) * chance[id]
                effect *= progress[id] if effect > 0 else funded
                if (id, lever) in shared and effect > 0:
                    shared[id, lever] = effect
                else:
                    total[lever] += effect
        for each in document["overlaps"]:
            members = sum(shared[id, each["lever"]] for id in each["among"])
            total[each["lever"]] += min(members, math.log(median(each["cap"])))
        for each in document["synergies"]:
            first, second = each["between"]
            for lever, estimate in each["effects"].items():
                both = min(progress[first], progress[second]) * chance[first] * chance[second]
                total[lever] += math.log(median(estimate)) * both
        return total

    return moved


@pytest.fixture(scope="module")
def reached(
    document: dict[str, Any], moved: Callable[[str, int], dict[str, float]]
) -> Callable[[str, int], tuple[float, float]]:
    """Give a function for effective compute without and with a gambit's plan, in a period counted from 0."""
    frontier = document["frontier"]
    growth = {name: median(frontier[name].get("growth_per_year", 1)) for name in ("compute", "unique_tokens")}

    @cache
    def reached(gambit: str, k: int) -> tuple[float, float]:
        flop = median(frontier["compute"]["flop"]) * growth["compute"] ** (k * YEARS)
        unique = median(frontier["unique_tokens"]["count"]) * growth["unique_tokens"] ** (k * YEARS)
        by = moved(gambit, k)
        ln_compute = sum(by[lever] for lever in MULTIPLIERS)
        stock = (unique + by["unique_tokens"]) * math.exp(by["data_efficiency"])
        after = effective_compute(flop * math.exp(ln_compute), stock)
        return effective_compute(flop, unique), after + sum(by[lever] for lever in OUTSIDE) / math.log(10)

    return reached


@pytest.fixture(scope="module")
def worth(
    document: dict[str, Any],
    moved: Callable[[str, int], dict[str, float]],
    reached: Callable[[str, int], tuple[float, float]],
) -> Callable[[str], float]:
    """Give a function for what a plan is worth: gains of effective compute and of token GDP, over time."""
    market, objective = document["market"], document["objective"]

    def worth(gambit: str) -> float:
        found = []
        for k in range(PERIODS + HELD):
            before, after = reached(gambit, k)
            by = moved(gambit, k)
            served = by["demand"] + by["token_value"] + float(market["elasticity"]) * by["inference_cost"]
            tokens = served / math.log(10) + float(market["value_per_oom"]) * (after - before)
            found.append(
                float(objective["effective_compute"]) * (after - before) + float(objective["token_gdp"]) * tokens
            )
        return float(np.mean(found))

    return worth


def cells(text: str, tables: Tables, first: str) -> list[str]:
    """The cells of the row of a table that begins with some words."""
    (row,) = (row for table in tables(text) for row in table if row[0] == first)
    return row[1:]


def test_the_budget_is_what_the_board_approved(document: dict[str, Any], frontier_memo: str) -> None:
    budget = min(float(document["budget"]["total"]), PERIODS * float(document["budget"]["per_period"]))

    assert f"How should {budget:.1f} USD million from" in frontier_memo


def test_money_adds_up_over_rows_and_columns(frontier_memo: str, sections: Sections, tables: Tables) -> None:
    (table,) = tables(sections(frontier_memo)["Money by initiative and period"])
    numbers = [[0.0 if cell == "–" else float(cell.strip("*")) for cell in row[2:-1]] for row in table[2:]]
    *rows, last = numbers

    for row in rows:
        assert sum(row[:-1]) == pytest.approx(row[-1], abs=0.05 * len(row))
    for column in range(PERIODS + 1):
        assert sum(row[column] for row in rows) == pytest.approx(last[column], abs=0.05 * len(rows))
    told = re.search(r"initiatives with ([0-9.,]+) USD million", frontier_memo)
    assert told is not None
    assert float(told[1]) == last[-1]


def test_shares_are_those_of_the_rows(
    document: dict[str, Any], frontier_memo: str, frontier_plans: dict[str, dict[str, Any]]
) -> None:
    totals: dict[str, float] = {}
    for id, each in frontier_plans["incumbent"]["initiatives"].items():
        path = document["initiatives"][id]["path"]
        totals[path] = totals.get(path, 0) + sum(each["spend"])

    assert totals["architect"] / (totals["architect"] + totals["alchemist"]) == pytest.approx(0.7, abs=1e-6)
    for path in ("architect", "alchemist"):
        assert f"{totals[path] / sum(totals.values()):.0%} {path}" in frontier_memo


def test_funded_is_money_by_median_cost(
    document: dict[str, Any], frontier_memo: str, sections: Sections, tables: Tables
) -> None:
    text = sections(frontier_memo)["Money by initiative and period"]
    for initiative in document["initiatives"].values():
        title = " ".join(initiative["title"].split())
        rows = [row for row in tables(text)[0] if row[0] == title]
        for *_, total, funded in rows:
            assert float(funded.strip("%")) / 100 == pytest.approx(float(total) / median(initiative["cost"]), abs=0.01)


@pytest.mark.parametrize("gambit", ["incumbent", "challenger"])
def test_effective_compute_without_and_with_the_plan_is_that_of_the_published_loss(
    gambit: str,
    reached: Callable[[str, int], tuple[float, float]],
    frontier_plans: dict[str, dict[str, Any]],
) -> None:
    plan = frontier_plans[gambit]

    for k in (0, 3, 5, 7):
        before, after = reached(gambit, k)
        assert before == pytest.approx(plan["baseline"][k], abs=1e-6)
        assert after - before == pytest.approx(plan["gain"][k], abs=1e-6)


def test_the_memo_shows_those_gains(
    reached: Callable[[str, int], tuple[float, float]], frontier_memo: str, sections: Sections, tables: Tables
) -> None:
    text = sections(frontier_memo)["What it gains, and from where"]
    for k in (0, 4, 7):
        before, after = reached("incumbent", k)
        assert float(cells(text, tables, "doing nothing new (powers of ten, FLOP)")[k]) == pytest.approx(
            before, abs=0.00501
        )
        assert float(cells(text, tables, "gain of the plan (OOM)")[k]) == pytest.approx(after - before, abs=0.000501)
        multiple = cells(text, tables, "as if compute were multiplied by")[k]
        assert float(multiple.strip("×")) == pytest.approx(10 ** (after - before), abs=0.00501)


def test_the_worth_is_the_mean_over_the_horizon_and_a_year_held(
    document: dict[str, Any], worth: Callable[[str], float], frontier_memo: str
) -> None:
    assert int(document["objective"]["after_horizon"]) == HELD

    assert f"with every estimate at its median, it is worth {worth('incumbent'):.3f} OOM" in frontier_memo


def test_the_flagship_and_its_distance_from_the_evidence_are_those_of_its_growth(
    document: dict[str, Any], frontier_memo: str
) -> None:
    compute = document["frontier"]["compute"]
    first = median(compute["flop"])
    last = first * median(compute["growth_per_year"]) ** (YEARS * (PERIODS - 1))

    assert f"taken as {first:.1e} FLOP in".replace("e+", "e") in frontier_memo
    assert f"and {last:.1e} FLOP in".replace("e+", "e") in frontier_memo
    assert f"lies {math.log10(last / 9.3e21):.1f} OOM beyond it" in frontier_memo
    assert (
        f"on {median(document['frontier']['unique_tokens']['count']):.3g} unique tokens at".replace("e+", "e")
        in frontier_memo
    )


def test_the_part_on_judgements_is_that_of_sources_that_begin_with_the_word(
    document: dict[str, Any], frontier_memo: str, frontier_plans: dict[str, dict[str, Any]]
) -> None:
    parts = {id: each["contribution"] for id, each in frontier_plans["incumbent"]["initiatives"].items()}
    positive = sum(part for part in parts.values() if part > 0)
    judged = sum(
        part
        for id, part in parts.items()
        if part > 0 and document["initiatives"][id]["source"].strip().lower().startswith("judgement")
    )

    assert f"{judged / positive:.0%} of the value rests on judgements rather than published effects" in frontier_memo


def test_no_factor_of_bought_compute_gains_as_much_or_the_memo_names_it(
    document: dict[str, Any], reached: Callable[[str, int], tuple[float, float]], frontier_memo: str
) -> None:
    frontier = document["frontier"]
    k = PERIODS + HELD - 1
    flop = median(frontier["compute"]["flop"]) * median(frontier["compute"]["growth_per_year"]) ** (k * YEARS)
    tokens = frontier["unique_tokens"]
    unique = median(tokens["count"]) * median(tokens["growth_per_year"]) ** (k * YEARS)
    _, wanted = reached("incumbent", k)

    most = effective_compute(flop * 1e6, unique)
    if most < wanted:
        assert "No amount of bought compute gains as much" in frontier_memo
    else:
        ln_factor = brentq(lambda x: effective_compute(flop * math.exp(x), unique) - wanted, 0, math.log(1e6))
        told = re.search(r"would have to buy ([0-9.,]+)× its compute", frontier_memo)
        assert told is not None
        assert float(told[1].replace(",", "")) == pytest.approx(math.exp(ln_factor), rel=0.01)


def test_what_the_challenger_is_worth_is_what_it_is_worth(worth: Callable[[str], float], frontier_memo: str) -> None:
    assert f"{worth('challenger'):.3f} averaged over the horizon" in frontier_memo
