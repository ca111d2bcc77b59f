"""Which estimates the plan rests on: a bar each, from its low end to its high one."""

from __future__ import annotations

from typing import Any, Final

from gambits.memo.graph_text import wrapped
from gambits.memo.plots.style import INK, NAMES, Spec, domain_of, layer, number, picture, word

_MOST: Final = 12
"""Bars that are drawn; the table behind the picture has all."""
_SHADES: Final = {"low": "#c3ccd4", "high": "#1f3a5f"}
"""Light where an estimate is low and dark where it is high."""
_SIGNS: Final = 46
"""Signs of a line of a name."""
_ROOM: Final = 0.3
"""Room for words beside the bars, as a part of the range of values."""


def tornado(found: dict[str, Any]) -> Spec:
    """Draw bars around the value as things stand, each end named by where the estimate then lies."""
    bars = found["tornado"][:_MOST]
    pairs = [[_end(bar, end, found["objective"]) for end in _SHADES] for bar in bars]
    rows = [end for pair in pairs for end in reversed(inner_first(pair))]
    values = [found["objective"], *(row["to"] for row in rows)]
    scale = {"domain": domain_of(values, _ROOM, _ROOM), "nice": False, "zero": False}
    title = "what the best plan is worth (OOM)"
    x = number("from", title, scale=scale, axis={"tickCount": 6})
    y = word("estimate", axis=NAMES)
    shades = {"domain": list(_SHADES), "range": list(_SHADES.values())}
    drawn = layer(
        rows,
        {"type": "bar", "height": {"band": 0.62}, "stroke": INK, "strokeWidth": 0.5},
        y=y,
        x=x,
        x2={"field": "to"},
        color=word("end", scale=shades, legend=None),
        description={"field": "told"},
    )
    ends = [end for pair in pairs for end in labelled(pair)]
    sides = [
        layer(
            [end for end in ends if (end["to"] < found["objective"]) is is_left],
            {"type": "text", "align": "right" if is_left else "left", "dx": -5 if is_left else 5, "aria": False},
            y=y,
            x=number("to", title, scale=scale),
            text={"field": "text"},
        )
        for is_left in (True, False)
    ]
    at = number("at", title, scale=scale)
    middle = layer([{"at": found["objective"]}], {"type": "rule", "color": INK, "aria": False}, x=at)
    return picture(drawn, middle, *sides, height=30 * len(bars), width=420)


def inner_first(ends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Order the ends of a bar from the middle outwards; drawn the other way round, no part hides another."""
    return sorted(ends, key=lambda end: abs(float(end["to"]) - float(end["from"])))


def labelled(ends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the labels beside a bar: one for each end, or one for both where they lie on the same side."""
    low, high = ends
    if (low["to"] < low["from"]) is not (high["to"] < high["from"]):
        return ends
    inner, outer = inner_first(ends)
    return [outer | {"text": f"{inner['text']}, {outer['text']}"}]


def _end(bar: dict[str, Any], end: str, objective: float) -> dict[str, Any]:
    known = _known(bar, end)
    return {
        "estimate": "\n".join(wrapped(bar["name"], _SIGNS, 2)),
        "end": end,
        "from": objective,
        "to": bar[end],
        "text": known,
        "told": f"{bar['name']}, {known}: the best plan is worth {bar[end]:.3f} OOM",
    }


def _known(bar: dict[str, Any], end: str) -> str:
    """Say where an estimate lies at one end of its bar."""
    at = bar[f"{end}_at"]
    if at is None:
        return "its worst tenth" if end == "low" else "its best tenth"
    if bar["estimate"].endswith(".success"):
        return "works" if at else "fails"
    return f"{at:.3g}".replace("e+", "e")
