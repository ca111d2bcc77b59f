"""Every rule that could give way so that others hold: as far as it can, and by the least that is enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from gambits.analyse.dials import Dial, Rules, dials, moved
from gambits.analyse.steps import Apply, Change, steps_of_initiatives, steps_of_sets
from gambits.errors import Where
from gambits.portfolio.gambit import Gambit, Share
from gambits.portfolio.model import Portfolio

_HALVINGS: Final = 40
_DIGITS: Final = 4
"""Significant digits of a number that is proposed, rounded to the side on which the rules hold."""

Holds = Callable[[Rules], bool]


@dataclass(frozen=True, slots=True)
class Way:
    """One rule that could give way: as far as it can, and by the least that is enough for a test."""

    place: Where
    furthest: Apply
    least: Callable[[Holds], Change | None]


def ways(portfolio: Portfolio, gambit: Gambit) -> Iterator[Way]:
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
    for place, steps in (*steps_of_initiatives(portfolio), *steps_of_sets(portfolio, gambit)):
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
