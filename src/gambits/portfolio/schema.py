"""The portfolio file, key by key: the one table behind parsing, suggestions, JSON Schema and reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gambits.files import bundled
from gambits.files.kinds import (
    ESTIMATE_SCHEMA,
    ByPeriod,
    Choice,
    Date,
    Flag,
    Ids,
    Kind,
    Lasting,
    Number,
    OneOrMore,
    PeriodName,
    PerPeriod,
    Text,
    Uncertain,
    Weights,
    Whole,
)
from gambits.files.sections import Changes, Key, Section, Several, Table
from gambits.portfolio.effects import Effect
from gambits.portfolio.model import ALCHEMIST, ARCHITECT, Lever
from gambits.portfolio.needs import Needs
from gambits.portfolio.response import ResponseKind
from gambits.portfolio.sizes import MOST_WORTH
from gambits.quantities.estimates import Bounds

FORMAT: Final = "gambits/1"
DEFAULT_LAW: Final = "muennighoff-2023"
MOST_PERIODS: Final = 240

_POSITIVE = Uncertain(Bounds.POSITIVE)
_PROBABILITY = Uncertain(Bounds.PROBABILITY)
_MONEY = Number(low=0)
_WEIGHT = Number(low=0, high=MOST_WORTH)
_FRACTION = Number(low=0, high=1)
_MANY = Whole(0, 100_000)

_TREND_GROWTH = Key("growth_per_year", _POSITIVE, "growth of the baseline, without this portfolio", "× a year", "1")

_ABOUT_LEVERS: Final = {
    Lever.COMPUTE: "multiplier of compute at full funding: utilisation, precision, kernels, bought FLOP; below 1 harms",
    Lever.PARAMETER_EFFICIENCY: "multiplier of what a parameter does; below 1 harms",
    Lever.DATA_EFFICIENCY: "multiplier of what a token teaches; below 1 harms",
    Lever.UNIQUE_TOKENS: "tokens added to the unique stock at full funding, times `quality`",
    Lever.POST_TRAINING: "multiplier of effective compute after training, outside the loss law; below 1 harms",
    Lever.TEST_TIME: "multiplier of effective compute at test time, outside the loss law; below 1 harms",
    Lever.INFERENCE_COST: "divides the cost of a token served; below 1 harms",
    Lever.DEMAND: "multiplies the tokens served; below 1 harms",
    Lever.TOKEN_VALUE: "multiplies the value of a token; below 1 harms",
}

EFFECTS: Final = Section(
    tuple(
        Key(lever.value, Effect(Bounds.POSITIVE, lever.value), about, lever.unit)
        for lever, about in _ABOUT_LEVERS.items()
    )
)

_USES = Key(
    "uses",
    Table(_POSITIVE, "amount"),
    "total use of each resource at full funding, in proportion to the money",
    "the resource's",
)

LEVEL: Final = Section(
    (
        Key("name", Text(), "what the size is called", default="its number"),
        Key("cost", _POSITIVE, "cost of this size", "money", required=True),
        Key("effects", EFFECTS, "what this size does, by lever", default="those of the initiative"),
        Key("value", Uncertain(Bounds.ANY), "points of this size", "points", "those of the initiative"),
        Key("uses", _USES.kind, "what this size uses", _USES.unit, "those of the initiative"),
    )
)

CRITERION: Final = Section(
    (
        Key("metric", Text(), "an outcome of that name, a key of the initiative, `funded` or `money`", required=True),
        Key("below", Number(), "the work stops if the metric is below this", "the metric's"),
        Key("above", Number(), "the work stops if the metric is above this", "the metric's"),
        Key("by", Date(), "the day on which it counts", required=True),
    )
)

DISSENT: Final = Section(
    (
        Key("by", Text(), "who objects", required=True),
        Key("text", Text(), "the objection", required=True),
    )
)

PILOT: Final = Section(
    (
        Key("cost", Number(above=0), "money that the pilot takes", "money", required=True),
        Key(
            "informs",
            OneOrMore(),
            "estimates known after it: `success`, `effects.compute` … of the initiative itself, or a whole dotted key",
            required=True,
        ),
        Key("source", Text(), "where its cost comes from; a judgement begins with that word"),
    )
)

INITIATIVE: Final = Section(
    (
        Key("title", Text(), "what people call it", default="the id"),
        Key(
            "path",
            Text(),
            "`architect`, `alchemist`, or another word for work outside the gambit's shares",
            required=True,
            usual=(ARCHITECT, ALCHEMIST, "scale"),
        ),
        Key("owner", Text(), "who answers for it"),
        Key("team", Text(), "who does it"),
        Key("source", Text(), "where the effects come from; a judgement begins with that word", required=True),
        Key("note", Text(), "anything a reader should know"),
        Key("cost", _POSITIVE, "cost of full funding; required without `stages` and `levels`", "money"),
        Key("success", _PROBABILITY, "probability of technical success", default="1"),
        Key(
            "stages",
            Several(
                Section(
                    (
                        Key("name", Text(), "what the part is called", required=True),
                        Key("cost", _POSITIVE, "cost of the part", "money", required=True),
                        Key("success", _PROBABILITY, "probability that the part succeeds", default="1"),
                    )
                ),
                "stage",
                apart=True,
            ),
            "chained parts in place of `cost` and `success`; the effects come with the last",
        ),
        Key(
            "levels",
            Several(LEVEL, "level", apart=True),
            "sizes in place of `cost`, in rising order: at most one is funded, and that one whole",
        ),
        Key("effects", EFFECTS, "what full funding does, by lever"),
        Key("quality", Number(above=0, high=1), "share of the added tokens that counts as usable", default="1"),
        Key("value", Uncertain(Bounds.ANY), "points of your own, linear in the funded fraction", "points", "0"),
        Key(
            "response",
            ResponseKind(),
            "progress against the funded fraction: diminishing returns",
            default="1",
        ),
        Key("start", PeriodName(), "no money before this period", default="the first"),
        Key("takes", Whole(1, MOST_PERIODS), "at most 1/n of the cost in a period", "periods", "1"),
        Key("lag", Whole(0, MOST_PERIODS), "progress counts this much after the money", "periods", "0"),
        _USES,
        Key("requires", Needs(), "funded only as far as all of these are; void if one of them fails"),
        Key("after", Needs(), "funded only as far as all of these are, without the technical chain"),
        Key("must", Flag(), "fully funded at the end", default="false"),
        Key("never", Flag(), "gets no money", default="false"),
        Key(
            "whole",
            Flag(),
            "all or nothing at the end; if it takes several periods, in equal parts from a start that the plan chooses",
            default="false",
        ),
        Key("minimum", _FRACTION, "smallest funded fraction at the end if it gets any money", default="0"),
        Key(
            "spent",
            ByPeriod(_MONEY),
            "paid already, before the horizon or in periods over by `as_of`: counts as funded",
            "money",
        ),
        Key("fitted_to", Number(above=0), "the largest run behind the evidence for the effect", "FLOP"),
        Key("verified", Flag(), "whether a third party has checked it", default="false"),
        Key("pilot", PILOT, "what it costs to find out, before the money is split"),
        Key("review_every", Lasting(), "how long its estimates hold; a rerun names those that are older"),
        Key("kill", Several(CRITERION, "criterion", apart=True), "what would stop the work; a rerun looks at each"),
        Key("dissent", Several(DISSENT, "objection", apart=True), "objections that stand, and whose they are"),
    )
)

MARKET: Final = Section(
    (
        Key("elasticity", Number(low=0, high=10), "of tokens served against their cost", default="0"),
        Key(
            "value_per_oom",
            Number(low=0, high=10),
            "log10 of value per token for each OOM of effective compute",
            default="0",
        ),
        Key(
            "sectors",
            Table(
                Section(
                    (
                        Key("tokens_per_day", _POSITIVE, "tokens served at the start", "tokens a day", required=True),
                        Key("value_per_million", _POSITIVE, "what a million tokens are worth", "money", required=True),
                        Key(
                            "cost_per_million", _POSITIVE, "what a million tokens cost to serve", "money", required=True
                        ),
                    )
                ),
                "sector",
                apart=True,
            ),
            "who is served",
            required=True,
        ),
    )
)

SYNERGY: Final = Section(
    (
        Key("between", Ids(), "two initiatives", required=True),
        Key("effects", EFFECTS, "extra effect on the lesser progress of both; multipliers of 1 or more", required=True),
    )
)

OVERLAP: Final = Section(
    (
        Key("among", Ids(), "the initiatives that share the slack", required=True),
        Key("lever", Choice(tuple(lever.value for lever in Lever)), "the lever on which they share it", required=True),
        Key("cap", _POSITIVE, "what their effects can be together at most", "× or tokens", required=True),
    )
)

DECISION: Final = Section(
    (
        Key("question", Text(), "the decision as a question", default="how the budget should be split"),
        Key("decider", Text(), "who decides"),
        Key("by", Date(), "the day by which it has to be decided"),
    )
)

RIVAL: Final = Section(
    (
        Key(
            "effective_compute",
            _POSITIVE,
            "its effective compute at the start of the first period",
            "log10 FLOP",
            required=True,
        ),
        Key("growth_per_year", _POSITIVE, "growth of its effective compute", "× a year", "1"),
    )
)

SCENARIO: Final = Section(
    (
        Key("name", Text(), "what the future is called", required=True),
        Key("probability", Number(above=0, high=1), "its probability", required=True),
        Key(
            "change",
            Changes(),
            "estimates under `frontier`, `market`, `rivals` and `initiatives` that differ, by dotted key; a stage or a "
            "size by its name, as in `initiatives.play.stages.pilot.cost`",
        ),
    )
)

FUND: Final = Section(
    (
        Key("name", Text(), "what people call it", required=True),
        Key("paths", OneOrMore(), "the paths that it may pay for", required=True),
        Key("per_period", PerPeriod(_MONEY), "released at the start of each period", "money", required=True),
    )
)

GROUP: Final = Section(
    (
        Key("among", Ids(), "the initiatives", required=True),
        Key("min", _FRACTION, "least part of all money that they get together", "fraction", "0"),
        Key("max", _FRACTION, "most part of all money that they get together", "fraction", "1"),
    )
)

COUNTS: Final = Section(
    (
        Key("min", _MANY, "at least so many initiatives get money", default="0"),
        Key("max", _MANY, "at most so many initiatives get money", default="any number"),
    )
)

PORTFOLIO: Final = Section(
    (
        Key("format", Choice((FORMAT,)), "the version of this file format", required=True),
        Key("name", Text(), "what the decision is called", required=True),
        Key("as_of", Date(), "the day on which the estimates stood", required=True),
        Key(
            "periods",
            Section(
                (
                    Key("first", PeriodName(), "the first period", required=True),
                    Key("count", Whole(1, MOST_PERIODS), "how many periods", required=True),
                )
            ),
            "the horizon",
            required=True,
        ),
        Key("money", Text(), "the unit of money, as `USD million`", required=True),
        Key(
            "budget",
            Section(
                (
                    Key(
                        "per_period",
                        PerPeriod(_MONEY),
                        "released at the start of each period",
                        "money",
                        required=True,
                    ),
                    Key("total", _MONEY, "ceiling over the horizon", "money", "the sum of the releases"),
                    Key("carry_over", Flag(), "whether unspent money stays available", default="true"),
                    Key(
                        "basis",
                        Choice(("committed", "expected")),
                        "a later stage counts whole, or by the chance that it is reached",
                        default="committed",
                    ),
                    Key(
                        "includes_serving",
                        Flag(),
                        "whether the bill for serving tokens is paid from this money",
                        default="false",
                    ),
                    Key(
                        "discount_per_year",
                        Number(low=0, high=10),
                        "by how much the same work is dearer a year later: releases are then-year money",
                        "fraction a year",
                        "0",
                    ),
                    Key("reserve", _FRACTION, "part of all money that is kept back", "fraction", "0"),
                    Key("funds", Several(FUND, "fund", apart=True), "money for some paths only, beside `per_period`"),
                )
            ),
            "the money",
            required=True,
        ),
        Key(
            "resources",
            Table(
                Section(
                    (
                        Key("unit", Text(), "the unit, as `FTE-quarters`", required=True),
                        Key(
                            "capacity",
                            PerPeriod(_MONEY),
                            "available in each period",
                            "its unit",
                            required=True,
                        ),
                    )
                ),
                "resource",
                apart=True,
            ),
            "what else runs out",
        ),
        Key(
            "frontier",
            Section(
                (
                    Key(
                        "law",
                        Text(),
                        "a preset, or a law file beside the portfolio",
                        default=DEFAULT_LAW,
                        usual=tuple(bundled.laws()),
                    ),
                    Key("law_uncertainty", Flag(), "whether the law's constants are drawn", default="true"),
                    Key(
                        "compute",
                        Section(
                            (
                                Key("flop", _POSITIVE, "the flagship run, first period", "FLOP", required=True),
                                _TREND_GROWTH,
                            )
                        ),
                        "the flagship training run",
                        required=True,
                    ),
                    Key(
                        "unique_tokens",
                        Section(
                            (
                                Key("count", _POSITIVE, "usable unique stock", "tokens", required=True),
                                _TREND_GROWTH,
                            )
                        ),
                        "the stock of unique tokens",
                        required=True,
                    ),
                    Key(
                        "inference_tokens",
                        Uncertain(Bounds.AMOUNT),
                        "tokens served over the flagship's life; `compute.flop` then trains it and serves it",
                        "tokens",
                        "0",
                    ),
                )
            ),
            "where the lab stands on the scaling law",
        ),
        Key("market", MARKET, "tokens served and their value"),
        Key(
            "objective",
            Section(
                (
                    Key(
                        "effective_compute",
                        _WEIGHT,
                        "weight of a gain of effective compute",
                        "OOM per OOM",
                        "1",
                    ),
                    Key("token_gdp", _WEIGHT, "weight of an OOM of token GDP", "OOM per OOM", "0"),
                    Key("value", _WEIGHT, "weight of a point of `value`", "OOM per point", "0"),
                    Key("weights", Weights(), "how much each period counts", default="even"),
                    Key(
                        "after_horizon",
                        Whole(0, MOST_PERIODS),
                        "the end state is held this much longer",
                        "periods",
                        "0",
                    ),
                )
            ),
            "what a plan is worth; a weight not given is its default unless any is given, then 0",
        ),
        Key("decision", DECISION, "what the memo asks a board to decide"),
        Key(
            "current",
            Table(_MONEY, "initiative"),
            "today's allocation: money over the horizon by initiative, paid evenly from its start on",
            "money",
        ),
        Key("rivals", Table(RIVAL, "rival", apart=True), "other labs, to be ahead of or behind"),
        Key("initiatives", Table(INITIATIVE, "initiative", apart=True), "the work that can be funded", required=True),
        Key("synergies", Several(SYNERGY, "synergy", apart=True), "extra effects of two initiatives together"),
        Key(
            "overlaps",
            Several(OVERLAP, "overlap", apart=True),
            "effects that share one slack, and add up to a cap at most",
        ),
        Key("groups", Several(GROUP, "group", apart=True), "limits on what sets of initiatives get together"),
        Key("excludes", Several(Ids(), "set"), "sets of which at most one gets money"),
        Key("counts", COUNTS, "how many initiatives get money"),
        Key(
            "correlation",
            Section(
                (
                    Key(
                        "path", Number(low=0, high=1), "part of luck that the initiatives of a path share", default="0"
                    ),
                    Key("scenario", Number(low=0, high=1), "part that all share in a scenario", default="0"),
                )
            ),
            "how luck is shared",
        ),
        Key("scenarios", Several(SCENARIO, "scenario", apart=True), "named futures; their probabilities add up to 1"),
    )
)


def kind_of(key: str) -> Uncertain | None:
    """Find the kind of an estimate by its dotted key; None if the table has no estimate there."""
    kind: Kind | None = PORTFOLIO
    for name in key.split("."):
        if isinstance(kind, Section):
            kind = next((row.kind for row in kind.keys if row.name == name), None)
        elif isinstance(kind, (Table, Several)):
            kind = kind.each
        else:
            return None
    return kind if isinstance(kind, Uncertain) else None


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of a portfolio file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"gambits portfolio ({FORMAT})",
        "$defs": {"estimate": ESTIMATE_SCHEMA},
    } | PORTFOLIO.schema()


def rows(section: Section = PORTFOLIO, prefix: str = "") -> Iterator[tuple[str, Key]]:
    """Walk the table in order: (dotted key, row), with ``<id>`` where the author chooses the name."""
    for row in section.keys:
        path = f"{prefix}{row.name}"
        yield path, row
        if isinstance(row.kind, Section):
            yield from rows(row.kind, f"{path}.")
        elif isinstance(row.kind, Table) and isinstance(row.kind.each, Section):
            yield from rows(row.kind.each, f"{path}.<id>.")
        elif isinstance(row.kind, Several) and isinstance(row.kind.each, Section):
            yield from rows(row.kind.each, f"{path}[].")
