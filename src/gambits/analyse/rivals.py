"""Who is ahead: effective compute of the lab under a plan against that of other labs, future by future.

Plans are held against the same draws of the rivals, so two plans differ by their money and not by luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.words import as_html

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ALL: Final = "all rivals"


@dataclass(frozen=True, slots=True)
class Race:
    """One plan against one rival, or against whichever is first at the time.

    ``ahead`` is the chance of being ahead in each period of the horizon. ``overtaken`` is the chance of being behind in
    some period after one in which the lab was ahead, ``overtakes`` that of the reverse. ``lead`` is the mean lead in
    the last period, OOM.
    """

    ahead: tuple[float, ...]
    overtaken: float
    overtakes: float
    lead: float

    @property
    def at_end(self) -> float:
        """The chance of being ahead in the last period."""
        return self.ahead[-1]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "ahead": list(self.ahead),
            "at_end": self.at_end,
            "overtaken": self.overtaken,
            "overtakes": self.overtakes,
            "lead": self.lead,
        }


@dataclass(frozen=True, slots=True)
class Standings:
    """Every plan against every rival, over ``periods``."""

    periods: tuple[str, ...]
    plans: Mapping[str, Mapping[str, Race]]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON: plan → rival → race."""
        return {plan: {rival: race.to_dict() for rival, race in row.items()} for plan, row in self.plans.items()}

    def _repr_html_(self) -> str:
        said = "The chance of being ahead of each rival, by period."
        return as_html(f"Rivals: {', '.join(self.plans)}", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give the chance of being ahead by plan and rival (rows) and period (columns)."""
        import pandas as pd  # heavy, and standings are made without it

        rows = {(plan, rival): race.ahead for plan, row in self.plans.items() for rival, race in row.items()}
        index = pd.MultiIndex.from_tuples(rows, names=["plan", "rival"])
        return pd.DataFrame(list(rows.values()), index=index, columns=pd.Index(self.periods, name="period"))


def races(reached: Array, rivals: Mapping[str, Array], probability: Array) -> dict[str, Race]:
    """Hold a plan against every rival, and against the first of them where there are several.

    Parameters
    ----------
    reached
        Effective compute under the plan at the start of each period, (R, T), log10 FLOP.
    rivals
        That of each rival, by name, of the same shape.
    probability
        Of the draws, (R,).
    """
    others = dict(rivals)
    if len(rivals) > 1:
        others[ALL] = np.max(list(rivals.values()), axis=0)
    return {name: _race(reached - other, probability) for name, other in others.items()}


def _race(lead: Array, probability: Array) -> Race:
    ahead = lead > 0
    been_ahead, been_behind = (np.logical_or.accumulate(part, axis=1)[:, :-1] for part in (ahead, ~ahead))
    return Race(
        ahead=tuple((probability @ ahead).tolist()),
        overtaken=float(probability @ (been_ahead & ~ahead[:, 1:]).any(axis=1)),
        overtakes=float(probability @ (been_behind & ahead[:, 1:]).any(axis=1)),
        lead=float(probability @ lead[:, -1]),
    )
