"""What the options are worth: from bad luck to good, from which source, and how far the data go."""

from __future__ import annotations

from typing import Any, Final

from gambits.memo.plots.money import axis_of
from gambits.memo.plots.style import DASHES, INK, Rows, Spec, domain_of, halo, layer, number, picture, word

_HIGH, _LOW = 0.7, 0.3
"""Chances at which lines are named: the left of them from below, the others from above."""
_BESIDE: Final = 0.2
"""Part of the width that a name takes."""
_APART: Final = 1.2
"""Lines nearer than this factor share a name."""
_TRILLION: Final = 1e12


def exceedance(spreads: dict[str, Any], gambit: str) -> Spec:
    """Draw the chance that each option is worth at least so much, with its name beside its line."""
    names = sorted(spreads, key=lambda name: (name != gambit, name))
    rows = [
        {"option": name, "value": value, "chance": (100 - level) / 100}
        for name in names
        for level, value in enumerate(spreads[name]["percentiles"], 1)
    ]
    low, high = domain_of([row["value"] for row in rows], 0.02, 0.05)
    scale = {"domain": [low, high], "nice": False, "zero": False}
    x = number("value", "worth at least (OOM, averaged over the horizon)", scale=scale)
    y = number("chance", "chance", axis={"format": ".0%", "values": [0, 0.2, 0.4, 0.6, 0.8, 1]})
    dash = {"domain": names, "range": [DASHES[k % len(DASHES)] for k in range(len(names))]}
    lines = layer(
        rows,
        {"type": "line", "color": INK, "strokeWidth": 2, "aria": False},
        x=x,
        y=y,
        strokeDash=word("option", scale=dash, legend=None),
        detail=word("option"),
        order=number("chance"),
    )
    marks = _marks(spreads, names)
    points = layer(
        marks,
        {"type": "point", "filled": True, "color": INK, "size": 45, "opacity": 1},
        x=x,
        y=y,
        description={"field": "told"},
    )
    # The first line is named on its left, unless it runs along the axis.
    near = int(marks[0]["value"] > low + _BESIDE * (high - low))
    left = halo(marks[:near], "option", x, y, align="right", dx=-8, dy=8) if near else []
    right = halo(marks[near:], "option", x, y, align="left", dx=8, dy=-7)
    return picture(lines, points, *left, *right, height=260)


def _marks(spreads: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """Place a mark on each line: from left to right, the first low and the others high, each at its own height."""
    order = sorted(names, key=lambda name: (round(spreads[name]["p50"], 9), name))
    marks = []
    for place, name in enumerate(order):
        chance = _LOW if place == 0 and len(order) > 1 else _HIGH - 0.1 * (place - 1)
        value = spreads[name]["percentiles"][round(100 * (1 - chance)) - 1]
        told = f"{name}: a chance of {chance:.0%} of at least {value:.3f} OOM"
        marks.append({"option": name, "value": value, "chance": chance, "told": told})
    return marks


def ledger(parts_by_year: dict[str, dict[str, float]]) -> Spec:
    """Draw what each source adds to the gain at the end of each year, the figure beside its bar."""
    years = list(parts_by_year)
    rows = [
        {
            "source": source,
            "year": year,
            "gain": gain,
            "text": f"{year}: {gain:+.3f}",
            "told": f"{source}, {year}: {gain:+.3f} OOM",
        }
        for year, parts in parts_by_year.items()
        for source, gain in parts.items()
    ]
    greys = {"domain": years, "range": [_grey(k, len(years)) for k in range(len(years))]}
    title = "gain at the end of the year (OOM)"
    scale = {"domain": domain_of([0.0, *(row["gain"] for row in rows)], 0.02, 0.25), "nice": False}
    y, offset = word("source"), {"field": "year", "sort": years}
    bars = layer(
        rows,
        {"type": "bar", "stroke": INK, "strokeWidth": 0.5},
        y=y,
        yOffset=offset,
        x=number("gain", title, scale=scale),
        color=word("year", scale=greys, legend=None),
        description={"field": "told"},
    )
    texts = layer(
        rows,
        {"type": "text", "align": "left", "dx": 5, "aria": False},
        y=y,
        yOffset=offset,
        x=number("gain", title, scale=scale),
        text={"field": "text"},
    )
    count = len(rows)
    return picture(bars, texts, height=19 * count + 8)


def _grey(place: int, count: int) -> str:
    """Give shades from light to dark over the years."""
    level = round(0xD4 - (0xD4 - 0x3A) * (place / max(1, count - 1)))
    return f"#{level:02x}{level:02x}{level:02x}"


def wall(supply: list[dict[str, Any]]) -> Spec:
    """Draw the tokens that the flagship wants above those that there are, without the plan and with it."""
    lines = {
        "wanted": "what the flagship would train on",
        "worth": "the stock with the plan, each token by what it teaches",
        "with_plan": "the stock with the tokens that the plan makes",
        "stock": "the stock without the plan",
    }
    rows = [
        {
            "period": each["period"],
            "line": key,
            "tokens": each[key] / _TRILLION,
            "told": f"{each['period']}, {text}: {each[key] / _TRILLION:,.3g} trillion tokens",
            "text": text,
        }
        for key, text in lines.items()
        for each in supply
    ]
    tokens = [row["tokens"] for row in rows]
    scale = {"type": "log", "nice": False, "domain": [min(tokens) / 1.8, max(tokens) * 2]}
    x = word("period", axis=axis_of([each["period"] for each in supply]))
    y = number("tokens", "trillion tokens (logarithmic)", scale=scale, axis={"tickCount": 5, "format": ",.6~g"})
    dash = {"domain": list(lines), "range": list(DASHES[: len(lines)])}
    drawn = layer(
        rows,
        {"type": "line", "color": INK, "strokeWidth": 2, "aria": False},
        x=x,
        y=y,
        strokeDash=word("line", scale=dash, legend=None),
        detail=word("line"),
    )
    points = layer(
        rows,
        {"type": "point", "filled": True, "color": INK, "size": 25, "opacity": 1},
        x=x,
        y=y,
        description={"field": "told"},
    )
    return picture(drawn, points, *_names_of_lines(rows, supply, x, y), height=280)


def _names_of_lines(rows: Rows, supply: list[dict[str, Any]], x: Spec, y: Spec) -> list[Spec]:
    """Name each line at its end, above or below; a line that runs along another shares its name."""
    last = supply[-1]
    ends = {row["line"]: dict(row) for row in rows if row["period"] == last["period"]}
    if last["with_plan"] < _APART * last["stock"]:
        ends["stock"]["text"] = "the stock, without the plan and with the tokens that it makes"
        del ends["with_plan"]
    if last["worth"] < _APART * last["with_plan"]:
        del ends["worth"]
    return [
        each
        for line, end in ends.items()
        for each in halo([end], "text", x, y, align="right", dx=4, dy=16 if line == "stock" else -12)
    ]
