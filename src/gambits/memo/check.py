"""Whether a memo still says what its inputs bear out: every figure that is edited, stale or unsupported, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from gambits.files.reading import as_shown, read_text, stop
from gambits.memo.compose import compose
from gambits.memo.document import Figure
from gambits.memo.html import name_of
from gambits.memo.render import TEMPLATE, digest_of, meant_by
from gambits.memo.seal import Seal, read_seal
from gambits.memo.sight import Seen, figures_in, pictures_in, tokens, visible
from gambits.memo.teller import Absent, Teller, is_still, shown
from gambits.memo.word import read_word

FORMAT: Final = "gambits/memo-check/1"
CHECKED: Final = ("md", "html", "docx")
"""The formats whose text can be read back."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A figure that does not hold: what the memo says, what it should say, its place, and where it stands."""

    says: str
    should: str
    place: str
    line: int
    around: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking a memo.

    ``edited`` figures are not those that were written; ``stale`` ones are no longer what the inputs give;
    ``unsupported`` ones are bound to nothing. ``left_out`` were written and are gone, which is no fault.
    ``is_same_input`` says whether the inputs are those of the memo; ``checked`` counts the figures that stand in it.
    """

    edited: tuple[Fault, ...]
    stale: tuple[Fault, ...]
    unsupported: tuple[Fault, ...]
    left_out: tuple[Fault, ...]
    is_same_input: bool
    checked: int

    @property
    def is_sound(self) -> bool:
        """Whether every figure holds."""
        return not (self.edited or self.stale or self.unsupported)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {"format": FORMAT, "verified": self.is_sound, **asdict(self)}


@dataclass(frozen=True, slots=True)
class _Token:
    """One number of a figure, as it was written."""

    text: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Read:
    """A memo that was read: what stands in it, its seal, and the digests of its pictures by name."""

    seen: tuple[Seen, ...]
    seal: Seal
    pictures: Mapping[str, str]


def read_memo(file: Path) -> Read:
    """Read a memo: Markdown, HTML or DOCX, by its name.

    Raises
    ------
    InputError
        If the file cannot be read, or is of a kind that cannot be checked.
    VerificationError
        If it carries no seal.
    """
    shown = as_shown(file)
    form = {"htm": "html", "markdown": "md"}.get(ending := file.suffix.lower().removeprefix("."), ending)
    if form not in CHECKED:
        message = f"a memo as {form or 'this'} cannot be checked"
        raise stop(shown, 0, "not-a-memo", message, f"check one of: {', '.join(CHECKED)}")
    if form == "docx":
        lines, sealed = read_word(file, shown)
        return Read(tuple(figures_in(lines)), read_seal(sealed), {})
    text = read_text(file, shown)
    pictures = {name: digest_of(svg) for name, svg in pictures_in(text)} if form == "html" else {}
    return Read(tuple(figures_in(visible(text, form))), read_seal(text), pictures)


def check(memo: Read, record: Mapping[str, Any]) -> Verdict:
    """Hold the figures of a memo against what was written, and what was written against the record of today.

    Parameters
    ----------
    memo
        As it was read.
    record
        What its inputs give today.
    """
    seal = memo.seal
    written = [_Token(token, figure) for figure in seal.figures for token in tokens(figure.shown)]
    edited, unsupported, left_out, kept = _compare(written, list(memo.seen))
    redrawn, outdated = _pictures(memo, record)
    return Verdict(
        edited=(*edited, *redrawn),
        stale=(*_stale(kept, Teller(record)), *outdated),
        unsupported=tuple(unsupported),
        left_out=tuple(left_out),
        is_same_input=seal.making.input_sha256 == record["about"]["input_sha256"],
        checked=len(memo.seen),
    )


def _pictures(memo: Read, record: Mapping[str, Any]) -> tuple[list[Fault], list[Fault]]:
    """List the pictures that are not the ones drawn, and those that would be drawn otherwise today."""
    today = {name_of(chart): digest_of(meant_by(chart)) for chart in compose(record).charts}
    edited, stale = [], []
    for name, picture in memo.seal.pictures.items():
        fault = Fault("a picture", "", name, 0, "")
        if name in memo.pictures and memo.pictures[name] != picture.drawn:
            edited.append(fault)
        elif today.get(name) != picture.meant:
            stale.append(fault)
    return edited, stale


def _compare(
    written: list[_Token], seen: list[Seen]
) -> tuple[list[Fault], list[Fault], list[Fault], list[tuple[Figure, Seen]]]:
    """Line up what was written with what stands there."""
    edited: list[Fault] = []
    unsupported: list[Fault] = []
    left_out: list[Fault] = []
    kept: list[tuple[Figure, Seen]] = []
    matcher = SequenceMatcher(None, [each.text for each in written], [each.token for each in seen], autojunk=False)
    for tag, start, end, begin, finish in matcher.get_opcodes():
        before, after = written[start:end], seen[begin:finish]
        if tag == "equal":
            kept += [(old.figure, new) for old, new in zip(before, after, strict=True)]
            continue
        for old, new in zip(before, after, strict=False):
            edited.append(Fault(new.token, old.text, old.figure.place, new.line, new.around))
        # A dash of our own, or of whoever edited the text, joins words and is no figure.
        unsupported += [
            Fault(new.token, "", "", new.line, new.around) for new in after[len(before) :] if new.token != "–"
        ]
        for old in before[len(after) :]:
            left_out.append(Fault("", old.text, old.figure.place, 0, ""))
    return edited, unsupported, left_out, kept


def _stale(kept: list[tuple[Figure, Seen]], tell: Teller) -> list[Fault]:
    """List the figures that their place gives no longer, once for each time they stand there."""
    stale: list[Fault] = []
    told: tuple[Figure | None, int] = (None, 0)
    for figure, new in kept:
        # A text of several numbers is one figure.
        if (figure, new.line) == told or figure.at == (TEMPLATE,):
            continue
        told = (figure, new.line)
        try:
            value = tell.told(figure.at, figure.form)
            if not is_still(value, figure.form, figure.shown):
                stale.append(Fault(figure.shown, shown(value, figure.form), figure.place, new.line, new.around))
        except (Absent, ValueError, TypeError, KeyError):
            stale.append(Fault(figure.shown, "", figure.place, new.line, new.around))
    return stale
