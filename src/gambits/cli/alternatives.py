"""``gambits alternatives``: other plans that are nearly as good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, finish_searches, give, picture

if TYPE_CHECKING:
    from gambits.analyse.study import Settings


@click.command()
@portfolio_argument
@gambit_option
@click.option(
    "--within",
    type=click.FloatRange(min=0, min_open=True),
    default=0.01,
    show_default=True,
    help="What a plan may be worth less than the best, OOM.",
)
@click.option("--count", type=click.IntRange(min=1, max=50), default=5, show_default=True, help="Plans, with the best.")
@questions_options(200)
@click.option("--plot", metavar="FILE", help="Draw how far the money of each initiative goes (.svg or .png).")
@json_option
@out_option
def alternatives(
    portfolio: str, gambit: str, settings: Settings, plot: str | None, as_json: bool, out: str | None, **asked: Any
) -> None:
    """Show plans that are nearly as good as the best and as different as possible, and what all of them have.

    The money of each initiative is taken as low and as high as plans so good go.
    """
    from gambits import pipeline
    from gambits.cli.alternatives_tables import other_plans
    from gambits.memo.alternatives_chart import alternatives_chart
    from gambits.portfolio.load import load

    check_picture(plot)
    found = load(portfolio)
    result = pipeline.alternatives(found, gambit, settings, **asked)
    picture(alternatives_chart, result, plot)
    give(result, lambda: other_plans(result), as_json=as_json, out=out)
    finish_searches(result.uncertified)
