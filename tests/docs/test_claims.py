"""Every figure on the page of claims is computed again, and every verdict quotes only figures of its own section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "claims.md"
ROW = re.compile(r"^\| (?P<asked>[^|]+) \| (?P<shown>[^|]+) \| `(?P<expression>[^|`]+)` \|$", flags=re.MULTILINE)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e\d+)?")


def sections() -> dict[str, str]:
    """Give the sections of the page by heading."""
    parts = re.split(r"^##+ (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def names() -> dict[str, Any]:
    """Run the page's blocks of Python, and give what they define."""
    defined: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE):
        exec(block, defined)
    return defined


def rows() -> Iterator[Any]:
    for heading, text in sections().items():
        for row in ROW.finditer(text):
            yield pytest.param(row["shown"].strip(), row["expression"], id=f"{heading}: {row['asked']}")


def as_shown(value: float, shown: str) -> str:
    """Write a value as the page shows one: as many digits, a power of ten or a percentage."""
    digits = len(re.sub(r"e.*| %", "", shown).partition(".")[2])
    if shown.endswith(" %"):
        return f"{100 * value:.{digits}f} %"
    if "e" in shown:
        return re.sub(r"e\+0*", "e", f"{value:.{digits}e}")
    return f"{value:,.{digits}f}"


@pytest.mark.parametrize(("shown", "expression"), list(rows()))
def test_a_figure_is_what_its_expression_gives(shown: str, expression: str) -> None:
    assert as_shown(float(eval(expression, names())), shown) == shown


@pytest.mark.parametrize("heading", sections())
def test_a_verdict_quotes_only_what_its_section_asks_claims_or_computes(heading: str) -> None:
    text = sections()[heading]
    known = {number for row in ROW.finditer(text) for number in NUMBER.findall(f"{row['asked']} {row['shown']}")}
    known |= {number for claim in re.findall(r"^> .*$", text, flags=re.MULTILINE) for number in NUMBER.findall(claim)}
    verdicts = re.findall(r"^\*\*Verdict.*?(?=\n\n|\Z)", text, flags=re.DOTALL | re.MULTILINE)

    assert len(verdicts) == text.count("**Verdict")
    for verdict in verdicts:
        assert set(NUMBER.findall(verdict)) - known <= ELSEWHERE.get(heading, set())


def test_the_judgements_quote_only_what_is_computed_beside_them() -> None:
    text = sections()["Which judgement decides between Architect and Alchemist"]
    known = {number for row in ROW.finditer(text) for number in NUMBER.findall(f"{row['asked']} {row['shown']}")}

    for judgement in re.findall(r"^\d\. (.*?)(?=\n\d\. |\n\n)", text, flags=re.DOTALL | re.MULTILINE):
        assert set(NUMBER.findall(judgement)) <= known


# Figures of others that a verdict quotes, and the same figure in other words.
ELSEWHERE: dict[str, set[str]] = {
    "Compute and data are yoked": {"36", "46"},
    "Ten trillion tokens are left, too few for the next generation": {"500", "6.3"},
    "Cost per unit falls": {"9", "900"},
    "Serving costs soon exceed training costs": {"2", "6"},
}


def test_every_claim_has_its_verdict() -> None:
    for heading, text in sections().items():
        assert len(re.findall(r"^> ", text, flags=re.MULTILINE)) == text.count("**Verdict"), heading


def test_the_page_computes_many_figures() -> None:
    assert len(list(rows())) > 80
