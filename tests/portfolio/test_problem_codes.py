"""Every code of a problem has its paragraph in the documentation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import gambits

SOURCE = Path(gambits.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "problems.md"

# Where the code stands among the arguments of what makes a problem.
POSITION = {"add": 1, "warn": 1, "Refused": 0, "Problem": 0, "stop": 2}


def codes_in(tree: ast.AST) -> Iterator[str]:
    """Find the codes that a module gives to problems, where they are written out."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        position = POSITION.get(name, len(node.args))
        code = node.args[position] if position < len(node.args) else None
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield code.value


def test_every_code_of_a_problem_is_explained_in_the_reference() -> None:
    codes = {code for file in SOURCE.rglob("*.py") for code in codes_in(ast.parse(file.read_text(encoding="utf-8")))}
    headings = re.findall(r"^#+ +`?([a-z0-9-]+)`?", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert len(codes) > 30, "the walk still finds how problems are made"
    assert sorted(codes - set(headings)) == []
