"""Effects that name a law: how they are read, refused, kept, drawn and shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from gambits.cli import main
from gambits.errors import Problem
from gambits.files.reading import compose, plain
from gambits.forecast.draws import central_draw, draw
from gambits.portfolio.model import Lever, Portfolio
from gambits.portfolio.schema import json_schema
from gambits.quantities.estimates import Estimate, Shape
from gambits.scaling.effects.law import LawEstimate

Read = Callable[[str], Portfolio]
Problems = Callable[[str], tuple[Problem, ...]]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20}
initiatives:
  streams:
    path: architect
    source: Chen et al. 2025
    cost: 20
    effects:
      parameter_efficiency: {parscale: {streams: 8, data: code}}
      compute: {parscale: {streams: 8}}
frontier:
  compute: {flop: 2e27}
  unique_tokens: {count: 15e12}
"""
GAIN = "parameter_efficiency: {parscale: {streams: 8, data: code}}"
MARKET = """\
market:
  sectors: {all: {tokens_per_day: 1e12, value_per_million: 1, cost_per_million: 0.5}}
"""


def with_effects(effects: str) -> str:
    """Give the portfolio with other effects, as one line."""
    before, _, _ = LAB.partition("    effects:\n")
    return f"{before}    effects: {{{effects}}}\n{LAB[LAB.index('frontier:') :]}"


def effects_of(portfolio: Portfolio) -> dict[Lever, Estimate]:
    return dict(portfolio.initiative("streams").effects)


# ------------------------------------------------------------------------------------------------- reading


def test_a_law_is_an_estimate_that_says_where_it_came_from(read: Read) -> None:
    effects = effects_of(read(LAB))
    gain = effects[Lever.PARAMETER_EFFICIENCY]

    assert isinstance(gain, LawEstimate)
    assert gain.shape is Shape.RANGE
    assert gain.values[0] < 0.39 * math.log(8) + 1 < gain.values[1]
    assert effects[Lever.COMPUTE].values == (pytest.approx(1 / 1.14, rel=1e-3),)


def test_an_initiative_keeps_the_provenance_of_its_effects(read: Read) -> None:
    laws = read(LAB).initiative("streams").laws
    gain = laws[Lever.PARAMETER_EFFICIENCY]

    assert list(laws) == [Lever.COMPUTE, Lever.PARAMETER_EFFICIENCY]
    assert (gain.law, gain.title, gain.formula, gain.tag) == ("parscale", "ParScale", "k ln P + 1", "R2")
    assert dict(gain.arguments)["streams"] == "8"
    assert dict(gain.arguments)["trained"] == "0.02"
    assert [(each.name, each.value) for each in gain.constants] == [("k_code", 0.39)]
    assert gain.central == pytest.approx(0.39 * math.log(8) + 1)
    assert gain.source == "Chen et al. 2025, arXiv 2505.10475"
    assert gain.words == "ParScale (Chen et al. 2025; R2)"


def test_what_a_law_was_asked_is_among_the_inputs_and_in_the_lines(read: Read) -> None:
    portfolio = read(LAB)
    key = "initiatives.streams.effects.parameter_efficiency.parscale.streams"

    assert portfolio.inputs[key] == 8
    assert portfolio.place(key).line == 13


def test_provenance_is_part_of_what_an_initiative_is(read: Read) -> None:
    by_law = read(LAB).initiative("streams")
    low, high = by_law.effects[Lever.PARAMETER_EFFICIENCY].values
    by_hand = read(LAB.replace(GAIN, f"parameter_efficiency: {low} to {high}")).initiative("streams")

    assert by_hand.effects[Lever.PARAMETER_EFFICIENCY].values == (low, high)
    assert by_hand.laws.keys() == {Lever.COMPUTE}
    assert by_hand != by_law


def test_an_effect_may_still_be_a_number_a_range_or_percentiles(read: Read) -> None:
    effects = effects_of(
        read(with_effects("compute: 1.2, data_efficiency: 1.2 to 2, test_time: {p10: 1, p50: 2, p90: 4}"))
    )

    assert [each.shape for each in effects.values()] == [Shape.POINT, Shape.RANGE, Shape.PERCENTILES]
    assert not any(isinstance(each, LawEstimate) for each in effects.values())


@pytest.mark.parametrize("line", ["{flop: 2e27}", "{flop: 1e27 to 4e27}"])
def test_a_law_takes_what_it_is_not_told_from_the_flagship(line: str, read: Read) -> None:
    text = with_effects("inference_cost: {overtrain: {tokens_served: 1e14}}") + MARKET
    told = "tokens_served: 1e14, flop: 2e27, unique_tokens: 15e12"

    found = effects_of(read(text.replace("{flop: 2e27}", line)))[Lever.INFERENCE_COST]
    same = effects_of(read(text.replace("tokens_served: 1e14", told)))[Lever.INFERENCE_COST]
    larger = effects_of(read(text.replace("2e27", "2e25")))[Lever.INFERENCE_COST]

    assert isinstance(found, LawEstimate)
    assert found.values == same.values
    assert ("flop", "2e+27") in found.law.arguments
    assert larger.central > found.central


def test_the_flagship_may_stand_after_the_initiatives_or_before(read: Read) -> None:
    text = with_effects("inference_cost: {overtrain: {tokens_served: 1e14}}") + MARKET
    frontier = LAB[LAB.index("frontier:") :]

    assert read(text) == read(text.replace(frontier, "").replace("initiatives:", f"{frontier}initiatives:"))


@pytest.mark.parametrize(
    "effects",
    [
        "parameter_efficiency: {parscale: {streams: 8, data: code}}",
        "test_time: {test_time: {samples: 64, verifiable: 0.3}}",
        "compute: {overtrain: {tokens_served: 1e14}}",
        "compute: {moe: {}}",
        "post_training: {points: {gained: 3 to 13, on: maths}}",
        "post_training: {reinforcement: {start: 0.3, slope: 0.5 to 2, midpoint: 1e4, spent: 1e5}}",
        "unique_tokens: {synthetic_text: {tokens: 1e12}}",
        "data_efficiency: {semi_synthetic: {share: 0.3, against: web}}",
        "compute: {algorithmic_progress: {years: 1}}",
    ],
)
def test_laws_are_sound_for_reader_and_schema_alike(effects: str, problems: Problems) -> None:
    text = with_effects(effects)

    assert problems(text) == ()
    assert list(Draft202012Validator(json_schema()).iter_errors(plain(compose(text, "lab.yaml")))) == []


# ------------------------------------------------------------------------------------------------- refusing


@pytest.mark.parametrize(
    ("effects", "code", "message", "fix"),
    [
        ("compute: {parscall: {streams: 8}}", "unknown-effect-law", "there is no law `parscall`", "`parscale`?"),
        ("compute: {magic: {}}", "unknown-effect-law", "there is no law `magic`", "use one of: algorithmic_progress"),
        ("data_efficiency: {parscale: {streams: 8}}", "law-lever", "says nothing about data_efficiency", "`compute`"),
        ("demand: {moe: {}}", "law-lever", "says nothing about demand", "`parameter_efficiency`"),
        ("compute: {moe: {}, parscale: {streams: 8}}", "one-law", "more than one law: `moe`, `parscale`", "keep one"),
        ("compute: {parscale: {stream: 8}}", "unknown-key", "effects.compute.parscale.stream`", "`streams`?"),
        ("compute: {parscale: {}}", "missing-key", "parscale.streams` is missing", "add `streams:`"),
        ("compute: {parscale: 8}", "wrong-type", "expected a section of keys", "write its keys below it: streams"),
        ("compute: {moe: }", "wrong-type", "expected a section of keys", "write its keys"),
        ("compute: {parscale: {streams: 0.5}}", "out-of-range", "0.5 is not a whole number", "whole number from 1"),
        ("compute: {parscale: {streams: 8, data: prose}}", "unknown-word", "`prose` is not `code`", "use one of"),
        ("post_training: {points: {gained: -3, on: maths}}", "out-of-range", "-3 is not above 0", "above 0"),
        ("post_training: {points: {gained: 7 to 3, on: maths}}", "range-order", "runs downwards", "write 3 to 7"),
        ("compute: {p10: 1, p50: 2}", "not-an-estimate", "found p10, p50", "{p10: …, p50: …, p90: …}"),
        ("compute: {p10: 1, moe: {}}", "not-an-estimate", "found moe, p10", "{p10: …, p50: …, p90: …}"),
        ("compute: {}", "not-an-estimate", "found nothing", "{p10: …, p50: …, p90: …}"),
        (
            "post_training: {reinforcement: {start: 0.7, slope: 1, midpoint: 1e4, spent: 1e5}}",
            "law-argument",
            "`asymptote` 0.61 does not lie above `start` 0.7",
            "write the pass rate before",
        ),
    ],
)  # fmt: skip
def test_a_fault_in_an_effect_is_named_with_its_line_and_its_mend(
    effects: str, code: str, message: str, fix: str, problems: Problems
) -> None:
    found = [each for each in problems(with_effects(effects) + MARKET) if each.code == code]

    assert len(found) == 1, problems(with_effects(effects) + MARKET)
    assert found[0].where.line == 12
    assert message in found[0].message
    assert fix in found[0].fix


def test_a_law_that_needs_the_flagship_is_refused_without_a_frontier(problems: Problems) -> None:
    text = with_effects("inference_cost: {overtrain: {tokens_served: 1e14}}").partition("frontier:")[0]

    (problem,) = problems(text + MARKET)

    assert (problem.code, problem.where.line) == ("law-argument", 12)
    assert "`flop` is by default that of `frontier`" in problem.message
    assert "give `flop:`" in problem.fix


def test_a_fault_in_the_frontier_is_told_once_and_not_blamed_on_the_law(problems: Problems) -> None:
    text = with_effects("inference_cost: {overtrain: {tokens_served: 1e14}}").replace("flop: 2e27", "flop: lots")

    assert [each.code for each in problems(text + MARKET)] == ["not-a-number"]


@pytest.mark.parametrize(
    "effects",
    [
        "compute: {parscale: {stream: 8}}",
        "compute: {parscale: {}}",
        "compute: {magic: {}}",
        "compute: {moe: {}, parscale: {streams: 8}}",
        "data_efficiency: {parscale: {streams: 8}}",
        "compute: {parscale: {streams: 8.5}}",
        "demand: {moe: {}}",
    ],
)
def test_what_the_schema_refuses_the_reader_refuses_too(effects: str, problems: Problems) -> None:
    text = with_effects(effects) + MARKET

    assert list(Draft202012Validator(json_schema()).iter_errors(plain(compose(text, "lab.yaml"))))
    assert problems(text)


@pytest.mark.parametrize(
    ("effects", "written", "expected"),
    [
        ("data_efficiency: {curation: {}}", "", 1.1e23),
        ("data_efficiency: {curation: {}}", "\n    fitted_to: 5e25", 5e25),
        ("data_efficiency: {hybrid: {}}, parameter_efficiency: {moe: {}}", "", 5.1e21),
        ("data_efficiency: {hybrid: {}}, compute: 1.2", "", None),
        ("post_training: {self_play: {}}", "", None),
    ],
)
def test_evidence_ends_where_the_laws_behind_an_effect_say_unless_it_is_written(
    effects: str, written: str, expected: float | None, read: Read
) -> None:
    text = with_effects(effects).replace("    cost: 20", f"    cost: 20{written}")

    assert read(text).initiative("streams").fitted_to == expected


# ------------------------------------------------------------------------------------------------- warnings


@pytest.mark.parametrize(
    ("effects", "tail", "expected"),
    [
        (GAIN, "", [("cost-left-out", "compute")]),
        (GAIN, MARKET, [("cost-left-out", "compute"), ("cost-left-out", "inference_cost")]),
        (f"{GAIN}, compute: 0.9", "", []),
        (f"{GAIN}, compute: {{parscale: {{streams: 8}}}}, inference_cost: {{parscale: {{streams: 8}}}}", MARKET, []),
        ("test_time: {test_time: {samples: 64, verifiable: 0.3}}", "", []),
        ("test_time: {test_time: {samples: 64, verifiable: 0.3}}", MARKET, [("cost-left-out", "inference_cost")]),
    ],
)
def test_the_gain_of_a_law_without_its_cost_is_pointed_at(
    effects: str, tail: str, expected: list[tuple[str, str]], read: Read
) -> None:
    warnings = read(with_effects(effects) + tail).warnings

    assert [(each.code, each.message.partition("cost in ")[2].split()[0]) for each in warnings] == expected
    assert all(each.where.line == 12 for each in warnings)


@pytest.mark.parametrize(("served", "expected"), [("1e14", ["counted-twice"]), ("0", [])])
def test_a_frontier_that_is_served_has_made_its_models_smaller_already(
    served: str, expected: list[str], read: Read
) -> None:
    text = with_effects("compute: {overtrain: {tokens_served: 1e14}}")
    text = text.replace("frontier:\n", f"frontier:\n  inference_tokens: {served}\n")

    assert [each.code for each in read(text).warnings] == expected


def test_the_cost_of_a_token_moves_a_frontier_that_is_served_without_a_market(problems: Problems) -> None:
    text = with_effects("inference_cost: 2")

    assert [each.code for each in problems(text)] == ["no-market"]
    assert problems(text.replace("frontier:\n", "frontier:\n  inference_tokens: 1e14\n")) == ()


@pytest.mark.parametrize(("count", "expected"), [("", ["counted-twice"]), (", count: training", [])])
def test_a_saving_over_a_life_is_not_counted_in_serving_as_well(count: str, expected: list[str], read: Read) -> None:
    overtrain = "{overtrain: {tokens_served: 1e14%s}}"
    effects = f"compute: {overtrain % count}, inference_cost: {overtrain % ''}"

    assert [each.code for each in read(with_effects(effects) + MARKET).warnings] == expected


def test_the_rounded_chinchilla_comes_with_a_warning(read: Read) -> None:
    text = LAB.replace("frontier:\n", "frontier:\n  law: chinchilla-2022-rounded\n")

    (warning,) = read(text).warnings

    assert warning.code == "rounded-law"
    assert "must not be used to extrapolate" in warning.message


# ----------------------------------------------------------------------------------- draws, scenarios, synergies


def test_an_effect_by_law_is_drawn_as_its_range_is(read: Read) -> None:
    portfolio = read(LAB)
    low, high = portfolio.initiative("streams").effects[Lever.PARAMETER_EFFICIENCY].values
    by_hand = read(LAB.replace(GAIN, f"parameter_efficiency: {low} to {high}"))

    one, other = (draw(each, 4, "2027", 50) for each in (portfolio, by_hand))

    assert np.array_equal(one.helps, other.helps)
    assert np.array_equal(central_draw(portfolio, 4).helps, central_draw(by_hand, 4).helps)


def test_a_scenario_may_change_what_a_law_is_asked(read: Read, problems: Problems) -> None:
    change = "initiatives.streams.effects.parameter_efficiency: {parscale: {streams: 2}}"
    text = (
        f"{LAB}scenarios:\n  - {{name: a, probability: 0.5}}\n  - {{name: b, probability: 0.5, change: {{{change}}}}}\n"
    )

    changed = read(text).scenarios[1].change["initiatives.streams.effects.parameter_efficiency"]

    assert isinstance(changed, LawEstimate)
    assert changed.law.central == pytest.approx(0.33 * math.log(2) + 1)
    assert list(Draft202012Validator(json_schema()).iter_errors(plain(compose(text, "lab.yaml")))) == []
    assert [each.code for each in problems(text.replace("{streams: 2}", "{stream: 2}"))] == [
        "missing-key",
        "unknown-key",
    ]


# ------------------------------------------------------------------------------------------------------ showing


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "portfolio.yaml"
    path.write_text(LAB, encoding="utf-8")
    return str(path)


def test_check_says_by_which_law_an_effect_is(file: str) -> None:
    found = " ".join(run("check", file).split())

    assert "streams: parameter efficiency 1.608 to 2.101 by ParScale (Chen et al. 2025; R2)" in found


def test_the_memo_says_by_which_law_an_effect_is_and_how_its_range_came_about(file: str) -> None:
    memo = run("memo", file, "--certain")

    assert "parameter efficiency 1.608 to 2.101× by ParScale (Chen et al. 2025; R2)" in memo
    (line,) = [line for line in memo.splitlines() if line.startswith("- ParScale: Chen et al. 2025, arXiv 2505.10475.")]
    assert "k ln P + 1, at streams 8, data code" in line
    assert "gives 1.81; 5th to 95th percentile over the gain's logarithm, 1.25 times less or more" in line
    assert "R2: read in a secondary place" in line
    assert "models of 0.5 to 4.4 billion parameters" in line
