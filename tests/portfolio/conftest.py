"""Shared by the tests of the file format: faults of a text."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from gambits import check
from gambits.errors import Problem


@pytest.fixture(scope="session")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | bytes], tuple[Problem, ...]]:
    """Give a function that lists everything that is wrong with the text of a portfolio file."""
    folder, number = tmp_path_factory.mktemp("faulty"), count()

    def problems(text: str | bytes) -> tuple[Problem, ...]:
        file = folder / f"{next(number)}.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return check(file)

    return problems
