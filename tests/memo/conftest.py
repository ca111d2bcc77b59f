"""Shared by the tests of the memo: memos and the plans that they are about."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gambits.cli import main


def _run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def memo_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Give a function that writes the memo on the text of a portfolio, or on a bundled one, by name."""
    folder = tmp_path_factory.mktemp("memos")

    @cache
    def memo_of(portfolio: str, gambit: str = "incumbent") -> str:
        if "\n" in portfolio:
            (folder / "portfolio.yaml").write_text(portfolio, encoding="utf-8")
            return _run("memo", folder, "--certain", "--gambit", gambit)
        return _run("memo", portfolio, "--certain", "--gambit", gambit)

    return memo_of


@pytest.fixture(scope="session")
def plan_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Give a function that solves the text of a portfolio, or a bundled one, as JSON."""
    folder = tmp_path_factory.mktemp("plans")

    @cache
    def plan_of(portfolio: str, gambit: str | Path = "incumbent") -> dict[str, Any]:
        if "\n" in portfolio:
            (folder / "portfolio.yaml").write_text(portfolio, encoding="utf-8")
            portfolio = str(folder)
        return json.loads(_run("solve", portfolio, "--certain", "--gambit", gambit, "--json"))

    return plan_of


@pytest.fixture(scope="session")
def frontier_memo(memo_of: Callable[..., str]) -> str:
    """The incumbent's memo on the frontier lab."""
    return memo_of("frontier-lab", "incumbent")


def _sections(memo: str) -> dict[str, str]:
    parts = memo.split("\n## ")
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts[1:]}


def _tables(text: str) -> list[list[list[str]]]:
    tables: list[list[list[str]]] = []
    before = False
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not before:
                tables.append([])
            tables[-1].append(cells)
        before = line.startswith("|")
    return tables


@pytest.fixture(scope="session")
def sections() -> Callable[[str], dict[str, str]]:
    """Give a function that takes a memo apart at its headings."""
    return _sections


@pytest.fixture(scope="session")
def tables() -> Callable[[str], list[list[list[str]]]]:
    """Give a function that reads the tables of a text: rows of cells, the second row being the rule."""
    return _tables
