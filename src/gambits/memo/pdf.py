"""The memo as PDF, set by Typst from data: no text of a portfolio is ever read as markup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gambits.errors import GambitsError
from gambits.memo.document import Block, Bullets, Chart, Document, Heading, Paragraph, Section, Table, Text
from gambits.memo.seal import unmarked

_TEMPLATE: Final = Path(__file__).parent / "templates" / "memo.typ"
_LONG: Final = 26
"""A column whose text is longer shares the width that is left, by its length."""
_LONGEST: Final = 90
_WIDTH, _HEIGHT = (re.compile(rf'<svg [^>]*\b{side}="([\d.]+)') for side in ("width", "height"))
_TALLEST: Final = 1.3
"""Height of a picture against its width, beyond which it is held to the height of the page."""

Draw = Callable[[Chart], str]


def pdf_of(document: Document, draw: Draw) -> bytes:
    """Set a memo as PDF.

    Raises
    ------
    GambitsError
        If the extra that sets pages is not installed.
    """
    try:
        import typst  # an extra
    except ImportError:
        hint = "install it with the extra: pip install 'gambits[memo]'"
        raise GambitsError("a PDF needs typst, which is not installed", hint) from None
    data = {
        "name": _plain(document.title),
        "title": _spans(document.title),
        "subtitle": _spans(document.subtitle),
        "page": [_section(section, draw) for section in document.page],
        "annex": [_section(section, draw) for section in document.annex],
    }
    # Only the fonts that Typst brings: the same page on every machine.
    return bytes(typst.compile(_TEMPLATE.read_bytes(), sys_inputs={"memo": json.dumps(data)}, ignore_system_fonts=True))


def _section(section: Section, draw: Draw) -> dict[str, Any]:
    return {"title": _spans(section.title), "blocks": [_block(block, draw) for block in section.blocks]}


def _block(block: Block, draw: Draw) -> dict[str, Any]:
    match block:
        case Heading():
            return {"kind": "heading", "text": _spans(block.text)}
        case Paragraph():
            return {"kind": "lead" if block.lead else "paragraph", "text": _spans(block.text)}
        case Bullets():
            return {"kind": "bullets", "items": [_spans(item) for item in block.items]}
        case Table():
            return _table(block)
        case Chart():
            return {
                "kind": "chart",
                "title": _spans(block.title),
                "shows": _spans(block.shows),
                "source": _spans(block.source),
                "alt": f"{_plain(block.title)}. {_plain(block.shows)}",
                **_sized(draw(block)),
            }


def _sized(svg: str) -> dict[str, Any]:
    """Give a picture with the height that it has to keep to: a tall one is as high as a page, and narrower."""
    width, height = (float(found[1]) for found in (_WIDTH.search(svg), _HEIGHT.search(svg)) if found)
    return {"svg": svg, "is_tall": height > _TALLEST * width}


def _table(table: Table) -> dict[str, Any]:
    return {
        "kind": "table",
        "columns": [_spans(column.title) for column in table.columns],
        "numbers": [column.is_number for column in table.columns],
        "widths": _widths(table),
        "rows": [[_spans(cell) for cell in row] for row in table.rows],
        "total": table.has_total,
        "note": _spans(table.note),
    }


def _widths(table: Table) -> list[int]:
    """Give each column of long text its part of the width; 0 for one that takes what it needs."""
    widths = []
    for k, column in enumerate(table.columns):
        longest = max((len(_plain(row[k])) for row in table.rows), default=0)
        widths.append(0 if column.is_number or longest <= _LONG else min(longest, _LONGEST))
    return widths


def _spans(text: Text) -> list[dict[str, Any]]:
    return [{"text": unmarked(span.shown), "strong": span.strong} for span in text]


def _plain(text: Text) -> str:
    return unmarked("".join(span.shown for span in text))
