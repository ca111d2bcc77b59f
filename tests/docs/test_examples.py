"""The pages do what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
Script = Callable[[str], ModuleType]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_of_a_page_gives_what_the_page_shows(script: Script, page: Path) -> None:
    differences = script("examples").run_page(page)

    assert not differences, "\n".join([*differences, "mend the page, or run docs/examples.py and read what it wrote"])


@pytest.mark.parametrize(
    ("expected", "found", "is_same"),
    [
        ("a\n...\nc ... e", "a\nb\nb\nc d e", True),
        ("a\n...", "a\nb\nc", True),
        ("...\nc", "a\nb\nc", True),
        ("...", "a\nb", True),
        ("", "", True),
        ("", "a", False),
        ("a", "a\nb", False),
        ("a\n...\nc", "a\nb\nd", False),
        ("x 62.5 (89%)   0.407", "x  63.0 (90%)  0.408", True),
        ("x 62.5 (89%)", "x 65.0 (90%)", False),
        ("x 62.5 (80%)", "x 62.5 (90%)", False),
        ("x 0.407", "x 0.417", False),
        ("4 initiatives", "5 initiatives", False),
        ("lab.yaml:20: a", "lab.yaml:21: a", False),
    ],
)
def test_dots_in_an_output_stand_for_anything_and_nothing_else_does(
    script: Script, expected: str, found: str, *, is_same: bool
) -> None:
    assert script("examples").matches(expected, found) is is_same


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n...\nz", "A\n...\nZ"),
        ("...\nm 1\n...", "...\nm 2\n..."),
        ("a\nm ...", "A\nm ..."),
        ("a\n...", "A\n..."),
    ],
)
def test_an_output_that_has_changed_is_cut_as_it_was(script: Script, old: str, new: str) -> None:
    found = {"a\nm ...": "A\nm 2"}.get(old, "A\nk\nm 2\nn\nZ")

    assert script("examples").cut_alike(old, found) == new


def test_the_makefile_runs_what_the_examples_run_in_its_place(script: Script) -> None:
    makefile = ROOT.joinpath("Makefile").read_text(encoding="utf-8")

    for target, command in script("examples").SAME_AS.items():
        recipe = makefile.split(f"\n{target.removeprefix('make ')}:")[1].split("\n")[1]
        assert recipe.strip() == f"$(BIN)/{command}"


def test_a_difference_is_found_and_written(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before.\n\n```console\n$ gambits schema law\n[\n...\n```\n\nAfter.\n", encoding="utf-8")
    examples = script("examples")

    assert len(examples.run_page(page)) == 1
    assert examples.refresh_page(page)
    assert examples.run_page(page) == []
    assert page.read_text(encoding="utf-8") == "Before.\n\n```console\n$ gambits schema law\n{\n...\n```\n\nAfter.\n"


def test_the_tutorial_shows_the_file_that_it_starts_from() -> None:
    tutorial = ROOT.joinpath("docs", "tutorial", "first-decision.md").read_text(encoding="utf-8")
    portfolio = ROOT.joinpath("portfolios", "minimal", "portfolio.yaml").read_text(encoding="utf-8")
    without_comments = {line.split(" #")[0].rstrip() for line in portfolio.splitlines()}

    for excerpt in tutorial.split("```yaml\n")[1:]:
        assert set(excerpt.split("```")[0].splitlines()) <= without_comments


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_folder_of_the_machine_that_it_was_written_on(page: Path) -> None:
    assert ROOT.as_posix() not in page.read_text(encoding="utf-8")
