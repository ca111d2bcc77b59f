"""How far off the law is on runs that it has not seen: those of the most compute, and each group of like compute."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.fit.checks import check_count, check_lengths, check_sizes
from gambits.scaling.fit.search import find_optimum, refit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gambits.scaling.fit.descent import Target
    from gambits.scaling.fit.losses import Loss
    from gambits.scaling.fit.runs import Runs

_LOWER: Final = 0.75
"""Part of the runs that the law is fitted to, those of the least compute."""
_GAP: Final = 0.1
"""OOM of compute without a run that part one group from the next: budgets of a sweep lie further apart."""
_GROUPS: Final = (3, 16)
"""Fewer groups, or more, are no budgets: then groups are eighths of the runs."""
_EIGHTHS: Final = 8


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """Errors in predicting the loss of the runs of most compute, as fractions of it; compute in FLOP."""

    trained_to: float
    predicted_to: float
    predicted: int
    mean: float
    largest: float

    def to_dict(self) -> dict[str, float]:
        """Give the record as JSON."""
        return asdict(self)


def extrapolate(target: Target, runs: Runs, loss: Loss, trained_to: float | None = None) -> Extrapolation | None:
    """Fit to the runs up to some compute (FLOP; else the lower three quarters), and predict the rest.

    Gives None where the lower runs are too few, or too much alike, to fit.
    """
    edge = float(np.quantile(runs.compute, _LOWER)) if trained_to is None else trained_to
    # A hair of slack keeps runs of one budget, written as N and D, together.
    lower = runs.compute <= edge * (1 + 1e-6)
    kept = runs.only(lower)
    if lower.all() or any(check(kept, target.form) for check in (check_count, check_sizes, check_lengths)):
        return None
    found = find_optimum(target, loss, lower.astype(float))
    errors = np.abs(np.expm1(target.residuals(found[np.newaxis])[0][~lower]))
    return Extrapolation(
        trained_to=float(kept.compute.max()),
        predicted_to=float(runs.compute.max()),
        predicted=len(errors),
        mean=float(errors.mean()),
        largest=float(errors.max()),
    )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Errors in predicting a group of runs of like compute (FLOP) from all the others, as fractions of their loss."""

    low: float
    high: float
    runs: int
    mean: float
    largest: float

    def to_dict(self) -> dict[str, float]:
        """Give the record as JSON."""
        return asdict(self)


def leave_groups_out(target: Target, runs: Runs, loss: Loss, optimum: NDArray[np.float64]) -> tuple[LeftOut, ...]:
    """Fit to all runs but those of one group, for each group in turn, and predict that group.

    ``optimum`` has the free numbers that fit all runs, to start from. Gives nothing where the others are too few, or
    too much alike, to fit.
    """
    groups = groups_of(np.log10(runs.compute))
    others = [runs.only(~group) for group in groups]
    if any(check(kept, target.form) for kept in others for check in (check_count, check_sizes, check_lengths)):
        return ()
    found = refit(target, optimum, np.array([~group for group in groups], dtype=float), loss)
    errors = np.abs(np.expm1(target.residuals(found)))
    return tuple(
        LeftOut(
            low=float(runs.compute[group].min()),
            high=float(runs.compute[group].max()),
            runs=int(group.sum()),
            mean=float(missed[group].mean()),
            largest=float(missed[group].max()),
        )
        for group, missed in zip(groups, errors, strict=True)
    )


def groups_of(log10_compute: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Give groups of like compute, as masks: parted by gaps, else as many runs in each."""
    order = np.sort(log10_compute)
    edges = (order[1:] + order[:-1])[np.diff(order) > _GAP] / 2
    if not _GROUPS[0] <= len(edges) + 1 <= _GROUPS[1]:
        edges = np.unique(np.quantile(order, np.arange(1, _EIGHTHS) / _EIGHTHS))
    number = np.searchsorted(edges, log10_compute)
    return [number == each for each in np.unique(number)]
