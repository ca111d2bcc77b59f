"""The dependency graph read as a schedule and as a bet: when work can be done, what holds it back, what it opens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from gambits.allocate.money import paid_by
from gambits.allocate.plan import rounded
from gambits.allocate.waiting import furthest
from gambits.analyse.schedule import Schedule, Timing
from gambits.analyse.study import Study
from gambits.errors import InfeasibleError
from gambits.files.reading import stop
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.graph import dependents, layers
from gambits.portfolio.model import Initiative, Need, Portfolio
from gambits.quantities.periods import Period
from gambits.words import percent

FORMAT: Final = "gambits/graph/1"
_TOLERANCE: Final = 1e-6
"""Funded fractions that differ by less are held to each other by the rule between them."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Who waits for whom, as ``requires`` or ``after``, and the ``need`` that it is part of."""

    waits: str
    of: str
    kind: str
    need: Need

    @property
    def words(self) -> str:
        """What is special about it: one of several, in part, ahead of time; nothing for a plain one."""
        need = self.need
        parts = [f"{need.count} of {len(need.of)}"] if need.is_choice else []
        parts += [f"at {percent(need.share)}"] if need.share < 1 else []
        parts += [f"{need.lag} {'period' if need.lag == 1 else 'periods'} ahead"] if need.lag else []
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        need = self.need
        choice = {"k": need.count, "of": list(need.of)} if need.is_choice else None
        ends = {"from": self.of, "to": self.waits, "kind": self.kind}
        return ends | {"share": need.share, "lag": need.lag, "choice": choice}


@dataclass(frozen=True, slots=True)
class Blocker:
    """What really holds an initiative back: the last on the ``path`` from it through those that it waits for."""

    path: tuple[str, ...]
    why: str

    @property
    def id(self) -> str:
        """Who holds it back."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Unlock:
    """What an enabler opens: all that waits for it, and what the best plan is worth less without it, in OOM.

    The value is None where no plan obeys the rules without it.
    """

    value: float | None
    opens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The graph of a portfolio; layers and ids in one order, whatever that of the file.

    ``excludes`` lists sets of which at most one gets money. ``blocker`` has those that are held back by another: in a
    plan where there is one, else in time. ``unlock`` has the worth of enablers under ``gambit``; None where it was not
    asked for. ``funded`` and ``money`` are those of a plan. ``uncertified`` counts the searches behind ``unlock`` that
    ended before their answers were certified.
    """

    portfolio: Portfolio
    edges: tuple[Edge, ...]
    excludes: tuple[tuple[str, ...], ...]
    layers: tuple[tuple[str, ...], ...]
    timing: Mapping[str, Timing]
    critical_path: tuple[str, ...]
    blocker: Mapping[str, Blocker] = field(default_factory=dict)
    gambit: str | None = None
    unlock: Mapping[str, Unlock] | None = None
    funded: Mapping[str, float] | None = None
    money: Mapping[str, float] = field(default_factory=dict)
    uncertified: int = 0

    def period(self, number: float) -> str | None:
        """Name a period by its number; None for never."""
        first = self.portfolio.periods.first
        return None if math.isinf(number) else str(Period(first.unit, first.index + int(number)))

    def waits_of(self, id: str) -> tuple[Edge, ...]:
        """Give the edges by which an initiative waits for others."""
        return tuple(edge for edge in self.edges if edge.waits == id)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        ids = [id for layer in self.layers for id in layer]
        blocked = {id: {"by": each.id, "path": list(each.path), "why": each.why} for id, each in self.blocker.items()}
        record = {
            "format": FORMAT,
            "portfolio": self.portfolio.name,
            "money": self.portfolio.money,
            "gambit": self.gambit,
            "nodes": [self._node(id, number) for number, layer in enumerate(self.layers) for id in layer],
            "edges": [edge.to_dict() for edge in self.edges],
            "excludes": [list(each) for each in self.excludes],
            "layers": [list(layer) for layer in self.layers],
            "critical_path": list(self.critical_path),
            "unlock": None
            if self.unlock is None
            else {id: {"value": each.value, "opens": list(each.opens)} for id, each in self.unlock.items()},
            "blocker": {id: blocked.get(id) for id in ids if any(edge.waits == id for edge in self.edges)},
            "uncertified": self.uncertified,
        }
        return rounded(record)  # type: ignore[no-any-return]

    def _node(self, id: str, layer: int) -> dict[str, Any]:
        each, when = self.portfolio.initiative(id), self.timing[id]
        return {
            "id": id,
            "title": each.title,
            "path": each.path,
            "layer": layer,
            "takes": each.takes,
            "lag": each.lag,
            "start": self.period(when.start),
            "done": self.period(when.done),
            "counts": self.period(when.counts),
            "critical": id in self.critical_path,
            "funded": None if self.funded is None else self.funded[id],
            "spend": None if self.funded is None else self.money[id],
        }


def dependencies(portfolio: Portfolio) -> Dependencies:
    """Lay out the graph of a portfolio, and find how soon all of it can be done."""
    edges = tuple(sorted(_edges(portfolio), key=lambda edge: (edge.waits, edge.of, edge.kind, str(edge.need))))
    found = layers(_links(portfolio, edges))
    schedule = Schedule(portfolio, tuple(id for layer in found for id in layer))
    graph = Dependencies(portfolio, edges, _excludes(portfolio), found, schedule.timing, schedule.critical_path())
    held = {id: _held_in_time(graph, schedule.held_by(id)) for id in schedule.timing}
    return replace(graph, blocker=_known(held))


def with_plan(graph: Dependencies, funded: Mapping[str, float], money: Mapping[str, float]) -> Dependencies:
    """Give a graph with what a plan funds, by id, and what holds work back in that plan."""
    needs = {each.id: each.requires + each.after for each in graph.portfolio.initiatives}
    order = [id for layer in graph.layers for id in layer]
    blocker = _known({id: _held_in_plan(graph, _held_to(id, needs, funded), funded) for id in order})
    return replace(graph, funded=funded, money=money, blocker=blocker)


def funding(plan: Mapping[str, Any], portfolio: Portfolio, file: str) -> tuple[dict[str, float], dict[str, float]]:
    """Give the funded fractions and the money of a plan that was read from a file, by id.

    Raises
    ------
    InputError
        If the plan is not one of this portfolio.
    """
    rows: Mapping[str, Any] = plan["initiatives"]
    ids = {each.id for each in portfolio.initiatives}
    known = all(isinstance(each.get(key), int | float) for each in rows.values() for key in ("funded", "total"))
    if set(rows) != ids or not known:
        odd = sorted(ids.symmetric_difference(rows))
        message = f"the plan is one of another portfolio: {', '.join(odd[:5]) or 'an initiative has no money in it'}"
        raise stop(file, 0, "not-a-plan", message, "solve this portfolio: gambits solve PORTFOLIO -o plan.json")
    funded, total = ({id: float(each[key]) for id, each in rows.items()} for key in ("funded", "total"))
    return funded, total


def _known(found: Mapping[str, Blocker | None]) -> dict[str, Blocker]:
    return {id: blocker for id, blocker in found.items() if blocker is not None}


def with_unlock(graph: Dependencies, study: Study, gambit: Gambit) -> Dependencies:
    """Give a graph with what each enabler opens: the best plan, found again with it forbidden.

    Raises
    ------
    InfeasibleError
        If no plan obeys the rules as they are.
    """
    best, initiatives = study.best(gambit), study.portfolio.initiatives
    more = best.funded[:, -1] - paid_by(initiatives, study.portfolio.periods.count)[:, -1]
    gets = {each.id: part > 0 for each, part in zip(initiatives, more, strict=True)}
    unlock: dict[str, Unlock] = {}
    for id, opens in sorted(dependents(_links(graph.portfolio, graph.edges)).items()):
        if opens:
            # What gets nothing in the best plan can be forbidden at no loss.
            without = _without(id, study, gambit) if gets[id] else best.objective
            unlock[id] = Unlock(None if without is None else max(0.0, best.objective - without), opens)
    return replace(graph, gambit=gambit.name, unlock=unlock, uncertified=study.uncertified)


def _without(id: str, study: Study, gambit: Gambit) -> float | None:
    """Give the value of the best plan without an initiative; None if there is none."""
    initiatives = (
        replace(each, never=True, must=False) if each.id == id else each for each in study.portfolio.initiatives
    )
    try:
        return study.under(gambit, replace(study.portfolio, initiatives=tuple(initiatives))).objective
    except InfeasibleError:
        return None


def _edges(portfolio: Portfolio) -> Iterator[Edge]:
    for each in portfolio.initiatives:
        for kind, needs in (("requires", each.requires), ("after", each.after)):
            for need in needs:
                yield from (Edge(each.id, id, kind, need) for id in need.of)


def _excludes(portfolio: Portfolio) -> tuple[tuple[str, ...], ...]:
    """List the sets of which at most one gets money, the sizes of one initiative among them."""
    parts: dict[str, list[Initiative]] = {}
    for each in sorted(portfolio.initiatives, key=lambda each: each.id):
        parts.setdefault(each.entry, []).append(each)
    sizes = [tuple(each.id for each in found) for found in parts.values() if found[0].is_size]
    sets = [tuple(sorted(each.id for name in names for each in parts[name])) for names in portfolio.excludes]
    return tuple(sorted({*sizes, *sets}))


def _links(portfolio: Portfolio, edges: tuple[Edge, ...]) -> dict[str, list[str]]:
    links: dict[str, list[str]] = {each.id: [] for each in portfolio.initiatives}
    for edge in edges:
        links[edge.waits].append(edge.of)
    return links


def _held_in_time(graph: Dependencies, path: tuple[str, ...]) -> Blocker | None:
    if len(path) == 1:
        return None
    last = graph.portfolio.initiative(path[-1])
    if last.never:
        return Blocker(path, "never gets money")
    start = f" from {graph.period(last.start)}" if last.start else ""
    return Blocker(path, f"takes {last.takes} {'period' if last.takes == 1 else 'periods'}{start}")


def _held_to(id: str, needs: Mapping[str, tuple[Need, ...]], funded: Mapping[str, float]) -> tuple[str, ...]:
    """Give the path from an initiative through those that are funded no further than it needs, to the last."""
    path = [id]
    while True:
        here = min(funded[path[-1]] + _TOLERANCE, 1 - _TOLERANCE)
        limits = [(_limit(need, funded), need) for need in needs[path[-1]]]
        held = [(limit, _next(need, funded)) for limit, need in limits if limit <= here]
        if not held:
            return tuple(path)
        path.append(min(held)[1])


def _limit(need: Need, funded: Mapping[str, float]) -> float:
    """Say how far those that one waits for let it be funded at the end, leaving aside how far ahead they must be."""
    parts = np.array([funded[id] for id in need.of])
    return float(furthest(need, parts[:, np.newaxis], parts)[0])


def _next(need: Need, funded: Mapping[str, float]) -> str:
    """Name whom more money would have to go to: of a choice, the one that is nearest to being enough."""
    short = [id for id in need.of if funded[id] < need.share - _TOLERANCE] or list(need.of)
    return min(short, key=lambda id: (-funded[id], id))


def _held_in_plan(graph: Dependencies, path: tuple[str, ...], funded: Mapping[str, float]) -> Blocker | None:
    if len(path) == 1:
        return None
    last, part = graph.portfolio.initiative(path[-1]), funded[path[-1]]
    why = "never gets money" if last.never else "gets no money" if part <= 0 else f"is funded to {percent(part)}"
    return Blocker(path, why)
