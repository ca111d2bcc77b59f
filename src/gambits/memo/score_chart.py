"""The way from a plan to a better one as a picture: money of each initiative now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gambits.memo.charts import drawn
from gambits.memo.plots.style import INK, RULE

if TYPE_CHECKING:
    from gambits.analyse.score import Score, Step

_WIDTH: Final = 460
_ROW: Final = 20
_MOST: Final = 20
_THIS, _THEN = "this plan", "then"


def score_chart(found: Score, suffix: str) -> bytes:
    """Draw the moves that close half of the distance, or that mend the plan, as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Score) -> Any:
    step = found.half or found.mend
    moves = [] if step is None else step.moves[:_MOST]
    rows = [{"initiative": move.id, "from": move.old, "to": move.new} for move in moves]
    ends = [
        {"initiative": move.id, "at": at, "plan": plan}
        for move in moves
        for plan, at in ((_THIS, move.old), (_THEN, move.new))
    ]
    y = alt.Y(
        "initiative:N",
        sort=[move.id for move in moves],
        title=None,
        axis=alt.Axis(labelLimit=320, labelPadding=12, ticks=False),
    )
    line = alt.Chart(alt.Data(values=rows)).mark_rule(color=RULE, strokeWidth=3)
    fills = alt.Scale(domain=[_THIS, _THEN], range=["#ffffff", "#2a5d8f"])
    legend = alt.Legend(title=None, orient="top")
    points = alt.Chart(alt.Data(values=ends)).mark_point(shape="circle", size=80, stroke=INK, opacity=1)
    x = alt.X("from:Q", title=f"money over the horizon ({found.money})", scale=alt.Scale(domainMin=0))
    return alt.layer(
        line.encode(y=y, x=x, x2="to:Q"),
        points.encode(y=y, x=alt.X("at:Q"), fill=alt.Fill("plan:N", scale=fills, legend=legend)),
    ).properties(width=_WIDTH, height=_ROW * max(1, len(moves)), title=_title(alt, found, step))


def _title(alt: Any, found: Score, step: Step | None) -> Any:
    futures = "the central future" if found.seed is None else f"{found.draws} draws, seed {found.seed}"
    if step is None:
        told = f"It is the best plan of {found.gambit}: nothing has to move."
    elif found.half is not None:
        told = f"The cheapest moves that close half of {found.distance:.3f} OOM: {step.moved:.1f} {found.money}."
    else:
        told = f"The cheapest moves after which it obeys every rule of {found.gambit}: {step.moved:.1f} {found.money}."
    return alt.TitleParams("From this plan to a better one", subtitle=[told, f"{found.portfolio}, {futures}."])
