"""One order of the initiatives, decided by what they are and not by what they are called or where they stand.

Sums run in this order and columns stand in it, so that neither renaming nor reordering changes a single bit.
Exchangeable initiatives, which nothing but their name tells apart, stand by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from gambits.portfolio.model import Initiative

_SAID = ("review_every", "kill", "dissent")
_WORDS = frozenset({"id", "title", "owner", "team", "source", "note", "requires", "after", *_SAID})


def canonical_order(initiatives: Iterable[Initiative]) -> tuple[Initiative, ...]:
    """Sort initiatives by their numbers and their place in the graph."""
    found = sorted(initiatives, key=lambda each: each.id)
    labels = {each.id: _digest(_numbers(each)) for each in found}
    kinds = 0
    # Labels take in those of their neighbours until that tells no more initiatives apart (Weisfeiler, Leman).
    while kinds < len(set(labels.values())):
        kinds = len(set(labels.values()))
        labels = _refined(found, labels)
    return tuple(sorted(found, key=lambda each: (labels[each.id], each.id)))


def _numbers(initiative: Initiative) -> str:
    fields = (name for name in Initiative.__slots__ if name not in _WORDS)
    return repr([(name, getattr(initiative, name)) for name in fields])


def _refined(initiatives: list[Initiative], labels: dict[str, str]) -> dict[str, str]:
    served: dict[str, list[str]] = {each.id: [] for each in initiatives}
    for each in initiatives:
        for kind, names in (("requires", each.requires), ("after", each.after)):
            for name in names:
                served[name].append(f"{kind} {labels[each.id]}")
    refined = {}
    for each in initiatives:
        needs = [sorted(labels[name] for name in names) for names in (each.requires, each.after)]
        refined[each.id] = _digest(repr((labels[each.id], needs, sorted(served[each.id]))))
    return refined


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
