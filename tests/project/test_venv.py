"""`.ci/venv` makes `.venv` with what a machine has, and says what to type where it has too little.

Each test lays out a machine: a PATH with the few commands that the script needs, and fakes of the rest that
write down how they were called.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "venv"
NEEDED = ("sh", "dirname", "mktemp", "rm", "mkdir", "cp")

# Answers as a Python would: new enough or not, and with or without the modules that make environments.
PYTHON = """#!/bin/sh
echo "$0 $*" >>"{log}"
case "$1 $2" in
"-c import pip") exit 0 ;;
-c*) {is_new} && echo "$0" ;;
"-m venv")
    mkdir -p .venv/bin && cp "$0" .venv/bin/python
    {has_ensurepip} || {{ echo "ensurepip is not available"; exit 1; }} ;;
"-m virtualenv") {has_virtualenv} && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
-V*) echo "Python 3.12.0" ;;
esac
"""

# `uv venv` and `virtualenv` alike: make .venv with the fake Python "{python}".
MAKER = """#!/bin/sh
echo "$0 $*" >>"{log}"
mkdir -p .venv/bin && cp "{python}" .venv/bin/python
"""


@dataclass(frozen=True)
class Machine:
    """A project folder, a PATH and a home of its own."""

    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def venv(self) -> Path:
        return self.root / "project" / ".venv"

    @property
    def log(self) -> Path:
        return self.root / "log"

    def command(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
        return file

    def python(
        self, path: str = "bin/python3", *, new: bool = True, ensurepip: bool = True, virtualenv: bool = False
    ) -> Path:
        answers = {"is_new": new, "has_ensurepip": ensurepip, "has_virtualenv": virtualenv}
        words = {name: str(answer).lower() for name, answer in answers.items()}
        return self.command(path, PYTHON.format(log=self.log, **words))

    def maker(self, name: str, python: Path) -> Path:
        return self.command(f"bin/{name}", MAKER.format(log=self.log, python=python))

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", self.root / "project" / ".ci" / "venv"],
            env={"PATH": str(self.bin), "HOME": str(self.root / "home"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.bin.mkdir()
    for name in NEEDED:
        machine.bin.joinpath(name).symlink_to(shutil.which(name) or name)
    ci = tmp_path / "project" / ".ci"
    ci.mkdir(parents=True)
    shutil.copy(SCRIPT, ci)
    return machine


def assert_made(machine: Machine, result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stderr
    assert machine.venv.joinpath("bin", "python").exists()


def assert_refused(machine: Machine, result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 1
    assert result.stdout == ""
    assert not machine.venv.exists()


def test_a_plain_python_makes_an_environment_with_pip(machine: Machine) -> None:
    """The one test with nothing faked but the PATH."""
    machine.bin.joinpath("python3").symlink_to(sys.executable)

    result = machine.run()

    assert_made(machine, result)
    assert result.stdout.startswith("made .venv with Python 3.")
    subprocess.run([machine.venv / "bin" / "python", "-c", "import pip"], check=True)


def test_uv_is_asked_first(machine: Machine) -> None:
    python = machine.python()
    uv = machine.maker("uv", python)

    result = machine.run()

    assert_made(machine, result)
    assert f"{uv} venv --quiet --python {python} .venv" in machine.calls()
    assert "-m venv" not in machine.calls()


def test_a_uv_that_fails_is_passed_over(machine: Machine) -> None:
    machine.python()
    machine.command("bin/uv", "#!/bin/sh\nexit 2\n")

    result = machine.run()

    assert_made(machine, result)
    assert "-m venv .venv" in machine.calls()


def test_uv_may_know_a_python_that_is_on_no_path(machine: Machine) -> None:
    machine.maker("uv", machine.python("elsewhere/python3"))

    result = machine.run()

    assert_made(machine, result)
    assert "venv --quiet --python 3.13 .venv" in machine.calls()


def test_without_ensurepip_the_virtualenv_module_steps_in(machine: Machine) -> None:
    python = machine.python(ensurepip=False, virtualenv=True)

    result = machine.run()

    assert_made(machine, result)
    assert f"{python} -m virtualenv --python {python} .venv" in machine.calls()


def test_without_ensurepip_the_virtualenv_command_steps_in(machine: Machine) -> None:
    python = machine.python(ensurepip=False)
    virtualenv = machine.maker("virtualenv", machine.python("elsewhere/python3"))

    result = machine.run()

    assert_made(machine, result)
    assert f"{virtualenv} --python {python} .venv" in machine.calls()


def test_with_no_way_left_it_says_the_line_to_type_and_leaves_nothing(machine: Machine) -> None:
    python = machine.python(ensurepip=False)

    result = machine.run()

    assert_refused(machine, result)
    assert result.stderr.startswith(f"{python} can't make a virtual environment")
    assert result.stderr.endswith("\n    apt install python3-venv\n")


def test_an_old_python_is_passed_over_for_a_newer_one(machine: Machine) -> None:
    machine.python("bin/python3", new=False)
    newer = machine.python("bin/python3.12")

    result = machine.run()

    assert_made(machine, result)
    assert f"{newer} -m venv .venv" in machine.calls()


@pytest.mark.parametrize("folder", ["home/.pyenv/versions/3.12.1", "home/.local/share/uv/python/cpython-3.12"])
def test_a_python_off_the_path_is_found_where_its_manager_keeps_it(machine: Machine, folder: str) -> None:
    machine.python("bin/python3", new=False)
    newer = machine.python(f"{folder}/bin/python3")

    result = machine.run()

    assert_made(machine, result)
    assert f"{newer} -m venv .venv" in machine.calls()


def test_the_python_that_the_user_names_comes_first(machine: Machine) -> None:
    machine.python()
    chosen = machine.python("elsewhere/python3.13")

    result = machine.run(PYTHON=str(chosen))

    assert_made(machine, result)
    assert f"{chosen} -m venv .venv" in machine.calls()


def test_with_only_an_old_python_it_says_what_it_saw_and_what_to_type(machine: Machine) -> None:
    machine.python("bin/python3", new=False)

    result = machine.run()

    assert_refused(machine, result)
    assert "needs Python 3.11 or newer" in result.stderr
    assert "too old or broken here: python3." in result.stderr
    assert result.stderr.endswith("\n    apt install python3 python3-venv\n")


def test_with_no_python_at_all_it_says_what_to_type(machine: Machine) -> None:
    result = machine.run()

    assert_refused(machine, result)
    assert "too old" not in result.stderr
    assert result.stderr.endswith("\n    apt install python3 python3-venv\n")


def test_a_working_environment_is_left_alone(machine: Machine) -> None:
    machine.python("project/.venv/bin/python")
    machine.venv.joinpath("kept").touch()

    result = machine.run()

    assert result.returncode == 0
    assert result.stdout == ""
    assert machine.venv.joinpath("kept").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(machine: Machine) -> None:
    machine.python()
    machine.venv.joinpath("bin").mkdir(parents=True)
    machine.venv.joinpath("bin", "python").symlink_to(machine.root / "gone")
    machine.venv.joinpath("stale").touch()

    result = machine.run()

    assert_made(machine, result)
    assert not machine.venv.joinpath("stale").exists()


def test_a_foreign_pythonpath_does_not_reach_it(machine: Machine) -> None:
    machine.command("bin/python3", f'#!/bin/sh\necho "PYTHONPATH=$PYTHONPATH" >>"{machine.log}"\nexit 1\n')

    machine.run(PYTHONPATH="/foreign")

    assert "PYTHONPATH=\n" in machine.calls()
    assert "foreign" not in machine.calls()
