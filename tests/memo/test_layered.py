"""The layered drawing: order, room, straight lines, few crossings."""

from __future__ import annotations

import random
from itertools import combinations, pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from gambits.memo.layered import Layered, arrange

Edges = list[tuple[str, str]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[list[str]], Edges]:
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    layers = [[f"{n}{letter}" for letter in "abcde"[:size]] for n, size in enumerate(sizes)]
    earlier = [(a, b) for (n, low), (m, high) in combinations(enumerate(layers), 2) for a in low for b in high]
    return layers, draw(st.lists(st.sampled_from(earlier), unique=True, max_size=12)) if earlier else []


@given(graphs())
def test_a_drawing_keeps_layers_apart_and_gives_each_its_room(graph: tuple[list[list[str]], Edges]) -> None:
    layers, edges = graph
    found = arrange(layers, edges)

    for number, layer in enumerate(layers):
        assert all(found.places[id][0] == number for id in layer)
        heights = sorted(found.places[id][1] for id in layer)
        assert all(after - before >= 1 - 1e-9 for before, after in pairwise(heights))
    assert set(found.lines) == set(edges)
    for (start, end), points in found.lines.items():
        assert (points[0], points[-1]) == (found.places[start], found.places[end])
        assert [x for x, _ in points] == [float(x) for x in range(int(points[0][0]), int(points[-1][0]) + 1)]
        for x, y in points[1:-1]:
            assert all(abs(found.places[id][1] - y) >= 0.75 - 1e-9 for id in layers[int(x)])
    lowest = max(y for _, y in found.places.values())
    assert lowest + 1 <= found.height + 1e-9
    assert min(y for points in [found.places.values(), *found.lines.values()] for _, y in points) >= -1e-9


@given(graphs(), st.permutations(range(12)))
def test_the_same_graph_gives_the_same_drawing(graph: tuple[list[list[str]], Edges], order: list[int]) -> None:
    layers, edges = graph
    shuffled = [edges[k] for k in order if k < len(edges)]

    assert arrange([layer[::-1] for layer in layers], shuffled) == arrange(layers, edges)


def crossings(found: Layered) -> int:
    """Count pairs of straight lines between the same two layers that cross."""
    parts = [pair for points in found.lines.values() for pair in pairwise(points)]
    return sum(a[0] == c[0] and (a[1] - c[1]) * (b[1] - d[1]) < 0 for (a, b), (c, d) in combinations(parts, 2))


def fewest(layers: list[list[str]], edges: Edges) -> int:
    """Try every order of two layers."""
    return min(
        sum((place[a] - place[c]) * (order.index(b) - order.index(d)) < 0 for (a, b), (c, d) in combinations(edges, 2))
        for first in permutations(layers[0])
        for place in [{id: k for k, id in enumerate(first)}]
        for order in permutations(layers[1])
    )


def test_lines_cross_little_more_than_they_must() -> None:
    """Over many small graphs, against every order of their layers, and against the order of the alphabet."""
    layers, rng = [["a", "b", "c", "d"], ["w", "x", "y", "z"]], random.Random(3)
    pairs = [(low, high) for low in layers[0] for high in layers[1]]
    graphs = [rng.sample(pairs, rng.randint(3, 8)) for _ in range(40)]

    found = sum(crossings(arrange(layers, edges)) for edges in graphs)

    assert found <= 1.4 * sum(fewest(layers, edges) for edges in graphs)
    assert found <= 0.4 * sum(
        (a - c) * (b - d) < 0
        for edges in graphs
        for (a, b), (c, d) in combinations([(ord(low), ord(high)) for low, high in edges], 2)
    )


def test_a_tree_has_no_crossing_and_a_chain_is_straight() -> None:
    tree = arrange(
        [["r"], ["b", "a"], ["z", "y", "x", "w"]], [("r", "a"), ("r", "b"), *zip("aabb", "wyxz", strict=True)]
    )
    chain = arrange([["a"], ["b"], ["c"]], [("a", "b"), ("b", "c")])

    assert crossings(tree) == 0
    assert len({chain.places[id][1] for id in "abc"}) == 1


def test_nothing_at_all_is_a_drawing() -> None:
    assert arrange([], []).height == 0
    assert arrange([["a"]], []).places == {"a": (0.0, 0.0)}
