"""What is built can be installed anywhere: the source distribution makes the same wheel, and extras are optional."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

# Finds nothing that does not come with gambits alone, as in an environment without any extra.
BARE = """
import importlib.abc, json, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

MISSING = set(json.loads(sys.argv.pop(1)))
sys.meta_path.insert(0, Missing())
"""


def needed(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """List the distributions that come with one, itself included."""
    found, waiting = set(), [(name, extras)]
    while waiting:
        name, extras = waiting.pop()
        found.add(canonicalize_name(name))
        for line in distribution(name).requires or ():
            each = Requirement(line)
            wanted = each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras | {""})
            if wanted and canonicalize_name(each.name) not in found:
                waiting.append((each.name, frozenset(each.extras)))
    return found


def of_extras() -> list[str]:
    """List the modules that are here and would not be where gambits was installed alone."""
    base = needed("gambits")
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if base.isdisjoint(map(canonicalize_name, owners)) and module not in sys.stdlib_module_names
    )


def bare(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BARE + code, json.dumps(of_extras())]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_modules_of_extras_are_told_from_those_that_are_needed() -> None:
    assert {"altair", "distributed", "docx", "typst", "psycopg", "pytest"} <= set(of_extras())
    assert {"numpy", "pandas", "pulp", "scipy", "click"}.isdisjoint(of_extras())


def test_every_module_is_imported_without_any_extra(tmp_path: Path) -> None:
    """Those that need an extra import it when they run, or say which one is missing."""
    done = bare(
        """
import importlib, pkgutil, gambits
for module in pkgutil.walk_packages(gambits.__path__, "gambits."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
""",
        tmp_path,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["solve", "minimal", "--certain"],
        ["compare", "minimal", "--draws", "20", "--batches", "0"],
        ["memo", "minimal", "--certain", "-o", "memo.md"],
    ],
    ids=" ".join,
)
def test_without_any_extra_a_portfolio_is_decided(command: list[str], tmp_path: Path) -> None:
    done = bare(f"from gambits.cli import main; main({command})", tmp_path)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["memo", "minimal", "--certain", "-o", "memo.html"], "gambits[charts]"),
        (["memo", "minimal", "--certain", "-o", "memo.docx"], "gambits[memo]"),
        (["memo", "minimal", "--certain", "-o", "memo.pdf"], "gambits[memo]"),
        (["solve", "minimal", "--certain", "--cluster", "tcp://127.0.0.1:1"], "gambits[cluster]"),
        (["runs", "list", "--ledger", "postgresql://127.0.0.1/none"], "gambits[postgresql]"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_needs_an_extra_says_which(command: list[str], extra: str, tmp_path: Path) -> None:
    done = bare(f"from gambits.cli import main; main({command})", tmp_path)

    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert extra in done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return folder


def unpacked(built: Path, folder: Path) -> Path:
    with tarfile.open(next(built.glob("*.tar.gz"))) as file:
        file.extractall(folder, filter="data")
    return next(folder.iterdir())


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_the_source_distribution_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    source = unpacked(built, tmp_path / "source")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "again")]
    subprocess.run(build, cwd=source, check=True, capture_output=True)

    assert contents(next((tmp_path / "again").glob("*.whl"))) == contents(next(built.glob("*.whl")))


def test_the_source_distribution_holds_what_its_readers_and_its_tests_need(built: Path, tmp_path: Path) -> None:
    source = unpacked(built, tmp_path / "source")

    for name in ("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile", "mkdocs.yml"):
        assert source.joinpath(name).is_file()
    for name in ("docs", "tests", "portfolios", "benchmarks", ".ci"):
        assert source.joinpath(name).is_dir()


@pytest.mark.system
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_what_is_built_is_installed_alone_in_a_new_environment(kind: str, built: Path, tmp_path: Path) -> None:
    """With the newest dependencies that are allowed; `make matrix` does so for the oldest too, on each Python."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(sys.executable, "-m", "venv", tmp_path / "new")
    scripts = tmp_path / "new" / "bin"
    run(scripts / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", next(built.glob(kind)))

    assert "distributed" not in run(scripts / "python", "-m", "pip", "list")
    assert "highspy" in run(scripts / "gambits", "--version")
    assert json.loads(run(scripts / "gambits", "solve", "minimal", "--certain", "--json"))["status"] == "optimal"
