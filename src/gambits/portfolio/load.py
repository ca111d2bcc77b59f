"""From a path to a sound portfolio, or to a report of everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Final

import yaml

from gambits.errors import InputError, Problem, Where
from gambits.files import bundled
from gambits.files.reading import Report, as_shown, compose, flatten, plain, read_text, stop
from gambits.files.sections import Draft
from gambits.files.workbook import SUFFIX
from gambits.portfolio.levels import sized
from gambits.portfolio.model import (
    AS_PLANNED,
    NOTHING_SERVED,
    Budget,
    Correlation,
    Counts,
    Criterion,
    Decision,
    Dissent,
    Frontier,
    Fund,
    Group,
    Initiative,
    Lever,
    Market,
    Need,
    Objective,
    Overlap,
    Pilot,
    Portfolio,
    Resource,
    Rival,
    Scenario,
    Sector,
    Synergy,
    Trend,
)
from gambits.portfolio.order import bonds_of, canonical_order
from gambits.portfolio.places import by_name
from gambits.portfolio.schema import DEFAULT_LAW, PORTFOLIO
from gambits.portfolio.stages import staged
from gambits.portfolio.tables import put_tables, read_book
from gambits.portfolio.validate import CHECKS, informed
from gambits.quantities.estimates import Estimate
from gambits.quantities.periods import Periods
from gambits.scaling.effects.law import LawEstimate

FILE_NAME = "portfolio.yaml"
_OLDER: Final = ("this kind of spreadsheet is not read", f"save it as {SUFFIX}")
_TABLES_ALONE: Final = {
    ".csv": ("a table alone is no portfolio", f"name it in {FILE_NAME}, as `initiatives: initiatives.csv`"),
    ".xls": _OLDER,
    ".xlsm": _OLDER,
    ".xlsb": _OLDER,
    ".ods": _OLDER,
}
"""What is wrong with files that are no portfolio, by their ending, and how to mend it."""


def load(path: str | Path) -> Portfolio:
    """Read a portfolio from a file or workbook, a folder that holds ``portfolio.yaml``, or a bundled name.

    Raises
    ------
    InputError
        With every problem in the file, each with its line and its mend.
    """
    node, draft, report = _sound(path)
    return _build(draft, report, dict(sorted(flatten(plain(node)).items())))


def tree(path: str | Path) -> yaml.MappingNode:
    """Read a portfolio as ``load`` does, and give it as it is written: its nodes, with tables put in.

    Raises
    ------
    InputError
        With every problem in the file.
    """
    return _sound(path)[0]


def _sound(path: str | Path) -> tuple[yaml.MappingNode, Draft, Report]:
    file = locate(path)
    report = Report(as_shown(file))
    node = _read(file, report)
    draft = PORTFOLIO.read(node, report, "")
    for check in CHECKS:
        check(draft, report, file.parent)
    report.raise_problems()
    return node, draft, report


def _read(file: Path, report: Report) -> yaml.MappingNode:
    """Turn a portfolio file, or a workbook, into nodes."""
    suffix = file.suffix.lower()
    if suffix == SUFFIX:
        return read_book(file, report)
    if suffix in _TABLES_ALONE:
        raise stop(report.file, 0, "not-a-portfolio", *_TABLES_ALONE[suffix])
    node = compose(read_text(file, report.file), report.file)
    put_tables(node, file.parent, report)
    return node


def locate(path: str | Path) -> Path:
    """Find the portfolio file that a user means.

    Raises
    ------
    InputError
        If there is none.
    """
    given = Path(path)
    for file in (given, given / FILE_NAME):
        if os.path.isfile(file):  # noqa: PTH113  (Path.is_file raises for names that are too long)
            return file
    folder = bundled.portfolio_folder(str(path))
    if folder is not None:
        return folder / FILE_NAME
    names = ", ".join(bundled.portfolio_names())
    is_folder = os.path.isdir(given)  # noqa: PTH112  (the same)
    message = f"the folder has no {FILE_NAME}" if is_folder else "there is no such file"
    raise stop(str(path), 0, "not-found", message, f"check the path, or use a bundled portfolio: {names}")


def make_objective(draft: Draft, count: int) -> Objective:
    """Fill in the weights of terms and periods; a weight not given is its default unless any is given."""
    terms = {name: draft[name] for name in ("effective_compute", "token_gdp", "value") if name in draft}
    default = {} if terms else {"effective_compute": 1.0}
    after = draft.get("after_horizon", 0)
    weights = _weights(draft.get("weights", "even"), count, after)
    return Objective(
        effective_compute=(terms | default).get("effective_compute", 0.0),
        token_gdp=terms.get("token_gdp", 0.0),
        value=terms.get("value", 0.0),
        weights=weights,
        after_horizon=after,
    )


def _weights(given: str | tuple[float, ...], count: int, after: int) -> tuple[float, ...]:
    length = count + after
    if given == "even":
        raw = [1.0] * length
    elif given == "final":
        raw = [0.0] * (length - 1) + [1.0]
    else:
        # After the horizon the last weight goes on, since the end state is what is held.
        raw = [float(each) for each in given]
        raw += [raw[-1]] * (length - len(raw))
    total = sum(raw)
    return tuple(each / total for each in raw)


def _build(draft: Draft, report: Report, inputs: dict[str, object]) -> Portfolio:
    periods = Periods(draft["periods"]["first"], draft["periods"]["count"])
    by_expectation = draft["budget"].get("basis") == "expected"
    found, stand_for = _expanded(draft["initiatives"], by_expectation=by_expectation)
    synergies = tuple(
        sorted(
            (each for one in draft.get("synergies", ()) for each in _synergies(one, stand_for)),
            key=lambda each: each.between,
        )
    )
    overlaps = tuple(sorted((_overlap(one, stand_for) for one in draft.get("overlaps", ())), key=lambda each: each.key))
    groups = tuple(sorted(map(_group, draft.get("groups", ())), key=lambda each: (each.among, each.low, each.high)))
    excludes = tuple(sorted({tuple(sorted(ids)) for ids in draft.get("excludes", ())}))
    initiatives = [_initiative(id, each, periods, stand_for) for id, each in found.items()]
    bonds = bonds_of(groups, excludes, synergies, overlaps)
    return Portfolio(
        name=draft["name"],
        as_of=draft["as_of"],
        money=draft["money"],
        periods=periods,
        budget=_budget(draft["budget"], periods.count),
        resources=tuple(
            Resource(name, each["unit"], _by_period(each["capacity"], periods.count))
            for name, each in sorted(draft.get("resources", {}).items())
        ),
        frontier=_frontier(draft.get("frontier")),
        objective=make_objective(draft.get("objective", {}), periods.count),
        initiatives=canonical_order(initiatives, bonds),
        scenarios=_scenarios(draft.get("scenarios")),
        correlation=Correlation(**draft.get("correlation", {})),
        market=_market(draft.get("market")),
        decision=Decision(**draft.get("decision", {})),
        synergies=synergies,
        overlaps=overlaps,
        groups=groups,
        excludes=excludes,
        counts=_counts(draft.get("counts", {})),
        rivals=tuple(Rival(name, **each) for name, each in sorted(draft.get("rivals", {}).items())),
        current=dict(sorted(draft["current"].items())) if "current" in draft else None,
        file=report.file,
        inputs=inputs,
        where=report.where | by_name(draft["initiatives"], report.where) | {"": Where(report.file)},
        warnings=tuple(sorted(report.warnings, key=lambda each: each.where.order)),
    )


Parts = dict[str, tuple[str, ...]]
"""By id: the parts that stand for an initiative where others wait for it, its last stage or its sizes."""


def _expanded(initiatives: Draft, *, by_expectation: bool) -> tuple[dict[str, Draft], Parts]:
    found, last = staged(initiatives, by_expectation=by_expectation)
    found, sizes = sized(found)
    return found, {**last, **sizes}


def _by_period(given: float | tuple[float, ...], count: int) -> tuple[float, ...]:
    return given if isinstance(given, tuple) else (given,) * count


def _budget(draft: Draft, count: int) -> Budget:
    releases = _by_period(draft["per_period"], count)
    found = [
        Fund(each["name"], each["paths"], _by_period(each["per_period"], count)) for each in draft.get("funds", ())
    ]
    funds = tuple(sorted(found, key=lambda each: each.name))
    # The ceiling that holds is the smaller of the two, and later stages need only that one.
    released = sum(releases) + sum(sum(fund.per_period) for fund in funds)
    return Budget(
        per_period=releases,
        total=min(draft.get("total", released), released),
        carry_over=draft.get("carry_over", True),
        by_expectation=draft.get("basis") == "expected",
        reserve=draft.get("reserve", 0.0),
        discount_per_year=draft.get("discount_per_year", 0.0),
        includes_serving=draft.get("includes_serving", False),
        funds=funds,
    )


def _frontier(draft: Draft | None) -> Frontier | None:
    if draft is None:
        return None
    compute, tokens = draft["compute"], draft["unique_tokens"]
    default = Trend(compute["flop"]).growth_per_year
    return Frontier(
        law=draft.get("law", DEFAULT_LAW),
        compute=Trend(compute["flop"], compute.get("growth_per_year", default)),
        unique_tokens=Trend(tokens["count"], tokens.get("growth_per_year", default)),
        law_uncertainty=draft.get("law_uncertainty", True),
        inference_tokens=draft.get("inference_tokens", NOTHING_SERVED),
    )


def _market(draft: Draft | None) -> Market | None:
    if draft is None:
        return None
    sectors = tuple(Sector(name, **each) for name, each in sorted(draft["sectors"].items()))
    return Market(draft.get("elasticity", 0.0), draft.get("value_per_oom", 0.0), sectors)


def _synergies(draft: Draft, stand_for: Parts) -> Iterator[Synergy]:
    """Join each part that stands for the one with each that stands for the other: of sizes, only one is funded."""
    ones, others = (stand_for.get(id, (id,)) for id in draft["between"])
    for pair in product(ones, others):
        first, second = sorted(pair)
        yield Synergy((first, second), _by_lever(draft["effects"]))


def _overlap(draft: Draft, stand_for: Parts) -> Overlap:
    among = (part for id in draft["among"] for part in stand_for.get(id, (id,)))
    return Overlap(tuple(sorted(among)), Lever(draft["lever"]), draft["cap"])


def _group(draft: Draft) -> Group:
    return Group(tuple(sorted(draft["among"])), draft.get("min", 0.0), draft.get("max", 1.0))


def _counts(draft: Draft) -> Counts:
    return Counts(draft.get("min", 0), draft.get("max"))


def _by_lever(effects: Draft) -> dict[Lever, Estimate]:
    """Put effects in the table's order, not the file's, so that sums run in one order."""
    return {lever: effects[lever.value] for lever in Lever if lever.value in effects}


def _scenarios(drafts: list[Draft] | None) -> tuple[Scenario, ...]:
    if drafts is None:
        return AS_PLANNED
    total = sum(each["probability"] for each in drafts)
    found = (Scenario(each["name"], each["probability"] / total, each.get("change", {})) for each in drafts)
    return tuple(sorted(found, key=lambda each: each.name))


def _initiative(id: str, draft: Draft, periods: Periods, stand_for: Parts) -> Initiative:
    given: Draft = {"fitted_to": _fitted_to(draft.get("effects", {}))} | draft
    start = given.pop("start", periods.first)
    spent = {periods.position(period): money for period, money in given.pop("spent", {}).items()}
    return Initiative(
        id=id,
        title=given.pop("title", id),
        start=max(0, periods.position(start)),
        effects=_by_lever(given.pop("effects", {})),
        uses=dict(sorted(given.pop("uses", {}).items())),
        requires=_needs(given.pop("requires", ()), stand_for),
        after=_needs(given.pop("after", ()), stand_for),
        spent=tuple(sorted((when, money) for when, money in spent.items() if money > 0)),
        kill=tuple(Criterion(**each) for each in given.pop("kill", ())),
        dissent=tuple(Dissent(**each) for each in given.pop("dissent", ())),
        pilot=_pilot(id.partition("/")[0], given.pop("pilot", None)),
        **given,
    )


def _pilot(id: str, draft: Draft | None) -> Pilot | None:
    """Give whole keys to what a pilot informs."""
    if draft is None:
        return None
    informs = tuple(sorted({informed(id, name) for name in draft["informs"]}))
    return Pilot(draft["cost"], informs, draft.get("source", ""))


def _needs(needs: tuple[Need, ...], stand_for: Parts) -> tuple[Need, ...]:
    """Point needs to the parts that stand for whom they name; one size of several is enough."""
    found = {
        replace(need, of=tuple(sorted({part for id in need.of for part in stand_for.get(id, (id,))}))) for need in needs
    }
    return tuple(sorted(found, key=lambda need: (need.of, need.count, need.share, need.lag)))


def _fitted_to(effects: Draft) -> float | None:
    """Give the least of what the laws behind the effects were fitted to, FLOP; None if one of them does not say."""
    reaches = [each.law.fitted_to if isinstance(each, LawEstimate) else None for each in effects.values()]
    known = [reach for reach in reaches if reach is not None]
    return min(known) if known and len(known) == len(reaches) else None


def check(path: str | Path) -> tuple[Problem, ...]:
    """List every problem in a portfolio file; none if it is sound."""
    try:
        load(path)
    except InputError as error:
        return error.problems
    return ()
