"""``gambits explain``: why an initiative is in the plan or out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, questions_options
from gambits.cli.output import check_picture, write_json

if TYPE_CHECKING:
    from gambits.analyse.explanation import Explanation
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
    from gambits.cli.output import show
    from gambits.portfolio.load import load

    check_picture(plot)
    result = pipeline.explain(load(portfolio), id, gambit, settings)
    _draw(result, plot)
    if out is not None:
        write_json(result.to_dict(), out)
    if as_json and out != "-":
        write_json(result.to_dict())
    elif out != "-":
        show(explained(result))


def _draw(result: Explanation, plot: str | None) -> None:
    if plot is not None:
        from gambits.cli.output import write_bytes
        from gambits.memo.displacement_chart import displacement_chart

        write_bytes(displacement_chart(result, Path(plot).suffix), Path(plot))
