"""``gambits voi``: what finding out would be worth, and what to find out first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, write_json

if TYPE_CHECKING:
    from gambits.analyse.information import Information
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
    from gambits.cli.output import show
    from gambits.cli.voi_tables import worth_knowing
    from gambits.portfolio.load import load

    check_picture(plot)
    if settings.certain:
        raise click.UsageError("--certain looks at one future, which leaves nothing to find out; leave it out.")
    found = load(portfolio)
    result = pipeline.voi(found, gambit, settings)
    _draw(result, plot)
    if out is not None:
        write_json(result.to_dict(), out)
    if as_json and out != "-":
        write_json(result.to_dict())
    elif out != "-":
        show(worth_knowing(result, found))


def _draw(result: Information, plot: str | None) -> None:
    if plot is not None:
        from gambits.cli.output import write_bytes
        from gambits.memo.information_chart import information_chart

        write_bytes(information_chart(result, Path(plot).suffix), Path(plot))
