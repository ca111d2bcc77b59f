"""``gambits sensitivity``: what the plan rests on, and what would flip it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, finish_searches, give, picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from gambits.analyse.study import Settings


def _pictures(command: Callable[..., None]) -> Callable[..., None]:
    """Where to draw what; gives the command its ``plots``, by the option that asked."""

    @functools.wraps(command)
    def wrapped(plot: str | None, plot_gaming: str | None, **others: Any) -> None:
        asked = {"--plot": plot, "--plot-gaming": plot_gaming}
        command(plots={option: file for option, file in asked.items() if file is not None}, **others)

    gaming = "Draw what exaggerating pays each owner (.svg or .png)."
    wrapped = click.option("--plot-gaming", metavar="FILE", help=gaming)(wrapped)
    return click.option("--plot", metavar="FILE", help="Draw the tornado (.svg or .png).")(wrapped)


@click.command()
@portfolio_argument
@gambit_option
@click.option(
    "--flips",
    "ids",
    multiple=True,
    metavar="ID|none",
    help="Look for flips of this initiative alone, or for none, in a fraction of the time; ID may be repeated.",
)
@questions_options(draws=200)
@_pictures
@json_option
@out_option
def sensitivity(
    portfolio: str,
    gambit: str,
    ids: tuple[str, ...],
    settings: Settings,
    plots: dict[str, str],
    as_json: bool,
    out: str | None,
) -> None:
    """Show how far each estimate moves the plan's value, and how little of a change flips an initiative.

    Every estimate is known beforehand at its p10 and at its p90, and the best plan found for each. The last table
    says what each owner would gain by exaggerating.
    """
    from gambits import pipeline
    from gambits.cli.sensitivity_tables import rests_on
    from gambits.memo.gaming_chart import gaming_chart
    from gambits.memo.tornado_chart import tornado_chart
    from gambits.portfolio.load import load

    for option, file in plots.items():
        check_picture(file, option)
    found = load(portfolio)
    result = pipeline.sensitivity(found, gambit, settings, () if ids == ("none",) else ids or None)
    picture(tornado_chart, result, plots.get("--plot"))
    picture(gaming_chart, result, plots.get("--plot-gaming"))
    give(result, lambda: rests_on(result, found), as_json=as_json, out=out)
    finish_searches(result.uncertified)
