"""From a record to a memo in any format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gambits.errors import InputError, Problem, Where
from gambits.memo.charts import png_of, svg_of
from gambits.memo.compose import compose
from gambits.memo.pdf import pdf_of
from gambits.memo.render import TEXTS, render_text
from gambits.memo.seal import Making
from gambits.memo.word import word_of
from gambits.memo.workbook import workbook_of

FORMATS: Final = ("md", "html", "docx", "pdf", "xlsx")
"""What a memo can be written as, by the end of its name."""


def write_memo(record: Mapping[str, Any], making: Making, form: str = "md", template: Path | None = None) -> bytes:
    """Write the memo that a record bears out.

    Parameters
    ----------
    record
        As ``briefing.brief`` gives it.
    making
        How the memo was made, which it carries inside.
    form
        One of ``FORMATS``.
    template
        A lab's own, for ``md`` and ``html``; None for ours.

    Raises
    ------
    InputError
        If the template is wrong, or the format takes none.
    GambitsError
        If the extra that the format needs is not installed.
    """
    document = compose(record)
    if form in TEXTS:
        return render_text(document, record, making, form, svg_of, template).encode()
    if template is not None:
        message = f"a memo as {form} takes no template"
        raise InputError((Problem("bad-template", Where(template.as_posix()), message, "write md or html with it"),))
    if form == "pdf":
        return pdf_of(document, svg_of)
    if form == "docx":
        return word_of(document, making, png_of)
    return workbook_of(document, record, making)
