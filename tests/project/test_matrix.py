"""`make matrix` says which Pythons it found and which not, and pins the oldest versions that are promised."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

SCRIPT = Path(__file__).parents[2] / ".ci" / "matrix.py"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, which finds this Python alone and builds and runs nothing."""
    spec = importlib.util.spec_from_file_location("matrix", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "matrix", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path / "matrix")
    monkeypatch.setattr(module, "build", lambda: (Path("a.whl"), Path("a.tar.gz")))
    monkeypatch.setattr(module, "candidates", lambda version: iter(["", "/no/such/python", sys.executable]))
    return module


def test_what_is_not_found_is_printed_and_what_is_found_is_tried_with_oldest_and_newest(
    matrix: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = []
    monkeypatch.setattr(matrix, "tried", lambda setting, package, _: tried.append((setting.name, package.name)) or True)
    others = [version for version in matrix.promised_versions() if version != HERE]

    assert matrix.main([]) == 0
    printed = capsys.readouterr().out
    for version in others:
        assert f"Python {version}: not found" in printed
    assert printed.splitlines()[-1] == f"not found: {', '.join(others)}; failed: none"
    assert tried == [(f"{HERE}-oldest", "a.whl"), (f"{HERE}-newest", "a.tar.gz")]


def test_a_failure_is_named_and_fails(
    matrix: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matrix, "tried", lambda setting, *_: not setting.is_oldest)

    assert matrix.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith(f"failed: {HERE}-oldest")


def test_where_no_python_is_found_nothing_has_passed(matrix: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(version: str) -> Iterator[str]:
        yield ""

    monkeypatch.setattr(matrix, "candidates", none)

    assert matrix.main([]) == 1


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_oldest_versions_are_lower_bounds_that_the_project_allows(version: str, matrix: ModuleType) -> None:
    pinned = dict(line.split("==") for line in matrix.lower_bounds(version))
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    needed = [Requirement(line) for line in matrix.PROJECT["dependencies"]]

    for each in needed:
        if each.marker is None or each.marker.evaluate(environment):
            assert each.specifier.contains(pinned[each.name])
    assert pinned["pulp"].startswith("3." if version == "3.11" else "4.")
