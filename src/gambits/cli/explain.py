"""``gambits explain``: why an initiative is in the plan or out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, finish_searches, give, picture

if TYPE_CHECKING:
    from gambits.analyse.study import Settings


@click.command()
@portfolio_argument
@click.argument("id", metavar="ID")
@gambit_option
@questions_options(draws=1000)
@click.option("--plot", metavar="FILE", help="Draw whose money moves (.svg or .png).")
@json_option
@out_option
def explain(
    portfolio: str, id: str, gambit: str, settings: Settings, plot: str | None, as_json: bool, out: str | None
) -> None:
    """Say why initiative ID is in the plan or out of it: what it earns, what blocks it, who would leave for it.

    ID may name a stage or a size, as hybrid/pilot.
    """
    from gambits import pipeline
    from gambits.cli.explain_tables import explained
    from gambits.memo.displacement_chart import displacement_chart
    from gambits.portfolio.load import load

    check_picture(plot)
    result = pipeline.explain(load(portfolio), id, gambit, settings)
    picture(displacement_chart, result, plot)
    give(result, lambda: explained(result), as_json=as_json, out=out)
    finish_searches(result.uncertified)
