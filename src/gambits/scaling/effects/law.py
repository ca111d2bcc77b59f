"""What a law of an effect is: its arguments, its formula for each lever, its constants, and where it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from gambits.files.sections import Key, Section
from gambits.quantities.estimates import Estimate
from gambits.scaling.published import TAGS, Constant

JUDGED: Final = "judged"
EFFECT_TAGS: Final = {tag: TAGS[tag] for tag in ("R1", "OWN", "R2", "M")} | {
    JUDGED: "our judgement, from the evidence named"
}
"""How sure we are of an effect, surest first: a published figure's tag, or that the step to a multiplier is ours."""

FLAGSHIP: Final = "the flagship run of the first period"
STOCK: Final = "the unique tokens of the first period"
"""Defaults that the portfolio gives."""

Values = dict[str, Any]
"""Arguments and constants of a law by name."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a law may take from the portfolio: training compute in FLOP and unique tokens; None if unknown."""

    flop: float | None = None
    unique_tokens: float | None = None


def always(*names: str) -> Callable[[Values], tuple[str, ...]]:
    """Name constants that a formula uses whatever the arguments."""
    return lambda given: names


@dataclass(frozen=True, slots=True)
class Form:
    """What a law says about one lever.

    ``of`` takes arguments and constants by name. ``uses`` names the constants in the formula, given the arguments.
    ``tag`` says how sure the formula is; empty, it is as sure as the weakest of its constants.
    """

    lever: str
    formula: str
    of: Callable[[Values], float]
    uses: Callable[[Values], tuple[str, ...]] = lambda given: ()
    tag: str = ""


@dataclass(frozen=True, slots=True)
class EffectLaw:
    """A law that gives the size of an effect at full funding.

    Attributes
    ----------
    name, title, source
        The word for files, the words for people, and where it was published.
    reach
        What it was fitted to, so that a reader sees what is extrapolation.
    note
        What a user must know before trusting it.
    arguments
        What it asks; a default is read as if it were written, or taken from the portfolio.
    forms
        What it says, by lever.
    constants
        Its figures with their provenance.
    refuse
        Raises ``Refused`` if arguments contradict each other.
    joint
        Gives constants that vary together, from the arguments and a probability: a fitted law drawn whole.
    costs
        Levers on which it harms: a gain by it on another lever without these is only half of it.
    fitted_to
        Training FLOP of the largest model behind it; None where nobody said.
    """

    name: str
    title: str
    source: str
    reach: str
    note: str
    arguments: tuple[Key, ...]
    forms: tuple[Form, ...]
    constants: tuple[Constant, ...] = ()
    refuse: Callable[[Values], None] = lambda given: None
    joint: Callable[[Values, float], Any] | None = None
    costs: tuple[str, ...] = ()
    fitted_to: float | None = None

    @property
    def section(self) -> Section:
        """The table of arguments, for reading, JSON Schema and reference."""
        return Section(self.arguments)

    @property
    def levers(self) -> tuple[str, ...]:
        """The levers that it can be used on."""
        return tuple(form.lever for form in self.forms)

    def form(self, lever: str) -> Form:
        """Find what it says about a lever.

        Raises
        ------
        KeyError
            If it says nothing about it.
        """
        for form in self.forms:
            if form.lever == lever:
                return form
        raise KeyError(lever)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an effect came from: the law, what it was asked, what it answered, and how sure that is.

    ``central`` is the formula at the published constants; ``spread`` says how the range came about; ``reach`` what
    the law was fitted to, and ``fitted_to`` the FLOP of its largest model, where that is known.
    """

    law: str
    title: str
    lever: str
    arguments: tuple[tuple[str, str], ...]
    formula: str
    central: float
    spread: str
    constants: tuple[Constant, ...]
    source: str
    tag: str
    reach: str
    note: str
    fitted_to: float | None = None

    @property
    def words(self) -> str:
        """The law in a few words, as a table shows it."""
        return f"{self.title} ({self.source.partition(',')[0]}; {self.tag})"


@dataclass(frozen=True, slots=True)
class LawEstimate(Estimate):
    """An estimate that a law gave, which it carries along."""

    law: Provenance = field(kw_only=True)
