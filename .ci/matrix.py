"""Run the tests on every promised Python that this machine has, with the oldest and the newest dependencies allowed.

    python .ci/matrix.py [PYTEST ARGUMENT ...]

Each environment is new. It first gets the package alone, from the wheel or the source distribution, and has to solve a
portfolio without any extra; then the tests. The oldest versions are the lower bounds in pyproject.toml. What the
pages show is what the locked versions print, so the tests of the pages are left to them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
HERE = ROOT / ".cache" / "matrix"
PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
TOOLS = ("test", "dev")
"""Extras that nobody installs to use gambits: their versions are not promised."""
CLEAN = {name: text for name, text in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


@dataclass(frozen=True)
class Setting:
    """A Python with the dependencies that it gets."""

    version: str
    python: Path
    is_oldest: bool

    @property
    def name(self) -> str:
        return f"{self.version}-{'oldest' if self.is_oldest else 'newest'}"


def promised_versions() -> list[str]:
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line) for line in PROJECT["classifiers"])
    return [each[1] for each in found if each]


def candidates(version: str) -> Iterator[str]:
    """List where a Python may be: uv's, pyenv's, the system's, and this one."""
    uv = shutil.which("uv")
    if uv is not None:
        found = run([uv, "python", "find", "--no-python-downloads", version])
        yield found.stdout.strip()
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT", home / ".pyenv"))
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python"))
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")))
    yield from map(str, sorted(managed.glob(f"cpython-{version}.*/bin/python{version}")))
    yield shutil.which(f"python{version}") or ""
    yield sys.executable


def find_python(version: str) -> Path | None:
    """Give a Python of this version that can make environments."""
    asked = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2], sys.executable)"
    for candidate in filter(None, candidates(version)):
        said = run([candidate, "-c", asked]).stdout.split(maxsplit=1)
        if said and said[0] == version:
            return Path(said[1].strip())
    return None


def lower_bounds(version: str) -> list[str]:
    """Pin what gambits and its extras need to the least that pyproject.toml allows."""
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for name in extras if name not in TOOLS for line in extras[name])]
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    wanted = [each for each in map(Requirement, lines) if each.marker is None or each.marker.evaluate(environment)]
    return sorted({f"{each.name}=={_least(each)}" for each in wanted})


def _least(requirement: Requirement) -> str:
    return next(each.version for each in requirement.specifier if each.operator == ">=")


def run(command: list[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command outside the checkout, so that only what is installed is found; one that is missing has failed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, env=CLEAN, cwd=HERE, **options)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def build() -> tuple[Path, Path]:
    """Build the wheel and the source distribution."""
    folder = HERE / "dist"
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def install(setting: Setting, package: str) -> subprocess.CompletedProcess[str]:
    options = ["-qq", "--disable-pip-version-check"]
    if setting.is_oldest:
        bounds = HERE / f"{setting.name}.txt"
        bounds.write_text("".join(f"{line}\n" for line in lower_bounds(setting.version)), encoding="utf-8")
        options += ["-c", str(bounds)]
    return run([HERE / setting.name / "bin" / "python", "-m", "pip", "install", *options, package])


def solved_as_json(scripts: Path) -> subprocess.CompletedProcess[str]:
    """Solve; what a dependency prints between the lines of JSON is a failure too."""
    done = run([scripts / "gambits", "solve", "minimal", "--certain", "--json"])
    try:
        json.loads(done.stdout)
    except ValueError:
        return subprocess.CompletedProcess(done.args, done.returncode or 1, done.stdout, done.stderr)
    return done


def steps(setting: Setting, package: Path, arguments: list[str]) -> Iterator[tuple[str, subprocess.CompletedProcess]]:
    """Do what has to work, one step after another."""
    scripts = HERE / setting.name / "bin"
    yield "make an environment", run([setting.python, "-m", "venv", HERE / setting.name])
    yield f"install {package.name}", install(setting, str(package))
    yield "print the versions", run([scripts / "gambits", "--version"])
    yield "solve without extras", solved_as_json(scripts)
    yield "install what the tests need", install(setting, f"{package}[test]")
    # From the checkout, whose tests they are; the package is the installed one, which no path of ours hides.
    command = [scripts / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--ignore=tests/docs", *arguments]
    yield "run the tests", subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=CLEAN)


def tried(setting: Setting, package: Path, arguments: list[str]) -> bool:
    """Go through the steps; print how it went."""
    said = "no step was taken"
    for step, done in steps(setting, package, arguments):
        if step == "print the versions":
            print(f"  {setting.name}: {', '.join(done.stdout.splitlines())}", flush=True)
        if done.returncode:
            print(f"  {setting.name}: could not {step}\n{done.stdout[-4000:]}{done.stderr[-4000:]}", flush=True)
            return False
        said = done.stdout.strip().rpartition("\n")[2]
    print(f"  {setting.name}: {said}", flush=True)
    return True


def main(arguments: list[str]) -> int:
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir(parents=True)
    found = {version: find_python(version) for version in promised_versions()}
    missing = [version for version, python in found.items() if python is None]
    settings = [
        Setting(version, python, is_oldest)
        for version, python in found.items()
        if python is not None
        for is_oldest in (True, False)
    ]
    wheel, source = build()
    for version, python in found.items():
        print(f"Python {version}: {python or 'not found'}", flush=True)
    # The oldest come with the wheel and the newest with the source distribution: each is installed on each Python.
    failed = [each.name for each in settings if not tried(each, wheel if each.is_oldest else source, arguments)]
    print(f"not found: {', '.join(missing) or 'none'}; failed: {', '.join(failed) or 'none'}")
    return 1 if failed or not settings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
