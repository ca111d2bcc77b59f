"""Shared by all tests: reading files from text, solving them, and random portfolios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from gambits.allocate.cuts import Optimum, allocate
from gambits.analyse import sweeps
from gambits.forecast.draws import central_draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

# Tests count and change what happens in this process: a slow machine must not take it to another.
sweeps.HERE = 1e6

# The same examples on every run and machine: a red test stays red until the code changes.
settings.register_profile(
    "gambits",
    deadline=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("gambits")


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Portfolio]:
    """Give a function that reads a portfolio from its text."""
    folder, number = tmp_path_factory.mktemp("portfolios"), count()

    def read(text: str) -> Portfolio:
        file = folder / f"{next(number)}.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file)

    return read


@pytest.fixture(scope="session")
def read_gambit(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Gambit]:
    """Give a function that reads a gambit from its text."""
    folder, number = tmp_path_factory.mktemp("gambits"), count()

    def read_gambit(text: str) -> Gambit:
        file = folder / f"{next(number)}.yaml"
        file.write_text(text, encoding="utf-8")
        return load_gambit(file)

    return read_gambit


@dataclass(frozen=True)
class Solved:
    """A portfolio with its best plan under a gambit."""

    portfolio: Portfolio
    gambit: Gambit
    forecast: Forecast
    optimum: Optimum

    @property
    def objective(self) -> float:
        return self.optimum.objective

    def funded(self, id: str) -> list[float]:
        """Funded fractions of an initiative at the end of each period."""
        return self.optimum.funded[self.forecast.ids.index(id)].tolist()

    def money(self, id: str) -> list[float]:
        """Money to an initiative by period."""
        cost = self.portfolio.initiative(id).cost.central
        cumulative = [0.0, *self.funded(id)]
        return [(after - before) * cost for before, after in pairwise(cumulative)]

    @property
    def spend(self) -> float:
        return sum(sum(self.money(id)) for id in self.forecast.ids)


@pytest.fixture(scope="session")
def solve(read: Callable[[str], Portfolio], read_gambit: Callable[[str], Gambit]) -> Callable[..., Solved]:
    """Give a function that finds the best plan for a portfolio's text under a gambit's text."""

    def solve(text: str, gambit_text: str = "name: free") -> Solved:
        portfolio, gambit = read(text), read_gambit(gambit_text)
        objective = gambit.objective_for(portfolio)
        seen = Forecast(central_draw(portfolio, len(objective.weights)), objective, gambit.tail)
        return Solved(portfolio, gambit, seen, allocate(portfolio, gambit, seen))

    return solve


def _rounded(low: float, high: float) -> st.SearchStrategy[float]:
    """Draw numbers of three digits, as people write them."""
    digits = st.integers(0, 100).map(lambda step: low + (high - low) * step / 100)
    return digits.map(lambda value: float(f"{value:.3g}"))


@st.composite
def _effects(draw: st.DrawFn, *, harms: bool) -> dict[str, Any]:
    levers = ["compute", "parameter_efficiency", "data_efficiency", "post_training", "test_time"]
    effects: dict[str, Any] = {}
    for lever in draw(st.lists(st.sampled_from(levers), max_size=2, unique=True)):
        effects[lever] = draw(_rounded(0.6 if harms else 1.0, 4))
    if draw(st.booleans()):
        effects["unique_tokens"] = draw(_rounded(1e12, 3e13))
    return effects


@st.composite
def _initiative(
    draw: st.DrawFn, earlier: list[str], periods: int, *, harms: bool, responses: list[Any]
) -> dict[str, Any]:
    low = draw(st.integers(3, 40))
    initiative: dict[str, Any] = {
        "path": draw(st.sampled_from(["architect", "alchemist", "scale"])),
        "source": "drawn",
        "cost": draw(st.sampled_from([low, f"{low} to {low * 4}"])),
    }
    optional = {
        "success": _rounded(0.3, 1),
        "effects": _effects(harms=harms),
        "quality": _rounded(0.1, 1),
        "value": _rounded(-3 if harms else 0, 9),
        "response": st.sampled_from(responses),
        "start": st.integers(1, periods).map(lambda quarter: f"2027Q{quarter}"),
        "takes": st.integers(1, periods),
        "lag": st.integers(0, periods),
        "uses": st.fixed_dictionaries({"people": st.integers(1, 30)}),
        "requires": st.lists(st.sampled_from(earlier), max_size=2, unique=True) if earlier else st.just([]),
        "after": st.lists(st.sampled_from(earlier), max_size=1) if earlier else st.just([]),
    }
    # Effects more often than not, for without them there is nothing to decide.
    for key, values in optional.items():
        if draw(st.integers(0, 3 if key == "effects" else 1)):
            initiative[key] = draw(values)
    return initiative


@st.composite
def _portfolio_texts(
    draw: st.DrawFn,
    *,
    law: str | None = None,
    harms: bool = True,
    most_initiatives: int = 4,
    most_periods: int = 4,
) -> str:
    """Draw a sound portfolio file that some plan obeys: nothing in it must be funded."""
    periods = draw(st.integers(1, most_periods))
    releases = st.lists(st.integers(0, 40), min_size=periods, max_size=periods)
    budget: dict[str, Any] = {"per_period": draw(st.one_of(st.integers(5, 40), releases))}
    if draw(st.booleans()):
        budget["total"] = draw(st.integers(10, 80))
    if draw(st.booleans()):
        budget["carry_over"] = draw(st.booleans())
    responses = [1, 0.5, 0.7, 0.9, [[0.2, 0.5], [0.6, 0.9], [1, 1]]]
    ids = draw(
        st.lists(
            st.sampled_from(["agents", "curation", "hybrid", "kernels", "play", "rewriting", "verifier"]),
            min_size=1,
            max_size=most_initiatives,
            unique=True,
        )
    )
    file = {
        "format": "gambits/1",
        "name": "Drawn",
        "as_of": "2027-01-01",
        "periods": {"first": "2027Q1", "count": periods},
        "money": "USD million",
        "budget": budget,
        "resources": {"people": {"unit": "FTE-quarters", "capacity": draw(st.integers(2, 30))}},
        "frontier": {
            "law": law or draw(st.sampled_from(["muennighoff-2023", "besiroglu-2024"])),
            "compute": {"flop": draw(_rounded(1e25, 1e28)), "growth_per_year": draw(_rounded(1, 5))},
            "unique_tokens": {"count": draw(_rounded(3e12, 5e13)), "growth_per_year": draw(_rounded(1, 2))},
        },
        "objective": {
            "effective_compute": 1,
            "value": draw(st.sampled_from([0, 0.01])),
            "weights": draw(st.sampled_from(["even", "final"])),
            "after_horizon": draw(st.integers(0, 3)),
        },
        "initiatives": {
            id: draw(_initiative(ids[:position], periods, harms=harms, responses=responses))
            for position, id in enumerate(ids)
        },
    }
    return yaml.safe_dump(file, sort_keys=False)


@pytest.fixture(scope="session")
def portfolio_texts() -> Callable[..., st.SearchStrategy[str]]:
    """Give the strategy of random portfolio files.

    Test modules cannot import one another, so strategies come as fixtures: ``data.draw(portfolio_texts())``.
    """
    return _portfolio_texts


@st.composite
def _gambit_texts(draw: st.DrawFn) -> str:
    """Draw a gambit file that some plan obeys, if only the one that funds nothing."""
    low, high = sorted((draw(_rounded(0, 1)), draw(_rounded(0, 1))))
    shares = draw(
        st.sampled_from(
            [
                None,
                {"architect": low, "alchemist": round(1 - low, 9)},
                {"architect": [low, high]},
                {"alchemist": {"min": low}},
                {"scale": [0, high]},
            ]
        )
    )
    file: dict[str, Any] = {"name": "drawn"}
    if shares is not None:
        file["shares"] = shares
    if draw(st.booleans()):
        file["most_for_one"] = draw(_rounded(0.05, 1))
    return yaml.safe_dump(file, sort_keys=False)


@pytest.fixture(scope="session")
def gambit_texts() -> Callable[..., st.SearchStrategy[str]]:
    """Give the strategy of random gambit files."""
    return _gambit_texts
