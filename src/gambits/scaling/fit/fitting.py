"""The whole story of a fit: from runs to constants with their intervals, their doubts and their draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.fit.checks import check_runs
from gambits.scaling.fit.descent import Target
from gambits.scaling.fit.extrapolate import extrapolate, leave_groups_out
from gambits.scaling.fit.form import REPETITION, make_form
from gambits.scaling.fit.losses import LOSSES
from gambits.scaling.fit.result import Draws, Fit, Options
from gambits.scaling.fit.ridge import doubt_its_partner, follow_ridge
from gambits.scaling.fit.search import find_optimum, refit
from gambits.scaling.fit.surface import Surface
from gambits.scaling.fit.verdict import constants_of, end_error, find_doubts, find_unseen, intervals
from gambits.scaling.laws import Law, load_law

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gambits.scaling.fit.losses import Loss
    from gambits.scaling.fit.ridge import Place
    from gambits.scaling.fit.runs import Runs
    from gambits.scaling.fit.verdict import Doubt, Interval

    Array = NDArray[np.float64]

REPETITION_FROM: Final = "muennighoff-2023"
"""Whose R_D and R_N a law takes where its runs repeat nothing."""
_LEANS: Final = 0.005
"""A law that misses the median run by more than this part of its loss has the wrong form, or the wrong constants."""


def fit_law(runs: Runs, options: Options, rng: np.random.Generator) -> Fit:
    """Fit a law to runs; see ``Fit.refusals`` before using it.

    Raises
    ------
    InputError
        If no law can be fitted to such runs.
    """
    loss = LOSSES[options.loss]
    kept = _without_worst(runs, options.drop_worst)
    target = make_target(kept, options)
    check_runs(kept, target.form)
    optima = {name: find_optimum(target, each) for name, each in LOSSES.items()}
    optimum = optima[loss.name]
    resamples = _resampled(target, optima, options, rng)
    found = intervals(target.form.names, resamples[loss.name])
    draws = _mixed(resamples)
    doubts = find_doubts(target, optimum, found)
    ridge = _ridge(target, loss, optimum, doubts, found)
    lender = options.held or (None if kept.repeats else load_law(REPETITION_FROM))
    residuals = target.residuals(optimum[np.newaxis])[0]
    is_law = all(doubt.is_repetition for doubt in doubts)
    beyond = extrapolate(target, kept, loss) if is_law else None
    dropped = tuple(sorted(set(runs.lines) - set(kept.lines)))
    return Fit(
        runs=kept,
        options=options,
        names=target.form.names,
        constants=constants_of(target.form.names, optimum),
        borrowed=_borrowed(lender, target),
        lender=lender,
        objective=float(loss.objective(residuals, np.ones_like(residuals))),
        intervals=found,
        spans=intervals(target.form.names, draws.free),
        by_loss={name: constants_of(target.form.names, each) for name, each in optima.items()},
        draws=draws,
        predicted=target.ln_loss + residuals,
        extrapolation=beyond,
        left_out=leave_groups_out(target, kept, loss, optimum) if is_law else (),
        end_error=end_error(target.form.names, resamples[loss.name]),
        doubts=(*doubts, *doubt_its_partner(doubts, ridge)),
        ridge=tuple(ridge),
        dropped=dropped,
        notes=_notes(kept, options, dropped, residuals, is_tested=beyond is not None or not is_law),
    )


def make_target(runs: Runs, options: Options) -> Target:
    """Say what is to be met, and which constants may move."""
    ln_u = np.log(runs.unique) if runs.unique is not None and runs.repeats else None
    surface = Surface(np.log(runs.parameters), np.log(runs.tokens), ln_u)
    held = options.held.central if options.held else None
    return Target(surface, np.log(runs.loss), make_form(repeats=runs.repeats, tie=options.tie, held=held))


def _without_worst(runs: Runs, count: int) -> Runs:
    """Leave out the runs of the highest loss: the least trained, of which a law of large models is least true."""
    order = np.argsort(-runs.loss, kind="stable")
    return runs.only(~np.isin(np.arange(len(order)), order[:count]))


def _resampled(
    target: Target, optima: dict[str, Array], options: Options, rng: np.random.Generator
) -> dict[str, Array]:
    """Refit resamples of the runs under each loss: all of them under the chosen one, a third under the others."""
    count = len(target.ln_loss)
    found = {}
    for name in sorted(LOSSES, key=lambda name: name != options.loss):
        times = options.resamples if name == options.loss else options.resamples // len(LOSSES)
        weights = rng.multinomial(count, np.full(count, 1 / count), size=times).astype(float)
        found[name] = refit(target, optima[name], weights, LOSSES[name])
        # What no run shows may be anything; a refit would leave it where it started.
        unseen = find_unseen(target, optima[name])
        found[name][:, unseen] = rng.uniform(target.form.low[unseen], target.form.high[unseen], (times, unseen.sum()))
    return found


def _mixed(resamples: dict[str, Array]) -> Draws:
    """Take as many resamples of each loss, so that draws hold its choice as well as the runs' scatter."""
    least = min(map(len, resamples.values()))
    names = tuple(name for name in LOSSES for _ in range(least))
    return Draws(names, np.concatenate([resamples[name][:least] for name in LOSSES]))


def _borrowed(lender: Law | None, target: Target) -> dict[str, float]:
    """Give the constants that are not fitted but taken from a law."""
    if lender is None:
        return {}
    if target.form.names == REPETITION:
        law = lender.central
        values = {"A": np.exp(law.ln_a), "B": np.exp(law.ln_b), "E": np.exp(law.ln_e), "alpha": law.alpha}
        return {name: float(value) for name, value in (values | {"beta": law.beta}).items()}
    return {"R_D": float(lender.central.r_d), "R_N": float(lender.central.r_n)}


def _ridge(target: Target, loss: Loss, optimum: Array, doubts: list[Doubt], found: dict[str, Interval]) -> list[Place]:
    """Follow the first constant of repetition that is in doubt."""
    for doubt in doubts:
        if doubt.is_repetition:
            low, _ = found.get(doubt.constant, (0.0, 0.0))
            return follow_ridge(target, loss, optimum, doubt.constant, low)
    return []


def _notes(
    runs: Runs, options: Options, dropped: tuple[int, ...], residuals: Array, *, is_tested: bool
) -> tuple[str, ...]:
    notes = []
    lean = float(np.expm1(np.median(residuals)))
    if abs(lean) > _LEANS:
        notes.append(f"the law lies {abs(lean):.1%} {'above' if lean > 0 else 'below'} the median run")
    if not runs.repeats:
        notes.append(f"no run repeats tokens, so R_D and R_N are those of {REPETITION_FROM}")
    if dropped:
        notes.append(f"{len(dropped)} runs of the highest loss were left out: lines {', '.join(map(str, dropped))}")
    table = np.stack([runs.parameters, runs.tokens, runs.loss])
    if twice := len(runs.loss) - np.unique(table, axis=1).shape[1]:
        notes.append(f"{twice} rows are copies of others, and count twice")
    if not options.resamples:
        notes.append("without a bootstrap there are no intervals, and whether constants are identified is not known")
    if not is_tested:
        notes.append("the runs of less compute are too few, or too much alike, to test the law beyond them")
    return tuple(notes)
