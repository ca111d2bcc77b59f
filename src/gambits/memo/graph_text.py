"""The dependency graph as text that other programs draw: Mermaid and DOT. Titles are text there, whatever they hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from gambits.analyse.dependencies import Dependencies
from gambits.portfolio.model import ALCHEMIST, ARCHITECT
from gambits.words import money, oom, percent

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,()+-")
# Shape tells paths apart without colour.
_MERMAID: Final = {ARCHITECT: ("[", "]"), ALCHEMIST: ("(", ")")}
_MERMAID_OTHER: Final = ("[[", "]]")
_DOT: Final = {ARCHITECT: "box", ALCHEMIST: "ellipse"}
_DOT_OTHER: Final = "component"
_SIGNS: Final = 36


def mermaid(graph: Dependencies) -> str:
    """Write a flowchart for Mermaid, what is waited for to the left; thick lines decide how soon all counts."""
    names = _names(graph)
    lines = ["flowchart LR"]
    for id, name in names.items():
        begin, end = _MERMAID.get(graph.portfolio.initiative(id).path, _MERMAID_OTHER)
        label = "<br/>".join(map(_for_mermaid, _label(graph, id)))
        lines.append(f'  {name}{begin}"{label}"{end}')
    critical = set(pairwise(graph.critical_path))
    for edge in graph.edges:
        arrow = "==>" if (edge.of, edge.waits) in critical else "-.->" if edge.kind == "after" else "-->"
        label = f'|"{_for_mermaid(edge.words)}"|' if edge.words else ""
        lines.append(f"  {names[edge.of]} {arrow}{label} {names[edge.waits]}")
    lines += [f"  {names[one]} x-.-x {names[other]}" for each in graph.excludes for one, other in pairwise(each)]
    if graph.critical_path:
        lines.append("  classDef critical stroke-width:3px")
        lines.append(f"  class {','.join(names[id] for id in graph.critical_path)} critical")
    return "\n".join(lines) + "\n"


def _for_mermaid(text: str) -> str:
    """Write every sign that Mermaid, or the page that it stands on, could act on as its number."""
    return "".join(sign if sign in _PLAIN else f"#{ord(sign)};" for sign in text)


def dot(graph: Dependencies) -> str:
    """Write a graph for Graphviz, what is waited for to the left; thick lines decide how soon all counts."""
    names = _names(graph)
    lines = [
        "digraph gambits {",
        f"  graph [rankdir=LR, label={_quoted(f'{graph.portfolio.name}: what waits for what')}, labelloc=t]",
        '  node [fontname="Helvetica"]',
    ]
    for layer in graph.layers:
        lines.append("  { rank=same")
        for id in layer:
            shape = _DOT.get(graph.portfolio.initiative(id).path, _DOT_OTHER)
            wide = ", penwidth=3" if id in graph.critical_path else ""
            lines.append(f"    {names[id]} [shape={shape}, label={_quoted(*_label(graph, id))}{wide}]")
        lines.append("  }")
    critical = set(pairwise(graph.critical_path))
    for edge in graph.edges:
        style = "dashed" if edge.kind == "after" else "solid"
        wide = ", penwidth=3" if (edge.of, edge.waits) in critical else ""
        label = f", label={_quoted(edge.words)}" if edge.words else ""
        lines.append(f"  {names[edge.of]} -> {names[edge.waits]} [style={style}{wide}{label}]")
    apart = '[dir=none, style=dotted, constraint=false, label="at most one"]'
    lines += [f"  {names[one]} -> {names[other]} {apart}" for each in graph.excludes for one, other in pairwise(each)]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(*lines: str) -> str:
    """Write a label: a backslash would begin an order to Graphviz, an ampersand the name of a sign."""
    texts = (line.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join(texts) + '"'


def _names(graph: Dependencies) -> dict[str, str]:
    """Number the nodes: ids have signs, and are words, that the languages keep for themselves."""
    return {id: f"n{k}" for k, id in enumerate(id for layer in graph.layers for id in layer)}


def _label(graph: Dependencies, id: str) -> tuple[str, ...]:
    return (*wrapped(graph.portfolio.initiative(id).title, _SIGNS, 3), *figures(graph, id))


def figures(graph: Dependencies, id: str) -> Iterator[str]:
    """Say what a plan funds of an initiative, or how soon it could count, and what it opens."""
    if graph.funded is not None:
        has_some = money(graph.money[id]) != money(0)
        yield f"{money(graph.money[id])} ({percent(graph.funded[id])})" if has_some else "no money"
    else:
        when = graph.period(graph.timing[id].counts)
        yield f"counts in {when}" if when else "never counts"
    if graph.unlock and id in graph.unlock:
        value = graph.unlock[id].value
        yield "needed" if value is None else f"opens {oom(value)} OOM"


def wrapped(text: str, most: int, lines: int) -> list[str]:
    """Break a text into lines of so many signs, wide ones counted twice, and cut what is more off with dots."""
    found = [""]
    for word in text.split():
        joined = f"{found[-1]} {word}".strip()
        if not found[-1] or _width(joined) <= most:
            found[-1] = joined
        else:
            found.append(word)
    kept = found[:lines]
    if len(found) > lines:
        kept[-1] = f"{kept[-1]} …"
    return [line if _width(line) <= most else _cut(line, most) for line in kept]


def _cut(line: str, most: int) -> str:
    kept = line
    while _width(kept) > most - 1:
        kept = kept[:-1]
    return f"{kept.rstrip(' …')}…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
