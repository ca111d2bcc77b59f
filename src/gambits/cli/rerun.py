"""``gambits rerun``: today's file against a recorded run."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click

from gambits.cli.diff import bridge_options, check_plot, draw, is_file
from gambits.cli.main import json_option, out_option, portfolio_argument
from gambits.cli.output import give
from gambits.cli.recording import Recorder, now, record_options

if TYPE_CHECKING:
    from gambits.analyse.study import Settings
    from gambits.cli.main import Command
    from gambits.ledger.store import Ledger
    from gambits.portfolio.gambit import Gambit
    from gambits.portfolio.model import Portfolio
    from gambits.rerun.again import Question, Rerun
    from gambits.rerun.sides import Side

_WITHIN: Final = 1e-3
"""What stability may cost unless told, OOM."""
_LOOK_SECONDS: Final = 0.5


def _same_as_then(command: Command) -> Command:
    """How futures are drawn: as in the older run, unless told; gives the command its ``asked``."""

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:
        named = {name: given.pop(name) for name in ("draws", "seed", "certain", "batches", "gap", "time_limit")}
        command(asked={name: value for name, value in named.items() if value is not None}, **given)

    options = (
        click.option("--draws", type=click.IntRange(min=2), help="Draws; those of the older run unless told."),
        click.option("--seed", type=int, help="What the draws are keyed by; that of the older run unless told."),
        click.option("--certain/--drawn", default=None, help="One central future, or draws; as the older run."),
        click.option("--batches", type=click.IntRange(min=0, max=100), help="Plans on other draws; as the older run."),
        click.option(
            "--gap", type=click.FloatRange(min=0, min_open=True), help="How far from the best, OOM; likewise."
        ),
        click.option(
            "--time-limit",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Stop each search after so long; as the older run.",
        ),
    )
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


@click.command()
@portfolio_argument
@click.option("--against", metavar="RUN|FILE", help="A run of the ledger, or a plan's file; the last run unless told.")
@click.option("--gambit", metavar="NAME|FILE", help="The gambit; that of the older run unless told.")
@_same_as_then
@click.option(
    "--stability",
    is_flag=False,
    flag_value=_WITHIN,
    type=click.FloatRange(min=0, min_open=True),
    metavar="[OOM]",
    help=f"Show the plan nearest the approved one that gives up at most so much; {_WITHIN:g} where no number is given.",
)
@click.option("--watch", is_flag=True, help="Solve again whenever a file is saved, until Ctrl-C.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day to look at criteria and reviews from.")
@bridge_options
@record_options
@json_option
@out_option
def rerun(portfolio: str, asked: dict[str, Any], recorder: Recorder, **options: Any) -> None:
    """Solve again on today's file, and say what matters: what changed, what moved, its worth, the disruption.

    Criteria for stopping that are met come first. What was asked before has the plan that was recorded.
    """
    request = _Request(**options)
    check_plot(request.plot, request.worlds)

    def once() -> None:
        from gambits.cli import rerun_tables
        from gambits.portfolio.load import load
        from gambits.rerun.again import Question
        from gambits.rerun.forward import carried_forward

        found = load(portfolio)
        with _opened(found, recorder.ledger, request.against) as book:
            old, name = _older(found, request, book)
            chosen, settings = _gambit(request.gambit, old), _settings(old, asked)
            found, assumed = carried_forward(found, chosen, old.plan)
            asked_for = Question(found, chosen, settings, request.worlds, request.stability, request.day, assumed)
            result = _solved_again(asked_for, (name, old, book))
        draw(result.changes, request.plot)
        give(result, lambda: rerun_tables.again(result), as_json=request.as_json, out=request.out)
        recorder.keep(found, chosen, settings, result.plan)
        finish_as_recorded(result.plan)

    if not request.watch:
        once()
        return
    with suppress(KeyboardInterrupt):
        for _ in saved(_files(portfolio, request.gambit)):
            _tried(once)


@dataclass(frozen=True, slots=True)
class _Request:
    """The options of a rerun."""

    against: str | None
    gambit: str | None
    stability: float | None
    watch: bool
    today: datetime | None
    worlds: int
    plot: str | None
    as_json: bool
    out: str | None

    @property
    def day(self) -> date:
        """The day from which criteria and reviews are looked at."""
        return self.today.date() if self.today else date.fromisoformat(now()[:10])


@contextmanager
def _opened(portfolio: Portfolio, place: str | None, against: str | None) -> Iterator[Ledger | None]:
    """Open the portfolio's ledger; None where there is none and the older plan is a file."""
    from gambits.cli.places import ledger_beside
    from gambits.ledger.store import open_ledger

    where = ledger_beside(portfolio.file, place)
    if against is not None and is_file(against) and "://" not in where and not Path(where).is_file():
        yield None
        return
    with open_ledger(where) as book:
        yield book


def _older(portfolio: Portfolio, request: _Request, book: Ledger | None) -> tuple[Side, str]:
    """Find what to compare with, and how to call it."""
    from gambits.rerun.sides import file_side, last_run, run_side

    against = request.against
    if book is None or (against is not None and is_file(against)):
        assert against is not None, "without a ledger there is a file"
        return file_side(Path(against)), against
    run = book.find(against) if against is not None else last_run(book, portfolio, _name(request.gambit))
    return run_side(book, run), f"run {run.number}"


def _name(gambit: str | None) -> str | None:
    from gambits.portfolio.gambit import load_gambit

    return load_gambit(gambit).name if gambit is not None else None


def _gambit(asked: str | None, old: Side) -> Gambit:
    """Read the gambit that is asked for, or the one of the older plan: the built-in if that is what it was."""
    from gambits.files.bundled import profiles
    from gambits.portfolio.gambit import load_gambit
    from gambits.portfolio.inputs import as_yaml

    if asked is not None:
        return load_gambit(asked)
    inputs = dict(old.world.gambit)
    if inputs["name"] in profiles() and load_gambit(str(inputs["name"])).inputs == inputs:
        return load_gambit(str(inputs["name"]))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "gambit.yaml"
        file.write_text(as_yaml(inputs), encoding="utf-8")
        return load_gambit(file)


def _settings(old: Side, asked: dict[str, Any]) -> Settings:
    from gambits.analyse.study import Settings

    then = dict(old.world.settings)
    if {"draws", "seed"} & set(asked):
        then.pop("certain", None)  # who names draws wants some
    return Settings(**{**then, **asked})


def _solved_again(asked: Question, against: tuple[str, Side, Ledger | None]) -> Rerun:
    from gambits.cli.progress import counting
    from gambits.rerun.again import rerun

    with counting("solving again; mixtures of old and new inputs") as tell:
        return rerun(replace(asked, tell=tell), *against)


def finish_as_recorded(plan: Mapping[str, Any]) -> None:
    """Stop with exit code 5 if a plan is not certified, after it was given."""
    from gambits.errors import UnfinishedError

    if plan["status"] != "optimal":
        hint = "the plan is feasible; only its bound is loose"
        raise UnfinishedError(f"the gap was not met ({plan['gap']:.2g} OOM)", hint, is_given=True)


def _files(portfolio: str, gambit: str | None) -> list[Path]:
    """List the files to watch: the portfolio's folder has its law and tables."""
    from gambits.portfolio.load import locate

    file = locate(portfolio)
    beside = [path for path in file.parent.iterdir() if path.suffix in (".yaml", ".yml", ".csv", ".xlsx")]
    return sorted({file, *beside, *([Path(gambit)] if gambit and Path(gambit).is_file() else [])})


def saved(files: Iterable[Path]) -> Iterator[None]:
    """Come back at once, and then whenever the content of a file has changed."""
    watched, before = list(files), None
    while True:
        content = [_content(file) for file in watched]
        if content != before:
            before = content
            yield
        time.sleep(_LOOK_SECONDS)


def _content(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""  # while an editor puts a new file in the place of the old one


def _tried(once: Callable[[], None]) -> None:
    """Do it, and go on after a fault: the next save may mend it."""
    from gambits.cli.output import report
    from gambits.errors import GambitsError

    try:
        once()
    except GambitsError as error:
        report(error, as_json=False)
    click.echo(f"{now()}: waiting for the next save (Ctrl-C ends)", err=True)
