"""The dependency graph read as a schedule and as a bet: when work can be done, what holds it back, what it opens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate.plan import rounded
from gambits.analyse.study import Study
from gambits.errors import InfeasibleError
from gambits.files.reading import stop
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.graph import dependents, layers
from gambits.portfolio.model import Initiative, Portfolio
from gambits.quantities.periods import Period
from gambits.words import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FORMAT: Final = "gambits/graph/1"
_FULL: Final = 1 - 1e-9
_TOLERANCE: Final = 1e-6
"""Funded fractions that differ by less are held to each other by the rule between them."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Who waits, for whom, and how: as ``requires`` or ``after``."""

    waits: str
    of: str
    kind: str


@dataclass(frozen=True, slots=True)
class Timing:
    """How soon work can be done when money is no object, by period, counted from the first.

    Money can come from ``start`` on, the last of it in ``done``, and in ``counts`` all of the effect counts; infinite
    where it never comes to that.
    """

    start: float = math.inf
    done: float = math.inf
    counts: float = math.inf


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

    ``blocker`` has those that are held back by another: in a plan where there is one, else in time. ``unlock`` has the
    worth of enablers under ``gambit``; None where it was not asked for. ``funded`` and ``money`` are those of a plan.
    """

    portfolio: Portfolio
    edges: tuple[Edge, ...]
    layers: tuple[tuple[str, ...], ...]
    timing: Mapping[str, Timing]
    critical_path: tuple[str, ...]
    blocker: Mapping[str, Blocker] = field(default_factory=dict)
    gambit: str | None = None
    unlock: Mapping[str, Unlock] | None = None
    funded: Mapping[str, float] | None = None
    money: Mapping[str, float] = field(default_factory=dict)

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
            "edges": [{"from": edge.of, "to": edge.waits, "kind": edge.kind} for edge in self.edges],
            "layers": [list(layer) for layer in self.layers],
            "critical_path": list(self.critical_path),
            "unlock": None
            if self.unlock is None
            else {id: {"value": each.value, "opens": list(each.opens)} for id, each in self.unlock.items()},
            "blocker": {id: blocked.get(id) for id in ids if any(edge.waits == id for edge in self.edges)},
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
    edges = tuple(sorted(_edges(portfolio), key=lambda edge: (edge.waits, edge.of, edge.kind)))
    found = layers(_links(portfolio, edges))
    order = [portfolio.initiative(id) for layer in found for id in layer]
    schedule = _Schedule(order, edges)
    graph = Dependencies(portfolio, edges, found, schedule.timing, schedule.critical_path())
    return replace(graph, blocker=_known({each.id: _held_in_time(graph, schedule.held_by(each.id)) for each in order}))


def with_plan(graph: Dependencies, funded: Mapping[str, float], money: Mapping[str, float]) -> Dependencies:
    """Give a graph with what a plan funds, by id, and what holds work back in that plan."""
    links = _links(graph.portfolio, graph.edges)
    order = [id for layer in graph.layers for id in layer]
    blocker = _known({id: _held_in_plan(graph, _held_to(id, links, funded), funded) for id in order})
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
    best = study.best(gambit)
    at_the_end = {each.id: row[-1] for each, row in zip(graph.portfolio.initiatives, best.funded, strict=True)}
    unlock: dict[str, Unlock] = {}
    for id, opens in sorted(dependents(_links(graph.portfolio, graph.edges)).items()):
        if opens:
            # What the best plan does not fund can be forbidden at no loss.
            without = best.objective if at_the_end[id] <= 0 else _without(id, study, gambit)
            unlock[id] = Unlock(None if without is None else max(0.0, best.objective - without), opens)
    return replace(graph, gambit=gambit.name, unlock=unlock)


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
        for kind, names in (("requires", each.requires), ("after", each.after)):
            for name in names:
                yield Edge(each.id, name, kind)


def _links(portfolio: Portfolio, edges: tuple[Edge, ...]) -> dict[str, list[str]]:
    links: dict[str, list[str]] = {each.id: [] for each in portfolio.initiatives}
    for edge in edges:
        links[edge.waits].append(edge.of)
    return links


class _Schedule:
    """Everything funded as fast as may be: by its own pace, from its start, behind those that it waits for."""

    def __init__(self, order: list[Initiative], edges: tuple[Edge, ...]) -> None:
        self.edges: dict[str, list[Edge]] = {each.id: [] for each in order}
        for edge in edges:
            self.edges[edge.waits].append(edge)
        self.initiatives = {each.id: each for each in order}
        self.ahead: dict[str, str | None] = {}
        self.length = self._length(order)
        self.funded: dict[str, Array] = {}
        self.timing: dict[str, Timing] = {}
        for each in order:
            self.funded[each.id] = self._fastest(each, self.edges[each.id])
            self.timing[each.id] = _timing(self.funded[each.id], each)

    def _length(self, order: list[Initiative]) -> int:
        """Give periods enough for all to be done one behind the other."""
        end: dict[str, int] = {}
        for each in order:
            behind = [end[edge.of] for edge in self.edges[each.id]]
            end[each.id] = max([each.start, *behind]) + each.takes
        return max(end.values(), default=0)

    def _fastest(self, initiative: Initiative, edges: list[Edge]) -> Array:
        """Give φ by period: x[t] = min(x[t−1] + 1/takes, what it waits for), from the start on."""
        found = np.zeros(self.length)
        if initiative.never:
            return found
        elapsed = np.arange(1, self.length - initiative.start + 1) / initiative.takes
        cap = np.ones(len(elapsed))
        for edge in edges:
            cap = np.minimum(cap, self.funded[edge.of][initiative.start :])
        # Unrolled: the least, over all earlier periods, of what was allowed then and the pace since.
        found[initiative.start :] = np.minimum(elapsed, np.minimum.accumulate(cap - elapsed) + elapsed)
        return np.clip(found, 0, 1)

    def held_by(self, id: str) -> tuple[str, ...]:
        """Give the path from an initiative to what really holds it back in time, itself where nothing else does."""
        path = [id]
        while (ahead := self._ahead(path[-1])) is not None:
            path.append(ahead)
        return tuple(path)

    def _ahead(self, id: str) -> str | None:
        """Name whom an initiative waits for longest; None where its own start and pace take longer."""
        if id not in self.ahead:
            each, done = self.initiatives[id], self.timing[id].done
            late = [(_timing(self._fastest(each, [edge]), each).done, edge.of) for edge in self.edges[id]]
            is_own = each.never or not late or done <= each.start + each.takes - 1
            self.ahead[id] = None if is_own else min(late, key=lambda pair: (-pair[0], pair[1]))[1]
        return self.ahead[id]

    def critical_path(self) -> tuple[str, ...]:
        """List what decides when all that can ever count does, from the first to be done to the last."""
        last = [(-when.counts, id) for id, when in self.timing.items() if not math.isinf(when.counts)]
        return tuple(reversed(self.held_by(min(last)[1]))) if last else ()


def _timing(funded: Array, initiative: Initiative) -> Timing:
    paid, full = np.flatnonzero(funded > 0), np.flatnonzero(funded >= _FULL)
    start = float(paid[0]) if len(paid) else math.inf
    done = float(full[0]) if len(full) else math.inf
    return Timing(start, done, done + initiative.lag)


def _held_in_time(graph: Dependencies, path: tuple[str, ...]) -> Blocker | None:
    if len(path) == 1:
        return None
    last = graph.portfolio.initiative(path[-1])
    if last.never:
        return Blocker(path, "never gets money")
    start = f" from {graph.period(last.start)}" if last.start else ""
    return Blocker(path, f"takes {last.takes} {'period' if last.takes == 1 else 'periods'}{start}")


def _held_to(id: str, links: Mapping[str, list[str]], funded: Mapping[str, float]) -> tuple[str, ...]:
    """Give the path from an initiative through those that are funded no further than it, to the last."""
    path = [id]
    while True:
        limit = min(funded[path[-1]] + _TOLERANCE, 1 - _TOLERANCE)
        held = [(funded[name], name) for name in links[path[-1]] if funded[name] <= limit]
        if not held:
            return tuple(path)
        path.append(min(held)[1])


def _held_in_plan(graph: Dependencies, path: tuple[str, ...], funded: Mapping[str, float]) -> Blocker | None:
    if len(path) == 1:
        return None
    last, part = graph.portfolio.initiative(path[-1]), funded[path[-1]]
    why = "never gets money" if last.never else "gets no money" if part <= 0 else f"is funded to {percent(part)}"
    return Blocker(path, why)
