"""Links lead somewhere, pictures are there and are described, and every page can be found from the menu."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("**/*.md"))]
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")


def prose(page: Path) -> str:
    """Give a page without its code."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "code", text)


def links() -> Iterator[Any]:
    for page in PAGES:
        for found in LINK.finditer(prose(page)):
            if not re.match(r"[a-z]+:", found["target"]):
                yield pytest.param(page, found["target"], id=f"{page.relative_to(ROOT)} {found['target']}")


def anchors(page: Path) -> set[str]:
    """List the anchors of a page's headings, as both GitHub and the site make them, and those written out."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+?)(?: \{ *#([\w-]+) *\})?$", text, flags=re.MULTILINE)
    slugs = {
        given or re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", words).strip().lower()) for words, given in headings
    }
    return slugs | set(re.findall(r'id="([\w-]+)"', text))


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_a_link_within_the_project_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    place = (page.parent / path).resolve() if path else page

    assert place.exists()
    if anchor:
        assert anchor in anchors(place)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_picture_has_words_for_those_who_do_not_see_it(page: Path) -> None:
    assert all(found["text"].strip() for found in LINK.finditer(prose(page)) if found["picture"])


def test_every_page_is_in_the_menu_and_the_menu_names_only_pages() -> None:
    def pages(entry: Any) -> Iterator[str]:
        if isinstance(entry, str):
            yield entry
            return
        for part in entry.values() if isinstance(entry, dict) else entry:
            yield from pages(part)

    menu = list(pages(yaml.safe_load(ROOT.joinpath("mkdocs.yml").read_text(encoding="utf-8"))["nav"]))

    assert sorted(menu) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.glob("**/*.md"))


def test_every_decision_is_listed_with_its_number_and_title() -> None:
    listed = DOCS.joinpath("decisions", "index.md").read_text(encoding="utf-8")

    for record in sorted(DOCS.glob("decisions/[0-9]*.md")):
        number, title = re.findall(r"^# (\d+)\. (.+)$", record.read_text(encoding="utf-8"), flags=re.MULTILINE)[0]
        assert record.name.startswith(f"{int(number):04d}-")
        assert f"| {number} | [{title}]({record.name}) |" in listed
