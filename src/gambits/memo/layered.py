"""A layered drawing of a graph (Sugiyama, Tagawa and Toda 1981): few crossings, short straight lines, one result."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

_SWEEPS: Final = 12

Point = tuple[float, float]
_Key = tuple[str, ...]
"""A node, as (id,), or the place in a layer where a long line passes, as (from, to)."""
_Links = Mapping[tuple[int, _Key], Sequence[_Key]]


@dataclass(frozen=True, slots=True)
class Layered:
    """Where everything stands: ``places`` by id as (layer, height), and for each line the points that it runs through.

    Heights are in rows, 0 at the top; between neighbours in a layer there is one at least, and half of one where a line
    passes.
    """

    places: Mapping[str, Point]
    lines: Mapping[tuple[str, str], tuple[Point, ...]]
    height: float


def arrange(layers: Sequence[Sequence[str]], edges: Iterable[tuple[str, str]]) -> Layered:
    """Arrange the nodes of layers, with edges from earlier layers to later ones.

    The same graph gives the same drawing, in whatever order its parts come.
    """
    level = {id: number for number, layer in enumerate(layers) for id in layer}
    rows: list[list[_Key]] = [[(id,) for id in sorted(layer)] for layer in layers]
    runs: dict[tuple[str, str], list[_Key]] = {}
    for edge in sorted(set(edges)):
        start, end = edge
        passes = [edge] * (level[end] - level[start] - 1)
        for number, key in enumerate(passes, start=level[start] + 1):
            rows[number].append(key)
        runs[edge] = [(start,), *passes, (end,)]
    ahead, behind = _neighbours(runs, level)
    rows = _untangled(rows, ahead, behind)
    heights = _heights(rows, ahead, behind)
    return Layered(
        places={key[0]: (float(n), heights[n, key]) for n, row in enumerate(rows) for key in row if len(key) == 1},
        lines={
            edge: tuple((float(n), heights[n, key]) for n, key in enumerate(run, start=level[edge[0]]))
            for edge, run in runs.items()
        },
        height=max((heights[n, key] + _size(key) for n, row in enumerate(rows) for key in row), default=0.0),
    )


def _neighbours(runs: Mapping[tuple[str, str], Sequence[_Key]], level: Mapping[str, int]) -> tuple[_Links, _Links]:
    """List the neighbours of each node, and of each place where a line passes, in the next layer and in the last."""
    ahead: dict[tuple[int, _Key], list[_Key]] = {}
    behind: dict[tuple[int, _Key], list[_Key]] = {}
    for edge, run in runs.items():
        for n, (here, there) in enumerate(pairwise(run), start=level[edge[0]]):
            ahead.setdefault((n, here), []).append(there)
            behind.setdefault((n + 1, there), []).append(here)
    return ahead, behind


def _untangled(rows: list[list[_Key]], ahead: _Links, behind: _Links) -> list[list[_Key]]:
    """Order layers by the middle of their neighbours, forth and back, and keep the order with the fewest crossings."""
    best, fewest = rows, _crossings(rows, ahead)
    for sweep in range(_SWEEPS):
        rows = [list(row) for row in rows]
        forth = sweep % 2 == 0
        for n in range(1, len(rows)) if forth else range(len(rows) - 2, -1, -1):
            beside = {key: k for k, key in enumerate(rows[n - 1 if forth else n + 1])}
            links = behind if forth else ahead
            middle = [
                _mean([beside[other] for other in links.get((n, key), ())], default=k) for k, key in enumerate(rows[n])
            ]
            # Of those that lie alike now the upper one comes first and now the lower: else they never change places.
            side = -1 if sweep // 2 % 2 else 1
            ranks = [(at, side * k) for k, at in enumerate(middle)]
            order = sorted(range(len(ranks)), key=ranks.__getitem__)
            rows[n] = [rows[n][k] for k in order]
        found = _crossings(rows, ahead)
        if found < fewest:
            best, fewest = rows, found
    return best


def _crossings(rows: list[list[_Key]], ahead: _Links) -> int:
    """Count the pairs of lines that cross between neighbouring layers."""
    total = 0
    for n in range(len(rows) - 1):
        place = {key: k for k, key in enumerate(rows[n + 1])}
        seen: list[int] = []
        for key in rows[n]:
            ends = sorted(place[other] for other in ahead.get((n, key), ()))
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _heights(rows: list[list[_Key]], ahead: _Links, behind: _Links) -> dict[tuple[int, _Key], float]:
    """Place layers by the heights of their neighbours, forth and back."""
    heights = {(n, key): float(k) for n, row in enumerate(rows) for k, key in enumerate(row)}
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for n in range(len(rows)) if forth else range(len(rows) - 1, -1, -1):
            beside, links = (n - 1, behind) if forth else (n + 1, ahead)
            wanted = [
                _mean([heights[beside, other] for other in links.get((n, key), ())], default=heights[n, key])
                for key in rows[n]
            ]
            heights |= {(n, key): y for key, y in zip(rows[n], _spaced(rows[n], wanted), strict=True)}
    top = min(heights.values(), default=0.0)
    return {key: y - top for key, y in heights.items()}


def _spaced(row: list[_Key], wanted: list[float]) -> list[float]:
    """Give the heights nearest to those wanted, in order and with room between (pool adjacent violators)."""
    if not row:
        return []
    room = [0.0, *((_size(a) + _size(b)) / 2 for a, b in pairwise(row))]
    offsets = list(accumulate(room))
    blocks: list[list[float]] = []
    for target, offset in zip(wanted, offsets, strict=True):
        blocks.append([target - offset, 1.0])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (a, weight_a), (b, weight_b) = blocks.pop(-2), blocks.pop()
            blocks.append([(a * weight_a + b * weight_b) / (weight_a + weight_b), weight_a + weight_b])
    levels = [level for level, weight in blocks for _ in range(int(weight))]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]


def _size(key: _Key) -> float:
    return 1.0 if len(key) == 1 else 0.5


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default
