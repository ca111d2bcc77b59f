"""When no plan obeys the rules: the error names some that cannot hold together, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gambits.allocate.cuts import allocate
from gambits.errors import BrokenRule, InfeasibleError
from gambits.forecast.draws import central_draw
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

Solve = Callable[..., Any]

# One key a line, so that a line is a rule.
SOUND = """\
format: gambits/1
name: Conflicts
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget:
  per_period: 10
resources:
  people:
    unit: FTE-quarters
    capacity: 20
frontier:
  law: chinchilla-2022
  compute: {flop: 1e26}
  unique_tokens: {count: 1e13}
initiatives:
  kernels:
    path: architect
    source: judgement
    cost: 20
    effects: {compute: 10}
  agents:
    path: alchemist
    source: judgement
    cost: 10
    effects: {compute: 2}
"""

FREE = "name: free\n"


def conflict(text: str, gambit_text: str, solve: Solve) -> tuple[BrokenRule, ...]:
    with pytest.raises(InfeasibleError, match="cannot all hold") as caught:
        solve(text, gambit_text)
    assert caught.value.exit_code == 4
    assert caught.value.hint
    return caught.value.conflict


def lines(rules: tuple[BrokenRule, ...]) -> list[str]:
    """Read the line of each rule in its file."""
    return sorted(Path(rule.where.file).read_text().splitlines()[rule.where.line - 1].strip() for rule in rules)


def to(text: str, after: str, *added: str) -> str:
    """Put lines below the one that reads `after`, at its depth of indentation."""
    assert text.count(f"{after}\n") == 1
    depth = re.search(rf"^( *){re.escape(after)}$", text, re.MULTILINE)[1]  # type: ignore[index]
    return text.replace(f"{after}\n", f"{after}\n" + "".join(f"{depth}{line}\n" for line in added))


def to_kernels(*added: str, text: str = SOUND) -> str:
    return to(text, "cost: 20", *added)


def to_agents(*added: str, text: str = SOUND) -> str:
    return to(text, "cost: 10", *added)


CASES = {
    "a cost above the budget": (to_kernels("must: true").replace("per_period: 10", "per_period: 4"), FREE),
    "a cost above the total": (
        to_kernels("must: true").replace("per_period: 10", "per_period: 10\n  total: 15"),
        FREE,
    ),
    "two that cannot both be paid": (
        to_agents("must: true", text=to_kernels("must: true")).replace("per_period: 10", "per_period: 6"),
        FREE,
    ),
    "more periods than there are": (to_kernels("must: true", "takes: 5"), FREE),
    "a start that leaves too few periods": (to_kernels("must: true", "takes: 2", "start: 2027Q4"), FREE),
    "a start after the last period": (to_kernels("must: true", "start: 2028Q1"), FREE),
    "too few people": (to_kernels("must: true", "uses: {people: 100}"), FREE),
    "money that is not carried over": (
        to_kernels("must: true", "start: 2027Q4").replace("per_period: 10", "per_period: 10\n  carry_over: false"),
        FREE,
    ),
    "must and never": (to_kernels("must: true", "never: true"), FREE),
    "a prerequisite that must never be funded": (
        to_agents("must: true", "requires: [kernels]", text=to_kernels("never: true")),
        FREE,
    ),
    "a prerequisite that takes too long": (
        to_agents("must: true", "after: [kernels]", text=to_kernels("takes: 9")),
        FREE,
    ),
    "a path that the gambit does not fund": (to_kernels("must: true"), "name: only\nonly: [alchemist]\n"),
    "more for one than the gambit gives": (to_kernels("must: true"), "name: careful\nmost_for_one: 0.1\n"),
    "a share that is too small": (
        to_kernels("must: true"),
        "name: leap\nshares:\n  architect: 0.1\n",
    ),
    "a reserve that is too large": (to_kernels("must: true"), "name: thrifty\nreserve: 0.7\n"),
}

# What each case names, as it reads in the files.
NAMED = {
    "a cost above the budget": ["must: true", "per_period: 4"],
    "a cost above the total": ["must: true", "total: 15"],
    "two that cannot both be paid": ["must: true", "must: true", "per_period: 6"],
    "more periods than there are": ["must: true", "takes: 5"],
    "a start that leaves too few periods": ["must: true", "start: 2027Q4", "takes: 2"],
    "a start after the last period": ["must: true", "start: 2028Q1"],
    "too few people": ["capacity: 20", "capacity: 20", "capacity: 20", "capacity: 20", "must: true"],
    "money that is not carried over": ["must: true", "per_period: 10", "start: 2027Q4"],
    "must and never": ["must: true", "never: true"],
    "a prerequisite that must never be funded": ["must: true", "never: true", "requires: [kernels]"],
    "a prerequisite that takes too long": ["after: [kernels]", "must: true", "takes: 9"],
    "a path that the gambit does not fund": ["must: true", "only: [alchemist]"],
    "more for one than the gambit gives": ["most_for_one: 0.1", "must: true"],
    "a share that is too small": ["architect: 0.1", "must: true"],
    "a reserve that is too large": ["must: true", "reserve: 0.7"],
}


@pytest.mark.parametrize("case", CASES)
def test_a_conflict_names_the_rules_and_their_lines(case: str, solve: Solve) -> None:
    text, gambit_text = CASES[case]

    assert lines(conflict(text, gambit_text, solve)) == NAMED[case]


# A rule that has to be there is loosened; any other is removed with its line.
LOOSER = {
    "per_period": "per_period: 100",
    "capacity": "capacity: 1000",
    "architect": "architect: [0, 1]",
}


def mended(text: str, line: str) -> str:
    key = line.partition(":")[0]
    return re.sub(rf"^( *){re.escape(line)}\n", rf"\1{LOOSER.get(key, '')}\n", text, count=1, flags=re.MULTILINE)


@pytest.mark.parametrize("case", CASES)
def test_each_rule_that_a_conflict_names_is_needed_for_it(case: str, solve: Solve) -> None:
    """Without any one of them, or with it loosened, some plan obeys the rest."""
    text, gambit_text = CASES[case]

    for line in set(lines(conflict(text, gambit_text, solve))):
        solve(mended(text, line), mended(gambit_text, line))


@pytest.mark.parametrize("case", CASES)
def test_the_rules_that_a_conflict_names_are_enough_for_it(case: str, solve: Solve) -> None:
    """Every other rule loosened: these alone still cannot hold."""
    text, gambit_text = CASES[case]
    named = set(lines(conflict(text, gambit_text, solve)))
    loosened = {"must", "never", "takes", "start", "requires", "after", "total", *LOOSER}
    if any(line.startswith(("most_for_one", "reserve")) for line in named):
        loosened -= {"per_period"}  # they are fractions of the budget, which is a part of them

    for line in {line.strip() for line in text.splitlines()} - named:
        if line.partition(":")[0] in loosened:
            text = mended(text, line)

    conflict(text, gambit_text, solve)


def test_a_rule_of_a_gambit_made_in_python_is_named_though_it_has_no_line(
    read: Callable[[str], Portfolio],
) -> None:
    portfolio = read(to_kernels("must: true"))
    seen = Forecast(central_draw(portfolio, 4), portfolio.objective)

    with pytest.raises(InfeasibleError, match="cannot all hold") as caught:
        allocate(portfolio, Gambit("careful", most_for_one=0.1), seen)

    assert [rule.rule for rule in caught.value.conflict] == ["kernels must be funded", "careful's most for one: 10%"]


def test_a_conflict_is_the_same_in_any_order_of_the_file(solve: Solve) -> None:
    text, _ = CASES["two that cannot both be paid"]
    head, kernels, agents = re.split(r"(?=^  kernels:|^  agents:)", text, flags=re.MULTILINE)

    one, other = conflict(text, FREE, solve), conflict(head + agents + kernels, FREE, solve)

    assert sorted(rule.rule for rule in one) == sorted(rule.rule for rule in other)


def test_a_rule_of_a_conflict_as_json_has_its_words_its_file_and_its_line(solve: Solve) -> None:
    text, gambit_text = CASES["more for one than the gambit gives"]

    records = [rule.to_dict() for rule in conflict(text, gambit_text, solve)]

    assert [set(record) for record in records] == [{"rule", "file", "line"}] * 2
    assert records[0]["rule"] == "kernels must be funded"
    assert records[1]["rule"] == "careful's most for one: 10%"
    assert records[1]["line"] == 2
