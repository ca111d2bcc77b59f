"""From a memo's material to a document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from gambits import words
from gambits.memo.compose import Memo
from gambits.scaling.effects.law import EFFECT_TAGS

_TEMPLATES: Final = Path(__file__).parent / "templates"
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~$&])")
_LIST: Final = re.compile(r"^(\s*(?:\d{1,9})?)([-+.)])(?=\s|$)")
_SPACE: Final = re.compile(r"\s+")
_BLANK_LINES: Final = re.compile(r"\n{3,}")


def markdown(memo: Memo) -> str:
    """Render a memo as Markdown, text from the portfolio made inert."""
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        # Markdown: HTML escaping would show; `inert` is applied to every value instead.
        autoescape=False,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    forms = (words.money, words.oom, words.percent, words.multiple, words.factor, words.flop)
    environment.filters |= {form.__name__: lambda value, form=form: Plain(form(value)) for form in forms}
    text = environment.get_template("memo.md.j2").render(memo=memo, tags=EFFECT_TAGS)
    return _BLANK_LINES.sub("\n\n", text)


class Plain(str):
    """Text of our own making, which needs no escaping."""

    __slots__ = ()


def _finalize(value: object) -> object:
    """Escape whatever comes from a file; our own words and numbers pass."""
    if isinstance(value, str) and not isinstance(value, Plain):
        return inert(value)
    return value


def inert(text: str) -> str:
    """Escape what Markdown or HTML would act on, in text that a portfolio gives."""
    return _LIST.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", _SPACE.sub(" ", text)))
