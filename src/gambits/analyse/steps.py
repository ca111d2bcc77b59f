"""What each rule that is no number could give way to, the least change first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from gambits.analyse.dials import Rules
from gambits.errors import Where
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Counts, Initiative, Portfolio

_WHOLE: Final = 1.0
"""The size of a change that drops a rule: as large as doubling a number."""

Apply = Callable[[Rules], Rules]


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that gives way: in words, by which part of its number (1 if dropped), and the money it asks for."""

    words: str
    size: float
    money: float
    apply: Apply


# Rules of one initiative.


def _changed(id: str, change: Callable[[Initiative], Initiative], rules: Rules) -> Rules:
    """Change the initiatives that stand under an id in the file."""
    portfolio, gambit = rules
    changed = tuple(change(each) if each.entry == id else each for each in portfolio.initiatives)
    return replace(portfolio, initiatives=changed), gambit


Steps = tuple[Where, tuple[Change, ...]]


def steps_of_initiatives(portfolio: Portfolio) -> Iterator[Steps]:
    """List the place of each rule of an initiative, and what it could give way to."""
    seen: set[tuple[str, str]] = set()
    for each in portfolio.initiatives:
        for key, changes in _steps_of(portfolio, each):
            if changes and (each.entry, key) not in seen:
                seen.add((each.entry, key))
                yield portfolio.place(each.key(key.partition(" ")[0])), tuple(changes)


def _steps_of(portfolio: Portfolio, each: Initiative) -> Iterator[tuple[str, list[Change]]]:
    """List what each rule of an initiative could give way to, the least first."""
    id = each.entry

    def drop(key: str, **without: Any) -> list[Change]:
        words = f"drop `{key}` of {id}"
        return [Change(words, _WHOLE, 0.0, partial(_changed, id, partial(_with, without)))]

    for key in ("must", "whole", "never"):
        if getattr(each, key):
            yield key, drop(key, **{key: False})
    if each.minimum:
        yield "minimum", drop("minimum", minimum=0.0)
    paces = range(each.takes - 1, 0, -1)
    yield (
        "takes",
        [
            _to(
                id,
                f"let {id} take {n} {'period' if n == 1 else 'periods'} instead of {each.takes}",
                "takes",
                n,
                each.takes,
            )
            for n in paces
        ],
    )
    names, last = portfolio.periods.names, min(each.start, portfolio.periods.count) - 1
    yield (
        "start",
        [
            _to(id, f"let {id} start in {names[t]}", "start", t, max(1, portfolio.periods.count))
            for t in range(last, -1, -1)
        ],
    )
    for key in ("requires", "after"):
        needs = getattr(each, key)
        for need in needs:
            others = tuple(one for one in needs if one != need)
            words = f"drop `{key}` of {id} on {need}"
            change = partial(_changed, id, partial(_without, key, need))
            yield f"{key} {need}", [Change(words, _WHOLE, 0.0, change)] if others != needs else []


def _with(values: dict[str, Any], each: Initiative) -> Initiative:
    return replace(each, **values)


def _without(key: str, need: Any, each: Initiative) -> Initiative:
    kept: dict[str, Any] = {key: tuple(one for one in getattr(each, key) if one != need)}
    return replace(each, **kept)


def _to(id: str, words: str, key: str, value: int, of: int) -> Change:
    return Change(words, abs(of - value) / of, 0.0, partial(_changed, id, partial(_with, {key: value})))


# Rules of sets.


def steps_of_sets(portfolio: Portfolio, gambit: Gambit) -> Iterator[Steps]:
    """List the place of each rule about several initiatives, and what it could give way to."""
    for members in portfolio.excludes:
        change = partial(_set, "excludes", tuple(one for one in portfolio.excludes if one != members))
        words = f"let more than one of {', '.join(members)} be funded"
        yield portfolio.place("excludes"), (Change(words, _WHOLE, 0.0, change),)
    counts, many = portfolio.counts, len({each.entry for each in portfolio.initiatives})
    if counts.fewest:
        yield (
            portfolio.place("counts.min"),
            tuple(
                _count(
                    f"ask for {n} initiatives instead of {counts.fewest}", replace(counts, fewest=n), counts.fewest, n
                )
                for n in range(counts.fewest - 1, -1, -1)
            ),
        )
    if counts.most is not None and counts.most < many:
        yield (
            portfolio.place("counts.max"),
            tuple(
                _count(f"allow {n} initiatives instead of {counts.most}", replace(counts, most=n), counts.most, n)
                for n in range(counts.most + 1, many + 1)
            ),
        )
    if gambit.most_initiatives is not None and gambit.most_initiatives < many:
        old = gambit.most_initiatives
        yield (
            gambit.place("most_initiatives"),
            tuple(
                Change(
                    f"allow {n} initiatives instead of {old}",
                    (n - old) / max(1, old),
                    0.0,
                    partial(_set_gambit, "most_initiatives", n),
                )
                for n in range(old + 1, many + 1)
            ),
        )
    if gambit.only is not None:
        words = f"let {gambit.name} fund every path"
        yield gambit.place("only"), (Change(words, _WHOLE, 0.0, partial(_set_gambit, "only", None)),)


def _count(words: str, counts: Counts, old: int, new: int) -> Change:
    return Change(words, abs(new - old) / max(1, old), 0.0, partial(_set, "counts", counts))


def _set(key: str, value: Any, rules: Rules) -> Rules:
    return replace(rules[0], **{key: value}), rules[1]


def _set_gambit(key: str, value: Any, rules: Rules) -> Rules:
    return rules[0], replace(rules[1], **{key: value})
