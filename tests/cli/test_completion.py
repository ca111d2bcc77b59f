"""A shell completes what could come next."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import Result

from gambits.cli import main

COMMAND = Path(sys.executable).with_name("gambits")


def completed(*words: str) -> list[str]:
    """Complete the last word."""
    found = ShellComplete(main, {}, "gambits", "_GAMBITS_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [each.value for each in found if each.type == "plain"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["sol"], ["solve"]),
        (["solve", "fro"], ["frontier-lab"]),
        (["solve", "minimal", "--gambit", "ch"], ["challenger"]),
        (["solve", "minimal", "--cert"], ["--certain"]),
        (["runs", "ver"], ["verify"]),
        (["schema", "g"], ["gambit"]),
    ],
    ids=" ".join,
)
def test_commands_options_portfolios_and_gambits_are_completed(words: list[str], found: list[str]) -> None:
    assert completed(*words) == found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, run: Callable[..., Result]) -> None:
    result = run("completion", shell)

    assert result.exit_code == 0
    assert f"_GAMBITS_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_a_name_once_it_has_been_told_how(tmp_path: Path) -> None:
    script = f"""
compopt() {{ :; }} # works only while a key is pressed
eval "$({COMMAND} completion bash)"
COMP_WORDS=(gambits solve chall) COMP_CWORD=2
_gambits_completion {COMMAND}
echo "${{COMPREPLY[@]}}"
"""
    environment = {**os.environ, "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert "challenger-startup" in done.stdout.split(), done.stderr
