"""What holds for the project as a whole: its files, its locked versions, its commands and its wheel."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())["project"]
LOCK = ROOT.joinpath(".ci", "lock.txt").read_text().splitlines()
PYTHONS = [
    found[1]
    for classifier in PROJECT["classifiers"]
    if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier))
]

# In pieces, so that this file does not hold what it looks for.
REGISTRIES = [
    r"pypi\." r"org",
    r"python" r"hosted\.org",
    r"npm" r"js\.(org|com)",
    r"deb" r"ian\.org",
    r"--(extra-)?index" r"-url",
]


def tracked_files() -> list[Path]:
    """List what git holds; skip where there is no git, as in an unpacked source distribution."""
    if not ROOT.joinpath(".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and ROOT.joinpath(name).is_file()]


def make_targets_used(text: str) -> set[str]:
    """Find `make target` where it is written as a command: in backquotes or at the start of a line."""
    return set(re.findall(r"(?:`|^\s*(?:\$ )?)make ([a-z][a-z-]*)", text, flags=re.MULTILINE))


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(line) for lines in (PROJECT["dependencies"], *extras) for line in lines]


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment)


def test_no_file_names_a_package_registry() -> None:
    pattern = re.compile("|".join(REGISTRIES))
    guilty = [
        f"{file.relative_to(ROOT)}: {found[0]}"
        for file in tracked_files()
        if (found := pattern.search(file.read_text(errors="replace")))
    ]

    assert guilty == []


def test_there_is_no_lock_file_that_holds_addresses() -> None:
    names = {file.name for file in tracked_files()}

    assert names.isdisjoint({"uv.lock", "poetry.lock", "Pipfile.lock", "package-lock.json"})


def test_a_locked_version_is_a_name_a_version_and_perhaps_a_marker() -> None:
    odd = [line for line in LOCK if not re.fullmatch(r"[a-z0-9-]+==[0-9][A-Za-z0-9.]*( ; .+)?", line)]

    assert odd == []


@pytest.mark.parametrize("python", PYTHONS)
def test_each_requirement_is_locked_once_for_each_python(python: str) -> None:
    environment = {"python_version": python, "python_full_version": f"{python}.9"}
    pins = [pin for pin in map(Requirement, LOCK) if applies(pin, environment)]
    wanted = [requirement for requirement in requirements() if applies(requirement, environment)]

    for requirement in wanted:
        versions = [
            str(pin.specifier).removeprefix("==")
            for pin in pins
            if canonicalize_name(pin.name) == canonicalize_name(requirement.name)
        ]
        assert len(versions) == 1, requirement
        assert requirement.specifier.contains(versions[0]), requirement


def test_the_oldest_python_promised_is_the_oldest_one_listed() -> None:
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_each_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", ROOT.joinpath("Makefile").read_text(), flags=re.MULTILINE))

    assert make_targets_used(page.read_text()) <= targets


def test_the_readme_names_the_two_commands_that_a_newcomer_needs() -> None:
    assert {"demo", "test"} <= make_targets_used(ROOT.joinpath("README.md").read_text())


def test_each_make_target_is_explained_by_make_help() -> None:
    makefile = ROOT.joinpath("Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: ([a-z-]+)$", makefile, flags=re.MULTILINE))
    explained = set(re.findall(r"^([a-z-]+):.* ## ", makefile, flags=re.MULTILINE))

    assert explained == phony


def test_the_licence_is_the_whole_apache_licence() -> None:
    text = ROOT.joinpath("LICENSE").read_bytes()

    assert hashlib.sha256(text).hexdigest() == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_package_and_the_portfolios(wheel: Path) -> None:
    package = {file.relative_to(ROOT / "src") for file in tracked_files() if file.is_relative_to(ROOT / "src")}
    portfolios = {
        "gambits" / file.relative_to(ROOT) for file in tracked_files() if file.is_relative_to(ROOT / "portfolios")
    }

    held = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}

    assert package | portfolios <= held


def test_the_wheel_says_that_it_is_typed(wheel: Path) -> None:
    assert "gambits/py.typed" in zipfile.ZipFile(wheel).namelist()


def test_the_demo_runs_from_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    """Nothing may be found only because a checkout lies around it."""
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    code = "import gambits; print(gambits.__file__); from gambits.cli import main; main(['demo'])"

    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.splitlines()[0]).is_relative_to(installed)
