"""Where the money goes, by period and path."""

from __future__ import annotations

from typing import Any, Final

from gambits.memo.plots.style import INK, Rows, Spec, colours_of, ink_on, layer, number, picture, word

_MOST_ACROSS: Final = 8
"""More periods than this and their names stand slanted."""
_LEAST_NAMED: Final = 0.09
"""A part of the highest bar below this has no room for a name."""


def allocation(plan: dict[str, Any]) -> Spec:
    """Stack each period's money by path, with its sum on top and each path named where it is largest."""
    paths = sorted(
        (path for path, share in plan["shares"].items() if share > 0), key=lambda path: -plan["shares"][path]
    )
    rows = [row for k in range(len(plan["periods"])) for row in _stack(plan, paths, k)]
    highest = max(plan["spend_by_period"], default=0.0)
    fills = colours_of(paths)
    names = [_named(rows, path, fill) for path, fill in zip(*fills.values(), strict=True)]
    is_named = all(each["money"] >= _LEAST_NAMED * highest for each in names)
    title = f"money, {plan['money']}"
    x = word("period", axis=axis_of(plan["periods"]))
    bars = layer(
        rows,
        {"type": "bar", "stroke": INK, "strokeWidth": 0.5},
        x=x,
        y=number("from", title),
        y2={"field": "to"},
        color=word("path", scale=fills, legend=None if is_named else {"orient": "top", "title": None}),
        description={"field": "told"},
    )
    sums = [
        {"period": name, "to": spent, "text": f"{spent:,.0f}"}
        for name, spent in zip(plan["periods"], plan["spend_by_period"], strict=True)
    ]
    above = layer(sums, {"type": "text", "dy": -7, "aria": False}, x=x, y=number("to", title), text={"field": "text"})
    inside = [
        layer(
            [each],
            {"type": "text", "color": each["ink"], "aria": False},
            x=x,
            y=number("middle", title),
            text={"field": "path"},
        )
        for each in names
        if is_named
    ]
    return picture(bars, above, *inside, height=240)


def axis_of(periods: list[str]) -> Spec:
    """Give the axis of periods."""
    return {"labelAngle": 0 if len(periods) <= _MOST_ACROSS else -60, "ticks": False, "title": None}


def _stack(plan: dict[str, Any], paths: list[str], k: int) -> list[dict[str, Any]]:
    rows = []
    at = 0.0
    for path in paths:
        money = sum(each["spend"][k] for each in plan["initiatives"].values() if each["path"] == path)
        told = f"{plan['periods'][k]}, {path}: {money:,.1f} {plan['money']}"
        row = {"period": plan["periods"][k], "path": path, "from": at, "to": at + money, "money": money, "told": told}
        rows.append(row | {"middle": at + money / 2})
        at += money
    return rows


def _named(rows: Rows, path: str, fill: str) -> dict[str, Any]:
    largest = max((row for row in rows if row["path"] == path), key=lambda row: float(row["money"]))
    return {**largest, "ink": ink_on(fill)}
