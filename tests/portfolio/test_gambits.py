"""Gambits: the built-in ones are those of the design, and a user's own are read as strictly as portfolios."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gambits import load_gambit
from gambits.errors import InputError
from gambits.portfolio.gambit import Gambit, Share
from gambits.portfolio.model import Portfolio

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20}
objective: {effective_compute: 2, value: 1}
initiatives:
  survey: {path: product, source: x, cost: 1, value: 1}
"""


@pytest.fixture
def faults(tmp_path: Path) -> Callable[[str], list[tuple[int, str, str]]]:
    """Give a function that lists (line, code, fix) of what is wrong with the text of a gambit file."""

    def faults(text: str) -> list[tuple[int, str, str]]:
        file = tmp_path / "mine.yaml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="in the input") as caught:
            load_gambit(file)
        return [(each.where.line, each.code, each.fix) for each in caught.value.problems]

    return faults


@pytest.mark.parametrize(
    ("name", "architect", "alchemist", "aversion", "tail", "most_for_one"),
    [("incumbent", 0.70, 0.30, 0.5, 0.2, 0.25), ("challenger", 0.30, 0.70, 0.1, 0.2, 0.40)],
)
def test_the_two_profiles_are_those_of_the_design(
    name: str, architect: float, alchemist: float, aversion: float, tail: float, most_for_one: float
) -> None:
    gambit = load_gambit(name)

    assert gambit.name == name
    assert gambit.shares == {"architect": Share(architect, architect), "alchemist": Share(alchemist, alchemist)}
    assert (gambit.aversion, gambit.tail, gambit.most_for_one) == (aversion, tail, most_for_one)
    assert gambit.only is None
    assert gambit.objective is None


def test_the_third_profile_buys_compute_alone_and_asks_for_no_shares() -> None:
    gambit = load_gambit("compute-only")

    assert gambit.only == ("scale",)
    assert gambit.shares == {}
    assert gambit.most_for_one is None


def test_a_name_alone_is_a_gambit_without_shares_or_cap_and_neutral_to_risk(
    read_gambit: Callable[[str], Gambit],
) -> None:
    gambit = read_gambit("name: free")

    assert gambit.shares == {}
    assert (gambit.aversion, gambit.tail, gambit.most_for_one, gambit.only) == (0, 0.2, None, None)


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("0.7", 0.7, 0.7),
        ("[0.5, 0.8]", 0.5, 0.8),
        ("[0.8, 0.5]", 0.5, 0.8),
        ("{min: 0.6}", 0.6, 1),
        ("0", 0, 0),
        ("1", 1, 1),
    ],
)
def test_a_share_is_a_number_a_band_or_a_minimum(
    written: str, low: float, high: float, read_gambit: Callable[[str], Gambit]
) -> None:
    assert read_gambit(f"name: mine\nshares: {{architect: {written}}}").shares == {"architect": Share(low, high)}


@pytest.mark.parametrize(
    ("share", "low", "high"), [("0.7", 0.6, 0.8), ("0.95", 0.85, 1), ("0.05", 0, 0.15), ("[0.3, 0.4]", 0.2, 0.5)]
)
def test_a_tolerance_widens_every_share_within_nothing_and_all(
    share: str, low: float, high: float, read_gambit: Callable[[str], Gambit]
) -> None:
    found = read_gambit(f"name: mine\nshares: {{architect: {share}}}\ntolerance: 0.1").shares["architect"]

    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


def test_shares_are_of_both_paths_and_of_any_other_that_is_named(read_gambit: Callable[[str], Gambit]) -> None:
    assert read_gambit("name: mine").share_paths == ("alchemist", "architect")
    assert read_gambit("name: mine\nshares: {scale: [0, 0.2]}").share_paths == ("alchemist", "architect", "scale")


@pytest.mark.parametrize(
    ("shares", "mend"),
    [
        ("{architect: 0.7, alchemist: 0.4}", "lower one of them"),
        ("{architect: {min: 0.7}, alchemist: {min: 0.4}}", "lower one of them"),
        ("{architect: 0.7, alchemist: [0.1, 0.2]}", "raise one of them"),
    ],
)
def test_shares_that_cannot_add_up_are_refused(
    shares: str, mend: str, faults: Callable[[str], list[tuple[int, str, str]]]
) -> None:
    assert faults(f"name: mine\nshares: {shares}") == [(2, "shares-sum", mend)]


@pytest.mark.parametrize(
    "shares",
    [
        "{architect: 0.7}",  # what is left goes where it likes
        "{architect: 0.3, alchemist: 0.6}\ntolerance: 0.05",
        "{architect: [0, 0.5], alchemist: [0.5, 1]}",
        "{architect: 0.1, alchemist: 0.2, scale: 0.7}",
    ],
)
def test_shares_that_can_add_up_are_taken(shares: str, read_gambit: Callable[[str], Gambit]) -> None:
    assert read_gambit(f"name: mine\nshares: {shares}").shares


@pytest.mark.parametrize(
    ("text", "line", "code", "fix"),
    [
        ("shares: {}", 1, "missing-key", "add `name:`"),
        ("name: mine\naversoin: 0.5", 2, "unknown-key", "did you mean `aversion`?"),
        ("name: mine\nshares:\n  architect: {max: 0.5}", 3, "unknown-key", "use one of: min"),
        ("name: mine\nshares:\n  architect: 70", 3, "out-of-range", "at most 1"),
        ("name: mine\nshares:\n  architect: 70%", 3, "not-a-number", "write a fraction: 0.7"),
        ("name: mine\nshares:\n  architect: [0.1, 0.2, 0.3]", 3, "wrong-type", "write"),
        ("name: mine\nshares:\n  the architect: 0.5", 3, "not-an-id", "use letters"),
        ("name: mine\naversion: 1.5", 2, "out-of-range", "at most 1"),
        ("name: mine\ntail: 0", 2, "out-of-range", "above 0"),
        ("name: mine\nmost_for_one: 0", 2, "out-of-range", "above 0"),
        ("name: mine\nobjective: {weights: evn}", 2, "unknown-word", "did you mean `even`?"),
        ("", 1, "not-a-mapping", ""),
    ],
)
def test_a_fault_in_a_gambit_names_its_line_and_its_mend(
    text: str, line: int, code: str, fix: str, faults: Callable[[str], list[tuple[int, str, str]]]
) -> None:
    found = [(line, code, mend) for line, code, mend in faults(text) if fix in mend]

    assert (line, code) in [each[:2] for each in found]


def test_all_faults_of_a_gambit_are_reported(faults: Callable[[str], list[tuple[int, str, str]]]) -> None:
    found = faults("nmae: mine\naversion: 2\nshares: {architect: 0.9, alchemist: 0.9}\nmost_for_one: all")

    assert [(line, code) for line, code, _ in found] == [
        (1, "missing-key"),
        (1, "unknown-key"),
        (2, "out-of-range"),
        (3, "shares-sum"),
        (4, "not-a-number"),
    ]


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("incumbnt", "did you mean `incumbent`?"),
        ("challange", "did you mean `challenger`?"),
        ("compute", "did you mean `compute-only`?"),
        ("zzz", "use one of: challenger, compute-only, incumbent"),
        ("", "use one of: challenger, compute-only, incumbent"),
    ],
)
def test_a_gambit_that_is_not_there_is_refused_with_the_one_that_was_meant(name: str, mend: str) -> None:
    with pytest.raises(InputError) as caught:
        load_gambit(name)

    (problem,) = caught.value.problems
    assert problem.code == "unknown-gambit"
    assert mend in problem.fix
    assert "or give a file" in problem.fix


def test_paths_that_may_get_money_can_be_one_word_or_a_list(read_gambit: Callable[[str], Gambit]) -> None:
    assert read_gambit("name: mine\nonly: scale").only == ("scale",)
    assert read_gambit("name: mine\nonly: [scale, product]").only == ("scale", "product")


def test_the_objective_of_a_gambit_wins_over_that_of_the_portfolio(
    read: Callable[[str], Portfolio], read_gambit: Callable[[str], Gambit]
) -> None:
    portfolio = read(LAB)
    own = read_gambit("name: mine\nobjective: {value: 3, weights: final}").objective_for(portfolio)
    none = read_gambit("name: mine").objective_for(portfolio)

    assert (own.effective_compute, own.value, own.weights) == (0, 3, (0, 0, 0, 1))
    assert none == portfolio.objective


def test_weights_of_a_gambit_that_do_not_fit_the_horizon_are_refused_with_its_file_and_line(
    read: Callable[[str], Portfolio], read_gambit: Callable[[str], Gambit]
) -> None:
    gambit = read_gambit("name: mine\n\nobjective:\n  weights: [1, 2]")

    with pytest.raises(InputError) as caught:
        gambit.objective_for(read(LAB))

    (problem,) = caught.value.problems
    assert (problem.code, problem.where.line, problem.where.file) == ("wrong-length", 4, gambit.file)


@pytest.mark.parametrize(
    ("share", "words"), [(Share(0.7, 0.7), "70%"), (Share(0.5, 0.8), "50% to 80%"), (Share(0.6), "60% to 100%")]
)
def test_a_share_reads_as_per_cent(share: Share, words: str) -> None:
    assert str(share) == words


def test_a_gambit_file_is_found_by_its_path_even_with_a_built_in_of_that_name_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("incumbent.yaml").write_text("name: my incumbent", encoding="utf-8")

    assert load_gambit("incumbent").name == "incumbent"
    assert load_gambit("incumbent.yaml").name == "my incumbent"


def test_a_place_in_a_gambit_is_that_of_the_key_or_the_file(read_gambit: Callable[[str], Gambit]) -> None:
    gambit = read_gambit("name: mine\nshares:\n  architect: 0.7")

    assert gambit.place("shares.architect").line == 3
    assert gambit.place("most_for_one").line == 0
