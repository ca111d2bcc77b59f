"""From a chart to a picture, SVG or PNG, without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from gambits.errors import GambitsError
from gambits.memo.document import Chart
from gambits.memo.plots.style import CONFIG

_SCALE: Final = 2.0
"""Pixels of a PNG for each of the picture."""


def drawn(chart: Callable[[Any], Any], suffix: str) -> bytes:
    """Draw what a function makes with Altair, as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    converter = _converter()
    try:
        import altair  # an extra, and slow to import
    except ImportError:
        raise _absent("altair") from None
    spec = chart(altair).to_dict() | {"config": CONFIG}
    svg = str(converter.vegalite_to_svg(json.dumps(spec)))
    return bytes(converter.svg_to_png(svg, scale=_SCALE)) if suffix == ".png" else svg.encode()


def svg_of(chart: Chart) -> str:
    """Draw a chart of the memo as SVG.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    if isinstance(chart.drawing, str):
        return chart.drawing
    return str(_converter().vegalite_to_svg(json.dumps(chart.drawing)))


def png_of(chart: Chart) -> bytes:
    """Draw a chart of the memo as PNG.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return bytes(_converter().svg_to_png(svg_of(chart), scale=_SCALE))


def _converter() -> Any:
    try:
        import vl_convert  # an extra
    except ImportError:
        raise _absent("vl-convert-python") from None
    return vl_convert


def _absent(package: str) -> GambitsError:
    hint = "install it with the extra: pip install 'gambits[charts]'"
    return GambitsError(f"charts need {package}, which is not installed", hint)
