"""Which rules cannot hold together: a smallest set, found by halves.

Rules that plans in between could not obey either need linear programmes alone; only where those could are whole
choices tried, and for so long at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.allocate.blocks import STRUCTURE
from gambits.allocate.eligible import eligible
from gambits.allocate.layout import Layout, lay_out
from gambits.allocate.limits import joined
from gambits.allocate.programme import BLOCKS, build
from gambits.allocate.solver import Effort, Status
from gambits.errors import InfeasibleError
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

SECONDS: Final = 30.0
"""How long whole choices are tried for an explanation."""


def contradiction(portfolio: Portfolio, gambit: Gambit) -> InfeasibleError | None:
    """Name a smallest set of rules that no plan obeys together; None if some plan obeys all of them."""
    layout = _laid_out(portfolio, gambit)
    if isinstance(layout, InfeasibleError):
        return layout
    return None if can_hold(layout) else explain(layout)


def holds(portfolio: Portfolio, gambit: Gambit) -> bool:
    """Say whether some plan obeys every rule, whatever it is worth."""
    layout = _laid_out(portfolio, gambit)
    return not isinstance(layout, InfeasibleError) and can_hold(layout)


def _laid_out(portfolio: Portfolio, gambit: Gambit) -> Layout | InfeasibleError:
    try:
        initiatives, _ = eligible(portfolio, gambit)
    except InfeasibleError as error:
        return error
    return lay_out(portfolio, gambit, initiatives, (1.0,), 0.0)


def explain(layout: Layout, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> InfeasibleError:
    """Make the error that names a smallest set of rules that no plan obeys together.

    Each rule of the set is needed: without it the rest can hold. Where whole choices take more than ``seconds`` of
    ``clock``, the set still cannot hold, but may not be the smallest; the message says so.
    """
    layout = lay_out(layout.portfolio, layout.gambit, layout.initiatives, (1.0,), 0.0, bare=True)
    rules = Rules(layout, seconds, clock)
    shown = tuple(rules.rules[k] for k in rules.conflict())
    message = "these rules cannot all hold"
    if rules.is_late:
        message += f", and perhaps fewer of them cannot either (not settled in {seconds:g} seconds)"
    return InfeasibleError(message, shown, "loosen one of the rules above, and solve again")


def can_hold(layout: Layout) -> bool:
    """Say whether some plan obeys every rule, whatever it is worth."""
    rules = Rules(layout)
    return rules.can_hold(range(len(rules.rules)))


class Rules:
    """The rules of a layout, to be held in any selection.

    Parameters
    ----------
    layout
        The columns; a bare one where a rule that the others leave no column for has to be found as well.
    seconds, clock
        How long whole choices are tried, all selections together.
    """

    def __init__(self, layout: Layout, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self.rows = joined(block(layout) for block in BLOCKS)
        self.rules = self.rows.rules
        self.layout = layout
        self.model = build(layout, self.rows, [(0, 0.0)])
        self.is_late = False
        self._end, self._clock = clock() + seconds, clock
        self._known: dict[bytes, bool] = {}
        self.model.solve()

    @property
    def structure(self) -> tuple[int, ...]:
        """The rules that nobody could drop."""
        return tuple(k for k, rule in enumerate(self.rules) if rule.rule in STRUCTURE)

    def can_hold(self, kept: Iterable[int]) -> bool:
        """Say whether some plan obeys these rules, by number; where time runs out before it is settled, it may."""
        wanted = np.zeros(len(self.rules), dtype=bool)
        wanted[list(kept)] = True
        key = wanted.tobytes()
        if key not in self._known:
            self._known[key] = self._try(wanted)
        return self._known[key]

    def _try(self, wanted: NDArray[np.bool_]) -> bool:
        self.model.keep_rows(wanted[self.rows.rule], self.rows.low, self.rows.high)
        if self.model.solve().status is Status.INFEASIBLE:
            return False
        if not len(self.layout.binary):
            return True
        left = self._end - self._clock()
        status = self.model.solve_whole(Effort(1.0, left)).status if left > 0 else Status.STOPPED
        self.is_late |= status is Status.STOPPED
        return status is not Status.INFEASIBLE

    def conflict(self) -> list[int]:
        """Find a smallest set of rules that cannot hold, those that nobody could drop left out.

        Notes
        -----
        QuickXplain (Junker 2004, AAAI): some two checks for each rule of the set and each halving of the rest. Of
        several sets it prefers the rules that stand later.
        """
        background = self.structure
        if not self.can_hold(background):
            return []
        others = self._suspects(set(background))
        return sorted(self._needed(background, False, others)) if others else []

    def _suspects(self, background: set[int]) -> list[int]:
        """List the rules to look among: those in a proof that plans in between cannot obey them, or all."""
        everyone = [k for k in reversed(range(len(self.rules))) if k not in background]
        self.model.keep_rows(np.ones(len(self.rows), dtype=bool), self.rows.low, self.rows.high)
        if self.model.solve().status is not Status.INFEASIBLE:
            return everyone
        proof = self.model.proof(len(self.rows))
        used = set(self.rows.rule[np.flatnonzero(proof)].tolist()) if len(proof) else set()
        few = [k for k in everyone if k in used]
        return everyone if not few or self.can_hold([*background, *few]) else few

    def _needed(self, held: Collection[int], is_new: bool, rules: Sequence[int]) -> list[int]:
        """List those rules that a smallest conflict has beside what is held."""
        if is_new and not self.can_hold(held):
            return []
        if len(rules) == 1:
            return list(rules)
        half = len(rules) // 2
        first, second = rules[:half], rules[half:]
        later = self._needed((*held, *first), bool(first), second)
        return self._needed((*held, *later), bool(later), first) + later
