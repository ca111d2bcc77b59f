"""The bridge between two answers: mixtures of old and new inputs are solved, and what moves is given to the edits.

Value is what each mixture is worth. Money is how far its plan must lie from the old one: of the plans that are as good
as the best within the solver's tolerance, the nearest counts, so that money which moves between plans of one worth is
the line of ties and no edit's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate.cuts import AIM, Ending, Optimum, Patience, allocate
from gambits.allocate.nearest import nearest
from gambits.allocate.plan import rounded
from gambits.analyse.bridge import Bridge, Line
from gambits.analyse.changes import find_changes
from gambits.analyse.shapley import sampled_shapley, shapley
from gambits.analyse.study import Settings, Study
from gambits.errors import InfeasibleError, InputError
from gambits.ledger.reduced import reduced_sha256
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio
from gambits.rerun.edits import DRAWN, Edit, Part, Player, coarser, edits_between, mixed
from gambits.rerun.sides import Side
from gambits.rerun.worlds import World

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

EXACTLY: Final = 1e-8
"""Gap to which mixtures are solved, OOM."""
TIE: Final = 2 * AIM
"""Plans are of one worth within this, OOM: a recorded plan lies within ``AIM`` of the best."""
WORLDS: Final = 32
"""Mixtures that are solved unless more are asked for."""
_MOST_EDITS: Final = 12
"""Beyond this, edits of one initiative are one line."""
_LEAST_PAIRS: Final = 2
_SEED: Final = 2027
_ALIKE: Final = 5 * EXACTLY
"""Edits can stand in for each other where values differ by no more, OOM, and money by no more than this part of all:"""
_ALIKE_MONEY: Final = 1e-3


class NotTogether(Exception):
    """Some edits cannot be made without others: the mixture is no portfolio, or has no plan."""

    def __init__(self, made: frozenset[int]) -> None:
        super().__init__(made)
        self.made = made


def bridge(old: Side, new: Side, worlds: int = WORLDS, tell: Callable[[int], None] | None = None) -> Bridge:
    """Attribute every unit of value and of money moved to the edits between two answers.

    Lines for ties and for the version of the program come last. All lines add up to the change of the objective and
    to the money moved.

    Parameters
    ----------
    old, new
        The two ends.
    worlds
        About how many mixtures to solve: every order is counted where they suffice, else orders are drawn.
    tell
        Told how many mixtures were solved so far.

    Raises
    ------
    InputError, InfeasibleError
        If an end cannot be built again.
    """
    game = _Game(old, new, tell)
    edits = edits_between(old.world, new.world)
    idle = [edit for edit in edits if edit.part is Part.PORTFOLIO and game.is_idle(edits, edit)]
    active = [edit for edit in edits if edit not in idle]
    players = [Player((edit,)) for edit in (coarser(active) if len(active) > _MOST_EDITS else active)]
    while True:
        try:
            game.set(players)
            values, errors, orders = _values(game, len(players), worlds)
            break
        except NotTogether as error:
            players = game.joined(error.made)
    lines = [
        Line(player.name, player.inputs, *(rounded(float(each)) for each in (*value, *spread)))
        for player, value, spread in zip(players, values, errors, strict=True)
    ]
    lines += [Line(edit.name, tuple(sorted(edit.keys)), 0.0, 0.0) for edit in idle]
    lines.sort(key=lambda line: (-round(abs(line.value), 9), -round(line.money, 6), line.edit))
    return Bridge((*lines, *_rest(old, new, game, lines)), orders, game.solved)


def _values(game: _Game, count: int, worlds: int) -> tuple[Array, Array, int]:
    """Give the Shapley values of the players, their errors, and how many orders were drawn."""
    if 2**count <= worlds or count <= _LEAST_PAIRS:
        values = _evened(shapley(count, game.worth), game)
        return values, np.zeros_like(values), 0
    pairs = max(_LEAST_PAIRS, worlds // (2 * (count - 1)))
    values, errors = sampled_shapley(count, game.worth, pairs, np.random.default_rng(_SEED))
    return values, errors, 2 * pairs


def _evened(values: Array, game: _Game) -> Array:
    """Give edits that can stand in for each other the same line: solves of one question differ within a tolerance."""
    count = len(values)
    tolerance = np.array([_ALIKE, _ALIKE_MONEY * max(game.old.plan["total_spend"], game.new.plan["total_spend"])])
    classes = list(range(count))
    for i, j in combinations(range(count), 2):
        others = [k for k in range(count) if k not in (i, j)]
        subsets = (frozenset(chosen) for size in range(count - 1) for chosen in combinations(others, size))
        if all(np.all(np.abs(game.worth(one | {i}) - game.worth(one | {j})) <= tolerance) for one in subsets):
            classes = [classes[i] if each == classes[j] else each for each in classes]
    members = [[k for k in range(count) if classes[k] == each] for each in classes]
    return np.array([values[one].mean(axis=0) for one in members]).reshape(values.shape)


def _rest(old: Side, new: Side, game: _Game, lines: list[Line]) -> list[Line]:
    """Give what no edit has moved, at either end: the version's where another program made it, else the ties'."""
    total = find_changes(old.plan, new.plan).total
    # What is left over is not rounded, so that the lines add up to the total as it is shown.
    rest = np.array(total) - sum((np.array([line.value, line.money]) for line in lines), np.zeros(2))
    at_old = game.worth(frozenset()) - np.array([old.plan["objective"], 0.0])
    parts = {"version": np.zeros(2), "ties": np.zeros(2)}
    for side, part in ((old, at_old), (new, rest - at_old)):
        # Another program that finds the same worth has not moved anything: it only broke a tie its own way.
        parts["ties" if side.is_ours or abs(part[0]) <= TIE else "version"] += part
    return [Line(name, (), float(part[0]) + 0.0, float(part[1]) + 0.0) for name, part in parts.items()]


@dataclass(frozen=True, slots=True)
class _Solved:
    """A mixture that was solved: where, by whom, and what it measures."""

    ids: tuple[str, ...]
    optimum: Optimum
    measured: Array


class _Game:
    """What each mixture of two worlds is worth, and how far its plan lies from the old one."""

    def __init__(self, old: Side, new: Side, tell: Callable[[int], None] | None) -> None:
        self.old = old
        self.new = new
        self.tell = tell
        self.money = old.money
        self.players: list[Player] = []
        self._known: dict[str, _Solved] = {}
        self._latest: _Solved | None = None

    @property
    def solved(self) -> int:
        """How many mixtures were solved."""
        return len(self._known)

    def set(self, players: list[Player]) -> None:
        """Say which edits are made together."""
        self.players = players

    def is_idle(self, edits: tuple[Edit, ...], edit: Edit) -> bool:
        """Whether an edit changes nothing that an answer depends on, made first or made last."""
        others = [other for other in edits if other is not edit]
        try:
            return self._hash([]) == self._hash([edit]) and self._hash(others) == self._hash(edits)
        except (InputError, InfeasibleError):
            return False

    def joined(self, made: frozenset[int]) -> list[Player]:
        """Join players so that a mixture which could not be made is no longer asked for."""
        for size in range(1, len(self.players)):
            for extra in combinations(sorted(set(range(len(self.players))) - made), size):
                if self._works(made | set(extra)):
                    return self._merged(made | set(extra))
        return self._merged(frozenset(range(len(self.players))))

    def _works(self, made: frozenset[int]) -> bool:
        try:
            self.worth(made)
        except NotTogether:
            return False
        return True

    def _merged(self, together: frozenset[int]) -> list[Player]:
        edits = tuple(edit for k in sorted(together) for edit in self.players[k].edits)
        return [Player(edits), *(player for k, player in enumerate(self.players) if k not in together)]

    def worth(self, made: frozenset[int]) -> Array:
        """Give value and money moved once some players' edits are made, shape (2,).

        Raises
        ------
        NotTogether
            If the mixture has no plan.
        """
        edits = [edit for k in sorted(made) for edit in self.players[k].edits]
        try:
            return self._measure(mixed(self.old.world, self.new.world, edits))
        except (InputError, InfeasibleError):
            if len(made) in (0, len(self.players)):
                raise
            raise NotTogether(made) from None

    def _hash(self, edits: Iterable[Edit]) -> str:
        world = mixed(self.old.world, self.new.world, edits)
        with TemporaryDirectory() as folder:
            portfolio, gambit = world.build(Path(folder))
            return _reduced(portfolio, gambit, world)

    def _measure(self, world: World) -> Array:
        with TemporaryDirectory() as folder:
            portfolio, gambit = world.build(Path(folder))
            key = _reduced(portfolio, gambit, world)
            if key not in self._known:
                self._known[key] = self._latest = self._solve(portfolio, gambit, world)
                if self.tell is not None:
                    self.tell(len(self._known))
        return self._known[key].measured

    def _solve(self, portfolio: Portfolio, gambit: Gambit, world: World) -> _Solved:
        seen = Study(portfolio, Settings(**_futures(world), batches=0)).forecast(gambit)
        # What answered a like question is a good place for a first cut, where the same initiatives stand in it.
        shape = (len(seen.ids), portfolio.periods.count)
        latest = self._latest if self._latest is not None and self._latest.ids == seen.ids else None
        like = latest.optimum if latest is not None and latest.optimum.funded.shape == shape else None
        best = allocate(portfolio, gambit, seen, near=like, patience=Patience(aim=EXACTLY))
        if best.ending is Ending.INTERRUPTED:
            raise KeyboardInterrupt
        names = portfolio.periods.names
        money = {id: np.array([spent.get(name, 0.0) for name in names]) for id, spent in self.money.items()}
        outside = sum(abs(part) for spent in self.money.values() for name, part in spent.items() if name not in names)
        near = nearest(portfolio, gambit, seen, best, money, TIE)
        return _Solved(seen.ids, best, np.array([best.objective, near.moved + outside / 2]))


def _reduced(portfolio: Portfolio, gambit: Gambit, world: World) -> str:
    return reduced_sha256(portfolio, gambit, _futures(world))


def _futures(world: World) -> dict[str, Any]:
    return {name: value for name, value in world.settings.items() if name in DRAWN}
