"""``gambits fit``: a law from a lab's own runs."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gambits.cli.main import json_option
from gambits.cli.output import check_picture, report, write, write_json

if TYPE_CHECKING:
    from gambits.cli.main import Command
    from gambits.scaling.fit.result import Fit, Options

_LEAST_RESAMPLES: Final = 100
"""Fewer draw the tails of a law badly."""


def _pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Split name=value."""
    for value in values:
        if not all(part.strip() for part in value.partition("=")):
            raise click.BadParameter(f"`{value}` is not {parameter.metavar}", context, parameter)
    return {name.strip(): value.strip() for name, _, value in (each.partition("=") for each in values)}


def _quantities(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    from gambits.scaling.fit.runs import QUANTITIES

    found = _pairs(context, parameter, values)
    for name in found:
        if name not in QUANTITIES:
            raise click.BadParameter(f"`{name}` is none of {', '.join(QUANTITIES)}", context, parameter)
    return found


def table_options(command: Command) -> Command:
    """Which table, which of its columns, which of its rows; gives the command its ``runs``."""

    @functools.wraps(command)
    def wrapped(runs: str, columns: dict[str, str], where: dict[str, str], **others: Any) -> None:
        from gambits.scaling.fit.runs import read_runs

        command(runs=read_runs(runs, columns, where), **others)

    column = "What a column holds (parameters, tokens, compute, unique, loss), if its heading does not say; repeatable."
    options = (
        click.argument("runs", metavar="RUNS"),
        click.option(
            "--column", "columns", multiple=True, metavar="QUANTITY=HEADING", callback=_quantities, help=column
        ),
        click.option(
            "--where", multiple=True, metavar="HEADING=VALUE", callback=_pairs, help="Only such rows; repeatable."
        ),
    )
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def fit_options(command: Command) -> Command:
    """How to fit; gives the command its ``options``."""

    @functools.wraps(command)
    def wrapped(loss: str, tie: bool, hold: str | None, drop_worst: int, bootstrap: int, **others: Any) -> None:
        from gambits.scaling.fit.result import Options
        from gambits.scaling.laws import load_law

        if tie and hold:
            raise click.UsageError("--tie and --hold exclude each other: held exponents are not fitted.")
        accept = others.pop("draw_unidentified")
        held = load_law(hold) if hold else None
        command(options=Options(loss, tie, held, drop_worst, bootstrap, accept), **others)

    hold = "Take A, B, E and the exponents from LAW, a preset or a law file, and fit only R_D and R_N."
    options = (
        click.option(
            "--loss",
            type=click.Choice(["huber", "absolute", "square"]),
            default="huber",
            show_default=True,
            help="What to make small: of residuals of log loss.",
        ),
        click.option("--tie", is_flag=True, help="One exponent for parameters and data."),
        click.option("--hold", metavar="LAW", help=hold),
        click.option(
            "--drop-worst", type=click.IntRange(min=0), default=0, help="Leave out the N runs of highest loss."
        ),
        click.option(
            "--bootstrap", type=click.IntRange(min=0), default=1000, show_default=True, help="Resamples of the runs."
        ),
        click.option(
            "--draw-unidentified", is_flag=True, help="Accept R_D and R_N that the runs leave open: draw them."
        ),
    )
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


@click.command()
@table_options
@fit_options
@click.option("--seed", type=int, default=2027, show_default=True, help="What the resamples are keyed by.")
@json_option
@click.option("-o", "--out", metavar="LAW.yaml", help="Write a law file, and its draws beside it.")
@click.option("--plot", metavar="FILE", help="Draw fitted against measured loss, and residuals (.svg or .png).")
def fit(runs: Any, options: Options, seed: int, as_json: bool, out: str | None, plot: str | None) -> None:
    """Fit a law to runs of your own: a CSV table of parameters, tokens (or FLOP) and loss.

    With a column of unique tokens and runs that repeat them, what repetition is worth is fitted too. Refuses, with
    the reason, a law that the runs do not bear out.
    """
    _check_files(options, out, plot)
    found, rng = _fit(runs, options, seed)
    if as_json:
        write_json(found.to_dict())
    else:
        _show(found, out)
    if plot is not None:
        _plot(found, Path(plot))
    _stop_if_refused(found)
    if out is not None:
        _write_law(found, Path(out), seed, rng)


def _check_files(options: Options, out: str | None, plot: str | None) -> None:
    """Refuse what could not be written before anything is computed."""
    if out is not None and Path(out).suffix not in (".yaml", ".yml"):
        raise click.UsageError(f"-o {out}: a law file ends in .yaml, and its draws lie beside it.")
    if out is not None and options.resamples < _LEAST_RESAMPLES:
        raise click.UsageError(f"-o needs draws: --bootstrap {_LEAST_RESAMPLES} or more.")
    check_picture(plot)


def _fit(runs: Any, options: Options, seed: int) -> tuple[Fit, Any]:
    import numpy as np

    from gambits.cli.progress import busy
    from gambits.scaling.fit.fitting import fit_law

    rng = np.random.default_rng(seed)
    with busy("fitting …"):
        return fit_law(runs, options, rng), rng


def _show(found: Fit, out: str | None) -> None:
    from gambits.cli import fit_tables
    from gambits.cli.output import show

    show(fit_tables.fitted(found, out))


def _plot(found: Fit, path: Path) -> None:
    from gambits.cli.output import write_bytes
    from gambits.memo.fit_chart import fit_chart

    write_bytes(fit_chart(found, path.suffix), path)


def _stop_if_refused(found: Fit) -> None:
    """Stop with exit code 3 where there is no law to use; the fit was given, for its reasons."""
    from gambits.errors import InputError

    if found.refusals:
        error = InputError(found.refusals, "the fit is shown for its reasons; no law is written")
        report(error, as_json=False)
        click.get_current_context().exit(error.exit_code)


def _write_law(found: Fit, path: Path, seed: int, rng: Any) -> None:
    from gambits.scaling.fit.law_file import draws_text, law_text

    draws = path.with_name(f"{path.stem}-draws.csv")
    write(draws_text(found, rng), draws)
    write(law_text(found, draws.name, seed), path)
