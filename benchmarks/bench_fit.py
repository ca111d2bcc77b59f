"""Fits of a law against a least-squares fit of the same table by SciPy, in the same run.

The table is made from a known law, so that the benchmark needs no data. The yardstick fits the same five
constants to the same log losses with ``scipy.optimize.least_squares`` from the same start, its slopes by finite
differences, as one would write it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from results import table, write_section
from scipy.optimize import least_squares

from gambits.scaling.fit.descent import Target, descend
from gambits.scaling.fit.fitting import fit_law, make_target
from gambits.scaling.fit.losses import LOSSES
from gambits.scaling.fit.result import Options
from gambits.scaling.fit.runs import Runs
from gambits.scaling.fit.search import HOFFMANN, find_optimum, refit

RESAMPLES = 1000


def main() -> None:
    """Time every part beside the yardstick, and write RESULTS.md."""
    runs = make_runs()
    target = make_target(runs, Options())
    once = np.ones_like(target.ln_loss)
    rng = np.random.default_rng(2027)
    weights = rng.multinomial(len(once), once / len(once), size=RESAMPLES).astype(float)
    huber = LOSSES["huber"]
    optimum = find_optimum(target, huber)
    parts = {
        "one start": lambda: descend(target, np.array([HOFFMANN]), once, huber.exactly),
        "many starts, until three agree": lambda: find_optimum(target, huber),
        f"{RESAMPLES:,} bootstrap refits": lambda: refit(target, optimum, weights, huber),
        f"{RESAMPLES:,} refits, absolute deviations": lambda: refit(target, optimum, weights, LOSSES["absolute"]),
        "`fit_law`: all of it, three losses": lambda: fit_law(runs, Options(), np.random.default_rng(2027)),
    }
    rows = []
    for name, part in parts.items():
        ours, yardstick = side_by_side(part, lambda: least_squares_fit(target))
        rows.append([name, f"{ours * 1e3:.1f} ms", f"{yardstick * 1e3:.1f} ms", f"{ours / yardstick:.3g} ×"])
    text = (
        f"{len(once)} runs of a known law with 0.5 % noise; five constants; medians of runs side by side.\n\n"
        + table(["", "ours", "one least-squares fit by SciPy", "ratio"], rows)
        + f"\n\n{agreement(target, optimum)}"
    )
    print(text)
    write_section("Fits", text)


def make_runs(count: int = 240) -> Runs:
    """Make as many runs as Hoffmann et al. 2022 show, over as wide a range."""
    rng = np.random.default_rng(7)
    n = np.exp(rng.uniform(np.log(4e7), np.log(1.6e10), count))
    d = n * np.exp(rng.uniform(np.log(1), np.log(300), count))
    loss = (1.8 + 450 / n**0.34 + 1900 / d**0.36) * np.exp(rng.normal(0, 0.005, count))
    return Runs("made.csv", n, d, None, loss, tuple(range(count)))


def least_squares_fit(target: Target) -> np.ndarray:
    """Fit as one would with SciPy alone."""
    ln_n, ln_d = target.surface.ln_n, target.surface.ln_d

    def residuals(place: np.ndarray) -> np.ndarray:
        ln_a, ln_b, ln_e, alpha, beta = place
        return np.logaddexp(np.logaddexp(ln_a - alpha * ln_n, ln_b - beta * ln_d), ln_e) - target.ln_loss

    return least_squares(residuals, HOFFMANN, x_scale="jac", xtol=1e-12, ftol=1e-12).x


def agreement(target: Target, optimum: np.ndarray) -> str:
    """Say how far our least squares are from SciPy's, which measure the same thing."""
    ours = find_optimum(target, LOSSES["square"])
    apart = np.abs(ours / least_squares_fit(target) - 1).max()
    moved = np.abs(optimum / ours - 1).max()
    return (
        f"Under least squares the two agree to {apart:.0e} of each constant (ln A, ln B, ln E, α, β); "
        f"Huber's loss moves them by up to {moved:.1%}."
    )


def side_by_side(part: Callable[[], object], yardstick: Callable[[], object]) -> tuple[float, float]:
    """Give the median seconds of both, taken in turns so that a busy machine slows them alike."""
    part(), yardstick()
    spent: tuple[list[float], list[float]] = ([], [])
    while len(spent[0]) < 5 or (sum(spent[0]) < 1 and len(spent[0]) < 50):
        for times, job in zip(spent, (part, yardstick), strict=True):
            start = time.perf_counter()
            job()
            times.append(time.perf_counter() - start)
    return statistics.median(spent[0]), statistics.median(spent[1])


if __name__ == "__main__":
    main()
