"""From a plan and what it was made from to a run that can be recorded, and made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gambits.allocate.plan import Plan
from gambits.errors import InputError
from gambits.files.reading import compose, flatten, plain, read_text
from gambits.ledger.environment import environment
from gambits.ledger.records import NewRun
from gambits.ledger.reduced import reduced_sha256
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.scaling.laws import law_files


def new_run(
    command: str, portfolio: Portfolio, gambit: Gambit, settings: Mapping[str, Any], plan: Plan, memo: str | None = None
) -> NewRun:
    """Make the run of a plan.

    Parameters
    ----------
    command
        What was asked: ``solve``, ``compare``, ``memo`` or ``rerun``.
    portfolio, gambit, settings
        What the plan was made from; settings by name.
    plan
        The answer. Its versions go to the environment, outside the hash.
    memo
        The memo that was written of it.
    """
    answer = plan.to_dict()
    versions = answer.pop("versions")
    parts = {
        "inputs": as_text(answer.pop("inputs")),
        "settings": as_text(dict(settings)),
        "plan": as_text(answer),
        **{f"source/{name}": text for name, text in sources(portfolio, gambit).items()},
    }
    return NewRun(
        command=command,
        portfolio=portfolio.name,
        file=portfolio.file,
        gambit=plan.gambit,
        status=plan.status,
        objective=plan.objective,
        total_spend=plan.total_spend,
        money=plan.money,
        reduced_sha256=reduced_sha256(portfolio, gambit, settings),
        environment=as_text(environment(versions)),
        parts=parts if memo is None else parts | {"memo": memo},
    )


def as_text(value: dict[str, Any]) -> str:
    """Write JSON as every command does."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def sources(portfolio: Portfolio, gambit: Gambit) -> dict[str, str]:
    """Give the text of the files that a plan was made from: portfolio, gambit, law and the law's draws.

    A file that has changed since it was read is left out: it is not what the plan was made from.
    """
    found = {"portfolio.yaml": (Path(portfolio.file), portfolio.inputs), "gambit.yaml": (Path(gambit.file), gambit.inputs)}
    texts = {name: text for name, (path, inputs) in found.items() if (text := _unchanged(path, inputs)) is not None}
    if portfolio.frontier is not None:
        for path in law_files(portfolio.frontier.law, Path(portfolio.file).parent):
            texts[path.name] = read_text(path, path.as_posix())
    return texts


def _unchanged(path: Path, inputs: Mapping[str, object]) -> str | None:
    shown = path.as_posix()
    try:
        text = read_text(path, shown)
        now = flatten(plain(compose(text, shown)))
    except InputError:
        return None
    return text if now == dict(inputs) else None
