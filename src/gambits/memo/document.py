"""The memo as one document: blocks that every format is rendered from, and figures that say where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

At = tuple[str, ...]
"""A place in the record: keys, and numbers of list items as text."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value in the text: where in the record it is taken from, in which form, and how it reads."""

    at: At
    form: str
    shown: str

    @property
    def place(self) -> str:
        """The place as a reader types it: ``plans.incumbent.cvar``."""
        return ".".join(self.at)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text, in our own words or a figure."""

    content: str | Figure
    strong: bool = False

    @property
    def shown(self) -> str:
        """How it reads."""
        return self.content.shown if isinstance(self.content, Figure) else self.content


Text = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    text: Text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences; ``lead`` are those that a hurried reader should see first."""

    text: Text
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand to the right."""

    title: Text
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells.

    With ``has_total`` the last row sums the numbers above it. ``sums`` maps a column to the first and last of the
    columns that it sums up, both included. ``name`` is short, and no two tables of a memo share one.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    note: Text = ()
    has_total: bool = False
    sums: Mapping[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture: its title, what it shows in words, where its data come from, and how it is drawn.

    ``drawing`` is a Vega-Lite specification, or the text of an SVG. ``data`` are the numbers behind it, None where a
    table beside it holds them.
    """

    name: str
    title: Text
    shows: Text
    source: Text
    drawing: Mapping[str, Any] | str
    data: Table | None = None


Block = Heading | Paragraph | Bullets | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A question and its answer. ``id`` names it in addresses and templates; the annex follows the page."""

    id: str
    title: Text
    blocks: tuple[Block, ...]
    in_annex: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A memo, finished but for its format; ``subtitle`` says whose question it is, and when it is due."""

    title: Text
    subtitle: Text
    sections: tuple[Section, ...]

    @property
    def page(self) -> tuple[Section, ...]:
        """What a board reads."""
        return tuple(section for section in self.sections if not section.in_annex)

    @property
    def annex(self) -> tuple[Section, ...]:
        """What it may look up."""
        return tuple(section for section in self.sections if section.in_annex)

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every picture, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Chart))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in the order in which a reader meets it."""
        return tuple(span.content for span in self._spans() if isinstance(span.content, Figure))

    def _spans(self) -> Iterator[Span]:
        yield from self.title
        yield from self.subtitle
        for section in self.sections:
            yield from section.title
            for block in section.blocks:
                yield from spans(block)


def spans(block: Block) -> Iterator[Span]:
    """Walk the text of a block in order."""
    if isinstance(block, Heading | Paragraph):
        yield from block.text
    elif isinstance(block, Bullets):
        for item in block.items:
            yield from item
    elif isinstance(block, Table):
        for text in (*(column.title for column in block.columns), *(cell for row in block.rows for cell in row)):
            yield from text
        yield from block.note
    else:
        for text in (block.title, block.shows, block.source):
            yield from text
        if block.data is not None:
            yield from spans(block.data)
