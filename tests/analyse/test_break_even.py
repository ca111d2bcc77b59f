"""Which belief decides: lines of two plans, and where they cross."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from gambits import Settings
from gambits.allocate.cuts import GAP
from gambits.analyse import given
from gambits.analyse.break_even import MEAN, Line, break_even, with_success
from gambits.analyse.study import Study
from gambits.analyse.views import views_of
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.model import Portfolio

GAMBITS = tuple(load_gambit(name) for name in ("incumbent", "challenger"))


@pytest.fixture(scope="module")
def lines(study: Study) -> dict[str, Line]:
    held = {each.name: given.found(study.best(each)) for each in GAMBITS}
    return {line.belief: line for line in break_even(study, GAMBITS, views_of(study, GAMBITS)[:2], held)}


def means(of: Study, study: Study) -> list[float]:
    """Value the two plans, found in one study, in another."""
    found = []
    for gambit in GAMBITS:
        seen = of.forecast(gambit)
        counted = given.found(study.best(gambit)).counted(of.portfolio, seen)
        found.append(seen.evaluate(*counted).expected)
    return found


def test_there_is_a_line_for_every_scenario_and_every_path_of_the_shares(lines: dict[str, Line]) -> None:
    assert set(lines) == {
        "scenarios.as planned.probability",
        "scenarios.play works.probability",
        "paths.alchemist.success",
        "paths.architect.success",
    }


def test_at_what_the_portfolio_says_a_line_has_the_values_of_the_plans(lines: dict[str, Line], study: Study) -> None:
    expected = [study.best(each).values.expected for each in GAMBITS]
    for line in lines.values():
        found = [np.interp(line.now, line.at, row) for row in line.values[MEAN].values()]
        assert found == pytest.approx(expected, abs=1e-9)


def test_where_the_means_cross_the_plans_are_worth_the_same_and_a_step_to_each_side_the_leaders_differ(
    lines: dict[str, Line], study: Study
) -> None:
    line = lines["scenarios.play works.probability"]
    crossing = line.nearest
    assert crossing is not None
    first, second = means(study.believing({"play works": crossing.at}), study)
    assert first == pytest.approx(second, abs=1e-8)
    below = means(study.believing({"play works": crossing.at - 0.03}), study)
    above = means(study.believing({"play works": crossing.at + 0.03}), study)
    assert (below[0] - below[1]) * (above[0] - above[1]) < 0
    leader = line.values[MEAN].keys()
    assert crossing.above == list(leader)[int(np.argmax(above))]


def test_plans_made_anew_at_a_crossing_are_worth_at_least_the_old_ones_as_their_gambit_weighs(
    lines: dict[str, Line], study: Study
) -> None:
    line = lines["scenarios.play works.probability"]
    assert line.nearest is not None
    there = study.believing({"play works": line.nearest.at})
    for gambit in GAMBITS:
        seen = there.forecast(gambit)
        old = seen.evaluate(*given.found(study.best(gambit)).counted(there.portfolio, seen))
        new = there.under(gambit)
        assert new.objective >= (1 - gambit.aversion) * old.expected + gambit.aversion * old.tail - GAP
        assert line.reoptimised[gambit.name] == pytest.approx(new.values.expected, abs=1e-3)


def test_more_success_on_a_path_makes_no_plan_worth_less(lines: dict[str, Line]) -> None:
    for path in ("alchemist", "architect"):
        for row in lines[f"paths.{path}.success"].values[MEAN].values():
            assert all(later >= earlier - 1e-12 for earlier, later in pairwise(row))


def test_moved_odds_are_those_of_an_edited_file(
    futures: Portfolio, futures_text: str, read: Callable[[str], Portfolio], few_draws: Settings
) -> None:
    """Odds of 4 turn 0.1 into 4/13, 0.8 into 16/17 and 0.9 into 36/37."""
    edited = futures_text.replace("cost: 20, success: 0.1", f"cost: 20, success: {4 / 13}")
    edited = edited.replace("cost: 10, success: 0.8", f"cost: 10, success: {16 / 17}")
    edited = edited.replace("cost: 9, success: 0.9", f"cost: 9, success: {36 / 37}")
    edited = edited.replace("play.success: 0.9", f"play.success: {36 / 37}")
    gambit = load_gambit("challenger")

    ours = Study(with_success(futures, "alchemist", 4.0), few_draws).forecast(gambit).draws
    theirs = Study(read(edited), few_draws).forecast(gambit).draws

    order = [theirs.ids.index(id) for id in ours.ids]
    assert (ours.helps == theirs.helps[:, :, order]).all()


def test_one_future_has_no_lines_of_scenarios(
    futures_text: str, read: Callable[[str], Portfolio], few_draws: Settings
) -> None:
    cut = futures_text[: futures_text.index("scenarios:")] + futures_text[futures_text.index("initiatives:") :]
    study = Study(read(cut), few_draws)
    held = {each.name: given.found(study.best(each)) for each in GAMBITS}

    found = break_even(study, GAMBITS, views_of(study, GAMBITS), held)

    assert {line.belief for line in found} == {"paths.alchemist.success", "paths.architect.success"}


def test_the_central_future_has_lines_of_paths_alone(futures: Portfolio) -> None:
    study = Study(futures, Settings(certain=True))
    held = {each.name: given.found(study.best(each)) for each in GAMBITS}

    found = break_even(study, GAMBITS, views_of(study, GAMBITS), held)

    assert {line.belief for line in found} == {"paths.alchemist.success", "paths.architect.success"}
