"""Figures of the memos of every bundled portfolio, worked out again from the file and the law by another route.

The file is read as bare YAML, medians and chances are taken by hand, and effective compute comes from minimising
the published loss and inverting it, with nothing of gambits in between. Only the plan's money is taken as given,
and the size of an effect that names a law, which has tests of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
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
LARGEST_RUN = 9.3e21

QUARTER = 0.25
MULTIPLIERS = ("compute", "parameter_efficiency", "data_efficiency")
OUTSIDE = ("post_training", "test_time")
MARKET = ("demand", "token_value", "inference_cost")
ENDLESS = 1e60

Table = list[list[str]]


def median(estimate: Any) -> float:
    """The median of an estimate as written in YAML."""
    if isinstance(estimate, dict):
        return float(estimate["p50"])
    low, _, high = str(estimate).partition(" to ")
    return math.sqrt(float(low) * float(high)) if high else float(low)


def loss(n: float, tokens: float, unique: float) -> float:
    """Loss of a model of n parameters trained on some tokens, of which there are so many unique ones."""
    # Parameters that are compute-optimal for the stock: αA N^−α = βB U^−β.
    fed = (ALPHA * A / (BETA * B)) ** (1 / ALPHA) * unique ** (BETA / ALPHA)
    if tokens > unique:
        tokens = unique * (1 + R_D * -math.expm1(-(tokens / unique - 1) / R_D))
    if n > fed:
        n = fed * (1 + R_N * -math.expm1(-(n / fed - 1) / R_N))
    return E + A / n**ALPHA + B / tokens**BETA


@dataclass(frozen=True)
class Levers:
    """What work does to the flagship: factors of compute, of what parameters and tokens do, of the cost of serving."""

    compute: float = 1.0
    parameters: float = 1.0
    tokens: float = 1.0
    serving: float = 1.0


def least_loss(flop: float, unique: float, served: float = 0.0, by: Levers = Levers()) -> float:
    """The least loss for 6ND + 2NT, training and serving: N by a scan and a search."""

    def of(ln_n: float) -> float:
        n = math.exp(ln_n)
        tokens = (by.compute * flop / n - 2 * served / by.serving) / 6
        return loss(by.parameters * n, by.tokens * tokens, by.tokens * unique) if tokens > 0 else math.inf

    around = 0.5 * math.log(flop / 6)
    grid = np.linspace(around - 8, around + 8, 321)
    best = grid[int(np.argmin([of(ln_n) for ln_n in grid]))]
    found = minimize_scalar(of, bounds=(best - 0.1, best + 0.1), method="bounded", options={"xatol": 1e-12})
    return float(found.fun)


def effective_compute(wanted: float, near: float) -> float:
    """log10 of the training FLOP that would reach a loss on endless data, with nothing to serve."""
    return float(brentq(lambda log10: least_loss(10**log10, ENDLESS) - wanted, near - 14, near + 6))


@dataclass(frozen=True)
class Lab:
    """A bundled portfolio as it is written, the money of its plans, and its memo."""

    name: str
    document: dict[str, Any]
    plans: dict[str, dict[str, Any]]
    memo: str
    sections: dict[str, str]
    tables: Callable[[str], list[Table]]
    _reached: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return int(self.document["periods"]["count"])

    @property
    def held(self) -> int:
        return int(self.document.get("objective", {}).get("after_horizon", 0))

    @property
    def initiatives(self) -> dict[str, Any]:
        return dict(self.document["initiatives"])

    def start(self, name: str, k: int) -> float:
        """Compute or unique tokens of the lab without its portfolio, in a period counted from 0."""
        trend = self.document["frontier"][name]
        first = median(trend["flop" if name == "compute" else "count"])
        return first * median(trend.get("growth_per_year", 1)) ** (k * QUARTER)

    @property
    def served(self) -> float:
        return median(self.document["frontier"].get("inference_tokens", 0))

    @cached_property
    def chance(self) -> dict[str, float]:
        """The chance that an initiative and everything that it requires succeed."""

        def needed(id: str) -> set[str]:
            direct = set(self.initiatives[id].get("requires", []))
            return direct.union(*(needed(other) for other in direct))

        def own(id: str) -> float:
            return median(self.initiatives[id].get("success", 1))

        return {id: own(id) * math.prod(own(other) for other in needed(id)) for id in self.initiatives}

    @cached_property
    def by_law(self) -> dict[tuple[str, str], tuple[float, str]]:
        """The sizes of effects that name a law, with their tags."""
        read = load(self.name)
        return {
            (each.id, lever.value): (each.effects[lever].central, law.tag)
            for each in read.initiatives
            for lever, law in each.laws.items()
        }

    def size(self, id: str, lever: str) -> float:
        """The median of an effect at full funding: ln of a factor, or tokens."""
        initiative = self.initiatives[id]
        found = self.by_law[id, lever][0] if (id, lever) in self.by_law else median(initiative["effects"][lever])
        return found * float(initiative.get("quality", 1)) if lever == "unique_tokens" else math.log(found)

    def moved(self, gambit: str, k: int) -> dict[str, float]:
        """What a plan does to each lever in a period: ln of factors, and tokens."""
        total = dict.fromkeys((*MULTIPLIERS, *OUTSIDE, *MARKET, "unique_tokens"), 0.0)
        overlaps = self.document.get("overlaps", [])
        shared = {(id, each["lever"]): 0.0 for each in overlaps for id in each["among"]}
        progress = dict.fromkeys(self.initiatives, 0.0)
        for id, initiative in self.initiatives.items():
            seen = min(k - int(initiative.get("lag", 0)), self.count - 1)
            if seen < 0:
                continue
            money = self.plans[gambit]["initiatives"][id]["spend"]
            funded = min(1.0, sum(money[: seen + 1]) / median(initiative["cost"]))
            progress[id] = funded ** float(initiative.get("response", 1))
            for lever in initiative.get("effects", {}):
                effect = self.size(id, lever) * self.chance[id]
                effect *= progress[id] if effect > 0 else funded
                if (id, lever) in shared and effect > 0:
                    shared[id, lever] = effect
                else:
                    total[lever] += effect
        for each in overlaps:
            members = sum(shared[id, each["lever"]] for id in each["among"])
            total[each["lever"]] += min(members, math.log(median(each["cap"])))
        for each in self.document.get("synergies", []):
            first, second = each["between"]
            for lever, estimate in each["effects"].items():
                both = min(progress[first], progress[second]) * self.chance[first] * self.chance[second]
                total[lever] += math.log(median(estimate)) * both
        return total

    def reached(self, gambit: str, k: int) -> tuple[float, float]:
        """Effective compute without and with a gambit's plan, in a period counted from 0."""
        if (gambit, k) not in self._reached:
            flop, unique, by = self.start("compute", k), self.start("unique_tokens", k), self.moved(gambit, k)
            names = ("compute", "parameter_efficiency", "data_efficiency", "inference_cost")
            levers = Levers(*(math.exp(by[lever]) for lever in names))
            without = effective_compute(least_loss(flop, unique, self.served), math.log10(flop))
            loss_after = least_loss(flop, unique + by["unique_tokens"], self.served, levers)
            after = effective_compute(loss_after, math.log10(flop))
            self._reached[gambit, k] = without, after + sum(by[lever] for lever in OUTSIDE) / math.log(10)
        return self._reached[gambit, k]

    def worth(self, gambit: str) -> float:
        """What a plan is worth: gains of effective compute and of token GDP, over time."""
        objective, market = self.document.get("objective", {}), self.document.get("market")
        found = []
        for k in range(self.count + self.held):
            before, after = self.reached(gambit, k)
            worth = float(objective.get("effective_compute", 1)) * (after - before)
            if market:
                by = self.moved(gambit, k)
                served = by["demand"] + by["token_value"] + float(market["elasticity"]) * by["inference_cost"]
                tokens = served / math.log(10) + float(market["value_per_oom"]) * (after - before)
                worth += float(objective.get("token_gdp", 0)) * tokens
            found.append(worth)
        return float(np.mean(found))

    def row(self, section: str, first: str) -> list[str]:
        """The cells of the row of a table that begins with some words, without these."""
        (found,) = (row for table in self.tables(self.sections[section]) for row in table if row[0] == first)
        return found[1:]


@pytest.fixture(scope="module", params=["minimal", "frontier-lab", "challenger-startup"])
def lab(
    request: pytest.FixtureRequest,
    memo_of: Callable[..., str],
    plan_of: Callable[..., dict[str, Any]],
    sections: Callable[[str], dict[str, str]],
    tables: Callable[[str], list[Table]],
) -> Lab:
    folder = portfolio_folder(request.param)
    assert folder is not None
    document = yaml.load((folder / "portfolio.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    plans = {gambit: plan_of(request.param, gambit) for gambit in ("incumbent", "challenger")}
    memo = memo_of(request.param, "incumbent")
    return Lab(request.param, document, plans, memo, sections(memo), tables)


def amount(cell: str) -> float:
    cell = cell.strip("*")
    return 0.0 if cell == "–" else float(cell.replace(",", ""))


def test_the_budget_is_what_the_board_approved(lab: Lab) -> None:
    budget = lab.document["budget"]
    released = lab.count * float(budget["per_period"])
    money = min(float(budget.get("total", released)), released)

    assert re.search(rf"(How should|At stake:) {money:.1f} USD million from", lab.memo)


def test_money_adds_up_over_rows_and_columns(lab: Lab) -> None:
    (table,) = lab.tables(lab.sections["Money by initiative and period"])
    numbers = [[amount(cell) for cell in row[2:-1]] for row in table[2:]]
    *rows, last = numbers

    for row in rows:
        assert sum(row[:-1]) == pytest.approx(row[-1], abs=0.05 * len(row))
    for column in range(lab.count + 1):
        assert sum(row[column] for row in rows) == pytest.approx(last[column], abs=0.05 * len(rows))
    told = re.search(r"initiatives with ([0-9.,]+) USD million", lab.memo)
    assert told is not None
    assert amount(told[1]) == last[-1]


def test_what_is_committed_now_is_the_first_quarter_of_the_rows(lab: Lab) -> None:
    (table,) = lab.tables(lab.sections["Money by initiative and period"])
    first = [amount(row[2]) for row in table[2:-1]]
    later = [sum(map(amount, row[3:-2])) for row in table[2:-1]]
    told = re.search(r"\*\*([0-9.,]+) USD million to (\d+) initiatives, which cannot", lab.memo)
    meant = re.search(r"The other ([0-9.,]+) USD million are an intention", lab.memo)

    assert told is not None
    assert meant is not None
    assert amount(told[1]) == pytest.approx(sum(first), abs=0.05 * len(first))
    assert int(told[2]) == sum(money > 0 for money in first)
    assert amount(meant[1]) == pytest.approx(sum(later), abs=0.05 * lab.count * len(later))


def test_shares_are_those_of_the_rows(lab: Lab) -> None:
    totals: dict[str, float] = {}
    for id, each in lab.plans["incumbent"]["initiatives"].items():
        path = lab.initiatives[id]["path"]
        totals[path] = totals.get(path, 0) + sum(each["spend"])

    assert totals["architect"] / (totals["architect"] + totals["alchemist"]) == pytest.approx(0.7, abs=1e-6)
    for path in ("architect", "alchemist"):
        assert f"{totals[path] / sum(totals.values()):.0%} {path}" in lab.memo


def test_funded_is_money_by_median_cost(lab: Lab) -> None:
    (table,) = lab.tables(lab.sections["Money by initiative and period"])
    cost = {" ".join(each["title"].split()): median(each["cost"]) for each in lab.initiatives.values()}

    for title, *_, total, funded in table[2:-1]:
        assert float(funded.strip("%")) / 100 == pytest.approx(
            amount(total) / cost[title], abs=0.0051 + 0.05 / cost[title]
        )


def test_effective_compute_without_and_with_the_plan_is_that_of_the_published_loss(lab: Lab) -> None:
    for gambit, plan in lab.plans.items():
        for k in sorted({0, lab.count // 2, lab.count - 1}):
            before, after = lab.reached(gambit, k)
            assert before == pytest.approx(plan["baseline"][k], abs=1e-6)
            assert after - before == pytest.approx(plan["gain"][k], abs=1e-6)


def test_the_memo_shows_those_gains(lab: Lab) -> None:
    section = "What it gains, and from where"
    baseline, gain, multiple = (
        lab.row(section, first)
        for first in (
            "doing nothing new (powers of ten, FLOP)",
            "gain of the plan (OOM)",
            "as if compute were multiplied by",
        )
    )
    for k in sorted({0, lab.count // 2, lab.count - 1}):
        before, after = lab.reached("incumbent", k)
        assert float(baseline[k]) == pytest.approx(before, abs=0.00501)
        assert float(gain[k]) == pytest.approx(after - before, abs=0.000501)
        assert amount(multiple[k].strip("×")) == pytest.approx(10 ** (after - before), abs=0.00501)


def test_the_worth_is_the_mean_over_the_horizon_and_what_is_held_after_it(lab: Lab) -> None:
    told = re.search(r"with every estimate at its median, it is worth ([0-9.]+) OOM", lab.memo)

    assert told is not None
    assert float(told[1]) == pytest.approx(lab.worth("incumbent"), abs=0.00051)


def test_what_the_challenger_is_worth_is_what_it_is_worth(lab: Lab) -> None:
    told = re.search(r"([0-9.]+) averaged over the horizon", lab.memo)

    assert told is not None
    assert float(told[1]) == pytest.approx(lab.worth("challenger"), abs=0.00051)


def test_the_flagship_and_its_distance_from_the_evidence_are_those_of_its_growth(lab: Lab) -> None:
    first, last = lab.start("compute", 0), lab.start("compute", lab.count - 1)

    assert f"taken as {first:.1e} FLOP in".replace("e+", "e") in lab.memo
    assert f"and {last:.1e} FLOP in".replace("e+", "e") in lab.memo
    assert f"lies {math.log10(last / LARGEST_RUN):.1f} OOM beyond it" in lab.memo
    assert f"on {lab.start('unique_tokens', 0):.3g} unique tokens at".replace("e+", "e") in lab.memo


def test_the_stock_of_tokens_is_what_grows_and_what_the_plan_adds(lab: Lab) -> None:
    for k in (0, lab.count - 1):
        stock = lab.start("unique_tokens", k)
        year, quarter = divmod(k, 4)
        cells = lab.row("The data wall", f"{2027 + year}Q{quarter + 1}")
        assert float(cells[1]) == pytest.approx(stock, rel=0.005)
        assert float(cells[2]) == pytest.approx(stock + lab.moved("incumbent", k)["unique_tokens"], rel=0.005)


def test_what_the_value_rests_on_is_what_the_tags_of_its_effects_say(lab: Lab) -> None:
    kinds = {
        "judgement alone": 0.0,
        "our judgement of what published results are worth here": 0.0,
        "figures of the author's, from the sources named": 0.0,
        "figures as published": 0.0,
    }
    words = list(kinds)
    for id, each in lab.plans["incumbent"]["initiatives"].items():
        initiative = lab.initiatives[id]
        tags = [lab.by_law[id, lever][1] for lever in initiative.get("effects", {}) if (id, lever) in lab.by_law]
        if initiative["source"].strip().lower().startswith("judgement"):
            kind = words[0]
        elif "judged" in tags:
            kind = words[1]
        elif len(tags) < len(initiative.get("effects", {})):
            kind = words[2]
        else:
            kind = words[3]
        kinds[kind] += max(0.0, each["contribution"])
    whole = sum(kinds.values())
    (belief,) = (line for line in lab.sections["What could go wrong"].splitlines() if "**Belief.**" in line)

    for kind, part in kinds.items():
        told = re.search(rf"(under 1|\d+)%(?: of the value rests)? on {re.escape(kind)}", belief)
        assert (told is None) == (part == 0), kind
        if told is not None and told[1] != "under 1":
            assert float(told[1]) / 100 == pytest.approx(part / whole, abs=0.0051)
        elif told is not None:
            assert part / whole < 0.0051


def test_no_factor_of_bought_compute_gains_as_much_or_the_memo_names_it(lab: Lab) -> None:
    k = lab.count - 1
    flop, unique = lab.start("compute", k), lab.start("unique_tokens", k)
    _, wanted = lab.reached("incumbent", k)

    def bought(ln_factor: float) -> float:
        found = least_loss(flop * math.exp(ln_factor), unique, lab.served)
        return effective_compute(found, math.log10(flop)) - wanted

    if bought(math.log(1e6)) < 0:
        assert "No amount of bought compute gains as much" in lab.memo
    else:
        told = re.search(r"would have to buy ([0-9.,]+)× its compute", lab.memo)
        assert told is not None
        factor = math.exp(brentq(bought, 0, math.log(1e6)))
        assert amount(told[1]) == pytest.approx(factor, rel=0.01)
