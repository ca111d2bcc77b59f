"""An initiative in stages becomes a chain of initiatives, each with its own cost and chance of success."""

from __future__ import annotations

from typing import Any

from gambits.files.sections import Draft
from gambits.portfolio.model import Need
from gambits.quantities.estimates import Estimate

_OF_THE_FIRST = ("requires", "after")
_OF_THE_LAST = ("effects", "quality", "value", "lag", "pilot", "review_every", "kill", "dissent")


def staged(initiatives: Draft, *, by_expectation: bool) -> tuple[dict[str, Draft], dict[str, tuple[str]]]:
    """Expand every initiative with stages into its parts, ``id/stage``.

    Each part requires the one before. The first waits for what the whole waits for; the effects come with the
    last; resources are split by cost, and what was spent goes to the first until it is full, then to the next. With
    ``by_expectation`` the budget counts a part by the chance that the parts before it succeed. Gives the expanded
    initiatives, and the last part of each that had stages.
    """
    last = {id: (f"{id}/{each['stages'][-1]['name']}",) for id, each in initiatives.items() if "stages" in each}
    expanded: dict[str, Draft] = {}
    for id, each in initiatives.items():
        expanded |= _parts(id, each, by_expectation=by_expectation) if id in last else {id: each}
    return expanded, last


def _parts(id: str, whole: Draft, *, by_expectation: bool) -> dict[str, Draft]:
    stages = whole["stages"]
    apart = ("stages", "spent", *_OF_THE_FIRST, *_OF_THE_LAST)
    shared = {key: value for key, value in whole.items() if key not in apart}
    total = sum(stage["cost"].central for stage in stages)
    parts: dict[str, Draft] = {}
    reached, before, left = 1.0, None, dict(whole.get("spent", {}))
    for number, stage in enumerate(stages):
        only_here: tuple[str, ...] = _OF_THE_FIRST if number == 0 else ()
        only_here += _OF_THE_LAST if number == len(stages) - 1 else ()
        part: Draft = shared | {key: whole[key] for key in only_here if key in whole}
        part |= {key: stage[key] for key in ("cost", "success") if key in stage}
        part["title"] = f"{whole.get('title', id)}: {stage['name']}"
        part["uses"] = {
            name: _part_of(use, stage["cost"].central / total) for name, use in whole.get("uses", {}).items()
        }
        part |= {"part": "stages", "own": ("cost", "success")}
        part["reached"] = reached if by_expectation else 1.0
        part["spent"] = _take(left, stage["cost"].central)
        if before is not None:
            part["requires"] = (Need((before,)),)
        before = f"{id}/{stage['name']}"
        parts[before] = part
        reached *= stage["success"].central if "success" in stage else 1.0
    return parts


def _take(left: dict[Any, float], most: float) -> dict[Any, float]:
    """Take money, earliest first, until a part is full."""
    taken: dict[Any, float] = {}
    for period in sorted(left, key=lambda each: int(each.index)):
        taken[period] = min(left[period], most - sum(taken.values()))
        left[period] -= taken[period]
    return {period: money for period, money in taken.items() if money > 0}


def _part_of(estimate: Estimate, fraction: float) -> Any:
    return Estimate(estimate.shape, tuple(value * fraction for value in estimate.values), estimate.bounds)
