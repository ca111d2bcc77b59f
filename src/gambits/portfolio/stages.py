"""An initiative in stages becomes a chain of initiatives, each with its own cost and chance of success."""

from __future__ import annotations

from typing import Any

from gambits.files.sections import Draft
from gambits.quantities.estimates import Estimate

_OF_THE_FIRST = ("requires", "after")
_OF_THE_LAST = ("effects", "quality", "value", "lag", "review_every", "kill", "dissent")


def staged(initiatives: Draft, *, by_expectation: bool) -> tuple[dict[str, Draft], dict[str, str]]:
    """Expand every initiative with stages into its parts, ``id/stage``, and point what waits for it to the last.

    Each part requires the one before. The first waits for what the whole waited for; the effects come with the
    last; resources are split by cost. With ``by_expectation`` the budget counts a part by the chance that the
    parts before it succeed. Gives the expanded initiatives, and the last part of each that had stages.
    """
    last = {id: f"{id}/{each['stages'][-1]['name']}" for id, each in initiatives.items() if "stages" in each}
    expanded: dict[str, Draft] = {}
    for id, each in initiatives.items():
        whole = each | {key: tuple(last.get(name, name) for name in each[key]) for key in _OF_THE_FIRST if key in each}
        expanded |= _parts(id, whole, by_expectation=by_expectation) if id in last else {id: whole}
    return expanded, last


def _parts(id: str, whole: Draft, *, by_expectation: bool) -> dict[str, Draft]:
    stages = whole["stages"]
    shared = {key: value for key, value in whole.items() if key not in ("stages", *_OF_THE_FIRST, *_OF_THE_LAST)}
    total = sum(stage["cost"].central for stage in stages)
    parts: dict[str, Draft] = {}
    reached, before = 1.0, None
    for number, stage in enumerate(stages):
        only_here: tuple[str, ...] = _OF_THE_FIRST if number == 0 else ()
        only_here += _OF_THE_LAST if number == len(stages) - 1 else ()
        part: Draft = shared | {key: whole[key] for key in only_here if key in whole}
        part |= {key: stage[key] for key in ("cost", "success") if key in stage}
        part["title"] = f"{whole.get('title', id)}: {stage['name']}"
        part["uses"] = {
            name: _part_of(use, stage["cost"].central / total) for name, use in whole.get("uses", {}).items()
        }
        part["reached"] = reached if by_expectation else 1.0
        if before is not None:
            part["requires"] = (before,)
        before = f"{id}/{stage['name']}"
        parts[before] = part
        reached *= stage["success"].central if "success" in stage else 1.0
    return parts


def _part_of(estimate: Estimate, fraction: float) -> Any:
    return Estimate(estimate.shape, tuple(value * fraction for value in estimate.values), estimate.bounds)
