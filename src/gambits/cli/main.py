"""The commands. Each parses, calls one thing, and prints; what they call is imported when they run."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gambits.cli.completion import complete_gambit, complete_portfolio
from gambits.cli.output import Group, give, write, write_json
from gambits.cli.recording import record_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from gambits.analyse.study import Settings
    from gambits.cli.recording import Recorder
    from gambits.forecast.workers import Workers

    Command = Callable[..., None]

_WELCOME = """\
gambits splits a research budget between models that learn more from the data there is (Architect) and new
data made from learning itself (Alchemist).

What do you want to do?

  see it work                     gambits demo
  start your own portfolio        gambits init my-lab
  fill one in in a spreadsheet    gambits template -o my-lab.xlsx
  check a portfolio               gambits check my-lab
  see what waits for what         gambits graph my-lab
  fit a law to your own runs      gambits fit runs.csv -o my-law.yaml
  see where scaling leads         gambits project my-lab
  find the best plan              gambits solve my-lab --gambit incumbent
  weigh 70/30 against 30/70       gambits compare my-lab
  see what the split costs        gambits frontier my-lab
  score a plan of your own        gambits score my-lab my-plan.csv
  see other plans as good         gambits alternatives my-lab
  see what would change its mind  gambits sensitivity my-lab
  ask why a bet is in or out      gambits explain my-lab self-play
  see what to find out first      gambits voi my-lab
  write the board's memo          gambits memo my-lab --gambit challenger -o memo.md
  see what moved since last time  gambits rerun my-lab
  see what an edit moved          gambits diff old.json new.json
  look at what was decided        gambits runs list
  learn from what came out        gambits calibrate my-lab
  let another solver check        gambits export my-lab -o master.lp

Every command explains itself: gambits COMMAND --help
"""


def portfolio_argument(command: Command) -> Command:
    """A portfolio: a folder, a file, or the name of a bundled one."""
    return click.argument("portfolio", metavar="PORTFOLIO", shell_complete=complete_portfolio)(command)


def json_option(command: Command) -> Command:
    """Print JSON instead of tables."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON (documented, versioned) instead.")(command)


def out_option(command: Command) -> Command:
    """Write to a file."""
    return click.option("-o", "--out", metavar="FILE", help="Write to FILE; - is standard output.")(command)


def gambit_option(command: Command) -> Command:
    """Choose the risk profile."""
    text = "A gambit that is built in (incumbent, challenger, …), or a gambit file."
    return click.option(
        "--gambit",
        default="incumbent",
        show_default=True,
        metavar="NAME|FILE",
        help=text,
        shell_complete=complete_gambit,
    )(command)


def settings_options(command: Command) -> Command:
    """What ``search_options`` are, and how stable a plan is; gives the command its ``settings``."""
    return search_options(
        click.option(
            "--batches",
            type=click.IntRange(min=0, max=100),
            default=8,
            show_default=True,
            help="Plans on other draws that say how stable this one is.",
        )(command)
    )


def search_options(command: Command) -> Command:
    """How many futures, from which seed, on which machines, how exactly; gives the command its ``settings``."""

    @functools.wraps(command)
    def wrapped(cluster: str | None, **given: Any) -> None:
        from gambits.cli.progress import watching

        with watching() as watch, _workers(cluster) as workers:
            settings = replace(_settings(given), workers=workers, watch=watch)
            command(settings=settings, **given)

    return _searched(1000, wrapped)


def questions_options(draws: int) -> Callable[[Command], Command]:
    """The same for a command that asks many questions about one plan: how many futures it looks at unless told."""

    def with_options(command: Command) -> Command:
        @functools.wraps(command)
        def wrapped(cluster: str | None, **given: Any) -> None:
            from gambits.cli.progress import sweeping

            with sweeping() as tell, _workers(cluster) as workers:
                settings = replace(_settings(given), workers=workers, tell=tell)
                command(settings=settings, **given)

        return _searched(draws, wrapped)

    return with_options


def _settings(given: dict[str, Any]) -> Settings:
    """Take the settings out of what a command was given; without ``--batches`` there are none."""
    from gambits.analyse.study import Settings

    names = ("draws", "seed", "certain", "batches", "gap", "time_limit")
    asked = {name: given.pop(name) for name in names if name in given}
    return Settings(**{"batches": 0, **asked}, clock=time.monotonic)


def _searched(draws: int, command: Command) -> Command:
    """Add the options that say which futures a command looks at, and how exactly it searches."""
    options = (
        click.option(
            "--draws", type=click.IntRange(min=2), default=draws, show_default=True, help="Draws: futures to look at."
        ),
        click.option("--seed", type=int, default=2027, show_default=True, help="What the draws are keyed by."),
        click.option("--certain", is_flag=True, help="One central future: medians, effect × success, no tail."),
        click.option("--cluster", metavar="ADDRESS", help="Work on a Dask cluster, as tcp://host:8786."),
        click.option(
            "--gap",
            type=click.FloatRange(min=0, min_open=True),
            default=1e-5,
            show_default=True,
            help="How far from the best a plan may be, OOM.",
        ),
        click.option(
            "--time-limit",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Stop each search after so long, with the best plan so far.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def _workers(address: str | None) -> Iterator[Workers]:
    from gambits.forecast.workers import THREADS, Cluster

    if address is None:
        yield THREADS
        return
    cluster = Cluster(address)
    try:
        yield cluster
    finally:
        cluster.close()


def _version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    """Print the version, and those of what a plan depends on."""
    if not asked or context.resilient_parsing:
        return
    from gambits.versions import versions

    found = versions()
    write("".join(f"{name} {found[name]}\n" for name in sorted(found, key="gambits".__ne__)))
    context.exit()


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print versions.")
@click.pass_context
def main(context: click.Context) -> None:
    """Split a research budget between Architect and Alchemist bets, provably well."""
    if context.invoked_subcommand is None:
        write(_WELCOME)


@main.command()
@settings_options
@click.option("-o", "--out", default="gambits-demo", show_default=True, metavar="FOLDER", help="Where memos go.")
def demo(settings: Settings, out: str) -> None:
    """Compare the gambits on a bundled portfolio and write a memo for each."""
    from gambits import pipeline
    from gambits.analyse.study import Study
    from gambits.briefing import brief
    from gambits.cli import tables
    from gambits.cli.output import finish, finish_searches, show, write_bytes
    from gambits.memo.seal import made
    from gambits.memo.write import write_memo
    from gambits.portfolio.gambit import load_gambit
    from gambits.portfolio.load import load

    portfolio = load("frontier-lab")
    study = Study(portfolio, settings)
    gambits = [load_gambit(name) for name in pipeline.GAMBITS]
    comparison = pipeline.comparison_of(study, gambits)
    show(tables.comparison(comparison, portfolio, gambits))
    paths = [Path(out) / f"memo-{gambit.name}.md" for gambit in gambits]
    for gambit, path in zip(gambits, paths, strict=True):
        record = brief(study, gambit, comparison, is_quick=True)
        write_bytes(write_memo(record, made(gambit.name, settings, record, is_quick=True)), path)
    show(tables.next_steps(paths))
    finish(*comparison.plans.values())
    finish_searches(study.uncertified)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("my-lab"))
def init(folder: Path) -> None:
    """Start a portfolio of your own: a small one to edit, in FOLDER."""
    from gambits.files.bundled import portfolio_folder
    from gambits.portfolio.load import FILE_NAME

    target = folder / FILE_NAME
    if target.exists():
        raise click.UsageError(f"{target} exists and is left as it is; name another folder.")
    source = portfolio_folder("minimal")
    assert source is not None, "the package ships without its portfolios"
    write((source / FILE_NAME).read_text(encoding="utf-8"), target)
    write(f"Wrote {target}. Edit it, then:\n\n  gambits check {folder}\n  gambits compare {folder}\n")


@main.command()
@portfolio_argument
@json_option
def check(portfolio: str, as_json: bool) -> None:
    """Report everything that is wrong with a portfolio file, with lines and mends."""
    from gambits.cli import tables
    from gambits.cli.output import show
    from gambits.portfolio.load import load

    found = load(portfolio)
    if as_json:
        warnings = [warning.to_dict() for warning in found.warnings]
        write_json({"format": "gambits/check/1", "problems": [], "warnings": warnings})
    else:
        show(tables.checked(found))


@main.command()
@portfolio_argument
@gambit_option
@settings_options
@record_options
@click.option("--prices", "priced", is_flag=True, help="Say what one more and one less of each limit is worth.")
@json_option
@out_option
def solve(
    portfolio: str, gambit: str, settings: Settings, recorder: Recorder, priced: bool, as_json: bool, out: str | None
) -> None:
    """Find the best plan under a gambit, with its certificate; -o keeps it as JSON."""
    from gambits import pipeline
    from gambits.cli import price_tables, tables
    from gambits.cli.output import finish
    from gambits.cli.progress import telling
    from gambits.portfolio.gambit import load_gambit
    from gambits.portfolio.load import load

    found, chosen = load(portfolio), load_gambit(gambit)
    if priced:
        with telling("pricing {}") as told:
            plan = pipeline.solve_with_prices(found, chosen, replace(settings, watch=None), told)
    else:
        plan = pipeline.solve(found, chosen, settings)
    recorder.keep(found, chosen, settings, replace(plan, prices=None).to_dict())
    priced_parts = () if plan.prices is None else (lambda: price_tables.prices(plan),)
    give(plan, lambda: tables.plan(plan, found, gambit), *priced_parts, as_json=as_json, out=out)
    finish(plan)


@main.command()
@portfolio_argument
@gambit_option
@search_options
@json_option
@out_option
def project(portfolio: str, gambit: str, settings: Settings, as_json: bool, out: str | None) -> None:
    """Show where the lab is heading, what each initiative would add, and when data run out."""
    from gambits import pipeline
    from gambits.cli import outlook_tables
    from gambits.cli.output import finish_searches
    from gambits.portfolio.load import load

    outlook = pipeline.project(load(portfolio), gambit, settings)
    give(outlook, lambda: outlook_tables.outlook(outlook), as_json=as_json, out=out)
    finish_searches(outlook.uncertified)


@main.command()
@click.argument("what", type=click.Choice(["portfolio", "gambit", "law"]), default="portfolio")
def schema(what: str) -> None:
    """Print the JSON Schema of a file, for editors and for generated files."""
    write_json(_schema(what))


def _schema(what: str) -> dict[str, Any]:
    if what == "gambit":
        from gambits.portfolio.gambit import GAMBIT

        return GAMBIT.schema()
    if what == "law":
        from gambits.scaling.laws import LAW

        return LAW.schema()
    from gambits.portfolio.schema import json_schema

    return json_schema()
