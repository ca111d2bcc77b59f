"""Shared by the tests of fits: runs made from a known law, and the published runs where they are at hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gambits.scaling.fit.runs import Runs
from gambits.scaling.frontier import Constants, loss

SHARED = Path(__file__).parents[3] / "shared" / "data"
TRUE = {"A": 450.0, "B": 1900.0, "E": 1.8, "alpha": 0.34, "beta": 0.36, "R_D": 12.0, "R_N": 7.0}


@pytest.fixture(scope="session")
def true() -> dict[str, float]:
    """Give the constants of the law that made runs are made from, unless told."""
    return dict(TRUE)


@pytest.fixture(scope="session")
def make_runs() -> Callable[..., Runs]:
    """Give a function that makes runs of a law: six sizes, five ratios of tokens, noise if asked, epochs if asked."""

    def make_runs(*, noise: float = 0.0, repeats: bool = False, seed: int = 1, **constants: float) -> Runs:
        law = TRUE | constants
        sizes, ratios = np.meshgrid(np.geomspace(2e7, 1e10, 6), np.geomspace(2, 300, 5))
        n, d = sizes.ravel(), (sizes * ratios).ravel()
        # Few enough tokens for large models to outgrow them, enough for small ones not to.
        u = np.minimum(d, np.tile([2e8, 2e9, 2e10], 10)) if repeats else d
        exact = loss(_constants(law, repeats=repeats), n, d, u)
        scatter = np.exp(np.random.default_rng(seed).normal(0, noise, len(n)))
        return Runs("runs.csv", n, d, u if repeats else None, exact * scatter, tuple(range(2, len(n) + 2)))

    return make_runs


def _constants(law: dict[str, float], *, repeats: bool) -> Constants:
    r_d, r_n = (law["R_D"], law["R_N"]) if repeats else (math.inf, math.inf)
    return Constants(math.log(law["A"]), math.log(law["B"]), math.log(law["E"]), law["alpha"], law["beta"], r_d, r_n)


@pytest.fixture(scope="session")
def published() -> Callable[[str], Path]:
    """Give a function that finds a table of published runs, and skips the test where there is none."""

    def published(name: str) -> Path:
        file = SHARED / name
        if not file.is_file():
            pytest.skip(f"{name} is not in ../shared/data: published runs are not shipped with the project")
        return file

    return published


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes runs, or columns of text, as a table."""

    def write_table(columns: Runs | dict[str, list[Any]], name: str = "runs.csv") -> Path:
        if isinstance(columns, Runs):
            columns = {"params": columns.parameters, "tokens": columns.tokens, "loss": columns.loss} | (
                {} if columns.unique is None else {"unique_tokens": columns.unique}
            )
        rows = zip(*columns.values(), strict=True)
        file = tmp_path / name
        lines = [",".join(columns), *(",".join(_cell(cell) for cell in row) for row in rows)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    return write_table


def _cell(cell: Any) -> str:
    return cell if isinstance(cell, str) else repr(float(cell))
