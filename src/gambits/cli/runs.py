"""``gambits runs``: what the ledger holds, whether it holds, and what people say of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gambits.cli.main import json_option
from gambits.cli.output import write, write_json
from gambits.cli.recording import ledger_option, now

if TYPE_CHECKING:
    from gambits.cli.main import Command
    from gambits.ledger.records import Kind
    from gambits.ledger.store import Ledger
    from gambits.rerun.verify import Verification


def run_argument(command: Command) -> Command:
    """A run: its number, the start of its hash, ``latest`` or ``approved``."""
    return click.argument("run", metavar="RUN")(command)


def name_option(command: Command) -> Command:
    """Who says so."""
    return click.option("--by", required=True, metavar="NAME", help="Who says so.")(command)


@contextmanager
def opened(place: str | None) -> Iterator[Ledger]:
    """Open the ledger that a user means."""
    from gambits.cli.places import ledger_here
    from gambits.ledger.store import open_ledger

    with open_ledger(ledger_here(place)) as ledger:
        yield ledger


@click.group()
def runs() -> None:
    """List, show, verify, export and approve the runs that the ledger holds.

    RUN is the number of a run, the start of its hash, `latest`, or `approved`: the last one that was.
    """


@runs.command("list")
@click.option("--portfolio", metavar="NAME", help="Only runs of the portfolio of this name.")
@ledger_option
@json_option
def list_runs(portfolio: str | None, ledger: str | None, as_json: bool) -> None:
    """List the runs, oldest first."""
    from gambits.cli import run_tables
    from gambits.cli.output import show
    from gambits.ledger.account import entries

    with opened(ledger) as book:
        found = entries(book, book.runs(**({"portfolio": portfolio} if portfolio else {})))
    if as_json:
        write_json({"format": "gambits/runs/1", "ledger": book.place, "runs": [each.to_dict() for each in found]})
    else:
        show(run_tables.listed(found, book.place))


@runs.command("show")
@run_argument
@ledger_option
@json_option
def show_run(run: str, ledger: str | None, as_json: bool) -> None:
    """Show a run: what it was asked, what it answered, what was said of it since."""
    from gambits.cli import run_tables
    from gambits.cli.output import show
    from gambits.ledger.account import account_of

    with opened(ledger) as book:
        found = account_of(book, book.find(run))
    if as_json:
        write_json(found)
    else:
        show(run_tables.shown(found))


@runs.command("verify")
@click.argument("numbers", metavar="[RUN]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every run of the ledger.")
@ledger_option
@json_option
def verify_runs(numbers: tuple[str, ...], every: bool, ledger: str | None, as_json: bool) -> None:
    """Make runs again from what was recorded, and compare; the latest unless told. Exit code 6 where one differs.

    What comes of it is added to the ledger.
    """
    from gambits.cli import run_tables
    from gambits.cli.output import show
    from gambits.errors import VerificationError

    with opened(ledger) as book:
        wanted = book.runs() if every else [book.find(word) for word in numbers or ("latest",)]
        found = [_verified(book, run) for run in wanted]
    if as_json:
        write_json({"format": "gambits/verification/1", "runs": [each.to_dict() for each in found]})
    else:
        show(run_tables.verified(found))
    failed = [str(each.run) for each in found if not each.holds]
    if failed:
        raise VerificationError(f"not borne out: run {', '.join(failed)}", "see what differs above")


def _verified(book: Ledger, run: object) -> Verification:
    from gambits.cli.progress import busy
    from gambits.ledger.records import Event, Kind, Run
    from gambits.rerun.verify import verify

    assert isinstance(run, Run), "what a ledger gives"
    with busy(f"making run {run.number} again …"):
        found = verify(book, run)
    kind = Kind.VERIFIED if found.holds else Kind.FAILED
    words = "; ".join((found.verdict.value, *found.differences[:3]))
    book.say(Event(run.number, now(), kind, "gambits", words))
    return found


@runs.command("export")
@run_argument
@click.option("-o", "--out", required=True, metavar="FOLDER", help="A folder that is new or empty.")
@ledger_option
def export_run(run: str, out: str, ledger: str | None) -> None:
    """Write a run into a folder: sources, inputs, plan, money as CSV, and a manifest with every hash."""
    from gambits.ledger.account import files_of

    folder = Path(out)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise click.UsageError(f"{folder} is not empty and is left as it is; name another folder.")
    with opened(ledger) as book:
        files = files_of(book, book.find(run))
    for name, text in files.items():
        write(text, folder / name)


@runs.command("approve")
@run_argument
@name_option
@click.option("--note", default="", metavar="TEXT", help="In which words.")
@ledger_option
def approve_run(run: str, by: str, note: str, ledger: str | None) -> None:
    """Say that a run is the decision; `rerun` starts from it."""
    from gambits.ledger.records import Kind

    _say(run, Kind.APPROVED, by, note, ledger)


@runs.command("lock")
@run_argument
@name_option
@click.option("--note", default="", metavar="TEXT", help="In which words.")
@ledger_option
def lock_run(run: str, by: str, note: str, ledger: str | None) -> None:
    """Close a run: from now on it takes no approval and no note. There is no way back."""
    from gambits.ledger.records import Kind

    _say(run, Kind.LOCKED, by, note, ledger)


@runs.command("annotate")
@run_argument
@click.argument("note", metavar="TEXT")
@name_option
@ledger_option
def annotate_run(run: str, note: str, by: str, ledger: str | None) -> None:
    """Add a note to a run."""
    from gambits.ledger.records import Kind

    _say(run, Kind.NOTE, by, note, ledger)


def _say(run: str, kind: Kind, name: str, text: str, ledger: str | None) -> None:
    from gambits.ledger.records import Event, Kind

    with opened(ledger) as book:
        found = book.find(run)
        book.say(Event(found.number, now(), kind, name, text))
    said = "noted" if kind is Kind.NOTE else kind.value
    click.echo(f"Run {found.number} ({found.portfolio}, {found.gambit}): {said} by {name}.", err=True)
