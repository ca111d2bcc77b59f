"""What a decision rests on: how far each estimate moves the value, what flips an initiative, and who gains by it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gambits.allocate.plan import rounded
from gambits.words import as_html, oom

if TYPE_CHECKING:
    import pandas as pd

FORMAT: Final = "gambits/sensitivity/1"


@dataclass(frozen=True, slots=True)
class Bar:
    """One estimate known beforehand at its p10 and at its p90, with the best plan for each.

    ``low`` and ``high`` are the values of these plans, OOM, for the estimate at ``low_at`` and ``high_at``, in its
    own unit: 0 and 1 for work that fails or succeeds, None for the law, whose constants vary together. ``moved``
    is the money that the two move against the plan without the knowledge: ½ Σ of absolute differences over
    initiatives and periods.
    """

    estimate: str
    low_at: float | None
    high_at: float | None
    low: float
    high: float
    moved: tuple[float, float]

    @property
    def width(self) -> float:
        """How far the value moves, OOM."""
        return abs(self.high - self.low)

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return asdict(self) | {"moved": list(self.moved)}


@dataclass(frozen=True, slots=True)
class Flip:
    """The smallest change of one estimate with which an initiative crosses half its cost.

    Attributes
    ----------
    initiative
        Its id.
    funded
        φ as things stand; from half on it counts as funded.
    estimate
        The dotted key of what changes.
    is_own
        Whether it is an estimate of the initiative itself.
    before, after
        The estimate as one writes it, without and with the change.
    median, change
        Its median, and how far that moves; in the unit of the estimate.
    sigmas
        The move in units of the estimate's own spread, in its logarithm (a probability's log-odds); None without
        spread.
    chance
        That the quantity lies there or farther, by the estimate as it stands; None without spread.
    """

    initiative: str
    funded: float
    estimate: str
    is_own: bool
    before: str
    after: str
    median: float
    change: float
    sigmas: float | None
    chance: float | None

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Inflation:
    """What exaggerating pays an owner: the gaming index.

    Attributes
    ----------
    owner, initiatives
        Whose numbers are inflated, and which initiatives are theirs; an initiative without an owner is its own.
    money
        What these get as things stand, over the horizon.
    gained
        What they get more when all that they claim (effects, points, chances of success) is a tenth better.
    gained_by_cost
        The same when their costs are understated by a tenth, at what the work then funded truly costs.
    loss
        What the plan made on inflated claims is worth less than the best, by the honest numbers, OOM.
    """

    owner: str
    initiatives: tuple[str, ...]
    money: float
    gained: float
    gained_by_cost: float
    loss: float

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return asdict(self) | {"initiatives": list(self.initiatives)}


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The tornado, the flips and the gaming index of one gambit's plan.

    ``objective`` is the plan's value. ``firm`` lists initiatives that no single change within reach flips:
    2 spreads, or a factor of 2 (2 in log-odds) where an estimate has no spread. ``uncertified`` counts the searches
    behind it that ended before their answers were certified.
    """

    portfolio: str
    gambit: str
    money: str
    objective: float
    tornado: tuple[Bar, ...]
    flips: tuple[Flip, ...]
    firm: tuple[str, ...]
    gaming: tuple[Inflation, ...]
    draws: int
    seed: int | None
    uncertified: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON, floats rounded to 12 significant digits."""
        return rounded(  # type: ignore[no-any-return]
            {
                "format": FORMAT,
                "portfolio": self.portfolio,
                "gambit": self.gambit,
                "money": self.money,
                "objective": self.objective,
                "tornado": [each.to_dict() for each in self.tornado],
                "flips": [each.to_dict() for each in self.flips],
                "firm": list(self.firm),
                "gaming": [each.to_dict() for each in self.gaming],
                "draws": self.draws,
                "seed": self.seed,
                "uncertified": self.uncertified,
            }
        )

    def _repr_html_(self) -> str:
        said = f"The plan is worth {oom(self.objective)} OOM, and with each estimate known to be low or high:"
        return as_html(f"{self.portfolio}: what {self.gambit} rests on", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give the tornado: estimates (rows, widest first), and the plan's value at low and high, and its width."""
        import pandas as pd  # heavy, and the record is made without it

        return pd.DataFrame(
            [(each.low_at, each.high_at, each.low, each.high, each.width) for each in self.tornado],
            index=pd.Index([each.estimate for each in self.tornado], name="estimate"),
            columns=["low_at", "high_at", "low", "high", "width"],
        )

    def flips_frame(self) -> pd.DataFrame:
        """Give the flips, one a row, the likeliest first."""
        import pandas as pd  # heavy, and the record is made without it

        columns = list(Flip.__slots__)
        return pd.DataFrame([each.to_dict() for each in self.flips], columns=columns)

    def gaming_frame(self) -> pd.DataFrame:
        """Give the gaming index: owners (rows, who gains most first), their money, what they gain, and its cost."""
        import pandas as pd  # heavy, and the record is made without it

        columns = ["money", "gained", "gained_by_cost", "loss"]
        return pd.DataFrame(
            [[getattr(each, name) for name in columns] for each in self.gaming],
            index=pd.Index([each.owner for each in self.gaming], name="owner"),
            columns=columns,
        )
