"""When the machine fails: disk full, places that may not be written, a part missing, no memory, a clock set back.

The answer is one error with the next thing to try, the old file as it was, and nothing left beside it.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import gambits
from gambits import pipeline
from gambits.analyse.study import Settings

COMMAND = Path(sys.executable).with_name("gambits")
Run = Callable[..., Result]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse every file above a size, as a full disk refuses it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refuse(reason: int) -> Callable[..., Any]:
    """Give a function that fails as the system does."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(reason, os.strerror(reason))

    return refused


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Write an older result, alone in its folder."""
    (tmp_path / "results").mkdir()
    file = tmp_path / "results" / "result"
    file.write_text("the old one", encoding="utf-8")
    return file


def assert_untouched(out: Path) -> None:
    assert out.read_text(encoding="utf-8") == "the old one"
    assert [file.name for file in out.parent.iterdir()] == ["result"]


@pytest.mark.parametrize("command", ["solve", "compare", "memo"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(command: str, lab: Path, out: Path, run: Run) -> None:
    form = ["--format", "md"] if command == "memo" else []
    with files_of_at_most(1000):
        result = run(command, lab, "--certain", *form, "-o", out)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"Error: File too large: {out}",
        "Next: make room, or write elsewhere with -o",
    ]
    assert_untouched(out)


@pytest.mark.parametrize(
    ("call", "reason", "advice"),
    [
        ("tempfile.mkstemp", errno.EACCES, "choose a place that you may write, with -o"),
        ("tempfile.mkstemp", errno.EROFS, "choose a place that you may write, with -o"),
        ("os.fsync", errno.ENOSPC, "make room, or write elsewhere with -o"),
        ("os.fsync", errno.EDQUOT, "make room, or write elsewhere with -o"),
        ("pathlib.Path.replace", errno.EPERM, "choose a place that you may write, with -o"),
        ("os.fsync", errno.EIO, "check the path"),
    ],
)
def test_a_place_that_cannot_be_written_is_named_with_the_next_thing_to_try(
    call: str, reason: int, advice: str, lab: Path, out: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, refuse(reason))
    result = run("solve", lab, "--certain", "-o", out)

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [f"Error: {os.strerror(reason)}: {out}", f"Next: {advice}"]
    assert_untouched(out)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_standard_output_on_a_full_disk_is_a_failure_without_a_traceback(options: list[str], lab: Path) -> None:
    lab.write_text(lab.read_text(encoding="utf-8").replace("cost: 20\n", "cost: -20\n"), encoding="utf-8")
    command = ["check", lab, *options] if options else ["schema"]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ran = subprocess.run([COMMAND, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert ran.returncode == 1
    assert "No space left" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_ledger_on_a_full_disk_is_whole_afterwards(lab: Path, tmp_path: Path, run: Run) -> None:
    record = ("solve", lab, "--certain", "--record", "--ledger", tmp_path / "book.db")
    assert run(*record).exit_code == 0
    with files_of_at_most(4096):
        result = run(*(each if each != "--certain" else "--draws=10" for each in record), "--batches", "0")

    assert result.exit_code == 1
    assert "Next: " in result.stderr
    assert run(*record, "--gambit", "challenger").exit_code == 0
    found = json.loads(run("runs", "list", "--ledger", tmp_path / "book.db", "--json").stdout)["runs"]
    assert [each["gambit"] for each in found] == ["incumbent", "challenger"]


@pytest.mark.parametrize("part", ["highspy", "pulp", "numpy"])
def test_a_solver_that_is_not_there_is_a_failure_that_says_how_to_mend_it(part: str, lab: Path) -> None:
    code = f"import sys; sys.modules[{part!r}] = None; from gambits.cli import main; main(sys.argv[1:])"
    ran = subprocess.run(
        [sys.executable, "-c", code, "solve", lab, "--certain"], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: a part of the installation is missing or broken: ")
    assert part in ran.stderr
    assert "Next: install gambits again" in ran.stderr


def test_memory_that_does_not_suffice_is_a_failure_that_says_how_to_need_less(
    lab: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("Unable to allocate 40 GiB")

    monkeypatch.setattr("gambits.pipeline.solve", fail)
    monkeypatch.setattr("gambits.pipeline.plan_of", fail)
    result = run("solve", lab, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "failed"
    assert result.stderr.splitlines() == [
        "Error: out of memory: Unable to allocate 40 GiB",
        "Next: use fewer --draws, or a machine with more memory",
    ]


def test_a_clock_that_goes_back_changes_no_plan(lab: Path) -> None:
    times = iter(range(10**6, 0, -1))
    portfolio, settings = gambits.load(lab), Settings(draws=20, batches=0, time_limit=3600)

    usual = pipeline.solve(portfolio, "incumbent", settings)
    backwards = pipeline.solve(portfolio, "incumbent", replace(settings, clock=lambda: float(next(times))))

    assert backwards == usual


def test_a_clock_that_goes_back_leaves_runs_in_the_order_in_which_they_were_recorded(
    lab: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for gambit, day in (("incumbent", "2027-02-01"), ("challenger", "2027-01-01")):
        monkeypatch.setattr("gambits.cli.recording.now", lambda day=day: f"{day}T00:00:00Z")
        record = ("--record", "--ledger", tmp_path / "book.db")
        assert run("solve", lab, "--certain", "--gambit", gambit, *record).exit_code == 0

    shown = json.loads(run("runs", "show", "latest", "--ledger", tmp_path / "book.db", "--json").stdout)
    assert shown["plan"]["gambit"] == "challenger"


@pytest.mark.parametrize("name", ["lab-\x1b[2J.yaml", "lab\n.yaml", "lab-\u202eyaml", os.fsdecode(b"lab-\xff.yaml")])
@pytest.mark.parametrize("command", ["check", "solve"])
def test_a_name_that_no_text_could_hold_is_refused(command: str, name: str, lab: Path, run: Run) -> None:
    try:
        lab.rename(lab.with_name(name))
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system does not take such a name")
    result = run(command, lab.with_name(name), "--json")

    (problem,) = json.loads(result.stdout)["problems"]
    assert result.exit_code == 3
    assert problem["code"] == "control-character"
    assert "�" in problem["file"]
    assert "\x1b" not in result.output


def test_a_project_file_that_came_with_a_portfolio_sends_no_run_away(
    lab: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever sends a portfolio could read what is decided on it."""
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    for place in ("postgresql://elsewhere.example/runs", "../../runs.db", str(tmp_path.parent / "runs.db")):
        (tmp_path / "theirs").mkdir(exist_ok=True)
        (tmp_path / "theirs" / "gambits.toml").write_text(f"record = true\nledger = {place!r}\n", encoding="utf-8")
        (tmp_path / "theirs" / "lab.yaml").write_bytes(lab.read_bytes())
        result = run("solve", tmp_path / "theirs" / "lab.yaml", "--certain")

        assert result.exit_code == 2
        assert "names a ledger outside it" in result.stderr
    assert not (tmp_path.parent / "runs.db").exists()
