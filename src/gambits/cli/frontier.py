"""``gambits frontier``: the price of the gambit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, finish_searches, give, picture

if TYPE_CHECKING:
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
    from gambits.memo.frontier_chart import frontier_chart
    from gambits.portfolio.load import load

    check_picture(plot)
    found = load(portfolio)
    result = pipeline.frontier(found, gambit, settings, points)
    picture(frontier_chart, result, plot)
    give(result, lambda: price_of_the_gambit(result, found), as_json=as_json, out=out)
    finish_searches(result.uncertified)
