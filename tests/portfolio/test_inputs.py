"""A file is written again from its inputs, and says the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambits.files import bundled
from gambits.files.reading import compose, flatten, plain
from gambits.portfolio.gambit import load_gambit
from gambits.portfolio.inputs import as_yaml
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio


@pytest.mark.parametrize("name", bundled.portfolio_names())
def test_a_bundled_portfolio_is_read_back_from_its_inputs(name: str, tmp_path: Path) -> None:
    found = load(name)
    file = tmp_path / "again.yaml"
    file.write_text(as_yaml(found.inputs), encoding="utf-8")
    again = load(file)

    assert again == found
    assert again.inputs == found.inputs


@pytest.mark.parametrize("name", bundled.profiles())
def test_a_built_in_gambit_is_read_back_from_its_inputs(name: str, tmp_path: Path) -> None:
    found = load_gambit(name)
    file = tmp_path / "again.yaml"
    file.write_text(as_yaml(found.inputs), encoding="utf-8")

    assert load_gambit(file) == found
    assert load_gambit(file).inputs == found.inputs


@given(data=st.data())
def test_any_portfolio_is_read_back_from_its_inputs(
    data: st.DataObject, portfolio_texts: Callable[..., Any], read: Callable[[str], Portfolio]
) -> None:
    found = read(data.draw(portfolio_texts()))

    assert read(as_yaml(found.inputs)) == found


ODD = """\
year: 2027
quoted number: "2027"
text that looks like one: "2e27"
large: 2e27
small: 1e-12
flag: true
quoted flag: "true"
day: 2027-01-31
words: >-
  two  lines: with
  a colon, "quotes" and ü
nothing: ""
empty: {}
list: [1, 0.5, a to b, {inside: 3, deeper: [true]}]
negative: -0.5
"""


def test_every_kind_of_value_comes_back_as_it_was() -> None:
    inputs = flatten(plain(compose(ODD, "odd.yaml")))

    assert flatten(plain(compose(as_yaml(inputs), "again.yaml"))) == inputs
    assert '"year": 2027,' in as_yaml(inputs)
