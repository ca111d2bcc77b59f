"""Where the estimates of stages and sizes stand in the file, by the names that their dotted keys have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gambits.files.sections import Draft
from gambits.portfolio.levels import names_of

if TYPE_CHECKING:
    from gambits.errors import Where


def by_name(initiatives: Draft, where: Mapping[str, Where]) -> dict[str, Where]:
    """Give every place below ``initiatives``, with stages and sizes under their names in place of their numbers."""
    named: dict[str, str] = {}
    for id, each in initiatives.items():
        names = {
            "stages": [stage.get("name", "") for stage in each.get("stages") or ()],
            "levels": names_of(each.get("levels") or []),
        }
        for kind, members in names.items():
            whole = f"initiatives.{id}.{kind}"
            named |= {f"{whole}.{number}": f"{whole}.{name}" for number, name in enumerate(members)}
    found = {}
    for key, place in where.items():
        if key.startswith("initiatives."):
            start = ".".join(key.split(".")[:4])
            found[named.get(start, start) + key.removeprefix(start)] = place
    return found
