"""What each plan would lose if another view were the right one.

A plan's regret in a view is what the best plan *under its own gambit's rules* would have been worth there, less what
it is worth: the cost of not having known. It is 0 in the gambit's own view. Its shortfall is the same against the best
plan under the rules of any gambit shown: the cost of not having known, and of the rules (Savage 1951, The theory of
statistical decision, Journal of the American Statistical Association 46).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gambits.words import as_html, oom

if TYPE_CHECKING:
    import pandas as pd

REGRET_KEYS: Final = ("views", "scores", "best", "regret", "shortfall", "least_regret", "least_shortfall")
Table = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Regret:
    """Values of plans in views, OOM, and what they fall short of.

    Attributes
    ----------
    views
        The weighing of each gambit, and the mean in each scenario, by their names.
    scores
        Plan → view → value, those of references too.
    best
        Gambit → view → the value of the best plan under its rules.
    of
        The gambit whose rules a plan obeys, for the plans that have a regret.
    """

    views: tuple[str, ...]
    scores: Table
    best: Table
    of: Mapping[str, str]

    @property
    def regret(self) -> dict[str, dict[str, float]]:
        """Plan → view → regret, of plans that obey a gambit's rules."""
        return {plan: self._below(plan, self.best[gambit]) for plan, gambit in self.of.items()}

    @property
    def shortfall(self) -> dict[str, dict[str, float]]:
        """Plan → view → shortfall, of every plan."""
        most = {view: max(best[view] for best in self.best.values()) for view in self.views}
        return {plan: self._below(plan, most) for plan in self.scores}

    @property
    def least(self) -> str:
        """The plan whose worst regret is the least of all shown."""
        return _least_worst(self.regret)

    @property
    def least_short(self) -> str:
        """The plan whose worst shortfall is the least of all shown."""
        return _least_worst(self.shortfall)

    def _below(self, plan: str, best: Mapping[str, float]) -> dict[str, float]:
        # A search ends within the gap of the best: what lies between is nobody's regret.
        return {view: max(0.0, best[view] - self.scores[plan][view]) for view in self.views}

    def _repr_html_(self) -> str:
        said = (
            f"OOM. Least regret: {self.least}, {oom(worst(self.regret[self.least]))} at worst. Least shortfall: "
            f"{self.least_short}, {oom(worst(self.shortfall[self.least_short]))} at worst."
        )
        return as_html("What it costs to be wrong", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give score and regret, OOM, of each plan (rows) in each view (columns); a reference has no regret."""
        import pandas as pd  # heavy, and regret is worked out without it

        parts = {"score": self.scores, "regret": self.regret, "shortfall": self.shortfall}
        columns = {
            (figure, view): pd.Series({plan: row[view] for plan, row in table.items()})
            for figure, table in parts.items()
            for view in self.views
        }
        return pd.DataFrame(columns, index=pd.Index(list(self.scores), name="plan"))

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        found = {"regret": self.regret, "shortfall": self.shortfall}
        return {
            "views": list(self.views),
            "scores": {plan: dict(row) for plan, row in self.scores.items()},
            "best": {gambit: dict(row) for gambit, row in self.best.items()},
            **found,
            "least_regret": {"plan": self.least, "worst": worst(found["regret"][self.least])},
            "least_shortfall": {"plan": self.least_short, "worst": worst(found["shortfall"][self.least_short])},
        }


def worst(row: Mapping[str, float]) -> float:
    """Give the largest entry of a plan's row."""
    return max(row.values())


def _least_worst(table: Mapping[str, Mapping[str, float]]) -> str:
    return min(table, key=lambda plan: (round(worst(table[plan]), 9), list(table).index(plan)))
