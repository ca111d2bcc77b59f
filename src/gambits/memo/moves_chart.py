"""Money of initiatives before a change and after it, as a picture: for an explanation, and for the score of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gambits.memo.plots.style import INK, RULE
from gambits.memo.record import SMALL

_WIDTH: Final = 460
_ROW: Final = 22
_MOST: Final = 20
_MARGIN: Final = 0.12
_TICKS: Final = 8
_HOLLOW, _FULL = 90, 30
"""Areas of the marks: where little moves, the full one lies inside the hollow one and both are seen."""

Moved = tuple[str, float, float]
"""An initiative, its money before, and its money after."""


def moves_chart(alt: Any, moves: Sequence[Moved], unit: str, title: Any) -> Any:
    """Draw money before (hollow) and after (full) of those whose money moves, in the order given.

    Parameters
    ----------
    alt
        Altair.
    moves
        Whose money moves, most first; what has no room is left out.
    unit
        Of the money.
    title
        What the picture shows; it says what hollow and full stand for.
    """
    shown = moves[:_MOST]
    rows = [
        {"id": id, "before": before, "after": after, "text": _change(after - before)} for id, before, after in shown
    ]
    y = alt.Y(
        "id:N",
        sort=[id for id, _, _ in shown],
        title=None,
        axis=alt.Axis(labelLimit=320, labelPadding=12, ticks=False),
    )
    most = max((max(before, after) for _, before, after in shown), default=1.0)
    scale = alt.Scale(domain=[0, most * (1 + _MARGIN)], nice=False)

    def x(field: str) -> Any:
        # Ticks in round numbers below the end of the axis, so that no two of their labels meet there.
        axis = alt.Axis(tickCount=_TICKS, labelOverlap=True)
        return alt.X(f"{field}:Q", scale=scale, title=f"money over the horizon ({unit})", axis=axis)

    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    lines = base.mark_rule(color=RULE, strokeWidth=2).encode(x=x("before"), x2="after:Q")
    hollow = base.mark_point(color=INK, fill="white", filled=False, size=_HOLLOW, opacity=1).encode(x=x("before"))
    full = base.mark_point(color=INK, filled=True, size=_FULL, opacity=1).encode(x=x("after"))
    texts = (
        base.transform_calculate(end="max(datum.before, datum.after)")
        .mark_text(align="left", dx=10)
        .encode(x=x("end"), text="text:N")
    )
    height = _ROW * max(1, len(shown))
    return alt.layer(lines, hollow, full, texts).properties(width=_WIDTH, height=height, title=title)


def _change(money: float) -> str:
    return f"{money:+.1f}" if abs(money) >= SMALL else f"{money:+.1g}"
