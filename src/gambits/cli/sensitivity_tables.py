"""What ``gambits sensitivity`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits import words
from gambits.cli.tables import framed, typed
from gambits.words import money, oom, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.analyse.sensitivity import Bar, Flip, Sensitivity
    from gambits.portfolio.model import Portfolio

_MOST_BARS: Final = 15
_MOST_FLIPS: Final = 20
_MOST_OWNERS: Final = 12
_LARGE: Final = 1e6
_SMALL: Final = 5e-4


def rests_on(found: Sensitivity, portfolio: Portfolio) -> RenderableType:
    """The widest bars, then for each initiative the least change that flips it, then what exaggerating pays."""
    parts: list[RenderableType] = [_tornado(found)]
    nearest = {flip.initiative: flip for flip in reversed(found.flips)}
    if nearest:
        parts.append(_flips(found, sorted(nearest.values(), key=found.flips.index)))
    parts.append(_gaming(found))
    lines = []
    if found.firm:
        lines.append(f"No single change within reach flips: {', '.join(found.firm)}.")
    if len(found.flips) > len(nearest):
        lines.append(f"--json has all {len(found.flips)} flips.")
    lines.append(f"Next, what each is worth finding out: gambits voi {typed(portfolio)} --gambit {found.gambit}")
    return Group(*parts, "\n".join(escape(line) for line in lines))


def _tornado(found: Sensitivity) -> RenderableType:
    title = (
        f"value of the best plan if one estimate were known beforehand (OOM; {oom(found.objective)} as things stand)"
    )
    table = framed(title)
    table.add_column("known", no_wrap=True, overflow="ellipsis", max_width=40)
    for name in ("p10", "p90", "value at p10", "value at p90"):
        table.add_column(escape(name), justify="right")
    table.add_column("money that moves", justify="right", no_wrap=True)
    for bar in [bar for bar in found.tornado if bar.width >= _SMALL][:_MOST_BARS]:
        moved = f"{money(bar.moved[0])} / {money(bar.moved[1])}"
        table.add_row(escape(words.estimate(bar.estimate)), *_ends(bar), oom(bar.low), oom(bar.high), moved)
    return table


def _ends(bar: Bar) -> tuple[str, str]:
    if bar.low_at is None or bar.high_at is None:
        return "worst tenth", "best tenth"
    if bar.estimate.endswith(".success"):
        return "fails", "works"
    return number(bar.low_at), number(bar.high_at)


def _flips(found: Sensitivity, nearest: list[Flip]) -> RenderableType:
    table = framed("the least change that takes an initiative across half its cost")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("funded", justify="right")
    table.add_column("if this", no_wrap=True, overflow="ellipsis", max_width=36)
    for name in ("goes from", "to", "spreads", "chance"):
        table.add_column(name, justify="right", no_wrap=True)
    for flip in nearest[:_MOST_FLIPS]:
        spreads = "–" if flip.sigmas is None else f"{flip.sigmas:+.2f}"
        chance = "–" if flip.chance is None else percent(flip.chance)
        ends = (number(flip.median), _end(flip))
        of = words.estimate(flip.estimate)
        table.add_row(escape(flip.initiative), percent(flip.funded), escape(of), *ends, spreads, chance)
    return table


def _gaming(found: Sensitivity) -> RenderableType:
    table = framed(f"what exaggerating pays: everything that an owner claims a tenth better ({found.money})")
    table.add_column("owner", no_wrap=True, overflow="ellipsis", max_width=34)
    for name in ("money now", "gains", "by low costs", "the lab loses (OOM)"):
        table.add_column(name, justify="right")
    for each in found.gaming[:_MOST_OWNERS]:
        gains = (f"{each.gained:+.1f}", f"{each.gained_by_cost:+.1f}")
        table.add_row(escape(each.owner), money(each.money), *gains, oom(each.loss))
    return table


def _end(flip: Flip) -> str:
    """Where the median goes; in words where three digits could not tell it from where it is."""
    end = number(flip.median + flip.change)
    return end if end != number(flip.median) else "any higher" if flip.change > 0 else "any lower"


def number(value: float) -> str:
    """A number of any size, to three digits."""
    return f"{value:.2e}".replace("e+", "e") if abs(value) >= _LARGE else f"{value:.3g}"
