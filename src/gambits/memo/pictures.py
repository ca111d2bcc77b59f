"""Drawing charts without a browser, as SVG or PNG."""

from __future__ import annotations

import json
from typing import Any, Final

from gambits.errors import GambitsError
from gambits.memo.document import Chart

SCALE: Final = 2.0
"""Pixels of a PNG for each of the picture."""


def svg_of(chart: Chart) -> str:
    """Draw a chart as SVG.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    if isinstance(chart.drawing, str):
        return chart.drawing
    return str(_converter().vegalite_to_svg(json.dumps(chart.drawing)))


def png_of(chart: Chart) -> bytes:
    """Draw a chart as PNG.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return bytes(_converter().svg_to_png(svg_of(chart), scale=SCALE))


def _converter() -> Any:
    try:
        import vl_convert  # an extra
    except ImportError:
        hint = "install it with the extra: pip install 'gambits[memo]'"
        raise GambitsError("charts need vl-convert-python, which is not installed", hint) from None
    return vl_convert
