"""Whatever bytes a file holds, the answer is a portfolio or a clear message: never an object, a crash or a wait."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gambits import check, load
from gambits.errors import InputError, Problem
from gambits.files.reading import compose, flatten, plain, read_text
from gambits.portfolio.model import Portfolio

LAB = """\
format: gambits/1
name: Kleines Labor für Übermut
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 20}
initiatives:
  survey:
    path: product
    source: "judgement: a guess"
    cost: 1
    value: 1
"""
FAULTY = LAB.replace("cost: 1", "cost: dear")
LINES = 13


def bomb(levels: int) -> str:
    """Ten thousand million laughs, in a few lines."""
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("", "not-a-mapping", 1, "not a list of `key: value` lines"),
        ("# nothing yet\n", "not-a-mapping", 1, "not a list of `key: value` lines"),
        ("- a\n- b\n", "not-a-mapping", 1, "not a list of `key: value` lines"),
        ("hello\n", "not-a-mapping", 1, "not a list of `key: value` lines"),
        (LAB.replace("  survey:", "\tsurvey:"), "not-yaml", 8, "cannot start any token"),
        (LAB.replace("cost: 1", "cost: *dear"), "not-yaml", 11, "undefined alias"),
        (LAB.replace("cost: 1", "cost: {p10: 1"), "not-yaml", 12, "flow mapping"),
        (LAB.replace("name:", "name: x: "), "not-yaml", 2, "mapping values are not allowed"),
        (LAB + "---\n" + LAB, "not-yaml", LINES, "single document"),
        (LAB.replace("cost: 1", "cost: !!python/object/apply:os.system [id]"), "yaml-tag", 11, "tags are not allowed"),
        (LAB.replace("cost: 1", "cost: !!binary aGk="), "yaml-tag", 11, "tags are not allowed"),
        (LAB.replace("cost: 1", "cost: !million 1"), "yaml-tag", 11, "!million"),
        (LAB.replace("Labor", "\x07"), "not-yaml", 2, "U+0007 is not allowed"),
        (LAB.replace("Labor", "\x00"), "not-yaml", 2, "U+0000 is not allowed"),
        (
            LAB.replace("\n", "\r").replace("cost", "\x1bcost"),
            "not-yaml",
            11,
            "U+001B is not allowed",
        ),
        (LAB.replace("\n", "\r\n").replace("Labor", "\u2028Labor\ufffe"), "not-yaml", 3, "U+FFFE is not allowed"),
        (LAB.encode("latin-1"), "not-utf8", 2, "not UTF-8"),
        (LAB.replace("\n", "\r").encode("latin-1"), "not-utf8", 2, "not UTF-8"),
        (LAB.encode("utf-16"), "not-utf8", 1, "not UTF-8"),
        ("a: &a [*a]\n", "too-large", 1, "deep"),
        (LAB + "deep: " + "[" * 50 + "]" * 50, "too-large", LINES, "deep"),
        ("a: " + "[" * 900 + "]" * 900, "too-large", 1, "deep"),
        (b"# " + b"x" * 20_000_000, "too-large", 0, "larger than 20 MB"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, str | bytes) else None,
)
def test_what_is_no_portfolio_is_refused_with_a_line_and_a_reason(
    text: str | bytes, code: str, line: int, message: str, problems: Callable[[str | bytes], tuple[Problem, ...]]
) -> None:
    (problem,) = problems(text)

    assert (problem.code, problem.where.line) == (code, line)
    assert message in problem.message
    assert problem.fix


def test_aliases_that_multiply_are_refused_at_once(problems: Callable[[str], tuple[Problem, ...]]) -> None:
    start = time.perf_counter()
    (problem,) = problems(bomb(levels=10))

    assert problem.code == "too-large"
    assert time.perf_counter() - start < 10


def test_a_file_without_an_end_is_read_as_far_as_any_file_may_go(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_text(Path("/dev/zero"), "zero")

    assert caught.value.problems[0].code == "too-large"


def test_what_aliases_repeat_is_counted_again_and_looked_at_once() -> None:
    node = compose(bomb(levels=5), "lab.yaml")
    text = bomb(levels=6)

    assert len(flatten(plain(node))) == 5
    with pytest.raises(InputError) as caught:
        compose(text, "lab.yaml")
    assert caught.value.problems[0].where.line == 6, "the line on which it grows too large"


def test_depth_counts_through_aliases() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}]\n" for k in range(1, 40))

    with pytest.raises(InputError) as caught:
        compose(chain, "lab.yaml")
    assert caught.value.problems[0].code == "too-large"


@pytest.mark.parametrize("text", ["a: " + "[" * 100_000 + "]" * 100_000, "{a: " * 100_000, "- " * 100_000])
def test_depth_without_end_is_refused_and_does_not_kill_the_process(text: str, tmp_path: Path) -> None:
    file = tmp_path / "deep.yaml"
    file.write_text(text, encoding="utf-8")
    code = "import sys, gambits; [problem] = gambits.check(sys.argv[1]); print(problem.code)"

    ran = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr[-300:]
    assert ran.stdout in ("too-large\n", "not-yaml\n")


def test_no_tag_makes_an_object(tmp_path: Path, problems: Callable[[str], tuple[Problem, ...]]) -> None:
    made = tmp_path / "made"
    problems(LAB.replace("cost: 1", f"cost: !!python/object/apply:pathlib.Path.touch [{made}]"))

    assert not made.exists()


@pytest.mark.parametrize(
    "written",
    [
        LAB.encode("utf-8-sig"),
        LAB.replace("\n", "\r\n").encode(),
        LAB.replace("\n", "\r").encode(),
        LAB.rstrip().encode(),
        b"---\n" + LAB.encode(),
        b"%YAML 1.2\n---\n" + LAB.encode() + b"...\n",
    ],
    ids=["with a byte order mark", "of Windows", "of old Macs", "without a last line end", "begun", "begun and ended"],
)
def test_a_file_means_the_same_however_an_editor_writes_it(
    written: bytes, tmp_path: Path, read: Callable[[str], Portfolio]
) -> None:
    file = tmp_path / "lab.yaml"
    file.write_bytes(written)

    assert load(file) == read(LAB)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_alike_on_every_system(
    line_end: str, problems: Callable[[bytes], tuple[Problem, ...]]
) -> None:
    (problem,) = problems(FAULTY.replace("\n", line_end).encode())

    assert problem.where.line == 11


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="PyYAML was built without LibYAML")
@pytest.mark.parametrize("text", [LAB, FAULTY, bomb(levels=3), "a: &a [*a]\n", "- a\n", "", LAB + "---\n" + LAB])
def test_the_pure_python_reader_says_the_same(
    text: str, problems: Callable[[str], tuple[Problem, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[tuple[str, int]]:
        return [(each.code, each.where.line) for each in problems(text)]

    by_libyaml = found()
    monkeypatch.delattr(yaml, "CSafeLoader")

    assert found() == by_libyaml


def test_a_file_that_is_not_there_is_refused_with_the_bundled_portfolios(tmp_path: Path) -> None:
    (problem,) = check(tmp_path / "nowhere")

    assert (problem.code, problem.where.file) == ("not-found", str(tmp_path / "nowhere"))
    assert "there is no such file" in problem.message
    assert "frontier-lab" in problem.fix


def test_a_folder_without_a_portfolio_is_refused_by_that_name(tmp_path: Path) -> None:
    (problem,) = check(tmp_path)

    assert problem.code == "not-found"
    assert "has no portfolio.yaml" in problem.message


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(LAB, encoding="utf-8")

    def denied(path: Path, mode: str) -> BytesIO:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    (problem,) = check(file)

    assert problem.code == "unreadable"
    assert "Permission denied" in problem.message


def test_a_folder_stands_for_the_portfolio_in_it(tmp_path: Path, read: Callable[[str], Portfolio]) -> None:
    (tmp_path / "portfolio.yaml").write_text(LAB, encoding="utf-8")

    assert load(tmp_path) == load(str(tmp_path)) == read(LAB)


def test_an_error_lists_its_problems_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(FAULTY, encoding="utf-8")

    with pytest.raises(InputError, match="1 problem in the input") as caught:
        load(file)

    assert str(caught.value.problems[0]).startswith(f"{file.as_posix()}:11: `initiatives.survey.cost`: `dear` is not")


# What YAML reads in some special way, and what editors leave in a file.
SIGNS = "-:?[]{}&*!|>#'\"%~<,. \n\t\r\u2028\ufeffa1é"


@given(st.one_of(st.text(SIGNS, max_size=60), st.text(max_size=60)))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    try:
        node = compose(text, "lab.yaml")
    except InputError as error:
        assert error.problems
    else:
        flatten(plain(node))


@given(st.integers(0, len(LAB) - 1), st.sampled_from(["", ":", "  ", "-", "{", "\n", "*", "null", "9e999"]))
def test_no_damage_in_one_place_goes_beyond_problems_with_lines(place: int, damage: str) -> None:
    damaged = LAB[:place] + damage + LAB[place + 1 :]
    _sound_or_explained(damaged)


@given(st.permutations(LAB.splitlines()))
def test_no_order_of_lines_goes_beyond_problems_with_lines(lines: list[str]) -> None:
    _sound_or_explained("\n".join(lines))


def _sound_or_explained(text: str) -> None:
    from gambits.files.reading import Report
    from gambits.portfolio.schema import PORTFOLIO
    from gambits.portfolio.validate import CHECKS

    report = Report("lab.yaml")
    try:
        draft = PORTFOLIO.read(compose(text, "lab.yaml"), report, "")
        for run in CHECKS:
            run(draft, report, Path())
        report.raise_problems()
    except InputError as error:
        for problem in error.problems:
            assert problem.code
            assert problem.message
            assert problem.fix
            assert 0 <= problem.where.line <= text.count("\n") + text.count("\r") + 2
