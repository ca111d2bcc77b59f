"""How every picture of the memo looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

WIDTH: Final = 600
INK: Final = "#1a1a1a"
SOFT: Final = "#5f5f5f"
RULE: Final = "#8a8a8a"
PALE: Final = "#e4e4e1"

# Dark, middle and light tell apart without colour, on paper and for every eye.
_PATHS: Final = {"architect": "#1f3a5f", "alchemist": "#f2c14e", "scale": "#ffffff"}
_OTHER_PATHS: Final = ("#8f9aa5", "#e8e2d0", "#6b5b7b")
_MIDDLE_GREY: Final = 120
NAMES: Final[Spec] = {
    "ticks": False,
    "domain": False,
    "labelFontSize": 11,
    "labelLineHeight": 12,
    "labelLimit": 300,
    "labelExpr": "split(datum.label, '\\n')",
}
"""An axis of names that take a line or two."""
DASHES: Final = ([1, 0], [7, 3], [2, 3], [9, 3, 2, 3], [4, 6])
"""Strokes that tell lines apart."""

CONFIG: Final[Spec] = {
    "font": "Helvetica, Arial, sans-serif",
    "background": "#ffffff",
    # Room for a reader's letters, which may be wider than those that the picture was laid out with.
    "padding": {"left": 52, "right": 24, "top": 6, "bottom": 6},
    "view": {"stroke": None},
    "axis": {
        "grid": False,
        "domainColor": RULE,
        "tickColor": RULE,
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 260,
    },
    "text": {"fontSize": 12, "color": INK},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "symbolStrokeColor": INK},
    "title": {"fontSize": 15, "subtitleFontSize": 12, "subtitlePadding": 6, "anchor": "start", "offset": 12},
}
"""What all pictures share, those of the memo and those of commands."""


def picture(*layers: Spec, height: int, width: int = WIDTH, resolve: Spec | None = None) -> Spec:
    """Put layers over one another into a picture of one size."""
    spec: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": CONFIG,
        "width": width,
        "height": height,
        "layer": list(layers),
    }
    return spec | ({"resolve": resolve} if resolve else {})


def layer(rows: Rows, mark: str | Spec, **encoding: Any) -> Spec:
    """Draw rows as marks; each encoding is a channel of Vega-Lite."""
    return {"data": {"values": list(rows)}, "mark": mark, "encoding": encoding}


def number(field: str, title: str | None = None, **more: Any) -> Spec:
    """Encode a number; layers that share an axis give it the same title."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def word(field: str, title: str | None = None, **more: Any) -> Spec:
    """Encode a word, in the order of the rows."""
    return {"field": field, "type": "nominal", "title": title, "sort": None, **more}


def halo(rows: Rows, text: str, x: Spec, y: Spec, **how: Any) -> list[Spec]:
    """Write words over whatever is drawn below them, readable on it."""
    mark = {"type": "text", "aria": False, **how}
    white = mark | {"stroke": "#ffffff", "strokeWidth": 4, "strokeJoin": "round"}
    return [layer(rows, each, x=x, y=y, text={"field": text}) for each in (white, mark)]


def ink_on(fill: str) -> str:
    """Choose ink that can be read on a fill."""
    red, green, blue = (int(fill[k : k + 2], 16) for k in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > _MIDDLE_GREY else "#ffffff"


def colours_of(paths: Sequence[str]) -> Spec:
    """Give each path its fill."""
    others = iter(_OTHER_PATHS * len(paths))
    return {"domain": list(paths), "range": [_PATHS.get(path) or next(others) for path in paths]}


def domain_of(values: Sequence[Any], below: float = 0.05, above: float = 0.05) -> list[float]:
    """Give an axis that holds values, with room below and above as parts of their range."""
    low, high = min(values), max(values)
    room = (high - low) or abs(high) or 1.0
    return [low - below * room, high + above * room]
