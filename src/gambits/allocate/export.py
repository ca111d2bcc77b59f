"""The master as a text that any solver reads: LP or MPS, its columns and rows named in the user's words."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from gambits.allocate.cuts import Optimum
from gambits.allocate.layout import Layout
from gambits.allocate.plan import rounded
from gambits.allocate.programme import Programme
from gambits.words import money

FORMAT: Final = "gambits/export/1"
FORMS: Final = ("lp", "mps")
_COMMENT: Final = {"lp": "\\", "mps": "*"}
_NUMBERED: Final = re.compile(r"[cr]\d{6}_")
_LONGEST: Final = 240
"""LP files take names of 255 signs."""
_WIDTH: Final = 400


@dataclass(frozen=True, slots=True)
class Export:
    """The master of a search as it stood at the end: its text in one form, and what is known of it.

    ``columns`` and ``rows`` are counts; ``objective`` and ``bound`` are in OOM.
    """

    text: str
    form: str
    portfolio: str
    gambit: str
    status: str
    objective: float
    bound: float
    columns: int
    rows: int

    @property
    def gap(self) -> float:
        """How much better any plan could be: bound − objective, in OOM."""
        return max(0.0, self.bound - self.objective)

    def to_dict(self) -> dict[str, Any]:
        """Give what is known of the master as JSON, without its text."""
        known = {name: getattr(self, name) for name in self.__slots__ if name != "text"}
        return rounded({"format": FORMAT, **known, "gap": self.gap})  # type: ignore[no-any-return]


def export(optimum: Optimum, programme: Programme, form: str) -> Export:
    """Write the master of a search, with every cut, as ``lp`` or ``mps``; its least value is minus the bound."""
    layout = programme.layout
    columns, rows = readable(layout.names), readable(programme.model.row_names())
    comments = "".join(f"{_COMMENT[form]} {line}\n" for line in _about(layout, optimum.bound))
    text = programme.model.text(form, columns, rows)
    return Export(
        text=comments + (_wrapped(text) if form == "lp" else text),
        form=form,
        portfolio=layout.portfolio.name,
        gambit=layout.gambit.name,
        status=optimum.ending.value,
        objective=optimum.objective,
        bound=optimum.bound,
        columns=len(columns),
        rows=len(rows),
    )


def _about(layout: Layout, bound: float) -> Iterable[str]:
    portfolio = layout.portfolio
    return (
        f"{portfolio.name}: the master of {layout.gambit.name}, with its cuts.",
        f"No plan is worth more than {bound:.9g} OOM: the least value of this programme with its sign turned.",
        "funded_<initiative>_<period> is the part of its cost that it has by the end of the period, progress_ the",
        "part of its effect; worth_<period> is a period's part of the mean value, tail the value in the worst draws.",
        f"Money is counted in parts of {money(layout.budget)} {portfolio.money}.",
    )


def _wrapped(text: str) -> str:
    """Break long lines, which some readers of LP files refuse."""
    lines = (textwrap.wrap(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False) for line in text.split("\n"))
    return "\n".join("\n".join(line) for line in lines)


def readable(names: Iterable[str]) -> list[str]:
    """Give names that LP and MPS files take and nobody else has: no number in front, one behind where two clash."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        # A point stands for what ids have and the formats have not; a line for what they could trip over.
        plain = re.sub(r"[^A-Za-z0-9_.]", "_", _NUMBERED.sub("", name, count=1))[:_LONGEST]
        number, unique = 1, plain
        while unique in taken:
            number += 1
            unique = f"{plain}.{number}"
        taken.add(unique)
        found.append(unique)
    return found
