"""What would make rules hold together that do not: the least change of each, tried before it is told.

A set of rules that contradict each other holds as soon as one of them gives way. For every rule of the set the least
change is sought that leaves a plan: numbers by halving, whole numbers and links one after the other. Where one change
is not enough, since other rules contradict each other as well, changes are joined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from gambits.allocate.conflicts import contradiction, holds
from gambits.analyse.dials import Dial, Rules, dials, moved
from gambits.analyse.study import Study
from gambits.errors import BrokenRule, GambitsError, InfeasibleError, Repair, Where
from gambits.portfolio.gambit import Gambit, Share
from gambits.portfolio.model import Counts, Initiative, Portfolio

_HALVINGS: Final = 40
_DIGITS: Final = 4
"""Significant digits of a number that is proposed, rounded to the side on which the rules hold."""
_MOST_JOINED: Final = 3
_MOST_SHOWN: Final = 12
_WHOLE: Final = 1.0
"""The size of a change that drops a rule: as large as doubling a number."""

Apply = Callable[[Rules], Rules]
Holds = Callable[[Rules], bool]


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that gives way: in words, by which part of its number (1 if dropped), and the money it asks for."""

    words: str
    size: float
    money: float
    apply: Apply


@dataclass(frozen=True, slots=True)
class Way:
    """One rule that could give way: as far as it can, and by the least that is enough for a test."""

    place: Where
    furthest: Apply
    least: Callable[[Holds], Change | None]


def find_repairs(study: Study, gambit: Gambit, error: InfeasibleError) -> tuple[Repair, ...]:
    """Find what would leave a plan, the smallest change first.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        The rules beside the portfolio's own.
    error
        Why there is no plan.

    Returns
    -------
    :
        Repairs, each of which was tried: with it, the rules hold together.
    """
    rules = study.portfolio, gambit
    if holds(*rules):
        return _lower_floor(study, gambit)
    found = find_changes_that_mend(study.portfolio, gambit, error)
    return tuple(_told(study, gambit, changes) for changes in found[:_MOST_SHOWN])


def find_changes_that_mend(
    portfolio: Portfolio, gambit: Gambit, error: InfeasibleError
) -> tuple[tuple[Change, ...], ...]:
    """List the sets of changes that leave a plan, the smallest first, without saying what that plan is worth."""
    found = _ways_out((portfolio, gambit), error.conflict, _MOST_JOINED)
    ranked = sorted(found, key=lambda changes: (sum(each.size for each in changes), [each.words for each in changes]))
    return tuple(ranked)


def _told(study: Study, gambit: Gambit, changes: tuple[Change, ...]) -> Repair:
    return Repair(
        words=", and ".join(change.words for change in changes),
        cost=sum(change.money for change in changes),
        size=sum(change.size for change in changes),
        value_after=_value(study, gambit, changes),
    )


def _lower_floor(study: Study, gambit: Gambit) -> tuple[Repair, ...]:
    """Lower the floor under the tail to what the best tail is worth."""
    highest = study.under(replace(gambit, aversion=1.0, cvar_floor=None)).values.tail
    floor = math.floor(highest * 1e4) / 1e4
    old = gambit.cvar_floor or 0.0

    def apply(rules: Rules) -> Rules:
        return rules[0], replace(rules[1], cvar_floor=floor)

    change = Change(f"lower the floor under the tail from {old:g} to {floor:g} OOM", abs(old - floor), 0.0, apply)
    return (_told(study, gambit, (change,)),)


def _value(study: Study, gambit: Gambit, changes: tuple[Change, ...]) -> float | None:
    """Give the value of the best plan once the changes are made."""
    portfolio, changed = _applied(changes, (study.portfolio, gambit))
    links = [[(each.requires, each.after) for each in one.initiatives] for one in (portfolio, study.portfolio)]
    try:
        if links[0] == links[1]:
            return study.under(changed, portfolio).objective
        # Without a link other futures come about: what failed with its prerequisite no longer does.
        return Study(portfolio, study.settings).best(changed).objective
    except GambitsError:
        return None


def _applied(changes: tuple[Change, ...], rules: Rules) -> Rules:
    for change in changes:
        rules = change.apply(rules)
    return rules


def _ways_out(rules: Rules, conflict: tuple[BrokenRule, ...], depth: int) -> list[tuple[Change, ...]]:
    """List sets of changes that leave a plan: of one rule of the conflict, or else of one more with each."""
    places = {rule.where for rule in conflict}
    ways = [way for way in _ways(*rules) if way.place in places]
    alone = [way.least(lambda changed: holds(*changed)) for way in ways if holds(*way.furthest(rules))]
    found: list[tuple[Change, ...]] = [(change,) for change in alone if change is not None]
    if found or depth <= 1:
        return found
    joined = []
    for way in ways:
        further = contradiction(*way.furthest(rules))
        more = _ways_out(way.furthest(rules), further.conflict, depth - 1) if further is not None else []
        if more:
            rest = min(more, key=lambda changes: sum(each.size for each in changes))
            change = way.least(partial(_hold_after, rest))
            joined += [(change, *rest)] if change is not None else []
    return joined


def _hold_after(rest: tuple[Change, ...], rules: Rules) -> bool:
    return holds(*_applied(rest, rules))


def _ways(portfolio: Portfolio, gambit: Gambit) -> Iterator[Way]:
    """List every rule that could give way."""
    rules = portfolio, gambit
    for dial in dials(portfolio, gambit):
        if dial.loosens:
            place = _place(dial.key, portfolio, gambit)
            end = _end(dial, portfolio)
            yield Way(place, partial(_turned, dial.name, end), partial(_turn_least, rules, dial, end))
    for path in _pinned(gambit):
        place = gambit.place(f"shares.{path}")
        yield Way(place, partial(_widened, 1.0), partial(_shift_share, rules, path))
    for place, steps in (*_steps_of_initiatives(portfolio), *_steps_of_sets(portfolio, gambit)):
        yield Way(place, steps[-1].apply, partial(_first, rules, steps))


def _first(rules: Rules, steps: tuple[Change, ...], is_enough: Holds) -> Change | None:
    """Give the first of some changes, each further than the one before, that is enough."""
    return next((step for step in steps if is_enough(step.apply(rules))), None)


def _place(key: str, portfolio: Portfolio, gambit: Gambit) -> Where:
    kind, _, rest = key.rpartition(":")
    return gambit.place(rest) if kind == "gambit" else portfolio.place(rest)


# Numbers.


def _turned(name: str, value: float, rules: Rules) -> Rules:
    """Turn the number of that name; one that other changes have taken away stays away."""
    dial = next((each for each in dials(*rules) if each.name == name), None)
    return rules if dial is None else dial.turn(value)


def _end(dial: Dial, portfolio: Portfolio) -> float:
    """Give a number beyond which nothing more could be allowed."""
    end = dial.high if dial.loosens > 0 else dial.low
    if math.isfinite(end):
        return end
    money = sum(each.cost.central for each in portfolio.initiatives)
    uses = sum(amount.central for each in portfolio.initiatives for amount in each.uses.values())
    return dial.value + dial.loosens * (money + uses + sum(portfolio.budget.per_period) + 1.0)


def _turn_least(rules: Rules, dial: Dial, end: float, is_enough: Holds) -> Change | None:
    """Turn a number by the least that is enough, to a few digits."""
    value = _halved(dial.value, end, lambda value: is_enough(_turned(dial.name, value, rules)))
    if value is None:
        return None
    size = abs(value - dial.value) / max(abs(dial.value), dial.step)
    verb = "raise" if value > dial.value else "lower"
    words = f"{verb} {dial.name} from {dial.shown(dial.value)} to {dial.shown(value)}"
    is_money = dial.key.startswith("budget.") and dial.unit == rules[0].money
    return Change(words, size, max(0.0, value - dial.value) if is_money else 0.0, partial(_turned, dial.name, value))


def _halved(start: float, end: float, is_enough: Callable[[float], bool]) -> float | None:
    """Find the number nearest the start that is enough, rounded towards the end; None if the end itself is not."""
    if not is_enough(end):
        return None
    far, near = end, start
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if is_enough(middle) else (middle, far)
        if _beyond(far, start, end) == _beyond(near, start, end):
            break
    for value in (_beyond(far, start, end), far):
        if is_enough(value):
            return value
    return end


def _beyond(value: float, start: float, end: float) -> float:
    """Round to a few digits, away from the start."""
    if value == 0:
        return 0.0
    grain = 10.0 ** (math.floor(math.log10(max(abs(value), abs(start) * 1e-3))) + 1 - _DIGITS)
    steps = math.ceil(value / grain - 1e-9) if end > start else math.floor(value / grain + 1e-9)
    rounded = float(f"{steps * grain:.12g}")
    return min(rounded, end) if end > start else max(rounded, end)


# Shares that are numbers.


def _pinned(gambit: Gambit) -> tuple[str, ...]:
    """List the path whose number speaks for the others: of a pair that adds up to 1, the first."""
    pinned = [path for path, share in gambit.shares.items() if share.low == share.high]
    pair = 2
    return tuple(pinned[1:]) if len(pinned) == pair else tuple(pinned)


def _widened(by: float, rules: Rules) -> Rules:
    """Let every share that is a number stray."""
    shares = {
        path: Share(max(0.0, share.low - by), min(1.0, share.high + by)) if share.low == share.high else share
        for path, share in rules[1].shares.items()
    }
    return rules[0], replace(rules[1], shares=shares)


def _shift_share(rules: Rules, path: str, is_enough: Holds) -> Change | None:
    """Move the share of a path, and those of the others against it, by the least that is enough."""
    share = rules[1].shares[path].low

    def shifted(value: float, rules: Rules) -> Rules:
        return rules[0], replace(rules[1], shares=moved(rules[1].shares, path, value))

    def works(value: float) -> bool:
        return is_enough(shifted(value, rules))

    stray = _halved(0.0, 1.0, lambda by: is_enough(_widened(by, rules)))
    if stray is None:
        return None
    # Where the shares may stray so far, one of the two ends is what the rules need.
    for value in sorted((min(1.0, share + stray), max(0.0, share - stray)), key=lambda value: abs(value - share)):
        if works(value):
            told = moved(rules[1].shares, path, value)
            words = " / ".join(f"{name} {each.low:.2%}".replace(".00%", "%") for name, each in told.items())
            size = abs(value - share) / max(share, 1 - share)
            return Change(f"accept shares of {words}", size, 0.0, partial(shifted, value))
    words = f"let the shares stray by {stray:.2%}"
    return Change(words, stray, 0.0, partial(_widened, stray))


# Rules of one initiative.


def _changed(id: str, change: Callable[[Initiative], Initiative], rules: Rules) -> Rules:
    """Change the initiatives that stand under an id in the file."""
    portfolio, gambit = rules
    changed = tuple(change(each) if each.entry == id else each for each in portfolio.initiatives)
    return replace(portfolio, initiatives=changed), gambit


Steps = tuple[Where, tuple[Change, ...]]


def _steps_of_initiatives(portfolio: Portfolio) -> Iterator[Steps]:
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


def _steps_of_sets(portfolio: Portfolio, gambit: Gambit) -> Iterator[Steps]:
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
