"""What the code knows, the reference says: nothing exists undocumented, and no page is stale."""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

import gambits
from gambits.allocate.programme import BLOCKS
from gambits.analyse.study import Settings
from gambits.cli import main
from gambits.errors import GambitsError
from gambits.portfolio.gambit import GAMBIT
from gambits.portfolio.schema import PORTFOLIO, rows
from gambits.scaling.effects.law import EFFECT_TAGS, EffectLaw
from gambits.scaling.effects.registry import EFFECT_LAWS
from gambits.scaling.laws import LAW

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference"
Script = Callable[[str], ModuleType]


def page(name: str) -> str:
    return REFERENCE.joinpath(name).read_text(encoding="utf-8")


def test_generated_parts_are_as_the_code_says(script: Script) -> None:
    assert script("generate").stale_pages() == [], "run docs/generate.py"


def test_pictures_show_what_gambits_finds(script: Script) -> None:
    assert script("make_pictures").stale_pictures() == [], "run docs/make_pictures.py"


@pytest.mark.parametrize("picture", sorted(DOCS.glob("images/*.svg")), ids=lambda picture: picture.name)
def test_a_picture_is_well_formed_and_says_in_words_what_it_shows(picture: Path) -> None:
    words = {child.tag.rpartition("}")[2]: child.text for child in ET.fromstring(picture.read_text(encoding="utf-8"))}

    assert words["title"]
    assert words["desc"]


@pytest.mark.parametrize(
    ("file", "table"), [("portfolio-file.md", PORTFOLIO), ("gambit-file.md", GAMBIT), ("law-file.md", LAW)]
)
def test_every_key_of_a_file_is_on_its_page(file: str, table: Any) -> None:
    text = page(file)

    for path, _ in rows(table):
        assert f"| `{path.rpartition('.')[2]}` |" in text, path


def options(group: click.Group = main, prefix: str = "") -> Iterator[Any]:
    for name, command in group.commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield pytest.param(f"{prefix}{name}", parameter, id=f"{prefix}{name} {parameter.opts[-1]}")
        if isinstance(command, click.Group):
            yield from options(command, f"{prefix}{name} ")


@pytest.mark.parametrize(("command", "option"), list(options()))
def test_every_option_is_on_the_page_of_commands(command: str, option: click.Option) -> None:
    part = page("command-line.md").split(f"### `gambits {command}`\n")[1].split("\n### ")[0]

    assert option.opts[-1] in part


def kinds_of_error(base: type[GambitsError] = GambitsError) -> Iterator[type[GambitsError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds_of_error(kind)


@pytest.mark.parametrize("kind", list(kinds_of_error()), ids=lambda kind: kind.__name__)
def test_every_exit_code_and_error_is_explained(kind: type[GambitsError]) -> None:
    assert re.search(rf"^\| {kind.exit_code} \|", page("command-line.md"), flags=re.MULTILINE)
    assert f"::: gambits.{kind.__name__}" in page("python.md") or f"`{kind.__name__}`" in page("python.md")


@pytest.mark.parametrize("name", gambits.__all__)
def test_every_public_name_is_on_the_python_page(name: str) -> None:
    assert re.search(rf"^::: gambits\.([a-z_.]+\.)?{name}$", page("python.md"), flags=re.MULTILINE)


def keys_of(record: Any) -> set[str]:
    """List the names of a JSON record's own keys, leaving out those that an author chose."""
    chosen = {"shares", "initiatives", "uses", "plans", "moves", "inputs", "versions", "scenarios", "stability"}
    chosen |= {"references", "rivals", "crossings"}
    # Nothing but names that an author chose, and numbers.
    bare = {"inputs", "versions", "scores", "best", "regret", "shortfall", "values", "reoptimised"}
    if isinstance(record, list):
        return set().union(*map(keys_of, record))
    if not isinstance(record, dict):
        return set()
    found = set(record)
    for key, value in record.items():
        inside = list(value.values()) if key in chosen and isinstance(value, dict) else value
        if key == "rivals":
            inside = [race for row in inside for race in row.values()]
        found |= set() if key in bare else keys_of(inside)
    return found


def test_every_key_of_the_json_shapes_is_explained() -> None:
    from gambits.analyse.changes import find_changes

    portfolio = gambits.load("minimal")
    comparison = gambits.compare(portfolio, settings=Settings(draws=100, batches=1))
    plans = [plan.to_dict() for plan in comparison.plans.values()]
    text = page("json.md")

    for record in (comparison.to_dict(), find_changes(*plans).to_dict()):
        missing = {key for key in keys_of(record) if f"`{key}`" not in text}
        assert missing == set()


def test_the_map_of_the_architecture_shows_the_rooms_that_there_are() -> None:
    project = tomllib.loads(DOCS.parent.joinpath("pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["id"]: contract for contract in project["tool"]["importlinter"]["contracts"]}
    rooms = [room for layer in contracts["layers"]["layers"] for room in layer.split(" | ")]
    text = DOCS.joinpath("explanation", "architecture.md").read_text(encoding="utf-8")
    block = text.split("```text\n")[1].split("```")[0]

    assert [line.split()[0] for line in block.splitlines()] == rooms


@pytest.mark.parametrize("name", ["architecture.md", "mathematics.md"])
def test_every_file_that_an_explanation_names_is_there(name: str) -> None:
    text = DOCS.joinpath("explanation", name).read_text(encoding="utf-8")
    source = DOCS.parent / "src" / "gambits"

    for path in re.findall(r"`([a-z_]+/[a-z_/*]+\.[a-z]+)`", text):
        assert any(True for root in (source, DOCS.parent) for _ in root.glob(path)), path


def test_every_block_of_the_programme_is_explained() -> None:
    text = DOCS.joinpath("explanation", "mathematics.md").read_text(encoding="utf-8")

    assert [block.__name__ for block in BLOCKS if f"| `{block.__name__}` |" not in text] == []


def test_every_word_of_the_glossary_is_in_alphabetical_order_and_once() -> None:
    words = re.findall(r"^\*\*(.+?)\*\*$|^(\S.*)\n:   ", page("glossary.md"), flags=re.MULTILINE)
    found = [first or second for first, second in words]

    assert found == sorted(set(found), key=str.lower)


def test_every_field_of_a_problem_is_in_the_json_reference() -> None:
    from gambits.errors import Problem, Where

    problem = Problem("code", Where("file", 1), "message", "fix")

    assert {f"`{key}`" for key in problem.to_dict()} <= set(re.findall(r"`[a-z_]+`", page("json.md")))
    assert len(fields(problem)) == 4


@pytest.mark.parametrize("law", EFFECT_LAWS, ids=lambda law: law.name)
def test_every_law_of_an_effect_is_on_its_page_with_its_figures(law: EffectLaw) -> None:
    part = page("laws.md").split(f"### `{law.name}`\n")[1].split("\n### ")[0].split("\n## ")[0]

    assert law.source in part
    assert law.reach in part
    for form in law.forms:
        assert f"| `{form.lever}` | {form.formula} |" in part
    for key in law.arguments:
        assert f"| `{key.name}` |" in part
    for each in law.constants:
        assert re.search(
            rf"^\| `{each.name}` \| {re.escape(format(each.value, '.10g'))} \|.*\| {each.tag} \|",
            part,
            flags=re.MULTILINE,
        )


def test_every_tag_of_an_effect_is_explained() -> None:
    assert all(f"| `{tag}` | {about} |" in page("laws.md") for tag, about in EFFECT_TAGS.items())
