"""Whose money moves when an initiative is forced into a plan or out of it, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gambits.errors import GambitsError
from gambits.memo.charts import drawn
from gambits.memo.moves_chart import moves_chart
from gambits.words import percent

if TYPE_CHECKING:
    from gambits.analyse.explanation import Explanation


def displacement_chart(found: Explanation, suffix: str) -> bytes:
    """Draw money now (hollow) and then (full) of those whose money moves most, as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If nothing moves, or the extra that draws charts is not installed.
    """
    if found.displacement is None or not found.displacement.moves:
        raise GambitsError(f"no money would move for {found.id}: there is nothing to draw", "leave --plot out")
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Explanation) -> Any:
    displacement = found.displacement
    assert displacement is not None, "who asks has looked"
    forced = "without it" if displacement.forced == 0 else f"with it funded to {percent(displacement.forced)}"
    way = "less" if displacement.value <= 0 else "more"
    futures = "the central future" if found.seed is None else f"{found.draws} draws, seed {found.seed}"
    heading = alt.TitleParams(
        f"What gives way: {found.title}",
        subtitle=[
            f"The best plan of the {found.gambit} {forced}: worth {abs(displacement.value):.3f} OOM {way}.",
            f"Hollow: money now. Full: money in that plan. {found.portfolio}, {futures}.",
        ],
    )
    moves = [(move.id, move.before, move.after) for move in displacement.moves]
    return moves_chart(alt, moves, found.unit, heading)
