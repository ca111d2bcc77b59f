"""Whether a memo still says what its inputs bear out: every figure that is edited, stale or unsupported, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from gambits.memo.document import Figure
from gambits.memo.render import TEMPLATE
from gambits.memo.seal import Seal
from gambits.memo.sight import Seen, tokens
from gambits.memo.teller import Absent, Teller, is_still, shown

FORMAT: Final = "gambits/memo-check/1"


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
    ``unsupported`` ones are bound to nothing. ``left_out`` were written and are gone, which is no fault. ``pictures``
    names the charts that were changed or are stale. ``is_same_input`` says whether the inputs are those of the memo.
    """

    edited: tuple[Fault, ...]
    stale: tuple[Fault, ...]
    unsupported: tuple[Fault, ...]
    left_out: tuple[Fault, ...]
    pictures: tuple[str, ...]
    is_same_input: bool
    checked: int

    @property
    def is_sound(self) -> bool:
        """Whether every figure holds."""
        return not (self.edited or self.stale or self.unsupported or self.pictures)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {"format": FORMAT, "verified": self.is_sound, **asdict(self)}


@dataclass(frozen=True, slots=True)
class _Token:
    """One number of a figure, as it was written."""

    text: str
    figure: Figure


def check(
    seen: list[Seen],
    seal: Seal,
    record: Mapping[str, Any],
    input_sha256: str,
    pictures: tuple[str, ...] = (),
) -> Verdict:
    """Hold the figures of a memo against what was written, and what was written against the record of today.

    Parameters
    ----------
    seen
        The figures that stand in the memo.
    seal
        The memo's own account.
    record
        What its inputs give today.
    input_sha256
        Their digest.
    pictures
        The charts whose drawing is not the one of today.
    """
    written = [_Token(token, figure) for figure in seal.figures for token in tokens(figure.shown)]
    edited, unsupported, left_out, kept = _compare(written, seen)
    stale = _stale(kept, Teller(record))
    return Verdict(
        edited=tuple(edited),
        stale=tuple(stale),
        unsupported=tuple(unsupported),
        left_out=tuple(left_out),
        pictures=pictures,
        is_same_input=seal.making.input_sha256 == input_sha256,
        checked=len(seen),
    )


def _compare(
    written: list[_Token], seen: list[Seen]
) -> tuple[list[Fault], list[Fault], list[Fault], list[tuple[Figure, Seen]]]:
    """Line up what was written with what stands there."""
    edited: list[Fault] = []
    unsupported: list[Fault] = []
    left_out: list[Fault] = []
    kept: list[tuple[Figure, Seen]] = []
    matcher = SequenceMatcher(None, [each.text for each in written], [each.token for each in seen], autojunk=False)
    for tag, start, end, begin, stop in matcher.get_opcodes():
        before, after = written[start:end], seen[begin:stop]
        if tag == "equal":
            kept += [(old.figure, new) for old, new in zip(before, after, strict=True)]
            continue
        for old, new in zip(before, after, strict=False):
            edited.append(Fault(new.token, old.text, old.figure.place, new.line, new.around))
        # A dash of our own, or of whoever edited the text, joins words and is no figure.
        unsupported += [Fault(new.token, "", "", new.line, new.around) for new in after[len(before) :] if new.token != "–"]
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
