"""Shared by the tests of the documentation: the scripts under docs/, which are in no package."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from gambits import Gambit, Plan, Portfolio, load_gambit, pipeline
from gambits.pipeline import Settings

DOCS = Path(__file__).parents[2] / "docs"


@cache
def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def script() -> Callable[[str], ModuleType]:
    """Give a function that imports a script of docs/ by its name."""
    return _load


_FOUND: dict[str, Plan] = {}


@pytest.fixture(scope="module", autouse=True)
def solved_once() -> Iterator[None]:
    """Find each plan once, however many pages show it: from the same inputs comes the same plan."""
    found = _FOUND
    solve, drawn_as_usual = pipeline.solve, Settings()

    def once(portfolio: Portfolio, gambit: Gambit | str = "incumbent", settings: Settings = drawn_as_usual) -> Plan:
        chosen = gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
        drawn = (settings.draws, settings.seed, settings.certain, settings.batches)
        key = repr((portfolio.inputs, portfolio.warnings, chosen.name, chosen.shares, chosen.inputs, drawn))
        if key not in found:
            found[key] = solve(portfolio, chosen, settings)
        return found[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "solve", once)
        yield
