"""Checks of size: units that were mixed up, weights that drown the rest, and more than a computer holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

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
        for key, part in _parts(f"initiatives.{id}", initiative):
            if "cost" in part:
                ratio = part["cost"].central / total
                _compare(report, f"{key}.cost", ratio, "the whole budget", "are both in the same unit of money?")


def check_uses_fit_the_capacity(draft: Draft, report: Report, folder: Path) -> None:
    """Uses and capacity are of one unit: nothing uses a thousand times what there is in a period."""
    for name, resource in draft.get("resources", {}).items():
        capacity = resource.get("capacity", 0)
        most = max(capacity) if isinstance(capacity, tuple) else capacity
        for id, initiative in draft.get("initiatives", {}).items():
            for key, part in _parts(f"initiatives.{id}", initiative):
                if most and name in part.get("uses", {}):
                    ratio = part["uses"][name].central / most
                    to = f"the capacity of {name}"
                    _compare(report, f"{key}.uses.{name}", ratio, to, "are both in the same unit?")


def check_tokens_fit_the_stock(draft: Draft, report: Report, folder: Path) -> None:
    """Added tokens and the stock are of one unit: nothing adds a thousand times what there is."""
    stock = draft.get("frontier", {}).get("unique_tokens", {}).get("count")
    for id, initiative in draft.get("initiatives", {}).items():
        for key, part in _parts(f"initiatives.{id}", initiative):
            added = part.get("effects", {}).get(Lever.UNIQUE_TOKENS.value)
            if added is not None and stock is not None:
                ratio = added.central * initiative.get("quality", 1.0) / stock.central
                place = f"{key}.effects.{Lever.UNIQUE_TOKENS.value}"
                _compare(report, place, ratio, "the stock of unique tokens", "are both counted in tokens?")


def check_points_do_not_drown_the_rest(draft: Draft, report: Report, folder: Path) -> None:
    """Points of ``value`` times their weight are of a size at which a gap of 1e-5 means something."""
    values = (
        (id, part["value"])
        for id, each in draft.get("initiatives", {}).items()
        for _, part in _parts(id, each)
        if "value" in part
    )
    check_worth_of_points(draft.get("objective", {}).get("value", 0.0), values, report)


def check_worth_of_points(weight: float, values: Iterable[tuple[str, Estimate]], report: Report) -> None:
    """Report the largest value, by id, whose points times an objective's weight are too much to be certified."""
    found = [(weight * max(map(abs, value.values)), id) for id, value in values]
    worth, id = max(found, default=(0.0, ""))
    if worth > MOST_WORTH:
        message = (
            f"`objective.value` makes {id} worth {worth:.2g} OOM, beyond the {MOST_WORTH:.0e} that can be certified"
        )
        report.add("objective.value", "too-heavy", message, "lower the weight, or count points in a larger unit")


def _parts(place: str, initiative: Draft) -> Iterator[tuple[str, Draft]]:
    """List (place, draft) of an initiative, its stages and its levels: wherever a cost may stand."""
    yield place, initiative
    for name in ("stages", "levels"):
        for number, each in enumerate(initiative.get(name) or ()):
            yield f"{place}.{name}.{number}", each


def _total(draft: Draft) -> float:
    """Give the whole budget and all funds, 0 where nothing could be read."""
    budget, count = draft.get("budget", {}), draft.get("periods", {}).get("count", 0)

    def released(part: Draft) -> float:
        given = part.get("per_period", 0.0)
        return float(sum(given) if isinstance(given, tuple) else given * count)

    whole = released(budget)
    return min(whole, float(budget.get("total", whole))) + sum(map(released, budget.get("funds", ())))


def _compare(report: Report, key: str, ratio: float, to: str, question: str) -> None:
    if ratio > _STRANGE:
        message = f"`{key}` is {ratio:,.0f} times {to}" if ratio < _ABSURD else f"`{key}` is {ratio:.0e} times {to}"
        if ratio > _ABSURD:
            report.add(key, "units-differ", message, question)
        else:
            report.warn(key, "units-differ", message, question)
