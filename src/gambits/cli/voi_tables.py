"""What ``gambits voi`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits import words
from gambits.cli.tables import framed, typed
from gambits.words import money, oom

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gambits.analyse.information import Experiment, Information
    from gambits.portfolio.model import Portfolio

_MOST_FINDINGS: Final = 15
_MOST_EXPERIMENTS: Final = 12
_NAMED: Final = 3
_SMALL: Final = 5e-4
"""What rounds to nothing is not told, OOM."""


def worth_knowing(found: Information, portfolio: Portfolio) -> RenderableType:
    """What everything is worth, then each estimate, then the queue."""
    parts: list[RenderableType] = ["\n".join(map(escape, _everything(found))), ""]
    if any(each.evppi >= _SMALL for each in found.findings):
        parts.append(_findings(found))
    if found.queue:
        parts.append(_queue(found))
    return Group(*parts, "\n".join(map(escape, _next(found, portfolio))))


def _everything(found: Information) -> list[str]:
    total = f"{oom(found.evpi)} ± {oom(found.standard_error)} OOM"
    return [
        f"{found.gambit}'s rules, for one who maximises the mean: the best plan is worth {oom(found.objective)} OOM.",
        f"Knowing everything beforehand would add {total} (EVPI): no pilot, and no way of waiting,",
        "stopping or switching as facts come in, can be worth more.",
    ]


def _findings(found: Information) -> RenderableType:
    table = framed(f"what knowing one estimate before you decide would add (EVPPI, OOM; up to: {found.money})")
    table.add_column("estimate", no_wrap=True, overflow="ellipsis", max_width=46)
    for name in ("EVPPI", "±", "worth up to"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for each in [each for each in found.findings if each.evppi >= _SMALL][:_MOST_FINDINGS]:
        note = "" if each.is_clear else "within noise"
        name = words.estimate(each.estimate)
        table.add_row(escape(name), oom(each.evppi), oom(each.standard_error), _up_to(each.worth), note)
    return table


def _queue(found: Information) -> RenderableType:
    table = framed(f"what to find out, in this order (cost and up to: {found.money}; the rest: OOM)")
    table.add_column("", justify="right")
    table.add_column("find out", overflow="fold", max_width=44)
    for name in ("worth", "costs", "leaves", "worth up to"):
        table.add_column(name, justify="right", no_wrap=True)
    told = [each for each in found.queue if each.cost is not None or each.evppi >= _SMALL]
    for number, each in enumerate(told[:_MOST_EXPERIMENTS], start=1):
        cost = "no pilot" if each.cost is None else money(each.cost)
        left = oom(each.net) if each.net is not None else "?" if each.cost is None else "cannot be paid"
        table.add_row(str(number), escape(_name(each)), oom(each.evppi), cost, left, _up_to(each.worth))
    return table


def _name(experiment: Experiment) -> str:
    if experiment.cost is None:
        return words.estimate(experiment.name)
    what = [words.estimate(key).removeprefix(f"{experiment.name}: ") for key in experiment.informs]
    more = f" and {len(what) - _NAMED} more" if len(what) > _NAMED else ""
    return f"pilot of {experiment.name}: {', '.join(what[:_NAMED])}{more}"


def _up_to(worth: float | None) -> str:
    return "half of all" if worth is None else money(worth)


def _next(found: Information, portfolio: Portfolio) -> list[str]:
    return [
        *_first(found),
        f"Next, what would change the plan: gambits sensitivity {typed(portfolio)} --gambit {found.gambit}",
    ]


def _first(found: Information) -> list[str]:
    """Say which pilot to run first, and what else is worth finding out."""
    if not any(each.is_clear for each in found.findings):
        return ["Nothing by itself is worth finding out beyond the noise of these draws: decide now."]
    piloted = [each for each in found.queue if each.cost is not None]
    lines = []
    if not piloted:
        lines.append("No initiative names a pilot; with `pilot: {cost: 2, informs: [success]}` it has a net value.")
    elif piloted[0].net is not None and piloted[0].net > 0:
        cost = f"{money(piloted[0].cost or 0.0)} {found.money}"
        lines.append(f"First, the {_name(piloted[0])}: worth {oom(piloted[0].net)} OOM more than its {cost}.")
    else:
        lines.append("No pilot that is named is worth what it costs.")
    open_ones = [each for each in found.queue if each.cost is None][:_NAMED]
    if open_ones:
        told = ", ".join(f"{_name(each)} (up to {_up_to(each.worth)})" for each in open_ones)
        without = " too, and no pilot is named for it" if piloted else ""
        lines.append(f"Worth finding out{without} ({found.money}): {told}.")
    return lines
