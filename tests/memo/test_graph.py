"""The graph as a picture and as text: nothing that a title holds is acted on, and grey is enough."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gambits import load
from gambits.analyse.dependencies import Dependencies, dependencies, with_plan, with_unlock
from gambits.analyse.study import Settings, Study
from gambits.memo.graph_drawing import svg
from gambits.memo.graph_text import dot, mermaid, wrapped
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    '"] --> n9["boo',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "`markdown` **bold** [link](javascript:alert(1))",
    "#quot; &amp; &lt;b&gt; #35;",
    "a \\n b \\N \\l \\\\ c \\",
    '"; } digraph { x [label="y',
    "end",
    "%%{init: {}}%% click n0 call()",
    "]]> --> <!--",
    "数据平台" * 12,
    "endlessly" * 12,
    "style n0 fill:#f00; classDef x",
]


@pytest.fixture(scope="module")
def lab() -> Dependencies:
    """The bundled lab with worth and a plan."""
    portfolio = load("frontier-lab")
    study = Study(portfolio, Settings(certain=True))
    free = Gambit("free")
    funded = {each.id: float(row[-1]) for each, row in zip(portfolio.initiatives, study.best(free).funded, strict=True)}
    money = {each.id: funded[each.id] * each.price for each in portfolio.initiatives}
    return with_plan(with_unlock(dependencies(portfolio), study, free), funded, money)


def hostile(read: Callable[[str], Portfolio], titles: list[str]) -> Dependencies:
    rows = {
        f"i{k}": {
            "path": title,
            "source": "x",
            "cost": 1,
            "value": 1,
            "title": title,
            "requires": [f"i{k - 1}"] if k % 3 else [],
        }
        for k, title in enumerate(titles)
    }
    file = {
        "format": "gambits/1",
        "name": titles[0],
        "as_of": "2027-01-01",
        "periods": {"first": 2027, "count": 2},
        "money": titles[-1],
        "budget": {"per_period": 3},
        "initiatives": rows,
    }
    graph = dependencies(read(yaml.safe_dump(file, allow_unicode=True)))
    ids = [each.id for each in graph.portfolio.initiatives]
    return with_plan(graph, dict.fromkeys(ids, 0.5), dict.fromkeys(ids, 0.5))


def test_a_picture_is_well_formed_and_says_in_words_what_it_shows(lab: Dependencies) -> None:
    top = ET.fromstring(svg(lab))

    assert top.attrib["role"] == "img"
    assert top.attrib["aria-labelledby"] == "title desc"
    title, desc = top.findtext(f"{SVG}title"), top.findtext(f"{SVG}desc")
    assert title == "Frontier lab, 2027 and 2028: what waits for what"
    assert desc is not None
    assert "hybrid-flagship waits for hybrid-pilot (requires)." in desc
    assert "26 initiatives in 3 layers" in desc or "initiatives in" in desc
    boxes = [group.findtext(f"{SVG}title") for group in top.iter(f"{SVG}g")]
    assert len(boxes) == len(lab.portfolio.initiatives)
    assert any(box and box.startswith("training-platform: Training platform") and "opens" in box for box in boxes)


def test_boxes_do_not_overlap_and_lie_inside_the_picture(lab: Dependencies) -> None:
    top = ET.fromstring(svg(lab))
    rectangles = [
        tuple(float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        for group in top.iter(f"{SVG}g")
        for rect in list(group.iter(f"{SVG}rect"))[:1]
    ]

    for (x, y, w, h), (u, v, p, q) in combinations(rectangles, 2):
        assert x + w <= u or u + p <= x or y + h <= v or v + q <= y
    width, height = float(top.attrib["width"]), float(top.attrib["height"])
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in rectangles)


def luminance(colour: str) -> float:
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_it_reads_in_grey(lab: Dependencies) -> None:
    """Words stand out from what they are on, and paths differ by how dark they are."""
    top = ET.fromstring(svg(lab))
    fills = set()
    for group in top.iter(f"{SVG}g"):
        fill = next(group.iter(f"{SVG}rect")).attrib["fill"]
        fills.add(fill)
        assert all(contrast(text.attrib["fill"], fill) >= 4.5 for text in group.iter(f"{SVG}text"))

    assert len(fills) == 3
    assert all(contrast(a, b) >= 1.4 for a, b in combinations(fills, 2))


@pytest.mark.parametrize("draw", [svg, mermaid, dot])
def test_the_same_graph_gives_the_same_text(draw: Callable[[Dependencies], str], lab: Dependencies) -> None:
    assert draw(lab) == draw(lab)


def test_hostile_titles_are_text_in_a_picture(read: Callable[[str], Portfolio]) -> None:
    top = ET.fromstring(svg(hostile(read, HOSTILE)))

    tags = {element.tag.removeprefix(SVG) for element in top.iter()}
    assert tags <= {"svg", "title", "desc", "defs", "marker", "path", "rect", "text", "g", "line"}
    assert {name for element in top.iter() for name in element.attrib if name.startswith("on")} == set()
    told = [title.text for title in top.iter(f"{SVG}title")]
    assert all(any(title in (text or "") for text in told) for title in HOSTILE)


LINE = re.compile(
    r'flowchart LR|  n\d+(\["[^"]*"\]|\("[^"]*"\)|\[\["[^"]*"\]\])|  n\d+ (==>|-->|-\.->)(\|"[^"]*"\|)? n\d+'
    r"|  n\d+ x-\.-x n\d+"
    r"|  classDef critical stroke-width:3px|  class n\d+(,n\d+)* critical"
)


def unescaped(label: str) -> str:
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label)


def test_hostile_titles_are_text_in_mermaid(read: Callable[[str], Portfolio]) -> None:
    text = mermaid(hostile(read, HOSTILE))

    labels = re.findall(r'"([^"]*)"', text)
    assert all(LINE.fullmatch(line) for line in text.splitlines())
    assert all(re.fullmatch(r"([A-Za-z0-9 .,()+-]|#\d+;|<br/>)*", label) for label in labels)
    found = [" ".join(unescaped(label).replace("<br/>", " ").split()) for label in labels]
    for title in HOSTILE:
        assert any(each.startswith(title[:10]) for each in found), title


def test_hostile_titles_are_text_in_dot(read: Callable[[str], Portfolio]) -> None:
    text = dot(hostile(read, HOSTILE))

    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "S", text)
    allowed = (
        r"digraph gambits \{|  graph \[rankdir=LR, label=S, labelloc=t\]|  node \[fontname=S\]|  \{ rank=same|  \}|\}"
    )
    node = r"    n\d+ \[shape=(box|ellipse|component), label=S(, penwidth=3)?\]"
    edge = r"  n\d+ -> n\d+ \[(style=(solid|dashed)(, penwidth=3)?(, label=S)?|dir=none, .* label=S)\]"
    assert all(re.fullmatch(f"{allowed}|{node}|{edge}", line) for line in outside.splitlines())
    for string in strings:
        # Every backslash is the first of two, or begins an escaped quote or a line break of ours.
        assert re.fullmatch(r'([^"\\]|\\\\|\\"|\\n)*', string)
        assert "&" not in string.replace("&amp;", "")
    found = [html.unescape(each.replace('\\"', '"').replace("\\\\", "\\")) for each in strings]
    assert any(each.startswith("<script>alert(1)</script>") for each in found)


@given(st.text(max_size=80), st.integers(2, 40), st.integers(1, 3))
def test_wrapped_text_fits_and_begins_as_it_was(text: str, most: int, lines: int) -> None:
    found = wrapped(text, most, lines)

    assert 1 <= len(found) <= lines
    assert all(len(line) <= most for line in found)
    words = " ".join(text.split())
    first = found[0].rstrip("…").rstrip()
    assert words.startswith(first)


def test_choices_parts_delays_and_exclusions_are_drawn(read: Callable[[str], Portfolio]) -> None:
    base = yaml.safe_load(Path(load("minimal").file).read_text(encoding="utf-8"))
    base["initiatives"]["self-play"]["requires"] = [
        {"any": ["verifier-suite", "tuned-repetition"], "lag": 1},
        {"of": "hybrid-backbone", "share": 0.5},
    ]
    graph = dependencies(read(yaml.safe_dump(base | {"excludes": [["hybrid-backbone", "tuned-repetition"]]})))

    words = {"1 of 2, 1 period ahead", "at 50%"}
    assert {edge.words for edge in graph.edges} == words
    picture = ET.fromstring(svg(graph))
    assert words <= {text.text for text in picture.iter(f"{SVG}text")}
    assert "At most one of hybrid-backbone, tuned-repetition." in (picture.findtext(f"{SVG}desc") or "")
    assert all(LINE.fullmatch(line) for line in mermaid(graph).splitlines())
    assert '-->|"at 50#37;"|' in mermaid(graph)
    assert mermaid(graph).count(" x-.-x ") == 1
    assert dot(graph).count('label="at most one"') == 1


def test_a_large_graph_is_drawn(read: Callable[[str], Portfolio]) -> None:
    rows = {
        f"i{k:04d}": {
            "path": "architect",
            "source": "x",
            "cost": 1,
            "value": 1,
            "requires": sorted({f"i{(k * 7 + step * 13) % k:04d}" for step in range(3)}) if k else [],
        }
        for k in range(300)
    }
    base = yaml.safe_load(Path(load("minimal").file).read_text(encoding="utf-8"))
    graph = dependencies(read(yaml.safe_dump(base | {"initiatives": rows})))

    assert svg(graph).count("<g>") == 300
