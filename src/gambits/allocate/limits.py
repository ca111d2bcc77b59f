"""Rows of the programme as arrays: low ≤ Σ coefficient · column ≤ high, and the rule of the user's that each holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from gambits.errors import BrokenRule

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]
    Columns = NDArray[np.int32]

ABSENT: Final = -1
"""Stands in an array of columns where there is no column: the quantity is known."""
_LARGEST_EXPONENT: Final = 10
_NOTHING: Final = 1e-12
"""A known left side breaks a limit from here on: less is the rounding of sums."""


class Quantities(NamedTuple):
    """Quantities of any shape: columns, and what is known where there is ``ABSENT`` for a column, else 0."""

    columns: Columns
    known: Array


def unknown(columns: ArrayLike) -> Quantities:
    """Give quantities that are columns, or 0 where there is none."""
    found = np.asarray(columns, dtype=np.int32)
    return Quantities(found, np.zeros(found.shape))


Term = tuple[Quantities, "ArrayLike"]
"""Quantities of shape (m,) or (m, n), n entries for each of m rows, with factors that are broadcast to that shape."""


@dataclass(frozen=True, slots=True)
class Limits:
    """m rows with e entries.

    Attributes
    ----------
    names
        Of the rows.
    low, high
        Shape (m,); infinite where there is no limit.
    rules, rule
        The rules that are held, and for each row the number of its own, shape (m,).
    row, column, coefficient
        Shape (e,): the entries, sorted by row; a column stands once in a row.
    """

    names: tuple[str, ...]
    low: Array
    high: Array
    rules: tuple[BrokenRule, ...]
    rule: NDArray[np.int64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    coefficient: Array

    def __len__(self) -> int:
        return len(self.names)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where the entries of each row begin, and where the last ends: shape (m + 1,)."""
        return np.searchsorted(self.row, np.arange(len(self) + 1))

    def is_like(self, other: Limits) -> bool:
        """Whether another has the same rows and entries, whatever their numbers."""
        return (
            self.names == other.names
            and np.array_equal(self.row, other.row)
            and np.array_equal(self.column, other.column)
        )

    def scaled(self) -> Limits:
        """Bring rows whose largest coefficient is above a thousand down to it, by a power of two, which is exact."""
        largest = np.zeros(len(self))
        np.maximum.at(largest, self.row, np.abs(self.coefficient))
        _, exponent = np.frexp(largest)
        factor = np.ldexp(1.0, -np.maximum(0, exponent - _LARGEST_EXPONENT))
        scaled = self.coefficient * factor[self.row]
        return replace(self, low=self.low * factor, high=self.high * factor, coefficient=scaled)

    def only(self, kept: NDArray[np.bool_]) -> Limits:
        """Give some of the rows."""
        number = np.cumsum(kept) - 1
        entries = kept[self.row]
        return Limits(
            tuple(name for name, keep in zip(self.names, kept, strict=True) if keep),
            self.low[kept],
            self.high[kept],
            self.rules,
            self.rule[kept],
            number[self.row[entries]],
            self.column[entries],
            self.coefficient[entries],
        )


def limits(
    names: Iterable[str],
    rules: BrokenRule | Sequence[BrokenRule],
    terms: Sequence[Term],
    low: ArrayLike = -np.inf,
    high: ArrayLike = np.inf,
) -> Limits:
    """State rows: low ≤ Σ factor · quantity ≤ high; what is known goes to the other side.

    Rows without columns that hold are left out; those that cannot hold are kept, so that the solver says so.

    Parameters
    ----------
    names
        One a row, m of them.
    rules
        One for all rows, or one for each.
    terms
        What is added up.
    low, high
        Scalars, or of shape (m,).
    """
    named = tuple(names)
    count = len(named)
    if not count:
        return NO_LIMITS
    rows, columns, coefficients = [], [], []
    known = np.zeros(count)
    for (column, value), factor in terms:
        wide = column.reshape(count, -1)
        factors = np.broadcast_to(np.asarray(factor, dtype=float), column.shape).reshape(wide.shape)
        at, where = (wide != ABSENT).nonzero()
        rows.append(at)
        columns.append(wide[at, where].astype(np.int64))
        coefficients.append(factors[at, where])
        known += (factors * value.reshape(wide.shape)).sum(axis=1)
    several = [rules] if isinstance(rules, BrokenRule) else list(rules)
    unique = {rule: number for number, rule in enumerate(dict.fromkeys(several))}
    numbers = np.array([unique[rule] for rule in several], dtype=np.int64)
    entries = _merged(np.concatenate(rows), np.concatenate(columns), np.concatenate(coefficients))
    found = Limits(
        named,
        np.broadcast_to(np.asarray(low, dtype=float), (count,)) - known,
        np.broadcast_to(np.asarray(high, dtype=float), (count,)) - known,
        tuple(unique),
        np.broadcast_to(numbers, (count,)),
        *entries,
    )
    empty = np.bincount(found.row, minlength=count) == 0
    holds = (found.low <= _NOTHING) & (found.high >= -_NOTHING)
    return found.only(~(empty & holds))


def _merged(
    row: NDArray[np.int64], column: NDArray[np.int64], coefficient: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Sort entries by row and column, and add up those of one place."""
    order = np.lexsort((column, row))
    row, column, coefficient = row[order], column[order], coefficient[order]
    first = np.ones(len(row), dtype=bool)
    first[1:] = (np.diff(row) != 0) | (np.diff(column) != 0)
    if first.all():
        return row, column, coefficient
    sums = np.bincount(np.cumsum(first) - 1, coefficient).astype(float)
    return row[first], column[first], sums


def joined(parts: Iterable[Limits]) -> Limits:
    """Put rows one after another."""
    found = list(parts)
    rules = tuple(dict.fromkeys(rule for part in found for rule in part.rules))
    number = {rule: k for k, rule in enumerate(rules)}
    offsets = np.cumsum([0] + [len(part) for part in found])
    return Limits(
        tuple(name for part in found for name in part.names),
        _numbers(part.low for part in found),
        _numbers(part.high for part in found),
        rules,
        _places(np.array([number[rule] for rule in part.rules], dtype=np.int64)[part.rule] for part in found),
        _places(part.row + offset for part, offset in zip(found, offsets, strict=False)),
        _places(part.column for part in found),
        _numbers(part.coefficient for part in found),
    )


def _numbers(parts: Iterable[Array]) -> Array:
    return np.concatenate([np.empty(0), *parts])


def _places(parts: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


NO_LIMITS: Final = joined(())
