"""Streams and exit codes: results to standard output, the rest to standard error, faults in one place."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import click

from gambits.errors import GambitsError, InfeasibleError, InputError, UnfinishedError
from gambits.words import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.allocate.export import Export
    from gambits.allocate.plan import Plan

WIDTH: Final = 100
_SENTENCE: Final = 300
_NEXT: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EFBIG, errno.EDQUOT), "make room, or write elsewhere with -o"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "choose a place that you may write, with -o"),
}
"""What to try when the system refuses, by its reason."""


class Group(click.Group):
    """Commands in the order in which a user meets them, with every fault explained and given its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every command with its whole sentence, which click would cut to fit a line."""
        rows = [(name, each.get_short_help_str(limit=_SENTENCE)) for name, each in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # Where a terminal knows no UTF-8, a sign is replaced rather than the answer lost.
                stream.reconfigure(errors="replace")
        try:
            return self._explained(ctx)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # the reader has left; click ends quietly
            name = f": {printable(str(error.filename))}" if error.filename else ""
            # Standard output may be what failed: nothing more goes there.
            hint = _NEXT.get(error.errno or 0, "check the path")
            report(GambitsError(f"{error.strerror or error}{name}", hint), as_json=False)
            ctx.exit(1)

    def _explained(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GambitsError as error:
            fault = error
        except ImportError as error:
            hint = "install gambits again: python -m pip install --force-reinstall gambits"
            fault = GambitsError(f"a part of the installation is missing or broken: {error}", hint)
        except MemoryError as error:
            fault = GambitsError(f"out of memory: {error}", "use fewer --draws, or a machine with more memory")
        report(fault, as_json="--json" in ctx.meta.get("gambits.args", []))
        return ctx.exit(fault.exit_code)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["gambits.args"] = list(args)
        return super().parse_args(ctx, args)


def report(error: GambitsError, *, as_json: bool) -> None:
    """Explain a fault: in words on standard error, and as JSON on standard output where that was asked for."""
    if as_json and not (isinstance(error, UnfinishedError) and error.is_given):
        write_json(_as_json(error))
    if isinstance(error, InputError):
        for problem in error.problems:
            click.echo(str(problem), err=True)
    click.echo(f"Error: {error.message}", err=True)
    if isinstance(error, InfeasibleError):
        for rule in error.conflict:
            click.echo(f"  {rule.where}: {rule.rule}", err=True)
        for line in _repairs(error):
            click.echo(line, err=True)
    if error.hint:
        click.echo(f"Next: {error.hint}", err=True)


def _repairs(error: InfeasibleError) -> Iterator[str]:
    """Say what would leave a plan, the smallest change first, and what that plan is worth."""
    if error.repairs:
        yield "Any one of these would leave a plan (each was tried):"
    for repair in error.repairs:
        worth = "" if repair.value_after is None else f" — the best plan is then worth {repair.value_after:.3f} OOM"
        yield f"  {repair.words}{worth}"


def _as_json(error: GambitsError) -> dict[str, Any]:
    if isinstance(error, InputError):
        problems = [problem.to_dict() for problem in error.problems]
        return {"format": "gambits/check/1", "status": "invalid", "problems": problems}
    if isinstance(error, InfeasibleError):
        conflict = [rule.to_dict() for rule in error.conflict]
        return {
            "format": "gambits/plan/1",
            "status": "infeasible",
            "conflict": conflict,
            "repairs": [one.to_dict() for one in error.repairs],
        }
    return {"status": "failed", "message": error.message}


def write(text: str, out: str | Path | None = None) -> None:
    """Write text to a file, whole or not at all, making its folder; ``-`` or None is standard output."""
    if out is None or str(out) == "-":
        sys.stdout.write(text)
        return
    write_bytes(text.encode("utf-8"), Path(out))


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file, whole or not at all, making its folder."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder, not a file", str(path))
    try:
        _replace(path, data)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    click.echo(f"Wrote {path}", err=True)


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".gambits-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            # Before it takes the old file's place it is on the disk: a power cut leaves the one or the other.
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for their owner only; a result is as readable as any other new file.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_picture(plot: str | None, option: str = "--plot") -> None:
    """Refuse a picture that could not be drawn before anything is computed."""
    if plot is not None and Path(plot).suffix not in (".svg", ".png"):
        raise click.UsageError(f"{option} {plot}: name a file that ends in .svg or .png.")


def write_json(value: dict[str, Any], out: str | None = None) -> None:
    """Write JSON, in the order of its documentation."""
    write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", out)


class Record(Protocol):
    """An answer that can be given as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        ...


def give(record: Record, *parts: Callable[[], RenderableType], as_json: bool, out: str | None) -> None:
    """Write an answer to the file that was asked for, and show it as JSON or for people; ``-`` is one answer alone."""
    if out is not None:
        write_json(record.to_dict(), out)
    if as_json and out != "-":
        write_json(record.to_dict())
    elif out != "-":
        show(*(part() for part in parts))


def picture(chart: Callable[[Any, str], bytes], record: Record, plot: str | None) -> None:
    """Draw an answer into the file that was asked for, if one was."""
    if plot is not None:
        write_bytes(chart(record, Path(plot).suffix), Path(plot))


def show(*parts: RenderableType) -> None:
    """Print tables and text that fit 100 columns; colour only on a terminal, and never with NO_COLOR."""
    from rich.console import Console

    console = Console(width=min(WIDTH, Console().width) if sys.stdout.isatty() else WIDTH, highlight=False)
    for part in parts:
        console.print(part)


def as_text(part: RenderableType) -> str:
    """Give a table as plain text of 100 columns, for a file."""
    from rich.console import Console

    text = io.StringIO()
    Console(file=text, width=WIDTH, highlight=False, color_system=None).print(part)
    return text.getvalue()


def finish(*plans: Plan | Export) -> None:
    """Stop with exit code 5 if a plan, or the programme behind one, is not certified, after it was given."""
    loose = [plan for plan in plans if plan.status != "optimal"]
    if loose:
        gaps = ", ".join(f"{plan.gambit}: {plan.gap:.2g}" for plan in loose)
        hint = "the plan is feasible; only its bound is loose"
        raise UnfinishedError(f"the gap was not met ({gaps} OOM)", hint, is_given=True)


def finish_searches(uncertified: int) -> None:
    """Stop with exit code 5 if searches behind an answer ended before theirs was certified, after it was given."""
    if uncertified:
        searches = (
            "a search ended before its answer was"
            if uncertified == 1
            else f"{uncertified} searches ended before their answers were"
        )
        raise UnfinishedError(
            f"{searches} certified",
            "what rests on that may fall short of the best: let each search run longer (--time-limit)",
            is_given=True,
        )
