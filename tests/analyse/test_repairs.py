"""Repairs: each was tried, none is larger than it has to be, and all are told in the user's words."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from gambits.allocate.conflicts import contradiction, holds
from gambits.analyse.repairs import find_changes_that_mend, find_repairs
from gambits.analyse.study import Settings, Study
from gambits.cli import main
from gambits.errors import InfeasibleError
from gambits.portfolio.gambit import Gambit, Share, load_gambit
from gambits.portfolio.model import Portfolio

CERTAIN = Settings(certain=True)
HEAD: dict[str, Any] = {
    "format": "gambits/1",
    "name": "Too much",
    "as_of": "2027-01-01",
    "periods": {"first": "2027Q1", "count": 2},
    "money": "USD million",
    "resources": {"people": {"unit": "FTE-quarters", "capacity": 40}},
}


def lab(seed: int) -> str:
    """Make a portfolio whose rules collide in one way or another, or in several."""
    rng = random.Random(seed)
    initiatives = {
        f"line-{n}": {
            "path": "architect" if n % 2 else "alchemist",
            "source": "made up",
            "cost": rng.randint(10, 30),
            "value": rng.randint(1, 9),
            "takes": rng.randint(1, 3),
            "uses": {"people": rng.randint(5, 40)},
        }
        for n in range(3)
    }
    for n in rng.sample(range(3), rng.randint(1, 3)):
        initiatives[f"line-{n}"]["must"] = True
    if rng.random() < 0.5:
        initiatives["line-1"]["requires"] = ["line-0"]
    if rng.random() < 0.3:
        initiatives["line-2"]["start"] = "2027Q2"
    if rng.random() < 0.3:
        initiatives["line-0"]["whole"] = True
    file = HEAD | {"budget": {"per_period": rng.randint(1, 15)}, "initiatives": initiatives}
    if rng.random() < 0.3:
        file["counts"] = {"min": 3}
    return yaml.safe_dump(file, sort_keys=False)


HALVES = Gambit(name="halves", shares={"architect": Share(0.5, 0.5), "alchemist": Share(0.5, 0.5)})


def test_fifty_contradictions_are_minimal_and_every_repair_leaves_a_plan(read: Callable[[str], Portfolio]) -> None:
    seen = 0
    for seed in range(200):
        portfolio, gambit = read(lab(seed)), HALVES if seed % 2 else Gambit(name="free")
        error = contradiction(portfolio, gambit)
        if error is None:
            continue
        seen += 1
        found = find_changes_that_mend(portfolio, gambit, error)
        assert found, f"portfolio {seed} has a repair"
        for changes in found:
            rules = portfolio, gambit
            for change in changes:
                rules = change.apply(rules)
            assert holds(*rules), (seed, [change.words for change in changes])
            assert all(change.words and change.size > 0 for change in changes)
        if seen == 50:
            break
    assert seen == 50


TIGHT = """\
format: gambits/1
name: Tight
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: [10, 10]}
initiatives:
  big: {path: architect, source: x, cost: 26.5, value: 2, must: true}
  small: {path: alchemist, source: x, cost: 5, value: 1}
"""


def repairs(portfolio: Portfolio, gambit: Gambit) -> list[Any]:
    study = Study(portfolio, CERTAIN)
    error = contradiction(portfolio, gambit)
    assert error is not None
    return list(find_repairs(study, gambit, error))


def test_a_budget_is_raised_by_just_what_is_missing(read: Callable[[str], Portfolio]) -> None:
    found = repairs(read(TIGHT), Gambit(name="free"))

    words = {each.words: each for each in found}
    raised = words["raise money released in 2027Q2 from 10 to 16.5"]
    assert raised.cost == pytest.approx(6.5)
    assert "drop `must` of big" in words
    assert found[0].size == min(each.size for each in found)


def test_a_repair_says_what_the_best_plan_is_then_worth(read: Callable[[str], Portfolio]) -> None:
    text = TIGHT.replace("periods: {", "objective: {value: 1, weights: final}\nperiods: {")
    (dropped,) = [each for each in repairs(read(text), Gambit(name="free")) if each.words == "drop `must` of big"]

    # 20 of money: all of the small one (1 point for 5), the rest to the big one (2 points for 26.5).
    assert dropped.value_after == pytest.approx(1 + 15 / 26.5 * 2, abs=1e-5)


def test_shares_are_moved_to_the_nearest_that_can_be_met(read: Callable[[str], Portfolio]) -> None:
    text = TIGHT.replace("[10, 10]", "[20, 20]").replace("value: 1}", "value: 1, must: true}")
    gambit = Gambit(name="halves", shares={"architect": Share(0.5, 0.5), "alchemist": Share(0.5, 0.5)})

    words = [each.words for each in repairs(read(text), gambit)]

    # 26.5 to the one path and 5 to the other, no more and no less: 84.13 %, and no rounder share will do.
    (told,) = [each for each in words if "shares" in each]
    (stray,) = re.findall(r"let the shares stray by ([\d.]+)%", told)
    assert float(stray) == pytest.approx(100 * 26.5 / 31.5 - 50, abs=0.02)


def test_shares_that_leave_room_are_told_as_shares(read: Callable[[str], Portfolio]) -> None:
    text = TIGHT.replace("[10, 10]", "[20, 20]")
    gambit = Gambit(name="halves", shares={"architect": Share(0.5, 0.5), "alchemist": Share(0.5, 0.5)})

    words = [each.words for each in repairs(read(text), gambit)]

    # 26.5 to the one path and at most 5 to the other.
    (told,) = [each for each in words if each.startswith("accept shares")]
    (architect,) = re.findall(r"architect ([\d.]+)%", told)
    assert float(architect) == pytest.approx(100 * 26.5 / 31.5, abs=0.02)


def test_two_contradictions_at_once_are_mended_together(read: Callable[[str], Portfolio]) -> None:
    text = TIGHT.replace("cost: 5,", "cost: 500, must: true,")
    found = repairs(read(text), Gambit(name="free"))

    assert found
    assert any(each.words.count(", and ") for each in found) or any("raise" in each.words for each in found)


def test_a_floor_that_is_too_high_is_lowered_to_what_can_be_had(read: Callable[[str], Portfolio]) -> None:
    from gambits import pipeline

    text = TIGHT.replace("must: true", "success: 0.5").replace("periods: {", "objective: {value: 1}\nperiods: {")
    gambit = Gambit(name="safe", cvar_floor=9.0, aversion=0.5)

    with pytest.raises(InfeasibleError) as caught:
        pipeline.solve(read(text), gambit, Settings(draws=50, batches=0))

    (repair,) = caught.value.repairs
    assert repair.words.startswith("lower the floor under the tail from 9 to ")
    assert repair.value_after is not None


def test_the_command_tells_repairs_and_gives_them_in_json(tmp_path: Path) -> None:
    file = tmp_path / "tight.yaml"
    file.write_text(TIGHT, encoding="utf-8")
    free = tmp_path / "free.yaml"
    free.write_text("name: free\n", encoding="utf-8")
    command = ["solve", str(file), "--gambit", str(free), "--certain"]

    told = CliRunner().invoke(main, command)
    given = CliRunner().invoke(main, [*command, "--json"])

    assert (told.exit_code, given.exit_code) == (4, 4)
    assert "raise money released in 2027Q2 from 10 to 16.5" in told.stderr
    found = json.loads(given.stdout)["repairs"]
    assert {"change", "cost", "value_after"} <= set(found[0])


def test_a_built_in_gambit_that_cannot_be_met_is_mended_too(read: Callable[[str], Portfolio]) -> None:
    portfolio = read(TIGHT.replace("cost: 26.5", "cost: 5.5"))

    found = repairs(portfolio, load_gambit("incumbent"))

    assert "raise the most for one initiative from 25% to 27.5%" in [each.words for each in found]
