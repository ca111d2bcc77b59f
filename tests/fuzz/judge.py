"""Running a case, and saying what is wrong with how it ended."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner, Result

from fuzz.cases import Case
from fuzz.places import OUT, TMP, in_folder
from fuzz.watch import watched
from gambits.cli import main

_PATIENCE: Final = 120
"""Seconds after which a case hangs."""
_HUNG: Final = -1
"""What stands for the exit code of a case that hangs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case ended; ``faults`` is empty where all is well."""

    case: Case
    code: int
    seconds: float
    faults: tuple[str, ...]


class Hangs(BaseException):
    """A case that does not end."""


def run(case: Case) -> Outcome:
    """Run a case, and judge it."""
    with in_folder(case.files) as folder:
        start = time.perf_counter()
        with watched(folder / OUT, folder / TMP) as outside:
            result = _invoked(case)
        seconds = time.perf_counter() - start
        left = [file.name for file in (folder / OUT).iterdir()]
        kept = {OUT, TMP, *case.files}
        changed = [file.name for file in (*folder.iterdir(), *(folder / TMP).iterdir()) if file.name not in kept]
    if result is None:
        return Outcome(case, _HUNG, seconds, (f"hangs: not done in {_PATIENCE} s",))
    faults = [*_ended(case, result), *_explained(case, result)]
    faults += [f"outside its folder: {event}" for event in outside]
    faults += [f"left behind: {name}" for name in changed]
    if result.exit_code and left:
        faults.append(f"failed, and left {left}")
    return Outcome(case, result.exit_code, seconds, tuple(faults))


def _invoked(case: Case) -> Result | None:
    """Run a case's command; none if it does not end."""
    try:
        with _no_longer_than(_PATIENCE):
            return CliRunner().invoke(main, case.command)
    except Hangs:
        return None


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ended(case: Case, result: Result) -> Iterator[str]:
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        yield f"a traceback: {result.exception!r}"
    elif result.exit_code not in case.ends:
        yield f"exit code {result.exit_code}, not {sorted(case.ends)}: {result.stderr[:300]}"
    if "\x1b" in result.output:
        yield "an escape sequence reaches the terminal"


def _explained(case: Case, result: Result) -> Iterator[str]:
    """A refusal names the damage, and every command with ``--json`` prints JSON."""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return
    if result.exit_code and ("Error: " not in result.stderr or "Next: " not in result.stderr):
        yield f"no error with a next step: {result.stderr[:300]}"
    if "--json" not in case.command:
        if case.damage and not any(f"{case.name}:{line}: " in result.stderr for line in case.damage.lines):
            yield f"no problem at line {_lines(case)}: {result.stderr[:300]}"
        return
    try:
        record = json.loads(result.stdout)
    except ValueError:
        yield f"not JSON: {result.stdout[:300]}"
        return
    problems = record.get("problems", [])
    if result.exit_code == 3 and not problems:
        yield "refused without a problem"
    for each in problems:
        if not (each["code"] and each["message"] and each["fix"]):
            yield f"a problem without words: {each}"
    if case.damage and not any(_is_named(case, each) for each in problems):
        found = [(each["code"], each["line"]) for each in problems]
        yield f"`{case.damage.code}` at line {_lines(case)} is not among {found}"


def _is_named(case: Case, problem: dict[str, Any]) -> bool:
    assert case.damage is not None
    at_line = problem["line"] in case.damage.lines and Path(problem["file"]).name == case.name
    return at_line and problem["code"] == case.damage.code


def _lines(case: Case) -> str:
    assert case.damage is not None
    first, last = case.damage.lines[0], case.damage.lines[-1]
    return f"{first}" if first == last else f"{first} to {last}"
