"""One order of the initiatives, decided by what they are and not by what they are called or where they stand.

Sums run in this order and columns stand in it, so that neither renaming nor reordering changes a single bit.
Exchangeable initiatives, which nothing but their name tells apart, stand by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from gambits.portfolio.model import Group, Initiative, Need, Overlap, Synergy

Bond = tuple[str, tuple[str, ...]]
"""A rule or an effect that several initiatives share: what it is, and their ids."""

_SAID = ("pilot", "review_every", "kill", "dissent")
_WORDS = frozenset({"id", "title", "owner", "team", "source", "note", "requires", "after", *_SAID})


def bonds_of(
    groups: Iterable[Group],
    excludes: Iterable[tuple[str, ...]],
    synergies: Iterable[Synergy],
    overlaps: Iterable[Overlap],
) -> list[Bond]:
    """List what initiatives of a portfolio share."""
    found = [(f"group {each.low} {each.high}", each.among) for each in groups]
    found += [("excludes", ids) for ids in excludes]
    found += [(f"synergy {each.effects}", each.between) for each in synergies]
    return found + [(f"overlap {each.lever} {each.cap}", each.among) for each in overlaps]


def canonical_order(initiatives: Iterable[Initiative], bonds: Sequence[Bond] = ()) -> tuple[Initiative, ...]:
    """Sort initiatives by their numbers, their place in the graph, and what they share with others.

    A bond may name an initiative as the file does; it then holds all its parts.
    """
    found = sorted(initiatives, key=lambda each: each.id)
    labels = {each.id: _digest(_numbers(each)) for each in found}
    kinds = 0
    # Labels take in those of their neighbours until that tells no more initiatives apart (Weisfeiler, Leman).
    while kinds < len(set(labels.values())):
        kinds = len(set(labels.values()))
        labels = _refined(found, labels, bonds)
    return tuple(sorted(found, key=lambda each: (labels[each.id], each.id)))


def _numbers(initiative: Initiative) -> str:
    fields = (name for name in Initiative.__slots__ if name not in _WORDS)
    return repr([(name, getattr(initiative, name)) for name in fields])


def _refined(initiatives: list[Initiative], labels: dict[str, str], bonds: Sequence[Bond]) -> dict[str, str]:
    seen: dict[str, list[str]] = {each.id: [] for each in initiatives}
    parts: dict[str, list[str]] = {}
    for each in initiatives:
        parts.setdefault(each.entry, []).append(each.id)
        for kind, needs in (("requires", each.requires), ("after", each.after)):
            for need in needs:
                seen[each.id].append(f"{kind} {_terms(need)} {sorted(labels[name] for name in need.of)}")
                for name in need.of:
                    seen[name].append(f"{kind} {_terms(need)} by {labels[each.id]}")
    for members in parts.values():
        _share(seen, ("one entry", tuple(members)), labels)
    for what, ids in bonds:
        _share(seen, (what, tuple(part for id in ids for part in parts.get(id, [id]))), labels)
    return {id: _digest(repr((labels[id], sorted(found)))) for id, found in seen.items()}


def _terms(need: Need) -> tuple[int, float, int]:
    return need.count, need.share, need.lag


def _share(seen: dict[str, list[str]], bond: Bond, labels: dict[str, str]) -> None:
    what, members = bond
    if len(members) > 1:
        together = f"{what} {sorted(labels[id] for id in members)}"
        for id in members:
            seen[id].append(together)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
