"""``gambits voi``: what finding out would be worth, and what to find out first."""

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
@questions_options(draws=1000)
@click.option("--plot", metavar="FILE", help="Draw what each estimate is worth knowing (.svg or .png).")
@json_option
@out_option
def voi(portfolio: str, gambit: str, settings: Settings, plot: str | None, as_json: bool, out: str | None) -> None:
    """Say what knowing each estimate before you decide would be worth, and what to find out first.

    Under the gambit's rules, for one who maximises the mean; a pilot's cost is taken from the budget.
    """
    from gambits import pipeline
    from gambits.cli.voi_tables import worth_knowing
    from gambits.memo.information_chart import information_chart
    from gambits.portfolio.load import load

    check_picture(plot)
    if settings.certain:
        raise click.UsageError("--certain looks at one future, which leaves nothing to find out; leave it out.")
    found = load(portfolio)
    result = pipeline.voi(found, gambit, settings)
    picture(information_chart, result, plot)
    give(result, lambda: worth_knowing(result, found), as_json=as_json, out=out)
    finish_searches(result.uncertified)
