"""An initiative of several sizes becomes one initiative a size, of which at most one is funded."""

from __future__ import annotations

from typing import Final

from gambits.files.sections import Draft

OF_A_SIZE: Final = ("cost", "effects", "value", "uses")
"""What a size may have of its own."""


def names_of(levels: list[Draft]) -> list[str]:
    """Give the names of sizes: their own, or their numbers from 1."""
    return [level.get("name", str(number)) for number, level in enumerate(levels, start=1)]


def sized(initiatives: Draft) -> tuple[dict[str, Draft], dict[str, tuple[str, ...]]]:
    """Expand every initiative with levels into its sizes, ``id/name``.

    Gives the expanded initiatives, and the sizes of each that had levels. A size has what the whole has, but for
    what it says itself.
    """
    expanded: dict[str, Draft] = {}
    sizes: dict[str, tuple[str, ...]] = {}
    for id, whole in initiatives.items():
        if "levels" not in whole:
            expanded[id] = whole
            continue
        names = names_of(whole["levels"])
        sizes[id] = tuple(f"{id}/{name}" for name in names)
        shared = {key: value for key, value in whole.items() if key != "levels"}
        for name, level in zip(names, whole["levels"], strict=True):
            own = {key: level[key] for key in OF_A_SIZE if key in level}
            title = f"{whole.get('title', id)}: size {name}"
            part = {"title": title, "whole": True, "part": "levels", "own": tuple(own)}
            expanded[f"{id}/{name}"] = shared | own | part
    return expanded, sizes
