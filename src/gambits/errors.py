"""What can go wrong, where, and with which exit code.

* GambitsError            1  a failure of ours
  + InputError            3  the files do not say something that can be solved
  + InfeasibleError       4  the rules cannot all hold
  + UnfinishedError       5  stopped before the gap was met; a plan is given
  + VerificationError     6  a memo or a run does not verify
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

_MEND: Final = "mend what is above, and try again"


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in an input file; ``line`` counts from 1, and 0 means the file as a whole.

    In a workbook ``sheet`` names its sheet, ``line`` is the row and ``column`` its letter; in a CSV table ``column`` is
    the heading.
    """

    file: str
    line: int = 0
    sheet: str = ""
    column: str = ""

    def __str__(self) -> str:
        if self.sheet:
            return f"{self.file}:{self.sheet}!{self.column}{self.line or ''}".rstrip("!")
        return ":".join([self.file, *([str(self.line)] if self.line else []), *([self.column] if self.column else [])])

    @property
    def order(self) -> tuple[str, str, int, int, str]:
        """Where it stands for a reader: file by file, sheet by sheet, row by row, column by column."""
        return self.file, self.sheet, self.line, len(self.column), self.column

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON keys: file, line; in tables sheet and column."""
        table = {"sheet": self.sheet, "column": self.column}
        return {"file": self.file, "line": self.line} | {key: value for key, value in table.items() if value}


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in the input: what is wrong, where, and how to mend it."""

    code: str
    where: Where
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.code}]\n    {self.fix}"

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON keys: code, file, line (in tables sheet and column), message, fix."""
        return {"code": self.code, **self.where.to_dict(), "message": self.message, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that takes part in a conflict, in the user's words, with its place."""

    rule: str
    where: Where

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON keys: rule, file, line (in tables sheet and column)."""
        return {"rule": self.rule, **self.where.to_dict()}


@dataclass(frozen=True, slots=True)
class Repair:
    """Changes of rules that together leave a plan; each was tried.

    ``words`` say what to change, ``cost`` is the money that it adds to the budget, ``size`` how much gives way: the
    parts of the numbers that move, 1 for a rule that is dropped. ``value_after`` is what the best plan is then worth
    (OOM), None where no such plan was found in time.
    """

    words: str
    cost: float
    size: float
    value_after: float | None

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON keys: change, cost, size, value_after."""
        return {"change": self.words, "cost": self.cost, "size": self.size, "value_after": self.value_after}


class GambitsError(Exception):
    """Anything that gambits can explain; ``hint`` is the next thing to try."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Come back whole from another process, whatever a kind is made of."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[GambitsError], said: tuple[Any, ...], parts: dict[str, Any]) -> GambitsError:
    error = kind.__new__(kind, *said)
    error.__dict__.update(parts)
    return error


class InputError(GambitsError):
    """The input has faults; ``problems`` holds every one of them."""

    exit_code = 3

    def __init__(self, problems: tuple[Problem, ...], hint: str = _MEND) -> None:
        count = len(problems)
        super().__init__(f"{count} {'problem' if count == 1 else 'problems'} in the input", hint)
        self.problems = problems


class InfeasibleError(GambitsError):
    """No plan obeys all the rules; ``conflict`` holds rules that cannot hold together, ``repairs`` what would help."""

    exit_code = 4

    def __init__(
        self, message: str, conflict: tuple[BrokenRule, ...], hint: str = "", repairs: tuple[Repair, ...] = ()
    ) -> None:
        super().__init__(message, hint)
        self.conflict = conflict
        self.repairs = repairs


class UnfinishedError(GambitsError):
    """The solver stopped before a plan could be certified; ``is_given`` says whether the answer was given even so."""

    exit_code = 5

    def __init__(self, message: str, hint: str = "", *, is_given: bool = False) -> None:
        super().__init__(message, hint)
        self.is_given = is_given


class VerificationError(GambitsError):
    """A memo or a run says something that its inputs do not bear out."""

    exit_code = 6
