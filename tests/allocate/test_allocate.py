"""The best plan against independent routes to it, and the laws that any best plan obeys."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import cvxpy
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog, minimize, minimize_scalar

from gambits.allocate.cuts import Ending, allocate
from gambits.forecast.draws import ON_COMPUTE, ON_DATA, ON_OOM, ON_STOCK, ROWS, Draws
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import LN_10, Constants, effective_compute, loss, loss_at
from gambits.scaling.laws import load_law

Array = NDArray[np.float64]
Texts = Callable[..., st.SearchStrategy[str]]
Solve = Callable[..., Any]

CERTIFIED = 1e-5
"""How close a plan is to the best, by its own certificate."""
CLOSE = 1e-4
"""How close the independent route comes."""


def median(estimate: Any) -> float:
    """Read an estimate as written: a number, or `a to b` above 0."""
    if isinstance(estimate, str):
        low, high = map(float, estimate.split(" to "))
        return math.sqrt(low * high)
    return float(estimate)


LEVERS = (
    "compute",
    "parameter_efficiency",
    "data_efficiency",
    "post_training",
    "test_time",
    "unique_tokens",
    "value",
)


class Statement:
    """A portfolio file and a gambit file as a concave problem, stated from their text alone.

    The variables are φ, of shape (I, T), and after them p of the same shape. ``rows`` holds (coefficients on φ,
    low, high) for every rule. Nothing here is the package's own but the law, which has tests of its own.
    """

    def __init__(self, text: str, gambit_text: str = "name: free") -> None:
        self.file = yaml.safe_load(text)
        self.gambit = yaml.safe_load(gambit_text)
        self.work = dict(sorted(self.file["initiatives"].items()))
        self.ids = list(self.work)
        self.count = self.file["periods"]["count"]
        self.shape = (len(self.ids), self.count)
        self.cost = np.array([median(each["cost"]) for each in self.work.values()])
        self.exponent = [each.get("response", 1) for each in self.work.values()]
        self.rows = [self._row(*rule) for rule in self._rules()]

    # What the plan must obey.

    def _row(self, terms: dict[tuple[str, int], float], low: float, high: float) -> tuple[Array, float, float]:
        coefficients = np.zeros(self.shape)
        for (id, t), factor in terms.items():
            if t >= 0:
                coefficients[self.ids.index(id), t] += factor
        return coefficients.ravel(), low, high

    def _given(self, id: str, t: int, factor: float) -> dict[tuple[str, int], float]:
        """State factor · money of period t, as a fraction of the cost."""
        return {(id, t): factor, (id, t - 1): -factor}

    def _rules(self) -> Iterator[tuple[dict[tuple[str, int], float], float, float]]:
        last = self.count - 1
        cost = dict(zip(self.ids, self.cost.tolist(), strict=True))
        for id, each in self.work.items():
            start = int(each.get("start", "2027Q1")[-1]) - 1
            for t in range(self.count):
                most = 0.0 if t < start or each.get("never") else 1 / each.get("takes", 1)
                yield self._given(id, t, 1.0), 0.0, most
            if each.get("must"):
                yield {(id, last): 1.0}, 1.0, 1.0
            for other in each.get("requires", []) + each.get("after", []):
                for t in range(self.count):
                    yield {(id, t): 1.0, (other, t): -1.0}, -np.inf, 0.0
        yield from self._budget(cost)
        for name, resource in self.file.get("resources", {}).items():
            capacity = resource["capacity"]
            for t in range(self.count):
                used: dict[tuple[str, int], float] = {}
                for id, each in self.work.items():
                    used |= self._given(id, t, median(each.get("uses", {}).get(name, 0)))
                yield used, -np.inf, capacity[t] if isinstance(capacity, list) else capacity
        yield from self._shares(cost)

    @property
    def total(self) -> float:
        """The money there is over the horizon."""
        return min(self.file["budget"].get("total", math.inf), sum(self._releases))

    @property
    def _releases(self) -> list[float]:
        given = self.file["budget"]["per_period"]
        return given if isinstance(given, list) else [given] * self.count

    def _budget(self, cost: dict[str, float]) -> Iterator[tuple[dict[tuple[str, int], float], float, float]]:
        released = 0.0
        for t in range(self.count):
            released += self._releases[t]
            if self.file["budget"].get("carry_over", True):
                yield {(id, t): each for id, each in cost.items()}, -np.inf, released
            else:
                spent: dict[tuple[str, int], float] = {}
                for id, each in cost.items():
                    spent |= self._given(id, t, each)
                yield spent, -np.inf, self._releases[t]
        yield {(id, self.count - 1): each for id, each in cost.items()}, -np.inf, self.total

    def _shares(self, cost: dict[str, float]) -> Iterator[tuple[dict[tuple[str, int], float], float, float]]:
        last = self.count - 1
        shares = self.gambit.get("shares", {})
        paths = {"architect", "alchemist", *shares}
        for path, share in shares.items():
            band = [share.get("min"), 1] if isinstance(share, dict) else share
            low, high = band if isinstance(band, list) else (band, band)
            for limit, least, most in {(low, 0.0, np.inf), (high, -np.inf, 0.0)}:
                # money on the path − limit · money on all paths that have shares
                beyond = {
                    (id, last): cost[id] * ((each["path"] == path) - limit)
                    for id, each in self.work.items()
                    if each["path"] in paths
                }
                yield (beyond, 0.0, 0.0) if low == high else (beyond, least, most)
        if "most_for_one" in self.gambit:
            for id in self.ids:
                yield {(id, last): cost[id]}, -np.inf, self.gambit["most_for_one"] * self.total

    def excess(self, funded: Array) -> float:
        """Give the most by which a plan breaks a rule."""
        by_row = [
            max(coefficients @ funded.ravel() - high, low - coefficients @ funded.ravel())
            for coefficients, low, high in self.rows
        ]
        return float(max(by_row, default=0.0))

    # What it is worth.

    def progress(self, funded: Array) -> Array:
        """Give p for φ."""
        rows = []
        for response, row in zip(self.exponent, funded, strict=True):
            corners = np.array([[0, 0], *response]) if isinstance(response, list) else None
            rows.append(np.interp(row, *corners.T) if corners is not None else np.maximum(row, 0) ** response)
        return np.array(rows)

    def chance(self, id: str) -> float:
        """Give the chance that an initiative and all it requires, directly or through others, succeed."""
        needed, waiting = {id}, [id]
        while waiting:
            for other in self.work[waiting.pop()].get("requires", []):
                if other not in needed:
                    needed.add(other)
                    waiting.append(other)
        return math.prod(self.work[each].get("success", 1) for each in needed)

    def effects(self, k: int) -> Iterator[tuple[str, int, int, int, float]]:
        """List (lever, 1 if by progress and 0 if by money, initiative, period of the plan, amount) for period k."""
        for i, (id, each) in enumerate(self.work.items()):
            seen = min(k - each.get("lag", 0), self.count - 1)
            if seen < 0:
                continue
            for lever, estimate in each.get("effects", {}).items():
                amount = math.log(median(estimate))
                if lever == "unique_tokens":
                    amount = median(estimate) * each.get("quality", 1)
                yield lever, int(amount > 0), i, seen, amount * self.chance(id)
            yield "value", 0, i, seen, each.get("value", 0) * self.chance(id)

    @property
    def weights(self) -> Array:
        """By period, those after the horizon included."""
        objective = self.file.get("objective", {})
        counted = self.count + objective.get("after_horizon", 0)
        final = objective.get("weights", "even") == "final"
        return np.eye(counted)[-1] if final else np.full(counted, 1 / counted)

    @cached_property
    def moves(self) -> Array:
        """Say how φ and p move each lever in each period: shape (levers, K, 2·I·T)."""
        moves = np.zeros((len(LEVERS), len(self.weights), 2, *self.shape))
        for k in range(len(self.weights)):
            for lever, by, i, t, amount in self.effects(k):
                moves[LEVERS.index(lever), k, by, i, t] += amount
        return moves.reshape(*moves.shape[:2], -1)

    @cached_property
    def baseline(self) -> Array:
        """Compute (FLOP) and unique tokens at the start of each quarter: shape (2, K)."""
        frontier = self.file["frontier"]
        years = np.arange(len(self.weights)) / 4
        return np.array(
            [
                median(frontier[name][first]) * frontier[name].get("growth_per_year", 1) ** years
                for name, first in (("compute", "flop"), ("unique_tokens", "count"))
            ]
        )

    @cached_property
    def law(self) -> Constants:
        return load_law(self.file["frontier"].get("law", "muennighoff-2023")).central

    @property
    def points(self) -> float:
        """What a point of the user's own is worth, OOM."""
        return float(self.file.get("objective", {}).get("value", 0))

    def value(self, z: Array) -> tuple[float, Array]:
        """Give the value of φ and p (flat), and its slopes."""
        compute, parameters, data, after, testing, tokens, value = self.moves @ z
        by_compute, by_parameters, by_data, by_after, by_testing, by_tokens, by_value = self.moves
        flop, stock = np.log(self.baseline)
        unique = self.baseline[1] + tokens
        reach = effective_compute(self.law, flop + compute + parameters + data, np.log(unique) + data)
        worth = reach.oom - effective_compute(self.law, flop, stock).oom + (after + testing) / LN_10
        slopes = (
            reach.by_compute[:, np.newaxis] * (by_compute + by_parameters + by_data)
            + reach.by_tokens[:, np.newaxis] * (by_data + by_tokens / unique[:, np.newaxis])
            + (by_after + by_testing) / LN_10
            + self.points * by_value
        )
        return float(self.weights @ (worth + self.points * value)), self.weights @ slopes

    def value_by_loss(self, funded: Array) -> float:
        """Value a plan by minimising the raw loss with the levers in it, period by period."""
        total = 0.0
        moved = self.moves @ np.array([funded, self.progress(funded)]).ravel()
        for k, weight in enumerate(self.weights):
            compute, parameters, data, after, testing, tokens, value = moved[:, k]
            flop, stock = self.baseline[:, k]
            before = self._least_loss(flop, stock, 1, 1)
            then = self._least_loss(flop * math.exp(compute), stock + tokens, math.exp(parameters), math.exp(data))
            gain = self._oom(then) - self._oom(before) + (after + testing) / LN_10
            total += weight * (gain + self.points * value)
        return float(total)

    def _least_loss(self, flop: float, stock: float, of_parameters: float, of_tokens: float) -> float:
        stock = stock if math.isfinite(float(self.law.r_d)) else 1e40
        middle = math.log(flop / 6) / 2

        def loss_of(ln_n: float) -> float:
            n = math.exp(ln_n)
            return float(loss(self.law, of_parameters * n, of_tokens * flop / 6 / n, of_tokens * stock))

        bounds = (middle - 25, middle + 25)
        return float(minimize_scalar(loss_of, bounds=bounds, method="bounded", options={"xatol": 1e-10}).fun)

    def _oom(self, least: float) -> float:
        """Give log10 of the FLOP that reach a loss without a data limit: a power law has two points."""
        low, high = (float(loss_at(self.law, oom)) - math.exp(float(self.law.ln_e)) for oom in (20, 30))
        reducible = least - math.exp(float(self.law.ln_e))
        return 20 + 10 * math.log(reducible / low) / math.log(high / low)

    # Where it is worth most.

    def best(self) -> tuple[float, float]:
        """Maximise by SciPy: (value of the best plan found, what no plan exceeds), at most 1e-4 apart.

        Simplicial decomposition (von Hohenbalken 1977): the best mixture of some corners of what the rules allow,
        by SLSQP; the corner that the slopes there point at, by `linprog`; and again with that corner. A value
        is concave, so what that corner promises is a bound on every plan. The variables are φ and, for a polyline,
        p below its lines.
        """
        corners = self._first_corners()
        mixture = np.full(len(corners), 1 / len(corners))
        for _ in range(100):
            z = mixture @ corners
            value, slopes = self._value_of(z)
            corner = self._corner(slopes)
            promise = float(slopes @ (corner - z))
            if promise <= CLOSE:
                return value, value + max(promise, 0.0)
            corners = np.array([*corners, corner])
            mixture = self._mix(corners, self._towards_the_last(corners, mixture))
        raise AssertionError("the independent route found no end")

    def _towards_the_last(self, corners: Array, mixture: Array) -> Array:
        """Go straight to the new corner, as far as that pays: SLSQP stops short where a power is steep."""
        z = mixture @ corners[:-1]
        found = minimize_scalar(
            lambda part: -self._value_of(z + part * (corners[-1] - z))[0],
            bounds=(0, 1),
            method="bounded",
            options={"xatol": 1e-12},
        )
        return np.append(mixture * (1 - found.x), found.x)

    def _value_of(self, z: Array) -> tuple[float, Array]:
        funded, progress = z.reshape(2, *self.shape).copy()
        steepness = np.zeros(self.shape)
        for i, response in enumerate(self.exponent):
            if not isinstance(response, list):
                progress[i] = np.maximum(funded[i], 0) ** response
                steepness[i] = response * np.maximum(funded[i], 1e-12) ** (response - 1)
        value, slopes = self.value(np.array([funded, progress]).ravel())
        by_funded, by_progress = slopes.reshape(2, *self.shape)
        by_funded = by_funded + by_progress * steepness
        return value, np.array([by_funded, np.where(steepness, 0.0, by_progress)]).ravel()

    @cached_property
    def _limits(self) -> dict[str, Any]:
        """The rules, and that p is below every line of a polyline, in the words of `linprog`."""
        size = math.prod(self.shape)
        exact = [(row, low) for row, low, high in self.rows if low == high]
        upper = [(row, high) for row, low, high in self.rows if low < high < np.inf]
        upper += [(-row, -low) for row, low, high in self.rows if high > low > -np.inf]
        matrix, limits = self._stacked(upper)
        lines = []
        for i, response in enumerate(self.exponent):
            if isinstance(response, list):
                for (a, pa), (b, pb) in pairwise([(0, 0), *response]):
                    slope = (pb - pa) / (b - a)
                    for n in range(i * self.count, (i + 1) * self.count):
                        line = np.zeros(2 * size)
                        line[n], line[size + n] = -slope, 1.0
                        lines.append(line)
                        limits = np.append(limits, pa - slope * a)
        equal, to = self._stacked(exact)
        return {
            "A_ub": np.array([*matrix, *lines]),
            "b_ub": limits,
            "A_eq": equal,
            "b_eq": to,
            "bounds": [(0, 1)] * (2 * size),
        }

    def _stacked(self, rows: list[tuple[Array, float]]) -> tuple[Array, Array]:
        matrix = np.array([np.concatenate([row, np.zeros_like(row)]) for row, _ in rows])
        return matrix.reshape(-1, 2 * math.prod(self.shape)), np.array([limit for _, limit in rows])

    def _corner(self, slopes: Array) -> Array:
        found = linprog(-slopes, **self._limits)
        assert found.success, found.message
        return np.asarray(found.x)

    def _first_corners(self) -> Array:
        """Give corners that random prices lead to, so that their mean is inside."""
        rng = np.random.default_rng(0)
        return np.array([self._corner(rng.normal(0.5, 1, 2 * math.prod(self.shape))) for _ in range(6)])

    def _mix(self, corners: Array, start: Array) -> Array:
        def cost(mixture: Array) -> tuple[float, Array]:
            value, slopes = self._value_of(mixture @ corners)
            return -value, -corners @ slopes

        found = minimize(
            cost,
            start,
            jac=True,
            method="SLSQP",
            bounds=[(0, 1)] * len(start),
            constraints={"type": "eq", "fun": lambda mixture: mixture.sum() - 1, "jac": np.ones_like},
            options={"ftol": 1e-9, "maxiter": 100},
        )
        mixture = np.clip(found.x, 0, 1)
        mixture /= mixture.sum()
        return mixture if cost(mixture)[0] < cost(start)[0] else start


def funded(solved: Any, statement: Statement) -> Array:
    """Give a plan's φ in the order of the statement."""
    return np.array([solved.funded(id) for id in statement.ids])


@settings(max_examples=40)
@given(data=st.data())
def test_the_best_plan_is_the_one_that_an_independent_route_finds(
    data: st.DataObject, portfolio_texts: Texts, gambit_texts: Texts, solve: Solve
) -> None:
    text = data.draw(portfolio_texts(), label="portfolio.yaml")
    gambit_text = data.draw(gambit_texts(), label="gambit.yaml")

    solved = solve(text, gambit_text)

    value, bound = Statement(text, gambit_text).best()
    assert solved.objective == pytest.approx(value, abs=CLOSE)
    assert solved.objective <= bound + 1e-9
    assert solved.optimum.bound >= value - 1e-9
    assert solved.optimum.ending is Ending.OPTIMAL
    assert 0 <= solved.optimum.bound - solved.objective <= CERTIFIED


@settings(max_examples=40)
@given(data=st.data())
def test_a_plan_obeys_every_rule_and_is_worth_what_the_raw_loss_says(
    data: st.DataObject, portfolio_texts: Texts, gambit_texts: Texts, solve: Solve
) -> None:
    text = data.draw(portfolio_texts(), label="portfolio.yaml")
    gambit_text = data.draw(gambit_texts(), label="gambit.yaml")

    solved = solve(text, gambit_text)

    statement = Statement(text, gambit_text)
    plan = funded(solved, statement)
    assert statement.excess(plan) <= 1e-7
    assert solved.objective == pytest.approx(statement.value_by_loss(plan), abs=1e-9)
    assert solved.optimum.values.expected == solved.optimum.values.tail == solved.objective


@given(data=st.data())
def test_without_a_data_limit_the_best_plan_is_the_one_that_cvxpy_finds(
    data: st.DataObject, portfolio_texts: Texts, gambit_texts: Texts, solve: Solve
) -> None:
    """Under chinchilla-2022 the value is linear in φ and p, and p ≤ φ^κ is a power cone."""
    text = data.draw(portfolio_texts(law="chinchilla-2022"), label="portfolio.yaml")
    gambit_text = data.draw(gambit_texts(), label="gambit.yaml")
    statement = Statement(text, gambit_text)
    money, progress = cvxpy.Variable(statement.shape), cvxpy.Variable(statement.shape)
    rules = [money >= 0, money <= 1, progress >= 0]
    for row, low, high in statement.rows:
        total = cvxpy.sum(cvxpy.multiply(row.reshape(statement.shape), money))
        rules += [total <= high] if high < np.inf else []
        rules += [total >= low] if low > -np.inf else []
    for i, response in enumerate(statement.exponent):
        if isinstance(response, list):
            for (a, pa), (b, pb) in pairwise([(0, 0), *response]):
                rules.append(progress[i] <= pa + (pb - pa) / (b - a) * (money[i] - a))
        else:
            power = cvxpy.power(money[i], response, approx=False)
            rules.append(progress[i] <= (power if response < 1 else money[i]))
    # In OOM by lever; a stock of tokens that is never short is worth nothing.
    worth = np.array([1, 1, 1, 1, 1, 0, statement.points * LN_10]) / LN_10
    slopes = np.einsum("l,lkz,k->z", worth, statement.moves, statement.weights).reshape(2, *statement.shape)
    value = cvxpy.sum(cvxpy.multiply(slopes[0], money)) + cvxpy.sum(cvxpy.multiply(slopes[1], progress))
    problem = cvxpy.Problem(cvxpy.Maximize(value), rules)
    problem.solve(solver=cvxpy.CLARABEL)

    solved = solve(text, gambit_text)

    assert solved.objective == pytest.approx(float(problem.value), abs=CERTIFIED)


# What holds for every best plan.


@given(data=st.data())
def test_more_money_is_never_worth_less(data: st.DataObject, portfolio_texts: Texts, solve: Solve) -> None:
    text = data.draw(portfolio_texts(), label="portfolio.yaml")
    file = yaml.safe_load(text)
    budget = file["budget"]
    more = data.draw(st.integers(1, 20), label="more in each period")
    given = budget["per_period"]
    budget["per_period"] = [each + more for each in given] if isinstance(given, list) else given + more
    if "total" in budget:
        budget["total"] += more

    one, other = solve(text), solve(yaml.safe_dump(file))

    assert other.objective >= one.objective - CERTIFIED
    assert other.optimum.bound >= one.objective


@given(data=st.data())
def test_a_gambit_is_never_worth_more_than_no_gambit(
    data: st.DataObject, portfolio_texts: Texts, gambit_texts: Texts, solve: Solve
) -> None:
    text = data.draw(portfolio_texts(), label="portfolio.yaml")
    gambit_text = data.draw(gambit_texts(), label="gambit.yaml")

    held, free = solve(text, gambit_text), solve(text)

    assert free.objective >= held.objective - CERTIFIED
    assert free.optimum.bound >= held.objective


@given(data=st.data())
def test_the_order_of_initiatives_and_keys_in_the_file_changes_no_number(
    data: st.DataObject, portfolio_texts: Texts, gambit_texts: Texts, solve: Solve
) -> None:
    text = data.draw(portfolio_texts(), label="portfolio.yaml")
    gambit_text = data.draw(gambit_texts(), label="gambit.yaml")
    file = yaml.safe_load(text)
    order = data.draw(st.permutations(sorted(file["initiatives"])), label="order")
    file["initiatives"] = {id: dict(reversed(file["initiatives"][id].items())) for id in order}

    one = solve(text, gambit_text)
    other = solve(yaml.safe_dump(dict(reversed(file.items())), sort_keys=False), gambit_text)

    assert other.objective == one.objective
    assert other.optimum.bound == one.optimum.bound
    assert {id: other.funded(id) for id in order} == {id: one.funded(id) for id in order}


@given(data=st.data())
def test_names_change_no_number(data: st.DataObject, portfolio_texts: Texts, gambit_texts: Texts, solve: Solve) -> None:
    text = data.draw(portfolio_texts(), label="portfolio.yaml")
    gambit_text = data.draw(gambit_texts(), label="gambit.yaml")
    file = yaml.safe_load(text)
    names = [f"i{n}" for n in range(len(file["initiatives"]))]
    called = dict(zip(file["initiatives"], data.draw(st.permutations(names), label="names"), strict=True))
    for each in file["initiatives"].values():
        # The order of links is no number either.
        for key in {"requires", "after"} & set(each):
            each[key] = [called[name] for name in reversed(each[key])]
    file["initiatives"] = {called[id]: each for id, each in file["initiatives"].items()}

    one, other = solve(text, gambit_text), solve(yaml.safe_dump(file, sort_keys=False), gambit_text)

    assert other.objective == one.objective
    assert other.optimum.bound == one.optimum.bound
    # Twins, which only their names tell apart, may change places.
    assert sorted(other.funded(new) for new in called.values()) == sorted(one.funded(old) for old in called)


@given(data=st.data())
def test_nobody_is_funded_further_than_what_it_waits_for(
    data: st.DataObject, portfolio_texts: Texts, solve: Solve
) -> None:
    solved = solve(data.draw(portfolio_texts(), label="portfolio.yaml"))

    for each in solved.portfolio.initiatives:
        for other in each.waits_for:
            assert (np.array(solved.funded(each.id)) <= np.array(solved.funded(other)) + 1e-9).all()


@given(data=st.data())
def test_progress_is_what_the_money_buys(data: st.DataObject, portfolio_texts: Texts, solve: Solve) -> None:
    """p = φ^κ, or the polyline; and money is not taken back."""
    text = data.draw(portfolio_texts(), label="portfolio.yaml")

    solved = solve(text)

    statement = Statement(text)
    order = [solved.forecast.ids.index(id) for id in statement.ids]
    plan = funded(solved, statement)
    assert solved.optimum.progress[order] == pytest.approx(statement.progress(plan), abs=1e-6)
    assert (np.diff(plan, axis=1) >= 0).all()
    assert ((plan >= 0) & (plan <= 1)).all()


# With several draws: the mean and the tail.


@dataclass(frozen=True)
class Futures:
    """Random draws of three initiatives over two periods, and what a plan is worth in each of them."""

    draws: Draws
    weights: tuple[float, float] = (0.4, 0.6)

    @classmethod
    def drawn(cls, seed: int, ids: tuple[str, ...]) -> Futures:
        rng = np.random.default_rng(seed)
        count, size = 6, len(ids)
        chance = rng.uniform(0.5, 1.5, count)
        helps, harms = np.zeros((2, ROWS, count, size))
        for row in (ON_COMPUTE, ON_DATA, ON_OOM):
            # In some draws an initiative does nothing, and in some it harms.
            helps[row] = rng.uniform(0, 1, (count, size)) * (rng.random((count, size)) < 0.5)
            harms[row] = -rng.uniform(0, 0.4, (count, size)) * (rng.random((count, size)) < 0.15)
        helps[ON_STOCK] = 1e13 * rng.uniform(0, 1, (count, size))
        return cls(
            Draws(
                ids=ids,
                probability=chance / chance.sum(),
                ln_compute=rng.uniform(25, 28, (count, 2)) * LN_10,
                ln_tokens=rng.uniform(12.5, 13.5, (count, 2)) * LN_10,
                helps=helps,
                harms=harms,
                value=np.zeros((count, size)),
                law=replace(load_law("muennighoff-2023").central, r_d=rng.uniform(5, 40, (count, 1))),
            )
        )

    def values(self, plan: Array) -> tuple[Array, Array]:
        """Give the value in each draw and its slopes by φ, where p = φ: shapes (R,) and (R, I, T)."""
        draws = self.draws
        before = effective_compute(draws.law, draws.ln_compute, draws.ln_tokens).oom
        effects = draws.helps + draws.harms
        moved = effects @ plan
        tokens = np.exp(draws.ln_tokens) + moved[ON_STOCK]
        ln_tokens = np.log(tokens) + moved[ON_DATA]
        reach = effective_compute(draws.law, draws.ln_compute + moved[ON_COMPUTE], ln_tokens)
        of_rows = {
            ON_COMPUTE: reach.by_compute,
            ON_DATA: reach.by_tokens,
            ON_STOCK: reach.by_tokens / tokens,
            ON_OOM: np.ones_like(tokens),
        }
        slopes = sum(effects[row][:, :, np.newaxis] * by[:, np.newaxis] for row, by in of_rows.items())
        weights = np.array(self.weights)
        return (reach.oom - before + moved[ON_OOM]) @ weights, slopes * weights

    def worth(self, plan: Array, aversion: float, tail: float) -> float:
        """Give (1 − λ) · mean + λ · mean of the worst, by sorting."""
        values, _ = self.values(plan)
        left, worst = tail, 0.0
        for value, chance in sorted(zip(values.tolist(), self.draws.probability.tolist(), strict=True)):
            worst += min(left, chance) * value
            left -= min(left, chance)
        return float((1 - aversion) * (self.draws.probability @ values) + aversion * worst / tail)

    def best(self, aversion: float, tail: float, cost: Array, released: Array) -> float:
        """Maximise by SLSQP in the extensive form: φ, τ, and how far each draw falls short of τ."""
        chance = self.draws.probability
        count, size = len(chance), 2 * len(cost)

        def goal(z: Array) -> tuple[float, Array]:
            values, slopes = self.values(z[:size].reshape(-1, 2))
            tau, short = z[size], z[size + 1 :]
            by_plan = (1 - aversion) * np.tensordot(chance, slopes, 1).ravel()
            total = (1 - aversion) * (chance @ values) + aversion * (tau - chance @ short / tail)
            return -total, -np.concatenate([by_plan, [aversion], -aversion / tail * chance])

        def slack(z: Array) -> Array:
            return z[size + 1 :] - z[size] + self.values(z[:size].reshape(-1, 2))[0]

        def slack_slopes(z: Array) -> Array:
            by_plan = self.values(z[:size].reshape(-1, 2))[1].reshape(count, -1)
            return np.hstack([by_plan, -np.ones((count, 1)), np.eye(count)])

        rules = np.zeros((2 + len(cost), size + 1 + count))
        rules[0, 0:size:2], rules[1, 1:size:2] = -cost, -cost
        for i in range(len(cost)):
            rules[2 + i, 2 * i : 2 * i + 2] = -1, 1
        limits = np.array([*released, *np.zeros(len(cost))])
        rng = np.random.default_rng(0)
        best = -np.inf
        for _ in range(4):
            plan = np.sort(rng.uniform(0, released[0] / cost.sum(), (len(cost), 2)), axis=1)
            start = np.concatenate([plan.ravel(), [0.0], np.full(count, 0.1)])
            found = minimize(
                goal,
                start,
                jac=True,
                method="SLSQP",
                bounds=[(0, 1)] * size + [(None, None)] + [(0, None)] * count,
                constraints=[
                    {"type": "ineq", "fun": slack, "jac": slack_slopes},
                    {"type": "ineq", "fun": lambda z: rules @ z + limits, "jac": lambda _: rules},
                ],
                options={"ftol": 1e-10, "maxiter": 300},
            )
            plan = np.clip(found.x[:size].reshape(-1, 2), 0, 1)
            if (rules[:, :size] @ plan.ravel() + limits).min() > -1e-7:
                best = max(best, self.worth(plan, aversion, tail))
        return best


THREE = """\
format: gambits/1
name: Three
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: [8, 14]}
frontier:
  compute: {flop: 1e26}
  unique_tokens: {count: 1e13}
objective: {weights: [0.4, 0.6]}
initiatives:
  agents: {path: alchemist, source: judgement, cost: 10, value: 1}
  hybrid: {path: architect, source: judgement, cost: 16, value: 1}
  play: {path: alchemist, source: judgement, cost: 12, value: 1}
"""


@pytest.mark.parametrize(("aversion", "tail"), [(0.0, 0.2), (0.5, 0.2), (0.5, 0.37), (1.0, 0.2)])
@pytest.mark.parametrize("seed", range(3))
def test_with_several_draws_the_best_plan_is_that_of_the_extensive_form(
    seed: int, aversion: float, tail: float, read: Callable[[str], Portfolio]
) -> None:
    portfolio = read(THREE)
    futures = Futures.drawn(seed, tuple(each.id for each in portfolio.initiatives))
    cost = np.array([each.cost.central for each in portfolio.initiatives])

    optimum = allocate(
        portfolio,
        Gambit("averse", aversion=aversion, tail=tail),
        Forecast(futures.draws, portfolio.objective, tail),
    )

    assert optimum.objective == pytest.approx(futures.best(aversion, tail, cost, np.array([8.0, 22.0])), abs=1e-4)
    assert optimum.objective == pytest.approx(futures.worth(optimum.funded, aversion, tail), abs=1e-12)
    assert optimum.values.tail <= optimum.values.expected
    assert optimum.ending is Ending.OPTIMAL
    assert 0 <= optimum.bound - optimum.objective <= CERTIFIED


@pytest.mark.parametrize("seed", range(5))
def test_the_more_averse_never_has_the_worse_tail_nor_the_better_mean(
    seed: int, read: Callable[[str], Portfolio]
) -> None:
    portfolio = read(THREE)
    futures = Futures.drawn(seed, tuple(each.id for each in portfolio.initiatives))
    forecast = Forecast(futures.draws, portfolio.objective, 0.2)

    values = [
        allocate(portfolio, Gambit("averse", aversion=aversion, tail=0.2), forecast).values
        for aversion in (0.0, 0.3, 0.7, 1.0)
    ]

    # Each plan is the best to a certified part; what one gains in one term, it could lose in the other.
    assert all(later.tail >= earlier.tail - 2e-4 for earlier, later in pairwise(values))
    assert all(later.expected <= earlier.expected + 2e-4 for earlier, later in pairwise(values))
