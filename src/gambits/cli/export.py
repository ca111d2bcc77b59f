"""``gambits export``: the programme behind a plan, for another solver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, search_options
from gambits.cli.output import finish, write, write_json

if TYPE_CHECKING:
    from gambits.analyse.study import Settings

_FORMS: Final = ("lp", "mps")


@click.command()
@portfolio_argument
@gambit_option
@click.option(
    "--format", "form", type=click.Choice(_FORMS), help="Which text; as the name of FILE ends, else lp, unless told."
)
@search_options
@json_option
@out_option
def export(portfolio: str, gambit: str, form: str | None, settings: Settings, as_json: bool, out: str | None) -> None:
    """Write the linear programme that proves a plan, with its cuts, as LP or MPS: any solver can check the bound."""
    from gambits import pipeline
    from gambits.portfolio.load import load

    ending = Path(out or "").suffix.removeprefix(".").lower()
    chosen = form or (ending if ending in _FORMS else _FORMS[0])
    found = pipeline.export(load(portfolio), gambit, settings, chosen)
    if out is not None:
        write(found.text, out)
    if as_json and out != "-":
        write_json(found.to_dict() | {"file": out, "text": None if out else found.text})
    elif out is None:
        write(found.text)
    finish(found)
