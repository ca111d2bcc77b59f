"""The best plan over draws, on average and in the tail: against one programme that holds every draw at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from gambits.allocate.cuts import GAP, Ending, Optimum, Watch, allocate
from gambits.errors import InfeasibleError, UnfinishedError
from gambits.forecast.draws import ON_COMPUTE, ON_DATA, ON_OOM, ON_STOCK, Draws, central_draw, draw
from gambits.forecast.oracle import Forecast, Values
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Initiative, Portfolio

Array = NDArray[np.float64]
Texts = Callable[..., st.SearchStrategy[str]]
Read = Callable[[str], Portfolio]
ReadGambit = Callable[[str], Gambit]

CLOSE = 1e-5
"""How close to the extensive form a plan must be, OOM."""


# The extensive form: variables for every draw, and nothing of the package but the drawn numbers.


def frontier(ln_compute: Array, ln_tokens: Array, law: tuple[Array, ...]) -> Array:
    """Give log10 of effective compute: the least loss by golden section, and the Chinchilla law turned round."""
    ln_a, ln_b, _, alpha, beta, r_d, r_n = law
    ln_fed = (np.log(alpha / beta) + ln_a - ln_b + beta * ln_tokens) / alpha

    def discounted(ln_ratio: Array, limit: Array) -> Array:
        repeated = np.maximum(ln_ratio, 0)
        return np.where(ln_ratio <= 0, ln_ratio, np.log1p(-limit * np.expm1(-np.expm1(repeated) / limit)))

    def ln_reducible(ln_n: Array) -> Array:
        ln_d = ln_compute - np.log(6) - ln_n
        n = ln_fed + discounted(ln_n - ln_fed, r_n)
        d = ln_tokens + discounted(ln_d - ln_tokens, r_d)
        return np.logaddexp(ln_a - alpha * n, ln_b - beta * d)

    ratio = (np.sqrt(5) - 1) / 2
    low, high = np.full_like(ln_compute, 10.0), ln_compute - np.log(6)
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        is_left = ln_reducible(left) < ln_reducible(right)
        low, high = np.where(is_left, low, left), np.where(is_left, right, high)
    ln_g = (np.log(alpha / beta) + ln_a - ln_b) / (alpha + beta)
    ln_factor = np.logaddexp(ln_a - alpha * ln_g, ln_b + beta * ln_g)
    gamma = alpha * beta / (alpha + beta)
    return np.asarray((np.log(6) - (ln_reducible((low + high) / 2) - ln_factor) / gamma) / np.log(10))


Term = tuple[int, float]


class Extensive:
    """max (1 − λ) Σ P_r V_r + λ (η − Σ P_r z_r / α), z_r ≥ η − V_r, with a value for every draw and period.

    Progress in each draw has a variable, below 1 and below its response at the draw's own cost. What it does to
    effective compute has another, below tangent planes in (ln compute, ln data, tokens) that are added until they
    hold to 1e-9.
    """

    def __init__(self, portfolio: Portfolio, gambit: Gambit, draws: Draws) -> None:
        self.portfolio, self.gambit, self.draws = portfolio, gambit, draws
        self.work = portfolio.initiatives
        self.weights = portfolio.objective.weights
        self.shape = len(self.work), portfolio.periods.count
        self.size = 0
        self.low: list[float] = []
        self.high: list[float] = []
        self.rows: list[tuple[list[Term], float]] = []
        self.funded = self._columns(*self.shape, low=0.0, high=1.0)
        self.progress = self._columns(*self.shape, low=0.0, high=1.0)
        self.counted = [k for k, weight in enumerate(self.weights) if weight > 0]
        count = draws.count, len(self.counted)
        self.in_draw = self._columns(*count, len(self.work), low=0.0, high=1.0)
        self.gain = self._columns(*count, low=-np.inf, high=np.inf)
        self.short = self._columns(draws.count, low=0.0, high=np.inf)
        self.compute = draws.ln_compute[:, self.counted]
        self.tokens = np.exp(draws.ln_tokens[:, self.counted])
        law = draws.law
        assert law is not None
        parts = (law.ln_a, law.ln_b, law.ln_e, law.alpha, law.beta, law.r_d, law.r_n)
        self.law = tuple(np.broadcast_to(np.asarray(part, dtype=float), count) for part in parts)
        self.start = frontier(self.compute, np.log(self.tokens), self.law)
        self.threshold = int(self._columns(1, low=-np.inf, high=np.inf)[0])
        self._state()

    def _columns(self, *shape: int, low: float, high: float) -> NDArray[np.int64]:
        count = int(np.prod(shape))
        self.low += [low] * count
        self.high += [high] * count
        self.size += count
        return np.arange(self.size - count, self.size).reshape(shape)

    def _at_most(self, terms: list[Term], limit: float) -> None:
        self.rows.append((terms, limit))

    def _state(self) -> None:
        for terms, limit in self._rules():
            self._at_most(terms, limit)
        for i, each in enumerate(self.work):
            for t in range(self.shape[1]):
                if each.response.points:
                    for slope, start in segments(each):
                        self._at_most([(self.progress[i, t], 1.0), (self.funded[i, t], -slope)], start)
                elif each.response.exponent == 1:
                    self._at_most([(self.progress[i, t], 1.0), (self.funded[i, t], -1.0)], 0.0)
                else:
                    for at in (1e-4, 0.03, 0.3, 1.0):
                        self._touch(i, t, at)
        for r, c, i in np.ndindex(self.in_draw.shape):
            self._slow_down(r, c, i)
        for r in range(self.draws.count):
            # z_r ≥ η − V_r
            value = [(column, -factor) for column, factor in self._value(r)]
            self._at_most([(self.threshold, 1.0), (self.short[r], -1.0), *value], 0.0)

    def _rules(self) -> Iterator[tuple[list[Term], float]]:
        """Everything that money must obey, as Σ terms ≤ limit."""
        last = self.shape[1] - 1
        number = {each.id: i for i, each in enumerate(self.work)}
        price = [each.cost.central for each in self.work]
        budget = self.portfolio.budget

        def received(i: int, t: int, factor: float) -> list[Term]:
            now = [(int(self.funded[i, t]), factor)]
            return now + ([(int(self.funded[i, t - 1]), -factor)] if t else [])

        for i, each in enumerate(self.work):
            for t in range(self.shape[1]):
                yield received(i, t, -1.0), 0.0
                yield received(i, t, 1.0), 0.0 if t < each.start or each.never else 1 / each.takes
                for other in each.waits_for:
                    yield [(self.funded[i, t], 1.0), (self.funded[number[other], t], -1.0)], 0.0
            if self.gambit.most_for_one is not None:
                yield [(self.funded[i, last], price[i])], self.gambit.most_for_one * budget.total
        for t in range(self.shape[1]):
            if budget.carry_over:
                released = sum(budget.per_period[: t + 1])
                yield [(self.funded[i, t], each) for i, each in enumerate(price)], released
            else:
                yield [term for i, each in enumerate(price) for term in received(i, t, each)], budget.per_period[t]
            for resource in self.portfolio.resources:
                uses = [(i, each.uses[resource.name].central) for i, each in enumerate(self.work) if each.uses]
                yield [term for i, use in uses for term in received(i, t, use)], resource.capacity[t]
        kept = 1 - self.gambit.reserve
        yield [(self.funded[i, last], each) for i, each in enumerate(price)], kept * budget.total
        paths = {"architect", "alchemist", *self.gambit.shares}
        for path, share in self.gambit.shares.items():
            for sign, limit in ((-1, share.low), (1, share.high)):
                yield (
                    [
                        (self.funded[i, last], sign * price[i] * ((each.path == path) - limit))
                        for i, each in enumerate(self.work)
                        if each.path in paths
                    ],
                    0.0,
                )

    def _touch(self, i: int, t: int, at: float) -> None:
        """Keep progress below the line that touches φ^κ at a point."""
        kappa = self.work[i].response.exponent
        slope, start = kappa * at ** (kappa - 1), (1 - kappa) * at**kappa
        self._at_most([(self.progress[i, t], 1.0), (self.funded[i, t], -slope)], start)

    def _seen(self, i: int, k: int) -> int | None:
        """Say which period's money counts in period k; None if none does yet."""
        t = min(k - self.work[i].lag, self.shape[1] - 1)
        return t if t >= 0 else None

    def _slow_down(self, r: int, c: int, i: int) -> None:
        """Keep progress in a draw below the response at what the draw costs."""
        response = self.work[i].response
        ratio = 1.0 if self.draws.cost_ratio is None else float(self.draws.cost_ratio[r, i])
        column, t = self.in_draw[r, c, i], self._seen(i, self.counted[c])
        if t is None:
            self._at_most([(column, 1.0)], 0.0)
        elif response.points:
            for slope, start in segments(self.work[i]):
                self._at_most([(column, 1.0), (self.funded[i, t], -slope / ratio)], start)
        else:
            self._at_most([(column, 1.0), (self.progress[i, t], -(ratio**-response.exponent))], 0.0)

    def _moved(self, row: int, r: int, c: int) -> list[Term]:
        """State what a plan adds to a row: by progress what helps, by money what harms."""
        terms = []
        for i in range(len(self.work)):
            t = self._seen(i, self.counted[c])
            terms.append((int(self.in_draw[r, c, i]), float(self.draws.helps[row, r, i])))
            if t is not None:
                terms.append((int(self.funded[i, t]), float(self.draws.harms[row, r, i])))
        return [(column, factor) for column, factor in terms if factor]

    def _value(self, r: int) -> list[Term]:
        terms: list[Term] = []
        for c, k in enumerate(self.counted):
            learned = self.weights[k] * self.portfolio.objective.effective_compute
            terms.append((int(self.gain[r, c]), learned))
            terms += [(column, learned * factor) for column, factor in self._moved(ON_OOM, r, c)]
            for i in range(len(self.work)):
                t = self._seen(i, k)
                if t is not None:
                    worth = self.weights[k] * self.portfolio.objective.value * float(self.draws.value[r, i])
                    terms.append((int(self.funded[i, t]), worth))
        return terms

    def solve(self) -> tuple[float, float]:
        """Give a value that some plan has and one that none exceeds, within 1e-6 of each other."""
        rows = [ON_COMPUTE, ON_DATA, ON_STOCK]
        shape = len(rows), self.draws.count, len(self.counted)
        moves = self._matrix([self._moved(rows[n], r, c) for n, r, c in np.ndindex(shape)])
        for at in (np.zeros(self.size), np.ones(self.size)):
            self._touch_planes(moves, (moves @ at).reshape(shape), np.full(shape[1:], np.inf))
        best = -np.inf
        for _ in range(60):
            x, bound = self._optimum()
            best = max(best, self.worth(np.maximum.accumulate(np.clip(x[self.funded], 0, 1), axis=1)))
            if bound - best < 5e-6:
                return best, bound
            self._touch_planes(moves, (moves @ x).reshape(shape), x[self.gain])
            self._touch_curves(x)
        raise AssertionError(f"the extensive form did not settle: {best} to {bound}")

    def worth(self, funded: Array) -> float:
        """Give (1 − λ) E[V] + λ CVaR[V] of funded fractions, shape (I, T), by the formulas."""
        x = np.zeros(self.size)
        x[self.funded] = funded
        for r, c, i in np.ndindex(self.in_draw.shape):
            t, response = self._seen(i, self.counted[c]), self.work[i].response
            if t is not None:
                ratio = 1.0 if self.draws.cost_ratio is None else self.draws.cost_ratio[r, i]
                reached = min(1.0, funded[i, t] / ratio)
                corners = list(zip(*response.points, strict=True))
                x[self.in_draw[r, c, i]] = np.interp(reached, *corners) if corners else reached**response.exponent
        moved = np.zeros((3, *self.gain.shape))
        for n, row in enumerate((ON_COMPUTE, ON_DATA, ON_STOCK)):
            for r, c in np.ndindex(self.gain.shape):
                moved[n, r, c] = sum(x[column] * factor for column, factor in self._moved(row, r, c))
        x[self.gain] = self._gain(moved)
        values = np.array(
            [sum(x[column] * factor for column, factor in self._value(r)) for r in range(len(self.short))]
        )
        tail = conditional_value_at_risk(values, self.draws.probability, self.gambit.tail)
        return (1 - self.gambit.aversion) * float(self.draws.probability @ values) + self.gambit.aversion * tail

    def _gain(self, moved: Array) -> Array:
        """Give the gain of effective compute for what is added to (ln compute, ln data, tokens), shape (3, …, R, C)."""
        reached = frontier(self.compute + moved[0], np.log(self.tokens + moved[2]) + moved[1], self.law)
        return reached - self.start

    def _touch_planes(self, moves: csr_array, moved: Array, claimed: Array) -> None:
        """Keep gains below the planes that touch them here: g ≤ gain + Σ slope · (moved − here)."""
        steps = np.array([np.full_like(self.tokens, 1e-4), np.full_like(self.tokens, 1e-4), 1e-4 * self.tokens])
        shifts = np.eye(3)[..., np.newaxis, np.newaxis] * steps[:, np.newaxis]
        here = moved[:, np.newaxis]
        gains = self._gain(np.concatenate([here, here + shifts, here - shifts], axis=1))
        found, slopes = gains[0], (gains[1:4] - gains[4:]) / (2 * steps)
        for r, c in np.argwhere(claimed > found + 1e-9):
            plane = np.zeros(self.size)
            plane[self.gain[r, c]] = 1.0
            for n in range(3):
                row = moves[[np.ravel_multi_index((n, r, c), moved.shape)]]
                plane[row.indices] -= slopes[n, r, c] * row.data
            terms = [(int(j), float(plane[j])) for j in np.flatnonzero(plane)]
            self._at_most(terms, float(found[r, c] - slopes[:, r, c] @ moved[:, r, c]))

    def _touch_curves(self, x: Array) -> None:
        """Where progress lies above its response, give it another line."""
        for i, t in np.ndindex(self.shape):
            response, at = self.work[i].response, x[self.funded[i, t]]
            if not response.points and x[self.progress[i, t]] > max(at, 0) ** response.exponent + 1e-9:
                self._touch(i, t, max(at, 1e-10))

    def _matrix(self, rows: list[list[Term]]) -> csr_array:
        terms = [(n, column, factor) for n, row in enumerate(rows) for column, factor in row]
        n, columns, factors = (np.array(part) for part in zip(*terms, strict=True)) if terms else ([], [], [])
        return csr_array((factors, (n, columns)), shape=(len(rows), self.size), dtype=float)

    def _optimum(self) -> tuple[Array, float]:
        aversion, alpha = self.gambit.aversion, self.gambit.tail
        goal = np.zeros(self.size)
        for r, chance in enumerate(self.draws.probability):
            for column, factor in self._value(r):
                goal[column] -= (1 - aversion) * chance * factor
            goal[self.short[r]] += aversion * chance / alpha
        goal[self.threshold] -= aversion
        found = linprog(
            goal,
            self._matrix([terms for terms, _ in self.rows]),
            [limit for _, limit in self.rows],
            bounds=np.column_stack([self.low, self.high]),
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        assert found.status == 0, found.message
        return found.x, -float(found.fun)


def segments(initiative: Initiative) -> list[tuple[float, float]]:
    """Give (slope, value at 0) of each part of a polyline."""
    points = initiative.response.points
    slopes = [((b[1] - a[1]) / (b[0] - a[0]), a) for a, b in pairwise(points)]
    return [(slope, a[1] - slope * a[0]) for slope, a in slopes]


def conditional_value_at_risk(values: ArrayLike, probability: Array, alpha: float) -> float:
    """Sort, and take the worst until their probability is α."""
    total, left = 0.0, alpha
    for value, chance in sorted(zip(np.asarray(values).tolist(), probability.tolist(), strict=True)):
        taken = min(left, chance)
        total, left = total + taken * value, left - taken
    return total / alpha


@dataclass(frozen=True)
class Best:
    """A portfolio with its best plan under a gambit, over draws."""

    portfolio: Portfolio
    gambit: Gambit
    forecast: Forecast
    optimum: Optimum

    @property
    def spend(self) -> float:
        prices = np.array([each.price for each in self.portfolio.initiatives])
        return float(self.optimum.funded[:, -1] @ prices)

    @property
    def expected(self) -> float:
        return self.optimum.values.expected

    @property
    def tail(self) -> float:
        return self.optimum.values.tail

    def values(self) -> Array:
        """Give V in every draw, from money as it counts in each period."""
        lags = [each.lag for each in self.portfolio.initiatives]
        last = self.portfolio.periods.count - 1
        counted = []
        for part in (self.optimum.progress, self.optimum.funded):
            padded = np.column_stack([part, np.zeros(len(part))])
            seen = [[max(-1, min(k - lag, last)) for k in range(self.forecast.periods)] for lag in lags]
            counted.append(np.take_along_axis(padded, np.array(seen), axis=1))
        return self.forecast.project(*counted).value


@pytest.fixture(scope="session")
def best(read: Read, read_gambit: ReadGambit) -> Callable[..., Best]:
    """Give a function that finds the best plan for a portfolio's text under a gambit's text, over draws."""

    def best(text: str, gambit_text: str = "name: free", *, count: int = 60, seed: str = "1", **how: object) -> Best:
        portfolio, gambit = read(text), read_gambit(gambit_text)
        drawn = draw(portfolio, len(portfolio.objective.weights), seed, count)
        seen = Forecast(drawn, portfolio.objective, gambit.tail)
        return Best(portfolio, gambit, seen, allocate(portfolio, gambit, seen, **how))  # type: ignore[arg-type]

    return best


# Past the data wall, in three kinds of future, with everything that bends: where a plan has most to weigh.
LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
budget: {per_period: 12}
frontier:
  compute: {flop: 2e27 to 2e28, growth_per_year: 2 to 5}
  unique_tokens: {count: 5e12 to 1.5e13}
objective: {effective_compute: 1, value: 0.01, after_horizon: 2}
initiatives:
  hybrid:
    path: architect
    source: Doe 2026
    cost: 10 to 30
    success: 0.6
    effects: {data_efficiency: 1.5 to 3, compute: 0.8}
    response: 0.6
    lag: 1
  kernels:
    path: architect
    source: Doe 2026
    cost: {p10: 6, p50: 8, p90: 15}
    effects: {compute: 1.3 to 1.8}
    response: [[0.3, 0.6], [0.7, 0.9], [1, 1]]
    takes: 2
  play:
    path: alchemist
    source: "judgement: a guess"
    cost: 15 to 40
    success: 0.5
    effects: {post_training: 1.5 to 4, unique_tokens: 5e12 to 5e13}
    response: 0.8
    requires: [verifier]
  verifier:
    path: alchemist
    source: "judgement: none"
    cost: 6
    success: 0.85
    value: -2 to 1
correlation: {path: 0.5}
scenarios:
  - {name: as planned, probability: 0.5}
  - {name: early wall, probability: 0.3, change: {frontier.unique_tokens.count: 2e12 to 5e12}}
  - {name: dear work, probability: 0.2, change: {initiatives.hybrid.cost: 30 to 60, initiatives.play.success: 0.2}}
"""


@pytest.mark.parametrize(("aversion", "alpha", "seed"), [(0.0, 0.2, 1), (0.5, 0.2, 2), (0.9, 0.4, 3), (1.0, 0.25, 4)])
def test_the_plan_of_a_lab_where_all_bends_is_that_of_the_extensive_form(
    aversion: float, alpha: float, seed: int, best: Callable[..., Best]
) -> None:
    gambit = f"name: mine\nshares: {{architect: [0.3, 0.6]}}\naversion: {aversion}\ntail: {alpha}\n"
    found = best(LAB, gambit, count=12, seed=str(seed))

    assert_as_good(found, *extensive_answer(found))


def extensive_answer(found: Best) -> tuple[float, float, float]:
    """Give the value and bound of the extensive form, and what it says of our plan."""
    extensive = Extensive(found.portfolio, found.gambit, found.forecast.draws)
    return *extensive.solve(), extensive.worth(found.optimum.funded)


def assert_as_good(found: Best, value: float, bound: float, ours: float) -> None:
    assert found.optimum.ending is Ending.OPTIMAL
    assert found.optimum.objective == pytest.approx(value, abs=CLOSE)
    assert found.optimum.objective == pytest.approx(ours, abs=1e-8)
    # Neither plan is above the other's bound.
    assert found.optimum.bound >= value - 1e-8
    assert found.optimum.objective <= bound + 1e-8


def averse(gambit: str, data: st.DataObject) -> str:
    """Give a gambit an attitude to risk."""
    aversion = data.draw(st.sampled_from([0.1, 0.5, 0.9, 1]))
    tail = data.draw(st.sampled_from([0.1, 0.25, 0.6]))
    reserve = data.draw(st.sampled_from([0, 0.2]))
    return yaml.safe_dump(yaml.safe_load(gambit) | {"aversion": aversion, "tail": tail, "reserve": reserve})


@given(data=st.data(), seed=st.integers(0, 10**6))
def test_the_plan_is_as_good_as_that_of_the_extensive_form(
    data: st.DataObject, seed: int, portfolio_texts: Texts, gambit_texts: Texts, best: Callable[..., Best]
) -> None:
    text = data.draw(portfolio_texts(most_initiatives=3, most_periods=3))
    shared = data.draw(st.sampled_from(["", "correlation: {path: 0.5, scenario: 0.2}\n"]))
    gambit = averse(data.draw(gambit_texts()), data)
    found = best(text + shared, gambit, count=5, seed=str(seed))

    assert_as_good(found, *extensive_answer(found))


# The tail that a plan claims.


@pytest.mark.parametrize("alpha", [0.01, 0.2, 0.33, 1.0])
def test_the_tail_of_a_plan_is_the_mean_of_its_worst_draws(alpha: float, best: Callable[..., Best]) -> None:
    found = best(LAB, f"name: mine\naversion: 0.5\ntail: {alpha}\n", count=101)
    values, chances = found.values(), found.forecast.draws.probability

    assert found.tail == pytest.approx(conditional_value_at_risk(values, chances, alpha), abs=1e-12)
    assert found.expected == pytest.approx(float(chances @ values), abs=1e-12)
    assert found.optimum.objective == pytest.approx((found.expected + found.tail) / 2, abs=1e-12)


def test_where_all_draws_are_the_tail_aversion_changes_nothing(best: Callable[..., Best]) -> None:
    plans = [best(LAB, f"name: mine\naversion: {each}\ntail: 1\n") for each in (0, 0.5, 1)]

    for plan in plans:
        assert plan.tail == pytest.approx(plan.expected, abs=1e-12)
        assert plan.optimum.objective == pytest.approx(plans[0].optimum.objective, abs=CLOSE)


def test_where_nothing_is_uncertain_aversion_changes_nothing(read: Read, read_gambit: ReadGambit) -> None:
    """One central draw has no tail: its mean is its worst."""
    portfolio = read(LAB)
    found = []
    for aversion in (0, 0.5, 1):
        gambit = read_gambit(f"name: mine\naversion: {aversion}\n")
        seen = Forecast(central_draw(portfolio, 5), portfolio.objective, gambit.tail)
        found.append(allocate(portfolio, gambit, seen))

    assert found[0].values.tail == found[0].values.expected
    assert [each.objective for each in found] == [found[0].objective] * 3
    assert np.array_equal(found[0].funded, found[2].funded)


# Attitude to risk.

AVERSIONS = (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.fixture(scope="module")
def along_the_frontier(best: Callable[..., Best]) -> list[Best]:
    """Find the plans of ever more caution, of a lab whose best bet on average is its worst in the tail."""
    return [best(LAB, f"name: mine\naversion: {each}\ntail: 0.2\n", count=100) for each in AVERSIONS]


def test_with_caution_the_mean_falls_and_the_tail_rises(along_the_frontier: list[Best]) -> None:
    for bold, cautious in pairwise(along_the_frontier):
        # Two plans within the gap of their optima can stray by it over the difference of their weights.
        assert cautious.expected <= bold.expected + CLOSE / 0.25
        assert cautious.tail >= bold.tail - CLOSE / 0.25
    assert along_the_frontier[0].expected > along_the_frontier[-1].expected + 1e-3
    assert along_the_frontier[-1].tail > along_the_frontier[0].tail + 1e-3


def test_no_plan_has_a_better_mean_than_the_boldest_or_a_better_tail_than_the_most_cautious(
    along_the_frontier: list[Best],
) -> None:
    assert along_the_frontier[0].optimum.objective == along_the_frontier[0].expected
    assert along_the_frontier[-1].optimum.objective == along_the_frontier[-1].tail
    for each in along_the_frontier:
        assert each.expected <= along_the_frontier[0].optimum.bound + 1e-9
        assert each.tail <= along_the_frontier[-1].optimum.bound + 1e-9


def test_each_plan_is_the_best_for_its_own_attitude(along_the_frontier: list[Best]) -> None:
    for aversion, own in zip(AVERSIONS, along_the_frontier, strict=True):
        for other in along_the_frontier:
            assert (1 - aversion) * other.expected + aversion * other.tail <= own.optimum.bound + 1e-9


def test_progress_is_its_response_for_every_attitude(along_the_frontier: list[Best]) -> None:
    exponents = {"hybrid": 0.6, "play": 0.8, "verifier": 1.0}
    for found in along_the_frontier:
        for id, exponent in exponents.items():
            i = found.forecast.ids.index(id)
            assert found.optimum.progress[i] == pytest.approx(found.optimum.funded[i] ** exponent, abs=1e-6)


# A floor under the tail.


@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.99])
def test_a_floor_is_held_to_the_tolerance_and_costs_no_more_than_it_must(
    part: float, along_the_frontier: list[Best], best: Callable[..., Best]
) -> None:
    low, high = along_the_frontier[0].tail, along_the_frontier[-1].tail
    floor = low + part * (high - low)
    found = best(LAB, f"name: mine\ntail: 0.2\ncvar_floor: {floor!r}\n", count=100)

    assert found.optimum.ending is Ending.OPTIMAL
    assert found.tail >= floor - GAP
    assert found.optimum.objective == found.expected <= along_the_frontier[0].expected + GAP
    # Whoever has as good a tail has no better mean.
    for each in along_the_frontier:
        if each.tail >= floor:
            assert each.expected <= found.optimum.bound + 1e-9


def test_a_floor_that_the_best_plan_meets_anyway_changes_nothing(
    along_the_frontier: list[Best], best: Callable[..., Best]
) -> None:
    bold = along_the_frontier[0]
    found = best(LAB, f"name: mine\ntail: 0.2\ncvar_floor: {bold.tail - 0.01!r}\n", count=100)

    assert found.optimum.objective == pytest.approx(bold.optimum.objective, abs=CLOSE)


def test_a_floor_is_a_floor_for_the_cautious_too(along_the_frontier: list[Best], best: Callable[..., Best]) -> None:
    floor = (along_the_frontier[2].tail + along_the_frontier[-1].tail) / 2
    found = best(LAB, f"name: mine\naversion: 0.5\ntail: 0.2\ncvar_floor: {floor!r}\n", count=100)

    assert found.tail >= floor - GAP
    assert found.optimum.objective == pytest.approx((found.expected + found.tail) / 2, abs=1e-12)


@pytest.fixture(scope="module")
def too_high(best: Callable[..., Best]) -> InfeasibleError:
    with pytest.raises(InfeasibleError) as caught:
        best(LAB, "name: mine\ntail: 0.2\ncvar_floor: 3\n", count=100)
    return caught.value


def test_a_floor_that_no_plan_reaches_names_the_highest_that_one_does(
    too_high: InfeasibleError, along_the_frontier: list[Best]
) -> None:
    found = re.fullmatch(r"no plan has a tail worth 3 OOM; the best tail is worth (\S+)", too_high.message)

    assert found is not None
    assert float(found[1]) == pytest.approx(along_the_frontier[-1].tail, abs=CLOSE)
    (rule,) = too_high.conflict
    assert rule.rule == "mine's floor of 3 OOM"
    assert rule.where.line == 3


def test_the_hint_offers_the_highest_floor_rounded_down(
    too_high: InfeasibleError, along_the_frontier: list[Best]
) -> None:
    found = re.fullmatch(r"lower `cvar_floor` to (\S+) or less", too_high.hint)

    assert found is not None
    assert along_the_frontier[-1].tail - 1e-4 - CLOSE <= float(found[1]) <= along_the_frontier[-1].tail + CLOSE


def test_the_floor_that_the_hint_offers_can_be_held(best: Callable[..., Best]) -> None:
    for alpha in (0.2, 0.35, 0.45):
        with pytest.raises(InfeasibleError) as caught:
            best(LAB, f"name: mine\ntail: {alpha}\ncvar_floor: 3\n")
        (offered,) = re.findall(r"to (\S+) or less", caught.value.hint)
        # Refused again where the number was rounded up.
        assert best(LAB, f"name: mine\ntail: {alpha}\ncvar_floor: {offered}\n").optimum.ending is Ending.OPTIMAL


def test_where_the_rules_alone_cannot_hold_the_floor_is_not_blamed(best: Callable[..., Best]) -> None:
    text = LAB.replace("    cost: 6\n", "    cost: 60\n    must: true\n")
    with pytest.raises(InfeasibleError, match="these rules cannot all hold") as caught:
        best(text, "name: mine\ncvar_floor: 0.01\n")

    assert not any("floor" in rule.rule for rule in caught.value.conflict)


# Money kept back, and limits for one.


@pytest.mark.parametrize("reserve", [0.25, 0.9, 1.0])
def test_a_reserve_is_kept(reserve: float, best: Callable[..., Best]) -> None:
    free, found = best(LAB), best(LAB, f"name: mine\nreserve: {reserve}\n")

    assert free.spend == pytest.approx(36, abs=1e-6)
    assert found.spend <= (1 - reserve) * 36 + 1e-6
    assert found.optimum.objective <= free.optimum.objective + CLOSE


def test_what_counts_by_expectation_leaves_money_for_more(best: Callable[..., Best]) -> None:
    staged = LAB.replace(
        "    cost: 15 to 40\n    success: 0.5\n",
        "    stages:\n      - {name: pilot, cost: 4, success: 0.5}\n      - {name: scale, cost: 20}\n",
    ).replace(", initiatives.play.success: 0.2", "")
    committed = best(staged)
    expected = best(staged.replace("{per_period: 12}", "{per_period: 12, basis: expected}"))

    assert expected.portfolio.initiative("play/scale").price == 10
    assert committed.portfolio.initiative("play/scale").price == 20
    assert expected.optimum.objective > committed.optimum.objective + 1e-3
    for found in (committed, expected):
        assert found.spend <= 36 + 1e-6


def test_the_most_for_one_initiative_counts_its_stages_together(best: Callable[..., Best]) -> None:
    stages = "\n".join(f"      - {{name: {name}, cost: 9}}" for name in ("pilot", "scale", "ship"))
    text = LAB.replace("    cost: 15 to 40\n    success: 0.5\n", f"    stages:\n{stages}\n").replace(
        ", initiatives.play.success: 0.2", ""
    )
    found = best(text, "name: mine\nmost_for_one: 0.25\n")
    parts = [found.forecast.ids.index(f"play/{name}") for name in ("pilot", "scale", "ship")]

    assert 9 * found.optimum.funded[parts, -1].sum() <= 0.25 * 36 + 1e-6


# The way there.


def test_a_similar_answer_shortens_the_search_and_changes_nothing(best: Callable[..., Best]) -> None:
    gambit = "name: mine\naversion: 0.5\n"
    other, alone = best(LAB, gambit, seed="2"), best(LAB, gambit)
    near = best(LAB, gambit, near=other.optimum)

    assert near.optimum.ending is Ending.OPTIMAL
    assert near.optimum.objective == pytest.approx(alone.optimum.objective, abs=CLOSE)
    assert near.optimum.rounds <= alone.optimum.rounds


def test_each_round_is_told_and_closes_in(best: Callable[..., Best]) -> None:
    told: list[tuple[int, float, float]] = []
    found = best(LAB, "name: mine\naversion: 0.5\n", watch=lambda *said: told.append(said))
    rounds, bounds, objectives = zip(*told, strict=True)

    assert list(rounds) == list(range(1, found.optimum.rounds + 1))
    assert list(bounds) == sorted(bounds, reverse=True)
    assert list(objectives) == sorted(objectives)
    assert (bounds[-1], objectives[-1]) == (found.optimum.bound, found.optimum.objective)


def after(rounds: int) -> Watch:
    """Press Ctrl-C after a round."""

    def watch(done: int, bound: float, best: float) -> None:
        if done == rounds:
            raise KeyboardInterrupt

    return watch


@pytest.mark.parametrize("rounds", [1, 2])
def test_an_interrupted_search_gives_the_best_plan_so_far_with_its_bound(
    rounds: int, best: Callable[..., Best]
) -> None:
    gambit = "name: mine\naversion: 0.5\n"
    whole, found = best(LAB, gambit), best(LAB, gambit, watch=after(rounds))

    assert found.optimum.ending is Ending.INTERRUPTED
    assert found.optimum.rounds == rounds < whole.optimum.rounds
    assert found.optimum.objective <= whole.optimum.objective + 1e-9
    assert found.optimum.bound >= whole.optimum.objective - 1e-9
    assert found.optimum.bound - found.optimum.objective > GAP
    # It is a plan as any other, that obeys its rules and is worth what it says.
    assert found.spend <= 36 + 1e-6
    assert (found.expected + found.tail) / 2 == pytest.approx(found.optimum.objective, abs=1e-12)


def test_an_interrupt_when_all_is_done_leaves_the_certificate(best: Callable[..., Best]) -> None:
    gambit = "name: mine\naversion: 0.5\n"
    whole = best(LAB, gambit)
    found = best(LAB, gambit, watch=after(whole.optimum.rounds))

    assert found.optimum.ending is Ending.OPTIMAL
    assert found.optimum.objective == whole.optimum.objective


def test_a_search_that_is_interrupted_before_it_found_any_plan_says_so(read: Read, read_gambit: ReadGambit) -> None:
    portfolio, gambit = read(LAB), read_gambit("name: mine\n")
    seen = Forecast(draw(portfolio, 5, "1", 5), portfolio.objective, 0.2)

    class Interrupted(Forecast):
        def evaluate(self, progress: Array, funded: Array, loose: float = 0.0) -> Values:
            raise KeyboardInterrupt

    never = Interrupted(seen.draws, seen.objective, seen.tail)
    with pytest.raises(UnfinishedError, match=r"no plan was found \(interrupted\)") as caught:
        allocate(portfolio, gambit, never)
    assert caught.value.exit_code == 5
