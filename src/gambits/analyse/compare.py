"""Plans side by side: what each is worth, where its money goes, and which bets are in every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gambits.allocate.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

FORMAT: Final = "gambits/comparison/1"
FUNDED: Final = 0.5 - 1e-6
"""An initiative counts as funded from half its cost on, less a solver's tolerance."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Money and funded fraction of one initiative in each plan, in the order of the plans."""

    id: str
    title: str
    path: str
    money: tuple[float, ...]
    funded: tuple[float, ...]

    @property
    def spread(self) -> float:
        """Most money minus least."""
        return max(self.money) - min(self.money)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Plans of one portfolio, by gambit, in the order asked for."""

    plans: Mapping[str, Plan]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every initiative, those on which the plans differ most first."""
        first = next(iter(self.plans.values()))
        rows = []
        for each in first.allocations:
            found = [plan.allocation(each.id) for plan in self.plans.values()]
            money, funded = tuple(one.total for one in found), tuple(one.funded for one in found)
            rows.append(Difference(each.id, each.title, each.path, money, funded))
        return tuple(sorted(rows, key=lambda row: (-round(row.spread, 6), row.id)))

    @property
    def core(self) -> tuple[str, ...]:
        """Initiatives that every plan funds: at least half their cost."""
        return self._funded_in(lambda count: count == len(self.plans))

    @property
    def held_back(self) -> tuple[str, ...]:
        """Initiatives that some plan funds and another does not."""
        return self._funded_in(lambda count: 0 < count < len(self.plans))

    @property
    def not_funded(self) -> tuple[str, ...]:
        """Initiatives that no plan funds."""
        return self._funded_in(lambda count: count == 0)

    def _funded_in(self, holds: Any) -> tuple[str, ...]:
        counts = {row.id: sum(share >= FUNDED for share in row.funded) for row in self.differences}
        return tuple(sorted(id for id, count in counts.items() if holds(count)))

    def to_dict(self) -> dict[str, Any]:
        """Give the comparison as JSON. Regret and break-even beliefs are not computed yet: null."""
        return {
            "format": FORMAT,
            "plans": {name: plan.to_dict() for name, plan in self.plans.items()},
            "core": list(self.core),
            "held_back": list(self.held_back),
            "not_funded": list(self.not_funded),
            "regret": None,
            "break_even": None,
        }

    def to_frame(self) -> pd.DataFrame:
        """Give money by initiative (rows) and gambit (columns)."""
        import pandas as pd  # heavy, and a comparison is made without it

        return pd.DataFrame(
            [row.money for row in self.differences],
            index=pd.Index([row.id for row in self.differences], name="initiative"),
            columns=pd.Index(list(self.plans), name="gambit"),
        )
