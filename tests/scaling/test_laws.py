"""Law files: what is read, and that every fault comes with its line, its code and its mend."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gambits.errors import InputError
from gambits.scaling.frontier import effective_compute
from gambits.scaling.laws import load_law

OURS = """\
format: gambits-law/1
title: Refitted in house
source: our own runs of 2026
fitted_to:
  flop: 2e23
  note: 40 runs of up to 2e23 FLOP
constants:
  A: {value: 482.0, tag: OWN, interval: [285, 744], level: 0.95}
  B: {value: 2085.4, tag: OWN}
  E: {value: 1.817, tag: OWN, note: the paper prints 1.8172}
  alpha: {value: 0.348, tag: OWN}
  beta: {value: 0.366, tag: OWN}
  R_D: {value: 15.4, tag: R1, interval: [4.6, .inf]}
  R_N: {value: 5.3, tag: R1}
"""


def write(folder: Path, text: str, name: str = "ours.yaml") -> Path:
    folder.joinpath(name).write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path, text: str) -> list[tuple[int, str]]:
    """List (line, code) of every problem in a law file."""
    with pytest.raises(InputError, match="in the input") as caught:
        load_law("ours.yaml", write(folder, text))
    assert all(each.where.file.endswith("ours.yaml") for each in caught.value.problems)
    assert all(each.message and each.fix for each in caught.value.problems)
    return [(each.where.line, each.code) for each in caught.value.problems]


def test_a_law_file_beside_a_portfolio_is_read_with_its_provenance(tmp_path: Path) -> None:
    law = load_law("ours.yaml", write(tmp_path, OURS))

    assert (law.name, law.title, law.source) == ("ours", "Refitted in house", "our own runs of 2026")
    assert (law.fitted_to, law.note) == (2e23, "40 runs of up to 2e23 FLOP")
    assert law.constants["A"].interval == (285, 744)
    assert law.constants["A"].level == 0.95
    assert law.constants["R_D"].interval == (4.6, math.inf)
    assert law.constants["E"].note == "the paper prints 1.8172"
    assert law.has_data_limit
    assert law.central.ln_a == pytest.approx(math.log(482), abs=1e-15)
    assert (law.central.alpha, law.central.r_d) == (0.348, 15.4)


def test_a_constant_may_be_given_by_its_logarithm(tmp_path: Path) -> None:
    by_logarithm = OURS.replace("A: {value: 482.0", f"ln_A: {{value: {math.log(482)!r}")

    one = load_law("ours.yaml", write(tmp_path, OURS)).central
    other = load_law("logarithm.yaml", write(tmp_path, by_logarithm, "logarithm.yaml")).central

    assert other.ln_a == pytest.approx(one.ln_a, abs=1e-15)


def test_a_law_without_repetition_constants_knows_no_data_limit(tmp_path: Path) -> None:
    without = "".join(line for line in OURS.splitlines(keepends=True) if "R_" not in line)

    law = load_law("ours.yaml", write(tmp_path, without))

    assert not law.has_data_limit
    assert float(effective_compute(law.central, math.log(1e28), math.log(1e6)).oom) == pytest.approx(28)


@pytest.mark.parametrize(
    ("change", "to", "expected"),
    [
        ("format: gambits-law/1", "format: gambits/1", (1, "unknown-word")),
        ("title: Refitted in house", "titel: Refitted in house", (2, "unknown-key")),
        ("source: our own runs of 2026\n", "", (1, "missing-key")),
        ("source: our own runs of 2026", "source:", (3, "empty")),
        ("flop: 2e23", "flop: lots", (5, "not-a-number")),
        ("flop: 2e23", "flop: 0", (5, "out-of-range")),
        ("  note: 40 runs of up to 2e23 FLOP\n", "", (5, "missing-key")),
        ("value: 482.0", "value: .nan", (8, "not-a-number")),
        ("value: 482.0", "value: -482.0", (8, "out-of-range")),
        ("value: 482.0, ", "", (8, "missing-key")),
        ("tag: OWN, interval", "tag: sure, interval", (8, "unknown-word")),
        ("tag: OWN, interval", "interval", (8, "missing-key")),
        ("[285, 744]", "[285]", (8, "wrong-type")),
        ("[285, 744]", "285", (8, "wrong-type")),
        ("[285, 744]", "[low, high]", (8, "not-a-number")),
        ("[285, 744]", "[744, 285]", (8, "range-order")),
        ("level: 0.95", "level: 95", (8, "out-of-range")),
        ("A: {value: 482.0", "ln_B: {value: 7.6, tag: OWN}\n  A: {value: 482.0", (7, "law-constants")),
        ("  B: {value: 2085.4, tag: OWN}\n", "", (7, "law-constants")),
        ("  alpha: {value: 0.348, tag: OWN}\n", "", (7, "law-constants")),
        ("alpha: {value: 0.348", "alpha: {value: 0", (11, "out-of-range")),
        ("  R_N: {value: 5.3, tag: R1}\n", "", (7, "law-constants")),
        ("R_N: {value: 5.3", "R_N: {value: -5.3", (14, "out-of-range")),
        ("R_N: {value: 5.3", "R_D: {value: 5.3", (14, "key-twice")),
        ("R_N: {value: 5.3", "R_M: {value: 5.3", (14, "unknown-key")),
        ("title: Refitted in house", "title: [Refitted", (3, "not-yaml")),
        ("title: Refitted in house", "title: !!python/object:os.system x", (2, "yaml-tag")),
    ],
)
def test_a_fault_in_a_law_file_is_named_with_its_line(
    change: str, to: str, expected: tuple[int, str], tmp_path: Path
) -> None:
    assert OURS.count(change) == 1

    assert expected in faults(tmp_path, OURS.replace(change, to))


def test_every_fault_of_a_law_file_is_named_at_once(tmp_path: Path) -> None:
    text = OURS.replace("2e23\n", "lots\n", 1).replace("tag: OWN}", "tag: sure}")

    assert faults(tmp_path, text) == [
        (5, "not-a-number"),
        (9, "unknown-word"),
        (11, "unknown-word"),
        (12, "unknown-word"),
    ]


@pytest.mark.parametrize("text", ["", "- a list\n", "just words\n"])
def test_a_law_file_that_is_no_mapping_is_refused(text: str, tmp_path: Path) -> None:
    assert faults(tmp_path, text) == [(1, "not-a-mapping")]


def test_a_law_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 problem in the input") as caught:
        load_law("none.yaml", tmp_path)

    assert caught.value.problems[0].code == "unreadable"
    assert caught.value.problems[0].where.file.endswith("none.yaml")


def test_a_law_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    """One process may compare two versions of a file."""
    load_law("ours.yaml", write(tmp_path, OURS))

    law = load_law("ours.yaml", write(tmp_path, OURS.replace("0.348", "0.352")))

    assert law.central.alpha == 0.352
