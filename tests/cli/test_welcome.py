"""What a newcomer meets: the bare command, help, usage errors, a portfolio to start from."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import Result

import gambits
from gambits.cli import main

COMMANDS = ("demo", "init", "check", "solve", "compare", "memo", "diff", "schema")


def test_the_bare_command_says_what_to_type(run: Callable[..., Result]) -> None:
    result = run()

    assert result.exit_code == 0
    assert "What do you want to do?" in result.stdout
    assert "gambits demo" in result.stdout
    assert result.stderr == ""


def test_every_line_to_copy_is_a_command_with_options_that_exist(run: Callable[..., Result]) -> None:
    lines = [line.split("  gambits ")[-1].split() for line in run().stdout.splitlines() if "  gambits " in line]

    assert len(lines) >= 7
    for command, *arguments in lines:
        known = {name for parameter in main.commands[command].params for name in parameter.opts}
        assert {argument for argument in arguments if argument.startswith("-")} <= known


def test_the_commands_of_the_main_job_are_there() -> None:
    assert set(COMMANDS) <= set(main.commands)


@pytest.mark.parametrize("command", main.commands)
def test_every_command_explains_itself_and_each_of_its_options(command: str, run: Callable[..., Result]) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    assert f" {command} " in result.stdout.splitlines()[0]
    assert main.commands[command].help
    options = [each for each in main.commands[command].params if isinstance(each, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_help_says_what_each_command_does_in_a_whole_sentence(run: Callable[..., Result]) -> None:
    text = " ".join(run("--help").stdout.partition("Commands:")[2].split())

    assert "..." not in text
    for name, command in main.commands.items():
        assert f"{name} {(command.help or '').partition('.')[0]}." in text


def test_help_has_a_short_form(run: Callable[..., Result]) -> None:
    assert run("-h").stdout == run("--help").stdout


def test_the_version_is_that_of_the_package(run: Callable[..., Result]) -> None:
    lines = run("--version").stdout.splitlines()

    assert lines[0] == f"gambits {gambits.__version__}"
    assert [line.split()[0] for line in lines[1:]] == ["python", "pulp", "highspy", "numpy"]
    assert lines[3] == f"highspy {version('highspy')}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["slove"],
        ["solve"],
        ["solve", "lab.yaml", "--gambits", "incumbent"],
        ["solve", "lab.yaml", "more"],
        ["solve", "lab.yaml", "--gambit"],
        ["diff", "one.json"],
        ["schema", "memo"],
    ],
    ids=" ".join,
)
def test_a_command_typed_wrongly_exits_2_with_a_word_on_standard_error(
    arguments: list[str], run: Callable[..., Result]
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


def test_init_writes_a_portfolio_that_checks_and_compares(tmp_path: Path, run: Callable[..., Result]) -> None:
    folder = tmp_path / "my-lab"

    began = run("init", folder)
    checked = run("check", folder)
    compared = run("compare", folder, "--certain")

    assert (began.exit_code, checked.exit_code, compared.exit_code) == (0, 0, 0)
    assert f"gambits check {folder}" in began.stdout
    assert f"gambits compare {folder}" in began.stdout
    assert "sound" in checked.stdout
    assert "incumbent" in compared.stdout


def test_init_leaves_a_portfolio_that_is_there_as_it_is(tmp_path: Path, run: Callable[..., Result]) -> None:
    mine = tmp_path / "portfolio.yaml"
    mine.write_text("mine", encoding="utf-8")

    result = run("init", tmp_path)

    assert result.exit_code == 2
    assert "is left as it is" in result.stderr
    assert mine.read_text(encoding="utf-8") == "mine"


def test_init_writes_what_ships_as_minimal(tmp_path: Path, run: Callable[..., Result]) -> None:
    run("init", tmp_path)

    assert gambits.load(tmp_path) == gambits.load("minimal")


def test_the_demo_compares_the_gambits_and_writes_a_memo_for_each(
    tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("demo", "--certain")

    assert result.exit_code == 0
    assert "Error" not in result.stderr
    for words in ("incumbent", "challenger", "on architect", "on alchemist", "value of the plan", "differ most"):
        assert words in result.stdout
    for gambit in ("incumbent", "challenger"):
        memo = tmp_path / "gambits-demo" / f"memo-{gambit}.md"
        assert f"gambits-demo/{memo.name}" in result.stdout
        assert f"the {gambit}'s plan" in memo.read_text(encoding="utf-8").splitlines()[0]


def test_the_demo_writes_where_it_is_told(
    tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("demo", "--certain", "-o", "board/papers")

    assert sorted(file.name for file in (tmp_path / "board" / "papers").iterdir()) == [
        "memo-challenger.md",
        "memo-incumbent.md",
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["board"]
