"""The bridge from one plan to another: every unit of value and of money moved, given to the edits that caused it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """What one edit, or one cause that is no edit, has moved: value in OOM, money in the portfolio's unit.

    ``inputs`` are the dotted keys that belong to it. The errors are standard errors of sampling; 0 where every
    order was counted.
    """

    edit: str
    inputs: tuple[str, ...]
    value: float
    money: float
    value_error: float = 0.0
    money_error: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return asdict(self) | {"inputs": list(self.inputs)}


@dataclass(frozen=True, slots=True)
class Bridge:
    """The lines between two plans; they add up to the change of value and to the money moved.

    ``orders`` is the number of orders that were sampled, 0 where all were counted; ``worlds`` is how many mixtures
    of old and new inputs were solved.
    """

    lines: tuple[Line, ...]
    orders: int
    worlds: int

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {"lines": [line.to_dict() for line in self.lines], "orders": self.orders, "worlds": self.worlds}
