"""From an older plan to this one, edit by edit."""

from __future__ import annotations

from typing import Any, Final

from gambits.memo.graph_text import wrapped
from gambits.memo.plots.style import INK, NAMES, SOFT, Spec, domain_of, layer, number, picture, word

_FILLS: Final = {"value": INK, "gain": "#c3ccd4", "loss": "#d98324"}
_SIGNS: Final = 40
"""Signs of a line of a name."""
_SMALLEST: Final = 5e-6
"""A line below this in value is left out of the picture, and stays in the table."""


def waterfall(changes: dict[str, Any]) -> Spec:
    """Draw bars from the old value to the new one, one for each edit, its figure beside it."""
    rows = [_end("before", changes["value"]["old"])]
    at = changes["value"]["old"]
    for line in changes["lines"]:
        if abs(line["value"]) < _SMALLEST:
            continue
        after = at + line["value"]
        kind = "gain" if after >= at else "loss"
        text = f"{line['value']:+.4f}"
        rows.append({"edit": line["name"], "kind": kind, "from": at, "to": after, "text": text})
        at = after
    rows.append(_end("now", changes["value"]["new"]))
    for row in rows:
        row |= {
            "end": max(row["from"], row["to"]),
            "told": f"{row['edit']}: {row['text']} OOM",
            "line": "\n".join(wrapped(row["edit"], _SIGNS, 2)),
        }
    scale = {"domain": domain_of([end for row in rows for end in (row["from"], row["to"])], 0.05, 0.3), "zero": False}
    x = number("from", "value (OOM)", scale=scale | {"nice": False})
    y = word("line", axis=NAMES)
    bars = layer(
        rows,
        {"type": "bar", "stroke": INK, "strokeWidth": 0.5, "height": {"band": 0.65}},
        y=y,
        x=x,
        x2={"field": "to"},
        color=word("kind", scale={"domain": list(_FILLS), "range": list(_FILLS.values())}, legend=None),
        description={"field": "told"},
    )
    ends = [row for row in rows if row["kind"] == "value"]
    ticks = layer(ends, {"type": "tick", "thickness": 3, "color": INK, "aria": False}, y=y, x=x)
    texts = layer(
        rows,
        {"type": "text", "align": "left", "dx": 6, "color": SOFT, "aria": False},
        y=y,
        x=number("end", "value (OOM)", scale=scale | {"nice": False}),
        text={"field": "text"},
    )
    return picture(bars, ticks, texts, height=30 * len(rows))


def _end(name: str, value: float) -> dict[str, Any]:
    return {"edit": name, "kind": "value", "from": value, "to": value, "text": f"{value:.4f}"}
