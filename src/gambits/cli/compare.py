"""``gambits compare``: plans side by side, and what a board asks of them next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gambits.cli.main import json_option, out_option, portfolio_argument, settings_options
from gambits.cli.output import finish, finish_searches, give
from gambits.cli.recording import record_options

if TYPE_CHECKING:
    from gambits.analyse.study import Settings
    from gambits.cli.recording import Recorder


@click.command()
@portfolio_argument
@click.option("--gambit", "gambits", multiple=True, metavar="NAME|FILE", help="Gambits to compare; may be repeated.")
@settings_options
@record_options
@json_option
@out_option
def compare(
    portfolio: str, gambits: tuple[str, ...], settings: Settings, recorder: Recorder, as_json: bool, out: str | None
) -> None:
    """Lay the plans of several gambits side by side; incumbent and challenger unless told.

    Beside them: what else could be done with the money, what each plan is worth and regretted in every view, the
    chance of being ahead of rivals, and the beliefs at which the second plan overtakes the first.
    """
    from gambits import pipeline
    from gambits.cli import tables
    from gambits.cli.weighing_tables import weighing
    from gambits.portfolio.gambit import load_gambit
    from gambits.portfolio.load import load

    found, chosen = load(portfolio), [load_gambit(name) for name in gambits or pipeline.GAMBITS]
    comparison = pipeline.compare(found, chosen, settings)
    for each in chosen:
        recorder.keep(found, each, settings, comparison.plans[each.name].to_dict())
    parts = (lambda: tables.comparison(comparison, found, chosen), lambda: weighing(comparison, found))
    give(comparison, *parts, as_json=as_json, out=out)
    finish(*comparison.plans.values())
    finish_searches(comparison.uncertified)
