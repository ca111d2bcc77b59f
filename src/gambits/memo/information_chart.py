"""What each estimate is worth knowing, as a picture: bars with their standard errors, beside knowing everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gambits import words
from gambits.errors import GambitsError
from gambits.memo.charts import drawn
from gambits.memo.plots.style import INK

if TYPE_CHECKING:
    from gambits.analyse.information import Information

_WIDTH: Final = 460
_ROW: Final = 20
_MOST: Final = 15
_SHADES: Final = {"clear": "#2a5d8f", "within noise": "#b9c6d3"}
"""Dark and light, so that a print in greys tells them apart."""
_MARGIN: Final = 0.25


def information_chart(found: Information, suffix: str) -> bytes:
    """Draw the most valuable estimates as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If knowing no estimate by itself is worth anything, or the extra that draws charts is not installed.
    """
    if not any(each.evppi > 0 for each in found.findings):
        raise GambitsError("no estimate by itself is worth knowing: there is nothing to draw", "leave --plot out")
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Information) -> Any:
    rows = _rows(found)
    data = alt.Data(values=rows)
    axis = alt.Axis(labelLimit=320, ticks=False, domain=False)
    y = alt.Y("estimate:N", sort=[row["estimate"] for row in rows], title=None, axis=axis)
    scale = alt.Scale(domain=[0, max(row["high"] for row in rows) * (1 + _MARGIN)], nice=False)
    x = alt.X("evppi:Q", scale=scale, title="worth of knowing it before the money is split (OOM)")
    shades = alt.Scale(domain=list(_SHADES), range=list(_SHADES.values()))
    bars = (
        alt.Chart(data)
        .mark_bar(height=_ROW * 0.65)
        .encode(y=y, x=x, color=alt.Color("is:N", scale=shades, legend=None))
    )
    errors = alt.Chart(data).mark_rule(color=INK).encode(y=y, x=alt.X("low:Q", scale=scale), x2="high:Q")
    texts = alt.Chart(data).mark_text(align="left", dx=6).encode(y=y, x=alt.X("high:Q", scale=scale), text="text:N")
    return alt.layer(bars, errors, texts).properties(width=_WIDTH, height=_ROW * len(rows), title=_title(alt, found))


def _rows(found: Information) -> list[dict[str, Any]]:
    return [
        {
            "estimate": words.estimate(each.estimate),
            "evppi": each.evppi,
            "low": max(0.0, each.evppi - each.standard_error),
            "high": each.evppi + each.standard_error,
            "is": "clear" if each.is_clear else "within noise",
            "text": "over half the budget" if each.worth is None else f"{words.money(each.worth)} {found.money}",
        }
        for each in found.findings[:_MOST]
        if each.evppi > 0
    ]


def _title(alt: Any, found: Information) -> Any:
    return alt.TitleParams(
        f"What is worth finding out: {found.gambit}",
        subtitle=[
            f"Knowing everything would add {found.evpi:.3f} OOM. Lines: a standard error; light: within noise;",
            f"numbers: what it may cost at most. {found.portfolio}, {found.draws} draws, seed {found.seed}.",
        ],
    )
