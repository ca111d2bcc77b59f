"""The records that a portfolio file stands for. Frozen, typed, and free of any arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Final

from gambits.errors import Problem, Where
from gambits.quantities.durations import Duration
from gambits.quantities.estimates import Bounds, Estimate
from gambits.quantities.periods import Period, Periods
from gambits.scaling.effects.law import LawEstimate, Provenance
from gambits.words import as_html

if TYPE_CHECKING:
    import pandas as pd

ARCHITECT = "architect"
ALCHEMIST = "alchemist"


class Lever(Enum):
    """What an initiative moves in the projection."""

    COMPUTE = "compute"
    PARAMETER_EFFICIENCY = "parameter_efficiency"
    DATA_EFFICIENCY = "data_efficiency"
    UNIQUE_TOKENS = "unique_tokens"
    POST_TRAINING = "post_training"
    TEST_TIME = "test_time"
    INFERENCE_COST = "inference_cost"
    DEMAND = "demand"
    TOKEN_VALUE = "token_value"

    @property
    def is_of_market(self) -> bool:
        """Whether the lever moves what tokens cost, how many are asked for, or what they are worth."""
        return self in (Lever.INFERENCE_COST, Lever.DEMAND, Lever.TOKEN_VALUE)

    @property
    def is_additive(self) -> bool:
        """Whether the effect is a quantity to add (tokens), not a factor to multiply by."""
        return self is Lever.UNIQUE_TOKENS

    @property
    def unit(self) -> str:
        """The unit of an effect on this lever at full funding."""
        return "tokens" if self.is_additive else "×"

    @property
    def words(self) -> str:
        """The lever as prose."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Fund:
    """Money for some paths only, released at the start of each period beside the budget's own."""

    name: str
    paths: tuple[str, ...]
    per_period: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """Money released at the start of each period, and the rules for spending it.

    ``total`` is the ceiling that holds, the funds' money included. With ``by_expectation`` a later stage counts by
    the chance that it is reached, not whole. ``reserve`` is the part of the total that is kept back. Prices rise by
    ``discount_per_year``: releases are in the money of their own period, costs in that of the first one that is
    still open. With ``includes_serving`` the bill for serving tokens is paid from the same money.
    """

    per_period: tuple[float, ...]
    total: float
    carry_over: bool = True
    by_expectation: bool = False
    reserve: float = 0.0
    discount_per_year: float = 0.0
    includes_serving: bool = False
    funds: tuple[Fund, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a board is asked: the question, who decides, and by which day; empty or None if not said."""

    question: str = ""
    decider: str = ""
    by: date | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """Something other than money that runs out in each period; not carried over."""

    name: str
    unit: str
    capacity: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """A quantity at the start of the first period, and the factor by which it grows in a year."""

    start: Estimate
    growth_per_year: Estimate = Estimate.point(1, Bounds.POSITIVE)


NOTHING_SERVED: Final = Estimate.point(0, Bounds.AMOUNT)


@dataclass(frozen=True, slots=True)
class Frontier:
    """The flagship, the stock of unique tokens, and the law that joins them.

    ``compute`` is what trains the flagship and, where it serves ``inference_tokens`` over its life, what serves it too.
    """

    law: str
    compute: Trend
    unique_tokens: Trend
    law_uncertainty: bool = True
    inference_tokens: Estimate = NOTHING_SERVED


@dataclass(frozen=True, slots=True)
class Sector:
    """A market for tokens at the start: tokens a day, and value and cost of a million of them, in money."""

    name: str
    tokens_per_day: Estimate
    value_per_million: Estimate
    cost_per_million: Estimate


@dataclass(frozen=True, slots=True)
class Market:
    """Who is served, and how tokens served and their value answer to cost and capability.

    ``elasticity`` is that of tokens served against their cost; ``value_per_oom`` is log10 of value per token for
    each OOM of effective compute.
    """

    elasticity: float
    value_per_oom: float
    sectors: tuple[Sector, ...]


@dataclass(frozen=True, slots=True)
class Rival:
    """Another lab: its effective compute at the start, log10 FLOP, and the factor by which it grows in a year."""

    name: str
    effective_compute: Estimate
    growth_per_year: Estimate = Estimate.point(1, Bounds.POSITIVE)


@dataclass(frozen=True, slots=True)
class Synergy:
    """An extra effect of two initiatives together, on the lesser progress of both."""

    between: tuple[str, str]
    effects: Mapping[Lever, Estimate]

    def key(self, lever: Lever) -> str:
        """Give the dotted key by which an effect is drawn."""
        return f"synergies.{'+'.join(self.between)}.effects.{lever.value}"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Initiatives that share one slack on a lever: their effects add up to ``cap`` at most."""

    among: tuple[str, ...]
    lever: Lever
    cap: Estimate

    @property
    def key(self) -> str:
        """The dotted key by which the cap is drawn."""
        return f"overlaps.{'+'.join(self.among)}.{self.lever.value}"


@dataclass(frozen=True, slots=True)
class Objective:
    """What a plan is worth: terms in OOM of effective compute, weighted over periods.

    ``weights`` has one number for each period of the horizon and of ``after_horizon``, and sums to 1.
    """

    effective_compute: float = 1.0
    token_gdp: float = 0.0
    value: float = 0.0
    weights: tuple[float, ...] = ()
    after_horizon: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """How progress follows the funded fraction φ: φ^``exponent``, or a concave line through ``points``."""

    exponent: float = 1.0
    points: tuple[tuple[float, float], ...] = ()

    @property
    def is_linear(self) -> bool:
        """Whether progress equals the funded fraction."""
        return self.exponent == 1.0 and not self.points


@dataclass(frozen=True, slots=True)
class Need:
    """What an initiative waits for: ``count`` of the initiatives ``of``.

    It is funded at most as far as they are, divided by ``share``, ``lag`` periods before.
    """

    of: tuple[str, ...]
    count: int = 1
    share: float = 1.0
    lag: int = 0

    @property
    def is_choice(self) -> bool:
        """Whether it is of several initiatives that can stand in for one another; sizes of one are none."""
        return len({id.partition("/")[0] for id in self.of}) > 1

    def __str__(self) -> str:
        words = f"{self.count} of {', '.join(self.of)}" if len(self.of) > 1 else self.of[0]
        words += f" at a share of {self.share:g}" if self.share < 1 else ""
        return words + (f", {self.lag} {'period' if self.lag == 1 else 'periods'} before" if self.lag else "")


@dataclass(frozen=True, slots=True)
class Criterion:
    """What would stop an initiative: its metric is below or above a number on some day."""

    metric: str
    by: date
    below: float | None = None
    above: float | None = None

    def is_met_by(self, value: float) -> bool:
        """Whether the work should stop at this value of the metric."""
        return (self.below is not None and value < self.below) or (self.above is not None and value > self.above)

    def __str__(self) -> str:
        limits = [f"below {self.below:g}"] if self.below is not None else []
        limits += [f"above {self.above:g}"] if self.above is not None else []
        return f"{self.metric} {' or '.join(limits)} by {self.by.isoformat()}"


@dataclass(frozen=True, slots=True)
class Dissent:
    """An objection that stands, and whose it is."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Pilot:
    """What finding out costs, in money, and which estimates are known after it, by dotted key."""

    cost: float
    informs: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Initiative:
    """A line of work that can be funded in part or whole.

    ``start`` counts periods from the first; ``takes`` and ``lag`` are in periods; ``cost`` is in the
    portfolio's money and ``uses`` in each resource's unit, both at full funding. ``reached`` is the part of the
    cost that the budget counts: the chance that a stage is reached where it counts by expectation, else 1.
    ``fitted_to`` is the largest run behind its effects, FLOP: as written, else as the laws that gave all of them say;
    None where no evidence was measured. ``pilot`` says what it costs to find out more; ``review_every``, ``kill`` and
    ``dissent`` when to look at it again, what would stop it, and who objects.
    ``minimum`` is the least funded fraction if it gets any money. ``spent`` is the money that it has had, by period
    counted from the first (before the horizon below 0). ``part`` is ``stages`` or ``levels`` where it is a part of
    what stands in the file, and ``own`` the keys that such a part has for itself.
    """

    id: str
    path: str
    source: str
    cost: Estimate
    title: str = ""
    owner: str = ""
    team: str = ""
    note: str = ""
    success: Estimate = Estimate.point(1, Bounds.PROBABILITY)
    effects: Mapping[Lever, Estimate] = field(default_factory=dict)
    quality: float = 1.0
    value: Estimate = Estimate.point(0)
    response: Response = Response()
    start: int = 0
    takes: int = 1
    lag: int = 0
    uses: Mapping[str, Estimate] = field(default_factory=dict)
    requires: tuple[Need, ...] = ()
    after: tuple[Need, ...] = ()
    must: bool = False
    never: bool = False
    whole: bool = False
    minimum: float = 0.0
    part: str = ""
    own: tuple[str, ...] = ()
    spent: tuple[tuple[int, float], ...] = ()
    reached: float = 1.0
    fitted_to: float | None = None
    verified: bool = False
    pilot: Pilot | None = None
    review_every: Duration | None = None
    kill: tuple[Criterion, ...] = ()
    dissent: tuple[Dissent, ...] = ()

    @property
    def price(self) -> float:
        """Money that full funding takes from the budget."""
        return self.cost.central * self.reached

    @property
    def entry(self) -> str:
        """The id under which it stands in the file: its own, or without the name of the stage or size."""
        return self.id.partition("/")[0]

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The ids that it waits for, as `requires` or `after`, each once and sorted."""
        return tuple(sorted({id for need in self.requires + self.after for id in need.of}))

    def key(self, name: str) -> str:
        """Give the dotted key of one of its values, by which it is found in the file and drawn.

        A part has what is its own, and shares the rest with the whole.
        """
        whole, _, part = self.id.partition("/")
        if name.partition(".")[0] in self.own:
            return f"initiatives.{whole}.{self.part}.{part}.{name}"
        return f"initiatives.{whole}.{name}"

    @property
    def is_size(self) -> bool:
        """Whether it is one of several sizes, of which at most one is funded, and that one whole."""
        return self.part == "levels"

    @property
    def laws(self) -> Mapping[Lever, Provenance]:
        """Where the effects that laws gave came from."""
        return {lever: each.law for lever, each in self.effects.items() if isinstance(each, LawEstimate)}

    @property
    def rests_on_judgement(self) -> bool:
        """Whether the source of the effect is a judgement: it says so in its first word."""
        return self.source.lower().startswith("judgement")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named future: its probability, and the estimates that differ in it, by dotted key."""

    name: str
    probability: float
    change: Mapping[str, Estimate] = field(default_factory=dict)


AS_PLANNED: Final = (Scenario("as planned", 1.0),)
"""The scenarios of a portfolio that names none."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """How much of the luck of initiatives is shared on a path, and in a scenario: parts of the variance."""

    path: float = 0.0
    scenario: float = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """Initiatives that together get between ``low`` and ``high`` of all money."""

    among: tuple[str, ...]
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many initiatives get money: at least ``fewest``, at most ``most`` (None for any number)."""

    fewest: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """One input file, read and found sound.

    ``groups`` and each set of ``excludes``, of which at most one is funded, name initiatives as the file does.

    ``initiatives`` stand in canonical order (``order.py``). ``current`` is today's allocation, money over the
    horizon by initiative, stages together; None where the file does not say. ``inputs`` holds every value as written,
    by dotted key; ``where`` says on which line; both leave equality to the records. ``asked`` is no key of the file:
    how far initiatives, by id, are to be funded at the end, for the question what that would cost.
    """

    name: str
    as_of: date
    money: str
    periods: Periods
    budget: Budget
    resources: tuple[Resource, ...]
    frontier: Frontier | None
    objective: Objective
    initiatives: tuple[Initiative, ...]
    scenarios: tuple[Scenario, ...] = AS_PLANNED
    correlation: Correlation = Correlation()
    market: Market | None = None
    decision: Decision = Decision()
    synergies: tuple[Synergy, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    groups: tuple[Group, ...] = ()
    excludes: tuple[tuple[str, ...], ...] = ()
    counts: Counts = Counts()
    rivals: tuple[Rival, ...] = ()
    current: Mapping[str, float] | None = None
    asked: Mapping[str, float] = field(default_factory=dict)
    file: str = field(compare=False, default="")
    inputs: Mapping[str, object] = field(compare=False, default_factory=dict)
    where: Mapping[str, Where] = field(compare=False, default_factory=dict)
    warnings: tuple[Problem, ...] = field(compare=False, default=())

    @property
    def now(self) -> int:
        """How many periods were over on the day of the estimates: their money is spent, not planned."""
        first = self.periods.first
        passed = Period.around(self.as_of, first.unit).index - first.index
        return min(max(0, passed), self.periods.count)

    def initiative(self, id: str) -> Initiative:
        """Find an initiative by its id.

        Raises
        ------
        KeyError
            If there is none.
        """
        for initiative in self.initiatives:
            if initiative.id == id:
                return initiative
        raise KeyError(id)

    def _repr_html_(self) -> str:
        names = self.periods.names
        said = f"{len(self.initiatives)} initiatives over {names[0]} to {names[-1]}. Money is in {self.money}."
        return as_html(self.name, said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give the initiatives (rows): path, title, median cost, median success, what they require, source."""
        import pandas as pd  # heavy, and a portfolio is read without it

        rows = [
            (each.path, each.title, each.cost.central, each.success.central, _needed(each), each.source)
            for each in self.initiatives
        ]
        return pd.DataFrame(
            rows,
            index=pd.Index([each.id for each in self.initiatives], name="initiative"),
            columns=["path", "title", "cost", "success", "requires", "source"],
        )

    def reaches_beyond(self, initiative: Initiative) -> bool:
        """Whether an initiative's effect reaches more than 1 OOM beyond its evidence, at the flagship of the start.

        An effect without ``fitted_to`` does; work without effects on the frontier does not.
        """
        if self.frontier is None or not initiative.effects:
            return False
        return initiative.fitted_to is None or initiative.fitted_to * 10 < self.frontier.compute.start.central

    def place(self, key: str) -> Where:
        """Say where a dotted key is written, or its nearest parent, or the file."""
        while key:
            if key in self.where:
                return self.where[key]
            key = key.rpartition(".")[0]
        return Where(self.file)


def _needed(each: Initiative) -> str:
    """Name what an initiative requires: all of it, `k of` some."""
    return ", ".join(
        need.of[0] if len(need.of) == 1 else f"{need.count} of ({', '.join(need.of)})" for need in each.requires
    )
