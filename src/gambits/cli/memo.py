"""``gambits memo``: writes the memo that a board acts on, and checks one that was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gambits.cli.diff import is_file
from gambits.cli.main import gambit_option, json_option, out_option, portfolio_argument, settings_options
from gambits.cli.output import finish, finish_searches, write, write_bytes, write_json
from gambits.cli.progress import Watcher
from gambits.cli.recording import record_options

if TYPE_CHECKING:
    from gambits.allocate.plan import Plan
    from gambits.analyse.compare import Comparison
    from gambits.analyse.study import Settings
    from gambits.cli.recording import Recorder
    from gambits.ledger.store import Ledger
    from gambits.memo.seal import Making
    from gambits.portfolio.gambit import Gambit
    from gambits.portfolio.model import Portfolio
    from gambits.rerun.sides import Side

_FORMATS: Final = ("md", "html", "docx", "pdf", "xlsx")
_TEXTS: Final = ("md", "html")


@click.command()
@portfolio_argument
@gambit_option
@settings_options
@record_options
@click.option("--against", default="", metavar="RUN|FILE", help="Say what moved since a run, or since a plan's file.")
@click.option("--quick", is_flag=True, help="Leave out what takes many solves: prices, tornado, what to find out.")
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
    settings: Settings,
    recorder: Recorder,
    file: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Write the memo that a board acts on, for one gambit's plan; --check holds a memo against its inputs.

    With --json the record that its figures are bound to, or the outcome of the check.
    """
    from gambits.portfolio.load import load

    gambit, against, quick = (options.pop(name) for name in ("gambit", "against", "quick"))
    asked = _Asked(load(portfolio), gambit, settings, recorder.ledger, against, quick)
    if file is not None:
        is_told = {name for name in ("gambit", "against") if _is_told(context, name)}
        _check(asked, file, is_told, as_json=as_json)
    elif as_json:
        record, comparison, _ = _brief(asked)
        write_json(record)
        _finish(record, comparison)
    else:
        _write(asked, recorder, **options)


def _is_told(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a memo is asked about: the portfolio, the gambit, its futures, the ledger, an older answer, how deeply."""

    portfolio: Portfolio
    gambit: str
    settings: Settings
    ledger: str | None
    against: str
    is_quick: bool


def _write(asked: _Asked, recorder: Recorder, form: str | None, template: Path | None, out: str | None) -> None:
    from gambits.briefing import LONG
    from gambits.memo.write import write_memo

    chosen = form or _form_of(out, template)
    if chosen not in _TEXTS and out in (None, "-"):
        raise click.UsageError(f"a memo as {chosen} goes to a file: give one with -o.")
    record, comparison, gambit = _brief(asked)
    data = write_memo(record, _made(asked, record), chosen, template)
    text = data.decode() if chosen in _TEXTS else None
    plan = comparison.plans[gambit.name].to_dict()
    # What is not certified is asked again the next time, with more patience.
    is_kept = not (asked.is_quick or record["uncertified"])
    analyses = {name: record[name] for name in LONG} if is_kept else {}
    recorder.keep(asked.portfolio, gambit, asked.settings, plan, text, analyses)
    if out in (None, "-"):
        write(data.decode())
    else:
        write_bytes(data, Path(str(out)))
    _finish(record, comparison)


def _finish(record: dict[str, Any], comparison: Comparison) -> None:
    """Stop with exit code 5 if the plans, or else anything that the memo says beside them, is not certified."""
    finish(*comparison.plans.values())
    finish_searches(record["uncertified"])


def _made(asked: _Asked, record: dict[str, Any]) -> Making:
    from gambits.memo.seal import made

    return made(asked.gambit, asked.settings, record, asked.against, is_quick=asked.is_quick)


def _form_of(out: str | None, template: Path | None) -> str:
    """Take the format from the name of the file, else from that of the template."""
    for name in (out, template.name.removesuffix(".j2") if template else None):
        ending = Path(name).suffix.removeprefix(".").lower() if name else ""
        if ending in _FORMATS:
            return ending
        if ending == "htm":
            return "html"
    return "md"


def _brief(asked: _Asked, *, anew: bool = False) -> tuple[dict[str, Any], Comparison, Gambit]:
    """Find out all that the memo says; what the ledger knows is not asked again, unless all is to be found anew."""
    from gambits.analyse.study import Study
    from gambits.briefing import Past, beside, brief
    from gambits.portfolio.gambit import load_gambit

    study, chosen = Study(asked.portfolio, asked.settings), load_gambit(asked.gambit)
    with _past_ledger(asked) as book:
        past = Past(book, *_older(asked.against, book)) if asked.against else Past(book)
        comparison = beside(study, chosen)
        told = {"step": asked.settings.watch.step} if isinstance(asked.settings.watch, Watcher) else {}
        known = {} if anew or book is None else _known(book, comparison.plans[chosen.name])
        return brief(study, chosen, comparison, past, known=known, is_quick=asked.is_quick, **told), comparison, chosen


def _known(book: Ledger, plan: Plan) -> dict[str, Any]:
    from gambits.ledger.recording import analyses_of

    return analyses_of(book, plan.portfolio, plan.gambit, plan.input_sha256)


@contextmanager
def _past_ledger(asked: _Asked) -> Iterator[Ledger | None]:
    """Open the portfolio's ledger, where there is one."""
    from gambits.cli.places import ledger_beside
    from gambits.ledger.store import open_ledger

    place = ledger_beside(asked.portfolio.file, asked.ledger)
    if "://" not in place and not Path(place).is_file():
        yield None
        return
    with open_ledger(place) as book:
        yield book


def _older(word: str, book: Ledger | None) -> tuple[str, Side]:
    """Find the older answer that a user means, a plan's file or a run of the ledger, and what the memo calls it."""
    from gambits.rerun.sides import file_side, run_side

    if is_file(word):
        return Path(word).name, file_side(Path(word))
    if book is None:
        raise click.UsageError(f"--against {word}: there is no ledger, and no such file.")
    run = book.find(word)
    return f"run {run.number}", run_side(book, run)


def _check(asked: _Asked, file: Path, told: set[str], *, as_json: bool) -> None:
    from gambits.cli import memo_tables
    from gambits.cli.output import report, show
    from gambits.cli.tables import typed
    from gambits.errors import VerificationError
    from gambits.memo.check import check, read_memo

    memo = read_memo(file)
    how = memo.seal.making
    settings = replace(asked.settings, **{"certain": False, **how.settings})
    made = {name: getattr(how, name) for name in ("gambit", "against") if name not in told}
    record, _, _ = _brief(replace(asked, settings=settings, is_quick=how.is_quick, **made), anew=True)
    verdict = check(memo, record)
    if as_json:
        write_json(verdict.to_dict())
    else:
        show(memo_tables.checked(verdict, file))
    if not verdict.is_sound:
        # The outcome was given already, as JSON where that was asked for.
        hint = f"gambits memo {typed(asked.portfolio)} -o {file} writes it anew"
        error = VerificationError(f"{file} does not verify", hint)
        report(error, as_json=False)
        click.get_current_context().exit(error.exit_code)
