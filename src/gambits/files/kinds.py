"""How one value of a file is read, described to a person, and described to an editor (JSON Schema).

A kind never guesses: what it cannot read it reports with the line and the mend, and gives ``BAD``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any, Final

import yaml

from gambits.files.reading import NUMBER_PATTERN, Report, did_you_mean, is_number
from gambits.quantities.durations import Duration
from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.quantities.periods import Period

BAD: Final = object()
"""What a kind gives for a value that it could not read."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_RANGE = re.compile(r"(?P<low>\S+)\s+to\s+(?P<high>\S+)")
_WIDEST: Final = 1e9
_LARGEST = 1e60
"""Beyond this, and below its inverse, products overflow."""


class Refused(Exception):
    """A value that its kind cannot take: code, what is wrong, how to mend it."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix


def scalar_text(node: yaml.Node, wanted: str) -> str:
    """Give the text of a scalar.

    Raises
    ------
    Refused
        If the node is a list, a mapping or empty.
    """
    if not isinstance(node, yaml.ScalarNode):
        found = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
        raise Refused("wrong-type", f"expected {wanted}, found {found}", f"write {wanted}")
    text = str(node.value).strip()
    if not text or (not node.style and text in ("null", "~")):
        raise Refused("empty", f"expected {wanted}, found nothing", f"write {wanted}, or remove the key")
    if not all(sign.isprintable() or sign.isspace() for sign in text):
        raise Refused("control-character", "there is a control character in it", "write it without")
    return text


def number(text: str) -> float:
    """Read a finite number.

    Raises
    ------
    Refused
        If the text is not a number, or is not finite.
    """
    if not is_number(text):
        raise Refused("not-a-number", f"`{text}` is not a number", _as_number(text))
    value = float(text)
    if value and not 1 / _LARGEST <= abs(value) <= _LARGEST:
        raise Refused("out-of-range", f"{text} is beyond all reason", "choose a unit in which it is nearer to 1")
    return value


def _as_number(text: str) -> str:
    """Say how a number is written; one in percent is worked out."""
    part = text.removesuffix("%").rstrip()
    if part != text and is_number(part):
        return f"write a fraction: {float(part) / 100:g}"
    return "write digits, as 12, 0.3 or 2e27, without a unit"


def _rounded(value: float, *, up: bool) -> str:
    """Round to four digits towards the side that is allowed."""
    context = Context(prec=4, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    return f"{float(context.create_decimal_from_float(value)):g}"


class Kind:
    """What a key's value must be."""

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        """Give the value, or ``BAD`` after reporting why not."""
        try:
            return self.parse(node)
        except Refused as refusal:
            report.add(node, refusal.code, f"`{key}`: {refusal.message}", refusal.fix)
            return BAD

    def parse(self, node: yaml.Node) -> Any:
        """Give the value, or raise ``Refused``."""
        raise NotImplementedError

    @property
    def words(self) -> str:
        """The kind in the words of the reference page."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The kind as JSON Schema."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """Words."""

    words = "text"

    def parse(self, node: yaml.Node) -> str:
        return " ".join(scalar_text(node, "text").split())

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}


@dataclass(frozen=True, slots=True)
class Date(Kind):
    """A day."""

    words = "date"

    def parse(self, node: yaml.Node) -> date:
        text = scalar_text(node, "a date")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Refused("not-a-date", f"`{text}` is not a date", "write year-month-day, as 2027-01-31") from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class Lasting(Kind):
    """A stretch of the calendar."""

    words = "duration (`90 days`, `6 months`, `1 year`)"

    def parse(self, node: yaml.Node) -> Duration:
        text = scalar_text(node, "a duration")
        try:
            return Duration.parse(text)
        except ValueError:
            mend = "write 90 days, 2 weeks, 6 months, 1 quarter or 1 year"
            raise Refused("not-a-duration", f"`{text}` is not a duration", mend) from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\s*\d{1,4}\s+(day|week|month|quarter|year)s?\s*$"}


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A finite number within closed limits; ``above`` is an open lower one."""

    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf

    @property
    def words(self) -> str:
        limits = []
        if self.above > -math.inf:
            limits.append(f"above {self.above:g}")
        if self.low > -math.inf:
            limits.append(f"at least {self.low:g}")
        if self.high < math.inf:
            limits.append(f"at most {self.high:g}")
        return " ".join(["number", " and ".join(limits)]).strip()

    def parse(self, node: yaml.Node) -> float:
        value = number(scalar_text(node, "a number"))
        if not (self.low <= value <= self.high and value > self.above):
            raise Refused("out-of-range", f"{value:g} is not a {self.words}", f"write a {self.words}")
        return value

    def schema(self) -> dict[str, Any]:
        limits = {"minimum": self.low, "maximum": self.high, "exclusiveMinimum": self.above}
        return {"type": "number"} | {name: limit for name, limit in limits.items() if math.isfinite(limit)}


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number within closed limits."""

    low: int
    high: int

    @property
    def words(self) -> str:
        return f"whole number from {self.low} to {self.high}"

    def parse(self, node: yaml.Node) -> int:
        value = number(scalar_text(node, "a whole number"))
        if value != int(value) or not self.low <= value <= self.high:
            raise Refused("out-of-range", f"{value:g} is not a {self.words}", f"write a {self.words}")
        return int(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Flag(Kind):
    """True or false."""

    words = "true or false"

    def parse(self, node: yaml.Node) -> bool:
        text = scalar_text(node, "true or false")
        if text not in ("true", "false"):
            raise Refused("not-a-flag", f"`{text}` is neither true nor false", "write true or false")
        return text == "true"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words."""

    options: tuple[str, ...]

    @property
    def words(self) -> str:
        return " or ".join(f"`{option}`" for option in self.options)

    def parse(self, node: yaml.Node) -> str:
        text = scalar_text(node, self.words)
        if text not in self.options:
            raise Refused("unknown-word", f"`{text}` is not {self.words}", did_you_mean(text, self.options))
        return text

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class PeriodName(Kind):
    """A year, quarter or month."""

    words = "period (`2027`, `2027Q1` or `2027-01`)"

    def parse(self, node: yaml.Node) -> Period:
        text = scalar_text(node, "a period")
        try:
            return Period.parse(text)
        except ValueError:
            raise Refused("not-a-period", f"`{text}` is not a period", "write 2027, 2027Q1 or 2027-01") from None

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "integer"]}


@dataclass(frozen=True, slots=True)
class PerPeriod(Kind):
    """One number for every period, or a list with one for each; their count is checked later."""

    each: Number

    @property
    def words(self) -> str:
        return f"{self.each.words}, or a list of one a period"

    def parse(self, node: yaml.Node) -> float | tuple[float, ...]:
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.each.parse(item) for item in node.value)
        return self.each.parse(node)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.each.schema(), {"type": "array", "items": self.each.schema()}]}


@dataclass(frozen=True, slots=True)
class ByPeriod(Kind):
    """Numbers by the name of a period."""

    each: Number

    @property
    def words(self) -> str:
        return f"{self.each.words} by period, as `{{2026Q4: 3.5}}`"

    def parse(self, node: yaml.Node) -> dict[Period, float]:
        if not isinstance(node, yaml.MappingNode):
            raise Refused("wrong-type", f"expected {self.words}", "write a period before each number")
        found: dict[Period, float] = {}
        for place, value in node.value:
            period = PeriodName().parse(place)
            if period in found:
                raise Refused("key-twice", f"{period} is given twice", "keep one of them")
            found[period] = self.each.parse(value)
        return found

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.each.schema()}


@dataclass(frozen=True, slots=True)
class Weights(Kind):
    """How much each period counts: even, final, or a list."""

    words = "`even`, `final`, or a list of one number a period"

    def parse(self, node: yaml.Node) -> str | tuple[float, ...]:
        if isinstance(node, yaml.SequenceNode):
            weights = tuple(Number(low=0).parse(item) for item in node.value)
            if not sum(weights) > 0:
                raise Refused("out-of-range", "no weight is above 0", "give at least one period a weight")
            return weights
        return Choice(("even", "final")).parse(node)

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [
                {"enum": ["even", "final"]},
                {"type": "array", "items": {"type": "number", "minimum": 0}},
            ]
        }


@dataclass(frozen=True, slots=True)
class Uncertain(Kind):
    """An estimate: a number, a 90 % interval, or three percentiles."""

    bounds: Bounds

    @property
    def words(self) -> str:
        return f"estimate, {self.bounds.value}"

    def parse(self, node: yaml.Node) -> Estimate:
        if isinstance(node, yaml.MappingNode):
            return self._percentiles(node)
        text = scalar_text(node, "a number, `a to b`, or {p10, p50, p90}")
        match = _RANGE.fullmatch(text)
        if match is None:
            value = number(text)
            self._inside(value)
            return Estimate.point(value, self.bounds)
        low, high = number(match["low"]), number(match["high"])
        if low > high:
            raise Refused("range-order", f"the range {text} runs downwards", f"write {high:g} to {low:g}")
        self._inside(low, high)
        self._narrow(low, high)
        return Estimate(Shape.RANGE, (low, high), self.bounds)

    def _percentiles(self, node: yaml.MappingNode) -> Estimate:
        names = ("p10", "p50", "p90")
        found = {str(key.value): value for key, value in node.value}
        if len(found) < len(node.value):
            raise Refused("key-twice", "a percentile is given twice", "keep one of them")
        if set(found) != set(names):
            shown = ", ".join(sorted(found)) or "nothing"
            raise Refused("not-an-estimate", f"found {shown}", "write a number, `a to b`, or {p10: …, p50: …, p90: …}")
        values = tuple(number(scalar_text(found[name], "a number")) for name in names)
        if not values[0] <= values[1] <= values[2]:
            raise Refused("range-order", "p10, p50, p90 do not rise", "write them in rising order")
        self._inside(*values)
        self._narrow(values[0], values[-1])
        estimate = Estimate(Shape.PERCENTILES, values, self.bounds)
        if not estimate.is_certain:
            self._feasible(estimate)
        return estimate

    def _narrow(self, low: float, high: float) -> None:
        if self.bounds in (Bounds.POSITIVE, Bounds.AMOUNT) and 0 < low < high / _WIDEST:
            message = f"from {low:g} to {high:g} are {math.log10(high / low):.0f} orders of magnitude"
            raise Refused("too-wide", message, "narrow it to what is believed, nine at most")

    def _feasible(self, estimate: Estimate) -> None:
        if self.bounds is Bounds.PROBABILITY and estimate.values[-1] >= 1:
            raise Refused("out-of-range", "a percentile of a probability is 1", "write percentiles below 1")
        low, high = estimate.middle_limits or (-math.inf, math.inf)
        if not low <= estimate.values[1] <= high:
            raise Refused(
                "too-skewed",
                f"no distribution fits: p50 is too near {'p10' if estimate.values[1] < low else 'p90'}",
                f"write a p50 between {_rounded(low, up=True)} and {_rounded(high, up=False)}, "
                "or other outer percentiles",
            )

    def _inside(self, *values: float) -> None:
        certain = values[0] == values[-1]
        for value in values:
            match self.bounds:
                case Bounds.POSITIVE if value <= 0:
                    raise Refused("out-of-range", f"{value:g} is not above 0", "write a number above 0")
                case Bounds.AMOUNT if not (value > 0 or (certain and value == 0)):
                    raise Refused(
                        "out-of-range", f"{value:g} is not {self.bounds.value}", "write numbers above 0, or 0"
                    )
                case Bounds.PROBABILITY if not (0 <= value <= 1 and (certain or value > 0)):
                    raise Refused("out-of-range", f"{value:g} is not a probability", "write numbers between 0 and 1")

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        estimate = Kind.read(self, node, report, key)
        if estimate is not BAD and estimate.is_certain and estimate.shape is not Shape.POINT:
            report.warn(
                node,
                "no-spread",
                f"`{key}`: the estimate has no spread",
                "write one number, or a wider range",
            )
        return estimate

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/estimate"}


ESTIMATE_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "number"},
        {"type": "string", "pattern": rf"^\s*{NUMBER_PATTERN}\s+to\s+{NUMBER_PATTERN}\s*$"},
        {
            "type": "object",
            "properties": {name: {"type": "number"} for name in ("p10", "p50", "p90")},
            "required": ["p10", "p50", "p90"],
            "additionalProperties": False,
        },
    ]
}


@dataclass(frozen=True, slots=True)
class Ids(Kind):
    """A list of the ids of initiatives."""

    words = "list of ids"

    def parse(self, node: yaml.Node) -> tuple[str, ...]:
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return tuple(dict.fromkeys(scalar_text(item, "an id") for item in items))

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}


@dataclass(frozen=True, slots=True)
class OneOrMore(Ids):
    """An id, or a list of them."""

    words = "id, or list of ids"

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, Ids.schema(self)]}


def is_id(text: str) -> bool:
    """Whether a text may name an initiative, resource, scenario or path."""
    return _ID.fullmatch(text) is not None
