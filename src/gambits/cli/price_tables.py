"""What prices look like on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.allocate.plan import Plan

_ABOUT = """\
In thousandths of an OOM, each by solving again: what one more would add, and what one less would take away.
A price holds, to 5 %, within its range. At a kink the two sides differ; with whole choices value moves
in steps."""


def prices(plan: Plan) -> RenderableType:
    """The numbers in the rules that bind, dearest first; the rest in a line."""
    assert plan.prices is not None
    table = framed("what one more and one less is worth (thousandths of an OOM)")
    table.add_column("number in the rules", overflow="fold")
    for head in ("now", "one more", "one less", "holds from", "to"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("enters / leaves", overflow="fold")
    free = []
    for price in plan.prices:
        if price["note"] == "not binding":
            free.append(str(price["rule"]))
            continue
        name = escape(f"{price['rule']} ({price['unit']})")
        cells = [_number(price, price[key]) for key in ("value", "low", "high")]
        note = "" if price["note"] == "smooth" else f"{price['note']} "
        table.add_row(
            name, cells[0], _slope(price, "more", 1), _slope(price, "less", -1), *cells[1:], note + _who(price)
        )
    rest = [f"Not binding, and worth nothing more: {escape(', '.join(free))}."] if free else []
    return Group(table, "\n".join(["", _ABOUT, *rest]))


def _slope(price: Mapping[str, Any], key: str, way: int) -> str:
    """One unit's worth; for what is counted in points, a point's."""
    value = price[key]
    if value is None:
        return "no plan"
    unit = 0.01 if str(price["unit"]).startswith(("point", "0.01")) else 1.0
    return f"{way * value * unit * 1000 + 0.0:+.3f}"


def _number(price: Mapping[str, Any], value: float | None) -> str:
    if value is None:
        return "any"
    return f"{value:.0%}" if str(price["unit"]).startswith("point") else f"{value:,.5g}"


def _who(price: Mapping[str, Any]) -> str:
    names = [f"+{id}" for id in price["enters"]] + [f"−{id}" for id in price["leaves"]]
    return escape(" ".join(names))
