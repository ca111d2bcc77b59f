"""``gambits diff``: what moved from one plan to another, and which edit moved it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gambits.cli.main import json_option, out_option
from gambits.cli.output import check_picture, give
from gambits.cli.recording import ledger_option

if TYPE_CHECKING:
    from gambits.analyse.changes import Changes
    from gambits.cli.main import Command
    from gambits.rerun.sides import Side


def bridge_options(command: Command) -> Command:
    """Whether and how finely to give changes to edits; gives the command ``worlds``, 0 for not at all, and ``plot``."""
    text = "Mixtures of old and new inputs to solve for the bridge; 0 for no bridge."
    worlds = click.option("--worlds", type=click.IntRange(min=0), default=32, show_default=True, help=text)
    plot = click.option("--plot", metavar="FILE", help="Draw the bridge (.svg or .png).")
    return worlds(plot(command))


def check_plot(plot: str | None, worlds: int) -> None:
    """Refuse a picture that could not be drawn before anything is computed."""
    check_picture(plot)
    if plot is not None and worlds == 0:
        raise click.UsageError("--plot draws the bridge, and --worlds 0 asks for none.")


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@bridge_options
@click.option("--exit-code", "tells", is_flag=True, help="Exit code 1 if money moved, 0 if not.")
@ledger_option
@json_option
@out_option
def diff(old: str, new: str, worlds: int, plot: str | None, tells: bool, ledger: str | None, **told: Any) -> None:
    """Say what moved from one plan to another, and which edit moved it.

    OLD and NEW are plans that `solve -o` wrote, or runs of the ledger (number, start of the hash, `latest`,
    `approved`); -o keeps the answer as JSON.
    """
    from gambits.cli import tables

    check_plot(plot, worlds)
    changes = _compared(old, new, worlds, ledger)
    draw(changes, plot)
    give(changes, lambda: tables.changes(changes), **told)
    if tells and changes.is_moved:
        click.get_current_context().exit(1)


def _compared(old: str, new: str, worlds: int, ledger: str | None) -> Changes:
    """Find what moved, and give it to edits unless that is not asked for or an end cannot be built again."""
    from gambits.analyse.changes import find_changes
    from gambits.errors import InputError

    changes = find_changes(_plan(old, ledger), _plan(new, ledger))
    if worlds == 0:
        return changes
    try:
        return with_bridge(changes, _side(old, ledger), _side(new, ledger), worlds)
    except InputError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        click.echo("Which edit moved what is left out.", err=True)
        return changes


def _plan(word: str, ledger: str | None) -> Mapping[str, Any]:
    """Read the plan in a file or of a run."""
    from gambits.analyse.changes import read_plan
    from gambits.cli.runs import opened
    from gambits.ledger.recording import plan_of

    if is_file(word):
        return read_plan(Path(word))
    with opened(ledger) as book:
        return plan_of(book, book.find(word))


def _side(word: str, ledger: str | None) -> Side:
    """Read one end of a bridge."""
    from gambits.cli.runs import opened
    from gambits.rerun.sides import file_side, run_side

    if is_file(word):
        return file_side(Path(word))
    with opened(ledger) as book:
        return run_side(book, book.find(word))


def is_file(word: str) -> bool:
    """Whether a user means a file, and not a run."""
    return Path(word).suffix == ".json" or Path(word).is_file()


def with_bridge(changes: Changes, old: Side, new: Side, worlds: int) -> Changes:
    """Give what moved to the edits that moved it."""
    from dataclasses import replace

    from gambits.cli.progress import counting
    from gambits.rerun.attribution import bridge

    with counting("mixtures of old and new inputs solved") as tell:
        return replace(changes, bridge=bridge(old, new, worlds, tell))


def draw(changes: Changes, plot: str | None) -> None:
    """Draw the bridge, where that is asked for."""
    if plot is not None and changes.bridge is not None:
        from gambits.cli.output import write_bytes
        from gambits.memo.bridge_chart import bridge_chart

        write_bytes(bridge_chart(changes, Path(plot).suffix), Path(plot))
