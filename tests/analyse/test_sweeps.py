"""Searches side by side: the same answers here and in other processes, and nothing lost on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

import cloudpickle
import pytest

import gambits
from gambits.allocate.cuts import Ending
from gambits.analyse import sweeps
from gambits.analyse.study import Settings, Study
from gambits.analyse.sweeps import side_by_side
from gambits.errors import BrokenRule, GambitsError, InfeasibleError, Where
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.model import Portfolio

# Other processes do not find the tests: what a task takes from here goes with it.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

ITEMS = list(range(40))
FEW = Settings(draws=12, seed=3, batches=0)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand everything over at once, to two processes whatever the machine."""
    monkeypatch.setattr(sweeps, "HERE", 0.0)
    monkeypatch.setattr("loky.cpu_count", lambda: 2)


def where(number: int) -> tuple[int, int]:
    # Long enough that the thread here has not begun all of them.
    total = sum(k * k for k in range(200_000))
    return number, os.getpid() if total else 0


@pytest.mark.usefixtures("elsewhere")
def test_answers_of_other_processes_come_in_the_order_of_the_items() -> None:
    found = side_by_side(where, ITEMS, loose=[])

    assert [number for number, _ in found] == ITEMS
    assert {pid for _, pid in found} - {os.getpid()}, "nothing was handed over"


@pytest.mark.usefixtures("elsewhere")
def test_a_task_that_must_stay_stays() -> None:
    assert {pid for _, pid in side_by_side(where, ITEMS)} == {os.getpid()}


@pytest.mark.usefixtures("elsewhere")
def test_where_memory_holds_one_process_alone_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "_memory", lambda: 2**29)

    assert {pid for _, pid in side_by_side(where, ITEMS, loose=[])} == {os.getpid()}


@pytest.mark.usefixtures("elsewhere")
def test_where_no_process_can_be_started_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("loky.get_reusable_executor", refuse)

    assert {pid for _, pid in side_by_side(where, ITEMS, loose=[])} == {os.getpid()}


@pytest.mark.usefixtures("elsewhere")
def test_progress_is_told_up_to_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[str, int, int]] = []
    side_by_side(where, ITEMS, lambda *what: told.append(what), "numbers", [])

    done = [done for _, done, _ in told]
    assert done == sorted(set(done))
    assert told[-1] == ("numbers", len(ITEMS), len(ITEMS))
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("elsewhere")
def test_what_is_not_certified_elsewhere_is_noted_here(futures: Portfolio) -> None:
    study, gambit = Study(futures, FEW), load_gambit("challenger")
    plan = study.best(gambit)
    unsure = replace(plan, ending=Ending.GAP)

    def loose(number: int) -> int:
        where(number)
        study.noted(unsure if number % 4 == 0 else plan)
        return number

    assert study.each(loose, ITEMS, "numbers") == ITEMS
    assert study.uncertified == len(ITEMS) / 4


@pytest.mark.usefixtures("elsewhere")
def test_an_error_comes_back_whole_and_the_next_sweep_works() -> None:
    rule = BrokenRule("spend at most 3", Where("lab.yaml", 7))

    def fail(number: int) -> None:
        where(number)
        if number == ITEMS[-1]:
            raise InfeasibleError("the rules cannot hold together", (rule,), "raise the budget")

    with pytest.raises(InfeasibleError, match="cannot hold together") as caught:
        side_by_side(fail, ITEMS, loose=[])

    assert caught.value.conflict == (rule,)
    assert caught.value.hint == "raise the budget"
    assert [number for number, _ in side_by_side(where, ITEMS, loose=[])] == ITEMS


@pytest.mark.usefixtures("elsewhere")
def test_a_process_that_is_killed_is_said_so() -> None:
    here = os.getpid()

    def die(number: int) -> None:
        where(number)
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(GambitsError, match="ended from outside") as caught:
        side_by_side(die, ITEMS, loose=[])

    assert "fewer draws" in caught.value.hint


QUESTIONS: dict[str, Callable[[Portfolio], dict[str, object]]] = {
    "sensitivity": lambda lab: gambits.sensitivity(lab, "challenger", FEW, ["play"]).to_dict(),
    "voi": lambda lab: gambits.voi(lab, "challenger", FEW).to_dict(),
    "frontier": lambda lab: gambits.frontier(lab, "challenger", settings=FEW, points=9).to_dict(),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_where_searches_run_changes_no_digit(question: str, futures: Portfolio, request: pytest.FixtureRequest) -> None:
    here = QUESTIONS[question](futures)
    request.getfixturevalue("elsewhere")

    assert QUESTIONS[question](futures) == here
