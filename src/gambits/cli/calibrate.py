"""``gambits calibrate``: how good estimates were, and the plan if they are as good as that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from gambits.cli.main import gambit_option, json_option, out_option, settings_options
from gambits.cli.output import finish, give
from gambits.cli.recording import ledger_option, now

if TYPE_CHECKING:
    from gambits.analyse.study import Settings
    from gambits.ledger.calibrate import TrackRecord
    from gambits.ledger.records import Outcome
    from gambits.ledger.store import Ledger
    from gambits.portfolio.model import Portfolio
    from gambits.rerun.track import SideBySide


def _outcomes(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> list[tuple[str, float]]:
    """Read KEY=VALUE."""
    found = []
    for value in values:
        key, _, number = value.rpartition("=")
        try:
            found.append((key.strip(), float(number)))
        except ValueError:
            raise click.BadParameter(f"`{value}` is not {parameter.metavar}", context, parameter) from None
    return found


@dataclass(frozen=True, slots=True)
class _Request:
    """The options of a calibration, those of a plan aside."""

    outcomes: list[tuple[str, float]]
    file: str | None
    on: datetime | None
    by: str
    strength: float
    ledger: str | None

    def entered(self, portfolio: Portfolio) -> Iterator[Outcome]:
        """List the outcomes that are given, on the command line and in a file."""
        from gambits.ledger.outcomes import read_outcomes
        from gambits.ledger.records import Outcome

        day = self.on.date().isoformat() if self.on else now()[:10]
        for key, value in self.outcomes:
            yield Outcome(portfolio.name, key, value, day, self.by)
        if self.file is not None:
            yield from read_outcomes(self.file, portfolio.name, self.by)


@click.command()
@click.argument("portfolio", metavar="[PORTFOLIO]", required=False)
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_outcomes,
    help="Record what came out: play.cost=24, play.success=1, or a metric of your own; repeatable.",
)
@click.option("--outcomes", "file", metavar="FILE", help="Record outcomes from a CSV: estimate, value, on, and by.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day of --outcome; today unless told.")
@click.option("--by", default="", metavar="NAME", help="Who says what came out.")
@click.option(
    "--strength",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="As if so many more outcomes had come out as forecast.",
)
@gambit_option
@settings_options
@ledger_option
@json_option
@out_option
def calibrate(
    portfolio: str | None,
    gambit: str,
    settings: Settings,
    as_json: bool,
    out: str | None,
    ledger: str | None,
    **options: Any,
) -> None:
    """Score estimates against outcomes; with PORTFOLIO, plan on raw and on recalibrated estimates side by side.

    Outcomes that are given are recorded in the ledger of PORTFOLIO first; -o keeps the answer as JSON.
    """
    from gambits.cli import calibrate_tables
    from gambits.ledger.calibrate import track_record
    from gambits.rerun.track import Calibration, pairs

    request = _Request(ledger=ledger, **options)
    found = _loaded(portfolio, request)
    with _opened(found, ledger) as book:
        _record(book, found, request)
        scored, alone = pairs(book)
    record = track_record(scored, request.strength)
    plans = _plans(found, gambit, settings, record)
    answer = Calibration(record, alone, plans)
    give(answer, lambda: calibrate_tables.calibration(answer, asked=found is not None), as_json=as_json, out=out)
    if plans is not None:
        finish(plans.raw, plans.mended)


def _loaded(portfolio: str | None, request: _Request) -> Portfolio | None:
    from gambits.portfolio.load import load

    if portfolio is None and (request.outcomes or request.file):
        raise click.UsageError("outcomes belong to a portfolio: name it.")
    return load(portfolio) if portfolio is not None else None


def _opened(portfolio: Portfolio | None, place: str | None) -> Ledger:
    from gambits.cli.places import ledger_beside, ledger_here
    from gambits.ledger.store import open_ledger

    return open_ledger(ledger_here(place) if portfolio is None else ledger_beside(portfolio.file, place))


def _record(book: Ledger, portfolio: Portfolio | None, request: _Request) -> None:
    from gambits.rerun.track import checked

    if portfolio is None:
        return
    entered = tuple(checked(each, portfolio) for each in request.entered(portfolio))
    if entered:
        book.add_outcomes(entered, now())
        click.echo(
            f"Recorded {len(entered)} {'outcome' if len(entered) == 1 else 'outcomes'} in {book.place}", err=True
        )


def _plans(portfolio: Portfolio | None, gambit: str, settings: Settings, record: TrackRecord) -> SideBySide | None:
    from gambits.portfolio.gambit import load_gambit
    from gambits.rerun.track import side_by_side

    if portfolio is None or not record.lessons:
        return None
    return side_by_side(portfolio, load_gambit(gambit), settings, record)
