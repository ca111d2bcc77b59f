"""What one would choose on knowing something, learnt from draws by regression, and what that choice is worth.

The value of partial information by regression on the draws of one sample (Strong, Oakley and Brennan 2014, Estimating
multiparameter partial expected value of perfect information, Medical Decision Making 34(3)): the mean of each plan's
value given what is known is a smooth function of it, fitted by least squares. Draws are valued by what was fitted on
others, so that a fit to noise makes the estimate smaller and not larger.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.interpolate import BSpline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FOLDS: Final = 10
_FEW: Final = 6
"""Up to so many values of what is known are told apart one by one."""
_DEGREE: Final = 3
_NOTHING: Final = 1e-10
"""A direction of the basis in which draws differ by less is none."""
_INSIDE: Final = np.array([0.25, 0.5, 0.75])
_PENALTIES: Final = 10.0 ** np.arange(-3, 5)
"""Of the squared coefficients of columns with mean 0 and spread 1, against the sum over draws."""


def value_of_knowing(known: Array, values: Array, probability: Array) -> tuple[float, float]:
    """Give what choosing among plans on knowing something adds to the best choice without, and its standard error.

    Parameters
    ----------
    known
        Shape (R, k): what is known in each draw.
    values
        Shape (R, D): the value of each plan in each draw, OOM.
    probability
        Shape (R,), sums to 1.

    Returns
    -------
    :
        The mean over draws, each chosen for by what the other folds say, OOM; below 0 where noise was followed. The
        error is that of the mean over draws.
    """
    against = values - values[:, :1]
    basis = basis_of(known)
    gains = np.zeros(len(values))
    fold = np.arange(len(values)) % min(FOLDS, len(values))
    for number in range(int(fold.max()) + 1):
        out = fold == number
        others = probability[~out] / probability[~out].sum()
        chosen = np.argmax(_fitted(basis[~out], against[~out], basis[out]), axis=1)
        alone = int(np.argmax(others @ against[~out]))
        gains[out] = np.take_along_axis(against[out], chosen[:, np.newaxis], axis=1)[:, 0] - against[out, alone]
    mean = float(probability @ gains)
    spread = float(probability @ (gains - mean) ** 2)
    return mean, float(np.sqrt(spread * (probability @ probability)))


def basis_of(known: Array) -> Array:
    """Give functions of what is known, shape (R, columns): of each thing by itself, and products of every two."""
    alone = [_of_one(column) for column in known.T]
    lines = [_line(column) for column in known.T]
    together = [(first * second)[:, np.newaxis] for first, second in combinations(lines, 2)]
    return np.concatenate([*alone, *together], axis=1)


def _of_one(known: Array) -> Array:
    """Give a column for each value but one where there are few; else cubic splines of the rank."""
    found = np.unique(known)
    if len(found) <= _FEW:
        return np.asarray(known[:, np.newaxis] == found[1:], dtype=float)
    ends = np.repeat([0.0, 1.0], _DEGREE + 1)
    knots = np.sort(np.concatenate([ends, _INSIDE]))
    return np.asarray(BSpline.design_matrix(_ranks(known), knots, _DEGREE).toarray())[:, 1:]


def _line(known: Array) -> Array:
    return _ranks(known) - 0.5


def _ranks(known: Array) -> Array:
    """Give ranks in (0, 1), those of equal values the same."""
    _, number, count = np.unique(known, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    return np.asarray(middle[number] / len(known))


def _fitted(basis: Array, values: Array, at: Array) -> Array:
    """Fit values (R, D) by ridge regression and give them at other rows; the penalty by generalised cross-validation.

    Golub, Heath and Wahba 1979, Generalized cross-validation as a method for choosing a good ridge parameter,
    Technometrics 21(2).
    """
    middle, spread = basis.mean(axis=0), basis.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    level = values.mean(axis=0)
    left, size, right = np.linalg.svd((basis - middle) / spread, full_matrices=False)
    along = left.T @ (values - level)
    rest = np.sum((values - level) ** 2, axis=0) - np.sum(along**2, axis=0)
    kept = size[:, np.newaxis] ** 2 / (size[:, np.newaxis] ** 2 + _PENALTIES * len(values))
    # Shape (penalties, D): squared residuals, over the square of what freedom is left.
    residual = np.einsum("sp,sd->pd", (1 - kept) ** 2, along**2) + rest
    free = len(values) - 1 - kept.sum(axis=0)
    best = np.argmin(residual / np.maximum(free, _NOTHING)[:, np.newaxis] ** 2, axis=0)
    # By 1/size: kept is 0 where size is.
    shrunk = kept[:, best] * np.divide(1.0, size, out=np.zeros_like(size), where=size > _NOTHING)[:, np.newaxis]
    return np.asarray(level + (at - middle) / spread @ right.T @ (shrunk * along))
