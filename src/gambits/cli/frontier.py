"""``gambits frontier``: the price of the gambit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, write_json

if TYPE_CHECKING:
    from gambits.analyse.frontier import Frontier
    from gambits.analyse.study import Settings


@click.command()
@portfolio_argument
@gambit_option
@click.option(
    "--points",
    type=click.IntRange(min=2, max=1001),
    default=21,
    show_default=True,
    help="Shares looked at, 0 to 100 %.",
)
@questions_options(1000)
@click.option("--plot", metavar="FILE", help="Draw the curves (.svg or .png).")
@json_option
@out_option
def frontier(
    portfolio: str, gambit: str, points: int, settings: Settings, plot: str | None, as_json: bool, out: str | None
) -> None:
    """Show what the split between architect and alchemist costs: every share from none to all, planned anew.

    Beside it the value against the budget, the mean against the worst draws, and initiatives ranked by worth for their
    money.
    """
    from gambits import pipeline
    from gambits.cli.frontier_tables import price_of_the_gambit
    from gambits.cli.output import show
    from gambits.portfolio.load import load

    check_picture(plot)
    found = load(portfolio)
    result = pipeline.frontier(found, gambit, settings, points)
    _draw(result, plot)
    if out is not None:
        write_json(result.to_dict(), out)
    if as_json and out != "-":
        write_json(result.to_dict())
    elif out != "-":
        show(price_of_the_gambit(result, found))


def _draw(result: Frontier, plot: str | None) -> None:
    if plot is not None:
        from gambits.cli.output import write_bytes
        from gambits.memo.frontier_chart import frontier_chart

        write_bytes(frontier_chart(result, Path(plot).suffix), Path(plot))
