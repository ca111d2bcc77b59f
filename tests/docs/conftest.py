"""Shared by the tests of the documentation: the scripts under docs/, which are in no package."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from gambits import Gambit, Plan, pipeline
from gambits.analyse.study import Study

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
    plan_of = pipeline.plan_of

    def once(study: Study, gambit: Gambit) -> Plan:
        portfolio, settings = study.portfolio, study.settings
        drawn = (settings.draws, settings.seed, settings.certain, settings.batches)
        key = repr((portfolio.inputs, portfolio.warnings, gambit.name, gambit.shares, gambit.inputs, drawn))
        if key not in found:
            found[key] = plan_of(study, gambit)
        return found[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "plan_of", once)
        yield
