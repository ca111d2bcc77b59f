"""From the inputs of a run, flat and by dotted key, back to the text of a file that says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

_WHOLE: Final = 2.0**53
"""Beyond this not every whole number is a float, and an exponent says it as well."""


def as_yaml(inputs: Mapping[str, object]) -> str:
    """Write the file that ``flatten(plain(…))`` made these inputs from, layout and comments aside.

    It is JSON, which YAML holds: text stands in quotes, so that nothing is read as what it only looks like.
    """
    return json.dumps(_written(_nested(inputs)), ensure_ascii=False, indent=1) + "\n"


def _nested(inputs: Mapping[str, object]) -> dict[str, Any]:
    top: dict[str, Any] = {}
    for key, value in inputs.items():
        *path, last = key.split(".")
        inside = top
        for name in path:
            inside = inside.setdefault(name, {})
        inside[last] = value
    return top


def _written(value: Any) -> Any:
    """Write whole numbers without a point, since a year is no ``2027.0``."""
    if isinstance(value, dict):
        return {name: _written(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return int(value)
    return value
