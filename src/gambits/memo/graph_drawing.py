"""The dependency graph as an SVG picture that reads in grey, on paper, and by ear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

from gambits.analyse.dependencies import Dependencies
from gambits.memo.graph_text import figures, wrapped
from gambits.memo.layered import Layered, Point, arrange
from gambits.portfolio.model import ALCHEMIST, ARCHITECT

# Boxes are full and stand close: a page holds some twenty in a column, and they have to be read there.
_WIDE: Final = 280.0
_HIGH: Final = 64.0
_ACROSS: Final = 340.0
_DOWN: Final = 73.0
_MARGIN: Final = 28.0
_HEAD: Final = 92.0
"""Room for the title and the sentences under it."""
_TOP: Final = 16.0
"""Room above the boxes where something else says what is drawn."""
_FOOT: Final = 84.0
_NARROWEST: Final = 800.0
_BAR: Final = 7.0
_LINE: Final = 16.0
_LETTERS: Final = 13.5
_SIGNS: Final = 30
"""Signs of text that fit into a box, in a reader's font too, which may be wide."""
_MOST_SIGNS: Final = 125
"""Signs of text that fit across the narrowest picture."""
_MOST_WORDS: Final = 80
_INK: Final = "#1a1a1a"
_GREY: Final = "#6b6b6b"
# Dark, light and white tell apart without colour, as in the other pictures: (fill, ink on it).
_PATHS: Final = {ARCHITECT: ("#1f3a5f", "#ffffff"), ALCHEMIST: ("#f2c14e", _INK)}
_OTHER: Final = ("#ffffff", _INK)
_MARKS: Final = "".join(
    f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="{size}" markerHeight="{size}" '
    f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{ink}"/></marker>'
    for name, size, ink in (("end", 9, _GREY), ("critical-end", 13, _INK))
)


def svg(graph: Dependencies, *, is_titled: bool = True) -> str:
    """Draw the graph in layers, what is waited for to the left, with what a plan funds and what enablers open.

    Without a title where the page around the picture has one.
    """
    found = arrange(graph.layers, [(edge.of, edge.waits) for edge in graph.edges])
    width = max(_NARROWEST, 2 * _MARGIN + _ACROSS * (len(graph.layers) - 1) + _WIDE)
    # Without its title the picture begins lower.
    top = 0.0 if is_titled else _HEAD - _TOP
    height = _HEAD + _DOWN * found.height + _FOOT - top
    heading = [
        _text(_MARGIN, 32, _headline(graph), size=19, weight="bold"),
        *(_text(_MARGIN, 54 + 16 * k, line, ink=_GREY) for k, line in enumerate(_subtitle(graph))),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {top:g} {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-labelledby="title desc" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12">'
    )
    parts = [
        head,
        f'<title id="title">{escape(_headline(graph))}</title>',
        f'<desc id="desc">{escape(in_words(graph))}</desc>',
        f"<defs>{_MARKS}</defs>",
        f'<rect y="{top:g}" width="{width:g}" height="{height:g}" fill="#ffffff"/>',
        *(heading if is_titled else []),
        *_lines(graph, found),
        *(_box(graph, id, found.places[id]) for layer in graph.layers for id in layer),
        *_legend(graph, top + height - _FOOT + 34),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _subtitle(graph: Dependencies) -> list[str]:
    return wrapped(" ".join(_sentences(graph)), _MOST_SIGNS, 2)


def in_words(graph: Dependencies) -> str:
    """Say what a picture of the graph shows."""
    waits: dict[str, list[str]] = {}
    for edge in graph.edges:
        how = ", ".join(filter(None, (edge.kind, edge.words)))
        waits.setdefault(edge.waits, []).append(f"{edge.of} ({how})")
    told = [f"{id} waits for {', '.join(others)}." for id, others in list(waits.items())[:_MOST_WORDS]]
    count = sum(map(len, graph.layers))
    shape = f"{count} initiatives in {len(graph.layers)} layers."
    return " ".join([shape, *_sentences(graph), *told])


def _headline(graph: Dependencies) -> str:
    return f"{graph.portfolio.name}: what waits for what"


def _sentences(graph: Dependencies) -> Iterator[str]:
    if graph.critical_path:
        when = graph.period(graph.timing[graph.critical_path[-1]].counts)
        yield f"At the earliest all counts in {when}; what decides that: {' → '.join(graph.critical_path)}."
    for each in graph.excludes:
        yield f"At most one of {', '.join(each)}."
    if graph.gambit is not None:
        yield f"Worth under {graph.gambit}."


def _lines(graph: Dependencies, found: Layered) -> Iterator[str]:
    critical = set(pairwise(graph.critical_path))
    for edge in graph.edges:
        is_critical = (edge.of, edge.waits) in critical
        dash = ' stroke-dasharray="5 4"' if edge.kind == "after" else ""
        look = f'stroke="{_INK}" stroke-width="2.6"' if is_critical else f'stroke="{_GREY}" stroke-width="1.3"'
        mark = "critical-end" if is_critical else "end"
        points = found.lines[edge.of, edge.waits]
        told = f"{edge.waits} waits for {edge.of} ({', '.join(filter(None, (edge.kind, edge.words)))})"
        yield (
            f'<path d="{_route(points)}" fill="none" {look}{dash} marker-end="url(#{mark})">'
            f"<title>{escape(told)}</title></path>"
        )
        if edge.words:
            yield _label(points, edge.words)


def _label(points: Sequence[Point], words: str) -> str:
    """Put words on a line, in the middle of the gap before the box that it ends at."""
    before, last = points[-2:]
    left, top = (_left(before) + _WIDE + _left(last)) / 2, (_middle(before) + _middle(last)) / 2
    return (
        f'<text x="{left:g}" y="{top + 3:.1f}" font-size="10" text-anchor="middle" fill="{_INK}" '
        f'stroke="#ffffff" stroke-width="3" paint-order="stroke">{escape(words)}</text>'
    )


def _route(points: Sequence[Point]) -> str:
    """Go from the right side of the first box to the left side of the last, level past those between."""
    (first, *_), last = points, points[-1]
    parts = [f"M{_left(first) + _WIDE:g},{_middle(first):.1f}"]
    for before, after in pairwise(points):
        start, end = _left(before) + _WIDE, _left(after) - (1 if after is last else 0)
        bend = (start + end) / 2
        parts.append(f"C{bend:g},{_middle(before):.1f} {bend:g},{_middle(after):.1f} {end:g},{_middle(after):.1f}")
        if after is not last:
            parts.append(f"H{_left(after) + _WIDE:g}")
    return " ".join(parts)


def _left(point: Point) -> float:
    return _MARGIN + _ACROSS * point[0]


def _middle(point: Point) -> float:
    return _HEAD + _DOWN * point[1] + _HIGH / 2


def _box(graph: Dependencies, id: str, place: Point) -> str:
    each = graph.portfolio.initiative(id)
    left, top = _left(place), _middle(place) - _HIGH / 2
    fill, ink = _PATHS.get(each.path, _OTHER)
    is_critical = id in graph.critical_path
    lines = wrapped(each.title, _SIGNS, 2)
    parts = [
        f"<g><title>{escape(_told(graph, id))}</title>",
        f'<rect x="{left:g}" y="{top:.1f}" width="{_WIDE:g}" height="{_HIGH:g}" rx="5" fill="{fill}" '
        f'stroke="{_INK}" stroke-width="{3 if is_critical else 1}"/>',
        *(
            _text(left + 8, top + 17 + _LINE * k, line, ink=ink, size=_LETTERS, weight="bold")
            for k, line in enumerate(lines)
        ),
        _text(left + 8, top + 17 + _LINE * len(lines), " · ".join(figures(graph, id)), ink=ink, size=13),
    ]
    if graph.funded is not None:
        bar = f'<rect x="{left:g}" y="{top + _HIGH - _BAR:.1f}" height="{_BAR:g}" stroke="{_INK}"'
        parts += [
            f'{bar} width="{_WIDE:g}" fill="#ffffff"/>',
            f'{bar} width="{_WIDE * graph.funded[id]:.1f}" fill="{_INK}"/>',
        ]
    return "".join([*parts, "</g>"])


def _told(graph: Dependencies, id: str) -> str:
    each, blocker = graph.portfolio.initiative(id), graph.blocker.get(id)
    held = f"; held back by {blocker.id}, which {blocker.why}" if blocker else ""
    return f"{id}: {each.title} ({each.path}); {', '.join(figures(graph, id))}{held}"


def _legend(graph: Dependencies, top: float) -> Iterator[str]:
    left = _MARGIN
    paths = sorted({each.path for each in graph.portfolio.initiatives})
    shown = [name for name in (ARCHITECT, ALCHEMIST) if name in paths]
    shown += ["other paths"] if set(paths) - set(shown) else []
    for name in shown:
        fill = _PATHS.get(name, _OTHER)[0]
        yield f'<rect x="{left:g}" y="{top - 10:g}" width="22" height="12" rx="2" fill="{fill}" stroke="{_INK}"/>'
        yield _text(left + 28, top, name)
        left += 46 + 7 * len(name)
    kinds = {"requires": "", "after": ' stroke-dasharray="5 4"'}
    for kind, dash in kinds.items():
        if any(edge.kind == kind for edge in graph.edges):
            ends = f'x1="{left:g}" y1="{top - 4:g}" x2="{left + 30:g}" y2="{top - 4:g}"'
            yield f'<line {ends} stroke="{_GREY}" stroke-width="1.3"{dash} marker-end="url(#end)"/>'
            yield _text(left + 38, top, kind)
            left += 58 + 7 * len(kind)
    words = ["thick: decides how soon all counts"]
    words += [f"bar: part of its cost, money in {graph.portfolio.money}"] if graph.funded is not None else []
    words += ["opens: what the best plan is worth less without it"] if graph.unlock else []
    yield _text(_MARGIN, top + 22, "; ".join(words), ink=_GREY)


def _text(left: float, top: float, words: str, *, ink: str = _INK, size: float = 12, weight: str = "normal") -> str:
    look = f' font-weight="{weight}"' if weight != "normal" else ""
    return f'<text x="{left:g}" y="{top:.1f}" fill="{ink}" font-size="{size:g}"{look}>{escape(words)}</text>'
