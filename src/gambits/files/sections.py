"""Mappings with known keys: reading them key by key, and refusing the rest with a suggestion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import yaml

from gambits.files.kinds import BAD, Kind, is_id
from gambits.files.reading import FaultyNode, Report, did_you_mean

_OR_A_FILE: Final = ", or the name of a table (.csv, .xlsx)"

Draft = dict[str, Any]
"""The values that could be read, by key; a key that is absent or faulty is not in it."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the file format: a key, what its value must be, and what it means."""

    name: str
    kind: Kind
    about: str
    unit: str = ""
    default: str = ""
    required: bool = False
    usual: tuple[str, ...] = ()
    """Words that most authors choose, where others are allowed too."""


@dataclass(frozen=True, slots=True)
class Section(Kind):
    """A mapping with known keys."""

    keys: tuple[Key, ...]

    @property
    def words(self) -> str:
        return "section"

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        if not isinstance(node, yaml.MappingNode):
            report.add(
                node,
                "wrong-type",
                f"`{key}`: expected a section of keys",
                f"write its keys below it: {self._names()}",
            )
            return BAD
        known = {row.name: row for row in self.keys}
        order = {row.name: place for place, row in enumerate(self.keys)}
        draft: Draft = {}
        # In the table's order, so that what stands above in it is known when a key below is read.
        for name, place, value in sorted(unique_items(node, report, key), key=lambda item: order.get(item[0], -1)):
            path = f"{key}.{name}" if key else name
            report.where[path] = report.at(place)
            row = known.get(name)
            if row is None:
                report.add(place, "unknown-key", f"unknown key `{path}`", did_you_mean(name, known))
            else:
                draft[name] = report.values[path] = _read(row.kind, value, report, path)
        for row in self.keys:
            if row.required and row.name not in draft:
                path = f"{key}.{row.name}" if key else row.name
                report.add(node, "missing-key", f"`{path}` is missing", f"add `{row.name}:` ({row.kind.words})")
        return {name: value for name, value in draft.items() if value is not BAD}

    def _names(self) -> str:
        return ", ".join(row.name for row in self.keys)

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {row.name: row.kind.schema() | {"description": describe(row)} for row in self.keys},
            "additionalProperties": False,
        }
        required = [row.name for row in self.keys if row.required]
        return schema | ({"required": required} if required else {})


@dataclass(frozen=True, slots=True)
class Table(Kind):
    """A mapping whose keys are chosen by the author, each with a value of one kind.

    With ``apart`` it may be kept as rows of a table, in a file or sheet of its own.
    """

    each: Kind
    noun: str
    apart: bool = False

    @property
    def words(self) -> str:
        return f"{self.noun}s by id{_OR_A_FILE if self.apart else ''}"

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        if not isinstance(node, yaml.MappingNode):
            report.add(
                node,
                "wrong-type",
                f"`{key}`: expected {self.noun}s by id",
                f"write `<id>:` and below it {_one(self.noun)}",
            )
            return BAD
        table: Draft = {}
        for name, place, value in unique_items(node, report, key):
            path = f"{key}.{name}"
            report.where[path] = report.at(place)
            if not is_id(name):
                report.add(
                    place, "not-an-id", f"`{name}` cannot name {_one(self.noun)}", "use letters, digits, - and _"
                )
                continue
            table[name] = _read(self.each, value, report, path)
        return {name: value for name, value in table.items() if value is not BAD}

    def schema(self) -> dict[str, Any]:
        return _apart({"type": "object", "additionalProperties": self.each.schema()}, apart=self.apart)


@dataclass(frozen=True, slots=True)
class Several(Kind):
    """A list of values of one kind; with ``apart`` it may be kept as rows of a table, as a ``Table`` may."""

    each: Kind
    noun: str
    apart: bool = False

    @property
    def words(self) -> str:
        return f"list of {self.noun}s{_OR_A_FILE if self.apart else ''}"

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            report.add(node, "wrong-type", f"`{key}`: expected a list", f"write `-` before each {self.noun}")
            return BAD
        found = []
        for number, item in enumerate(node.value):
            path = f"{key}.{number}"
            report.where[path] = report.at(item)
            found.append(_read(self.each, item, report, path))
        return [value for value in found if value is not BAD]

    def schema(self) -> dict[str, Any]:
        return _apart({"type": "array", "items": self.each.schema()}, apart=self.apart)


@dataclass(frozen=True, slots=True)
class Changes(Kind):
    """Estimates by dotted key, read later by the kind that each key has."""

    @property
    def words(self) -> str:
        return "estimates by dotted key"

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        if not isinstance(node, yaml.MappingNode):
            report.add(node, "wrong-type", f"`{key}`: expected dotted keys", "write `frontier.compute.flop: 1e27`")
            return BAD
        found = {}
        for name, place, value in unique_items(node, report, key):
            report.where[f"{key}.{name}"] = report.at(place)
            found[name] = value
        return found

    def schema(self) -> dict[str, Any]:
        # An effect may change to what a law says: one name with its arguments.
        named = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": "object"}}
        return {"type": "object", "additionalProperties": {"anyOf": [{"$ref": "#/$defs/estimate"}, named]}}


def _read(kind: Kind, node: yaml.Node, report: Report, key: str) -> Any:
    return BAD if isinstance(node, FaultyNode) else kind.read(node, report, key)


def _one(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _apart(schema: dict[str, Any], *, apart: bool) -> dict[str, Any]:
    return schema | {"type": [schema["type"], "string"], "pattern": r"\.(csv|xlsx)$"} if apart else schema


def unique_items(node: yaml.MappingNode, report: Report, key: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
    """List (name, place, value) of a mapping, reporting names given twice; the first one counts."""
    found: dict[str, tuple[str, yaml.Node, yaml.Node]] = {}
    for place, value in node.value:
        if not isinstance(place, yaml.ScalarNode):
            report.add(place, "wrong-type", "a key must be a word", "write `key: value`")
            continue
        name = str(place.value)
        if name in found:
            first = report.at(found[name][1])
            path = f"{key}.{name}" if key else name
            where = f"in row {first.line} of {first.sheet}" if first.sheet else f"on line {first.line}"
            report.add(place, "key-twice", f"`{path}` is given twice, first {where}", "keep one of them")
        else:
            found[name] = (name, place, value)
    return list(found.values())


def describe(row: Key) -> str:
    """The meaning of a key with its unit and default, in one line."""
    parts = [row.about]
    if row.unit:
        parts.append(f"unit: {row.unit}")
    if row.default:
        parts.append(f"default: {row.default}")
    return "; ".join(parts)
