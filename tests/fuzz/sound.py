"""Portfolios that are sound by construction, and other ways to write what they say."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import yaml

_IDS: Final = ("agents", "curation", "hybrid", "kernels", "self-play", "rewriting", "v2_x")
_MULTIPLIERS: Final = ("compute", "parameter_efficiency", "data_efficiency", "post_training", "test_time")
_OF_MARKET: Final = ("inference_cost", "demand", "token_value")
_STARTS: Final = {"quarters": ("2027Q1", "2027Q2"), "years": ("2027", "2028"), "months": ("2027-01", "2027-02")}
_MONEY: Final = (1.0, 1e-3, 1e6, 1e9)
"""Units of money: a million, a billion, a dollar, and stranger ones."""


def sound_portfolio(rng: Random) -> str:
    """Write a portfolio that some plan obeys under any built-in gambit, if only the one that funds nothing."""
    return _written(_portfolio(rng), rng)


def sound_gambit(rng: Random) -> str:
    """Write a gambit that some plan obeys."""
    low, high = sorted((round(rng.random(), 2), round(rng.random(), 2)))
    shares = [
        {"architect": low, "alchemist": round(1 - low, 9)},
        {"architect": [low, high]},
        {"alchemist": {"min": low}},
        {"scale": [0, high]},
    ]
    optional: dict[str, Any] = {
        "shares": rng.choice(shares),
        "tolerance": round(rng.random() / 5, 2),
        "aversion": round(rng.random(), 2),
        "tail": round(rng.uniform(0.05, 1), 2),
        "most_for_one": round(rng.uniform(0.05, 1), 2),
        "reserve": round(rng.random(), 2),
        "extrapolation_cap": round(rng.random(), 2),
        "only": rng.choice([["architect"], ["architect", "alchemist"], ["nothing"]]),
        "objective": {"effective_compute": 1, "value": 0.01, "weights": rng.choice(["even", "final"])},
    }
    return _written({"name": "drawn"} | _some(rng, optional), rng)


def _portfolio(rng: Random) -> dict[str, Any]:
    periods, unit, money = rng.randint(1, 3), rng.choice(list(_STARTS)), rng.choice(_MONEY)
    ids = rng.sample(_IDS, rng.randint(1, 3))
    initiatives: dict[str, Any] = {}
    for id in ids:
        initiatives[id] = _initiative(rng, list(initiatives), unit, periods, money)
    optional: dict[str, Any] = {
        "objective": {
            "effective_compute": 1,
            "token_gdp": rng.choice([0, 0.1]),
            "value": rng.choice([0, 0.01]),
            "weights": rng.choice(["even", "final", [1] * periods]),
            "after_horizon": rng.randint(0, 2),
        },
        "correlation": {"path": 0.3, "scenario": 0.1},
        "scenarios": _scenarios(ids, initiatives),
    }
    levers = {id: set(each.get("effects", {})) & set(_MULTIPLIERS) for id, each in initiatives.items()}
    both = sorted(set.intersection(*levers.values())) if len(ids) > 1 else []
    if len(ids) > 1:
        optional["synergies"] = [{"between": ids[:2], "effects": {"post_training": "1.0 to 1.3"}}]
    if both:
        optional["overlaps"] = [{"among": ids, "lever": both[0], "cap": 3}]
    return {
        "format": "gambits/1",
        "name": rng.choice(["Drawn", "Größe: 50 % & mehr", "研究", "a # b", "'quoted'"]),
        "as_of": "2027-01-01",
        "periods": {"first": _STARTS[unit][0], "count": periods},
        "money": "USD million",
        "budget": _budget(rng, periods, money),
        "resources": {"people": {"unit": "FTE-quarters", "capacity": rng.randint(2, 30)}},
        "frontier": {
            "law": rng.choice(["muennighoff-2023", "besiroglu-2024", "chinchilla-2022"]),
            "compute": {"flop": f"{rng.uniform(1, 9):.2g}e{rng.randint(22, 28)}", "growth_per_year": 4},
            "unique_tokens": {"count": f"{rng.randint(1, 50)}e12"},
        },
        "market": {
            "elasticity": 0.8,
            "value_per_oom": 0.3,
            "sectors": {"homes": {"tokens_per_day": 2e12, "value_per_million": "0.2 to 0.4", "cost_per_million": 0.1}},
        },
        "initiatives": initiatives,
    } | _some(rng, optional)


def _budget(rng: Random, periods: int, money: float) -> dict[str, Any]:
    releases = [rng.randint(0, 40) * money for _ in range(periods)]
    optional = {
        "total": rng.randint(10, 80) * money,
        "carry_over": rng.choice([True, False]),
        "basis": rng.choice(["committed", "expected"]),
    }
    return {"per_period": rng.choice([releases, rng.randint(5, 40) * money])} | _some(rng, optional)


def _initiative(rng: Random, earlier: list[str], unit: str, periods: int, money: float) -> dict[str, Any]:
    low = rng.randint(3, 40)
    cost: Any = rng.choice([low * money, f"{low * money:g} to {low * 4 * money:g}"])
    stages = [{"name": "pilot", "cost": cost, "success": 0.5}, {"name": "scale", "cost": low * money}]
    levers = rng.sample(_MULTIPLIERS + _OF_MARKET, rng.randint(1, 2))
    effects: dict[str, Any] = {lever: rng.choice([1.2, "0.9 to 2", "1.1 to 3"]) for lever in levers}
    optional: dict[str, Any] = {
        "title": rng.choice(["A title", "<b>bold</b> | a_b *c*", "=1+1", "Ω ≤ 5 %"]),
        "effects": effects | rng.choice([{}, {"unique_tokens": "1e12 to 2e13"}]),
        "quality": round(rng.uniform(0.1, 1), 2),
        "value": rng.choice([-3, 4, "-1 to 9"]),
        "response": rng.choice([1, 0.5, 0.8, [[0.2, 0.5], [0.6, 0.9], [1, 1]]]),
        "start": rng.choice(_STARTS[unit]),
        "takes": rng.randint(1, 3),
        "lag": rng.randint(0, 3),
        "uses": {"people": rng.randint(1, 30)},
        "requires": rng.sample(earlier, min(len(earlier), 1)),
        "after": rng.sample(earlier, min(len(earlier), 1)),
        "never": rng.choice([True, False]),
        "fitted_to": 1e24,
        "verified": True,
    }
    what: dict[str, Any] = {"cost": cost, "success": round(rng.uniform(0.3, 1), 2)}
    pilot = {"cost": rng.randint(1, 3) * money, "informs": ["success"]}
    return {
        "path": rng.choice(["architect", "alchemist", "scale"]),
        "source": rng.choice(["judgement: drawn", "Doe 2026", "a: b"]),
        **rng.choice([what, what | {"pilot": pilot}, {"stages": stages}]),
        **_some(rng, optional),
    }


def _scenarios(ids: list[str], initiatives: dict[str, Any]) -> list[dict[str, Any]]:
    change: dict[str, Any] = {"frontier.unique_tokens.count": 6e12}
    if "stages" not in initiatives[ids[0]]:
        change[f"initiatives.{ids[0]}.success"] = 0.9
    return [{"name": "planned", "probability": 0.7}, {"name": "wall", "probability": 0.3, "change": change}]


def _some(rng: Random, optional: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in optional.items() if rng.random() < 0.5}


def _written(file: dict[str, Any], rng: Random) -> str:
    flow = rng.choice([None, None, False])
    return yaml.dump(file, sort_keys=False, default_flow_style=flow, allow_unicode=True, width=10_000, Dumper=_DUMPER)


_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _with_comments(text: str, rng: Random) -> str:
    if ">-\n" in text:
        return text  # a comment between the lines of a folded text would end it
    lines = text.split("\n")
    for _ in range(3):
        place = rng.randrange(len(lines))
        lines.insert(place, rng.choice(["", "   ", "# a comment: {not: [yaml", "        # indented", "#"]))
    return "\n".join(lines)


LAYOUTS: Final[tuple[Callable[[str, Random], str], ...]] = (
    lambda text, rng: text,
    lambda text, rng: text.replace("\n", "\r\n"),
    lambda text, rng: text.replace("\n", "\r"),
    lambda text, rng: "\ufeff" + text,
    lambda text, rng: text.rstrip("\n"),
    lambda text, rng: f"%YAML 1.1\n---\n{text}...\n",
    _with_comments,
)
"""Ways to write a file that change nothing in what it says."""
