"""Draw the pictures of the documentation from real plans, as SVG that reads in grey and needs no legend.

``--check`` writes nothing and fails if a picture no longer shows what gambits finds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from gambits import Comparison, Plan, compare, load, sensitivity
from gambits.analyse.compare import Difference
from gambits.analyse.dependencies import dependencies
from gambits.analyse.study import Settings
from gambits.memo.charts import svg_of
from gambits.memo.document import Chart
from gambits.memo.graph_drawing import svg
from gambits.memo.plots.money import allocation
from gambits.memo.tornado_chart import tornado_chart

IMAGES: Final = Path(__file__).resolve().parent / "images"

_WIDTH: Final = 960
_LEFT: Final = 420
_SCALE_WIDTH: Final = 440
_BAR_LEFT: Final = 220
_ROW: Final = 30
_ROOM: Final = 150
_MOST_ROWS: Final = 10
_LONGEST_NAME: Final = 48
_SURE_ROWS: Final = 6
_NEAR: Final = 3
"""Rows that the check looks at, and how far a figure may stray: below, differences of one size trade places."""
_INK: Final = "#1a1a1a"

# Dark, light and white tell apart without colour, on paper and for every eye: (fill, ink on it).
_PATHS: Final = {"architect": ("#1f3a5f", "#ffffff"), "alchemist": ("#f2c14e", _INK)}
_OTHER_PATH: Final = ("#ffffff", _INK)
_GAMBITS: Final = (_INK, "#ffffff")


@cache
def _compared() -> Comparison:
    # Batches say how stable a plan is; they take time, and no picture shows it.
    return compare(load("frontier-lab"), settings=Settings(batches=0))


def comparison_picture() -> str:
    """Draw money by path and the largest differences of frontier-lab under the two gambits."""
    found = _compared()
    plans = list(found.plans.values())
    rows = found.differences[:_MOST_ROWS]
    most = max(plan.total_spend for plan in plans)
    widest = max(max(row.money) for row in rows)
    below = 130 + 54 * len(plans)
    parts = [_text(24, 34, "Where the money goes", size=20, is_bold=True)]
    parts += [_text(24, 58, f"{escape(plans[0].portfolio)}; {escape(plans[0].money)}; OOM of effective compute")]
    for number, plan in enumerate(plans):
        parts += _bar(plan, 84 + 54 * number, most)
    parts += [_text(24, below, "Where the two differ most", size=20, is_bold=True)]
    parts += [_text(24, below + 24, f"money by initiative, {escape(plans[0].money)}")]
    for number, row in enumerate(rows):
        parts += _difference(row, below + 72 + _ROW * number, widest, tuple(found.plans) if number == 0 else ())
    return _picture(below + 76 + _ROW * len(rows), parts, "Two gambits compared", _words(found))


def _bar(plan: Plan, top: float, most: float) -> list[str]:
    parts = [_text(24, top + 16, escape(plan.gambit), size=16, is_bold=True)]
    parts += [_text(24, top + 34, f"{plan.objective:.3f} OOM, {plan.total_spend:.0f} spent")]
    left = float(_BAR_LEFT)
    for path in sorted(plan.spend_by_path, key=lambda path: (path not in _PATHS, path != "architect", path)):
        spent = plan.spend_by_path[path]
        width = (_LEFT + _SCALE_WIDTH - _BAR_LEFT) * spent / most
        if round(spent):
            fill, ink = _PATHS.get(path, _OTHER_PATH)
            parts += [
                f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="38" fill="{fill}" stroke="{_INK}"/>',
                # What has no room for its label has it at its side.
                _text(left + 10, top + 24, f"{escape(path)} {spent:.0f} ({plan.shares[path]:.0%})", ink=ink)
                if width > _ROOM
                else _text(left + width + 6, top + 24, f"{escape(path)} {spent:.0f}"),
            ]
        left += width
    return parts


def _difference(row: Difference, y: float, widest: float, labels: tuple[str, ...]) -> list[str]:
    places = [_LEFT + _SCALE_WIDTH * spent / widest for spent in row.money]
    low, high = sorted(range(2), key=lambda side: (places[side], side))
    name = row.title if len(row.title) <= _LONGEST_NAME else f"{row.title[: _LONGEST_NAME - 1].rstrip()}…"
    line = f'<line x1="{places[low]:.1f}" y1="{y}" x2="{places[high]:.1f}" y2="{y}" stroke="#8a8a8a" stroke-width="3"/>'
    return [
        _text(24, y + 5, escape(name)),
        line,
        *(_mark(places[side], y, _GAMBITS[side]) for side in (low, high)),
        _text(places[low] - 12, y + 5, f"{row.money[low]:.0f}", anchor="end"),
        _text(places[high] + 12, y + 5, f"{row.money[high]:.0f}"),
        *(_text(place, y - 14, escape(label), anchor="middle") for place, label in zip(places, labels, strict=False)),
    ]


def _words(found: Comparison) -> str:
    paths = sorted({path for plan in found.plans.values() for path in plan.spend_by_path})
    money = "; ".join(
        ", ".join([name, *(f"{path} {plan.spend_by_path[path]:.0f}" for path in paths)])
        for name, plan in found.plans.items()
    )
    rows = "; ".join(f"{row.title} {row.money[0]:.0f} and {row.money[1]:.0f}" for row in found.differences[:_MOST_ROWS])
    return f"Money by path: {money}. Largest differences, {' and '.join(found.plans)}: {rows}."


def _mark(x: float, y: float, fill: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y}" r="7" fill="{fill}" stroke="#1a1a1a" stroke-width="1.5"/>'


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 14,
    is_bold: bool = False,
    ink: str = _INK,
    anchor: str = "start",
) -> str:
    weight = ' font-weight="bold"' if is_bold else ""
    place = f'x="{x:.1f}" y="{y}" font-size="{size}" fill="{ink}" text-anchor="{anchor}"'
    return f"<text {place}{weight}>{text}</text>"


def _picture(height: float, parts: list[str], title: str, words: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" width="{_WIDTH}" '
        f'height="{height:.0f}" role="img" font-family="system-ui, sans-serif">'
    )
    lines = [head, f"<title>{escape(title)}</title>", f"<desc>{escape(words)}</desc>"]
    return "\n".join([*lines, '<rect width="100%" height="100%" fill="#ffffff"/>', *parts, "</svg>"]) + "\n"


def graph_picture() -> str:
    """Draw what waits for what in frontier-lab."""
    return svg(dependencies(load("frontier-lab")))


def money_picture() -> str:
    """Draw a plan's money by quarter and path, as the memo does."""
    plan = _compared().plans["challenger"]
    drawing = svg_of(Chart("money", (), (), (), allocation(plan.to_dict())))
    sums = "; ".join(f"{name}: {money:.0f}" for name, money in zip(plan.periods, plan.spend_by_period, strict=True))
    return _told(drawing, "Money by quarter and path", f"What the {plan.gambit} spends, {plan.money}. {sums}")


def tornado_picture() -> str:
    """Draw how far each estimate of the minimal portfolio moves the value of its plan."""
    found = sensitivity(load("minimal"), "challenger", Settings(certain=True))
    bars = "; ".join(f"{bar.estimate}: {1000 * bar.low:.0f} to {1000 * bar.high:.0f}" for bar in found.tornado)
    said = f"Value of the best plan, thousandths of an OOM, with each estimate known to be low or high. {bars}"
    return _told(tornado_chart(found, ".svg").decode(), f"What the plan of {found.gambit} rests on", said)


def _told(drawing: str, title: str, words: str) -> str:
    """Give a drawing its title and its words."""
    head, _, rest = drawing.partition(">")
    return f'{head} role="img"><title>{escape(title)}</title><desc>{escape(words)}</desc>{rest}\n'


PICTURES: Final[dict[str, Callable[[], str]]] = {
    "compare.svg": comparison_picture,
    "graph.svg": graph_picture,
    "money.svg": money_picture,
    "tornado.svg": tornado_picture,
}


def stale_pictures() -> list[Path]:
    """List the pictures that do not show what gambits finds now."""
    return [IMAGES / name for name, draw in PICTURES.items() if not _shows(IMAGES / name, draw())]


def _shows(picture: Path, now: str) -> bool:
    """Whether a picture shows what another does, but for what ties and the sums of another machine can do."""
    if not picture.is_file():
        return False
    old, new = _figures(picture.read_text(encoding="utf-8")), _figures(now)
    return all(
        any(name == other and all(abs(a - b) <= _NEAR for a, b in zip(one, two, strict=True)) for other, two in old)
        for name, one in new[:_SURE_ROWS]
    )


def _figures(picture: str) -> list[tuple[str, list[int]]]:
    """Read back from its description what a picture shows: names, each with its figures."""
    words = re.findall(r"<desc[^>]*>(.*?)</desc>", picture, flags=re.DOTALL)[0]
    found = [part for sentence in words.split(". ") for part in sentence.split("; ")]
    return [(re.sub(r"\d+", "", part), [int(figure) for figure in re.findall(r"\d+", part)]) for part in found]


def run(arguments: Sequence[str]) -> int:
    """Draw every picture, or with ``--check`` only name the stale ones; give the exit code."""
    if list(arguments) == ["--check"]:
        stale = stale_pictures()
        sys.stdout.writelines(f"{picture.name} is stale: run docs/make_pictures.py\n" for picture in stale)
        return 1 if stale else 0
    IMAGES.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8")
        sys.stdout.write(f"wrote {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
