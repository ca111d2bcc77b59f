"""The price of the gambit as a picture: value by the share of architect, by the budget, and mean against tail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from gambits.memo.charts import drawn
from gambits.memo.plots.style import INK

if TYPE_CHECKING:
    from gambits.analyse.frontier import Found, Frontier

_WIDTH: Final = 520
_HEIGHT: Final = 260
_SMALL: Final = (236, 170)
_GAP: Final = 48
_LINES: Final = {"mean": ("#2a5d8f", [1, 0]), "as weighed": ("#1a1a1a", [7, 3]), "worst draws": ("#b8672a", [2, 2])}
"""Shades and strokes, so that a print in greys tells them apart."""
_NEAR: Final = 1e-6
_PLACES: Final = {
    "below": {"dx": 4, "dy": 14, "align": "left"},
    "left": {"dx": -9, "dy": 4, "align": "right"},
    "right": {"dx": 8, "dy": -9, "align": "left"},
}
"""Where the points of mean against tail are named: inside the picture."""


def frontier_chart(found: Frontier, suffix: str) -> bytes:
    """Draw the curves of a frontier as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Frontier) -> Any:
    small = [_budgets(alt, found)] + ([_tails(alt, found)] if found.by_aversion else [])
    return alt.vconcat(_shares(alt, found), alt.hconcat(*small, spacing=_GAP), spacing=28).properties(
        title=_title(alt, found)
    )


def _title(alt: Any, found: Frontier) -> Any:
    futures = "the central future" if found.seed is None else f"{found.draws} draws, seed {found.seed}"
    price = "" if found.price is None else f" Its split costs {found.price:.3f} OOM."
    return alt.TitleParams(
        f"The price of the gambit: {found.gambit}",
        subtitle=[
            f"The best plan at every share of architect, all other rules of {found.gambit} kept.{price}",
            f"Circles: the gambits' own plans; diamond: any split. {found.portfolio}, {futures}.",
        ],
    )


def _shares(alt: Any, found: Frontier) -> Any:
    rows = [row for share, plan in found.by_share.items() for row in _lines(found, 100 * share, plan)]
    scale = alt.Scale(domain=[0, 100])
    x = alt.X("at:Q", title="architect's share of architect and alchemist money (%)", scale=scale)
    points = [
        {"at": 100 * plan.architect_share, "value": value, "name": name if line == "mean" else ""}
        for name, plan in found.marks.items()
        if plan.architect_share is not None
        for line, value in _figures(found, plan)
        if line != "as weighed"
    ]
    free = [
        {"at": 100 * (found.free.architect_share or 0.0), "value": value, "name": "any split" if line == "mean" else ""}
        for line, value in _figures(found, found.free)
        if line != "as weighed"
    ]
    marks = [
        alt.Chart(alt.Data(values=each))
        .mark_point(shape=shape, size=70, filled=True, fill="#ffffff", stroke=INK, strokeWidth=1.5, opacity=1)
        .encode(x=x, y=alt.Y("value:Q"))
        for each, shape in ((points, "circle"), (free, "diamond"))
    ]
    names = alt.Chart(alt.Data(values=[*points, *free])).mark_text(dy=-12)
    named = names.encode(x=x, y=alt.Y("value:Q"), text="name:N")
    return alt.layer(*_drawn_lines(alt, rows, x), *marks, named).properties(width=_WIDTH, height=_HEIGHT)


def _budgets(alt: Any, found: Frontier) -> Any:
    rows = [row for budget, plan in found.by_budget.items() for row in _lines(found, budget, plan)]
    x = alt.X("at:Q", title=f"budget ({found.money})", scale=alt.Scale(zero=False, nice=False))
    width, height = _SMALL
    return alt.layer(*_drawn_lines(alt, rows, x, named=False)).properties(width=width, height=height)


def _tails(alt: Any, found: Frontier) -> Any:
    rows: list[dict[str, Any]] = [
        {"tail": plan.cvar, "mean": plan.expected, "text": _own(found, aversion), "order": aversion}
        for aversion, plan in found.by_aversion.items()
        if plan.objective is not None
    ]
    middle = sum(span(row["tail"] for row in rows) for span in (min, max)) / 2
    for row in rows:
        row["place"] = "below" if row["order"] == 0 else "left" if row["tail"] > middle else "right"
    width, height = _SMALL
    scale = alt.Scale(zero=False)
    x = alt.X("tail:Q", title=f"mean of the worst {found.tail:.0%} of draws (OOM)", scale=scale)
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, y=alt.Y("mean:Q", title="mean (OOM)", scale=scale))
    line = base.mark_line(color=_LINES["mean"][0], point=True).encode(order="order:Q")
    names = [
        base.transform_filter(f"datum.place == '{place}'").mark_text(**where).encode(text="text:N")
        for place, where in _PLACES.items()
    ]
    return alt.layer(line, *names).properties(width=width, height=height)


def _own(found: Frontier, aversion: float) -> str:
    if abs(aversion - found.aversion) < _NEAR:
        return f"λ {aversion:g}, {found.gambit}"
    return f"λ {aversion:g}" if aversion in (min(found.by_aversion), max(found.by_aversion)) else ""


def _lines(found: Frontier, at: float, plan: Found) -> list[dict[str, object]]:
    return [{"at": at, "line": line, "value": value} for line, value in _figures(found, plan)]


def _figures(found: Frontier, plan: Found) -> Iterable[tuple[str, float]]:
    """List the figures of a plan; in one future the mean is all there is."""
    values = (plan.expected, plan.objective, plan.cvar) if found.by_aversion else (plan.expected,)
    return [(line, value) for line, value in zip(_LINES, values, strict=False) if value is not None]


def _drawn_lines(alt: Any, rows: list[dict[str, object]], x: Any, *, named: bool = True) -> list[Any]:
    names = [name for name in _LINES if any(row["line"] == name for row in rows)]
    scale = alt.Scale(domain=names, range=[_LINES[name][0] for name in names])
    dash = alt.Scale(domain=names, range=[_LINES[name][1] for name in names])
    y = alt.Y("value:Q", title="worth (OOM)", scale=alt.Scale(zero=False))
    legend = alt.Legend(title=None, orient="top", symbolStrokeWidth=2) if named else None
    line = alt.Chart(alt.Data(values=rows)).mark_line(strokeWidth=2)
    return [
        line.encode(
            x=x,
            y=y,
            color=alt.Color("line:N", scale=scale, legend=legend),
            strokeDash=alt.StrokeDash("line:N", scale=dash, legend=legend),
        )
    ]
