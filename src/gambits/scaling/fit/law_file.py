"""A fit as files that a portfolio can use: the law, and beside it joint draws of its constants."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.fit.losses import LOSSES
from gambits.scaling.fit.surface import NAMES
from gambits.scaling.fit.verdict import LEVEL
from gambits.scaling.laws import FORMAT
from gambits.scaling.published import Constant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from gambits.scaling.fit.result import Fit
    from gambits.scaling.frontier import Constants

    Array = NDArray[np.float64]

_ORDER: Final = ("A", "B", "E", "alpha", "beta", "R_D", "R_N")


def law_text(fit: Fit, draws: str, seed: int) -> str:
    """Write the law file (``gambits-law/1``); ``draws`` is the name of the file with its draws."""
    table = Path(fit.runs.file).name
    how = f"gambits fit {table}: {len(fit.runs.loss)} runs, least {LOSSES[fit.options.loss].about}, seed {seed}"
    lines = [
        f"# Fitted by gambits to {table}. Intervals and draws hold the scatter of the runs and the choice of loss.",
        *(f"# Look at: {warning}." for warning in fit.warnings),
        f"format: {FORMAT}",
        f"title: {json.dumps(f'Fitted to {table}', ensure_ascii=False)}",
        f"source: {json.dumps(how, ensure_ascii=False)}",
        "fitted_to:",
        f"  flop: {_number(float(fit.runs.compute.max()))}",
        f"  note: {json.dumps(_reach(fit), ensure_ascii=False)}",
        f"draws: {json.dumps(draws, ensure_ascii=False)}",
        "constants:",
        *(f"  {each.name}: {{{', '.join(_fields(each))}}}" for each in _constants(fit)),
    ]
    return "\n".join(lines) + "\n"


def draws_text(fit: Fit, rng: np.random.Generator) -> str:
    """Write the draws, one a line, in the order of α, so that draws stratified over lines are stratified in it."""
    points = _points(fit, rng)
    points[:, -2:] = np.exp(points[:, -2:])
    order = np.lexsort((points[:, NAMES.index("beta")], points[:, NAMES.index("alpha")]))
    heading = ("loss", *NAMES[:-2], "R_D", "R_N")
    rows = ((fit.draws.losses[n], *(f"{value:.8g}" for value in points[n])) for n in order)
    return "".join(f"{','.join(row)}\n" for row in (heading, *rows))


def _points(fit: Fit, rng: np.random.Generator) -> Array:
    """Join the constants that were fitted with draws of those that were borrowed, shape (draws, 7)."""
    count = len(fit.draws.free)
    points = np.zeros((count, len(NAMES)))
    if fit.lender is not None:
        lent = fit.lender.drawn(rng.random(count))
        points[:] = _columns(lent, count)
    for name, values in zip(fit.names, fit.draws.free.T, strict=True):
        points[:, NAMES.index(name)] = values
    if fit.options.tie:
        points[:, NAMES.index("beta")] = points[:, NAMES.index("alpha")]
    return points


def _columns(law: Constants, count: int) -> Array:
    logs = (law.ln_a, law.ln_b, law.ln_e, law.alpha, law.beta, np.log(law.r_d), np.log(law.r_n))
    return np.stack([np.broadcast_to(np.ravel(each), count) for each in logs], axis=1)


def _constants(fit: Fit) -> Iterable[Constant]:
    """Give every constant with its source, in the order of the presets."""
    open_ones = {doubt.constant: doubt.message for doubt in fit.doubts}
    for name in _ORDER:
        if name in fit.constants:
            note = open_ones.get(name, f"fitted to {Path(fit.runs.file).name}")
            yield Constant(name, fit.constants[name], "OWN", fit.spans[name], LEVEL, note)
        elif fit.lender is not None:
            yield _lent(fit, name)


def _lent(fit: Fit, name: str) -> Constant:
    assert fit.lender is not None, "what is not fitted is borrowed"
    there = fit.lender.constants
    source = f"from {fit.lender.name}"
    if name in there:
        given = there[name]
        note = f"{source}; {given.note}" if given.note else source
        return Constant(name, given.value, given.tag, given.interval, given.level, note)
    given = there[f"ln_{name}"]
    return Constant(name, fit.borrowed[name], given.tag, None, None, source)


def _fields(constant: Constant) -> Iterable[str]:
    yield f"value: {_number(constant.value)}"
    yield f"tag: {constant.tag}"
    if constant.interval is not None:
        yield f"interval: [{', '.join(map(_number, constant.interval))}]"
    if constant.level is not None:
        yield f"level: {_number(constant.level)}"
    if constant.note:
        yield f"note: {json.dumps(constant.note, ensure_ascii=False)}"


def _reach(fit: Fit) -> str:
    runs = fit.runs
    text = (
        f"{len(runs.loss)} runs of {runs.compute.min():.2g} to {runs.compute.max():.2g} FLOP and "
        f"{(runs.tokens / runs.parameters).min():.2g} to {(runs.tokens / runs.parameters).max():.2g} tokens a parameter"
    )
    beyond = fit.extrapolation
    if beyond is None:
        return text
    reach = math.log10(beyond.predicted_to / beyond.trained_to)
    return f"{text}; fitted to the lower three quarters it misses the others, {reach:.1f} OOM on, by {beyond.mean:.2%}"


def _number(value: float) -> str:
    return ".inf" if math.isinf(value) else f"{value:.10g}"
