"""What one more and one less of each number in the rules is worth, by solving again: never a solver's dual.

The value of the best plan is concave in every budget and capacity while plans can be funded in parts, so what one
more is worth is at most what one less costs; where the two differ the plan stands on a kink. A dual shows one of
the slopes between them and says neither which nor how far it holds; with whole choices it shows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gambits.allocate.cuts import Optimum
from gambits.allocate.money import spend
from gambits.analyse.compare import FUNDED
from gambits.analyse.dials import Dial, dials
from gambits.analyse.study import Study
from gambits.errors import InfeasibleError
from gambits.portfolio.gambit import Gambit
from gambits.words import as_html

if TYPE_CHECKING:
    import pandas as pd

AIM: Final = 2e-7
"""Gap of the solves behind a price, OOM: a slope over one step errs by twice that."""
_HOLDS: Final = 0.05
"""A price holds as far as the mean slope stays within this part of it."""
_MOST_STEPS: Final = 8
_SPARE: Final = 1e-6
"""A number that the best plan leaves this part of unused does not bind."""
_TELLING: Final = 0.02
"""Money that moves by less than this part of the step is not told."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a number in the rules is worth at the margin.

    Attributes
    ----------
    rule, key, unit, value
        The number, where it stands, what one of it is called, and what it is.
    more, less
        OOM that one more unit adds and that one less takes away; None where no plan obeys the rules there.
    low, high
        The range of the number over which ``less`` and ``more`` hold, to 5 % of themselves.
    gets, gives
        Money that initiatives get and give up per unit more (per unit less where more changes nothing), by id.
    enters, leaves
        Initiatives that come to at least half their cost, and fall below it, where the range ends.
    note
        ``smooth``, ``kink`` (the sides differ), ``not binding``, or ``whole choices`` (value moves in steps).
    """

    rule: str
    key: str
    unit: str
    value: float
    more: float | None
    less: float | None
    low: float
    high: float
    gets: dict[str, float]
    gives: dict[str, float]
    enters: tuple[str, ...]
    leaves: tuple[str, ...]
    note: str

    @property
    def price(self) -> float | None:
        """One number where both sides agree on it; else None."""
        if self.note != "smooth" or self.more is None or self.less is None:
            return None
        return (self.more + self.less) / 2

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        high = self.high if math.isfinite(self.high) else None
        lists = {"enters": list(self.enters), "leaves": list(self.leaves)}
        return asdict(self) | {"price": self.price, "high": high} | lists


@dataclass(frozen=True, slots=True)
class Prices:
    """The price of every number in the rules of one plan, dearest first; ``money`` is the unit of money."""

    gambit: str
    money: str
    rows: tuple[Price, ...]

    def to_dict(self) -> list[dict[str, Any]]:
        """Give the records as JSON."""
        return [row.to_dict() for row in self.rows]

    def _repr_html_(self) -> str:
        said = f"What one more of each number adds and one less takes away, OOM. Money is in {self.money}."
        return as_html(f"{self.gambit}: prices of the rules", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give a row for each number: what one more adds, what one less takes away, and the range."""
        import pandas as pd  # heavy, and prices are made without it

        names = ("rule", "unit", "value", "more", "less", "low", "high", "note")
        return pd.DataFrame([[getattr(row, name) for name in names] for row in self.rows], columns=pd.Index(names))


def find_prices(
    study: Study,
    gambit: Gambit,
    told: Callable[[str], None] = lambda _: None,
    wanted: Callable[[Dial], bool] = lambda _: True,
) -> Prices:
    """Price every number in the rules by solving again with one more and one less.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        Whose plan is priced.
    told
        Told which number is being priced.
    wanted
        Says which numbers to price; all unless told.

    Raises
    ------
    InfeasibleError
        If the rules as they stand have no plan.
    """
    pricing = _Pricing(study, gambit)
    rows = []
    for dial in filter(wanted, dials(study.portfolio, gambit)):
        told(dial.name)
        rows.append(pricing.price(dial))
    # Shares of two paths mirror each other: what differs beyond three digits is of the search, and keeps its order.
    rows.sort(key=lambda row: -float(f"{max(abs(row.more or 0.0), abs(row.less or 0.0)):.3g}"))
    return Prices(gambit.name, study.portfolio.money, tuple(rows))


def _unpriced(dial: Dial, spare: float) -> Price:
    """Give the price of what the best plan does not use up: nothing, since the value is concave in it."""
    names: tuple[str, ...] = ()
    return Price(
        rule=dial.name,
        key=dial.key,
        unit=dial.unit,
        value=dial.value,
        more=0.0,
        less=0.0,
        low=max(dial.low, dial.value - spare),
        high=dial.high,
        gets={},
        gives={},
        enters=names,
        leaves=names,
        note="not binding",
    )


def _heard(slope: float | None, noise: float) -> float | None:
    """Give a slope, 0 where it is no more than the solves behind it err by."""
    return 0.0 if slope is not None and abs(slope) <= noise else slope


class _Pricing:
    def __init__(self, study: Study, gambit: Gambit) -> None:
        self.study = study
        self.gambit = gambit
        study.best(gambit)
        self.sweep = study.sweep(gambit)
        self.base = study.noted(self.sweep.at(study.portfolio, gambit, study.settings.patience(AIM)))
        self.is_whole = study.has_whole_choices(gambit)

    def price(self, dial: Dial) -> Price:
        spare = dial.spare(self.base.funded) if dial.spare is not None and not self.is_whole else 0.0
        if spare > _SPARE * max(1.0, dial.value):
            return _unpriced(dial, spare)
        up, down = self._at(dial, dial.step), self._at(dial, -dial.step)
        more, less = self._slope(up, dial.step), self._slope(down, -dial.step)
        noise = 2 * AIM / dial.step
        note = self._note(more, less, noise)
        high, beyond = self._reach(dial, more, 1.0) if more is not None else (dial.value, None)
        low = self._reach(dial, less, -1.0)[0] if less is not None else dial.value
        gets, gives = self._moves(up, dial) if more is None or abs(more) > noise else self._moves(down, dial)
        enters, leaves = self._crossings(beyond or up)
        return Price(
            rule=dial.name,
            key=dial.key,
            unit=dial.unit,
            value=dial.value,
            more=_heard(more, noise),
            less=_heard(less, noise),
            low=low,
            high=high,
            gets=gets,
            gives=gives,
            enters=enters,
            leaves=leaves,
            note=note,
        )

    def _note(self, more: float | None, less: float | None, noise: float) -> str:
        if more is not None and less is not None and max(abs(more), abs(less)) <= noise:
            return "not binding"
        if self.is_whole:
            return "whole choices"
        if more is None or less is None:
            return "kink"
        return "kink" if abs(less - more) > max(2 * noise, _HOLDS * max(abs(less), abs(more))) else "smooth"

    def _at(self, dial: Dial, by: float) -> Optimum | None:
        """Solve with the number turned; None where that is out of range or no plan obeys the rules."""
        value = dial.value + by
        if not dial.low <= value <= dial.high:
            return None
        try:
            return self.study.noted(self.sweep.at(*dial.turn(value), self.study.settings.patience(AIM)))
        except InfeasibleError:
            return None

    def _slope(self, found: Optimum | None, by: float) -> float | None:
        return None if found is None else (found.objective - self.base.objective) / by

    def _reach(self, dial: Dial, slope: float, way: float) -> tuple[float, Optimum | None]:
        """Double the step while the mean slope holds: give how far it does, and the first plan beyond."""
        reach, steps = dial.value + way * dial.step, 2
        while steps <= _MOST_STEPS:
            by = way * steps * dial.step
            found = self._at(dial, by)
            mean = self._slope(found, by)
            noise = 2 * AIM / (steps * dial.step)
            if mean is None or abs(mean - slope) > max(noise, _HOLDS * abs(slope)):
                return reach, found
            reach, steps = dial.value + by, steps * 2
        return reach, None

    def _moves(self, found: Optimum | None, dial: Dial) -> tuple[dict[str, float], dict[str, float]]:
        """Give the money that moves per unit to and from initiatives, the most first."""
        if found is None:
            return {}, {}
        portfolio = self.study.portfolio
        money = (spend(portfolio, found.funded) - spend(portfolio, self.base.funded)).sum(axis=1) / dial.step
        moved = {each.id: float(by) for each, by in zip(portfolio.initiatives, money, strict=True)}
        least = _TELLING * max(map(abs, moved.values()), default=0.0)
        told = sorted(
            (item for item in moved.items() if abs(item[1]) > least), key=lambda item: (-abs(item[1]), item[0])
        )
        return {id: by for id, by in told if by > 0}, {id: -by for id, by in told if by < 0}

    def _crossings(self, found: Optimum | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if found is None:
            return (), ()
        ids = [each.id for each in self.study.portfolio.initiatives]
        now, then = self.base.funded[:, -1] >= FUNDED, found.funded[:, -1] >= FUNDED
        enters = sorted(id for id, is_in, was_in in zip(ids, then, now, strict=True) if is_in and not was_in)
        leaves = sorted(id for id, is_in, was_in in zip(ids, then, now, strict=True) if was_in and not is_in)
        return tuple(enters), tuple(leaves)
