"""What a command did goes to the ledger, with ``--record``. The one place that reads the clock."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gambits.analyse.study import Settings
    from gambits.cli.main import Command
    from gambits.portfolio.gambit import Gambit
    from gambits.portfolio.model import Portfolio


def now() -> str:
    """The time, to the second, ISO 8601 in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records plans where that is asked for; ``ledger`` and ``record`` are as the command line and environment say."""

    command: str
    ledger: str | None
    record: bool | None

    @property
    def is_named(self) -> bool:
        """Whether the ledger was named to a command that has no other use for it."""
        source = click.get_current_context().get_parameter_source("ledger")
        return source is click.core.ParameterSource.COMMANDLINE and self.command != "rerun"

    def keep(
        self,
        portfolio: Portfolio,
        gambit: Gambit,
        settings: Settings,
        plan: Mapping[str, Any],
        memo: str | None = None,
        analyses: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a run to the ledger, and say its number; nothing unless recording is on."""
        from gambits.cli.places import ledger_beside, records_always

        # Who names a ledger wants it written, where nothing is read from it.
        wanted = (
            self.record if self.record is not None else self.is_named or records_always(Path(portfolio.file).parent)
        )
        if not wanted:
            return
        from gambits.ledger.recording import new_run
        from gambits.ledger.store import open_ledger

        run = new_run(self.command, portfolio, gambit, settings.asked, plan, memo, analyses)
        with open_ledger(ledger_beside(portfolio.file, self.ledger), create=True) as ledger:
            number = ledger.record(run, now(), platform.node())
            alike = [each.number for each in ledger.runs(sha256=run.sha256) if each.number < number]
        same = f", the same as run {alike[-1]}" if alike else ""
        click.echo(f"Recorded as run {number} in {ledger.place}{same}", err=True)


def ledger_option(command: Command) -> Command:
    """Which ledger; gives the command its ``ledger``, None where the project or the folder says."""
    text = "A SQLite file or a PostgreSQL URL; .gambits/ledger.db unless told (also GAMBITS_LEDGER, gambits.toml)."
    return click.option("--ledger", envvar="GAMBITS_LEDGER", metavar="FILE|URL", help=text)(command)


def record_options(command: Command) -> Command:
    """Whether to record, and where; gives the command its ``recorder``."""

    @functools.wraps(command)
    def wrapped(ledger: str | None, record: bool | None, **others: Any) -> None:
        context = click.get_current_context()
        command(recorder=Recorder(context.info_name or "", ledger, record), **others)

    text = "Record the run in the ledger (also GAMBITS_RECORD, gambits.toml)."
    record = click.option("--record/--no-record", default=None, envvar="GAMBITS_RECORD", help=text)
    return record(ledger_option(wrapped))
