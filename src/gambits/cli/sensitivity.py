"""``gambits sensitivity``: what the plan rests on, and what would flip it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, write_json

if TYPE_CHECKING:
    from gambits.analyse.sensitivity import Sensitivity
    from gambits.analyse.study import Settings


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
@click.option("--plot", metavar="FILE", help="Draw the tornado (.svg or .png).")
@json_option
@out_option
def sensitivity(
    portfolio: str,
    gambit: str,
    ids: tuple[str, ...],
    settings: Settings,
    plot: str | None,
    as_json: bool,
    out: str | None,
) -> None:
    """Show how far each estimate moves the plan's value, and how little of a change flips an initiative.

    Every estimate is known beforehand at its p10 and at its p90, and the best plan found for each.
    """
    from gambits import pipeline
    from gambits.cli.output import show
    from gambits.cli.sensitivity_tables import rests_on
    from gambits.portfolio.load import load

    check_picture(plot)
    found = load(portfolio)
    result = pipeline.sensitivity(found, gambit, settings, () if ids == ("none",) else ids or None)
    _draw(result, plot)
    if out is not None:
        write_json(result.to_dict(), out)
    if as_json and out != "-":
        write_json(result.to_dict())
    elif out != "-":
        show(rests_on(result, found))


def _draw(result: Sensitivity, plot: str | None) -> None:
    if plot is not None:
        from gambits.cli.output import write_bytes
        from gambits.memo.tornado_chart import tornado_chart

        write_bytes(tornado_chart(result, Path(plot).suffix), Path(plot))
