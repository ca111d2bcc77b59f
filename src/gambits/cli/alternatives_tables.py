"""What ``gambits alternatives`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed
from gambits.words import money, oom, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.analyse.alternatives import Alternatives

_MOST_PLANS: Final = 6


def other_plans(found: Alternatives) -> RenderableType:
    """What the plans are worth, where their money goes, and what every plan so good has."""
    return Group(_values(found), _money(found), *map(escape, _verdict(found)))


def _values(found: Alternatives) -> RenderableType:
    table = framed(f"plans within {found.within:g} OOM of the best of {found.gambit}, as different as was found (OOM)")
    table.add_column("plan", no_wrap=True)
    for name in ("mean", "worst draws", "weighed", "below the best", f"money ({found.money})"):
        table.add_column(escape(name), justify="right")
    best = found.plans[0].objective
    for k, plan in enumerate(found.plans):
        short = max(0.0, best - plan.objective)
        figures = (plan.expected, plan.cvar, plan.objective, short)
        table.add_row(_name(k), *map(oom, figures), money(plan.total_spend))
    return table


def _name(k: int) -> str:
    return "the best" if k == 0 else f"alternative {k}"


def _money(found: Alternatives) -> RenderableType:
    table = framed(f"money over the horizon in each plan, and in any plan so good ({found.money})")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=24)
    shown = found.plans[:_MOST_PLANS]
    for name in ("best", *(str(k) for k in range(1, len(shown))), "least", "most", "core"):
        table.add_column(name, justify="right")
    core = found.core_index
    for id in sorted(core, key=lambda id: (-core[id], id)):
        ends = found.ranges[id]
        spent = (money(plan.allocation(id).total) for plan in shown)
        table.add_row(escape(id), *spent, money(ends.least), money(ends.most), percent(core[id]))
    return table


def _verdict(found: Alternatives) -> list[str]:
    """Say what all of them have, and how far apart they are."""
    always = [id for id, each in found.ranges.items() if each.funded is True]
    never = [id for id, each in found.ranges.items() if each.funded is False]
    lines = [f"In every plan so good that was found: {', '.join(always) or 'nothing'}."]
    lines.append(f"In none: {', '.join(never) or 'nothing'}.")
    if found.least_distance is not None:
        lines.append(f"The two plans most alike differ in {money(found.least_distance)} {found.money}.")
    if len(found.plans) > _MOST_PLANS:
        lines.append(f"--json has all {len(found.plans)} plans.")
    return [*lines, "Core: the share of these plans that fund an initiative to at least half its cost."]
