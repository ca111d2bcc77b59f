"""What moved between two plans: the inputs that were edited, the money that moved, the value it made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gambits.allocate.plan import FORMAT as PLAN_FORMAT
from gambits.allocate.plan import rounded
from gambits.analyse.bridge import Bridge
from gambits.errors import InputError, Problem, Where
from gambits.files.reading import read_text

FORMAT: Final = "gambits/diff/1"
_KEYS: Final[dict[str, Any]] = {
    "objective": int | float,
    "total_spend": int | float,
    "money": str,
    "inputs": dict,
    "initiatives": dict,
    "periods": list,
    "seed": int | None,
    "draws": int,
}
_LARGEST: Final = 1e300
_SMALLEST_MOVE: Final = 1e-6
"""Money below this part of all money has not moved: it is the tolerance of two solves."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One input that differs; None where a side does not have it."""

    key: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Move:
    """Money of one initiative over the horizon, before and after; ``moved`` is ½ Σ over periods of |difference|."""

    id: str
    old: float
    new: float
    moved: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What moved from one plan to another, values in OOM and money in the portfolio's unit."""

    money: str
    old_value: float
    new_value: float
    edits: tuple[Edit, ...]
    moves: tuple[Move, ...]
    bridge: Bridge | None = None

    @property
    def value(self) -> float:
        """Change of the objective, OOM."""
        return self.new_value - self.old_value

    @property
    def money_moved(self) -> float:
        """½ Σ of absolute differences over initiatives and periods."""
        return sum(move.moved for move in self.moves)

    @property
    def total(self) -> tuple[float, float]:
        """Change of the objective and money moved, as they are shown: what the lines of a bridge add up to."""
        return rounded(self.value), rounded(self.money_moved)

    @property
    def is_moved(self) -> bool:
        """Whether any money moved."""
        return bool(self.moves)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON; ``lines`` is null where changes were not given to edits."""
        value, moved = self.total
        record = {
            "format": FORMAT,
            "money": self.money,
            "total": {"value": value, "money_moved": moved},
            "value": {"old": self.old_value, "new": self.new_value},
            "changes": [{"input": edit.key, "old": edit.old, "new": edit.new} for edit in self.edits],
            "moves": {move.id: {"old": move.old, "new": move.new, "moved": move.moved} for move in self.moves},
        }
        return rounded(record) | (self.bridge.to_dict() if self.bridge else {"lines": None})  # type: ignore[no-any-return]


def find_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Changes:
    """Compare two plans as read by ``read_plan``."""
    scale = max(old["total_spend"], new["total_spend"], 1e-300)
    moves = [move for move in _moves(old, new) if move.moved > _SMALLEST_MOVE * scale]
    return Changes(
        money=new["money"],
        old_value=old["objective"],
        new_value=new["objective"],
        edits=tuple(_edits(old["inputs"], new["inputs"])),
        moves=tuple(sorted(moves, key=lambda move: (-round(move.moved, 6), move.id))),
    )


def read_plan(path: Path) -> dict[str, Any]:
    """Read a plan that ``gambits solve -o`` wrote.

    Raises
    ------
    InputError
        If the file is not such a plan.
    """
    try:
        plan = json.loads(read_text(path, path.as_posix()), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"cannot read the plan: {error}") from None
    if not isinstance(plan, dict) or plan.get("format") != PLAN_FORMAT:
        raise _refused(path, f"the file is not a plan ({PLAN_FORMAT})")
    missing = sorted(set(_KEYS) - set(plan))
    if missing:
        raise _refused(path, f"the plan lacks {', '.join(missing)}")
    for key, kind in _KEYS.items():
        value = plan[key]
        if not isinstance(value, kind) or (isinstance(value, int | float) and not _is_number(value)):
            raise _refused(path, f"`{key}` is not what a plan has there")
    if not all(isinstance(each, str) for each in plan["periods"]):
        raise _refused(path, "`periods` is not what a plan has there")
    if not all(isinstance(each, dict) and _is_row(each.get("spend")) for each in plan["initiatives"].values()):
        raise _refused(path, "an initiative of the plan has no `spend` by period")
    inputs = plan["inputs"]
    if not ({"portfolio", "gambit"} <= set(inputs) and all(isinstance(each, dict) for each in inputs.values())):
        raise _refused(path, "`inputs` is not what a plan has there")
    return plan


def _is_row(value: object) -> bool:
    return isinstance(value, list) and all(_is_number(each) for each in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number that JSON has")


def _refused(path: Path, message: str) -> InputError:
    fix = "write plans with `gambits solve PORTFOLIO -o plan.json`"
    return InputError((Problem("not-a-plan", Where(path.as_posix()), message, fix),))


def _edits(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Edit]:
    before, after = _flat(old), _flat(new)
    keys = sorted(before.keys() | after.keys())
    return [Edit(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def _flat(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Name inputs as the portfolio does; those of the gambit and the law with a prefix."""
    flat = dict(inputs.get("portfolio", {}))
    for part in ("gambit", "law"):
        flat |= {f"{part}: {key}": value for key, value in inputs.get(part, {}).items()}
    return flat


def _moves(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Move]:
    moves = []
    for id in sorted(old["initiatives"].keys() | new["initiatives"].keys()):
        before, after = (money_by_period(plan, id) for plan in (old, new))
        periods = sorted(before.keys() | after.keys())
        moved = sum(abs(after.get(name, 0.0) - before.get(name, 0.0)) for name in periods) / 2
        moves.append(Move(id, sum(before.values()), sum(after.values()), moved))
    return moves


def money_by_period(plan: Mapping[str, Any], id: str) -> dict[str, float]:
    """Give the money of an initiative by period, from a plan as JSON; nothing for one that it lacks."""
    initiative = plan["initiatives"].get(id)
    return dict(zip(plan["periods"], initiative["spend"], strict=False)) if initiative else {}
