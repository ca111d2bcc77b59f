"""Progress on a terminal: bound, best value and gap by round, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.spinner import Spinner


class Watcher:
    """Shows how a search goes, and which step of a longer work it belongs to, on one line."""

    def __init__(self, spinner: Spinner) -> None:
        self._spinner = spinner
        self._step = ""

    def __call__(self, rounds: int, bound: float, best: float) -> None:
        text = f"round {rounds}: best {best:.5f} OOM, no plan above {bound:.5f}, gap {bound - best:.1e}"
        self._spinner.update(text=f"{self._step}{text}")

    def step(self, name: str, number: int, total: int) -> None:
        """Say which step comes next, counted from 1."""
        bar = "█" * (number - 1) + "░" * (total - number + 1)
        self._step = f"{bar} {number} of {total}, {name} "
        self._spinner.update(text=self._step)


@contextmanager
def watching() -> Iterator[Watcher | None]:
    """Give what to tell of each round; nothing unless standard error is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner

    spinner = Spinner("dots", text="drawing futures …")
    # Results go to standard output while this runs: it must not be caught for the terminal.
    with Live(spinner, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False):
        yield Watcher(spinner)


@contextmanager
def busy(text: str) -> Iterator[None]:
    """Say what is going on while it does; nothing unless standard error is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None] | None]:
    """Give what to tell of a count; nothing unless standard error is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{what}: none yet") as status:
        yield lambda count: status.update(f"{what}: {count}")


@contextmanager
def sweeping() -> Iterator[Callable[[str, int, int], None] | None]:
    """Give what to tell of each search of a sweep; nothing unless standard error is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("the plan as it stands", total=None)
        yield lambda about, done, total: bar.update(task, description=about, completed=done, total=total)


@contextmanager
def telling(text: str) -> Iterator[Callable[[str], None]]:
    """Give what to tell of each step, shown in place of ``{}``; nothing shows unless standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(text.format("…")) as status:
        yield lambda step: status.update(text.format(step))
