"""Why an initiative is in a plan or out of it: what it earns, what blocks it, who would leave for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gambits.allocate.plan import rounded
from gambits.analyse.compare import FUNDED
from gambits.errors import BrokenRule, Where
from gambits.words import as_html, money, oom, percent

if TYPE_CHECKING:
    import pandas as pd

FORMAT: Final = "gambits/explanation/1"
_FULL: Final = 1 - 1e-6
_TELLING: Final = 0.05
"""Money that rounds to nothing is not told."""
_FEW: Final = 3
_SAME: Final = 2e-5
"""Twice the gap of a certificate, OOM: what differs by less is the same."""


@dataclass(frozen=True, slots=True)
class Margin:
    """What a little more money on an initiative adds, beside the best use of the same money; OOM.

    ``money`` is a tenth of its cost, or what is left of it; below 0 where it is funded whole and the last tenth is
    taken away. ``here`` is by the oracle, on this initiative as fast as its pace allows, all rules aside;
    ``elsewhere`` by solving again with so much more in the budget, in the same periods, under all rules; None where no
    plan obeys them.
    """

    money: float
    here: float
    elsewhere: float | None


@dataclass(frozen=True, slots=True)
class Blocker:
    """A rule that keeps an initiative from money: without it alone the best plan funds more of it.

    ``funded`` is φ then, and ``gain`` what that plan is worth more, OOM.
    """

    rule: str
    where: Where
    funded: float
    gain: float

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {"rule": self.rule, **self.where.to_dict(), "funded": self.funded, "gain": self.gain}


@dataclass(frozen=True, slots=True)
class Move:
    """An initiative whose money moves: money and φ before and after, and how it hangs together with the one asked for.

    ``tie`` is ``waits for it``, ``it waits for`` or nothing.
    """

    id: str
    before: float
    after: float
    funded_before: float
    funded_after: float
    tie: str

    @property
    def enters(self) -> bool:
        """Whether it comes to at least half its cost."""
        return self.funded_before < FUNDED <= self.funded_after

    @property
    def leaves(self) -> bool:
        """Whether it falls below half its cost."""
        return self.funded_after < FUNDED <= self.funded_before

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return asdict(self) | {"enters": self.enters, "leaves": self.leaves}


@dataclass(frozen=True, slots=True)
class Displacement:
    """The best plan with an initiative forced in, or out where it is in: who gives way, and what that costs.

    ``forced`` is φ that was asked for: the whole where the rules allow that, else as far as they do; 0 for out.
    Nothing moves where no plan funds more of it. ``value`` is what the plan changes by, OOM. ``conflict`` names rules
    that keep it from being whole.
    """

    forced: float
    value: float
    moves: tuple[Move, ...]
    conflict: tuple[BrokenRule, ...] = ()

    @property
    def leaves(self) -> tuple[str, ...]:
        """Who falls below half its cost, most money first."""
        return tuple(move.id for move in self.moves if move.leaves)

    @property
    def enters(self) -> tuple[str, ...]:
        """Who comes to at least half its cost, most money first."""
        return tuple(move.id for move in self.moves if move.enters)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "forced": self.forced,
            "value": self.value,
            "moves": [move.to_dict() for move in self.moves],
            "leaves": list(self.leaves),
            "enters": list(self.enters),
            "conflict": [rule.to_dict() for rule in self.conflict],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """One initiative in one plan.

    Attributes
    ----------
    portfolio, gambit, unit
        Their names, and the unit of money.
    id, title, path
        The initiative.
    cost, spend, funded
        What it costs, what it gets, and φ at the end.
    objective
        The plan's value, OOM.
    barred
        The rules by which it can get no money at all, whatever others get.
    waits_for
        φ of those that it waits for, by id.
    held_by
        Ids from it to the last that holds it back through the graph; empty where none does.
    margin
        What money on it earns; None where it can get none.
    blockers
        Rules without which it would get more, those that give it most first.
    displacement
        What forcing it in or out does; None where no plan obeys the rules then.
    uncertified
        Searches behind it that ended before their answers were certified; what rests on them may fall short.
    """

    portfolio: str
    gambit: str
    unit: str
    id: str
    title: str
    path: str
    cost: float
    spend: float
    funded: float
    objective: float
    barred: tuple[BrokenRule, ...]
    waits_for: Mapping[str, float]
    held_by: tuple[str, ...]
    margin: Margin | None
    blockers: tuple[Blocker, ...]
    displacement: Displacement | None
    draws: int
    seed: int | None
    uncertified: int = 0

    @property
    def is_funded(self) -> bool:
        """Whether it gets at least half its cost."""
        return self.funded >= FUNDED

    @property
    def why(self) -> tuple[str, ...]:
        """Say in sentences why it gets what it gets, and what another answer would take."""
        said = [self._stand(), *self._rules(), *self._earns(), *self._forced()]
        return tuple(said)

    def _stand(self) -> str:
        part = f"{money(self.spend)} of its {money(self.cost)} {self.unit} ({percent(self.funded)})"
        return f"{self.id} gets {part if self.spend >= _TELLING else f'none of its {money(self.cost)} {self.unit}'}."

    def _rules(self) -> list[str]:
        if self.barred:
            return [f"It can get no money: {'; '.join(rule.rule for rule in self.barred)}."]
        said = []
        if len(self.held_by) > 1:
            last = self.held_by[-1]
            through = f" (through {', '.join(self.held_by[1:-1])})" if len(self.held_by) > 2 else ""  # noqa: PLR2004
            said.append(f"It goes no further than {last} does{through}.")
        for blocker in self.blockers[:_FEW]:
            enough = "that alone would bring it in" if blocker.funded >= FUNDED and not self.is_funded else ""
            then = f"it would be funded to {percent(blocker.funded)}"
            said.append(f"Held back by: {blocker.rule}. Without that {then}{f'; {enough}' if enough else ''}.")
        return said

    def _earns(self) -> list[str]:
        if self.margin is None:
            return []
        amount = f"{money(abs(self.margin.money))} {self.unit}"
        if self.margin.money < 0:
            here = f"The last {amount} on it by themselves earn {oom(-self.margin.here)} OOM"
            other = self.margin.elsewhere
            return [
                f"{here}." if other is None else f"{here}; without so much money the plan would lose {oom(-other)}."
            ]
        here = f"The next {amount} on it would by themselves add {oom(self.margin.here)} OOM, rules aside"
        if self.margin.elsewhere is None:
            return [f"{here}."]
        said = [f"{here}; the best use of so much more money adds {oom(self.margin.elsewhere)}."]
        if not self.blockers and not self.barred and self.funded < _FULL:
            outbid = self.margin.here <= self.margin.elsewhere + _SAME
            here = "money earns as much or more elsewhere" if outbid else "several together do"
            said.append(f"No one rule keeps it from more: {here}.")
        return said

    def _forced(self) -> list[str]:
        found = self.displacement
        if found is None:
            return []
        worth = f"the plan would be worth {oom(abs(found.value))} OOM {'less' if found.value <= 0 else 'more'}"
        others = [id for id in found.leaves if id != self.id]
        along = [id for id in found.enters if id != self.id]
        if found.forced == 0:
            said = f"Without it {_few(others) or 'nobody else'} would leave too"
            return [f"{said}{f'; {_few(along)} would enter' if along else ''}; {worth}."]
        why = f": {'; '.join(rule.rule for rule in found.conflict)}" if found.conflict else ""
        if not found.moves:
            return [f"No plan under these rules funds more of it{why}."]
        givers = [move.id for move in found.moves if move.after < move.before and move.id not in (self.id, *others)]
        parts = [f"{_few(others) or 'nobody'} would leave"]
        parts += [f"{'more ' if others else ''}money would come from {_few(givers)}"] if givers else []
        parts += [f"{_few(along)} would come along"] if along else []
        said = f"Funded to {percent(found.forced)}: {', '.join(parts)}; {worth}."
        return [*([f"It cannot be funded whole{why}."] if found.forced < _FULL else []), said]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON, floats rounded to 12 significant digits."""
        return rounded(  # type: ignore[no-any-return]
            {
                "format": FORMAT,
                "portfolio": self.portfolio,
                "gambit": self.gambit,
                "money": self.unit,
                "initiative": self.id,
                "title": self.title,
                "path": self.path,
                "cost": self.cost,
                "spend": self.spend,
                "funded": self.funded,
                "objective": self.objective,
                "barred": [rule.to_dict() for rule in self.barred],
                "waits_for": dict(self.waits_for),
                "held_by": list(self.held_by),
                "margin": None if self.margin is None else asdict(self.margin),
                "blockers": [each.to_dict() for each in self.blockers],
                "displacement": None if self.displacement is None else self.displacement.to_dict(),
                "why": list(self.why),
                "draws": self.draws,
                "seed": self.seed,
                "uncertified": self.uncertified,
            }
        )

    def _repr_html_(self) -> str:
        said = f"Funded to {percent(self.funded)}. Who gains and who loses when that is turned, in {self.unit}:"
        return as_html(f"{self.portfolio}: {self.title}, under {self.gambit}", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give who gains and loses money when it is forced in or out: money and φ, before and after, by id."""
        import pandas as pd  # heavy, and the record is made without it

        moves = () if self.displacement is None else self.displacement.moves
        columns = ["before", "after", "funded_before", "funded_after"]
        return pd.DataFrame(
            [[getattr(move, name) for name in columns] for move in moves],
            index=pd.Index([move.id for move in moves], name="initiative"),
            columns=columns,
        )


def _few(ids: list[str]) -> str:
    """Name a few, and count the rest."""
    more = f" and {len(ids) - _FEW} more" if len(ids) > _FEW else ""
    return ", ".join(ids[:_FEW]) + more
