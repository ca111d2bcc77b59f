"""Checks of size: units that were mixed up, weights that drown the rest, and more than a computer holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from gambits.files.reading import Report
from gambits.files.sections import Draft
from gambits.portfolio.model import Lever
from gambits.quantities.estimates import Estimate

MOST_INITIATIVES: Final = 5_000
"""Initiatives, each stage counted as one."""
_MOST_CELLS: Final = 200_000
"""Initiatives × periods: the programme has a column for each, and every cut a number for each."""
_STRANGE: Final = 1e3
_ABSURD: Final = 1e5
"""A solver keeps a fraction to 1e-9; of a cost this many times the budget that is 1e-4 of the budget."""
MOST_WORTH: Final = 1e6
"""OOM: the certificate's 1e-5 is then in the eleventh digit, the last that a linear programme can vouch for."""


def check_the_portfolio_can_be_held(draft: Draft, report: Report, folder: Path) -> None:
    """Initiatives, and initiatives × periods, stay within what a programme in memory can have."""
    parts = sum(len(each.get("stages") or "1") for each in draft.get("initiatives", {}).values())
    if parts > MOST_INITIATIVES:
        message = f"there are {parts:,} initiatives, stages counted, and at most {MOST_INITIATIVES:,} can be weighed"
        report.add("initiatives", "too-many", message, "join those that are funded together")
    periods = draft.get("periods", {}).get("count", 1)
    if parts * periods > _MOST_CELLS:
        message = (
            f"{parts:,} initiatives over {periods} periods are {parts * periods:,} decisions, above {_MOST_CELLS:,}"
        )
        report.add("periods.count", "too-many", message, "use longer periods, or join initiatives")


def check_costs_fit_the_budget(draft: Draft, report: Report, folder: Path) -> None:
    """Costs and budget are of one unit: nothing costs a thousand times the whole budget."""
    total = _total(draft)
    if not total:
        return
    for id, initiative in draft.get("initiatives", {}).items():
        place = f"initiatives.{id}"
        costs = {f"{place}.cost": initiative.get("cost")}
        costs |= {f"{place}.stages.{k}.cost": each.get("cost") for k, each in enumerate(initiative.get("stages", ()))}
        for key, cost in costs.items():
            if cost is not None:
                _compare(report, key, cost.central / total, "the whole budget", "are both in the same unit of money?")


def check_uses_fit_the_capacity(draft: Draft, report: Report, folder: Path) -> None:
    """Uses and capacity are of one unit: nothing uses a thousand times what there is in a period."""
    for name, resource in draft.get("resources", {}).items():
        capacity = resource.get("capacity", 0)
        most = max(capacity) if isinstance(capacity, tuple) else capacity
        for id, initiative in draft.get("initiatives", {}).items():
            use = initiative.get("uses", {}).get(name)
            if use is not None and most:
                key = f"initiatives.{id}.uses.{name}"
                _compare(report, key, use.central / most, f"the capacity of {name}", "are both in the same unit?")


def check_tokens_fit_the_stock(draft: Draft, report: Report, folder: Path) -> None:
    """Added tokens and the stock are of one unit: nothing adds a thousand times what there is."""
    stock = draft.get("frontier", {}).get("unique_tokens", {}).get("count")
    for id, initiative in draft.get("initiatives", {}).items():
        added = initiative.get("effects", {}).get(Lever.UNIQUE_TOKENS.value)
        if added is not None and stock is not None:
            key = f"initiatives.{id}.effects.{Lever.UNIQUE_TOKENS.value}"
            ratio = added.central * initiative.get("quality", 1.0) / stock.central
            _compare(report, key, ratio, "the stock of unique tokens", "are both counted in tokens?")


def check_points_do_not_drown_the_rest(draft: Draft, report: Report, folder: Path) -> None:
    """Points of ``value`` times their weight are of a size at which a gap of 1e-5 means something."""
    values = ((id, each["value"]) for id, each in draft.get("initiatives", {}).items() if "value" in each)
    check_worth_of_points(draft.get("objective", {}).get("value", 0.0), values, report)


def check_worth_of_points(weight: float, values: Iterable[tuple[str, Estimate]], report: Report) -> None:
    """Report the largest value, by id, whose points times an objective's weight are too much to be certified."""
    worth = {id: weight * max(map(abs, value.values)) for id, value in values}
    id = max(worth, key=lambda each: worth[each], default="")
    if worth and worth[id] > MOST_WORTH:
        message = (
            f"`objective.value` makes {id} worth {worth[id]:.2g} OOM, beyond the {MOST_WORTH:.0e} that can be certified"
        )
        report.add("objective.value", "too-heavy", message, "lower the weight, or count points in a larger unit")


def _total(draft: Draft) -> float:
    """Give the whole budget, 0 where it could not be read."""
    budget = draft.get("budget", {})
    releases: Any = budget.get("per_period", 0.0)
    count = draft.get("periods", {}).get("count", 0)
    whole = float(sum(releases) if isinstance(releases, tuple) else releases * count)
    return min(whole, float(budget.get("total", whole)))


def _compare(report: Report, key: str, ratio: float, to: str, question: str) -> None:
    if ratio > _STRANGE:
        message = f"`{key}` is {ratio:,.0f} times {to}" if ratio < _ABSURD else f"`{key}` is {ratio:.0e} times {to}"
        if ratio > _ABSURD:
            report.add(key, "units-differ", message, question)
        else:
            report.warn(key, "units-differ", message, question)
