"""How diminishing returns are written."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import yaml

from gambits.files.kinds import Kind, Number, Refused
from gambits.portfolio.model import Response

_EXPONENT: Final = Number(above=0, high=1)
_STEEPEST: Final = 1e3
"""Beyond this a plan is decided by amounts of money too small for a solver to tell."""


@dataclass(frozen=True, slots=True)
class ResponseKind(Kind):
    """Diminishing returns: an exponent, or the corners of a concave line from [0, 0] to [1, 1]."""

    words = "exponent above 0 and at most 1, or a list of `[funded, progress]`"

    def parse(self, node: yaml.Node) -> Response:
        if not isinstance(node, yaml.SequenceNode):
            return Response(exponent=_EXPONENT.parse(node))
        points = [(0.0, 0.0)]
        for item in node.value:
            if not isinstance(item, yaml.SequenceNode) or len(item.value) != 2:  # noqa: PLR2004  (a pair)
                raise Refused("wrong-type", "expected pairs of numbers", "write [[0.3, 0.6], [1, 1]]")
            funded, progress = (Number(low=0, high=1).parse(part) for part in item.value)
            if (funded, progress) != (0.0, 0.0):
                points.append((funded, progress))
        self._check(points)
        return Response(points=tuple(points))

    def _check(self, points: list[tuple[float, float]]) -> None:
        if points[-1] != (1.0, 1.0):
            raise Refused("not-concave", "the last point is not [1, 1]", "end the list with [1, 1]")
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
        if any(run <= 0 for run, _ in steps):
            raise Refused("not-concave", "the funded fractions do not rise", "write the points in rising order")
        slopes = [rise / run for run, rise in steps]
        if slopes[0] > _STEEPEST:
            message = f"the first money does {slopes[0]:.2g} times as much as money on average"
            raise Refused("too-steep", message, "move the first point to the right")
        if any(later > earlier + 1e-12 for earlier, later in pairwise(slopes)):
            raise Refused("not-concave", "the slope rises from one point to the next", "returns must diminish")

    def schema(self) -> dict[str, Any]:
        pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        return {
            "anyOf": [
                _EXPONENT.schema(),
                {"type": "array", "items": pair, "minItems": 1},
            ]
        }
