"""What a sound file stands for: defaults, units, periods, weights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from gambits.errors import InputError, Where
from gambits.portfolio.model import Lever, Need, Portfolio

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    path: architect
    source: "Judgement: a guess"
    cost: 10 to 40
    effects: {data_efficiency: 1.5}
"""


@pytest.fixture(scope="module")
def edited(read: Callable[[str], Portfolio]) -> Callable[[str, str], Portfolio]:
    """Give a function that reads the small lab with one place of it edited."""

    def edited(old: str, new: str) -> Portfolio:
        assert old in LAB
        return read(LAB.replace(old, new))

    return edited


def test_a_file_with_only_what_is_required_gets_the_defaults(read: Callable[[str], Portfolio]) -> None:
    portfolio = read(LAB)
    hybrid = portfolio.initiative("hybrid")

    assert portfolio.as_of == date(2027, 1, 1)
    assert portfolio.budget.per_period == (20, 20, 20, 20)
    assert portfolio.budget.total == 80
    assert portfolio.budget.carry_over is True
    assert portfolio.resources == ()
    assert portfolio.frontier is not None
    assert portfolio.frontier.law == "muennighoff-2023"
    assert portfolio.frontier.compute.growth_per_year.central == 1
    assert portfolio.frontier.unique_tokens.growth_per_year.central == 1
    assert hybrid.title == "hybrid"
    assert (hybrid.success.central, hybrid.quality, hybrid.value.central) == (1, 1, 0)
    assert hybrid.response.is_linear
    assert (hybrid.start, hybrid.takes, hybrid.lag) == (0, 1, 0)
    assert (hybrid.requires, hybrid.after) == ((), ())
    assert (hybrid.must, hybrid.never) == (False, False)


def test_a_file_without_a_frontier_is_about_value_alone(read: Callable[[str], Portfolio]) -> None:
    text = LAB[: LAB.index("frontier:")] + LAB[LAB.index("initiatives:") :]

    assert read(text.replace("effects: {data_efficiency: 1.5}", "value: 3")).frontier is None


@pytest.mark.parametrize(
    ("budget", "total"),
    [
        ("{per_period: 20, total: 50}", 50),
        ("{per_period: 20, total: 500}", 80),  # the smaller of the ceiling and the releases
        ("{per_period: [5, 10, 15, 20]}", 50),
        ("{per_period: 0}", 0),
    ],
)
def test_the_total_budget_is_the_smaller_of_the_ceiling_and_the_releases(
    budget: str, total: float, edited: Callable[[str, str], Portfolio]
) -> None:
    assert edited("{per_period: 20}", budget).budget.total == total


def test_one_number_holds_for_every_period_and_a_list_has_one_for_each(
    edited: Callable[[str, str], Portfolio],
) -> None:
    both = edited(
        "initiatives:", "resources: {gpu: {unit: h, capacity: [1, 2, 3, 4]}, cpu: {unit: h, capacity: 5}}\ninitiatives:"
    )

    assert {each.name: each.capacity for each in both.resources} == {"cpu": (5, 5, 5, 5), "gpu": (1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("first", "names"),
    [
        ("2027", ("2027", "2028", "2029", "2030")),
        ("2027Q3", ("2027Q3", "2027Q4", "2028Q1", "2028Q2")),
        ("2027-11", ("2027-11", "2027-12", "2028-01", "2028-02")),
    ],
)
def test_periods_are_years_quarters_or_months(
    first: str, names: tuple[str, ...], edited: Callable[[str, str], Portfolio]
) -> None:
    assert edited("2027Q1", first).periods.names == names


@pytest.mark.parametrize(("start", "position"), [("2027Q1", 0), ("2027Q3", 2), ("2020Q1", 0)])
def test_a_start_counts_from_the_first_period_and_none_lies_before_it(
    start: str, position: int, edited: Callable[[str, str], Portfolio]
) -> None:
    portfolio = edited("cost:", f"start: {start}\n    cost:")

    assert portfolio.initiative("hybrid").start == position
    assert portfolio.warnings == ()


def test_a_start_after_the_horizon_is_sound_and_warned_of(edited: Callable[[str, str], Portfolio]) -> None:
    portfolio = edited("cost:", "start: 2028Q1\n    cost:")

    assert [warning.code for warning in portfolio.warnings] == ["after-horizon"]


@pytest.mark.parametrize(
    ("written", "weights"),
    [
        ("{}", (0.25, 0.25, 0.25, 0.25)),
        ("{weights: even}", (0.25, 0.25, 0.25, 0.25)),
        ("{weights: final}", (0, 0, 0, 1)),
        ("{weights: [1, 2, 3, 4]}", (0.1, 0.2, 0.3, 0.4)),
        ("{weights: even, after_horizon: 1}", (0.2, 0.2, 0.2, 0.2, 0.2)),
        # With the end state held on, the last period is the one after the horizon.
        ("{weights: final, after_horizon: 2}", (0, 0, 0, 0, 0, 1)),
        # A list of the horizon's length: its last weight goes on. One of the whole length: as it stands.
        ("{weights: [1, 1, 1, 2], after_horizon: 2}", (1 / 9, 1 / 9, 1 / 9, 2 / 9, 2 / 9, 2 / 9)),
        ("{weights: [0, 0, 0, 1, 0, 1], after_horizon: 2}", (0, 0, 0, 0.5, 0, 0.5)),
    ],
)
def test_weights_of_periods_add_up_to_one(
    written: str, weights: tuple[float, ...], edited: Callable[[str, str], Portfolio]
) -> None:
    objective = edited("initiatives:", f"objective: {written}\ninitiatives:").objective

    assert objective.weights == pytest.approx(weights, abs=1e-15)
    assert sum(objective.weights) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("weights", ["[1, 2, 3]", "[1, 2, 3, 4, 5]", "[1, 2, 3, 4, 5, 6, 7]"])
def test_a_list_of_weights_covers_the_horizon_or_all_that_follows_too(
    weights: str, edited: Callable[[str, str], Portfolio]
) -> None:
    with pytest.raises(InputError) as caught:
        edited("initiatives:", f"objective: {{weights: {weights}, after_horizon: 2}}\ninitiatives:")

    assert [problem.code for problem in caught.value.problems] == ["wrong-length"]


@pytest.mark.parametrize(
    ("written", "effective_compute", "value"),
    [
        ("{}", 1, 0),
        ("{weights: final}", 1, 0),
        ("{effective_compute: 2}", 2, 0),
        ("{value: 3}", 0, 3),
        ("{effective_compute: 1, value: 3}", 1, 3),
        ("{effective_compute: 0}", 0, 0),
    ],
)
def test_a_weight_not_given_is_its_default_unless_any_is_given_and_then_zero(
    written: str, effective_compute: float, value: float, edited: Callable[[str, str], Portfolio]
) -> None:
    objective = edited("initiatives:", f"objective: {written}\ninitiatives:").objective

    assert (objective.effective_compute, objective.value) == (effective_compute, value)


@pytest.mark.parametrize("written", ["hybrid", "[hybrid]", "[hybrid, hybrid]"])
def test_a_single_id_needs_no_brackets_and_counts_once(written: str, read: Callable[[str], Portfolio]) -> None:
    portfolio = read(LAB + f"  flagship: {{path: architect, source: x, cost: 1, value: 1, requires: {written}}}\n")

    assert portfolio.initiative("flagship").requires == (Need(("hybrid",)),)


@pytest.mark.parametrize(
    ("written", "points"),
    [
        ("[[1, 1]]", ((0, 0), (1, 1))),
        ("[[0, 0], [0.3, 0.6], [1, 1]]", ((0, 0), (0.3, 0.6), (1, 1))),
        ("[[0.3, 0.6], [1, 1]]", ((0, 0), (0.3, 0.6), (1, 1))),
    ],
)
def test_a_response_by_points_begins_at_nothing(
    written: str, points: tuple[tuple[float, float], ...], edited: Callable[[str, str], Portfolio]
) -> None:
    portfolio = edited("cost:", f"response: {written}\n    cost:")

    assert portfolio.initiative("hybrid").response.points == points


@pytest.mark.parametrize(
    "title", ["Hybrid\n      backbone", "'Hybrid   backbone'", '"Hybrid\\tbackbone"', ">\n      Hybrid\n      backbone"]
)
def test_text_is_one_line_with_single_spaces(title: str, edited: Callable[[str, str], Portfolio]) -> None:
    assert edited("cost:", f"title: {title}\n    cost:").initiative("hybrid").title == "Hybrid backbone"


@pytest.mark.parametrize("title", ["yes", "2027", "1e3", "true", "2027-01-01", "0x10"])
def test_text_that_yaml_would_read_otherwise_stays_text(title: str, edited: Callable[[str, str], Portfolio]) -> None:
    assert edited("cost:", f"title: {title}\n    cost:").initiative("hybrid").title == title


def test_a_source_that_begins_with_judgement_is_one(edited: Callable[[str, str], Portfolio]) -> None:
    assert edited("cost:", "cost:").initiative("hybrid").rests_on_judgement
    assert not edited("Judgement: a guess", "Doe 2026, after judgement").initiative("hybrid").rests_on_judgement


def test_every_lever_of_the_format_can_be_written(read: Callable[[str], Portfolio]) -> None:
    effects = ", ".join(f"{lever.value}: 1.5" for lever in Lever)
    # What moves tokens served and their value needs somewhere to serve them.
    sector = "{tokens_per_day: 2e12, value_per_million: 0.4, cost_per_million: 0.1}"
    market = f"market: {{elasticity: 0.8, value_per_oom: 0.3, sectors: {{homes: {sector}}}}}\n"
    portfolio = read(LAB.replace("data_efficiency: 1.5", effects).replace("initiatives:", f"{market}initiatives:"))

    assert list(portfolio.initiative("hybrid").effects) == list(Lever)


def test_a_key_knows_its_line_and_one_that_is_not_there_that_of_its_parent(read: Callable[[str], Portfolio]) -> None:
    portfolio = read(LAB)

    assert portfolio.place("initiatives.hybrid.cost") == Where(portfolio.file, 14)
    assert portfolio.place("initiatives.hybrid.lag") == Where(portfolio.file, 11)
    assert portfolio.place("nowhere.at.all") == Where(portfolio.file)


def test_an_initiative_is_found_by_its_id(read: Callable[[str], Portfolio]) -> None:
    portfolio = read(LAB)

    assert portfolio.initiative("hybrid").id == "hybrid"
    with pytest.raises(KeyError, match="nobody"):
        portfolio.initiative("nobody")


def test_portfolios_are_equal_by_what_they_say(read: Callable[[str], Portfolio]) -> None:
    again = LAB.replace("{per_period: 20}", "\n  # the same\n  per_period: 20.0").replace("1e27", "1000e24")

    assert read(LAB) == read(again)
    assert read(LAB) != read(LAB.replace("1e27", "2e27"))


def test_a_decision_is_read_and_may_be_left_out(edited: Callable[[str, str], Portfolio]) -> None:
    asked = "decision: {question: Hedge or leap?, decider: the board, by: 2027-02-15}\ninitiatives:"
    decision = edited("initiatives:", asked).decision
    nothing = edited("name: Small lab", "name: Small lab").decision

    assert (decision.question, decision.decider, decision.by) == ("Hedge or leap?", "the board", date(2027, 2, 15))
    assert (nothing.question, nothing.decider, nothing.by) == ("", "", None)
