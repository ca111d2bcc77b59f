"""The edits between two worlds, in groups that can be made one without the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from gambits.files.sections import Section, Table
from gambits.portfolio.schema import PORTFOLIO
from gambits.rerun.worlds import LAW_KEY, World

_LAW: Final = "law/"
_INITIATIVES: Final = "initiatives"
DRAWN: Final = ("draws", "seed", "certain")
"""The settings that decide the futures; the others say how far a search goes."""


class Part(Enum):
    """What of a world an edit changes."""

    PORTFOLIO = "portfolio"
    GAMBIT = "gambit"
    LAW = "law"
    SETTINGS = "draws and seed"


@dataclass(frozen=True, slots=True)
class Edit:
    """A group of inputs that change together; ``keys`` are those of the portfolio, empty for the other parts."""

    name: str
    part: Part
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Player:
    """One or more edits that are made together, under the name of their line."""

    edits: tuple[Edit, ...]

    @property
    def name(self) -> str:
        """The line of the bridge."""
        return ", ".join(edit.name for edit in self.edits)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The dotted keys that change, sorted."""
        return tuple(sorted(key for edit in self.edits for key in edit.keys))


def edits_between(old: World, new: World) -> tuple[Edit, ...]:
    """List the edits that lead from one world to another, each as small as can stand by itself, sorted by name."""
    keys = {
        key for key in old.portfolio.keys() | new.portfolio.keys() if old.portfolio.get(key) != new.portfolio.get(key)
    }
    leaves = _by_leaf(keys - {LAW_KEY})
    passed = _passed(leaves)
    found = _linked({leaf: each for leaf, each in leaves.items() if not each <= passed}, old, new)
    if passed:
        found.append(Edit("as_of, and what was spent", Part.PORTFOLIO, frozenset(passed)))
    if (old.law_name, old.law) != (new.law_name, new.law):
        found.append(Edit(Part.LAW.value, Part.LAW, frozenset({LAW_KEY} & keys)))
    if old.gambit != new.gambit:
        found.append(Edit(Part.GAMBIT.value, Part.GAMBIT))
    if _drawn(old) != _drawn(new):
        found.append(Edit(Part.SETTINGS.value, Part.SETTINGS))
    return tuple(sorted(found, key=lambda edit: edit.name))


def mixed(old: World, new: World, edits: Iterable[Edit]) -> World:
    """Give the old world with some of the edits made."""
    made = list(edits)
    parts = {edit.part for edit in made}
    keys = {key for edit in made for key in edit.keys}
    inputs = {key: value for key, value in old.portfolio.items() if key not in keys}
    inputs |= {key: value for key, value in new.portfolio.items() if key in keys}
    law = new if Part.LAW in parts else old
    return World(
        portfolio=dict(sorted(inputs.items())),
        gambit=new.gambit if Part.GAMBIT in parts else old.gambit,
        settings=new.settings if Part.SETTINGS in parts else old.settings,
        sources={name: text for name, text in law.sources.items() if name.startswith(_LAW)},
    )


def coarser(edits: Iterable[Edit]) -> list[Edit]:
    """Join the edits of one initiative, and those of one section of the file."""
    found: dict[str, Edit] = {}
    for edit in edits:
        name = _place(edit) if edit.part is Part.PORTFOLIO else edit.name
        found[name] = (
            replace(found[name], keys=found[name].keys | edit.keys) if name in found else replace(edit, name=name)
        )
    return list(found.values())


def _place(edit: Edit) -> str:
    parts = min(edit.keys).split(".")
    return ".".join(parts[: 2 if parts[0] == _INITIATIVES else 1])


def _drawn(world: World) -> dict[str, Any]:
    return {name: value for name, value in world.settings.items() if name in DRAWN}


def _by_leaf(keys: Iterable[str]) -> dict[str, set[str]]:
    """Group keys by the value of the file that they are parts of: percentiles of an estimate, arguments of a law."""
    found: dict[str, set[str]] = {}
    for key in sorted(keys):
        found.setdefault(leaf_of(key), set()).add(key)
    return found


def leaf_of(key: str) -> str:
    """Give the part of a dotted key down to the value that the file's table knows as one."""
    kind: object = PORTFOLIO
    taken: list[str] = []
    for name in key.split("."):
        if isinstance(kind, Section):
            kind = next((row.kind for row in kind.keys if row.name == name), None)
        elif isinstance(kind, Table):
            kind = kind.each
        else:
            break
        taken.append(name)
    return ".".join(taken)


def _passed(leaves: Mapping[str, set[str]]) -> set[str]:
    """Give the keys that say how time has passed: money is spent only where it is over, so these go together."""
    spent = {key for leaf, keys in leaves.items() if leaf.endswith(".spent") for key in keys}
    return spent | leaves.get("as_of", set()) if spent else set()


def _linked(leaves: Mapping[str, set[str]], old: World, new: World) -> list[Edit]:
    """Join what cannot be without the other: all of an initiative that comes or goes, and whatever names it."""
    before, after = (_ids(world) for world in (old, new))
    alone: list[Edit] = []
    joined: list[tuple[set[str], set[str]]] = []
    for leaf, keys in leaves.items():
        ids = {id for id in before ^ after if any(_concerns(world, key, id) for world in (old, new) for key in keys)}
        if not ids:
            alone.append(Edit(leaf, Part.PORTFOLIO, frozenset(keys)))
            continue
        together = [(ids, set(keys)), *(group for group in joined if group[0] & ids)]
        joined = [group for group in joined if not group[0] & ids]
        joined.append((set().union(*(one for one, _ in together)), set().union(*(one for _, one in together))))
    for ids, keys in joined:
        names = (f"{_INITIATIVES}.{id} ({'new' if id in after else 'gone'})" for id in sorted(ids))
        alone.append(Edit(", ".join(names), Part.PORTFOLIO, frozenset(keys)))
    return alone


def _concerns(world: World, key: str, id: str) -> bool:
    """Whether a value is of an initiative, or names it: in a list of ids, or in the key of a scenario's change."""
    if key.startswith(f"{_INITIATIVES}.{id}."):
        return True
    text = json.dumps(world.portfolio.get(key))
    return any(sign in text for sign in (f'"{id}"', f'"{id}/', f'"{_INITIATIVES}.{id}.'))


def _ids(world: World) -> set[str]:
    return {key.split(".")[1] for key in world.portfolio if key.startswith(f"{_INITIATIVES}.")}
