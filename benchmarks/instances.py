"""Portfolios of any size, made up from a seed: graph, ranges, diminishing returns, lags, shares, scenarios."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gambits.forecast.draws import draw
from gambits.forecast.oracle import Forecast
from gambits.forecast.workers import THREADS, Workers
from gambits.portfolio.gambit import Gambit, Share
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

SEED = "2027"
HEDGE = Gambit(
    name="hedge",
    shares={"architect": Share(0.65, 0.75), "alchemist": Share(0.25, 0.35)},
    aversion=0.5,
    tail=0.2,
    most_for_one=0.25,
)
"""A hedge with λ = 0.5: its bands are narrow, and a portfolio of any size can meet them."""

_SHARE_AFFORDED = 0.45
_EFFECTS = (
    {"data_efficiency": (1.1, 1.9)},
    {"parameter_efficiency": (1.1, 1.8)},
    {"unique_tokens": (0.3e12, 6e12)},
    {"post_training": (1.05, 1.6)},
    {"compute": (1.02, 1.4)},
    {"data_efficiency": (1.05, 1.4), "unique_tokens": (0.1e12, 2e12)},
    {"test_time": (1.05, 1.5)},
    {},
)


def make(
    initiatives: int,
    periods: int,
    *,
    law: str = "muennighoff-2023",
    certain_costs: bool = False,
    first: str = "2027Q1",
    whole: float = 0.0,
    minimum: float = 0.0,
) -> Portfolio:
    """Make a portfolio that can afford a little under half of what it holds.

    Parameters
    ----------
    initiatives, periods
        Its size.
    law
        The frontier's law.
    certain_costs
        Costs are numbers, not ranges: progress is then the same in every draw.
    first
        The first period: a quarter, or a month as in ``2027-01``.
    whole, minimum
        Parts of the initiatives that are all or nothing, and that need at least a third of their cost.
    """
    content = _file(initiatives, periods, law, certain_costs)
    content["periods"]["first"] = first
    rng = np.random.default_rng([initiatives, periods, 1])
    for each, chance in zip(content["initiatives"].values(), rng.random(initiatives), strict=True):
        if chance < whole:
            each["whole"] = True
        elif chance < whole + minimum:
            each["minimum"] = 0.33
    text = yaml.safe_dump(content, sort_keys=False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "portfolio.yaml")
        file.write_text(text, encoding="utf-8")
        return load(file)


def see(portfolio: Portfolio, draws: int, gambit: Gambit = HEDGE, workers: Workers = THREADS) -> Forecast:
    """Draw a portfolio, and see the draws through its objective."""
    objective = gambit.objective_for(portfolio)
    return Forecast(draw(portfolio, len(objective.weights), SEED, draws), objective, gambit.tail, workers)


def _file(initiatives: int, quarters: int, law: str, certain_costs: bool) -> dict[str, Any]:
    rng = np.random.default_rng([initiatives, quarters])
    width = len(str(initiatives - 1))
    ids = [f"line-{number:0{width}}" for number in range(initiatives)]
    works = {id: _initiative(rng, ids[:number], initiatives, quarters, certain_costs) for number, id in enumerate(ids)}
    total = sum(_middle(each["cost"]) for each in works.values()) * _SHARE_AFFORDED
    people = sum(each["uses"]["people"] for each in works.values()) * _SHARE_AFFORDED
    wall = {"frontier.unique_tokens.count": 7e12}
    return {
        "format": "gambits/1",
        "name": f"{initiatives} initiatives, {quarters} quarters",
        "as_of": "2027-01-01",
        "periods": {"first": "2027Q1", "count": quarters},
        "money": "USD million",
        "budget": {"per_period": round(total / quarters, 3)},
        "resources": {"people": {"unit": "FTE-quarters", "capacity": round(1.5 * people / quarters, 3)}},
        "frontier": {
            "law": law,
            "compute": {"flop": 2e27, "growth_per_year": "3.2 to 5"},
            "unique_tokens": {"count": "10e12 to 22e12", "growth_per_year": "1.02 to 1.14"},
        },
        "initiatives": works,
        "scenarios": [
            {"name": "as planned", "probability": 0.7},
            {"name": "early wall", "probability": 0.3, "change": wall},
        ],
    }


def _initiative(
    rng: np.random.Generator, earlier: list[str], initiatives: int, quarters: int, certain_costs: bool
) -> dict[str, Any]:
    middle = float(rng.uniform(10, 80))
    # The more initiatives, the less each can do: a portfolio of thousands is not worth a thousand times more.
    part = min(1.0, 40 / initiatives)
    effects = _EFFECTS[int(rng.integers(len(_EFFECTS)))]
    made: dict[str, Any] = {
        "path": str(rng.choice(["architect", "alchemist"])),
        "source": "made up",
        "cost": round(middle, 2) if certain_costs else f"{middle / 1.5:.2f} to {middle * 1.5:.2f}",
        "success": round(float(rng.uniform(0.4, 0.95)), 3),
        "effects": {lever: _shrunk(lever, *ends, part) for lever, ends in effects.items()},
        "response": round(float(rng.uniform(0.6, 1)), 2),
        "takes": int(rng.integers(1, min(5, quarters + 1))),
        "lag": int(rng.integers(0, 3)),
        "uses": {"people": round(middle * float(rng.uniform(0.5, 1.5)), 2)},
    }
    if earlier and rng.random() < 0.4:
        made["requires"] = [str(rng.choice(earlier[-10:]))]
    return made


def _shrunk(lever: str, low: float, high: float, part: float) -> str:
    if lever == "unique_tokens":
        return f"{low * part:.4g} to {high * part:.4g}"
    return f"{low**part:.6g} to {high**part:.6g}"


def _middle(cost: float | str) -> float:
    if isinstance(cost, float):
        return cost
    low, high = map(float, cost.split(" to "))
    return (low * high) ** 0.5
