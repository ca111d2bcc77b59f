"""What ``gambits calibrate`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape

from gambits.cli.tables import framed
from gambits.ledger.calibrate import LEAST, SUCCESS
from gambits.words import money, oom, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from gambits.ledger.calibrate import Score, TrackRecord
    from gambits.rerun.track import Calibration, SideBySide


def calibration(found: Calibration, *, asked: bool) -> RenderableType:
    """The scores, what they teach, and the two plans."""
    record, alone, plans = found.record, found.alone, found.plans
    if not record.pairs:
        return "not enough data: no outcome has an estimate in the ledger.\n" + escape(
            "Next: gambits calibrate PORTFOLIO --outcome play.cost=24 --on 2027-09-30"
        )
    parts: list[RenderableType] = [_scores("by kind of estimate", {"all": record.by_kind})]
    parts += [_scores(f"by {name}", groups) for name, groups in (("owner", record.by_owner), ("path", record.by_path))]
    parts.append(
        "A 90 % interval should hold 90 % of outcomes. Bias: of chances, how much more often they came true; of the "
        "rest, outcomes as a multiple of the median."
    )
    parts += [escape(line) for line in _lessons(record)]
    if alone:
        parts.append(f"{len(alone)} outcomes have no estimate that stood before them.")
    if plans is not None:
        parts.append(_plans(plans))
    elif asked:
        parts.append("not enough data to recalibrate: the plan is the one on raw estimates.")
    return Group(*parts)


def _scores(title: str, groups: Mapping[str, Mapping[str, Score]]) -> RenderableType:
    table = framed(f"{title}: estimates against outcomes")
    for name in ("", "kind"):
        table.add_column(name)
    for name in ("outcomes", "Brier", "inside 90 %", "bias"):
        table.add_column(name, justify="right")
    for group, kinds in groups.items():
        for number, (kind, score) in enumerate(kinds.items()):
            table.add_row(escape(group) if number == 0 else "", kind, str(score.outcomes), *_cells(kind, score))
    return table


def _cells(kind: str, score: Score) -> tuple[str, str, str]:
    if not score.is_enough:
        return "not enough data", "", ""
    brier = "–" if score.brier is None else f"{score.brier:.3f}"
    coverage = "–" if score.coverage is None else percent(score.coverage)
    if score.bias is None:
        return brier, coverage, "–"
    return brier, coverage, f"{score.bias:+.2f}" if kind == SUCCESS else f"{score.bias:.2f}×"


def _lessons(record: TrackRecord) -> list[str]:
    lines = []
    for kind, lesson in record.lessons.items():
        if kind == SUCCESS:
            lines.append(f"Chances of success: log odds {lesson.shift:+.2f}.")
        else:
            lines.append(f"{kind}: median {lesson.shift:+.2f} σ, interval {lesson.spread:.2f} times as wide.")
    few = [kind for kind, score in record.by_kind.items() if not score.is_enough]
    if few:
        lines.append(f"not enough data (under {LEAST} outcomes): {', '.join(few)}.")
    if record.lessons:
        lines.append(f"Shrunk as if {record.strength:g} more outcomes had come out as forecast.")
    return lines


def _plans(found: SideBySide) -> RenderableType:
    unit = found.raw.money
    table = framed(f"{found.raw.gambit}: the plan on raw and on recalibrated estimates ({unit})")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=40)
    for name in ("raw", "recalibrated", "change"):
        table.add_column(name, justify="right")
    for move in found.changes.moves:
        table.add_row(escape(move.id), money(move.old), money(move.new), f"{move.new - move.old:+.1f}")
    text = (
        f"Worth {oom(found.raw.objective)} OOM on raw estimates, {oom(found.mended.objective)} OOM on recalibrated. "
        f"Money moved: {money(found.changes.money_moved)} {unit}. {len(found.estimates)} estimates were recalibrated."
    )
    return Group(table, escape(text))
