"""The gaming index as a picture: money that each owner would gain by claiming a tenth more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gambits.memo.charts import drawn

if TYPE_CHECKING:
    from gambits.analyse.sensitivity import Sensitivity

_WIDTH: Final = 460
_ROW: Final = 20
_MOST: Final = 20
_SHADE: Final = "#2a5d8f"
_MARGIN: Final = 0.25


def gaming_chart(found: Sensitivity, suffix: str) -> bytes:
    """Draw what owners would gain, most first, as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Sensitivity) -> Any:
    rows = [
        {
            "owner": each.owner,
            "gained": each.gained,
            "end": max(each.gained, 0.0),
            "text": f"{round(each.gained, 1) + 0.0:+.1f} on {each.money:.1f}",
        }
        for each in found.gaming[:_MOST]
    ]
    data = alt.Data(values=rows)
    axis = alt.Axis(labelLimit=320, labelPadding=8, ticks=False, domain=False)
    y = alt.Y("owner:N", sort=[row["owner"] for row in rows], title=None, axis=axis)
    low, high = min(0.0, *(each.gained for each in found.gaming)), max(1.0, *(each.gained for each in found.gaming))
    scale = alt.Scale(domain=[low * (1 + _MARGIN), high * (1 + _MARGIN)], nice=False)
    x = alt.X("gained:Q", scale=scale, title=f"money gained over the horizon ({found.money})")
    bars = alt.Chart(data).mark_bar(height=_ROW * 0.65, color=_SHADE).encode(y=y, x=x)
    texts = alt.Chart(data).mark_text(align="left", dx=6).encode(y=y, x=alt.X("end:Q", scale=scale), text="text:N")
    return alt.layer(bars, texts).properties(width=_WIDTH, height=_ROW * len(rows), title=_title(alt, found))


def _title(alt: Any, found: Sensitivity) -> Any:
    futures = "the central future" if found.seed is None else f"{found.draws} draws, seed {found.seed}"
    return alt.TitleParams(
        f"What exaggerating pays: {found.gambit}",
        subtitle=[
            "Everything that one owner claims a tenth better, all others honest, and the plan made for it.",
            f"At the bars: gained, on what they get now. {found.portfolio}, {futures}.",
        ],
    )
