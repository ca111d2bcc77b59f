"""What rules of money may say: checks of sizes, minimums, spent money, and of sets of initiatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from gambits.files.kinds import is_id
from gambits.files.reading import Report, did_you_mean
from gambits.files.sections import Draft
from gambits.portfolio.levels import names_of
from gambits.quantities.periods import Period

_A_PAIR: Final = 2
_ROUNDING: Final = 1e-9


def check_minimums(draft: Draft, report: Report, folder: Path) -> None:
    """A whole initiative, and one of several sizes, has no minimum of its own: it is 1."""
    for id, initiative in draft.get("initiatives", {}).items():
        if initiative.get("minimum") and (initiative.get("whole") or "levels" in initiative):
            place = f"initiatives.{id}.minimum"
            why = "is whole" if initiative.get("whole") else "has `levels`, each of which is whole"
            report.warn(place, "minimum", f"`{id}` {why}, so its `minimum` says nothing", "remove one of them")


def check_levels(draft: Draft, report: Report, folder: Path) -> None:
    """Sizes rise in cost, have names of their own, and stand in place of the initiative's cost and stages."""
    for id, initiative in draft.get("initiatives", {}).items():
        if "levels" not in initiative:
            continue
        place, levels = f"initiatives.{id}.levels", initiative["levels"]
        for key in ("cost", "stages", "spent"):
            if f"initiatives.{id}.{key}" in report.where:
                message, mend = _BESIDE_LEVELS[key]
                report.add(f"initiatives.{id}.{key}", "levels", f"`{id}` has `levels`, {message}", mend)
        if not levels and not any(key.startswith(f"{place}.") for key in report.where):
            report.add(place, "levels", f"`{place}` is empty", "list at least one size with its cost, or remove it")
        names = names_of(levels)
        if len(set(names)) < len(names) or not all(is_id(name) for name in names):
            message = f"the sizes of `{place}` need names of their own"
            report.add(place, "levels", message, "use letters, digits, - and _ for names")
        costs = [level["cost"].central for level in levels if "cost" in level]
        if any(later <= earlier for earlier, later in pairwise(costs)):
            shown = ", ".join(f"{cost:.6g}" for cost in costs)
            message = f"the costs of `{place}` do not rise: {shown}"
            report.add(place, "levels", message, "write the sizes from the smallest to the largest")


_BESIDE_LEVELS: Final = {
    "cost": ("so its `cost` belongs to them", "remove `cost:`, or remove `levels:`"),
    "stages": ("so it cannot have `stages`", "write one initiative for each size, and exclude all but one"),
    "spent": ("and money was spent on one of them", "write the size that was begun in place of `levels`"),
}


def check_as_of(draft: Draft, report: Report, folder: Path) -> None:
    """On the day of the estimates something is left to decide."""
    now, first = _now(draft), draft.get("periods", {}).get("first")
    count = draft.get("periods", {}).get("count")
    if now is not None and count is not None and now.index >= first.index + count:
        message = f"`as_of` is {draft['as_of']}, after the last period: nothing is left to decide"
        report.add("as_of", "as-of", message, "write an earlier day, or more periods")


def check_spent(draft: Draft, report: Report, folder: Path) -> None:
    """Money was spent in periods that are over by `as_of`, and no more of it than the cost."""
    now, first = _now(draft), draft.get("periods", {}).get("first")
    for id, initiative in draft.get("initiatives", {}).items():
        place = f"initiatives.{id}.spent"
        spent: dict[Period, float] = initiative.get("spent", {})
        for period in spent:
            if first is not None and period.unit is not first.unit:
                unit = first.unit.name.lower()
                message = f"`{place}` has {period}, not a {unit}"
                report.add(place, "wrong-period", message, f"write a {unit}, as {first}")
            elif now is not None and period.index >= now.index:
                message = f"`{place}` has {period}, which is not over on {draft['as_of']}"
                report.add(place, "spent", message, f"name periods before {now}, or write a later `as_of`")
        cost = _cost(initiative)
        if cost is not None and sum(spent.values()) > cost * (1 + _ROUNDING):
            message = f"`{place}` is {sum(spent.values()):.6g}, more than the cost of {cost:.6g}"
            report.add(place, "spent", message, "raise the cost to what is known by now, or correct what was spent")


def _now(draft: Draft) -> Period | None:
    """Give the period that `as_of` lies in; None if it or the length of periods could not be read."""
    first, day = draft.get("periods", {}).get("first"), draft.get("as_of")
    return None if first is None or day is None else Period.around(day, first.unit)


def _cost(initiative: Draft) -> float | None:
    """Give the median cost of an initiative, all its stages together."""
    holders = initiative.get("stages") or [initiative]
    costs = [each["cost"].central for each in holders if "cost" in each]
    return sum(costs) if len(costs) == len(holders) else None


def check_excludes(draft: Draft, report: Report, folder: Path) -> None:
    """Of a set that exclude each other, no two must be funded, have been paid, or wait for one another."""
    initiatives = draft.get("initiatives", {})
    for number, ids in enumerate(draft.get("excludes", ())):
        place = f"excludes.{number}"
        check_members(ids, draft, place, report)
        if len(ids) < _A_PAIR:
            report.add(place, "excludes", f"`{place}` names fewer than two", "name two initiatives or more")
        for key, words in (("must", "must be funded"), ("spent", "have had money")):
            found = [id for id in ids if initiatives.get(id, {}).get(key)]
            if len(found) >= _A_PAIR:
                message = f"{' and '.join(f'`{id}`' for id in found)} exclude each other, and both {words}"
                report.add(place, "excludes", message, f"remove `{key}` from all but one, or leave them out of the set")
        for id, other in _waiting_inside(ids, initiatives):
            message = f"`{id}` waits for `{other}`, and they exclude each other"
            report.add(place, "excludes", message, f"leave one of them out, or remove `{other}` from what `{id}` needs")


def _waiting_inside(ids: tuple[str, ...], initiatives: Draft) -> Iterator[tuple[str, str]]:
    for id in ids:
        for key in ("requires", "after"):
            for need in initiatives.get(id, {}).get(key, ()):
                if len(need.of) == need.count:
                    yield from ((id, other) for other in need.of if other in ids and other != id)


def check_groups(draft: Draft, report: Report, folder: Path) -> None:
    """A group names initiatives, and limits that can hold."""
    for number, group in enumerate(draft.get("groups", ())):
        place = f"groups.{number}"
        check_members(group.get("among", ()), draft, f"{place}.among", report)
        if "min" not in group and "max" not in group and not _is_written(report, place, "min", "max"):
            report.add(place, "groups", f"`{place}` limits nothing", "add `min:` or `max:`, parts of all money")
        if group.get("min", 0) > group.get("max", 1):
            message = f"`{place}` has a `min` of {group['min']:g} above its `max` of {group['max']:g}"
            report.add(place, "groups", message, "lower one of them")


def check_counts(draft: Draft, report: Report, folder: Path) -> None:
    """As many initiatives as must get money can get it."""
    counts, initiatives = draft.get("counts", {}), draft.get("initiatives", {})
    must = sum(bool(each.get("must")) for each in initiatives.values())
    able = sum(not each.get("never") for each in initiatives.values())
    low, high = counts.get("min", 0), counts.get("max")
    if high is not None and low > high:
        report.add("counts", "counts", f"`counts` has a `min` of {low} above its `max` of {high}", "lower one of them")
    if high is not None and must > high:
        message = f"{must} initiatives must be funded, more than the `max` of {high}"
        report.add("counts.max", "counts", message, "raise it, or remove `must` from some")
    if initiatives and low > able:
        message = f"`counts.min` is {low}, and {able} initiatives may get money"
        report.add("counts.min", "counts", message, f"write {able} at most")


def check_funds(draft: Draft, report: Report, folder: Path) -> None:
    """Funds have names of their own, and paths on which there is work."""
    funds = draft.get("budget", {}).get("funds", ())
    names = [fund.get("name") for fund in funds]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        report.add("budget.funds", "funds", f"two funds are called `{name}`", "rename one of them")
    known = {each.get("path") for each in draft.get("initiatives", {}).values()} - {None}
    for number, fund in enumerate(funds):
        place = f"budget.funds.{number}.paths"
        if fund.get("paths") == ():
            report.add(place, "funds", f"`{place}` names no path", "name at least one")
        for path in fund.get("paths", ()):
            if not is_id(path):
                report.add(place, "funds", f"`{path}` cannot name a path", "use letters, digits, - and _")
            elif path not in known:
                report.warn(place, "funds", f"no initiative is on path `{path}`", did_you_mean(path, known))


def check_members(names: Any, draft: Draft, place: str, report: Report) -> None:
    """Every id of a set is an initiative."""
    known = {key.split(".")[1] for key in report.where if key.startswith("initiatives.")}
    for name in names or ():
        if name not in known:
            message = f"`{place}` names `{name}`, which is no initiative"
            report.add(place, "unknown-initiative", message, did_you_mean(name, known))


def _is_written(report: Report, place: str, *names: str) -> bool:
    return any(f"{place}.{name}" in report.where for name in names)


RULE_CHECKS: Final[tuple[Callable[[Draft, Report, Path], None], ...]] = (
    check_minimums,
    check_levels,
    check_as_of,
    check_spent,
    check_excludes,
    check_groups,
    check_counts,
    check_funds,
)
