"""Plans side by side: what each is worth, where its money goes, and which bets are in every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gambits.allocate.plan import Plan, rounded
from gambits.analyse.break_even import Line
from gambits.analyse.reference import Reference
from gambits.analyse.regret import REGRET_KEYS, Regret
from gambits.analyse.rivals import Standings
from gambits.words import as_html, oom

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
    """Plans of one portfolio, by gambit, in the order asked for.

    Attributes
    ----------
    plans
        By gambit.
    references
        Plans that no gambit chose, by name.
    regret
        What each plan is worth, and falls short of, in every view; None where that was not asked.
    standings
        Who is ahead; None without rivals.
    break_even
        Lines of the first two plans along beliefs; empty for one plan.
    uncertified
        Searches behind it that ended before their answers were certified; what rests on them may fall short.
    """

    plans: Mapping[str, Plan]
    references: Mapping[str, Reference] = field(default_factory=dict)
    regret: Regret | None = None
    standings: Standings | None = None
    break_even: tuple[Line, ...] = ()
    uncertified: int = 0

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
        """Give the comparison as JSON."""
        beside = {
            "core": list(self.core),
            "held_back": list(self.held_back),
            "not_funded": list(self.not_funded),
            "references": {name: each.to_dict() for name, each in self.references.items()},
            **(self.regret.to_dict() if self.regret else dict.fromkeys(REGRET_KEYS)),
            "rivals": self.standings.to_dict() if self.standings else {},
            "break_even": [line.to_dict() for line in self.break_even],
            "uncertified": self.uncertified,
        }
        plans = {name: plan.to_dict() for name, plan in self.plans.items()}
        return {"format": FORMAT, "plans": plans, **rounded(beside)}

    def _repr_html_(self) -> str:
        worth = ", ".join(f"{name} {oom(plan.objective)}" for name, plan in self.plans.items())
        first = next(iter(self.plans.values()))
        said = f"Worth, OOM, as each weighs it: {worth}. Money is in {first.money}."
        return as_html(f"{first.portfolio}: {', '.join(self.plans)}", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give money by initiative (rows) and gambit (columns)."""
        import pandas as pd  # heavy, and a comparison is made without it

        return pd.DataFrame(
            [row.money for row in self.differences],
            index=pd.Index([row.id for row in self.differences], name="initiative"),
            columns=pd.Index(list(self.plans), name="gambit"),
        )
