"""Draws on the command line: what a plan says of itself, faults in estimates and scenarios, progress, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from gambits.cli import progress

COMMAND = Path(sys.executable).with_name("gambits")
QUICK = ("--draws", "60", "--batches", "2")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def json_of(run: Callable[..., Result]) -> Callable[..., dict[str, Any]]:
    """Give a function that solves and reads the JSON."""

    def json_of(*arguments: str | Path) -> dict[str, Any]:
        result = run("solve", *arguments, "--json")
        assert result.exit_code == 0
        return json.loads(result.stdout)  # type: ignore[no-any-return]

    return json_of


# What a plan says of itself.


def test_a_plan_says_what_to_hold_against_it(lab: Path, json_of: Callable[..., dict[str, Any]]) -> None:
    plan = json_of(lab, *QUICK)

    assert set(plan["out_of_sample"]) == {"objective", "expected", "cvar", "standard_error"}
    assert all(isinstance(each, float) for each in plan["out_of_sample"].values())
    assert set(plan["missing_money"]) == {"chance", "expected", "p90"}
    (scenario,) = plan["scenarios"].values()
    assert set(scenario) == {"probability", "expected", "cvar"}
    assert set(plan["stability"]) == set(plan["initiatives"])
    for each in plan["stability"].values():
        assert set(each) == {"funded", "low", "high"}
        assert each["funded"] in (0, 0.5, 1)
    assert plan["cvar"] < plan["expected"]
    assert plan["objective"] == pytest.approx((plan["cvar"] + plan["expected"]) / 2, abs=1e-9)
    assert (plan["draws"], plan["seed"]) == (60, 2027)


def test_scenarios_are_in_the_plan_by_name(lab: Path, json_of: Callable[..., dict[str, Any]]) -> None:
    lines = "  - {name: bright, probability: 0.75}\n  - {name: dear, probability: 0.25, change: {CHANGE}}\n"
    change = "initiatives.hybrid.cost: 40 to 60"
    lab.write_text(lab.read_text() + "scenarios:\n" + lines.replace("CHANGE", change), encoding="utf-8")
    plan = json_of(lab, *QUICK)
    found = plan["scenarios"]

    assert {name: each["probability"] for name, each in found.items()} == {"bright": 0.75, "dear": 0.25}
    assert found["dear"]["expected"] < found["bright"]["expected"]
    assert sum(each["probability"] * each["expected"] for each in found.values()) == pytest.approx(
        plan["expected"], abs=1e-11
    )


def test_a_certain_plan_has_nothing_to_say_of_draws(lab: Path, json_of: Callable[..., dict[str, Any]]) -> None:
    plan = json_of(lab, "--certain")

    assert [plan[key] for key in ("out_of_sample", "scenarios", "stability", "missing_money")] == [None] * 4
    assert (plan["seed"], plan["draws"]) == (None, 1)
    assert plan["cvar"] == plan["expected"] == plan["objective"]


def test_without_batches_stability_is_empty(lab: Path, json_of: Callable[..., dict[str, Any]]) -> None:
    assert json_of(lab, "--draws", "60", "--batches", "0")["stability"] == {}


def test_draws_are_the_default_and_a_thousand(run: Callable[..., Result]) -> None:
    usage = " ".join(run("solve", "--help").stdout.split())

    assert re.search(r"--draws INTEGER RANGE [^[]+\[default: 1000; x>=2\]", usage)
    assert re.search(r"--seed INTEGER [^[]+\[default: 2027\]", usage)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(lab: Path, run: Callable[..., Result]) -> None:
    first, again = (run("solve", lab, *QUICK, "--json").stdout for _ in range(2))
    seed, draws = (
        json.loads(run("solve", lab, *QUICK, *more, "--json").stdout) for more in (("--seed", "1"), ("--draws", "61"))
    )
    plan = json.loads(first)

    assert first == again
    for other in (seed, draws):
        assert other["objective"] != plan["objective"]
        assert other["out_of_sample"] != plan["out_of_sample"]
        assert other["input_sha256"] != plan["input_sha256"]
        assert other["objective"] == pytest.approx(plan["objective"], rel=0.5)


@pytest.mark.parametrize("seed", ["0", "-1", "123456789012345678901234567890"])
def test_any_whole_number_is_a_seed(seed: str, lab: Path, json_of: Callable[..., dict[str, Any]]) -> None:
    assert json_of(lab, *QUICK, "--seed", seed)["seed"] == int(seed)


def test_two_draws_are_enough(lab: Path, json_of: Callable[..., dict[str, Any]]) -> None:
    assert json_of(lab, "--draws", "2", "--batches", "0")["draws"] == 2


@pytest.mark.parametrize(
    "options",
    [
        ("--draws", "1"),
        ("--draws", "0"),
        ("--draws", "many"),
        ("--seed", "x"),
        ("--batches", "-1"),
        ("--batches", "101"),
    ],
)
def test_settings_that_make_no_sense_are_a_fault_of_usage(
    options: tuple[str, str], lab: Path, run: Callable[..., Result]
) -> None:
    result = run("solve", lab, *options)

    assert result.exit_code == 2
    assert f"Invalid value for '{options[0]}'" in result.stderr
    assert result.stdout == ""


# Faults, each with its own words.

FAULTS = {
    "percentiles that fall": (
        "cost: 16 to 25",
        "cost: {p10: 30, p50: 20, p90: 40}",
        "range-order",
        "`initiatives.hybrid.cost`: p10, p50, p90 do not rise",
        "write them in rising order",
    ),
    "a range that falls": (
        "cost: 16 to 25",
        "cost: 25 to 16",
        "range-order",
        "`initiatives.hybrid.cost`: the range 25 to 16 runs downwards",
        "write 16 to 25",
    ),
    "percentiles that no distribution has": (
        "cost: 16 to 25",
        "cost: {p10: 10, p50: 10.5, p90: 40}",
        "too-skewed",
        "`initiatives.hybrid.cost`: no distribution fits: p50 is too near p10",
        "write a p50 between 12.6 and 31.7",
    ),
    "an unknown lever": (
        "{data_efficiency: 1.2 to 2.0}",
        "{data_efficency: 1.2 to 2.0}",
        "unknown-key",
        "unknown key `initiatives.hybrid.effects.data_efficency`",
        "did you mean `data_efficiency`?",
    ),
    "a stock below nothing": (
        "unique_tokens: {count: 1e13}",
        "unique_tokens: {count: -1e13}",
        "out-of-range",
        "`frontier.unique_tokens.count`: -1e+13 is not above 0",
        "write a number above 0",
    ),
    "tokens taken away": (
        "{post_training: 1.4}",
        "{unique_tokens: -1e12 to 1e12}",
        "out-of-range",
        "`initiatives.play.effects.unique_tokens`: -1e+12 is not above 0",
        "write a number above 0",
    ),
    "a chance above one": (
        "success: 0.6",
        "success: 0.6 to 1.2",
        "out-of-range",
        "`initiatives.hybrid.success`: 1.2 is not a probability",
        "write numbers between 0 and 1",
    ),
    "luck shared more than wholly": (
        "initiatives:\n",
        "correlation: {path: 0.7, scenario: 0.4}\ninitiatives:\n",
        "out-of-range",
        "`correlation` shares 1.1 of luck, more than all of it",
        "make path and scenario add up to 1 at most",
    ),
    "probabilities that do not add up": (
        "initiatives:\n",
        "scenarios:\n  - {name: a, probability: 0.5}\n  - {name: b, probability: 0.4}\ninitiatives:\n",
        "scenarios",
        "the probabilities of the scenarios add up to 0.9, not 1",
        "make them add up to 1",
    ),
    "a future without a probability": (
        "initiatives:\n",
        "scenarios:\n  - {name: a, probability: 1}\n  - {name: b, probability: 0}\ninitiatives:\n",
        "out-of-range",
        "0 is not a number above 0 and at most 1",
        "write a number above 0 and at most 1",
    ),
    "two futures of one name": (
        "initiatives:\n",
        "scenarios:\n  - {name: a, probability: 0.5}\n  - {name: a, probability: 0.5}\ninitiatives:\n",
        "scenarios",
        "two scenarios are called `a`",
        "rename one of them",
    ),
    "a future in which something else is": (
        "initiatives:\n",
        "scenarios:\n  - {name: a, probability: 1, change: {frontier.compute.flips: 1e27}}\ninitiatives:\n",
        "unknown-change",
        "`frontier.compute.flips` is no estimate that can change",
        "did you mean `frontier.compute.flop`?",
    ),
}


@pytest.mark.parametrize(("old", "new", "code", "message", "fix"), FAULTS.values(), ids=FAULTS)
def test_each_fault_has_its_own_message_and_mend(
    old: str, new: str, code: str, message: str, fix: str, lab: Path, run: Callable[..., Result]
) -> None:
    edit(lab, old, new)
    shown, plain = run("solve", lab, *QUICK, "--json"), run("check", lab)
    (problem,) = json.loads(shown.stdout)["problems"]

    assert (shown.exit_code, plain.exit_code) == (3, 3)
    assert problem["code"] == code
    assert message in problem["message"]
    assert fix in problem["fix"]
    assert problem["line"] > 0
    assert f"{lab}:{problem['line']}: " in plain.stderr


@pytest.mark.parametrize("written", ["20 to 20", "{p10: 20, p50: 20, p90: 20}"])
def test_an_estimate_of_zero_width_is_a_constant_and_warns(
    written: str, lab: Path, run: Callable[..., Result], json_of: Callable[..., dict[str, Any]]
) -> None:
    edit(lab, "cost: 16 to 25", "cost: 20")
    constant = json_of(lab, *QUICK)
    edit(lab, "    cost: 20\n    success: 0.6", f"    cost: {written}\n    success: 0.6")
    plan = json_of(lab, *QUICK)
    (warning,) = json.loads(run("check", lab, "--json").stdout)["warnings"]

    assert warning["code"] == "no-spread"
    assert "`initiatives.hybrid.cost`: the estimate has no spread" in warning["message"]
    assert any("has no spread" in text for text in plan["warnings"])
    assert plan["objective"] == pytest.approx(constant["objective"], abs=1e-9)
    assert plan["missing_money"] == {"chance": 0, "expected": 0, "p90": 0}


@pytest.mark.parametrize("chance", ["1e-6", "0.000001"])
def test_a_bet_of_one_in_a_million_gets_no_money_that_another_could_use(
    chance: str, lab: Path, json_of: Callable[..., dict[str, Any]], write: Callable[[str, str], Path]
) -> None:
    edit(lab, "success: 0.6", f"success: {chance}")
    plan = json_of(lab, *QUICK, "--gambit", write("free.yaml", "name: free\n"))

    assert plan["status"] == "optimal"
    assert plan["initiatives"]["hybrid"]["contribution"] == pytest.approx(0, abs=1e-9)
    assert plan["initiatives"]["play"]["funded"] > 0.5


def test_a_future_of_one_in_a_million_counts_as_such(lab: Path, json_of: Callable[..., dict[str, Any]]) -> None:
    edit(
        lab,
        "initiatives:\n",
        "scenarios:\n"
        "  - {name: as planned, probability: 0.999999}\n"
        "  - {name: wonder, probability: 1e-6, change: {initiatives.play.effects.post_training: 1e9}}\n"
        "initiatives:\n",
    )
    plan = json_of(lab, *QUICK)

    assert plan["draws"] == 61
    assert plan["scenarios"]["wonder"]["probability"] == pytest.approx(1e-6)
    assert plan["scenarios"]["wonder"]["expected"] > 1
    assert plan["expected"] == pytest.approx(plan["scenarios"]["as planned"]["expected"], abs=1e-5)


def test_ten_million_draws_of_a_whole_lab_are_refused_before_anything_is_drawn(run: Callable[..., Result]) -> None:
    result = run("solve", "frontier-lab", "--draws", "10000000", "--json")
    (problem,) = json.loads(result.stdout)["problems"]

    assert result.exit_code == 3
    assert problem["code"] == "too-many-draws"
    assert "10,000,000 draws of 29 initiatives would take" in problem["message"]
    assert problem["fix"].startswith("use at most ")


# Limits on the tail.


def test_a_floor_that_no_plan_reaches_exits_4_and_names_the_highest(
    lab: Path, run: Callable[..., Result], write: Callable[[str, str], Path]
) -> None:
    mine = write("mine.yaml", "name: mine\ncvar_floor: 2\n")
    result = run("solve", lab, *QUICK, "--gambit", mine, "--json")
    found = json.loads(result.stdout)

    assert result.exit_code == 4
    assert found["status"] == "infeasible"
    assert found["conflict"] == [{"rule": "mine's floor of 2 OOM", "file": str(mine), "line": 2}]
    assert "no plan has a tail worth 2 OOM; the best tail is worth 0" in result.stderr
    assert "Next: lower `cvar_floor` to 0" in result.stderr


def test_a_reserve_is_in_the_plan(
    lab: Path, json_of: Callable[..., dict[str, Any]], write: Callable[[str, str], Path]
) -> None:
    mine = write("mine.yaml", "name: mine\nreserve: 0.4\n")

    assert json_of(lab, *QUICK, "--gambit", mine)["total_spend"] <= 0.6 * 40 + 1e-6


# Clusters.


@pytest.mark.parametrize("command", ["solve", "compare", "memo"])
def test_without_dask_a_cluster_is_a_clear_error(
    command: str, lab: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run(command, lab, "--cluster", "tcp://localhost:8786")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "Error: --cluster needs Dask, which is not installed\n"
        "Next: install it with the extra: pip install 'gambits[cluster]'\n"
    )


def test_a_cluster_that_is_not_there_is_a_clear_error(lab: Path, run: Callable[..., Result]) -> None:
    result = run("solve", lab, "--cluster", "elsewhere://host:1", "--json")
    found = json.loads(result.stdout)

    assert result.exit_code == 1
    assert found["status"] == "failed"
    assert "cannot reach the cluster at elsewhere://host:1: " in found["message"]
    assert "or leave --cluster out" in result.stderr


# Progress and Ctrl-C.


@contextmanager
def started(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start the installed command with standard error on a terminal; give it and our end of that terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    # A suite that a shell started in the background ignores Ctrl-C, and so would what it starts.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        [COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment,
        preexec_fn=heed,  # noqa: PLW1509  (no threads here, and it takes no lock)
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.communicate()
        os.close(ours)


def read_until(terminal: int, text: str | None) -> str:
    """Read a terminal until a text comes, or to the end."""
    shown = b""
    while text is None or text.encode() not in shown:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    return shown.decode(errors="replace")


def test_progress_is_shown_on_a_terminal(lab: Path) -> None:
    with started("solve", lab, *QUICK, "--json") as (process, terminal):
        shown = read_until(terminal, None)
        assert process.wait() == 0

    assert re.search(r"round \d+: best \d\.\d{5} OOM, no plan above \d\.\d{5}, gap ", shown)


def test_while_progress_is_shown_results_go_to_standard_output(lab: Path) -> None:
    """`gambits solve my-lab --json > plan.json`, typed at a terminal."""
    with started("solve", lab, *QUICK, "--json") as (process, terminal):
        shown = read_until(terminal, None)
        assert process.stdout is not None
        printed = process.stdout.read().decode()

    assert '"objective"' not in shown
    assert json.loads(printed)["status"] == "optimal"


def test_progress_is_not_shown_where_there_is_no_terminal(lab: Path) -> None:
    ran = subprocess.run([COMMAND, "solve", lab, *QUICK, "--json"], capture_output=True, check=True)

    assert ran.stderr == b""
    assert json.loads(ran.stdout)["status"] == "optimal"


def test_a_round_is_told_in_one_line_of_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.watching() as watch:
        assert watch is not None
        watch(3, 1.25, 1.2499)
    shown = capsys.readouterr()

    assert "round 3: best 1.24990 OOM, no plan above 1.25000, gap 1.0e-04\n" in shown.err
    assert shown.out == ""


def test_without_a_terminal_nobody_watches() -> None:
    with progress.watching() as watch:
        assert watch is None


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C after the second round of every search that is watched."""

    @contextmanager
    def watching() -> Iterator[Callable[[int, float, float], None]]:
        def watch(rounds: int, bound: float, best: float) -> None:
            if rounds == 2:
                raise KeyboardInterrupt

        yield watch

    monkeypatch.setattr("gambits.cli.progress.watching", watching)


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_gives_the_best_plan_so_far_and_exits_5(run: Callable[..., Result]) -> None:
    result = run("solve", "minimal", *QUICK, "--json")
    plan = json.loads(result.stdout)

    assert result.exit_code == 5
    assert plan["status"] == "interrupted"
    assert plan["rounds"] == 2
    assert plan["gap"] > 1e-5
    assert plan["total_spend"] <= 40 + 1e-6
    assert "the gap was not met (incumbent: " in result.stderr
    assert "the plan is feasible; only its bound is loose" in result.stderr


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_leaves_a_table_and_a_file_too(tmp_path: Path, run: Callable[..., Result]) -> None:
    result = run("solve", "minimal", *QUICK, "-o", tmp_path / "plan.json")

    assert result.exit_code == 5
    assert "incumbent: money by initiative and period" in result.stdout
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["status"] == "interrupted"


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_in_a_comparison_flags_every_plan_that_is_loose(run: Callable[..., Result]) -> None:
    result = run("compare", "minimal", *QUICK, "--json")
    plans = json.loads(result.stdout)["plans"]

    assert result.exit_code == 5
    assert {plan["status"] for plan in plans.values()} == {"interrupted"}
    assert "the gap was not met (incumbent: " in result.stderr
    assert "challenger: " in result.stderr


def test_ctrl_c_after_the_search_leaves_the_plan_that_was_found(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gambits.analyse.honesty.out_of_sample", interrupt)
    result = run("solve", "minimal", *QUICK, "--json")

    assert result.exit_code in (0, 5)
    assert json.loads(result.stdout)["objective"] > 0


def test_a_real_interrupt_gives_a_plan(tmp_path: Path) -> None:
    """The signal of Ctrl-C, to the installed command, once the terminal shows that a plan was found."""
    out = tmp_path / "plan.json"
    with started("solve", "frontier-lab", "--draws", "3000", "--batches", "0", "-o", out) as (process, terminal):
        read_until(terminal, "round ")
        process.send_signal(signal.SIGINT)
        read_until(terminal, None)
        assert process.wait() == 5

    plan = json.loads(out.read_text(encoding="utf-8"))
    assert plan["status"] == "interrupted"
    assert plan["rounds"] >= 1
    assert plan["gap"] > 1e-5


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux lists the children of a process")
def test_an_interrupt_ends_the_processes_that_search_as_well() -> None:
    with started("sensitivity", "frontier-lab", "--draws", "20") as (process, terminal):
        read_until(terminal, "facts")
        shown, others = "", []
        while not others and process.poll() is None:
            shown += os.read(terminal, 65536).decode(errors="replace")
            others = [pid for pid in children(process.pid) if b"LokyProcess" in command(pid)]
        process.send_signal(signal.SIGINT)
        shown += read_until(terminal, None)

        assert process.wait() == 1
        assert others
        assert "Aborted" in shown
        assert "Traceback" not in shown
        assert [pid for pid in others if b"LokyProcess" in command(pid)] == []


def children(pid: int) -> list[int]:
    return [int(each) for task in Path(f"/proc/{pid}/task").iterdir() for each in _text(task / "children").split()]


def command(pid: int) -> bytes:
    return _text(Path(f"/proc/{pid}/cmdline"))


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it is gone
        return b""
