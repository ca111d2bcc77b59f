"""The seal of a memo: what it was made from and every figure in it, carried inside the file for ``--check``."""

from __future__ import annotations

import base64
import json
import re
import textwrap
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from gambits.analyse.study import Settings
from gambits.errors import VerificationError
from gambits.memo.document import Figure

FORMAT: Final = "gambits/memo-seal/1"

_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKED: Final = re.compile(f"{_OPEN}(\\d+){_MIDDLE}([^{_CLOSE}]*){_CLOSE}")
_SIGNS: Final = re.compile(f"[{_OPEN}{_MIDDLE}{_CLOSE}]")
_BEGIN: Final = "gambits-memo {"
_WIDTH: Final = 100
_MOST_BYTES: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Making:
    """How a memo was made: what to ask for to make it again.

    ``gambit`` is as it was asked for, a name or a file; ``settings`` says how futures were drawn; ``against`` is what
    the memo compares with, empty for nothing; ``is_quick`` whether it leaves out what takes many solves.
    """

    gambit: str
    settings: Mapping[str, Any]
    input_sha256: str
    version: str
    against: str = ""
    is_quick: bool = False


def made(
    gambit: str, settings: Settings, record: Mapping[str, Any], against: str = "", *, is_quick: bool = False
) -> Making:
    """Say how a memo is made from a record.

    Parameters
    ----------
    gambit
        As it was asked for.
    settings
        How futures were drawn.
    record
        As ``briefing.brief`` gives it.
    against
        What the memo compares with.
    is_quick
        Whether it leaves out what takes many solves.
    """
    about = record["about"]
    version = record["plans"][about["gambit"]]["versions"]["gambits"]
    return Making(gambit, settings.asked, about["input_sha256"], version, against, is_quick)


@dataclass(frozen=True, slots=True)
class Picture:
    """Digests of a picture: of the drawing as it stands in the memo, and of what it was drawn from."""

    drawn: str
    meant: str


@dataclass(frozen=True, slots=True)
class Seal:
    """How a memo was made, every figure in the order of its text, and its pictures by name."""

    making: Making
    figures: tuple[Figure, ...]
    pictures: Mapping[str, Picture]

    def to_text(self) -> str:
        """Write the seal on lines that break nothing in Markdown, HTML or XML."""
        rows = json.dumps([[list(each.at), each.form, each.shown] for each in self.figures], ensure_ascii=False)
        packed = base64.b64encode(zlib.compress(rows.encode(), 9)).decode()
        record = {
            "format": FORMAT,
            **asdict(self.making),
            "pictures": {name: asdict(picture) for name, picture in self.pictures.items()},
            "figures": textwrap.wrap(packed, _WIDTH),
        }
        # What would end a comment, or open a tag, is written as an escape of JSON's own.
        text = json.dumps(record, indent=0)
        for sign in "<>&":
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        return f"gambits-memo {text.replace('--', '-' + chr(92) + 'u002d')}"


def read_seal(text: str) -> Seal:
    """Find the seal in the text of a memo.

    Raises
    ------
    VerificationError
        If there is none, or it is not whole.
    """
    begin = text.rfind(_BEGIN)
    if begin < 0:
        raise VerificationError("the memo carries no seal", "write it with `gambits memo -o FILE`")
    try:
        record, _ = json.JSONDecoder().raw_decode(text, begin + len(_BEGIN) - 1)
        making = Making(**{name: record[name] for name in Making.__slots__})
        rows = json.loads(_unpacked("".join(record["figures"])))
        figures = tuple(Figure(tuple(map(str, at)), str(form), str(shown)) for at, form, shown in rows)
        pictures = {name: Picture(str(each["drawn"]), str(each["meant"])) for name, each in record["pictures"].items()}
        if record["format"] != FORMAT or not _is_sound(making):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error):
        raise VerificationError("the seal of the memo is damaged", "write the memo anew") from None
    return Seal(making, figures, pictures)


def _unpacked(packed: str) -> bytes:
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(base64.b64decode(packed, validate=True), _MOST_BYTES)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError
    return data


def _is_sound(making: Making) -> bool:
    """Whether the values are such as they are used: a seal comes from a file, and may hold anything."""
    texts = (making.gambit, making.input_sha256, making.version, making.against)
    is_made = all(isinstance(text, str) for text in texts) and isinstance(making.is_quick, bool)
    return is_made and _is_asked(making.settings)


def _is_asked(settings: object) -> bool:
    """Whether these are settings that a command could have asked for."""
    if not isinstance(settings, dict):
        return False
    try:
        return bool(Settings(**settings).asked == settings) and int(settings.get("draws", 2)) > 1
    except (TypeError, ValueError):
        return False


class Marks:
    """Marks figures in a text that is being rendered, so that their order in it is known when it is done."""

    def __init__(self) -> None:
        self._figures: list[Figure] = []

    def mark(self, figure: Figure, rendered: str) -> str:
        """Mark the rendering of a figure."""
        self._figures.append(figure)
        return f"{_OPEN}{len(self._figures) - 1}{_MIDDLE}{unmarked(rendered)}{_CLOSE}"

    def cleared(self, text: str) -> str:
        """Give a text without its figures."""
        return unmarked(_MARKED.sub(" ", text))

    def lift(self, text: str, dress: Callable[[Figure, str], str] | None = None) -> tuple[str, tuple[Figure, ...]]:
        """Take the marks out, dressing each figure's rendering, and list the figures as they came."""
        found: list[Figure] = []

        def lifted(match: re.Match[str]) -> str:
            found.append(self._figures[int(match[1])])
            return dress(found[-1], match[2]) if dress else match[2]

        return unmarked(_MARKED.sub(lifted, text)), tuple(found)


def unmarked(text: str) -> str:
    """Take out what could be mistaken for a mark."""
    return _SIGNS.sub("", text)
