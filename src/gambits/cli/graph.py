"""``gambits graph``: what waits for what, how soon it can be done, what holds it back and what it opens."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gambits.cli.main import json_option, out_option, portfolio_argument, search_options
from gambits.cli.output import finish_searches, show, write, write_json

if TYPE_CHECKING:
    from gambits.analyse.dependencies import Dependencies
    from gambits.analyse.study import Settings
    from gambits.cli.main import Command
    from gambits.portfolio.model import Portfolio

_FORMS: Final = {"text": (".txt",), "svg": (".svg",), "mermaid": (".mmd", ".mermaid", ".md"), "dot": (".dot", ".gv")}


Kept = tuple[str, dict[str, Any]]
"""A plan that was kept in a file: the file, and what stands in it."""


def weighing_options(command: Command) -> Command:
    """Which plan to draw, and under which gambit to weigh enablers; gives the command ``plan`` and ``gambit``."""

    @functools.wraps(command)
    def wrapped(plan_file: Path | None, gambit: str | None, bare: bool, **others: Any) -> None:
        plan = _plan(plan_file)
        command(plan=plan, gambit=None if bare else gambit or _gambit_of(plan), **others)

    options = (
        click.option(
            "--plan",
            "plan_file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A plan that `solve -o` wrote: draw what it funds, and what holds back in it.",
        ),
        click.option(
            "--gambit",
            metavar="NAME|FILE",
            help="Under which gambit enablers are weighed.  [default: the plan's, else incumbent]",
        ),
        click.option("--bare", is_flag=True, help="Solve nothing: leave out what enablers open."),
    )
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


@click.command()
@portfolio_argument
@click.option(
    "--format", "form", type=click.Choice(list(_FORMS)), help="How it is drawn; as FILE ends, else text, unless told."
)
@weighing_options
@search_options
@json_option
@out_option
def graph(
    portfolio: str,
    form: str | None,
    plan: Kept | None,
    gambit: str | None,
    settings: Settings,
    as_json: bool,
    out: str | None,
) -> None:
    """Draw what waits for what, in layers: how soon it can count, what holds it back, what enablers open."""
    from gambits.portfolio.load import load

    found = load(portfolio)
    drawn = _graph(found, gambit, settings)
    if plan is not None:
        from gambits.analyse.dependencies import funding, with_plan

        drawn = with_plan(drawn, *funding(plan[1], found, plan[0]))
    if out is not None or not as_json:
        _draw(drawn, form or _form_of(out), out)
    if as_json and out != "-":
        write_json(drawn.to_dict())
    finish_searches(drawn.uncertified)


def _plan(file: Path | None) -> Kept | None:
    if file is None:
        return None
    from gambits.analyse.changes import read_plan

    return file.as_posix(), read_plan(file)


def _gambit_of(plan: Kept | None) -> str:
    """Name the gambit of a plan, which can be found again if it is built in."""
    from gambits.files.bundled import profiles

    name = "incumbent" if plan is None else str(plan[1].get("gambit"))
    if name not in profiles():
        raise click.UsageError(f"the plan is one of `{name}`, which is not built in: give its file with --gambit.")
    return name


def _graph(portfolio: Portfolio, gambit: str | None, settings: Settings) -> Dependencies:
    from gambits.analyse.dependencies import dependencies, with_unlock

    found = dependencies(portfolio)
    if gambit is None:
        return found
    from gambits.analyse.study import Study
    from gambits.portfolio.gambit import load_gambit

    return with_unlock(found, Study(portfolio, settings), load_gambit(gambit))


def _form_of(out: str | None) -> str:
    """Say how a file is drawn, by its ending."""
    suffix = Path(out or "").suffix.lower()
    return next((form for form, endings in _FORMS.items() if suffix in endings), "text")


def _draw(drawn: Dependencies, form: str, out: str | None) -> None:
    if form == "text":
        from gambits.cli import graph_tables
        from gambits.cli.output import as_text

        table = graph_tables.graph(drawn)
        if out is None:
            show(table)
        else:
            write(as_text(table), out)
    elif form == "svg":
        from gambits.memo.graph_drawing import svg

        write(svg(drawn), out)
    else:
        from gambits.memo import graph_text

        write(graph_text.mermaid(drawn) if form == "mermaid" else graph_text.dot(drawn), out)
