"""The JSON Schemas that editors use, made from the table that the reader uses."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from operator import setitem
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from gambits import load_gambit
from gambits.errors import InputError, Problem
from gambits.files import bundled
from gambits.files.reading import compose, plain
from gambits.files.sections import Key
from gambits.portfolio.gambit import GAMBIT
from gambits.portfolio.schema import PORTFOLIO, json_schema, rows
from gambits.scaling.laws import LAW

SCHEMAS = {"portfolio": json_schema(), "gambit": GAMBIT.schema(), "law": LAW.schema()}
PORTFOLIOS = [bundled.portfolio_folder(name) / "portfolio.yaml" for name in bundled.portfolio_names()]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20, total: 50, carry_over: false}
resources:
  gpu: {unit: million GPU-hours, capacity: [5, 5, 6, 6]}
frontier:
  law: besiroglu-2024
  compute: {flop: 1e27, growth_per_year: 3 to 5}
  unique_tokens: {count: 1e13}
objective: {effective_compute: 1, value: 0.1, weights: final, after_horizon: 2}
initiatives:
  hybrid:
    title: A hybrid
    path: architect
    source: "judgement: a guess"
    cost: {p10: 10, p50: 20, p90: 40}
    success: 0.5 to 0.9
    effects: {data_efficiency: 1.2 to 2, compute: 0.9}
    response: [[0.3, 0.6], [1, 1]]
    start: 2027Q2
    takes: 2
    lag: 1
    uses: {gpu: 3}
    must: true
  play:
    path: alchemist
    source: a paper
    cost: 20
    effects: {unique_tokens: 1e12 to 2e13}
    quality: 0.5
    response: 0.7
    value: -3 to 5
    after: [hybrid]
    requires: [hybrid]
    never: false
"""


UNCERTAIN_LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20, basis: expected}
frontier:
  law_uncertainty: false
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
market:
  elasticity: 0.8
  value_per_oom: 0.3
  sectors:
    homes: {tokens_per_day: 2e12, value_per_million: 0.4, cost_per_million: 0.1}
objective: {effective_compute: 1, token_gdp: 0.1}
initiatives:
  hybrid:
    path: architect
    source: "judgement: a guess"
    stages:
      - {name: pilot, cost: 5, success: 0.5}
      - {name: scale, cost: 20 to 40}
    effects: {data_efficiency: 1.2 to 2, inference_cost: 2}
  play:
    path: alchemist
    source: a paper
    cost: 20
    effects: {data_efficiency: 1.5}
synergies:
  - {between: [hybrid, play], effects: {post_training: 1.1}}
overlaps:
  - {among: [hybrid, play], lever: data_efficiency, cap: 2}
correlation: {path: 0.3, scenario: 0.2}
scenarios:
  - {name: as planned, probability: 0.6}
  - {name: dear, probability: 0.4, change: {initiatives.play.cost: 40}}
"""


RULED_LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-04-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget:
  per_period: 20
  discount_per_year: 0.03
  reserve: 0.1
  funds:
    - {name: A grant, paths: [alchemist], per_period: [1, 2, 3, 4]}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    path: architect
    source: "judgement: a guess"
    levels:
      - {name: small, cost: 5, effects: {compute: 1.1}}
      - {cost: 20 to 40, value: 3}
    effects: {compute: 1.2}
  play:
    path: alchemist
    source: a paper
    cost: 20
    whole: true
    takes: 2
    effects: {data_efficiency: 1.5}
    requires:
      - {any: [hybrid, tools]}
      - {k: 2, of: [hybrid, tools, data], share: 0.5}
    after: [{of: data, share: 0.5, lag: 1}]
  tools: {path: alchemist, source: a paper, cost: 8, minimum: 0.3, spent: {2026Q4: 1, 2027Q1: 2.5}}
  data: {path: alchemist, source: a paper, cost: 8}
groups:
  - {among: [tools, data], min: 0.1, max: 0.6}
excludes:
  - [tools, hybrid]
counts: {min: 1, max: 3}
"""
LABS = {"certain": LAB, "uncertain": UNCERTAIN_LAB, "ruled": RULED_LAB}


def as_json(text: str) -> Any:
    """Read YAML as editors do (YAML 1.2): 1e27 is a number, a date is text."""
    return plain(compose(text, "lab.yaml"))


def errors(document: Any, schema: str = "portfolio") -> list[ValidationError]:
    return list(Draft202012Validator(SCHEMAS[schema]).iter_errors(document))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_valid_one_of_draft_2020_12(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


def test_the_schema_of_portfolios_says_which_draft_it_is() -> None:
    assert SCHEMAS["portfolio"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("file", PORTFOLIOS, ids=lambda file: file.parent.name)
def test_the_bundled_portfolios_satisfy_the_schema(file: Path) -> None:
    assert errors(as_json(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("file", bundled.profiles().values(), ids=lambda file: file.stem)
def test_the_built_in_gambits_satisfy_the_schema(file: Path) -> None:
    assert errors(as_json(file.read_text(encoding="utf-8")), "gambit") == []


@pytest.mark.parametrize("file", bundled.laws().values(), ids=lambda file: file.stem)
def test_the_preset_laws_satisfy_the_schema(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace(".inf", "1e300")

    assert errors(as_json(text), "law") == []


@pytest.mark.parametrize("text", LABS.values(), ids=LABS)
def test_a_file_that_uses_every_kind_of_value_satisfies_both_schema_and_reader(
    text: str, problems: Callable[[str], tuple[Problem, ...]]
) -> None:
    assert problems(text) == ()
    assert errors(as_json(text)) == []


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the path of every value inside a document, itself left out."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inside for found in [(*path, key), *places(item, (*path, key))]]


def edited(document: Any, path: tuple[Any, ...], edit: Callable[[Any, Any], None]) -> Any:
    """Copy a document and edit what holds one place of it."""
    mutant = copy.deepcopy(document)
    inside = mutant
    for key in path[:-1]:
        inside = inside[key]
    edit(inside, path[-1])
    return mutant


def mutants(document: Any) -> Iterator[tuple[str, Any]]:
    """Put something odd in every place of a sound file, one place at a time; rename it; take it away."""
    odd = {"a list": [["x"]], "a mapping": {"x": {"y": 1}}, "below zero": -1.5, "a word": "not at all: this"}
    for path in places(document):
        name = ".".join(map(str, path))
        for label, value in odd.items():
            yield (
                f"{name} is {label}",
                edited(document, path, lambda inside, key, value=value: setitem(inside, key, value)),
            )
        yield f"{name} is missing", edited(document, path, lambda inside, key: inside.pop(key))
        if isinstance(path[-1], str):
            yield (
                f"{name} is renamed",
                edited(document, path, lambda inside, key: inside.update({f"{key}_x": inside.pop(key)})),
            )


@pytest.mark.parametrize("text", LABS.values(), ids=LABS)
def test_what_the_schema_refuses_the_reader_refuses_too(
    text: str, problems: Callable[[str], tuple[Problem, ...]]
) -> None:
    refused = [(name, mutant) for name, mutant in mutants(as_json(text)) if errors(mutant)]
    taken = [name for name, mutant in refused if not problems(yaml.safe_dump(mutant, sort_keys=False))]

    assert len(refused) > 200
    assert taken == []


def section_of(path: str) -> Any:
    """Walk the schema to the section that holds a dotted key."""
    schema: Any = SCHEMAS["portfolio"]
    for name in path.split(".")[:-1]:
        if name == "<id>":
            schema = schema["additionalProperties"]
        elif name.endswith("[]"):
            schema = schema["properties"][name.removesuffix("[]")]["items"]
        else:
            schema = schema["properties"][name]
    return schema


@pytest.mark.parametrize(("path", "row"), list(rows(PORTFOLIO)), ids=[path for path, _ in rows(PORTFOLIO)])
def test_the_schema_describes_each_key(path: str, row: Key) -> None:
    section, name = section_of(path), path.rpartition(".")[2]

    assert (name in section.get("required", ())) == row.required
    assert row.about in section["properties"][name]["description"]


@pytest.mark.parametrize(
    "text",
    [
        "name: mine\nshares: {architect: 1.5}",
        "name: mine\nshares: {architect: {max: 1}}",
        "name: mine\nshares: {architect: [0.1, 0.2, 0.3]}",
        "name: mine\ntail: 0",
        "name: mine\nweights: even",
        "shares: {architect: 0.5}",
        "name: mine\nonly: {scale: true}",
    ],
)
def test_a_gambit_that_the_schema_refuses_the_reader_refuses_too(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")

    assert errors(as_json(text), "gambit")
    with pytest.raises(InputError, match="in the input"):
        load_gambit(file)
