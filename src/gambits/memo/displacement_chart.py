"""Whose money moves when an initiative is forced into a plan or out of it, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gambits.errors import GambitsError
from gambits.memo.charts import drawn
from gambits.memo.plots.style import INK, RULE
from gambits.words import percent

if TYPE_CHECKING:
    from gambits.analyse.explanation import Explanation

_WIDTH: Final = 460
_ROW: Final = 22
_MOST: Final = 15
_MARGIN: Final = 0.12


def displacement_chart(found: Explanation, suffix: str) -> bytes:
    """Draw money now (hollow) and then (full) of those whose money moves most, as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If nothing moves, or the extra that draws charts is not installed.
    """
    if found.displacement is None or not found.displacement.moves:
        raise GambitsError(f"no money would move for {found.id}: there is nothing to draw", "leave --plot out")
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Explanation) -> Any:
    displacement = found.displacement
    assert displacement is not None, "who asks has looked"
    moves = displacement.moves[:_MOST]
    rows = [
        {"id": move.id, "now": move.before, "then": move.after, "text": f"{move.after - move.before:+.1f}"}
        for move in moves
    ]
    data = alt.Data(values=rows)
    y = alt.Y(
        "id:N", sort=[move.id for move in moves], title=None, axis=alt.Axis(labelLimit=280, labelPadding=8, ticks=False)
    )
    most = max(max(move.before, move.after) for move in moves)
    scale = alt.Scale(domain=[0, most * (1 + _MARGIN)], nice=False)
    title = f"money over the horizon ({found.unit}): now, hollow; then, full"
    base = alt.Chart(data).encode(y=y)
    lines = base.mark_rule(color=RULE, strokeWidth=2).encode(x=alt.X("now:Q", scale=scale, title=title), x2="then:Q")
    now = base.mark_point(color=INK, fill="white", filled=False, size=60, opacity=1).encode(
        x=alt.X("now:Q", scale=scale)
    )
    then = base.mark_point(color=INK, filled=True, size=60, opacity=1).encode(x=alt.X("then:Q", scale=scale))
    texts = (
        base.transform_calculate(end="max(datum.now, datum.then)")
        .mark_text(align="left", dx=9)
        .encode(x=alt.X("end:Q", scale=scale), text="text:N")
    )
    forced = "without it" if displacement.forced == 0 else f"with it funded to {percent(displacement.forced)}"
    way = "less" if displacement.value <= 0 else "more"
    futures = "the central future" if found.seed is None else f"{found.draws} draws, seed {found.seed}"
    heading = alt.TitleParams(
        f"What gives way: {found.title}",
        subtitle=[
            f"The best plan of the {found.gambit} {forced}: worth {abs(displacement.value):.3f} OOM {way}.",
            f"{found.portfolio}, {futures}.",
        ],
    )
    return alt.layer(lines, now, then, texts).properties(width=_WIDTH, height=_ROW * len(moves), title=heading)
