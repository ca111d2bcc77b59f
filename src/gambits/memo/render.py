"""From a document to a sealed text in Markdown or HTML, through our template or a lab's own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import DictLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from gambits.files.reading import read_text, stop
from gambits.memo.document import Chart, Document, Figure, Section
from gambits.memo.html import Draw, Html, dressed, name_of, named
from gambits.memo.markdown import Markdown, inert
from gambits.memo.seal import Making, Marks, Picture, Seal
from gambits.memo.sight import loose_figures
from gambits.memo.teller import FORMS, Absent, Teller

TEXTS: Final = ("md", "html")
"""The formats that a template can have."""

TEMPLATE: Final = "template"
"""The place of what a template fixes itself."""

_TEMPLATES: Final = Path(__file__).parent / "templates"
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_MOST_NAMED: Final = 5
_HOW_TO: Final = "see the how-to on a template of your own"
_OF_A_TEMPLATE: Final = (
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    MemoryError,
)
"""What an expression in a template can come to."""


class _Plain(str):
    """Text that needs no escaping: ours, or escaped already."""

    __slots__ = ()


def render_text(
    document: Document,
    record: Mapping[str, Any],
    making: Making,
    form: str,
    draw: Draw,
    template: Path | None = None,
) -> str:
    """Render a memo as ``md`` or ``html``, sealed.

    Parameters
    ----------
    document, record
        The memo, and what its figures are bound to.
    making
        How to make it again.
    form
        ``md`` or ``html``.
    draw
        Draws a chart as SVG.
    template
        A lab's own; None for ours.

    Raises
    ------
    InputError
        If the template cannot be read, is wrong, or writes a figure that is bound to nothing.
    """
    marks, pictures = Marks(), dict[str, Picture]()

    def drawn(chart: Chart) -> str:
        svg = named(draw(chart), name_of(chart))
        pictures[name_of(chart)] = Picture(digest_of(svg), digest_of(meant_by(chart)))
        return svg

    blocks = Html(marks, drawn) if form == "html" else Markdown(marks)
    text = _filled(document, record, blocks, form, template)
    if template is not None:
        _refuse_loose(marks.cleared(text), form, template)
    lifted, figures = marks.lift(text, dressed if form == "html" else None)
    return f"{lifted.rstrip()}\n\n<!-- {Seal(making, figures, pictures).to_text()} -->\n"


def digest_of(text: str) -> str:
    """Give the digest by which a picture is known again."""
    return hashlib.sha256(text.encode()).hexdigest()


def meant_by(chart: Chart) -> str:
    """Give what a chart is drawn from: the same on every machine, as the drawing need not be."""
    return json.dumps(chart.drawing, sort_keys=True)


def _filled(
    document: Document, record: Mapping[str, Any], blocks: Html | Markdown, form: str, path: Path | None
) -> str:
    name = path.as_posix() if path else f"memo.{form}.j2"
    source = read_text(path, name) if path else _own(name)
    try:
        template = _environment(form, source, blocks).get_template("memo")
        text = template.render(_words(document, record, blocks, form))
    except TemplateError as error:
        line = getattr(error, "lineno", None) or 0
        raise stop(name, line, "bad-template", f"the template fails: {error.message}", _HOW_TO) from None
    except Absent as error:  # a kind of LookupError
        fix = "see `gambits memo PORTFOLIO --json` for what there is"
        raise stop(name, 0, "bad-template", f"the record has nothing at `{error}`", fix) from None
    except _OF_A_TEMPLATE as error:
        if path is None:
            raise
        raise stop(name, 0, "bad-template", f"the template fails: {error}", _HOW_TO) from None
    return _BLANK_LINES.sub("\n\n", text) if form == "md" else text


def _environment(form: str, source: str, blocks: Html | Markdown) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader({"memo": source}),
        undefined=StrictUndefined,
        # Markdown: HTML escaping would show; `inert` is applied to every value instead.
        autoescape=form == "html",
        finalize=None if form == "html" else _finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    safe = _safe(form)
    environment.filters |= {
        "text": lambda text: safe(blocks.text(text)),
        "blocks": lambda section: safe(blocks.section(section)),
        "bare": lambda text: "".join(span.shown for span in text),
    }
    return environment


def _words(document: Document, record: Mapping[str, Any], blocks: Html | Markdown, form: str) -> dict[str, Any]:
    """Give the words that a template may use."""
    tell, safe = Teller(record), _safe(form)
    style, script = (Markup(_own(f"memo.{kind}").strip()) for kind in ("css", "js"))

    def figure(place: str | Sequence[str | int], form: str = "text") -> str:
        if form not in FORMS:
            raise TemplateError(f"there is no form `{form}`; use one of: {', '.join(FORMS)}")
        return safe(blocks.figure(tell.figure(place.split(".") if isinstance(place, str) else place, form)))

    def fixed(text: object) -> str:
        return safe(blocks.figure(Figure((TEMPLATE,), "text", str(text))))

    def section(id: str) -> Section:
        found = next((each for each in document.sections if each.id == id), None)
        if found is None:
            raise TemplateError(f"there is no section `{id}`; there are: {', '.join(s.id for s in document.sections)}")
        return found

    return {
        "memo": document,
        "record": record,
        "figure": figure,
        "fixed": fixed,
        "section": section,
        "style": style,
        "script": script,
        "script_hash": _source_of(script),
    }


def _refuse_loose(text: str, form: str, template: Path) -> None:
    """Refuse what a template writes with digits in it and no place in the record."""
    loose = list(dict.fromkeys(figure.token for figure in loose_figures(text, form)))
    if loose:
        named = ", ".join(loose[:_MOST_NAMED])
        message = f"the template writes figures that are bound to nothing: {named}"
        fix = "write {{ figure('plans.incumbent.cvar', 'oom') }}, or {{ fixed('...') }} for what is no result"
        raise stop(template.as_posix(), 0, "unbound-figure", message, fix)


def _own(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _safe(form: str) -> Callable[[object], str]:
    return Markup if form == "html" else _Plain


def _finalize(value: object) -> object:
    """Escape whatever comes from a file; our own words and numbers pass."""
    return inert(value) if isinstance(value, str) and not isinstance(value, _Plain) else value


def _source_of(script: str) -> str:
    """Give the one script that the page's policy lets run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
