"""What a reader sees of a memo: its text without markup, and the figures in it with their lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

_TOKEN: Final = re.compile(r"(?<![\w.])[+\-−](?=[\d.])|[\d](?:[\d,.]*\d)?(?:e[+-]?\d+)?[%×]?|–")
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_COMMENT: Final = re.compile(r"<!--.*?-->", flags=re.DOTALL)
_PICTURE: Final = re.compile(r'<figure id="([^"]+)">.*?(<svg .*?</svg>)', flags=re.DOTALL)
_AROUND: Final = 30
_UNSEEN: Final = ("script", "style", "svg", "title")


@dataclass(frozen=True, slots=True)
class Seen:
    """A figure as it stands in a text: the figure, its line (from 1), and the words around it."""

    token: str
    line: int
    around: str


def tokens(text: str) -> list[str]:
    """List the figures in a stretch of text: numbers with sign, percent and times, and the dash for none."""
    return [seen.token for seen in figures_in([text])]


def visible(text: str, form: str) -> list[str]:
    """Give the lines of a memo as a reader sees them, numbered as in the file."""
    if form == "html":
        reader = _Reader()
        reader.feed(text)
        reader.close()
        return reader.lines
    return [_ESCAPED.sub(r"\1", line) for line in _COMMENT.sub(_as_blank, text).split("\n")]


def figures_in(lines: list[str]) -> list[Seen]:
    """List every figure in lines of text, in order."""
    found = []
    for number, line in enumerate(lines, 1):
        sign = ""
        for match in _TOKEN.finditer(line):
            if match[0] in ("+", "-", "−"):
                sign = match[0]
                continue
            around = line[max(0, match.start() - _AROUND) : match.end() + _AROUND]
            found.append(Seen(sign + match[0], number, " ".join(around.split())))
            sign = ""
    return found


def loose_figures(text: str, form: str) -> list[Seen]:
    """List the figures of a text but for dashes, which join words as well."""
    return [seen for seen in figures_in(visible(text, form)) if seen.token != "–"]


def pictures_in(text: str) -> list[tuple[str, str]]:
    """List the pictures of a page by name, each as it is written."""
    return [(match[1], match[2]) for match in _PICTURE.finditer(text)]


def _as_blank(match: re.Match[str]) -> str:
    """Keep the lines that a comment takes, so that those after it keep their numbers."""
    return "\n" * match[0].count("\n")


class _Reader(HTMLParser):
    """Collects the text that a browser shows, by line of the file."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._hidden.append(tag)
        self._space(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()
        self._space(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._add(data)

    def _space(self, tag: str) -> None:
        # Cells and paragraphs end a word; what only dresses a figure does not.
        if tag not in ("data", "strong", "em", "a"):
            self._add(" ")

    def _add(self, text: str) -> None:
        line, _ = self.getpos()
        while len(self.lines) < line:
            self.lines.append("")
        first, *rest = text.split("\n")
        self.lines[line - 1] += first
        for number, part in enumerate(rest, line):
            while len(self.lines) <= number:
                self.lines.append("")
            self.lines[number] += part
