"""The answer: money by initiative and period, what it is worth, and the certificate that nothing is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gambits.words import as_html, oom

if TYPE_CHECKING:
    import pandas as pd

FORMAT: Final = "gambits/plan/1"
_DIGITS: Final = 12
"""Significant digits in JSON: what lies below is the noise of one platform's sums."""

_NOTHING: Final = 1e-14
_NO_MONEY: Final = 1e-9
"""What a solver leaves where it means nothing, as a part of an initiative's money."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """What one initiative receives.

    ``spend`` and each of ``uses`` are by period; ``funded`` is φ at the end; ``progress`` is by period, at its
    end and before any lag. ``spent`` is the money that it has had already, and the first ``fixed`` periods are over:
    there ``spend`` is what was spent.
    """

    id: str
    title: str
    path: str
    spend: tuple[float, ...]
    funded: float
    progress: tuple[float, ...]
    uses: Mapping[str, tuple[float, ...]]
    spent: float = 0.0
    fixed: int = 0

    @property
    def total(self) -> float:
        """Money over the horizon."""
        return sum(self.spend)

    @property
    def decided(self) -> float:
        """Money in the periods that are still to be decided: what shares are of."""
        return sum(self.spend[self.fixed :])

    @property
    def start(self) -> int | None:
        """The first period in which the plan gives it money; None for none."""
        return next(
            (t for t, money in enumerate(self.spend) if t >= self.fixed and money > _NO_MONEY * self.total), None
        )

    def to_dict(self, periods: tuple[str, ...]) -> dict[str, Any]:
        """Give the record as JSON; ``periods`` are the names of the periods."""
        return {
            "title": self.title,
            "path": self.path,
            "spend": list(self.spend),
            "total": self.total,
            "funded": self.funded,
            "progress": list(self.progress),
            "uses": {name: list(amounts) for name, amounts in self.uses.items()},
            "spent": self.spent,
            "start": None if self.start is None else periods[self.start],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """An allocation with its value and certificate.

    ``objective``, ``bound``, ``gap``, ``expected`` and ``cvar`` are in OOM from the do-nothing baseline.
    ``baseline`` and ``gain`` are expected effective compute by period, log10 FLOP and OOM. ``contributions``
    splits ``expected`` over initiatives. ``allocations`` is sorted by id. ``honesty`` holds value on fresh draws,
    by scenario, money missing and stability, as JSON; None for a certain plan. ``market`` is token GDP by sector and
    period, as JSON; None without a market. ``extrapolated`` is the part of the value on gains that reach more than
    1 OOM beyond their evidence. ``tail`` is the α of ``cvar``. The first ``fixed`` periods were over on the day of the
    estimates. ``serving`` is the bill for serving tokens by period where the budget pays for it, at the medians.
    ``prices`` holds what one more and one less of each number in the rules is worth, as JSON; None where
    they were not asked for.
    """

    status: str
    gambit: str
    money: str
    periods: tuple[str, ...]
    objective: float
    bound: float
    rounds: int
    expected: float
    cvar: float
    allocations: tuple[Allocation, ...]
    baseline: tuple[float, ...]
    gain: tuple[float, ...]
    contributions: Mapping[str, float]
    seed: int | None
    draws: int
    versions: Mapping[str, str]
    input_sha256: str
    inputs: Mapping[str, object]
    warnings: tuple[str, ...] = ()
    portfolio: str = field(default="")
    honesty: Mapping[str, Any] | None = None
    market: Mapping[str, Any] | None = None
    extrapolated: float = 0.0
    tail: float = 0.2
    fixed: int = 0
    serving: tuple[float, ...] | None = None
    prices: tuple[Mapping[str, Any], ...] | None = None

    @property
    def gap(self) -> float:
        """How much better any plan could be: bound − objective, in OOM."""
        return max(0.0, self.bound - self.objective)

    @property
    def total_spend(self) -> float:
        """Money over the horizon."""
        return sum(each.total for each in self.allocations)

    @property
    def spend_by_path(self) -> dict[str, float]:
        """Money that is still to be decided, by path, sorted by path."""
        paths = sorted({each.path for each in self.allocations})
        return {path: sum(each.decided for each in self.allocations if each.path == path) for path in paths}

    @property
    def shares(self) -> dict[str, float]:
        """Fraction of the money that is still to be decided, by path; all 0 where nothing is spent."""
        total = sum(each.decided for each in self.allocations)
        return {path: spent / total if total else 0.0 for path, spent in self.spend_by_path.items()}

    @property
    def spend_by_period(self) -> tuple[float, ...]:
        """Money by period."""
        return tuple(sum(each.spend[t] for each in self.allocations) for t in range(len(self.periods)))

    def allocation(self, id: str) -> Allocation:
        """Find what one initiative receives.

        Raises
        ------
        KeyError
            If there is no such initiative.
        """
        for each in self.allocations:
            if each.id == id:
                return each
        raise KeyError(id)

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as JSON, floats rounded to 12 significant digits."""
        plan = {
            "format": FORMAT,
            "status": self.status,
            "portfolio": self.portfolio,
            "gambit": self.gambit,
            "money": self.money,
            "periods": list(self.periods),
            "fixed_periods": self.fixed,
            "objective": self.objective,
            "bound": self.bound,
            "gap": self.gap,
            "rounds": self.rounds,
            "expected": self.expected,
            "cvar": self.cvar,
            "tail": self.tail,
            "total_spend": self.total_spend,
            "shares": self.shares,
            "spend_by_period": list(self.spend_by_period),
            "baseline": list(self.baseline),
            "gain": list(self.gain),
            "initiatives": {
                each.id: each.to_dict(self.periods) | {"contribution": self.contributions[each.id]}
                for each in self.allocations
            },
            **(self.honesty or dict.fromkeys(("out_of_sample", "scenarios", "missing_money", "stability"))),
            "market": self.market,
            "serving_bill": None if self.serving is None else list(self.serving),
            "extrapolated": self.extrapolated,
            "prices": None if self.prices is None else [dict(price) for price in self.prices],
            "seed": self.seed,
            "draws": self.draws,
            "warnings": list(self.warnings),
            "versions": dict(self.versions),
            "input_sha256": self.input_sha256,
            "inputs": dict(self.inputs),
        }
        return rounded(plan)  # type: ignore[no-any-return]

    def _repr_html_(self) -> str:
        said = (
            f"Worth {oom(self.objective)} OOM as the gambit weighs it; no plan under its rules is better by more "
            f"than {self.gap:.1g}. Status: {self.status}. Money is in {self.money}."
        )
        return as_html(f"{self.portfolio}: the plan of {self.gambit}", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give money by initiative (rows) and period (columns)."""
        import pandas as pd  # heavy, and a plan is made without it

        return pd.DataFrame(
            [each.spend for each in self.allocations],
            index=pd.Index([each.id for each in self.allocations], name="initiative"),
            columns=pd.Index(self.periods, name="period"),
        )


def rounded(value: Any) -> Any:
    """Round every float in nested dicts and lists to 12 significant digits, and −0 to 0."""
    if isinstance(value, float):
        return 0.0 if abs(value) < _NOTHING else float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value
