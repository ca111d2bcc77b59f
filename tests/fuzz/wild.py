"""Values for every kind of key, straight from the table of keys: those it takes, and those it refuses.

Whatever the table comes to hold is drawn here without a line more, so that keys meet each other in ways that
nobody thought of.
"""

from __future__ import annotations

import math
from functools import singledispatch
from random import Random
from typing import Any, Final

import yaml

from gambits.files import kinds
from gambits.files.kinds import Kind
from gambits.files.sections import Changes, Section, Several, Table
from gambits.portfolio.effects import Effect
from gambits.portfolio.gambit import ShareKind
from gambits.portfolio.needs import Needs
from gambits.portfolio.response import ResponseKind
from gambits.portfolio.schema import PORTFOLIO, kind_of
from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.scaling.effects.registry import effect_laws
from gambits.scaling.laws import LAW

IDS: Final = ("a", "b", "c-1")
_PLAIN: Final = (0, 1, -1, 0.5, 0.3, 2, 7, 30)
_STRANGE: Final = (1e-9, 1e-30, 1e12, 1e27, 3e59, -4e5, "1e-59", "007", "+3", ".5", "1.")
_USUALLY: Final = 0.9

Refusals = list[tuple[str, str]]
"""Texts that a kind refuses, each with the code of its problem."""


def wild_file(section: Section, rng: Random) -> str:
    """Write a file of a section's keys, each with a value that its kind takes; what they say together is open."""
    file = drawn(section, rng)
    if section is PORTFOLIO:
        _settle(file, rng)
    if section is LAW:
        _complete(file, rng)
    return yaml.dump(file, sort_keys=False, allow_unicode=True, width=10_000, Dumper=_DUMPER)


def _complete(file: dict[str, Any], rng: Random) -> None:
    """Give a law most of the constants that it needs."""
    constants = {
        name: {"value": drawn(kinds.Number(above=0), rng), "tag": "R1"}
        for name in ("A", "B", "E", "alpha", "beta", "R_D", "R_N")
    }
    if rng.random() < _USUALLY:
        file["constants"] = constants
    file.pop("draws", None)


def _settle(file: dict[str, Any], rng: Random) -> None:
    """Make most of a portfolio's keys agree, for otherwise nothing gets beyond the checks."""

    def usually() -> bool:
        return rng.random() < _USUALLY

    if usually():
        file["as_of"] = "2027-01-01"
        file["periods"] = {"first": "2027Q1", "count": 2}
        file["frontier"] = {"compute": {"flop": 2e27, "growth_per_year": 4}, "unique_tokens": {"count": "1e12 to 2e13"}}
        file["resources"] = {id: {"unit": "heads", "capacity": [3, 4]} for id in IDS}
        file["market"] = {"sectors": {"a": {"tokens_per_day": 2e12, "value_per_million": 1, "cost_per_million": 1}}}
    if usually():
        for key in ("scenarios", "correlation", "synergies", "overlaps"):
            file.pop(key, None)
        file["objective"] = {"value": 1, "effective_compute": 1}
    ids = list(file["initiatives"])
    rules = {
        "groups": [{"among": ids, rng.choice(["min", "max"]): rng.random()}],
        "excludes": [ids[:2]],
        "counts": {rng.choice(["min", "max"]): rng.randint(0, 2)},
    }
    for key, value in rules.items():
        if key in file and usually():
            file[key] = value
            if len(ids) == 1:
                del file[key]
    for position, each in enumerate(file["initiatives"].values()):
        if usually():
            _settle_one(each, ids[:position], rng)


def _settle_one(initiative: dict[str, Any], earlier: list[str], rng: Random) -> None:
    for key in {"requires", "after"} & set(initiative):
        several = [{"any": earlier}, {"of": earlier[:1], "share": 0.5, "lag": 1}, {"k": 1, "of": earlier}]
        initiative[key] = rng.choice([earlier, *several]) if earlier else []
    if "start" in initiative:
        initiative["start"] = rng.choice(["2027Q1", "2027Q2", "9999Q4", "0000Q1"])
    sizes = rng.choice(["cost", "cost", "stages", "levels"])
    for key in ("cost", "stages", "levels", "success", "whole", "minimum", "spent", "kill"):
        if rng.random() < _USUALLY or key in ("cost", "stages", "levels"):
            initiative.pop(key, None)
    initiative[sizes] = {
        "cost": rng.choice([10, "3 to 9", 0.5]),
        "stages": [{"name": "a", "cost": 3}, {"name": "b", "cost": 4, "success": 0.4}],
        "levels": [{"cost": 3}, {"cost": 7, "effects": {"compute": 1.5}}],
    }[sizes]


_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@singledispatch
def drawn(kind: Kind, rng: Random) -> Any:
    """Draw a value that a kind takes, or one of any shape where the kind is unknown here."""
    return rng.choice([True, "a", ["a", "b"], [["a"]], {"a": 1}, {"min": 1, "max": 2}, 0.3, "2027Q1", [{"of": "a"}]])


@singledispatch
def refused(kind: Kind) -> Refusals:
    """List what a kind refuses; nothing where the kind is unknown here."""
    return []


def _number(rng: Random, low: float, high: float, above: float) -> Any:
    numbers = _PLAIN if rng.random() < _USUALLY else _STRANGE
    fits = [each for each in numbers if low <= float(each) <= high and float(each) > above]
    return rng.choice(fits or [low])


@drawn.register
def _(kind: Section, rng: Random) -> Any:
    wanted = {row.name: row for row in kind.keys if row.required or rng.random() < 0.4}
    return {name: drawn(row.kind, rng) for name, row in wanted.items()}


@drawn.register
def _(kind: Table, rng: Random) -> Any:
    return {id: drawn(kind.each, rng) for id in rng.sample(IDS, rng.randint(1, len(IDS)))}


@drawn.register
def _(kind: Several, rng: Random) -> Any:
    return [drawn(kind.each, rng) for _ in range(rng.randint(1, 2))]


@drawn.register
def _(kind: Changes, rng: Random) -> Any:
    keys = ("frontier.compute.flop", "frontier.unique_tokens.count", "initiatives.a.cost", "initiatives.b.success")
    return {key: drawn(kind_of(key) or Section(()), rng) for key in rng.sample(keys, 2)}


@drawn.register
def _(kind: kinds.Text, rng: Random) -> Any:
    return rng.choice(
        ["architect", "alchemist", "scale", "muennighoff-2023", "words", "1e9", "true", "=2+3", "ß\u2028"]
    )


@drawn.register
def _(kind: kinds.Date, rng: Random) -> Any:
    return rng.choice(["2027-01-01", "0001-01-01", "9999-12-31"])


@drawn.register
def _(kind: kinds.Number, rng: Random) -> Any:
    return _number(rng, kind.low, kind.high, kind.above)


@drawn.register
def _(kind: kinds.Whole, rng: Random) -> Any:
    return rng.choice([kind.low, kind.low + 1, min(kind.high, kind.low + 3)])


@drawn.register
def _(kind: kinds.Flag, rng: Random) -> Any:
    return rng.choice([True, False])


@drawn.register
def _(kind: kinds.Choice, rng: Random) -> Any:
    return rng.choice(kind.options)


@drawn.register
def _(kind: kinds.PeriodName, rng: Random) -> Any:
    return rng.choice(["2027Q1", "2027Q1", "2027Q2", "2027", "2027-01", "9999Q4", "0000"])


@drawn.register
def _(kind: kinds.PerPeriod, rng: Random) -> Any:
    return rng.choice([drawn(kind.each, rng), [drawn(kind.each, rng), drawn(kind.each, rng)]])


@drawn.register
def _(kind: kinds.Weights, rng: Random) -> Any:
    return rng.choice(["even", "final", [1, 0], [0, 1e-30], [3e59, 1]])


@drawn.register
def _(kind: kinds.Uncertain, rng: Random) -> Any:
    spans = {Bounds.PROBABILITY: (0.01, 0.99), Bounds.ANY: (-1e9, 1e9)}
    low, high = spans.get(kind.bounds, (1e-30, 3e59))
    ends = sorted((_number(rng, low, high, -1e61) for _ in range(2)), key=float)
    if float(ends[0]) * 1e9 < float(ends[1]) and rng.random() < _USUALLY:
        return ends[0]
    middle = Estimate(Shape.PERCENTILES, (float(ends[0]), 0, float(ends[1])), kind.bounds).middle_limits
    assert middle is not None
    if ends[0] == ends[1]:
        return ends[0]
    p50 = sum(middle) / 2 if kind.bounds is Bounds.ANY else math.sqrt(middle[0]) * math.sqrt(middle[1])
    return rng.choice([ends[0], f"{ends[0]} to {ends[1]}", {"p10": ends[0], "p50": p50, "p90": ends[1]}])


@drawn.register
def _(kind: Effect, rng: Random) -> Any:
    laws = effect_laws(kind.lever)
    if laws and rng.random() < 0.3:
        name = rng.choice(sorted(laws))
        return {name: drawn(laws[name].section, rng)}
    return drawn.dispatch(kinds.Uncertain)(kind, rng)


@drawn.register
def _(kind: kinds.Ids, rng: Random) -> Any:
    return rng.sample(IDS, rng.randint(1, 2))


@drawn.register
def _(kind: Needs, rng: Random) -> Any:
    return rng.sample(IDS, rng.randint(1, 2))


@drawn.register
def _(kind: kinds.ByPeriod, rng: Random) -> Any:
    return {rng.choice(["2026Q4", "2027Q1", "2027"]): drawn(kind.each, rng)}


@drawn.register
def _(kind: kinds.Lasting, rng: Random) -> Any:
    return rng.choice(["90 days", "1 year", "0 days", "9999 months"])


@drawn.register
def _(kind: ResponseKind, rng: Random) -> Any:
    return rng.choice([1, 0.5, 0.1, [[0, 0], [1, 1]], [[1e-3, 0.9], [1, 1]]])


@drawn.register
def _(kind: ShareKind, rng: Random) -> Any:
    return rng.choice([0, 1, 0.3, [0, 1e-9], [0.2, 0.9], {"min": 0.5}])


_NOT_NUMBERS: Final = [
    ("dear", "not-a-number"),
    ("[1, 2]", "wrong-type"),
    (".nan", "not-a-number"),
    (".inf", "not-a-number"),
    ("0x10", "not-a-number"),
    ("1_000", "not-a-number"),
    ("9e999", "not-a-number"),
    ("1e61", "out-of-range"),
    ("~", "empty"),
    ("''", "empty"),
    (r'"\e[2J"', "control-character"),
]


@refused.register
def _(kind: Section) -> Refusals:
    return [("nothing", "wrong-type"), ("[a]", "wrong-type"), ("{slove: 1}", "unknown-key")]


@refused.register
def _(kind: Table) -> Refusals:
    return [("nothing", "wrong-type"), ("[a]", "wrong-type"), ("{a/b: {}}", "not-an-id"), ("{'': {}}", "not-an-id")]


@refused.register
def _(kind: Several) -> Refusals:
    return [("nothing", "wrong-type"), ("{a: b}", "wrong-type")]


@refused.register
def _(kind: kinds.Text) -> Refusals:
    return [("[a]", "wrong-type"), ("{a: b}", "wrong-type"), ("~", "empty"), (r'"a\0b"', "control-character")]


@refused.register
def _(kind: kinds.Date) -> Refusals:
    return [("soon", "not-a-date"), ("2027-02-30", "not-a-date"), ("[2027-01-01]", "wrong-type")]


@refused.register
def _(kind: kinds.Number) -> Refusals:
    beyond = {kind.low - 1, kind.high + 1, kind.above}
    return _NOT_NUMBERS + [(f"{each:.17g}", "out-of-range") for each in sorted(beyond) if abs(each) < 1e50]


@refused.register
def _(kind: kinds.Whole) -> Refusals:
    beyond = (f"{kind.low - 1}", f"{kind.high + 1}", f"{kind.low + 0.5}")
    return _NOT_NUMBERS + [(each, "out-of-range") for each in beyond]


@refused.register
def _(kind: kinds.Flag) -> Refusals:
    return [("yes", "not-a-flag"), ("1", "not-a-flag"), ("[true]", "wrong-type"), ("~", "empty")]


@refused.register
def _(kind: kinds.Choice) -> Refusals:
    return [("another", "unknown-word"), ("[a]", "wrong-type"), ("~", "empty")]


@refused.register
def _(kind: kinds.PeriodName) -> Refusals:
    return [("2027Q5", "not-a-period"), ("soon", "not-a-period"), ("99999", "not-a-period"), ("[2027]", "wrong-type")]


@refused.register
def _(kind: kinds.Uncertain) -> Refusals:
    faults = [
        ("5 to 1", "range-order"),
        ("1 to dear", "not-a-number"),
        ("{p10: 3, p50: 2, p90: 1}", "range-order"),
        ("{p10: 1, p90: 2}", "not-an-estimate"),
        ("{p10: 1, p10: 1, p50: 1, p90: 1}", "key-twice"),
        ("[1]", "wrong-type"),
        ("dear", "not-a-number"),
        ("~", "empty"),
    ]
    match kind.bounds:
        case Bounds.POSITIVE:
            faults += [("0", "out-of-range"), ("-3", "out-of-range"), ("-1 to 2", "out-of-range")]
        case Bounds.PROBABILITY:
            faults += [("1.5", "out-of-range"), ("-0.1", "out-of-range"), ("0.2 to 3", "out-of-range")]
        case Bounds.ANY:
            pass
    return faults


@refused.register
def _(kind: kinds.Ids) -> Refusals:
    return [("[[a]]", "wrong-type"), ("~", "empty"), ("['']", "empty")]


@refused.register
def _(kind: Needs) -> Refusals:
    return [
        ("[[a]]", "wrong-type"),
        ("[{any: []}]", "needs"),
        ("{k: 9, of: [a, b]}", "needs"),
        ("{off: a}", "unknown-key"),
    ]


@refused.register
def _(kind: kinds.ByPeriod) -> Refusals:
    return [("3", "wrong-type"), ("{soon: 3}", "not-a-period"), ("{2026Q4: dear}", "not-a-number")]


@refused.register
def _(kind: kinds.Lasting) -> Refusals:
    return [("90", "not-a-duration"), ("[1 year]", "wrong-type"), ("two weeks", "not-a-duration")]


@refused.register
def _(kind: ResponseKind) -> Refusals:
    return [
        ("0", "out-of-range"),
        ("1.5", "out-of-range"),
        ("[[0.5, 0.5]]", "not-concave"),
        ("[[1e-9, 1], [1, 1]]", "too-steep"),
        ("[1]", "wrong-type"),
    ]


@refused.register
def _(kind: ShareKind) -> Refusals:
    return [("1.5", "out-of-range"), ("{max: 1}", "unknown-key"), ("[0, dear]", "not-a-number")]


def kind_at(path: str, section: Section = PORTFOLIO) -> Kind | None:
    """Find the kind of any key by its dotted path; None where there is none."""
    kind: Kind | None = section
    for name in path.split("."):
        if isinstance(kind, Section):
            kind = next((row.kind for row in kind.keys if row.name == name), None)
        elif isinstance(kind, Table | Several):
            kind = kind.each
        else:
            return None
    return kind
