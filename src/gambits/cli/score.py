"""``gambits score``: a plan that someone made elsewhere, against the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, finish_searches, give, picture

if TYPE_CHECKING:
    from gambits.analyse.study import Settings


@click.command()
@portfolio_argument
@click.argument("plan", metavar="PLAN")
@gambit_option
@questions_options(1000)
@click.option("--plot", metavar="FILE", help="Draw the moves that close half of the distance (.svg or .png).")
@json_option
@out_option
def score(
    portfolio: str, plan: str, gambit: str, settings: Settings, plot: str | None, as_json: bool, out: str | None
) -> None:
    """Say what a plan of yours is worth, which rules it breaks, and the cheapest moves towards the best one.

    PLAN is a CSV table with a column `initiative` and one for each period, or `total`; or JSON as of `solve -o`.
    """
    from gambits import pipeline
    from gambits.cli.score_tables import scored
    from gambits.memo.score_chart import score_chart
    from gambits.portfolio.load import load

    check_picture(plot)
    found = load(portfolio)
    result = pipeline.score(found, plan, gambit, settings)
    picture(score_chart, result, plot)
    give(result, lambda: scored(result, found), as_json=as_json, out=out)
    finish_searches(result.uncertified)
