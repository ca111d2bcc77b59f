"""The price of the gambit: what the best plan is worth at every share of architect."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from gambits.memo.plots.style import DASHES, INK, Spec, domain_of, halo, layer, number, picture, word

_NEAR: Final = 0.12
"""Shares nearer than this have no room for a name each."""
LINES: Final = {"expected": "on average", "objective": "as this gambit weighs", "cvar": "in the worst cases"}


def curve(found: dict[str, Any]) -> Spec:
    """Draw value against the share of architect, each line named at its end, and the gambits' own plans on it."""
    known = [each for each in found["points"] if each["expected"] is not None]
    # In one future all three are the same.
    lines = list(LINES) if found["risk_points"] else ["expected"]
    rows = [
        {
            "share": each["architect_share"],
            "line": line,
            "value": each[line],
            "name": LINES[line],
            "told": f"{each['architect_share']:.0%} architect, {LINES[line]}: {each[line]:.3f} OOM",
        }
        for line in lines
        for each in known
    ]
    values = [row["value"] for row in rows]
    scale = {"domain": domain_of(values, 0.12, 0.14), "nice": False, "zero": False}
    share = {"domain": [0, 1], "nice": False}
    x = number("share", "architect's share of architect and alchemist money", scale=share, axis={"format": ".0%"})
    y = number("value", "worth of the best plan (OOM)", scale=scale)
    dash = {"domain": lines, "range": list(DASHES[: len(lines)])}
    drawn = layer(
        rows,
        {"type": "line", "color": INK, "strokeWidth": 2, "aria": False},
        x=x,
        y=y,
        strokeDash=word("line", scale=dash, legend=None),
        detail=word("line"),
    )
    points = layer(
        rows,
        {"type": "point", "filled": True, "color": INK, "size": 16, "opacity": 1},
        x=x,
        y=y,
        description={"field": "told"},
    )
    # Below the middle: there the lines lie flat, and the gambits' names stand above them.
    middle = known[len(known) // 2]["architect_share"]
    names = halo([row for row in rows if row["share"] == middle], "name", x, y, dy=16)
    marks = _marks(found)
    dots = layer(
        marks,
        {
            "type": "point",
            "filled": True,
            "color": "#ffffff",
            "stroke": INK,
            "strokeWidth": 2,
            "size": 90,
            "opacity": 1,
        },
        x=x,
        y=y,
        description={"field": "told"},
    )
    return picture(drawn, points, *names, dots, *halo(marks, "name", x, y, dy=-14), height=280)


def _marks(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Place the gambits' own plans, and the best plan of any split, on the line of means; neighbours share a name."""
    plans = [*found["marks"], found["free"] | {"gambit": "any split"}]
    marks = [
        {
            "share": each["architect_share"],
            "value": each["expected"],
            "name": each["gambit"],
            "told": f"{each['gambit']}: {each['architect_share']:.0%} architect, {each['expected']:.3f} OOM on average",
        }
        for each in plans
        if each["architect_share"] is not None and each["expected"] is not None
    ]
    marks.sort(key=lambda mark: mark["share"])
    for left, right in pairwise(marks):
        if right["share"] - left["share"] < _NEAR:
            left["name"], right["name"] = "", ", ".join(filter(None, (left["name"], right["name"])))
    return marks
