"""How flat the top is as a picture: how far the money of each initiative goes in plans that are nearly the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gambits.memo.charts import drawn
from gambits.memo.plots.style import INK

if TYPE_CHECKING:
    from gambits.analyse.alternatives import Alternatives

_WIDTH: Final = 460
_ROW: Final = 18
_BAR: Final = "#c3ccd4"
_BEST, _OTHER = "the best plan", "an alternative"


def alternatives_chart(found: Alternatives, suffix: str) -> bytes:
    """Draw ranges and plans as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Alternatives) -> Any:
    order = sorted(found.ranges, key=lambda id: (-found.ranges[id].most, id))
    ranges = [{"initiative": id, "least": found.ranges[id].least, "most": found.ranges[id].most} for id in order]
    points = [
        {"initiative": id, "money": plan.allocation(id).total, "plan": _BEST if k == 0 else _OTHER}
        for k, plan in reversed(list(enumerate(found.plans)))
        for id in order
    ]
    axis = alt.Axis(labelLimit=320, labelPadding=10, ticks=False)
    y = alt.Y("initiative:N", sort=order, title=None, axis=axis)
    bars = alt.Chart(alt.Data(values=ranges)).mark_bar(height=_ROW * 0.55, color=_BAR)
    fills = alt.Scale(domain=[_BEST, _OTHER], range=["#2a5d8f", "#ffffff"])
    legend = alt.Legend(title=None, orient="top")
    dots = alt.Chart(alt.Data(values=points)).mark_point(shape="circle", size=45, stroke=INK, opacity=1)
    x = alt.X("least:Q", title=f"money over the horizon ({found.money})", scale=alt.Scale(domainMin=0))
    return alt.layer(
        bars.encode(y=y, x=x, x2="most:Q"),
        dots.encode(y=y, x=alt.X("money:Q"), fill=alt.Fill("plan:N", scale=fills, legend=legend)),
    ).properties(width=_WIDTH, height=_ROW * len(order), title=_title(alt, found))


def _title(alt: Any, found: Alternatives) -> Any:
    futures = "the central future" if found.seed is None else f"{found.draws} draws, seed {found.seed}"
    told = f"Bars: how far money goes in any plan within {found.within:g} OOM of the best of {found.gambit}."
    return alt.TitleParams("How flat the top is", subtitle=[told, f"{found.portfolio}, {futures}."])
