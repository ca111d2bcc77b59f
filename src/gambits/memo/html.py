"""Blocks as HTML that needs nothing from anywhere: escaped text, tables that scroll by themselves, inline pictures."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from markupsafe import Markup, escape

from gambits.memo.document import Block, Bullets, Chart, Figure, Heading, Paragraph, Section, Table, Text
from gambits.memo.seal import Marks, unmarked

Draw = Callable[[Chart], str]
"""Draws a chart as SVG that can stand in a page."""

_SPACE: Final = re.compile(r"\s+")
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9]+")


class Html:
    """Renders blocks as HTML, marking the figures."""

    def __init__(self, marks: Marks, draw: Draw) -> None:
        self._marks = marks
        self._draw = draw

    def figure(self, figure: Figure) -> Markup:
        """Render a figure."""
        return Markup(self._marks.mark(figure, str(_inert(figure.shown))))

    def text(self, text: Text) -> Markup:
        """Render text."""
        found = Markup()
        for span in text:
            content = self.figure(span.content) if isinstance(span.content, Figure) else _inert(span.content)
            found += Markup("<strong>{}</strong>").format(content) if span.strong else content
        return found

    def section(self, section: Section) -> Markup:
        """Render the blocks of a section, without its title."""
        return Markup("\n").join(self.block(block) for block in section.blocks)

    def block(self, block: Block) -> Markup:
        """Render one block."""
        match block:
            case Heading():
                return Markup("<h3>{}</h3>").format(self.text(block.text))
            case Paragraph():
                lead = Markup(' class="lead"') if block.lead else Markup()
                return Markup("<p{}>{}</p>").format(lead, self.text(block.text))
            case Bullets():
                items = Markup("\n").join(Markup("<li>{}</li>").format(self.text(item)) for item in block.items)
                return Markup("<ul>\n{}\n</ul>").format(items)
            case Table():
                return self.table(block)
            case Chart():
                return self._chart(block)

    def table(self, table: Table) -> Markup:
        """Render a table, in a box of its own that scrolls where it is too wide."""
        sides = [Markup(' class="n"') if column.is_number else Markup() for column in table.columns]
        heads = Markup().join(
            Markup('<th scope="col"{}>{}</th>').format(side, self.text(column.title))
            for side, column in zip(sides, table.columns, strict=True)
        )
        body = [self._row(row, sides) for row in table.rows]
        foot = Markup()
        if table.has_total and body:
            foot = Markup("<tfoot>{}</tfoot>").format(body.pop())
        inside = Markup("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>{}</table>").format(
            heads, Markup("\n").join(body), foot
        )
        box = Markup('<div class="scroll" role="region" aria-label="{}" tabindex="0">{}</div>').format(
            table.name, inside
        )
        return box + (Markup('\n<p class="note">{}</p>').format(self.text(table.note)) if table.note else Markup())

    def _row(self, row: tuple[Text, ...], sides: list[Markup]) -> Markup:
        first, *rest = (self.text(cell) for cell in row)
        cells = Markup().join(
            Markup("<td{}>{}</td>").format(side, cell) for side, cell in zip(sides[1:], rest, strict=True)
        )
        return Markup('<tr><th scope="row">{}</th>{}</tr>').format(first, cells)

    def _chart(self, chart: Chart) -> Markup:
        name = name_of(chart)
        parts = [
            Markup('<figcaption id="{}-title">{}</figcaption>').format(name, self.text(chart.title)),
            Markup('<div class="plot" tabindex="0">{}</div>').format(Markup(self._draw(chart))),
            Markup('<p class="note" id="{}-shows">{} {}</p>').format(
                name, self.text(chart.shows), self.text(chart.source)
            ),
        ]
        if chart.data is not None:
            numbers = self.table(chart.data)
            parts.append(Markup("<details><summary>The numbers</summary>\n{}</details>").format(numbers))
        return Markup('<figure id="{}">\n{}\n</figure>').format(name, Markup("\n").join(parts))


def name_of(chart: Chart) -> str:
    """Give the name of a chart in addresses."""
    return f"chart-{_NOT_IN_A_NAME.sub('-', chart.name)}"


def named(svg: str, name: str) -> str:
    """Make an SVG ready to stand in a page with others: names of its own, described by the text beside it.

    What a mark says to a screen reader it says to a pointer too, as a tooltip that needs no script.
    """
    own = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg.strip())
    own = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", own)
    own = re.sub(r'(<(path|text)\b[^>]*\baria-label="([^"]*)"[^>]*?)/>', r"\1><title>\3</title></\2>", own)
    # A drawing that titles itself would be announced twice.
    own = re.sub(r"<(title|desc) id=[^>]*>.*?</\1>", "", own, count=2, flags=re.DOTALL)
    own = re.sub(r'^(<svg [^>]*?) role="img" aria-labelledby="[^"]*"', r"\1", own)
    label = f'role="img" aria-labelledby="{name}-title" aria-describedby="{name}-shows"'
    return own.replace("<svg ", f"<svg {label} ", 1)


def _inert(text: str) -> Markup:
    """Escape what HTML would act on."""
    return escape(_SPACE.sub(" ", unmarked(text)))


def dressed(figure: Figure, rendered: str) -> str:
    """Let a figure tell where it comes from; text is left as it is."""
    if not any(sign.isdigit() for sign in rendered) or figure.form in ("text", "name"):
        return rendered
    return str(Markup('<data value="{}" title="{}">{}</data>').format(figure.shown, figure.place, Markup(rendered)))
