"""A fit as a picture: fitted against measured loss, and residuals against compute."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.memo.charts import drawn
from gambits.memo.plots.style import INK, RULE
from gambits.scaling.fit.result import FORMULAS

if TYPE_CHECKING:
    from gambits.scaling.fit.result import Fit

_WIDTH: Final = 460
_SHAPES: Final = {"every token once": "circle", "tokens repeated": "triangle-up"}


def fit_chart(fit: Fit, suffix: str) -> bytes:
    """Draw a fit as ``.svg`` or ``.png``; in greys, the shape of a mark saying whether tokens were repeated.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return drawn(lambda altair: _chart(altair, fit), suffix)


def _chart(alt: Any, fit: Fit) -> Any:
    rows = alt.Data(values=_rows(fit))
    title = alt.TitleParams(
        f"A law fitted to {len(fit.runs.loss)} runs",
        subtitle=[
            FORMULAS[fit.form],
            ", ".join(f"{name} = {value:.4g}" for name, value in fit.constants.items()),
            "On the dashed lines the law gives what was measured.",
        ],
    )
    return alt.vconcat(_fitted(alt, rows, fit), _residuals(alt, rows), title=title, spacing=24)


def _rows(fit: Fit) -> list[dict[str, object]]:
    runs = fit.runs
    repeats = np.zeros(len(runs.loss), dtype=bool) if runs.unique is None else runs.tokens > runs.unique * (1 + 1e-9)
    fitted = np.exp(fit.predicted)
    columns = zip(runs.compute, runs.loss, fitted, repeats, strict=True)
    once, again = _SHAPES
    return [
        {
            "compute": float(compute),
            "measured": float(loss),
            "fitted": float(value),
            "residual": float(100 * (value / loss - 1)),
            "data": again if repeated else once,
        }
        for compute, loss, value, repeated in columns
    ]


def _fitted(alt: Any, rows: Any, fit: Fit) -> Any:
    losses = np.concatenate([fit.runs.loss, np.exp(fit.predicted)])
    scale = alt.Scale(domain=[float(losses.min()) * 0.98, float(losses.max()) * 1.02], nice=False, zero=False)
    ends = alt.Data(values=[{"at": end} for end in scale.domain])
    line = alt.Chart(ends).mark_line(color=RULE, strokeDash=[4, 3]).encode(x=alt.X("at:Q", scale=scale), y="at:Q")
    points = _points(alt, rows).encode(
        x=alt.X("measured:Q", scale=scale, title="measured loss (nats a token)"),
        y=alt.Y("fitted:Q", scale=scale, title="fitted loss (nats a token)"),
    )
    return (line + points).properties(width=_WIDTH, height=300)


def _residuals(alt: Any, rows: Any) -> Any:
    zero = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(color=RULE, strokeDash=[4, 3]).encode(y="at:Q")
    points = _points(alt, rows).encode(
        x=alt.X(
            "compute:Q",
            scale=alt.Scale(type="log", nice=False, padding=8),
            title="training compute (FLOP)",
            axis=alt.Axis(values=_decades(rows), labelExpr="replace(format(datum.value, '.0e'), '+', '')"),
        ),
        y=alt.Y("residual:Q", title="fitted above measured (%)"),
    )
    return (zero + points).properties(width=_WIDTH, height=150)


def _decades(rows: Any) -> list[float]:
    """Give the powers of ten between the least and the most compute, and the one below."""
    low, high = (pick(row["compute"] for row in rows.values) for pick in (min, max))
    return [10.0**power for power in range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)]


def _points(alt: Any, rows: Any) -> Any:
    seen = [name for name in _SHAPES if any(row["data"] == name for row in rows.values)]
    scale = alt.Scale(domain=seen, range=[_SHAPES[name] for name in seen])
    shape = alt.Shape(
        "data:N", scale=scale, legend=alt.Legend(title=None, orient="top-left") if len(seen) > 1 else None
    )
    return alt.Chart(rows).mark_point(color=INK, opacity=0.8, size=32, strokeWidth=1.2).encode(shape=shape)
