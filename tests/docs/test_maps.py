"""The maps for those who change the code name places that exist, and every room."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "gambits"
MAPS = ["CONTRIBUTING.md", "docs/explanation/architecture.md", "docs/how-to/extend.md"]
PLACE = re.compile(r"`((?:[\w.*-]+/)+[\w.*-]*|[\w-]+\.py)`")
MADE_BY_THE_READER = {"src/gambits/profiles/balanced.yaml", "dist/", "site/"}


@pytest.mark.parametrize("page", MAPS)
def test_each_file_that_a_map_names_is_there(page: str) -> None:
    named = set(PLACE.findall(ROOT.joinpath(page).read_text(encoding="utf-8"))) - MADE_BY_THE_READER
    siblings = {path.name for path in PACKAGE.rglob("*.py")}
    missing = {place for place in named if place not in siblings and not _is_there(place)}

    assert len(named) > 3
    assert missing == set()


def _is_there(place: str) -> bool:
    return any(next(iter(root.glob(place.rstrip("/"))), None) is not None for root in (ROOT, PACKAGE))


def test_the_map_names_every_room_in_the_order_that_is_enforced() -> None:
    settings = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    rooms = [room.strip() for layer in layers for room in layer.split("|")]
    page = ROOT.joinpath("docs", "explanation", "architecture.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^   (\w+)  +\S", page.split("```text\n")[1].split("```")[0], flags=re.MULTILINE)

    assert drawn == rooms


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_begins_with_a_charter_of_one_line(module: Path) -> None:
    charter = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))

    assert charter
    assert charter.splitlines()[0].endswith((".", ":"))
    assert len(charter.splitlines()) == 1 or not charter.splitlines()[1]


def test_the_first_change_that_newcomers_are_led_through_is_a_gambit_that_solves(tmp_path: Path) -> None:
    from gambits import Settings, load, load_gambit, solve

    page = ROOT.joinpath("CONTRIBUTING.md").read_text(encoding="utf-8")
    text = re.findall(r"^   ```yaml\n(.*?)^   ```", page, flags=re.DOTALL | re.MULTILINE)[0]
    file = tmp_path / "balanced.yaml"
    file.write_text(re.sub("^   ", "", text, flags=re.MULTILINE), encoding="utf-8")

    plan = solve(load("minimal"), load_gambit(file), Settings(certain=True))

    assert plan.gambit == "balanced"
    assert plan.shares["architect"] == pytest.approx(0.5)
