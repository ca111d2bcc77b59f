"""What a fit found, as a record and as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gambits.errors import InputError, Problem, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from gambits.scaling.fit.extrapolate import Extrapolation, LeftOut
    from gambits.scaling.fit.runs import Runs
    from gambits.scaling.fit.verdict import Doubt
    from gambits.scaling.laws import Law

    Array = NDArray[np.float64]
    Interval = tuple[float, float]

FORMULAS: Final = {
    "chinchilla": "L = E + A/N^alpha + B/D^beta",
    "muennighoff": "L = E + A/N'^alpha + B/D'^beta",
}
"""The forms of a law; N' and D' are discounted by R_N and R_D beyond what is unique (see ``frontier``)."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to fit.

    ``held`` is a law whose constants, but for R_D and R_N, are taken as known; ``drop_worst`` leaves out so many runs
    of the highest loss; ``resamples`` are those of the bootstrap; ``draw_unidentified`` accepts R_D and R_N
    that the runs do not identify.
    """

    loss: str = "huber"
    tie: bool = False
    held: Law | None = None
    drop_worst: int = 0
    resamples: int = 1000
    draw_unidentified: bool = False


@dataclass(frozen=True, slots=True)
class Draws:
    """Joint draws of the constants that were fitted: the loss behind each, and free numbers of shape (draws, q)."""

    losses: tuple[str, ...]
    free: Array


@dataclass(frozen=True, slots=True)
class Fit:
    """A law fitted to runs.

    ``names`` are the free numbers, as ln_A; ``constants`` what was fitted, and ``borrowed`` what was taken from the
    law ``lender``. ``intervals`` are from the bootstrap under the chosen loss, ``spans`` from resamples under
    three losses, which is what a portfolio draws from; ``by_loss`` is the optimum under each. ``left_out`` predicts
    each group of like compute from the others; ``end_error`` is how well the least known end of an interval is
    known, as a fraction.
    ``ridge`` lists (R_D, R_N, objective) where these are not identified. ``predicted`` are log losses.
    """

    runs: Runs
    options: Options
    names: tuple[str, ...]
    constants: Mapping[str, float]
    borrowed: Mapping[str, float]
    lender: Law | None
    objective: float
    intervals: Mapping[str, Interval]
    spans: Mapping[str, Interval]
    by_loss: Mapping[str, Mapping[str, float]]
    draws: Draws
    predicted: Array
    extrapolation: Extrapolation | None
    left_out: tuple[LeftOut, ...]
    end_error: float | None
    doubts: tuple[Doubt, ...]
    ridge: tuple[tuple[float, float, float], ...]
    dropped: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def form(self) -> str:
        """Which of ``FORMULAS`` was fitted."""
        return "muennighoff" if "R_D" in self.constants else "chinchilla"

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything to look at before the law is used."""
        return (*(doubt.message for doubt in self.doubts), *self.notes)

    @property
    def refusals(self) -> tuple[Problem, ...]:
        """Why there is no law, if so: a constant that is not known, and may not be drawn."""
        accepted = self.options.draw_unidentified
        return tuple(_refusal(each, self.runs) for each in self.doubts if not (accepted and each.is_repetition))

    def stop_if_refused(self) -> None:
        """Stop where there is no law to use.

        Raises
        ------
        InputError
            With each constant that the runs do not identify.
        """
        if self.refusals:
            raise InputError(self.refusals, "the fit above is shown for its reasons; no law is written")

    def to_dict(self) -> dict[str, Any]:
        """Give the fit as JSON; the open end of an interval is null."""
        beyond = self.extrapolation
        return {
            "format": "gambits/fit/1",
            "status": "refused" if self.refusals else "fitted",
            "law": self.form,
            "formula": FORMULAS[self.form],
            "loss": self.options.loss,
            "runs": len(self.runs.loss),
            "fitted_to": float(self.runs.compute.max()),
            "constants": dict(self.constants),
            "borrowed": {"from": self.lender.name if self.lender else None, "constants": dict(self.borrowed)},
            "intervals": _closed(self.intervals),
            "intervals_over_losses": _closed(self.spans),
            "by_loss": {name: dict(each) for name, each in self.by_loss.items()},
            "objective": self.objective,
            "extrapolation_error": beyond.mean if beyond else None,
            "extrapolation": beyond.to_dict() if beyond else None,
            "leave_one_group_out": [each.to_dict() for each in self.left_out],
            "interval_error": self.end_error,
            "identified": {name: name not in {each.constant for each in self.doubts} for name in self.constants},
            "ridge": [dict(zip(("R_D", "R_N", "objective"), place, strict=True)) for place in self.ridge],
            "dropped_lines": list(self.dropped),
            "warnings": list(self.warnings),
            "problems": [each.to_dict() for each in self.refusals],
        }


def _refusal(doubt: Doubt, runs: Runs) -> Problem:
    where = Where(runs.file, 1)
    if not doubt.interior:
        fix = "add runs that bend: more sizes, more lengths, or a wider range of compute"
        return Problem("fit-at-limit", where, doubt.message, fix)
    if doubt.is_repetition:
        fix = "add runs of many more epochs; or accept it with --draw-unidentified, to be drawn along its ridge"
        return Problem("fit-not-identified", where, doubt.message, fix)
    fix = "add runs of other sizes and lengths, or tie the exponents with --tie"
    return Problem("fit-not-identified", where, doubt.message, fix)


def _closed(intervals: Mapping[str, Interval]) -> dict[str, list[float | None]]:
    return {name: [end if math.isfinite(end) else None for end in ends] for name, ends in intervals.items()}
