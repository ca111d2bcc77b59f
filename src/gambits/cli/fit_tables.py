"""What ``gambits fit`` prints for people."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed
from gambits.scaling.fit.result import FORMULAS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.scaling.fit.result import Fit

    Interval = tuple[float, float]

_LARGE: Final = 1e6


def fitted(found: Fit, out: str | None) -> RenderableType:
    """The constants with their intervals, how far off the law is, and what to look at."""
    parts: list[RenderableType] = [_constants(found), "\n".join(map(escape, _sentences(found)))]
    if found.ridge:
        parts.append(_ridge(found))
    parts += [escape(f"Look at: {warning}.") for warning in found.warnings]
    if not found.refusals:
        parts.append(escape(_next(found, out)))
    return Group(*parts)


def _constants(found: Fit) -> RenderableType:
    table = framed(f"{FORMULAS[found.form]}: fitted to {len(found.runs.loss)} runs")
    table.add_column("constant")
    others = [name for name in found.by_loss if name != found.options.loss]
    for name in (found.options.loss, "95 % interval", "over all losses", *others):
        table.add_column(name, justify="right")
    for name, value in found.constants.items():
        intervals = (_interval(each.get(name)) for each in (found.intervals, found.spans))
        table.add_row(name, _number(value), *intervals, *(_number(found.by_loss[other][name]) for other in others))
    for name, value in found.borrowed.items():
        lender = found.lender.name if found.lender else ""
        table.add_row(name, _number(value), escape(lender), *[""] * (len(others) + 1))
    return table


def _sentences(found: Fit) -> list[str]:
    low, high = found.runs.compute.min(), found.runs.compute.max()
    lines = [f"Objective {found.objective:.7g} (sum over runs). The runs reach from {_flop(low)} to {_flop(high)}."]
    beyond = found.extrapolation
    if beyond is not None:
        lines.append(
            f"Fitted to the runs up to {_flop(beyond.trained_to)}, it misses the {beyond.predicted} above them, up to "
            f"{_flop(beyond.predicted_to)}, by {beyond.mean:.2%} of their loss (at most {beyond.largest:.1%})."
        )
    if found.left_out:
        mean = sum(each.mean for each in found.left_out) / len(found.left_out)
        worst = max(found.left_out, key=lambda each: each.mean)
        low, high = _flop(worst.low), _flop(worst.high)
        those = f"at {low}" if low == high else f"from {low} to {high}"
        lines.append(
            f"Fitted without one of {len(found.left_out)} groups of like compute, it misses that group by {mean:.2%} "
            f"on average, by {worst.mean:.2%} the runs {those}."
        )
    if found.end_error is not None:
        lines.append(
            f"From {found.options.resamples:,} resamples the ends of the intervals are known to {found.end_error:.1%} "
            "or better (one standard error); four times as many halve that."
        )
    return lines


def _ridge(found: Fit) -> RenderableType:
    table = framed("the ridge: these fit about as well as one another")
    for name in ("R_D", "R_N", "objective"):
        table.add_column(name, justify="right")
    for r_d, r_n, objective in found.ridge:
        table.add_row(_number(r_d), _number(r_n), f"{objective:.7g}")
    return table


def _next(found: Fit, out: str | None) -> str:
    if out is None:
        return "Next: the same with -o my-law.yaml, for a law that a portfolio can use"
    name = Path(out).name
    return f"Next: in a portfolio in the folder of {name}, frontier: {{law: {name}}}"


def _interval(ends: Interval | None) -> str:
    if ends is None:
        return "–"
    low, high = ends
    # Three digits: a thousand resamples know the ends of an interval to a few per cent.
    return f"{_number(low, 3)} up" if math.isinf(high) else f"{_number(low, 3)} to {_number(high, 3)}"


def _number(value: float, digits: int = 4) -> str:
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:.{digits}g}".replace("e+0", "e") if rounded >= _LARGE else f"{rounded:g}"


def _flop(value: float) -> str:
    return f"{value:.1e} FLOP".replace("e+", "e")
