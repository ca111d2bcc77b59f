"""How far off the law is beyond its runs: fitted to the runs of less compute, asked for those of the most."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.fit.checks import check_count, check_lengths, check_sizes
from gambits.scaling.fit.search import find_optimum

if TYPE_CHECKING:
    from gambits.scaling.fit.descent import Target
    from gambits.scaling.fit.losses import Loss
    from gambits.scaling.fit.runs import Runs

_LOWER: Final = 0.75
"""Part of the runs that the law is fitted to, those of the least compute."""


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
