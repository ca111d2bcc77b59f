"""Shared by the tests of the command line: running a command in this process, and a lab to run it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gambits.cli import main

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    title: Hybrid backbone
    path: architect
    owner: architecture
    source: Doe 2026
    cost: 16 to 25
    success: 0.6
    effects: {data_efficiency: 1.2 to 2.0}
    response: 0.8
    takes: 3
  play:
    title: Self-play
    path: alchemist
    source: "judgement: a guess"
    cost: 20
    effects: {post_training: 1.4}
    response: 0.8
    requires: [verifier]
  verifier:
    title: Verifiers
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 12
    takes: 2
  rented:
    title: Rented compute
    path: scale
    source: "judgement: a price list"
    cost: 40
    effects: {compute: 1.1}
"""


@pytest.fixture(scope="session")
def run() -> Callable[..., Result]:
    """Give a function that runs a command; what it did not foresee comes out as an exception."""

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)

    return run


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Write a small lab of four initiatives, two on each path of a hedge and one beside them."""
    file = tmp_path / "lab.yaml"
    file.write_text(LAB, encoding="utf-8")
    return file


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Give a function that writes a file of some name and text."""

    def write(name: str, text: str) -> Path:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write
