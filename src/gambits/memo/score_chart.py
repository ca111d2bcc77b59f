"""The way from a plan to a better one as a picture: money of each initiative now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gambits.memo.charts import drawn
from gambits.memo.moves_chart import moves_chart

if TYPE_CHECKING:
    from gambits.analyse.score import Score, Step


def score_chart(found: Score, suffix: str) -> bytes:
    """Draw the moves that close half of the distance, or that mend the plan, as ``.svg`` or ``.png``.

    Raises
    ------
    GambitsError
        If the extra that draws charts is not installed.
    """
    return drawn(lambda altair: _chart(altair, found), suffix)


def _chart(alt: Any, found: Score) -> Any:
    step = found.half or found.mend
    moves = [] if step is None else [(move.id, move.old, move.new) for move in step.moves]
    return moves_chart(alt, moves, found.money, _title(alt, found, step))


def _title(alt: Any, found: Score, step: Step | None) -> Any:
    futures = "the central future" if found.seed is None else f"{found.draws} draws, seed {found.seed}"
    if step is None:
        told = f"It is the best plan of {found.gambit}: nothing has to move."
    elif found.half is not None:
        told = f"The cheapest moves that close half of {found.distance:.3f} OOM: {step.moved:.1f} {found.money}."
    else:
        told = f"The cheapest moves after which it obeys every rule of {found.gambit}: {step.moved:.1f} {found.money}."
    marks = "" if step is None else "Hollow: money in this plan. Full: money then. "
    return alt.TitleParams("From this plan to a better one", subtitle=[told, f"{marks}{found.portfolio}, {futures}."])
