"""The dependency graph: who waits for whom. The one place that knows networkx."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from gambits.portfolio.model import Portfolio


def find_cycles(links: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Name each knot of initiatives that wait for each other as its shortest closed path.

    Parameters
    ----------
    links
        For each id, the ids that it waits for. Ids that are not keys are ignored.

    Returns
    -------
    :
        Paths such as ``("a", "b", "a")``, each starting at its smallest id, sorted: the same for any order of
        the input.
    """
    graph = _graph(links)
    cycles = []
    for knot in nx.strongly_connected_components(graph):
        first = min(knot)
        inside = graph.subgraph(sorted(knot))
        if len(knot) > 1 or graph.has_edge(first, first):
            # Neighbours are tried in order of name, so of several shortest paths the first by name is taken.
            paths = [nx.shortest_path(inside, after, first) for after in sorted(inside.successors(first))]
            cycles.append((first, *min(paths, key=lambda path: (len(path), path))))
    return tuple(sorted(cycles))


def prerequisites(portfolio: Portfolio) -> dict[str, tuple[str, ...]]:
    """List, for each id, every initiative whose technical failure would void it, sorted.

    Where several can stand in for one another, none of them alone does.
    """
    graph = _graph(
        {
            # The sizes of one initiative succeed and fail together: the first speaks for all.
            each.id: [need.of[0] for need in each.requires if not need.is_choice]
            for each in portfolio.initiatives
        }
    )
    return {id: tuple(sorted(nx.descendants(graph, id))) for id in graph}


def waits_for(portfolio: Portfolio) -> dict[str, tuple[str, ...]]:
    """List, for each id, every initiative that must, or may, be funded before it or with it, sorted."""
    graph = _graph({each.id: each.waits_for for each in portfolio.initiatives})
    return {id: tuple(sorted(nx.descendants(graph, id))) for id in graph}


def layers(links: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Put each initiative one layer behind the last of those that it waits for; ids sorted within a layer.

    Raises
    ------
    ValueError
        If some wait, through others, for themselves.
    """
    graph = _graph(links)
    if not nx.is_directed_acyclic_graph(graph):
        raise ValueError("a graph with cycles has no layers")
    return tuple(tuple(sorted(each)) for each in nx.topological_generations(graph.reverse()))


def dependents(links: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """List, for each id, everything that waits for it, through others too, sorted."""
    graph = _graph(links)
    return {id: tuple(sorted(nx.ancestors(graph, id))) for id in graph}


def _graph(links: Mapping[str, Iterable[str]]) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sorted(links))
    graph.add_edges_from((id, other) for id in sorted(links) for other in sorted(links[id]) if other in links)
    return graph
