"""Rows that close in on the value from above: tangent cuts at a plan, and lines that touch diminishing returns.

Their numbers come from sums whose last digits depend on the processor. Two roundings of one cut can lead the
solver to two plans of nearly one value, so every coefficient is put on a grid that is far coarser than those
digits and far finer than the certificate; each row is loosened by what that can cost, and stays a true bound.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.layout import Layout
from gambits.allocate.limits import ABSENT
from gambits.allocate.pool import Point
from gambits.allocate.programme import is_switched
from gambits.allocate.response import line_at, progress_of, tangents
from gambits.allocate.solver import Row
from gambits.forecast.curves import Bend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Whole = NDArray[np.int64]

_PART_OF_AIM: Final = 1 / 16
"""Part of the aimed-for gap that the grid of all coefficients of a cut can cost together."""
_PROGRESS_TOLERANCE: Final = 1e-9


class Cutter:
    """Makes the cuts of one master.

    Parameters
    ----------
    layout
        The master's columns.
    rows
        Shape (I eligible,): the number of each eligible initiative among all.
    seen
        Shape (I, K): the period of the plan that counts in period k, or -1 (``timing.counting_period``).
    aim
        The gap that the search aims for, in objective units.
    has_memory
        Whether the value of a period hangs on earlier ones too: then only their sum has a cut.
    """

    def __init__(
        self, layout: Layout, rows: Whole, seen: NDArray[np.int32], aim: float, *, has_memory: bool = False
    ) -> None:
        self.layout = layout
        self.has_memory = has_memory
        self.seen = seen
        self.grid = 2.0 ** math.floor(math.log2(aim * _PART_OF_AIM / max(1, len(layout.names))))
        self.columns = tuple(self._whole(part, rows) for part in (layout.progress, layout.funded))
        self.effect = self._whole(layout.effect, rows)
        made = (timing.progress(layout.initiatives, layout.paid), layout.paid)
        before = (timing.progress_before(layout.initiatives, layout.before), layout.before)
        self.paid = tuple(self._known(*parts, rows) for parts in zip(made, before, strict=True))

    def _known(self, paid: Array, before: Array, rows: Whole) -> Array:
        """Give what has been paid as it counts, for all initiatives; 0 for those that take no part."""
        whole = np.zeros(self.seen.shape)
        whole[rows] = timing.as_counted(paid, self.seen[rows], before)
        return whole

    def _whole(self, columns: NDArray[np.int32], rows: Whole) -> NDArray[np.int32]:
        """Give columns for all initiatives, ``ABSENT`` for those that get nothing, and a last period of nothing."""
        whole = np.full((len(self.seen), columns.shape[1] + 1), ABSENT, dtype=np.int32)
        whole[rows, :-1] = columns
        return whole

    def cuts(self, point: Point) -> list[Row]:
        """Give the cuts at a plan: θ ≤ value + slopes · (plan − this plan), for each term of the objective."""
        values, cuts = point.values, []
        periods = np.flatnonzero(self.layout.worth != ABSENT)
        together = [periods] if self.has_memory and len(periods) else periods[:, np.newaxis]
        for k in together:
            when = slice(None) if self.has_memory else slice(k[0], k[0] + 1)
            value = float(values.by_period[k].sum())
            known = (value, values.expected_slopes, values.expected_bend)
            cuts.append(self._cut(self.layout.worth[k], *known, when, point))
        if self.layout.tail != ABSENT:
            tail = np.array([self.layout.tail], dtype=np.int32)
            cuts.append(self._cut(tail, values.tail, values.tail_slopes, values.tail_bend, slice(None), point))
        return cuts

    def _cut(
        self,
        terms: NDArray[np.int32],
        value: float,
        slopes: tuple[Array, Array],
        bend: Bend | None,
        when: slice,
        point: Point,
    ) -> Row:
        """Give Σ θ − slopes · plan ≤ value − slopes · this plan, adding up slopes of one column."""
        coefficients, at = np.zeros(len(self.layout.names)), np.zeros(len(self.layout.names))
        rest = 0.0
        seen, slack = self.seen[:, when].astype(np.int64), 0.0
        effect = np.take_along_axis(self.effect, seen, axis=1)
        bends = effect != ABSENT
        if bend is not None and bends.any():
            along, reached, steep = (part[:, when] for part in (bend.along, bend.reached, bend.steep))
            coefficients += np.bincount(effect[bends], along[bends], len(coefficients))
            at[effect[bends]] = reached[bends]
            slopes = (slopes[0].copy(), slopes[1])
            slopes[0][:, when] -= np.where(bends, along * steep, 0.0)
            slack = float(bend.slack[when].sum())
        for columns, slope, plan, paid in zip(
            self.columns, slopes, (point.progress, point.funded), self.paid, strict=True
        ):
            # What counts before the plan does is what was paid before, here as in any plan.
            here = np.where(seen >= 0, np.take_along_axis(plan, np.maximum(seen, 0), axis=1), paid[:, when])
            column = np.take_along_axis(columns, seen, axis=1)
            present = column != ABSENT
            rest += float(slope[:, when][~present] @ (here - paid[:, when])[~present])
            coefficients += np.bincount(column[present], slope[:, when][present], len(coefficients))
            at[column[present]] = here[present]
        gridded = np.rint(coefficients / self.grid) * self.grid
        loosened = float(np.abs(gridded - coefficients).sum()) + slack
        upper = math.ceil((value - float(gridded @ at) - rest + loosened) / self.grid) * self.grid
        used = gridded.nonzero()[0].astype(np.int32)
        return Row(np.append(used, terms).astype(np.int32), np.append(-gridded[used], np.ones(len(terms))), upper)


def lines_above(layout: Layout, values: Array, funded: Array, loose: float = 0.0) -> list[Row]:
    """Give lines under which progress falls back to its curve, wherever the master left it above.

    Parameters
    ----------
    layout
        The master's columns.
    values
        Of every column.
    funded
        Shape (I eligible, T).
    loose
        Excess of progress to let pass.
    """
    rows, least = [], max(loose, _PROGRESS_TOLERANCE)
    for i, each in enumerate(layout.initiatives):
        if each.response.is_linear or each.response.points:
            continue
        above = values[layout.progress[i]] - progress_of(each.response, funded[i])
        for t in np.flatnonzero((layout.progress[i] != ABSENT) & (above > least)):
            slope, intercept = line_at(each.response, float(funded[i, t]))
            columns, factors = [layout.progress[i, t], layout.funded[i, t]], [1.0, -slope]
            if is_switched(layout, i):
                # No money, no progress: the line passes through the origin once the switch is off.
                columns, factors, intercept = [*columns, layout.switch[i]], [*factors, -intercept], 0.0
            rows.append(Row(np.array(columns, dtype=np.int32), np.array(factors), intercept))
    return rows + _effects_above(layout, values, least)


def _effects_above(layout: Layout, values: Array, least: float) -> list[Row]:
    rows = []
    for i, each in enumerate(layout.initiatives):
        t = np.flatnonzero(layout.effect[i] != ABSENT)
        if not len(t):
            continue
        curve, progress = layout.curves[each.id], np.clip(values[layout.progress[i, t]], 0.0, 1.0)
        above = values[layout.effect[i, t]] - curve.at(progress)[0] > least
        for k, (slope, intercept) in zip(t[above], tangents(curve, progress[above]), strict=True):
            columns = np.array([layout.effect[i, k], layout.progress[i, k]], dtype=np.int32)
            rows.append(Row(columns, np.array([1.0, -slope]), intercept))
    return rows
