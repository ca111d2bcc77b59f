"""``gambits memo``: writes the memo that a board acts on, and checks one that was written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, settings_options
from gambits.cli.output import write, write_bytes, write_json
from gambits.cli.recording import record_options

if TYPE_CHECKING:
    from gambits.analyse.compare import Comparison
    from gambits.analyse.study import Settings
    from gambits.cli.recording import Recorder
    from gambits.portfolio.gambit import Gambit
    from gambits.portfolio.model import Portfolio

_FORMATS: Final = ("md", "html", "docx", "pdf", "xlsx")
_TEXTS: Final = ("md", "html")


@click.command()
@portfolio_argument
@gambit_option
@settings_options
@record_options
@click.option("--format", "form", type=click.Choice(_FORMATS), help="What to write; by FILE's ending unless told.")
@click.option("--template", type=click.Path(path_type=Path), metavar="FILE", help="A template of your own, md or html.")
@click.option("--check", "file", type=click.Path(path_type=Path), metavar="FILE", help="Check every figure of a memo.")
@json_option
@out_option
@click.pass_context
def memo(
    context: click.Context,
    /,
    portfolio: str,
    gambit: str,
    settings: Settings,
    recorder: Recorder,
    file: Path | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Write the memo that a board acts on, for one gambit's plan; --check holds a memo against its inputs.

    With --json the record that its figures are bound to, or the outcome of the check.
    """
    from gambits.portfolio.load import load

    found = load(portfolio)
    if file is not None:
        is_told = context.get_parameter_source("gambit") is not click.core.ParameterSource.DEFAULT
        _check(found, file, gambit if is_told else None, settings, as_json=as_json)
    elif as_json:
        write_json(_brief(found, gambit, settings)[0])
    else:
        _write(found, gambit, settings, recorder, **how)


def _write(
    portfolio: Portfolio,
    gambit: str,
    settings: Settings,
    recorder: Recorder,
    *,
    form: str | None,
    template: Path | None,
    out: str | None,
) -> None:
    from gambits.memo.seal import made
    from gambits.memo.write import write_memo

    chosen = form or _form_of(out, template)
    if chosen not in _TEXTS and out in (None, "-"):
        raise click.UsageError(f"a memo as {chosen} goes to a file: give one with -o.")
    record, comparison, found = _brief(portfolio, gambit, settings)
    data = write_memo(record, made(gambit, settings, record), chosen, template)
    text = data.decode() if chosen in _TEXTS else None
    recorder.keep(portfolio, found, settings, comparison.plans[found.name].to_dict(), text)
    if out in (None, "-"):
        write(data.decode())
    else:
        write_bytes(data, Path(str(out)))


def _form_of(out: str | None, template: Path | None) -> str:
    """Take the format from the name of the file, else from that of the template."""
    for name in (out, template.name.removesuffix(".j2") if template else None):
        ending = Path(name).suffix.removeprefix(".").lower() if name else ""
        if ending in _FORMATS:
            return ending
        if ending == "htm":
            return "html"
    return "md"


def _brief(portfolio: Portfolio, gambit: str, settings: Settings) -> tuple[dict[str, Any], Comparison, Gambit]:
    from gambits.analyse.study import Study
    from gambits.briefing import beside, brief
    from gambits.portfolio.gambit import load_gambit

    study, chosen = Study(portfolio, settings), load_gambit(gambit)
    comparison = beside(study, chosen)
    return brief(study, chosen, comparison), comparison, chosen


def _check(portfolio: Portfolio, file: Path, gambit: str | None, settings: Settings, *, as_json: bool) -> None:
    from gambits.cli import memo_tables
    from gambits.cli.output import report, show
    from gambits.cli.tables import typed
    from gambits.errors import VerificationError
    from gambits.memo.check import check, read_memo

    memo = read_memo(file)
    how = memo.seal.making
    asked = replace(settings, **{"certain": False, **how.settings})
    record, _, _ = _brief(portfolio, gambit or how.gambit, asked)
    verdict = check(memo, record)
    if as_json:
        write_json(verdict.to_dict())
    else:
        show(memo_tables.checked(verdict, file))
    if not verdict.is_sound:
        # The outcome was given already, as JSON where that was asked for.
        error = VerificationError(
            f"{file} does not verify", f"gambits memo {typed(portfolio)} -o {file} writes it anew"
        )
        report(error, as_json=False)
        click.get_current_context().exit(error.exit_code)
