"""Whether a law can be fitted to these runs at all: each reason against it is one small function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.errors import InputError, Problem, Where

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gambits.scaling.fit.form import Form
    from gambits.scaling.fit.runs import Runs

    Array = NDArray[np.float64]

_SPARE: Final = 3
"""Runs beyond the number of constants, without which residuals say nothing."""
_FEWEST: Final = 3
"""Different sizes, and different numbers of tokens, that show a curve and not a line."""
_SHORTEST: Final = 1.0
"""Orders of magnitude of compute."""
_STEP: Final = np.log(1.05)
"""Sizes nearer than this are one size."""
_SCATTER: Final = 0.05
"""Least spread of ln tokens at a given size."""
_FEW_UNITS: Final = 1000.0
_FEW_TOKENS: Final = 0.5
"""Tokens a parameter; a table whose median is lower has most likely swapped them."""


def check_runs(runs: Runs, form: Form) -> None:
    """Refuse runs that no such law can be fitted to.

    Raises
    ------
    InputError
        With every reason.
    """
    # Of too few runs the range says no more.
    problems = check_count(runs, form) or [problem for check in CHECKS for problem in check(runs, form)]
    if problems:
        raise InputError(tuple(problems), "more runs of other sizes and lengths make a law; see `gambits fit --help`")


def check_count(runs: Runs, form: Form) -> list[Problem]:
    """There are more runs than constants."""
    count, least = len(runs.loss), len(form.names) + _SPARE
    if count >= least:
        return []
    message = f"{count} runs are too few for {len(form.names)} constants"
    return [Problem("runs-too-few", _top(runs), message, f"give at least {least} runs")]


def check_repetition(runs: Runs, form: Form) -> list[Problem]:
    """Constants of repetition alone are asked for only where tokens repeat."""
    if form.names:
        return []
    message = "the other constants are held, and no run repeats tokens: nothing is left to fit"
    fix = "give a column of unique tokens with runs of several epochs, or leave --hold out"
    return [Problem("runs-no-repetition", _top(runs), message, fix)]


def check_sizes(runs: Runs, form: Form) -> list[Problem]:
    """There are several sizes of model."""
    count = _different(runs.parameters)
    if count >= _FEWEST or "alpha" not in form.names:
        return []
    if count == 1:
        message = f"all runs have one size ({runs.parameters[0]:.3g} parameters): α and A cannot be told"
        return [Problem("runs-one-size", _top(runs), message, "add runs of at least two other sizes")]
    message = f"the runs have only {count} sizes: no curve can be told from a line"
    return [Problem("runs-few-sizes", _top(runs), message, "add runs of another size")]


def check_lengths(runs: Runs, form: Form) -> list[Problem]:
    """Models were trained on several numbers of tokens."""
    count = _different(runs.tokens)
    if count >= _FEWEST or "alpha" not in form.names:
        return []
    message = f"the runs have only {count} {'length' if count == 1 else 'lengths'} (tokens): β and B cannot be told"
    return [Problem("runs-few-lengths", _top(runs), message, "add runs on fewer and on more tokens")]


def check_range(runs: Runs, form: Form) -> list[Problem]:
    """Compute spans an order of magnitude."""
    low, high = runs.compute.min(), runs.compute.max()
    span = float(np.log10(high / low))
    if span >= _SHORTEST or "alpha" not in form.names:
        return []
    message = f"the runs span {span:.2f} orders of magnitude of compute ({low:.2g} to {high:.2g} FLOP)"
    return [Problem("runs-short-range", _top(runs), message, f"add runs until they span {_SHORTEST:g} or more")]


def check_ratio(runs: Runs, form: Form) -> list[Problem]:
    """Tokens do not simply rise with parameters."""
    ln_n, ln_d = np.log(runs.parameters), np.log(runs.tokens)
    sizes, lengths = _different(runs.parameters), _different(runs.tokens)
    if "alpha" not in form.names or min(sizes, lengths) < _FEWEST:
        return []
    slope = np.cov(ln_n, ln_d)[0, 1] / np.var(ln_n, ddof=1)
    scatter = np.std(ln_d - slope * ln_n)
    if scatter >= _SCATTER:
        return []
    message = f"tokens rise in step with parameters (D ~ N^{slope:.2f}): α and β cannot be told apart"
    return [Problem("runs-one-ratio", _top(runs), message, "add runs with more, and with fewer, tokens a parameter")]


def check_order(runs: Runs, form: Form) -> list[Problem]:
    """Parameters and tokens are not in each other's columns."""
    ratio = float(np.median(runs.tokens / runs.parameters))
    if ratio >= _FEW_TOKENS or runs.believed:
        return []
    message = f"the median run has {ratio:.2g} tokens a parameter: parameters and tokens look swapped"
    fix = "swap the headings; if the table is right, name its columns: --column parameters=… --column tokens=…"
    return [Problem("runs-swapped", _top(runs), message, fix)]


def check_units(runs: Runs, form: Form) -> list[Problem]:
    """Parameters and tokens are counted one by one."""
    smallest = {"parameters": runs.parameters.min(), "tokens": runs.tokens.min()}
    problems = []
    for name, amount in smallest.items():
        if amount < _FEW_UNITS and form.names:
            message = f"a run has {amount:.3g} {name}: is the column in thousands, millions or billions?"
            fix = "write it out, as 7e9: a law counts parameters and tokens one by one"
            problems.append(Problem("runs-units", _top(runs), message, fix))
    return problems


CHECKS: Final = (
    check_repetition,
    check_sizes,
    check_lengths,
    check_range,
    check_ratio,
    check_order,
    check_units,
)


def _different(amounts: Array) -> int:
    """Count the amounts, those within a few percent of one another being one."""
    count, edge = 0, -np.inf
    for amount in np.sort(np.log(amounts)):
        if amount > edge:
            count, edge = count + 1, amount + _STEP
    return count


def _top(runs: Runs) -> Where:
    return Where(runs.file, 1)
