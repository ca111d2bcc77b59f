"""Numbers and text as people read them, one form for one kind, in tables and memos alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any, Final

_BIG: Final = 1000
_PLAIN: Final = 100


def money(value: float) -> str:
    """Money in the portfolio's unit, to a tenth."""
    return f"{value + 0.0:,.1f}" if abs(value) >= 0.05 else "–"  # noqa: PLR2004  (rounds to nothing)


def oom(value: float) -> str:
    """Orders of magnitude, to a thousandth."""
    return f"{round(value, 3) + 0.0:.3f}"


def percent(fraction: float) -> str:
    """A fraction as a percentage."""
    return f"{fraction:.0%}"


def percents(parts: Mapping[str, float]) -> dict[str, int]:
    """Parts of a whole as percentages that add up as the parts do, rounded by their largest remainders."""
    exact = {name: round(100 * part, 9) for name, part in parts.items()}
    found = {name: math.floor(value) for name, value in exact.items()}
    short = round(sum(exact.values())) - sum(found.values())
    for name in sorted(exact, key=lambda name: (found[name] - exact[name], name))[:short]:
        found[name] += 1
    return found


def multiple(gain: float) -> str:
    """A gain in OOM as the factor that it is."""
    return factor(10**gain)


def factor(value: float) -> str:
    """A multiplier to two or three digits."""
    if math.isinf(value):
        return "no factor at all"
    if value >= _BIG:
        return f"{value:,.0f}×"
    return f"{value:.0f}×" if value >= _PLAIN else f"{value:.2f}×"


def flop(log10: float) -> str:
    """Compute from its log10, as 3.2e27 FLOP."""
    return f"{10**log10:.1e} FLOP".replace("e+", "e")


def as_html(title: str, said: str, frame: Any) -> str:
    """Show a record in a notebook: a title, a sentence, and a pandas table; what a file says is text, and no markup."""
    table = frame.to_html(float_format=lambda value: f"{value:,.3g}", na_rep="–", border=0)
    return f"<p><strong>{escape(title)}</strong><br>{escape(said)}</p>\n{table}"


def printable(text: str) -> str:
    """Replace what a terminal would act on."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def estimate(key: str) -> str:
    """Name an estimate by its dotted key: `self-play: post training` for `initiatives.self-play.effects.post_training`.

    What stands elsewhere keeps the name of its section.
    """
    if key == "scenarios":
        return "which scenario comes"
    section, _, rest = key.partition(".")
    if section == "overlaps":
        among, _, lever = rest.rpartition(".")
        return f"overlap of {among.replace('+', ', ')}: {_spaced(lever)}"
    owner, _, name = rest.partition(".")
    name = name.removeprefix("effects.").removeprefix("stages.")
    if section in ("initiatives", "synergies"):
        return f"{owner.replace('+', ' with ')}: {_spaced(name)}"
    return _spaced(key)


def _spaced(name: str) -> str:
    return name.replace(".", " ").replace("_", " ")
