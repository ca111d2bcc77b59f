"""What it costs to be wrong, as a map: plans across, views down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gambits.memo.plots.style import RULE, Spec, layer, number, picture, word

_DARKEST: Final = "#97a3ad"
"""Light enough for figures in ink."""


def heat(views: Sequence[str], shortfall: Mapping[str, Mapping[str, float]]) -> Spec:
    """Shade each plan in each view by what it falls short of the best there, with the figure in its cell."""
    most = max(value for row in shortfall.values() for value in row.values()) or 1.0
    rows = [
        {
            "plan": plan,
            "view": view,
            "short": row[view],
            "text": f"{row[view]:.3f}",
            "told": f"{plan}, {view}: {row[view]:.3f} OOM short of the best",
        }
        for plan, row in shortfall.items()
        for view in views
    ]
    x = word("plan", axis={"orient": "top", "labelAngle": 0, "ticks": False, "domain": False, "labelLimit": 120})
    y = word("view", axis={"ticks": False, "domain": False, "labelLimit": 220})
    # By the root: what tells the gambits apart is small beside what doing nothing costs.
    shades = {"type": "sqrt", "range": ["#ffffff", _DARKEST], "domain": [0, most], "interpolate": "rgb"}
    cells = layer(
        rows,
        {"type": "rect", "stroke": RULE, "strokeWidth": 0.5},
        x=x,
        y=y,
        color=number("short", scale=shades, legend=None),
        description={"field": "told"},
    )
    texts = layer(rows, {"type": "text", "aria": False}, x=x, y=y, text={"field": "text"})
    return picture(cells, texts, height=30 * len(views), width=560)
