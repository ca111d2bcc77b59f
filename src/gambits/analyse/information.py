"""What finding out would be worth: before everything is known, and before one thing is."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from gambits.allocate.plan import rounded
from gambits.words import as_html, oom

if TYPE_CHECKING:
    import pandas as pd

FORMAT: Final = "gambits/information/1"
_CLEAR: Final = 3.0
"""Standard errors from 0 at which a value is more than noise: plans fitted to the same draws err together."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What it is worth to know one estimate before the money is split: EVPPI, OOM, with its standard error.

    ``worth`` is the money that one could pay for it at most: what taken from the budget costs the plan as much; None
    where no plan obeys the rules with so much less.
    """

    estimate: str
    evppi: float
    standard_error: float
    worth: float | None

    @property
    def is_clear(self) -> bool:
        """Whether it is more than the noise of the draws."""
        return self.evppi > _CLEAR * self.standard_error

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Experiment:
    """Something to find out: a pilot of an initiative, or an estimate for which the file names no pilot.

    Attributes
    ----------
    name
        The initiative whose pilot it is, or the estimate.
    informs
        The estimates that are known after it.
    evppi, standard_error, worth
        As of a ``Finding``, of all that it informs together.
    cost
        Money that the pilot takes; None without one.
    loss
        What the plan is worth less when so much is taken from the budget, OOM; None without a pilot, and where the
        budget has not so much or no plan obeys the rules then: it cannot be paid.
    """

    name: str
    informs: tuple[str, ...]
    evppi: float
    standard_error: float
    worth: float | None
    cost: float | None = None
    loss: float | None = None

    @property
    def net(self) -> float | None:
        """What is left of its worth after its cost, OOM; None where that is not known."""
        return None if self.loss is None else self.evppi - self.loss

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return asdict(self) | {"informs": list(self.informs), "net": self.net}


@dataclass(frozen=True, slots=True)
class Information:
    """The value of information for one gambit's rules, to one who maximises the mean.

    Attributes
    ----------
    portfolio, gambit, money
        Their names, and the unit of money.
    objective
        E[V] of the best plan without any more knowledge, OOM.
    evpi, standard_error
        What it would be worth to know everything: mean over draws of what the best plan for each adds. No way of
        waiting, stopping or switching can be worth more.
    findings
        One for each uncertain estimate, the most valuable first.
    queue
        What to find out, in order of what it leaves: pilots by their net value, and estimates without a pilot, whose
        value is more than noise, by what they would leave if finding out were free.
    draws, solved_on, seed
        Draws on which knowledge is valued, draws on which plans are made, and what they are keyed by.
    uncertified
        Searches behind it that ended before their answers were certified; what rests on them may fall short.
    """

    portfolio: str
    gambit: str
    money: str
    objective: float
    evpi: float
    standard_error: float
    findings: tuple[Finding, ...]
    queue: tuple[Experiment, ...]
    draws: int
    solved_on: int
    seed: int
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
                "evpi": self.evpi,
                "standard_error": self.standard_error,
                "evppi": {each.estimate: each.evppi for each in self.findings},
                "findings": [each.to_dict() for each in self.findings],
                "queue": [each.to_dict() for each in self.queue],
                "draws": self.draws,
                "solved_on": self.solved_on,
                "seed": self.seed,
                "uncertified": self.uncertified,
            }
        )

    def _repr_html_(self) -> str:
        said = f"Knowing everything is worth {oom(self.evpi)} OOM, and each estimate alone:"
        return as_html(f"{self.portfolio}: what it is worth to find out, under {self.gambit}", said, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give the findings: estimates (rows, most valuable first), their EVPPI, standard error and worth in money."""
        import pandas as pd  # heavy, and the record is made without it

        columns = ["evppi", "standard_error", "worth"]
        return pd.DataFrame(
            [[getattr(each, name) for name in columns] for each in self.findings],
            index=pd.Index([each.estimate for each in self.findings], name="estimate"),
            columns=columns,
        )

    def queue_frame(self) -> pd.DataFrame:
        """Give the queue, one experiment a row, in its order."""
        import pandas as pd  # heavy, and the record is made without it

        columns = [*Experiment.__slots__, "net"]
        return pd.DataFrame([each.to_dict() for each in self.queue], columns=columns)


def in_queue(experiment: Experiment) -> tuple[float, str]:
    """Order experiments by what they leave, most first: without a pilot, as if free; what cannot be paid, last."""
    if experiment.cost is None:
        return -round(experiment.evppi, 7), experiment.name
    return math.inf if experiment.net is None else -round(experiment.net, 7), experiment.name
