"""What it costs to be wrong, as a map: plans across, views down."""

from __future__ import annotations

from typing import Any, Final

from gambits.memo.plots.style import INK, RULE, Spec, layer, number, picture, word

_DARKEST: Final = "#3f4a54"
_FIRST: Final = 0.72
"""From this part of the worst on, figures are white."""


def heat(compared: dict[str, Any]) -> Spec:
    """Shade each plan in each view by what it falls short of the best there, with the figure in its cell."""
    views, table = compared["views"], compared["shortfall"]
    most = max(value for row in table.values() for value in row.values()) or 1.0
    rows = [
        {
            "plan": plan,
            "view": view,
            "short": row[view],
            "text": f"{row[view]:.3f}",
            "ink": "#ffffff" if row[view] > _FIRST * most else INK,
            "told": f"{plan}, {view}: {row[view]:.3f} OOM short of the best",
        }
        for plan, row in table.items()
        for view in views
    ]
    x = word("plan", axis={"orient": "top", "labelAngle": 0, "ticks": False, "domain": False, "labelLimit": 120})
    y = word("view", axis={"ticks": False, "domain": False, "labelLimit": 220})
    cells = layer(
        rows,
        {"type": "rect", "stroke": RULE, "strokeWidth": 0.5},
        x=x,
        y=y,
        color=number("short", scale={"range": ["#ffffff", _DARKEST], "domain": [0, most]}, legend=None),
        description={"field": "told"},
    )
    texts = [
        layer(
            [row for row in rows if row["ink"] == ink],
            {"type": "text", "aria": False, "color": ink},
            x=x,
            y=y,
            text={"field": "text"},
        )
        for ink in ("#ffffff", INK)
    ]
    return picture(cells, *texts, height=30 * len(views), width=500)
