"""What ``gambits frontier`` prints for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed, typed
from gambits.words import money, oom, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.analyse.frontier import Found, Frontier
    from gambits.portfolio.model import Portfolio

_MOST_RANKED: Final = 20
_NEAR: Final = 1e-6


def price_of_the_gambit(found: Frontier, portfolio: Portfolio) -> RenderableType:
    """The curve of shares and what it says, then the budget, the tail, and the ranking."""
    parts: list[RenderableType] = [_shares(found), _marks(found), *map(escape, _verdict(found)), _budgets(found)]
    if found.by_aversion:
        parts.append(_aversions(found))
    parts.append(_ranking(found))
    parts += map(escape, _loose(found))
    if found.is_whole:
        parts.append("Some choices are whole: plans do not mix, so a curve may have more than one peak.")
    parts.append(escape(f"Next, which belief would justify the split: gambits compare {typed(portfolio)}"))
    return Group(*parts)


def _loose(found: Frontier) -> Iterable[str]:
    """Name the points that are not certified."""
    curves = {
        "architect": {f"{100 * at:.4g}%": plan for at, plan in found.by_share.items()},
        "budget": {money(at): plan for at, plan in found.by_budget.items()},
        "weight of the tail": {f"{at:.1f}": plan for at, plan in found.by_aversion.items()},
        "plan": {**found.marks, f"{found.gambit}, any split": found.free},
    }
    loose = {name: [at for at, plan in points.items() if plan.is_loose] for name, points in curves.items()}
    named = "; ".join(f"{name} {', '.join(points)}" for name, points in loose.items() if points)
    if named:
        yield f"Not certified, so that a better plan may exist: {named}."


def _shares(found: Frontier) -> RenderableType:
    table = framed(f"the best plan at every share of architect, under the other rules of {found.gambit} (OOM)")
    for name in ("architect", "mean", "worst draws", f"as {found.gambit} weighs", f"money ({found.money})"):
        table.add_column(escape(name), justify="right")
    table.add_column("")
    for share, plan in found.by_share.items():
        table.add_row(f"{100 * share:.4g}%", *_values(plan), _flag(found, share))
    return table


def _values(plan: Found) -> Iterable[str]:
    if plan.objective is None or plan.expected is None or plan.cvar is None or plan.total_spend is None:
        return (escape(plan.status), "–", "–", "–")
    return (oom(plan.expected), oom(plan.cvar), oom(plan.objective), money(plan.total_spend))


def _flag(found: Frontier, share: float) -> str:
    own = found.marks[found.gambit].architect_share
    notes = [f"{found.gambit}'s split"] if own is not None and abs(share - own) < _NEAR else []
    notes += ["best of these"] if found.best is not None and found.best[0] == share else []
    return escape(", ".join(notes))


def _marks(found: Frontier) -> RenderableType:
    table = framed("the gambits' own plans, each as it weighs mean and tail itself, as `compare` shows them (OOM)")
    table.add_column("plan", no_wrap=True)
    for name in ("architect", "mean", "worst draws", "as it weighs", f"money ({found.money})"):
        table.add_column(escape(name), justify="right")
    for name, plan in (*found.marks.items(), (f"{found.gambit}, any split", found.free)):
        share = "–" if plan.architect_share is None else percent(plan.architect_share)
        table.add_row(escape(name), share, *_values(plan))
    return table


def _verdict(found: Frontier) -> list[str]:
    """Say what the rule costs, in all and at the margin."""
    own, free = found.marks[found.gambit], found.free
    lines = []
    if found.price is not None and own.architect_share is not None and free.architect_share is not None:
        lines.append(
            f"Free to split, the same rules put {percent(free.architect_share)} on architect, not "
            f"{percent(own.architect_share)}: the split of {found.gambit} costs {oom(found.price)} OOM."
        )
    less, more = found.margin or (None, None)
    if less is not None and more is not None:
        lines.append(f"At the margin, a point less of architect adds {less:+.4f} OOM, a point more {more:+.4f}.")
    return lines


def _budgets(found: Frontier) -> RenderableType:
    table = framed(f"value against the budget, all releases grown together, under the rules of {found.gambit} (OOM)")
    names = (f"budget ({found.money})", "mean", "worst draws", f"as {found.gambit} weighs", "spent", "100 more add")
    for name in names:
        table.add_column(escape(name), justify="right")
    slopes = dict(_slopes({at: plan.objective for at, plan in found.by_budget.items()}))
    for budget, plan in found.by_budget.items():
        more = slopes.get(budget)
        table.add_row(money(budget), *_values(plan), "–" if more is None else oom(100 * more))
    return table


def _slopes(values: Mapping[float, float | None]) -> Iterable[tuple[float, float]]:
    """Give what one more of the budget adds between each point and the next."""
    for (at, value), (later, higher) in pairwise(values.items()):
        if value is not None and higher is not None and later > at:
            yield at, (higher - value) / (later - at)


def _aversions(found: Frontier) -> RenderableType:
    table = framed(
        f"the mean against the worst {percent(found.tail)} of draws, under the rules of {found.gambit} (OOM)"
    )
    for name in ("weight of the tail", "mean", "worst draws", "so weighed", f"money ({found.money})"):
        table.add_column(escape(name), justify="right")
    table.add_column("")
    for aversion, plan in found.by_aversion.items():
        own = f"as {found.gambit} weighs" if abs(aversion - found.aversion) < _NEAR else ""
        table.add_row(f"{aversion:.1f}", *_values(plan), escape(own))
    return table


def _ranking(found: Frontier) -> RenderableType:
    table = framed("worth for money, each with all it waits for: a ranking, not a plan")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=26)
    table.add_column("path", no_wrap=True)
    for name in ("OOM per 100", "adds to the bill", "bill so far", "worth so far", "in budget"):
        table.add_column(escape(name), justify="right")
    for each in found.ranking[:_MOST_RANKED]:
        paid = (money(each.money), money(each.cumulative_money))
        fits = "yes" if each.within_budget else "no"
        table.add_row(escape(each.id), escape(each.path), oom(each.per_money), *paid, oom(each.cumulative_value), fits)
    lines = ["It knows no shares, periods, people or limits, and funds from the top until the money is gone."]
    if len(found.ranking) > _MOST_RANKED:
        lines.append(f"--json has all {len(found.ranking)}.")
    return Group(table, *lines)
