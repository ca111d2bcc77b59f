"""What a plan was made from, apart from any file: inputs by dotted key, and the law's own text.

A world can be built again as it was, or with some of its inputs taken from another world.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from gambits.analyse.study import Settings
from gambits.errors import InputError, Problem, Where
from gambits.files import bundled
from gambits.ledger.recording import law_texts, sources
from gambits.ledger.records import Run
from gambits.ledger.store import Ledger
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.inputs import as_yaml
from gambits.portfolio.load import FILE_NAME, load
from gambits.portfolio.model import Portfolio
from gambits.portfolio.schema import DEFAULT_LAW
from gambits.scaling.laws import load_law

LAW_KEY: Final = "frontier.law"
_SOURCE: Final = "source/"
_LAW: Final = "law/"
_GAMBIT: Final = "gambit.yaml"


@dataclass(frozen=True, slots=True)
class World:
    """Inputs of a portfolio and of a gambit as written, by dotted key; how futures are drawn; the files read.

    ``sources`` holds texts by name: ``portfolio.yaml`` and ``gambit.yaml`` where they are known, with which
    warnings name the lines that they named, and ``law/NAME`` for each file of the law.
    """

    portfolio: Mapping[str, object]
    gambit: Mapping[str, object]
    settings: Mapping[str, Any]
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def law(self) -> Mapping[str, str]:
        """The files of the law, by their path from the law's own folder."""
        return {name.removeprefix(_LAW): text for name, text in self.sources.items() if name.startswith(_LAW)}

    @property
    def law_name(self) -> str:
        """The law as the portfolio names it."""
        return str(self.portfolio.get(LAW_KEY, DEFAULT_LAW))

    def build(self, folder: Path) -> tuple[Portfolio, Gambit]:
        """Write the world into a folder, and read it as every command does.

        Raises
        ------
        InputError
            If the inputs do not go together.
        """
        inputs = self._with_law(folder)
        portfolio = self.sources.get(FILE_NAME) if inputs == self.portfolio else None
        gambit = self.sources.get(_GAMBIT)
        (folder / FILE_NAME).write_text(portfolio or as_yaml(inputs), encoding="utf-8")
        (folder / _GAMBIT).write_text(gambit or as_yaml(self.gambit), encoding="utf-8")
        return load(folder / FILE_NAME), load_gambit(folder / _GAMBIT)

    def _with_law(self, folder: Path) -> Mapping[str, object]:
        """Write the law's files, unless the program ships the same; give inputs that name them."""
        preset = bundled.laws().get(self.law_name)
        if not self.law or (preset is not None and _holds(preset.parent, self.law)):
            return self.portfolio
        path = Path(self.law_name) if preset is None else Path(preset.name)
        for name, text in self.law.items():
            file = folder / path.parent / name
            if not file.resolve().is_relative_to(folder.resolve()):
                message = f"the law of the run would be written to {(path.parent / name).as_posix()}"
                raise InputError((Problem("law-gone", Where(LAW_KEY), message, "do not use this run"),))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return {**self.portfolio, LAW_KEY: path.as_posix()}


def recorded(ledger: Ledger, run: Run) -> World:
    """Give the world of a recorded run."""
    inputs = json.loads(ledger.text(run, "inputs"))
    texts = {name.removeprefix(_SOURCE): ledger.text(run, name) for name in run.parts if name.startswith(_SOURCE)}
    return World(inputs["portfolio"], inputs["gambit"], json.loads(ledger.text(run, "settings")), texts)


def of_today(portfolio: Portfolio, gambit: Gambit, settings: Settings) -> World:
    """Give the world of files that were read just now."""
    return World(portfolio.inputs, gambit.inputs, settings.asked, sources(portfolio, gambit))


def of_plan(plan: Mapping[str, Any], file: Path) -> World:
    """Give the world of a plan that ``solve -o`` wrote: it holds every input, and of the law its constants.

    The law itself is the preset of that name, or lies beside the plan or in the current folder.

    Raises
    ------
    InputError
        If the law is not found, or is no longer the one that the plan was made from.
    """
    certain = plan["seed"] is None
    settings = {"certain": True} if certain else {"draws": plan["draws"], "seed": plan["seed"], "batches": 0}
    world = World(plan["inputs"]["portfolio"], plan["inputs"]["gambit"], settings)
    if not plan["inputs"].get("law"):
        return world
    for folder in (file.parent, Path()):
        texts = _law_texts(world.law_name, folder, plan["inputs"]["law"])
        if texts is not None:
            return replace(world, sources=texts)
    message = f"the law `{world.law_name}` that the plan was made from is not here"
    fix = "put its file beside the plan, or compare runs of the ledger, which hold their laws"
    raise InputError((Problem("law-gone", Where(file.as_posix()), message, fix),))


def _law_texts(name: str, folder: Path, inputs: Mapping[str, object]) -> dict[str, str] | None:
    """Give the files of a law in a folder, if it is the one with these inputs."""
    try:
        return law_texts(name, folder) if load_law(name, folder).inputs == dict(inputs) else None
    except InputError:
        return None


def _holds(folder: Path, texts: Mapping[str, str]) -> bool:
    """Whether a folder has these very files."""
    return all(_text(folder / name) == text for name, text in texts.items())


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
