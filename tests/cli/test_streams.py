"""The installed command in a process of its own: streams, exit codes, colours, files left behind."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import gambits
from gambits.cli import output
from gambits.errors import GambitsError, VerificationError

COMMAND = Path(sys.executable).with_name("gambits")
ESCAPE = "\x1b"


def execute(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **environment},
        timeout=120,
    )


def on_a_terminal(*arguments: str | Path, also_errors: bool = False, **environment: str) -> str:
    """Run the command on a terminal of 100 columns; give what appears there."""
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm-256color", "COLUMNS": "100", **environment}
    with subprocess.Popen(
        [COMMAND, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs if also_errors else subprocess.DEVNULL,
        env={**os.environ, **environment},
    ):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end has closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return shown.decode()


def test_the_installed_command_answers() -> None:
    ran = execute()

    assert ran.returncode == 0
    assert "gambits demo" in ran.stdout
    assert ran.stderr == ""


def test_faults_go_to_standard_error_and_leave_standard_output_empty(lab: Path) -> None:
    lab.write_text(lab.read_text().replace("cost: 20\n", "cost: -20\n"), encoding="utf-8")
    ran = execute("check", lab)

    assert ran.returncode == 3
    assert ran.stdout == ""
    assert f"{lab}:25: " in ran.stderr
    assert "Traceback" not in ran.stderr


def test_with_json_a_fault_is_on_both_streams_and_standard_output_parses(lab: Path) -> None:
    lab.write_text(lab.read_text().replace("cost: 20\n", "cost: -20\n"), encoding="utf-8")
    ran = execute("solve", lab, "--json")

    assert ran.returncode == 3
    assert [problem["line"] for problem in json.loads(ran.stdout)["problems"]] == [25]
    assert f"{lab}:25: " in ran.stderr


def test_results_go_to_standard_output_and_nothing_to_standard_error(lab: Path) -> None:
    ran = execute("compare", lab, "--certain")

    assert ran.returncode == 0
    assert "what each gambit is worth" in ran.stdout
    assert ran.stderr == ""


def test_there_is_no_colour_where_there_is_no_terminal(lab: Path) -> None:
    assert ESCAPE not in execute("compare", lab, "--certain").stdout


def test_no_color_is_heeded_on_a_terminal(lab: Path) -> None:
    shown = on_a_terminal("compare", lab, "--certain", NO_COLOR="1")

    assert "what each gambit is worth" in shown
    assert re.findall(rf"{ESCAPE}\[[0-9;]*[349][0-7][0-9;]*m", shown) == []


def test_a_narrow_terminal_gets_narrow_tables(lab: Path) -> None:
    shown = re.sub(rf"{ESCAPE}\[[0-9;?]*[a-zA-Z]", "", on_a_terminal("compare", lab, "--certain", COLUMNS="60"))

    assert max(len(line) for line in shown.splitlines()) <= 60


@pytest.mark.parametrize("command", ["solve", "compare", "memo", "check"])
def test_escape_sequences_in_a_text_do_not_reach_the_terminal(
    command: str, lab: Path, run: Callable[..., Result]
) -> None:
    text = lab.read_text().replace("USD million", r'"\e[2J\e]0;owned\a"')
    lab.write_text(text.replace("path: scale", r'path: "sc\e[31male"'), encoding="utf-8")
    options = [] if command == "check" else ["--certain"]

    assert ESCAPE not in run(command, lab, *options).stdout


def test_escape_sequences_in_a_fault_do_not_reach_the_terminal(lab: Path) -> None:
    lab.write_text(lab.read_text() + r'"\e[2J": 1' + "\n", encoding="utf-8")
    shown = on_a_terminal("check", lab, also_errors=True)

    assert "unknown key" in shown
    assert f"{ESCAPE}[2J" not in shown


def test_a_reader_that_leaves_early_is_no_failure(lab: Path) -> None:
    piped = f"{COMMAND} solve {lab} --certain --json | head -1"
    ran = subprocess.run(["bash", "-c", f"set -o pipefail; {piped}"], capture_output=True, text=True, check=False)

    assert ran.stdout == "{\n"
    assert "Traceback" not in ran.stderr


def test_a_terminal_without_utf8_gets_an_answer_too(lab: Path) -> None:
    ran = execute("solve", lab, "--certain", PYTHONIOENCODING="ascii")

    assert ran.returncode == 0
    assert "Traceback" not in ran.stderr


def test_in_the_c_locale_the_answer_is_the_same(lab: Path) -> None:
    assert execute("solve", lab, "--certain", LC_ALL="C").stdout == execute("solve", lab, "--certain").stdout


def test_where_the_system_speaks_no_utf8_files_are_read_and_written_as_ever(lab: Path, tmp_path: Path) -> None:
    """The C locale alone is taken for UTF-8 by Python; so it is told not to."""
    lab.write_text(
        lab.read_text(encoding="utf-8").replace("Hybrid backbone", "Hybrid für Zürich ≥ 2"), encoding="utf-8"
    )
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    for name, environment in (("usual", {}), ("plain", plain)):
        ran = execute("memo", lab, "--certain", "-o", tmp_path / f"{name}.md", **environment)
        assert ran.returncode == 0
        assert execute("solve", lab, "--certain", "--json", **environment).returncode == 0

    assert "Hybrid für Zürich ≥ 2" in (tmp_path / "plain.md").read_text(encoding="utf-8")
    assert (tmp_path / "plain.md").read_bytes() == (tmp_path / "usual.md").read_bytes()


def test_a_failure_of_ours_exits_1_with_the_next_thing_to_try(
    lab: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise GambitsError("the solver found no plan", "report the file")

    monkeypatch.setattr("gambits.pipeline.solve", fail)
    result = run("solve", lab)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "Error: the solver found no plan\nNext: report the file\n"


def test_a_gap_that_was_not_met_exits_5_with_the_plan_given_and_flagged(
    lab: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = json.loads(run("solve", lab, "--certain", "--json").stdout)
    solve = gambits.solve
    loose = {"status": "gap", "bound": plan["objective"] + 0.25}
    monkeypatch.setattr("gambits.pipeline.solve", lambda *given, **named: replace(solve(*given, **named), **loose))
    shown, as_json = run("solve", lab, "--certain"), run("solve", lab, "--certain", "--json")

    assert shown.exit_code == as_json.exit_code == 5
    assert "money by initiative" in shown.stdout
    assert "incumbent: 0.25 OOM" in shown.stderr
    assert (json.loads(as_json.stdout)["status"], json.loads(as_json.stdout)["gap"]) == ("gap", pytest.approx(0.25))


def test_what_does_not_verify_exits_6(lab: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise VerificationError("the memo says 0.5 where its inputs say 0.4")

    monkeypatch.setattr("gambits.pipeline.solve", fail)

    assert run("solve", lab).exit_code == 6


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(
    lab: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    (folder / "plan.json").write_text("an older plan", encoding="utf-8")
    run("solve", lab, "--certain", "-o", folder / "plan.json")

    assert [file.name for file in folder.iterdir()] == ["plan.json"]
    assert json.loads((folder / "plan.json").read_text())["format"] == "gambits/plan/1"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "memo.md"
    output.write("the old memo\n", file)

    with pytest.raises(UnicodeEncodeError):
        output.write("the new memo, and half a character: \ud800", file)

    assert [each.name for each in tmp_path.iterdir()] == ["memo.md"]
    assert file.read_text(encoding="utf-8") == "the old memo\n"


def test_a_result_is_as_readable_as_any_other_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    output.write("text", tmp_path / "result")

    assert stat.S_IMODE((tmp_path / "result").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


def test_a_result_has_unix_line_ends_everywhere(tmp_path: Path) -> None:
    output.write("one\ntwo\n", tmp_path / "result")

    assert (tmp_path / "result").read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("command", ["solve", "compare", "memo"])
def test_an_output_that_cannot_be_written_is_said_so_without_a_traceback(command: str, lab: Path) -> None:
    ran = execute(command, lab, "--certain", "-o", lab / "below-a-file" / "out")

    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.startswith("Error: ")
    assert str(lab) in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_folder_given_for_a_file_is_named(lab: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    (tmp_path / "folder").mkdir()
    result = run("solve", lab, "--certain", "-o", tmp_path / "folder")

    assert result.exit_code == 1
    assert f"{tmp_path / 'folder'}\n" in result.stderr


def test_a_folder_given_for_a_file_stays_as_it_is(lab: Path, tmp_path: Path, run: Callable[..., Result]) -> None:
    (tmp_path / "folder").mkdir()
    result = run("solve", lab, "--certain", "-o", tmp_path / "folder")

    assert result.exit_code == 1
    assert {each.name for each in tmp_path.iterdir()} == {"folder", "lab.yaml"}
