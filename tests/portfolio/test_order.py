"""The order of the initiatives: neither names nor the order of the file have a say in any number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from gambits.portfolio.model import Initiative, Need, Portfolio
from gambits.portfolio.order import canonical_order

HEAD = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20}
initiatives:
"""
LAB = (
    HEAD
    + """\
  hybrid: {path: architect, source: x, cost: 10 to 40, value: 3, requires: [platform]}
  repeats: {path: architect, source: x, cost: 12, value: 2}
  platform: {path: architect, source: x, cost: 12}
  play: {path: alchemist, source: x, cost: 20, value: 5, requires: [verifier], after: [platform]}
  rewards: {path: alchemist, source: x, cost: 20, value: 5, requires: [verifier]}
  verifier: {path: alchemist, source: x, cost: 12}
"""
)
IDS = ("hybrid", "repeats", "platform", "play", "rewards", "verifier")


def numbers(initiative: Initiative) -> tuple[Any, ...]:
    """What an initiative is, apart from all words and names."""
    words = {"id", "title", "owner", "team", "source", "note", "requires", "after"}
    return tuple(getattr(initiative, name) for name in Initiative.__slots__ if name not in words)


def shape(portfolio: Portfolio) -> list[tuple[Any, ...]]:
    """The initiatives in their order, with links as positions: all that arithmetic sees."""
    position = {each.id: number for number, each in enumerate(portfolio.initiatives)}
    return [
        (numbers(each), *(sorted(_links(needs, position)) for needs in (each.requires, each.after)))
        for each in portfolio.initiatives
    ]


def _links(needs: tuple[Need, ...], position: dict[str, int]) -> list[tuple[Any, ...]]:
    return [(sorted(position[id] for id in need.of), need.count, need.share, need.lag) for need in needs]


def rewritten(text: str, names: dict[str, str], order: list[str]) -> str:
    """Rename and reorder the initiatives of a portfolio's text."""
    document = yaml.safe_load(text)
    initiatives = document["initiatives"]
    for initiative in initiatives.values():
        for key in ("requires", "after"):
            if key in initiative:
                initiative[key] = [names[id] for id in initiative[key]]
    document["initiatives"] = {names[id]: initiatives[id] for id in order}
    return yaml.safe_dump(document, sort_keys=False)


@given(names=st.permutations(["a1", "b2", "c3", "z9", "hybrid", "M-5"]), order=st.permutations(IDS))
def test_renaming_and_reordering_leave_the_order_of_the_numbers_alone(
    read: Callable[[str], Portfolio], names: list[str], order: list[str]
) -> None:
    again = read(rewritten(LAB, dict(zip(IDS, names, strict=True)), order))

    assert shape(again) == shape(read(LAB))


@given(data=st.data())
def test_so_they_do_in_any_portfolio(
    read: Callable[[str], Portfolio], portfolio_texts: Callable[..., st.SearchStrategy[str]], data: st.DataObject
) -> None:
    text = data.draw(portfolio_texts(most_initiatives=6))
    ids = list(yaml.safe_load(text)["initiatives"])
    names = data.draw(st.permutations([f"n{number}" for number in range(len(ids))]))
    order = data.draw(st.permutations(ids))

    assert shape(read(rewritten(text, dict(zip(ids, names, strict=True)), order))) == shape(read(text))


def test_every_initiative_keeps_its_place_whatever_is_said_about_it_in_words(read: Callable[[str], Portfolio]) -> None:
    told = LAB.replace("source: x", "source: 'judgement: y', title: Zzz, owner: A, team: B, note: C")

    assert [each.id for each in read(told).initiatives] == [each.id for each in read(LAB).initiatives]


def test_twins_stand_by_name(read: Callable[[str], Portfolio]) -> None:
    twins = (
        HEAD
        + "  zebra: {path: x, source: x, cost: 1, value: 1}\n"
        + "  ape: {path: x, source: x, cost: 1, value: 1}\n"
        + "  lion: {path: x, source: x, cost: 1, value: 1}\n"
    )

    assert [each.id for each in read(twins).initiatives] == ["ape", "lion", "zebra"]


def test_twins_that_differ_in_whom_they_serve_are_told_apart_by_that(read: Callable[[str], Portfolio]) -> None:
    """`platform` and `verifier` cost the same; what waits for them decides, and not their names."""
    swapped = rewritten(LAB, {id: id for id in IDS} | {"platform": "verifier", "verifier": "platform"}, list(IDS))

    assert shape(read(swapped)) == shape(read(LAB))


def test_the_order_holds_every_initiative_once(read: Callable[[str], Portfolio]) -> None:
    initiatives = read(LAB).initiatives

    assert sorted(each.id for each in canonical_order(reversed(initiatives))) == sorted(IDS)
    assert canonical_order(reversed(initiatives)) == initiatives
    assert canonical_order([]) == ()
