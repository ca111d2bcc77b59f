"""Rules that need to know whether an initiative gets money at all: columns of 0 or 1, and rows that tie φ to them.

A switch y[i] is 1 where an initiative gets money from now on. With b[i] for what it has been paid and top[i] for
the most it can have, φ[i,T] ≤ b[i] + (top[i] − b[i]) · y[i].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.blocks import rule_of, structure
from gambits.allocate.layout import Layout, instalments
from gambits.allocate.limits import ABSENT, NO_LIMITS, Limits, Quantities, Term, joined, limits, unknown
from gambits.errors import BrokenRule
from gambits.words import percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEAST: Final = 0.01
"""An initiative counts as one that gets money from this part of its cost on."""


def switch_on(layout: Layout) -> Limits:
    """Only what is switched on gets money: φ[i,T] ≤ b + (top − b) · y."""
    i = np.flatnonzero((layout.switch != ABSENT) & (layout.funded[:, -1] != ABSENT))
    room = np.array([layout.upper[k] for k in layout.funded[i, -1]]) - layout.paid[i, -1]
    names = [f"switch_{layout.initiatives[k].id}" for k in i]
    terms: list[Term] = [(layout.at(i, layout.funded.shape[1] - 1), 1.0), (unknown(layout.switch[i]), -room)]
    return limits(names, structure(layout), terms, high=layout.paid[i, -1])


def all_or_nothing(layout: Layout) -> Limits:
    """A whole initiative gets no more money, or all that it still needs: φ[i,T] ≥ b + (1 − b) · y."""
    parts = []
    for i, each in enumerate(layout.initiatives):
        if each.whole and each.takes == 1:
            words = (
                f"{each.id} is one of several sizes, each of which is whole" if each.is_size else f"{each.id} is whole"
            )
            rule = rule_of(layout, i, "levels" if each.is_size else "whole", words)
            rest = 1 - layout.paid[i, -1]
            terms = [(layout.at([i], layout.funded.shape[1] - 1), 1.0), (unknown(layout.switch[[i]]), -rest)]
            parts.append(limits([f"whole_{each.id}"], rule, terms, low=layout.paid[i, -1]))
    return joined(parts)


def begin_once(layout: Layout) -> Limits:
    """A whole initiative that takes n periods gets equal parts in n of them, one after another, from its start on.

    With s[i,u] = 1 where it begins in u: Σ_u s[i,u] = y, and φ[i,t] = b + (1 − b) Σ_{u ≤ t} s[i,u] · min(1, (t−u+1)/n).
    """
    parts = []
    for i, each in enumerate(layout.initiatives):
        if not (each.whole and each.takes > 1):
            continue
        key = "levels" if each.is_size else "takes"
        rule = rule_of(layout, i, key, f"{each.id} is whole and takes {each.takes} periods without a break")
        once: list[Term] = [(unknown(layout.begin[[i]]), 1.0), (unknown(layout.switch[[i]]), -1.0)]
        parts.append(limits([f"begin_{each.id}"], rule, once, low=0.0, high=0.0))
        paid = float(layout.paid[i, -1])
        number = instalments(each, paid)
        t = layout.open[:, np.newaxis]
        done = (1 - paid) * np.clip((t - np.arange(layout.funded.shape[1]) + 1) / number, 0, 1)
        begun = np.broadcast_to(layout.begin[i], done.shape)
        terms: list[Term] = [(layout.at(i, t), 1.0), (unknown(begun), -done)]
        names = [f"begin_{each.id}_{layout.periods[k]}" for k in layout.open]
        parts.append(limits(names, rule, terms, low=paid, high=paid))
    return joined(parts)


def fund_enough(layout: Layout) -> Limits:
    """An initiative with a minimum m gets no more money, or is funded to m, all its stages together.

    Σ c φ[i,T] ≥ B + (m C − B) · y over its stages, with C = Σ c for its cost and B = Σ c b for what was paid of it.
    """
    parts = []
    for id, rows in layout.entries.items():
        first = layout.initiatives[rows[0]]
        if first.minimum > 0 and not first.is_size and not first.whole:
            rule = rule_of(layout, rows[0], "minimum", f"{id} gets {percent(first.minimum)} of its cost or nothing")
            parts.append(_at_least(layout, id, rows, first.minimum, rule))
    return joined(parts)


def _at_least(layout: Layout, id: str, rows: tuple[int, ...], minimum: float, rule: BrokenRule) -> Limits:
    some = np.array(rows)
    parts = layout.costs[some] / layout.costs[some].sum()
    paid = float(parts @ layout.paid[some, -1])
    if paid >= minimum:
        return NO_LIMITS
    terms: list[Term] = [
        (layout.at([i], layout.funded.shape[1] - 1), part) for i, part in zip(rows, parts, strict=True)
    ]
    terms.append((unknown(layout.switch[some[:1]]), paid - minimum))
    return limits([f"minimum_{id}"], rule, terms, low=paid)


def choose_one_size(layout: Layout) -> Limits:
    """Of several sizes at most one is funded: Σ y ≤ 1."""
    parts = []
    for id, rows in layout.entries.items():
        if layout.initiatives[rows[0]].is_size:
            rule = rule_of(layout, rows[0], "levels", f"{id} has one size of several")
            parts.append(limits([f"one_size_{id}"], rule, [(_switches(layout, [id]), 1.0)], high=1.0))
    return joined(parts)


def exclude(layout: Layout) -> Limits:
    """Of initiatives that exclude each other at most one has money: Σ y ≤ 1, or ≤ 0 where one has had some."""
    parts = []
    for number, ids in enumerate(layout.portfolio.excludes, start=1):
        begun = [id for id in ids if any(layout.initiatives[i].spent for i in layout.entries.get(id, ()))]
        rule = BrokenRule(f"at most one of {', '.join(ids)}", layout.portfolio.place("excludes"))
        others = [id for id in ids if id not in begun and id in layout.entries]
        if others:
            terms = [(_switches(layout, others), 1.0)]
            parts.append(limits([f"exclude_{number}"], rule, terms, high=1.0 if not begun else 0.0))
    return joined(parts)


def count_initiatives(layout: Layout) -> Limits:
    """So many initiatives get money: fewest ≤ Σ y ≤ most; the fewest each get a hundredth of their cost."""
    counts, gambit, ids = layout.portfolio.counts, layout.gambit, list(layout.entries)
    every: list[Term] = [(_switches(layout, ids), 1.0)]
    parts = []
    if counts.most is not None:
        rule = BrokenRule(f"at most {counts.most} initiatives", layout.portfolio.place("counts.max"))
        parts.append(limits(["count_most"], rule, every, high=counts.most))
    if gambit.most_initiatives is not None:
        words = f"{gambit.name}'s most initiatives: {gambit.most_initiatives}"
        rule = BrokenRule(words, gambit.place("most_initiatives"))
        parts.append(limits(["most_initiatives"], rule, every, high=gambit.most_initiatives))
    if counts.fewest > 0:
        rule = BrokenRule(f"at least {counts.fewest} initiatives", layout.portfolio.place("counts.min"))
        parts.append(limits(["count_fewest"], rule, every, low=counts.fewest))
        parts += [_real(layout, id, rows) for id, rows in layout.entries.items()]
    return joined(parts)


def _real(layout: Layout, id: str, rows: tuple[int, ...]) -> Limits:
    """Who is switched on gets some money, beyond what it was paid: Σ c φ[i,T] ≥ B + LEAST · C · y."""
    first = layout.initiatives[rows[0]]
    some = np.array(rows)
    parts = layout.costs[some] / layout.costs[some].sum()
    paid = float(parts @ layout.paid[some, -1])
    if first.whole:
        return NO_LIMITS
    terms: list[Term] = [
        (layout.at([i], layout.funded.shape[1] - 1), part) for i, part in zip(rows, parts, strict=True)
    ]
    terms.append((unknown(layout.switch[some[:1]]), -min(LEAST, 1 - paid)))
    return limits([f"counts_{id}"], structure(layout), terms, low=paid)


def _switches(layout: Layout, ids: Iterable[str]) -> Quantities:
    """Give the switches of initiatives of the file, each once, as the quantities of one limit."""
    rows = [i for id in ids for i in layout.entries[id]]
    columns = np.unique(layout.switch[rows])
    return unknown(columns[columns != ABSENT][np.newaxis])
