"""Portfolios with every rule of money, time and dependence, against SciPy's `milp` on a statement of its own.

What work is worth is points alone, so the whole problem is one mixed-integer programme. It is stated here from the
text of the file, in money by period, where the package states funded fractions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from gambits.allocate.cuts import Ending
from gambits.errors import InfeasibleError

Array = NDArray[np.float64]
Solve = Callable[..., Any]
UNITS = {"years": "2027", "quarters": "2027Q1", "months": "2027-01"}
A_YEAR = {"years": 1, "quarters": 4, "months": 12}
PATHS = ("architect", "alchemist", "scale")


class Statement:
    """A file and a gambit as a mixed-integer programme, read from their documents alone.

    A column is the money of one piece of work in one period: an initiative, a stage of it, or one of its sizes.
    """

    def __init__(self, file: dict[str, Any], gambit: dict[str, Any]) -> None:
        self.file, self.gambit = file, gambit
        self.count = file["periods"]["count"]
        self.now = file["over"]
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[bool] = []
        self.gain: list[float] = []
        self.pieces = list(self._pieces())
        self.by_id = {id: [each for each in self.pieces if each.id == id] for id in file["initiatives"]}
        self.parts_of_all()
        for rule in (self.paces, self.links, self.budget, self.resources, self.shares, self.sets):
            rule()

    def column(self, low: float, high: float, gain: float = 0.0, *, whole: bool = False) -> int:
        for values, value in ((self.low, low), (self.high, high), (self.whole, whole), (self.gain, gain)):
            values.append(value)  # type: ignore[attr-defined]
        return len(self.gain) - 1

    def hold(self, terms: dict[int, float], low: float = -np.inf, high: float = np.inf) -> None:
        self.rows.append((terms, low, high))

    def price(self, t: int) -> float:
        """What a unit of work costs in a period."""
        years = max(0, t - self.now) / A_YEAR[self.file["unit"]]
        return float((1 + self.file["budget"].get("discount_per_year", 0)) ** years)

    def _pieces(self) -> Iterator[Piece]:
        for id, each in self.file["initiatives"].items():
            left = dict(each.get("spent_by_number", {}))
            members = each.get("stages") or each.get("levels") or [each]
            for number, member in enumerate(members):
                cost = member["cost"]
                taken = {}
                for when in sorted(left):
                    taken[when] = min(left[when], cost - sum(taken.values()))
                    left[when] -= taken[when]
                is_last = number == len(members) - 1
                value = member.get("value", each.get("value", 0)) if "levels" in each or is_last else 0
                part = cost / sum(one["cost"] for one in members) if "stages" in each else 1
                yield Piece(id, each, cost, taken, value, part, is_size="levels" in each)

    def parts_of_all(self) -> None:
        """Give each piece its columns: the fraction of its cost that is paid in each open period."""
        lags_weights = self.weights()
        for piece in self.pieces:
            piece.done = sum(piece.taken.values()) / piece.cost
            piece.before = sum(money for when, money in piece.taken.items() if when < 0) / piece.cost
            piece.by = [
                sum(money for when, money in piece.taken.items() if when <= t) / piece.cost for t in range(self.count)
            ]
            lag = piece.said.get("lag", 0) if piece.value else 0
            for t in range(self.count):
                # A unit paid in t counts from period t + lag on.
                counted = sum(weight for k, weight in enumerate(lags_weights) if min(k - lag, self.count - 1) >= t)
                counted = counted if t >= self.now else 0.0
                piece.x.append(self.column(0, 1 if t >= self.now else 0, piece.value * counted))
            # What is paid already is worth something whatever the plan.
            for k, weight in enumerate(lags_weights):
                when = min(k - lag, self.count - 1)
                piece.already += weight * piece.value * (piece.by[when] if when >= 0 else piece.before)
            self.hold(dict.fromkeys(piece.x, 1.0), high=1 - piece.done)

    def weights(self) -> Array:
        counted = self.count + self.file["objective"].get("after_horizon", 0)
        return np.full(counted, 1 / counted)

    def funded(self, piece: Piece, t: int, factor: float = 1.0) -> tuple[dict[int, float], float]:
        """State factor · φ at the end of t: columns, and what is known."""
        if t < 0:
            return {}, factor * piece.before
        if t < self.now:
            return {}, factor * piece.by[t]
        return dict.fromkeys(piece.x[: t + 1], factor), factor * piece.done

    def paces(self) -> None:
        names = [str(name) for name in self.file["names"]]
        for piece in self.pieces:
            said = piece.said
            start = names.index(str(said["start"])) if "start" in said else 0
            for t, x in enumerate(piece.x):
                self.high[x] = (
                    0.0 if t < max(start, self.now) or said.get("never") else min(1, 1 / said.get("takes", 1))
                )
            rest = 1 - piece.done
            if said.get("whole") or piece.is_size:
                piece.on = self.column(0, 1, whole=True)
                if said.get("takes", 1) == 1:
                    self.hold(dict.fromkeys(piece.x, 1.0) | {piece.on: -rest}, 0, 0)
                else:
                    self._run_through(piece, start, rest)
        for id, pieces in self.by_id.items():
            said = self.file["initiatives"][id]
            if said.get("must"):
                if pieces[0].is_size:
                    self.hold({piece.on: 1.0 for piece in pieces}, low=1)
                else:
                    for piece in pieces:
                        self.hold(dict.fromkeys(piece.x, 1.0), low=1 - piece.done)
            self._switch(id, pieces)

    def _run_through(self, piece: Piece, start: int, rest: float) -> None:
        """A whole piece is paid in equal parts, without a break, from the period in which it begins."""
        number = max(1, math.ceil(piece.said["takes"] * rest - 1e-9))
        begins = {t: self.column(0, 1, whole=True) for t in range(max(start, self.now), self.count - number + 1)}
        self.hold(dict.fromkeys(begins.values(), 1.0) | {piece.on: -1.0}, 0, 0)
        for t in range(self.now, self.count):
            running = [s for u, s in begins.items() if u <= t < u + number]
            self.hold({piece.x[t]: 1.0} | dict.fromkeys(running, -rest / number), 0, 0)

    def _switch(self, id: str, pieces: list[Piece]) -> None:
        """Say whether any of an initiative's pieces gets money: y = 1 allows it, y = 0 forbids it."""
        said = self.file["initiatives"][id]
        y = self.column(0, 1, whole=True)
        self.on = getattr(self, "on", {})
        self.on[id] = y
        for piece in pieces:
            self.hold(dict.fromkeys(piece.x, 1.0) | {y: -1.0}, high=0)
            if piece.is_size:
                continue
            if said.get("whole"):
                self.hold({piece.on: 1.0, y: -1.0}, 0, 0)
        if pieces[0].is_size:
            self.hold({piece.on: 1.0 for piece in pieces} | {y: -1.0}, 0, 0)
        least = said.get("minimum", 0)
        if self.file.get("counts", {}).get("min") and not (said.get("whole") or pieces[0].is_size):
            least = max(least, self._part_done(pieces) + min(0.01, 1 - self._part_done(pieces)))
        if least > self._part_done(pieces) and not (said.get("whole") or pieces[0].is_size):
            whole = sum(piece.cost for piece in pieces)
            terms = {x: piece.cost / whole for piece in pieces for x in piece.x}
            self.hold(terms | {y: self._part_done(pieces) - least}, low=0)

    def _part_done(self, pieces: list[Piece]) -> float:
        return sum(piece.done * piece.cost for piece in pieces) / sum(piece.cost for piece in pieces)

    def links(self) -> None:
        for id, pieces in self.by_id.items():
            if not pieces[0].is_size:
                for first, second in pairwise(pieces):
                    self._after(second, [[first]], 1, 1.0, 0)
            for key in ("requires", "after"):
                for need in self.file["initiatives"][id].get(key, []):
                    said = {"of": [need]} if isinstance(need, str) else dict(need)
                    names = said.get("any") or said["of"]
                    names = [names] if isinstance(names, str) else names
                    count = 1 if "any" in said else said.get("k", len(names))
                    # Who waits for stages waits for the last; who waits for sizes, for any of them.
                    them = [
                        self.by_id[name] if self.by_id[name][0].is_size else self.by_id[name][-1:] for name in names
                    ]
                    groups = [them] if "any" in said or "k" in said else [[one] for one in them]
                    waiting = pieces if pieces[0].is_size else pieces[:1]
                    for piece in waiting:
                        for group in groups:
                            k = count if "any" in said or "k" in said else 1
                            self._after(piece, group, k, said.get("share", 1.0), said.get("lag", 0))

    def _after(self, piece: Piece, group: list[list[Piece]], k: int, share: float, lag: int) -> None:
        """Σ over the group of min(theirs / share, one's own) ≥ k · one's own, by a column for each minimum."""
        members = [one for pieces in group for one in pieces]
        for t in range(self.now, self.count):
            own, done = self.funded(piece, t)
            paid = [self.paid(one, t - lag) / share for one in members]
            ahead = max(0.0, piece.done - self._most(paid, k))
            meets = []
            for one in members:
                theirs, known = self.funded(one, t - lag, 1 / share)
                meet = self.column(0, np.inf)
                meets.append(meet)
                self.hold({meet: 1.0} | {x: -f for x, f in theirs.items()}, high=known)
                self.hold({meet: 1.0} | {x: -f for x, f in own.items()}, high=done - ahead)
            self.hold(dict.fromkeys(meets, 1.0) | {x: -k * f for x, f in own.items()}, low=k * (done - ahead))

    def paid(self, piece: Piece, t: int) -> float:
        return piece.before if t < 0 else piece.by[min(t, self.count - 1)]

    def _most(self, theirs: list[float], k: int) -> float:
        """The largest x with Σ min(theirs, x) ≥ k·x, by trying."""
        ranked = sorted(theirs)
        spare = len(ranked) - k
        return min(sum(ranked[:m]) / (m - spare) for m in range(spare + 1, len(ranked) + 1))

    def budget(self) -> None:
        said = self.file["budget"]
        released = said["per_period"]
        funds = said.get("funds", [])
        everything = sum(released) + sum(sum(fund["per_period"]) for fund in funds)
        self.total = min(said.get("total", everything), everything)
        spent = sum(m for piece in self.pieces for when, m in piece.taken.items() if when >= 0)
        # Money by source: from the budget itself and from each fund, for each path and period.
        paths = sorted({each["path"] for each in self.file["initiatives"].values()})
        own = {(path, t): self.column(0, np.inf) for path in paths for t in range(self.now, self.count)}
        gifts = [
            {
                (path, t): self.column(0, np.inf)
                for path in paths
                if path in fund["paths"]
                for t in range(self.now, self.count)
            }
            for fund in funds
        ]
        for path in paths:
            for t in range(self.now, self.count):
                work = {piece.x[t]: -piece.cost * self.price(t) for piece in self.pieces if piece.said["path"] == path}
                sources = [own[path, t], *(gift[path, t] for gift in gifts if (path, t) in gift)]
                self.hold(work | dict.fromkeys(sources, 1.0), 0, 0)
        carries = said.get("carry_over", True)
        for t in range(self.now, self.count):
            for columns, releases, gone in (
                (own, released, spent),
                *((g, f["per_period"], 0) for g, f in zip(gifts, funds, strict=True)),
            ):
                here = [x for (_, when), x in columns.items() if (when <= t if carries else when == t)]
                allowed = max(sum(releases[: t + 1]) - gone, 0) if carries else releases[t]
                self.hold(dict.fromkeys(here, 1.0), high=allowed)
        for part in (1.0, 1 - said.get("reserve", 0), 1 - self.gambit.get("reserve", 0)):
            self.hold(self.money(self.pieces), high=max(part * self.total - spent, 0))
        for pieces in self.by_id.values():
            if "most_for_one" in self.gambit:
                had = sum(m for piece in pieces for when, m in piece.taken.items() if when >= 0)
                self.hold(self.money(pieces), high=max(self.gambit["most_for_one"] * self.total - had, 0))

    def money(self, pieces: list[Piece], factor: float = 1.0) -> dict[int, float]:
        return {
            x: factor * piece.cost * self.price(t) for piece in pieces for t, x in enumerate(piece.x) if t >= self.now
        }

    def resources(self) -> None:
        for name, said in self.file.get("resources", {}).items():
            for t in range(self.now, self.count):
                used = {piece.x[t]: piece.part * piece.said.get("uses", {}).get(name, 0) for piece in self.pieces}
                self.hold(used, high=said["capacity"])

    def shares(self) -> None:
        for path, (low, high) in self.gambit.get("shares", {}).items():
            counted = [p for p in self.pieces if p.said["path"] in {"architect", "alchemist", *self.gambit["shares"]}]
            self._between(counted, [p for p in counted if p.said["path"] == path], low, high)
        for group in self.file.get("groups", []):
            inside = [p for p in self.pieces if p.id in group["among"]]
            self._between(self.pieces, inside, group.get("min", 0), group.get("max", 1))

    def _between(self, all_of_them: list[Piece], inside: list[Piece], low: float, high: float) -> None:
        for limit, sign in ((low, 1.0), (high, -1.0)):
            terms = {x: -limit * sign * f for x, f in self.money(all_of_them).items()}
            for x, f in self.money(inside).items():
                terms[x] = terms.get(x, 0.0) + sign * f
            self.hold(terms, low=0)

    def sets(self) -> None:
        for ids in self.file.get("excludes", []):
            had = [id for id in ids if any(piece.taken for piece in self.by_id[id])]
            self.hold({self.on[id]: 1.0 for id in ids if id not in had}, high=1 - len(had))
        counts = self.file.get("counts", {})
        most = [counts[key] for key in ("max",) if key in counts] + [
            self.gambit[key] for key in ("most_initiatives",) if key in self.gambit
        ]
        self.hold(dict.fromkeys(self.on.values(), 1.0), low=counts.get("min", 0), high=min(most, default=np.inf))

    def best(self) -> float | None:
        """Give the value of the best plan; None if there is none."""
        matrix = np.zeros((len(self.rows), len(self.gain)))
        for k, (terms, _, _) in enumerate(self.rows):
            for x, factor in terms.items():
                matrix[k, x] += factor
        limits = LinearConstraint(matrix, [low for _, low, _ in self.rows], [high for _, _, high in self.rows])
        # SciPy brings a HiGHS of its own, whose presolve loses the optimum now and then: the better of the two.
        found = [self._solved(limits, presolve=presolve) for presolve in (True, False)]
        values = [-float(one.fun) for one in found if one.status == 0]
        assert all(one.status in (0, 2) for one in found)
        return max(values) + sum(piece.already for piece in self.pieces) if values else None

    def _solved(self, limits: LinearConstraint, *, presolve: bool) -> Any:
        return milp(
            -np.array(self.gain),
            constraints=limits,
            bounds=Bounds(self.low, self.high),
            integrality=np.array(self.whole, dtype=int),
            options={"mip_rel_gap": 0, "presolve": presolve},
        )


@dataclass
class Piece:
    """An initiative, a stage of it or one of its sizes: what is said of it, and its columns."""

    id: str
    said: dict[str, Any]
    cost: float
    taken: dict[int, float]
    value: float
    part: float
    is_size: bool
    x: list[int] = field(default_factory=list)
    on: int = -1
    done: float = 0.0
    before: float = 0.0
    by: list[float] = field(default_factory=list)
    already: float = 0.0


class Drawn:
    """A portfolio and a gambit drawn from a seed, with every rule in one of them or another."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.unit = str(self.rng.choice(list(UNITS)))
        self.count = int(self.rng.integers(2, 5))
        self.over = int(self.rng.integers(0, 2)) * int(self.rng.integers(0, self.count))
        self.ids = [f"work-{k}" for k in range(int(self.rng.integers(2, 6)))]
        self.works = {id: self._work(k) for k, id in enumerate(self.ids)}

    def chance(self, part: float) -> bool:
        return bool(self.rng.random() < part)

    def number(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 2)

    @property
    def names(self) -> list[str]:
        """The periods of the horizon."""
        if self.unit == "years":
            return [str(2027 + k) for k in range(self.count)]
        if self.unit == "quarters":
            return [f"2027Q{k + 1}" for k in range(self.count)]
        return [f"2027-{k + 1:02d}" for k in range(self.count)]

    @property
    def before(self) -> str:
        """The period before the first."""
        return {"years": "2026", "quarters": "2026Q4", "months": "2026-12"}[self.unit]

    @property
    def today(self) -> str:
        """The first day of the first period that is open."""
        if self.unit == "years":
            return f"{2027 + self.over}-01-01"
        months = self.over * (3 if self.unit == "quarters" else 1)
        return f"2027-{months + 1:02d}-01"

    def _work(self, k: int) -> dict[str, Any]:
        cost = self.number(4, 20)
        work: dict[str, Any] = {"path": str(self.rng.choice(PATHS)), "source": "drawn", "value": self.number(-2, 9)}
        earlier = self.ids[:k]
        kind = self.rng.random()
        if kind < 0.15:
            work["levels"] = [
                {"cost": cost, "value": work.pop("value")},
                {"cost": round(cost * 1.7, 2), "value": self.number(3, 14)},
            ]
        elif kind < 0.3:
            work["stages"] = [{"name": "first", "cost": round(cost / 3, 2)}, {"name": "rest", "cost": cost}]
        else:
            work["cost"] = cost
        optional: dict[str, Callable[[], Any]] = {
            "whole": lambda: True,
            "minimum": lambda: self.number(0.1, 0.9),
            "takes": lambda: int(self.rng.integers(1, 4)),
            "lag": lambda: int(self.rng.integers(0, 3)),
            "start": lambda: self.names[int(self.rng.integers(0, self.count))],
            "uses": lambda: {"people": self.number(1, 20)},
            "must": lambda: True,
            "never": lambda: True,
            "spent": lambda: self._spent(cost if "cost" in work else cost / 3),
        }
        odds = {"must": 0.07, "never": 0.05, "start": 0.2, "uses": 0.4}
        for key, value in optional.items():
            if self.chance(odds.get(key, 0.3)) and not (key == "spent" and "levels" in work):
                work[key] = value()
        if earlier and self.chance(0.4):
            work["requires"] = [self._need(earlier, choice=False)]
        if earlier and self.chance(0.4):
            work["after"] = [self._need(earlier, choice=True)]
        return work

    def _spent(self, most: float) -> dict[str, float]:
        when = [self.before, *self.names[: self.over]]
        return {name: round(float(self.rng.uniform(0, most / len(when))), 2) for name in when}

    def _need(self, earlier: list[str], *, choice: bool) -> Any:
        one = str(self.rng.choice(earlier))
        if choice and len(earlier) > 1 and self.chance(0.6):
            several = [
                str(each)
                for each in self.rng.choice(earlier, size=2 + self.chance(0.5) * (len(earlier) > 2), replace=False)
            ]
            need: dict[str, Any] = {"any": several} if self.chance(0.5) else {"k": 2, "of": several}
        elif self.chance(0.5):
            return one
        else:
            need = {"of": one}
        if self.chance(0.5):
            need["share"] = self.number(0.3, 1)
        if self.chance(0.4):
            need["lag"] = int(self.rng.integers(0, 3))
        return need

    def files(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give the two documents."""
        budget: dict[str, Any] = {"per_period": [self.number(0, 15) for _ in range(self.count)]}
        for key, value, odds in (
            ("total", self.number(10, 40), 0.3),
            ("carry_over", False, 0.3),
            ("reserve", self.number(0, 0.4), 0.3),
            ("discount_per_year", self.number(0, 0.3), 0.4),
            (
                "funds",
                [
                    {
                        "name": "a grant",
                        "paths": ["alchemist", "scale"],
                        "per_period": [self.number(0, 6) for _ in range(self.count)],
                    }
                ],
                0.3,
            ),
        ):
            if self.chance(odds):
                budget[key] = value
        file: dict[str, Any] = {
            "format": "gambits/1",
            "name": "Drawn",
            "as_of": self.today,
            "periods": {"first": self.names[0], "count": self.count},
            "money": "USD million",
            "budget": budget,
            "resources": {"people": {"unit": "FTE", "capacity": self.number(3, 20)}},
            "objective": {"value": 1, "after_horizon": int(self.rng.integers(0, 3))},
            "initiatives": self.works,
        }
        able = self.ids
        if self.chance(0.3) and len(able) > 2:
            file["groups"] = [{"among": able[:2], "min": self.number(0, 0.3), "max": self.number(0.4, 1)}]
        if self.chance(0.3):
            file["excludes"] = [list(pair) for pair in [tuple(able[-2:])] if self._may_exclude(*pair)]
        if self.chance(0.3):
            file["counts"] = {"max": int(self.rng.integers(1, len(able) + 1))}
        if self.chance(0.2):
            file["counts"] = file.get("counts", {}) | {"min": 1}
        gambit: dict[str, Any] = {"name": "drawn"}
        if self.chance(0.3):
            gambit["shares"] = {"architect": sorted((self.number(0, 1), self.number(0, 1)))}
        if self.chance(0.3):
            gambit["most_for_one"] = self.number(0.2, 1)
        if self.chance(0.2):
            gambit["most_initiatives"] = int(self.rng.integers(1, len(able) + 1))
        if self.chance(0.2):
            gambit["reserve"] = self.number(0, 0.5)
        return file, gambit

    def _may_exclude(self, one: str, other: str) -> bool:
        """Whether the pair is no fault in the file: nobody waits for the other, and not both are bound already."""
        named = {
            name
            for need in self.works[other].get("requires", []) + self.works[other].get("after", [])
            for name in self._names_in(need)
        }
        both = [key for key in ("must", "spent") if key in self.works[one] and key in self.works[other]]
        return one not in named and not both

    @staticmethod
    def _names_in(need: Any) -> list[str]:
        if isinstance(need, str):
            return [need]
        names = need.get("any") or need["of"]
        return [names] if isinstance(names, str) else names


def stated(drawn: Drawn, file: dict[str, Any], gambit: dict[str, Any]) -> Statement:
    """State the documents, with what the statement needs to know of the calendar."""
    place = {drawn.before: -1} | {name: t for t, name in enumerate(drawn.names)}
    works = {
        id: each | {"spent_by_number": {place[name]: money for name, money in each.get("spent", {}).items()}}
        for id, each in file["initiatives"].items()
    }
    return Statement(
        file | {"initiatives": works, "over": drawn.over, "names": drawn.names, "unit": drawn.unit}, gambit
    )


@pytest.mark.parametrize("seed", [*range(50), 112, 119, 288, 481])
def test_every_rule_at_once_gives_what_another_solver_finds_on_another_statement(seed: int, solve: Solve) -> None:
    drawn = Drawn(seed)
    file, gambit = drawn.files()
    text, gambit_text = yaml.safe_dump(file, sort_keys=False), yaml.safe_dump(gambit)
    best = stated(drawn, file, gambit).best()

    if best is None:
        with pytest.raises(InfeasibleError):
            solve(text, gambit_text)
        return
    solved = solve(text, gambit_text)

    assert solved.optimum.ending is Ending.OPTIMAL
    assert solved.objective == pytest.approx(best, abs=2e-5)
