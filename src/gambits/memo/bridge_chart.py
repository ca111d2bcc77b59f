"""The bridge as a picture: a waterfall from the old value to the new one, and the money that each edit moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gambits.memo.charts import drawn
from gambits.memo.plots.style import INK, RULE

if TYPE_CHECKING:
    from gambits.analyse.bridge import Line
    from gambits.analyse.changes import Changes

_WIDTH: Final = 340
_ROW: Final = 22
_SHADES: Final = {"value": "#4d4d4d", "gain": "#2b6ca3", "loss": "#b5532a"}
_SMALLEST: Final = 5e-7
"""Lines below this in value and in part of all money are left out."""


def bridge_chart(changes: Changes, suffix: str) -> bytes:
    """Draw a bridge as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return drawn(lambda altair: _chart(altair, changes), suffix)


def _chart(alt: Any, changes: Changes) -> Any:
    rows = _rows(changes)
    order = [row["edit"] for row in rows]
    title = alt.TitleParams(
        "What moved the plan, edit by edit",
        subtitle=[
            f"Value {changes.old_value:.3f} → {changes.new_value:.3f} OOM; "
            f"money moved {changes.money_moved:,.1f} {changes.money}"
        ],
    )
    return alt.hconcat(_waterfall(alt, rows, order), _money(alt, rows, order, changes.money), title=title, spacing=16)


def _rows(changes: Changes) -> list[dict[str, Any]]:
    """Lay the lines out from the old value to the new one."""
    rows: list[dict[str, Any]] = [_whole("before", changes.old_value)]
    at = changes.old_value
    for line in _shown(changes):
        kind = "gain" if line.value >= 0 else "loss"
        ends = {"from": at, "to": at + line.value}
        text = f"{line.value:+.4f}"
        rows.append({"edit": line.edit, "kind": kind, "text": text, "money": line.money, **ends})
        at += line.value
    return [*rows, _whole("after", changes.new_value)]


def _whole(name: str, value: float) -> dict[str, Any]:
    return {"edit": name, "kind": "value", "text": f"{value:.4f}", "money": None, "from": value, "to": value}


def _shown(changes: Changes) -> list[Line]:
    assert changes.bridge is not None, "a bridge is drawn where there is one"
    scale = max(changes.money_moved, 1.0)
    return [line for line in changes.bridge.lines if abs(line.value) > _SMALLEST or abs(line.money) > _SMALLEST * scale]


def _waterfall(alt: Any, rows: list[dict[str, Any]], order: list[str]) -> Any:
    data = alt.Data(values=rows)
    y = alt.Y("edit:N", sort=order, title=None, axis=alt.Axis(labelLimit=320, ticks=False, domain=False))
    ends = [end for row in rows for end in (row["from"], row["to"])]
    margin = 0.12 * (max(ends) - min(ends) or 1e-3)
    scale = alt.Scale(domain=[min(ends) - margin, max(ends) + 2.5 * margin], nice=False, zero=False)
    x = alt.X("from:Q", scale=scale, title="value (OOM)")
    color = alt.Color("kind:N", scale=alt.Scale(domain=list(_SHADES), range=list(_SHADES.values())), legend=None)
    bars = alt.Chart(data).mark_bar(height=_ROW * 0.6).encode(y=y, x=x, x2="to:Q", color=color)
    marks = alt.Chart(data).transform_filter("datum.kind == 'value'").mark_tick(color=INK, thickness=3, height=_ROW)
    ticks = marks.encode(y=y, x=x)
    furthest = "max(datum.from, datum.to)"
    texts = alt.Chart(data).transform_calculate(end=furthest).mark_text(align="left", dx=6)
    return (bars + ticks + texts.encode(y=y, x=alt.X("end:Q", scale=scale), text="text:N")).properties(
        width=_WIDTH, height=_ROW * len(rows)
    )


def _money(alt: Any, rows: list[dict[str, Any]], order: list[str], unit: str) -> Any:
    data = alt.Data(values=[row for row in rows if row["money"] is not None])
    y = alt.Y("edit:N", sort=order, axis=None, scale=alt.Scale(domain=order))
    bars = alt.Chart(data).mark_bar(height=_ROW * 0.6, color=RULE)
    return bars.encode(y=y, x=alt.X("money:Q", title=f"money moved ({unit})")).properties(
        width=_WIDTH // 2, height=_ROW * len(rows)
    )
