"""Run the examples of the pages: every command shows its real output, every Python example holds.

A page's examples run in order in one empty folder, so that later ones find what earlier ones made:

* ``console``: a line ``$ gambits ...`` (or ``$ make demo``) runs in this process, and the lines after it are what
  it prints. A line ``...`` stands for any lines, and ``...`` inside a line for any text; figures may stray by what
  ties and another machine's sums can do. ``$ echo $?`` shows the last exit code.
* ``python``: runs with the names that earlier blocks made; with ``>>>`` it is a doctest.
* ``yaml title="my-lab/portfolio.yaml"``: becomes that file.
* ``diff title="my-lab/portfolio.yaml"``: edits that file; ``-`` lines give way to the ``+`` lines below them.

Without ``--check`` the outputs that have changed are written into the pages, cut where they were cut before.
Look at what changed: an output that is right and a sentence beside it that no longer is are easily missed.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Final

from click.testing import CliRunner
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from gambits.cli import main

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES: Final = (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
SAME_AS: Final = {"make demo": "gambits demo"}
"""Commands of the Makefile, as what they run once all is installed."""


_FIGURES: Final = r"\d+\.\d+(?![\d.e])|\d+%"
_FIGURE: Final = re.compile(f"({_FIGURES})")
_NEAR_PERCENT: Final = 2.0
_NEAR_MONEY: Final = 1.0
_NEAR_FACTOR: Final = 0.02
_NEAR_OOM: Final = 0.002
"""How far figures with a percent sign, one, two or more decimals may stray: plans of one value can differ."""

UNSEEN: Final = ("--batches", "0")
"""Added to commands that solve: batches take most of the time, and nothing that a command prints shows them."""
_SOLVE: Final = ("demo", "solve", "compare", "memo")


class Differs(Exception):
    """A command prints something other than its page says."""


def run_page(page: Path) -> list[str]:
    """Run a page's examples in an empty folder; give what differs, a text for each command.

    Raises
    ------
    Exception
        Whatever an example raises that is not an output that differs.
    """
    found: list[str] = []
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for example in _SYBIL.parse(page).examples():
                try:
                    example.evaluate()
                except Differs as difference:
                    found.append(str(difference))
        finally:
            os.chdir(before)
    return found


def refresh_page(page: Path) -> bool:
    """Write the outputs that have changed into a page; say whether there were any."""
    text = page.read_text(encoding="utf-8")
    before = Path.cwd()
    pieces, at = [], 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for example in _SYBIL.parse(page).examples():
                if example.region.evaluator is not _run_session:
                    example.evaluate()
                    continue
                start = text.index(str(example.parsed), example.start)
                pieces += [text[at:start], _session_now(example)]
                at = start + len(str(example.parsed))
        finally:
            os.chdir(before)
    new = "".join([*pieces, text[at:]])
    page.write_text(new, encoding="utf-8")
    return new != text


def matches(expected: str, found: str) -> bool:
    """Whether an output is what a page says, dots standing for anything."""
    lines = [r"(?:.*\n)*?" if line == "..." else f"{_line_pattern(line)}\n" for line in expected.splitlines()]
    match = re.fullmatch("".join(lines), f"{found}\n" if found else "")
    figures = [figure for line in expected.splitlines() for figure in _FIGURE.findall(line)]
    return match is not None and all(map(_is_near, figures, match.groups()))


def _is_near(shown: str, found: str) -> bool:
    """Whether two figures are the same but for what ties and the sums of another machine can do."""
    if shown.endswith("%") or found.endswith("%"):
        return shown[-1] == found[-1] and abs(float(shown[:-1]) - float(found[:-1])) <= _NEAR_PERCENT
    near = {1: min(_NEAR_MONEY, float(shown) / 10), 2: _NEAR_FACTOR}.get(len(shown.partition(".")[2]), _NEAR_OOM)
    return abs(float(shown) - float(found)) <= near


def cut_alike(expected: str, found: str) -> str:
    """Give an output cut where an older one was: as many lines before, between and after its dots."""
    lines = found.splitlines()
    parts = [list(group) for is_cut, group in groupby(expected.splitlines(), "...".__eq__) if not is_cut]
    if "..." not in expected.splitlines():
        return _keep_dots(expected.splitlines(), lines)
    if not parts:
        return expected
    begins, ends = not expected.startswith("...\n"), not expected.endswith("\n...")
    shown: list[str] = []
    at = 0
    for number, part in enumerate(parts):
        if number == 0 and begins:
            start = 0
        elif number == len(parts) - 1 and ends:
            start = max(at, len(lines) - len(part))
        else:
            near = difflib.get_close_matches(part[0], lines[at:], n=1, cutoff=0.0)
            start = at + lines[at:].index(near[0]) if near else at
        shown += [] if number == 0 and begins else ["..."]
        shown.append(_keep_dots(part, lines[start : start + len(part)]))
        at = start + len(part)
    return "\n".join(shown if ends else [*shown, "..."])


def _keep_dots(old: Sequence[str], new: Sequence[str]) -> str:
    """Give new lines, or the old ones whose dots stand for them."""
    return "\n".join(
        was if was is not None and matches(was, now) else now for was, now in zip_longest(old, new) if now is not None
    )


def _session_now(example: Example) -> str:
    shown = []
    for command, expected in _steps(str(example.parsed)):
        found = _printed(command, example)
        output = expected if matches(expected, found) else cut_alike(expected, found)
        shown.append(f"$ {command}\n{output}\n" if output else f"$ {command}\n")
    return "".join(shown)


def _run_session(example: Example) -> None:
    for command, expected in _steps(str(example.parsed)):
        found = _printed(command, example)
        if not matches(expected, found):
            delta = "\n".join(difflib.ndiff(expected.splitlines(), found.splitlines()))
            raise Differs(f"{example.path}:{example.line}: $ {command}\n{delta}")


def _steps(session: str) -> Iterator[tuple[str, str]]:
    """Split a session into its commands, each with what it is said to print."""
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, _tidy(expected)


def _printed(command: str, example: Example) -> str:
    if command == "echo $?":
        return str(example.namespace["exit_code"])
    words = shlex.split(SAME_AS.get(command, command))
    if words[0] != "gambits":
        raise ValueError(f"{example.path}:{example.line}: only gambits runs here, not `{command}`")
    result = CliRunner().invoke(main, [*words[1:], *(UNSEEN if words[1:2] and words[1] in _SOLVE else ())])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    example.namespace["exit_code"] = result.exit_code
    return _tidy(result.output)


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def _line_pattern(line: str) -> str:
    """Give the pattern of a line: dots stand for any text, figures for figures, spaces for as many as they need."""
    return ".*?".join(_figures_pattern(part) for part in line.split("..."))


def _figures_pattern(text: str) -> str:
    words = [re.sub(r"(?:\\ )+", r"[ ]+", re.escape(word)) for word in _FIGURE.split(text)]
    # What a split finds stands at the odd places.
    return "".join(rf"({_FIGURES})" if place % 2 else word for place, word in enumerate(words))


def _titled_blocks(document: Document) -> Iterator[Region]:
    """Find files to write and edits to make, by the title that the page shows above them."""
    info = re.compile(r'(?P<language>yaml|diff) title="(?P<file>[^"]+)"\n')
    for region in RawFencedCodeBlockLexer(info)(document):
        region.parsed = region.lexemes["source"]
        region.evaluator = _write_file if region.lexemes["language"] == "yaml" else _edit_file
        yield region


def _write_file(example: Example) -> None:
    file = Path(example.region.lexemes["file"])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(example.parsed), encoding="utf-8")


def _edit_file(example: Example) -> None:
    file = Path(example.region.lexemes["file"])
    text = file.read_text(encoding="utf-8")
    for old, new in _edits(str(example.parsed)):
        if text.count(old) != 1:
            raise ValueError(f"{example.path}:{example.line}: {file} does not hold this once:\n{old}")
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def _edits(diff: str) -> Iterator[tuple[str, str]]:
    """List (old, new) of a diff; its other lines only show the reader where an edit is."""
    for edit in re.finditer(r"((?:^-.*\n)+)((?:^\+.*\n)*)", diff, flags=re.MULTILINE):
        old, new = (re.sub(r"^[-+]", "", lines, flags=re.MULTILINE) for lines in edit.groups())
        yield old, new


_SYBIL: Final = Sybil(
    parsers=[CodeBlockParser("console", _run_session), PythonCodeBlockParser(), _titled_blocks],
    path=str(ROOT),
    pattern="*.md",
)


def run(arguments: Sequence[str]) -> int:
    """Bring every page's outputs up to date, or with ``--check`` only show what differs; give the exit code."""
    if list(arguments) == ["--check"]:
        found = [difference for page in PAGES for difference in run_page(page)]
        sys.stdout.writelines(f"{difference}\n" for difference in found)
        return 1 if found else 0
    for page in PAGES:
        if refresh_page(page):
            sys.stdout.write(f"wrote {page.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
