"""How it is written what an initiative waits for: ids, choices among several, parts and delays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import yaml

from gambits.files.kinds import BAD, Ids, Kind, Number, OneOrMore, Whole, scalar_text
from gambits.files.reading import Report
from gambits.files.sections import Draft, Key, Section
from gambits.portfolio.model import Need

_MOST: Final = 1000


NEED: Final = Section(
    (
        Key("of", OneOrMore(), "an id, or several"),
        Key("any", Ids(), "several ids, of which one is enough"),
        Key("k", Whole(1, _MOST), "how many of them are enough", default="all"),
        Key("share", Number(above=0, high=1), "the funded fraction of them that allows full funding", default="1"),
        Key("lag", Whole(0, _MOST), "periods by which they must be ahead", default="0"),
    )
)


@dataclass(frozen=True, slots=True)
class Needs(Kind):
    """A list of ids, ``{any: […]}``, ``{k: n, of: […]}`` and ``{of: id, share: s, lag: n}``."""

    words = "list of ids, `{any: […]}`, `{k: n, of: […]}` or `{of: id, share: s, lag: n}`"

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: list[Need] = []
        for number, item in enumerate(items):
            if isinstance(item, yaml.MappingNode):
                place = f"{key}.{number}" if isinstance(node, yaml.SequenceNode) else key
                report.where.setdefault(place, report.at(item))
                found += self._of_section(item, report, place)
            else:
                id = _ID.read(item, report, key)
                found += [] if id is BAD else [Need((id,))]
        return tuple(dict.fromkeys(found))

    def _of_section(self, node: yaml.MappingNode, report: Report, key: str) -> tuple[Need, ...]:
        faults = len(report.problems)
        draft: Draft = NEED.read(node, report, key)
        if len(report.problems) > faults:
            return ()
        names: tuple[str, ...] = draft.get("of") or draft.get("any") or ()
        fault = _fault(draft, names)
        if fault is not None:
            report.add(node, "needs", f"`{key}` {fault[0]}", fault[1])
            return ()
        how = {name: draft[name] for name in ("share", "lag") if name in draft}
        if "any" in draft or "k" in draft:
            return (Need(names, draft.get("k", 1), **how),)
        return tuple(Need((name,), **how) for name in names)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"anyOf": [{"type": "string"}, NEED.schema()]}}


def _fault(draft: Draft, names: tuple[str, ...]) -> tuple[str, str] | None:
    """Say what is wrong with a need, and how to mend it."""
    if not names:
        return "names nobody", "add `of:` or `any:` with ids"
    if "any" in draft and ("of" in draft or "k" in draft):
        return "has `any`, which is one of several, and `of` or `k`", "keep `any:`, or `k:` and `of:`"
    if draft.get("k", 1) > len(names):
        return f"asks for {draft['k']} of {len(names)}", f"write a `k` of {len(names)} at most, or list more ids"
    return None


@dataclass(frozen=True, slots=True)
class _Id(Kind):
    """One id."""

    words = "an id"

    def parse(self, node: yaml.Node) -> str:
        return scalar_text(node, "an id")


_ID: Final = _Id()
