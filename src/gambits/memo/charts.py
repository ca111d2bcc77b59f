"""From a chart to a picture, without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from gambits.errors import GambitsError

_SCALE: Final = 2.0
"""Pixels of a PNG for each of the picture."""


def drawn(chart: Callable[[Any], Any], suffix: str) -> bytes:
    """Draw what a function makes with Altair, as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    try:
        import altair  # an extra, and slow to import
        import vl_convert
    except ImportError:
        hint = "install it with the extra: pip install 'gambits[charts]'"
        raise GambitsError("charts need altair and vl-convert-python, which are not installed", hint) from None
    spec = json.dumps(chart(altair).to_dict())
    if suffix == ".png":
        return bytes(vl_convert.vegalite_to_png(spec, scale=_SCALE))
    return str(vl_convert.vegalite_to_svg(spec)).encode()
