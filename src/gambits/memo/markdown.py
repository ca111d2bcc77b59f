"""Blocks as Markdown (GitHub's, with tables); text from the portfolio made inert."""

from __future__ import annotations

import re
from typing import Final

from gambits.memo.document import Block, Bullets, Chart, Figure, Heading, Paragraph, Section, Table, Text
from gambits.memo.seal import Marks, unmarked

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~$&])")
_LIST: Final = re.compile(r"^(\s*(?:\d{1,9})?)([-+.)])(?=\s|$)")
_SPACE: Final = re.compile(r"\s+")


class Markdown:
    """Renders blocks as Markdown, marking the figures."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def figure(self, figure: Figure) -> str:
        """Render a figure."""
        return self._marks.mark(figure, inert(figure.shown))

    def text(self, text: Text) -> str:
        """Render text."""
        parts = []
        for span in text:
            content = (
                self.figure(span.content) if isinstance(span.content, Figure) else inert(span.content, begins=False)
            )
            parts.append((content, span.strong))
        return _strong(parts).strip()

    def section(self, section: Section) -> str:
        """Render the blocks of a section, without its title."""
        return "\n\n".join(self.block(block) for block in section.blocks)

    def block(self, block: Block) -> str:
        """Render one block."""
        match block:
            case Heading():
                return f"### {self.text(block.text)}"
            case Paragraph(lead=True):
                return f"**{self.text(block.text)}**"
            case Paragraph():
                return self.text(block.text)
            case Bullets():
                return "\n".join(f"- {self.text(item)}" for item in block.items)
            case Table():
                return self._table(block)
            case Chart():
                # A picture would need a file beside the memo: what it shows is said in words and numbers.
                told = f"Chart: {self.text(block.title)}. {self.text(block.shows)}"
                return f"{told}\n\n{self._table(block.data)}" if block.data is not None else told

    def _table(self, table: Table) -> str:
        rules = ["--:" if column.is_number else "---" for column in table.columns]
        last = len(table.rows) - 1
        rows = [
            [f"**{text}**" if text and table.has_total and number == last else text for text in map(self.text, row)]
            for number, row in enumerate(table.rows)
        ]
        lines = [[self.text(column.title) for column in table.columns], rules, *rows]
        drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{drawn}\n\n{self.text(table.note)}" if table.note else drawn


def _strong(parts: list[tuple[str, bool]]) -> str:
    """Put stars around each run of strong parts, inside its spaces, where Markdown sees them."""
    found: list[str] = []
    run = ""
    for content, strong in [*parts, ("", False)]:
        if strong:
            run += content
            continue
        if run.strip():
            inner = run.strip()
            before, _, after = run.partition(inner)
            found.append(f"{before}**{inner}**{after}")
        else:
            found.append(run)
        run = ""
        found.append(content)
    return "".join(found)


def inert(text: str, *, begins: bool = True) -> str:
    """Escape what Markdown or HTML would act on; ``begins`` where the text may begin a line."""
    escaped = _SPECIAL.sub(r"\\\1", _SPACE.sub(" ", unmarked(text)))
    return _LIST.sub(r"\1\\\2", escaped) if begins else escaped
