"""The tornado as a picture: how far the value of the best plan moves with each estimate that is known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gambits import words
from gambits.memo.charts import drawn
from gambits.memo.plots.rests import inner_first, labelled
from gambits.memo.plots.style import INK

if TYPE_CHECKING:
    from gambits.analyse.sensitivity import Bar, Sensitivity

_WIDTH: Final = 460
_ROW: Final = 20
_MOST: Final = 15
_SHADES: Final = {"at its p10": "#d8a47f", "at its p90": "#2a5d8f"}
"""Light and dark, so that a print in greys tells them apart."""
_LARGE: Final = 1e6
_GAP: Final = 5
"""Pixels between a bar and its label."""
_SIGN: Final = 6.5
"""Pixels of a sign of a label, amply."""


def tornado_chart(found: Sensitivity, suffix: str) -> bytes:
    """Draw the widest bars of a tornado as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Sensitivity) -> Any:
    bars = found.tornado[:_MOST]
    pairs = [_rows(bar, found.objective) for bar in bars]
    rows = [row for pair in pairs for row in reversed(inner_first(pair))]
    labels = [label for pair in pairs for label in labelled(pair)]
    data = alt.Data(values=rows)
    order = [words.estimate(bar.estimate) for bar in bars]
    y = alt.Y("estimate:N", sort=order, title=None, axis=alt.Axis(labelLimit=320, ticks=False, domain=False))
    scale = _scale(alt, found.objective, labels)
    x = alt.X("from:Q", scale=scale, title="value of the best plan (OOM)")
    shades = alt.Scale(domain=list(_SHADES), range=list(_SHADES.values()))
    color = alt.Color("end:N", scale=shades, legend=None)
    drawn_bars = alt.Chart(data).mark_bar(height=_ROW * 0.65).encode(y=y, x=x, x2="to:Q", color=color)
    texts = [
        alt.Chart(alt.Data(values=labels))
        .transform_filter(f"datum.to {sign} datum.from")
        .mark_text(align=align, dx=dx)
        .encode(y=y, x=alt.X("to:Q", scale=scale), text="text:N")
        for sign, align, dx in ((">=", "left", _GAP), ("<", "right", -_GAP))
    ]
    rule = alt.Chart(alt.Data(values=[{"at": found.objective}])).mark_rule(color=INK)
    marked = rule.encode(x=alt.X("at:Q", scale=scale))
    return alt.layer(drawn_bars, *texts, marked).properties(
        width=_WIDTH, height=_ROW * len(bars), title=_title(alt, found)
    )


def _title(alt: Any, found: Sensitivity) -> Any:
    futures = "the central future" if found.seed is None else f"{found.draws} draws, seed {found.seed}"
    return alt.TitleParams(
        f"What the {found.gambit}'s plan rests on",
        subtitle=[
            "Each estimate known beforehand at its p10 and its p90, and the plan made for it. As things stand it is",
            f"worth {found.objective:.3f} OOM. Numbers at the bars are the estimate's. {found.portfolio}, {futures}.",
        ],
    )


def _rows(bar: Bar, objective: float) -> list[dict[str, Any]]:
    ends = zip(_SHADES, (bar.low_at, bar.high_at), (bar.low, bar.high), strict=True)
    name = words.estimate(bar.estimate)
    return [
        {"estimate": name, "end": end, "from": objective, "to": value, "text": _text(bar, end, at)}
        for end, at, value in ends
    ]


def _text(bar: Bar, end: str, at: float | None) -> str:
    if at is None:
        return "worst tenth" if end == next(iter(_SHADES)) else "best tenth"
    if bar.estimate.endswith(".success"):
        return "works" if at else "fails"
    return f"{at:.2e}".replace("e+", "e") if abs(at) >= _LARGE else f"{at:.3g}"


def _scale(alt: Any, middle: float, labels: list[dict[str, Any]]) -> Any:
    """Leave room on either side for the longest label there, as if it stood at the longest bar."""
    ends = [middle, *(float(label["to"]) for label in labels)]
    low, high = min(ends), max(ends)
    left, right = (
        max((_GAP + _SIGN * len(label["text"]) for label in labels if (label["to"] < middle) is is_left), default=_GAP)
        for is_left in (True, False)
    )
    per_pixel = ((high - low) or 1e-3) / (_WIDTH - left - right)
    return alt.Scale(domain=[low - per_pixel * left, high + per_pixel * right], nice=False, zero=False)
