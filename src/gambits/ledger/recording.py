"""From a plan and what it was made from to a run that can be recorded, and made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gambits.errors import InputError
from gambits.files.reading import compose, flatten, plain, read_text
from gambits.ledger.environment import environment
from gambits.ledger.records import NewRun, Run
from gambits.ledger.reduced import reduced_sha256
from gambits.ledger.store import Ledger
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.scaling.laws import law_files
from gambits.versions import versions

_ANALYSES: Final = "analyses"
"""The part of a run that holds them."""


def new_run(
    command: str,
    portfolio: Portfolio,
    gambit: Gambit,
    settings: Mapping[str, Any],
    plan: Mapping[str, Any],
    memo: str | None = None,
    analyses: Mapping[str, Any] | None = None,
) -> NewRun:
    """Make the run of a plan.

    Parameters
    ----------
    command
        What was asked: ``solve``, ``compare``, ``memo`` or ``rerun``.
    portfolio, gambit, settings
        What the plan was made from; settings by name.
    plan
        The answer, as JSON. Its versions go to the environment, outside the hash.
    memo
        The memo that was written of it.
    analyses
        What else was asked about it and takes long to find out, as JSON by name.
    """
    more = {} if memo is None else {"memo": memo}
    if analyses:
        more[_ANALYSES] = as_text({"input_sha256": plan["input_sha256"], "answers": dict(analyses)})
    parts = {
        "inputs": as_text(plan["inputs"]),
        "settings": as_text(dict(settings)),
        "plan": as_text(answer_of(plan)),
        **{f"source/{name}": text for name, text in sources(portfolio, gambit).items()},
    }
    return NewRun(
        command=command,
        portfolio=portfolio.name,
        file=portfolio.file,
        gambit=plan["gambit"],
        status=plan["status"],
        objective=plan["objective"],
        total_spend=plan["total_spend"],
        money=plan["money"],
        reduced_sha256=reduced_sha256(portfolio, gambit, settings),
        environment=as_text(environment(plan["versions"])),
        parts=parts | more,
    )


def analyses_of(ledger: Ledger, portfolio: str, gambit: str, input_sha256: str) -> dict[str, Any]:
    """Give what was found out before about the same inputs and draws, by the same versions; the newest counts.

    Parameters
    ----------
    ledger
        Where to look.
    portfolio, gambit
        The names of what was asked about.
    input_sha256
        The hash of all that decides its plan.

    Raises
    ------
    VerificationError
        If a part is not what was recorded.
    """
    for run in reversed(ledger.runs(portfolio=portfolio, gambit=gambit)):
        if _ANALYSES in run.parts and run.environment["versions"] == versions():
            recorded = json.loads(ledger.text(run, _ANALYSES))
            if recorded["input_sha256"] == input_sha256:
                return dict(recorded["answers"])
    return {}


def answer_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Give a plan as it is recorded: without inputs, which are a part of their own, and versions, which are no part."""
    return {name: value for name, value in plan.items() if name not in ("inputs", "versions")}


def plan_of(ledger: Ledger, run: Run) -> dict[str, Any]:
    """Give the plan of a run with the bytes that ``solve --json`` gave it.

    Raises
    ------
    VerificationError
        If a part is not what was recorded.
    """
    plan: dict[str, Any] = {}
    for name, value in json.loads(ledger.text(run, "plan")).items():
        if name == "input_sha256":
            plan["versions"] = run.environment["versions"]
        plan[name] = value
    return plan | {"inputs": json.loads(ledger.text(run, "inputs"))}


def as_text(value: Mapping[str, Any]) -> str:
    """Write JSON as every command does."""
    return json.dumps(dict(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def sources(portfolio: Portfolio, gambit: Gambit) -> dict[str, str]:
    """Give the text of the files that a plan was made from: portfolio, gambit, law and the law's draws.

    A file that has changed since it was read is left out: it is not what the plan was made from.
    """
    found = {
        "portfolio.yaml": (Path(portfolio.file), portfolio.inputs),
        "gambit.yaml": (Path(gambit.file), gambit.inputs),
    }
    texts = {name: text for name, (path, inputs) in found.items() if (text := _unchanged(path, inputs)) is not None}
    if portfolio.frontier is None:
        return texts
    return texts | law_texts(portfolio.frontier.law, Path(portfolio.file).parent)


def law_texts(name: str, folder: Path) -> dict[str, str]:
    """Give the texts of a law and of its draws, as ``law/`` and their path from the law's own folder.

    Raises
    ------
    InputError
        If there is no such law.
    """
    files = law_files(name, folder)
    return {f"law/{path.relative_to(files[0].parent).as_posix()}": read_text(path, path.as_posix()) for path in files}


def _unchanged(path: Path, inputs: Mapping[str, object]) -> str | None:
    shown = path.as_posix()
    try:
        text = read_text(path, shown)
        now = flatten(plain(compose(text, shown)))
    except InputError:
        return None
    return text if now == dict(inputs) else None
