"""The memo as DOCX, sealed like the texts: what it was made from travels in a part of its own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gambits.errors import GambitsError
from gambits.files.reading import stop
from gambits.memo.document import Block, Bullets, Chart, Document, Figure, Heading, Paragraph, Section, Table, Text
from gambits.memo.seal import Making, Seal, unmarked

if TYPE_CHECKING:
    from docx.document import Document as Word

_SEAL: Final = "/customXml/gambits-memo.xml"
_KIND: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/customXml"
_NOTE: Final = "Caption"
"""The style of what stands below tables and pictures."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_DAY: Final = (2000, 1, 1)
_WIDE: Final = 7
"""A table of more columns is set small."""
_NARROWEST, _WIDEST = 5, 70
"""Letters that a column has room for: at least, and at most."""
_ROOM, _ROOM_SMALL = 106, 132
"""Letters that fit across a page, and across it where they are set small, in a wide font."""
_LINES: Final = 3
"""Lines that the title of a column takes at most."""
_STRONG: Final = 1.15
"""Room of a strong letter against a plain one's."""
_BESIDE: Final = 2
"""Letters' room between columns."""
_CELL_MARGIN: Final = 45
"""Space beside the text of a cell, in twentieths of a point."""
_MARGIN_MM: Final = 18
_PICTURE_MM: Final = 174
_TALLEST_MM: Final = 225
_MOST_BYTES: Final = 50_000_000

Draw = Callable[[Chart], bytes]
"""Draws a chart as PNG."""


def word_of(document: Document, making: Making, draw: Draw) -> bytes:
    """Write a memo as DOCX.

    Raises
    ------
    GambitsError
        If the extra that writes it is not installed.
    """
    writer = _Writer(_docx(), draw)
    return writer.write(document, making)


def read_word(path: Path, shown: str) -> tuple[list[str], str]:
    """Read the text of a DOCX by paragraph, and its seal's text, empty where it has none.

    Raises
    ------
    InputError
        If the file is no DOCX.
    GambitsError
        If the extra that reads it is not installed.
    """
    docx = _docx()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise stop(shown, 0, "too-large", f"the file is larger than {_MOST_BYTES // 10**6} MB", "check another")
        with zipfile.ZipFile(path) as parts:
            if sum(each.file_size for each in parts.infolist()) > 4 * _MOST_BYTES:
                raise stop(shown, 0, "too-large", "the file unpacks to more than a memo needs", "check another")
            name = _SEAL.removeprefix("/")
            seal = parts.read(name).decode() if name in parts.namelist() else ""
        word = docx.Document(str(path))
    except OSError as error:
        raise stop(
            shown, 0, "unreadable", f"cannot read the file: {error.strerror or error}", "check the path"
        ) from None
    except (zipfile.BadZipFile, KeyError, ValueError, UnicodeDecodeError) as error:
        raise stop(shown, 0, "not-a-memo", f"the file is no DOCX: {error}", "check a memo that gambits wrote") from None
    return list(_lines(word)), unescape(seal)


def _docx() -> Any:
    try:
        import docx  # an extra, and slow to import
    except ImportError:
        hint = "install it with the extra: pip install 'gambits[memo]'"
        raise GambitsError("a DOCX needs python-docx, which is not installed", hint) from None
    return docx


def _lines(word: Word) -> Iterator[str]:
    """Walk paragraphs and cells in order."""
    for each in word.iter_inner_content():
        if hasattr(each, "rows"):
            for row in each.rows:
                yield from (cell.text for cell in row.cells)
        else:
            yield each.text


class _Writer:
    """Writes blocks one after another, and remembers the figures as they come."""

    def __init__(self, docx: Any, draw: Draw) -> None:
        self._docx = docx
        self._draw = draw
        self._word: Word = docx.Document()
        self._figures: list[Figure] = []

    def write(self, document: Document, making: Making) -> bytes:
        """Write the whole, sealed."""
        self._dress(document)
        self._add(self._word.add_heading(level=0), document.title)
        self._add(self._word.add_paragraph(), document.subtitle)
        for section in document.page:
            self._section(section)
        self._word.add_page_break()  # type: ignore[no-untyped-call]
        self._word.add_heading("Annex", level=1)
        for section in document.annex:
            self._section(section)
        self._seal(Seal(making, tuple(self._figures), {}))
        raw = io.BytesIO()
        self._word.save(raw)
        return _timeless(raw)

    def _dress(self, document: Document) -> None:
        """Set page, fonts and what the file says about itself."""
        from datetime import datetime

        from docx.shared import Mm, Pt, RGBColor

        page = self._word.sections[0]
        page.page_width, page.page_height = Mm(210), Mm(297)
        page.left_margin = page.right_margin = Mm(_MARGIN_MM)
        page.top_margin = page.bottom_margin = Mm(15)
        style = self._word.styles["Normal"]
        style.font.name, style.font.size = "Calibri", Pt(9)
        style.paragraph_format.space_after, style.paragraph_format.line_spacing = Pt(3), 1.0
        self._word.styles["List Bullet"].paragraph_format.space_after = Pt(1)
        note = self._word.styles[_NOTE]
        note.font.name, note.font.size, note.font.bold = "Calibri", Pt(8), False
        note.font.color.rgb = RGBColor(0x4A, 0x4A, 0x4A)
        note.paragraph_format.space_before, note.paragraph_format.space_after = Pt(1), Pt(6)
        for name, size in (("Title", 16), ("Heading 1", 14), ("Heading 2", 11), ("Heading 3", 10)):
            heading = self._word.styles[name]
            heading.font.name, heading.font.size, heading.font.color.rgb = (
                "Calibri",
                Pt(size),
                RGBColor(0x1A, 0x1A, 0x1A),
            )
            heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(6), Pt(1)
        about = self._word.core_properties
        about.title, about.author, about.comments = _plain(document.title)[:255], "gambits", ""
        about.created = about.modified = datetime(*_DAY)

    def _section(self, section: Section) -> None:
        self._add(self._word.add_heading(level=2), section.title)
        for block in section.blocks:
            self._block(block)

    def _block(self, block: Block) -> None:
        match block:
            case Heading():
                self._add(self._word.add_heading(level=3), block.text)
            case Paragraph():
                self._add(self._word.add_paragraph(), block.text, is_strong=block.lead)
            case Bullets():
                for item in block.items:
                    self._add(self._word.add_paragraph(style="List Bullet"), item)
            case Table():
                self._table(block)
            case Chart():
                self._chart(block)

    def _table(self, table: Table) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Mm, Pt

        grid = self._word.add_table(rows=0, cols=len(table.columns), style="Light Shading")
        grid.autofit = False
        widths = [Mm(_PICTURE_MM * part) for part in parts_of(table)]
        for place, width in zip(grid.columns, widths, strict=True):
            place.width = width
        size = Pt(6.5 if len(table.columns) > _WIDE else 8)
        heads = tuple(column.title for column in table.columns)
        last = len(table.rows)
        for number, row in enumerate((heads, *table.rows)):
            cells = grid.add_row().cells
            for cell, text, column, width in zip(cells, row, table.columns, widths, strict=True):
                cell.width = width
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.space_after = Pt(0)
                if column.is_number:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                self._add(paragraph, text, is_strong=number == 0 or (table.has_total and number == last))
                for run in paragraph.runs:
                    run.font.size = size
        _dress(grid)
        self._add(self._word.add_paragraph(style=_NOTE), table.note)

    def _chart(self, chart: Chart) -> None:
        from docx.shared import Mm

        title = self._word.add_paragraph()
        title.paragraph_format.keep_with_next = True
        self._add(title, chart.title, is_strong=True)
        picture = self._word.add_picture(io.BytesIO(self._draw(chart)), width=Mm(_PICTURE_MM))
        if picture.height > Mm(_TALLEST_MM):
            picture.width, picture.height = round(picture.width * Mm(_TALLEST_MM) / picture.height), Mm(_TALLEST_MM)
        self._word.paragraphs[-1].paragraph_format.keep_with_next = True
        picture._inline.docPr.set("descr", f"{_plain(chart.title)}. {_plain(chart.shows)}")
        space = self._word.add_paragraph(style=_NOTE)
        self._add(space, chart.shows)
        space.add_run(" ")
        self._add(space, chart.source)

    def _add(self, paragraph: Any, text: Text, *, is_strong: bool = False) -> None:
        for span in text:
            if isinstance(span.content, Figure):
                self._figures.append(span.content)
            run = paragraph.add_run(unmarked(span.shown))
            run.bold = True if span.strong or is_strong else None

    def _seal(self, seal: Seal) -> None:
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part
        from markupsafe import escape

        data = f'<?xml version="1.0" encoding="UTF-8"?>\n<seal xmlns="urn:gambits:memo">{escape(seal.to_text())}</seal>'
        part = Part(PackURI(_SEAL), "application/xml", data.encode(), self._word.part.package)
        self._word.part.relate_to(part, _KIND)


def _dress(grid: Any) -> None:
    """Let the first row stand again on every page that the table reaches, without shades."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(_CELL_MARGIN))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    grid._tbl.tblPr.append(margins)
    grid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in grid.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for look in grid._tbl.tblPr.findall(qn("w:tblLook")):
        for name, value in (("firstColumn", "0"), ("noHBand", "1"), ("noVBand", "1"), ("val", "0620")):
            look.set(qn(f"w:{name}"), value)


def parts_of(table: Table) -> list[float]:
    """Give each column its part of the width: what its longest text asks for, and where that is too much, its words."""
    room = _ROOM_SMALL if len(table.columns) > _WIDE else _ROOM
    needs, wants = zip(*(_asked(table, k) for k in range(len(table.columns))), strict=True)
    more = [want - need for need, want in zip(needs, wants, strict=True)]
    left = max(0.0, room - sum(needs))
    share = min(1.0, left / sum(more)) if sum(more) else 0.0
    found = [need + share * each for need, each in zip(needs, more, strict=True)]
    return [each / sum(found) for each in found]


def _asked(table: Table, k: int) -> tuple[float, float]:
    """Give the letters that a column cannot do without, its longest word, and those that it would like to have."""
    head, texts = _plain(table.columns[k].title), [_plain(row[k]) for row in table.rows]
    words = [len(word) for text in texts for word in text.split()]
    heads = [_STRONG * len(word) for word in head.split()]
    need = max(_NARROWEST, _STRONG * len(head) / _LINES, *words, *heads, 0)
    # What is broken over lines is no number.
    if table.columns[k].is_number:
        need = max(need, *map(len, texts), 0)
    return need + _BESIDE, max(need, min(max(map(len, texts), default=0), _WIDEST)) + _BESIDE


def _timeless(raw: io.BytesIO) -> bytes:
    """Pack again without the time at which it was packed: the same memo gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, _EPOCH), old.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _plain(text: Text) -> str:
    return unmarked("".join(span.shown for span in text))
