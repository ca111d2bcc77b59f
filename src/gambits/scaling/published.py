"""Published figures with their provenance: how large, how sure, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TAGS: Final = {
    "R1": "read in the primary place",
    "R2": "read in a secondary place",
    "M": "from memory, to be checked",
    "OWN": "computed, by us from published data or by `gambits fit` from the reader's",
}
"""How sure we are of a published figure."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a law with its provenance; ``interval`` holds at ``level`` where one is known."""

    name: str
    value: float
    tag: str
    interval: tuple[float, float] | None = None
    level: float | None = None
    note: str = ""
