"""What a plan was made from, apart from any file: inputs by dotted key, and the law's own text.

A world can be built again as it was, or with some of its inputs taken from another world.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from gambits.files import bundled
from gambits.ledger.records import Run
from gambits.ledger.store import Ledger
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.inputs import as_yaml
from gambits.portfolio.load import FILE_NAME, load
from gambits.portfolio.model import Frontier, Portfolio

LAW_KEY: Final = "frontier.law"
SOURCE: Final = "source/"
LAW: Final = "source/law/"


@dataclass(frozen=True, slots=True)
class World:
    """Inputs of a portfolio and of a gambit as written, by dotted key; how futures are drawn; the files of the law.

    ``texts`` holds the portfolio and the gambit as they stood in their files, where that is known: with them
    warnings name the lines that they named.
    """

    portfolio: Mapping[str, object]
    gambit: Mapping[str, object]
    settings: Mapping[str, Any]
    law: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def build(self, folder: Path) -> tuple[Portfolio, Gambit]:
        """Write the world into a folder, and read it as every command does.

        Raises
        ------
        InputError
            If the inputs do not go together.
        """
        inputs = self._with_law(folder)
        same = inputs == self.portfolio
        texts = {
            FILE_NAME: self.texts.get("portfolio.yaml") if same else None,
            "gambit.yaml": self.texts.get("gambit.yaml"),
        }
        for name, made in ((FILE_NAME, inputs), ("gambit.yaml", self.gambit)):
            (folder / name).write_text(texts[name] or as_yaml(made), encoding="utf-8")
        return load(folder / FILE_NAME), load_gambit(folder / "gambit.yaml")

    def _with_law(self, folder: Path) -> Mapping[str, object]:
        """Write the law's files, unless the program ships the same; give inputs that name them."""
        name = str(self.portfolio.get(LAW_KEY, Frontier.__dataclass_fields__["law"].default))
        preset = bundled.laws().get(name)
        if not self.law or (preset is not None and _same(preset.parent, self.law)):
            return self.portfolio
        path = Path(f"{name}.yaml") if preset is not None else Path(name)
        for file, text in self.law.items():
            place = folder / path.parent / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return {**self.portfolio, LAW_KEY: path.as_posix()}


def _same(folder: Path, texts: Mapping[str, str]) -> bool:
    return all((folder / name).is_file() and (folder / name).read_text(encoding="utf-8") == text for name, text in texts.items())
