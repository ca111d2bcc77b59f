"""Tables of runs: what is understood, and that every fault of a table has a message of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gambits.errors import InputError, Problem
from gambits.scaling.fit.fitting import fit_law
from gambits.scaling.fit.result import Options
from gambits.scaling.fit.runs import Runs, read_runs
from gambits.scaling.laws import load_law

SOUND = """\
params,tokens,loss
1e8,2e9,3.4
2e8,3e9,3.2
2e8,9e9,3.0
4e8,4e9,3.1
4e8,2e10,2.8
1e9,1e10,2.7
1e9,6e10,2.5
4e9,3e10,2.45
4e9,2e11,2.3
"""


def read(folder: Path, text: str, **options: dict[str, str]) -> Runs:
    file = folder / "runs.csv"
    file.write_text(text, encoding="utf-8")
    return read_runs(file, **options)


def faults(folder: Path, text: str, options: Options | None = None, **reading: dict[str, str]) -> list[Problem]:
    """List the problems that reading a table, or fitting it, stops with."""
    with pytest.raises(InputError, match="in the input") as caught:
        fit_law(read(folder, text, **reading), options or Options(resamples=0), np.random.default_rng(1))
    for problem in caught.value.problems:
        assert problem.where.file.endswith("runs.csv")
        assert problem.fix
    return list(caught.value.problems)


@pytest.mark.parametrize(
    "headings",
    [
        "N,D,L",
        "N_params,D_total_tokens,val_loss_c4",
        "Params;Training tokens;Loss",
        "parameters\ttokens\tVal loss",
        "Model Size,tokens seen,final_loss",
    ],
)
def test_headings_are_understood_whatever_their_case_and_the_table_whatever_its_separator(
    tmp_path: Path, headings: str
) -> None:
    separator = next(mark for mark in "\t;," if mark in headings)
    lines = [headings, *(line.replace(",", separator) for line in SOUND.splitlines()[1:])]

    runs = read(tmp_path, "\n".join(lines))

    assert runs.parameters[:2].tolist() == [1e8, 2e8]
    assert runs.tokens[:2].tolist() == [2e9, 3e9]
    assert runs.loss[:2].tolist() == [3.4, 3.2]
    assert runs.unique is None
    assert runs.lines[:2] == (2, 3)


def test_tokens_follow_from_compute_where_only_compute_is_given(tmp_path: Path) -> None:
    runs = read(tmp_path, "Model Size,Training FLOP,loss\n1e8,1.2e18,3.4\n")

    assert runs.tokens.tolist() == [pytest.approx(2e9)]
    assert runs.compute.tolist() == [pytest.approx(1.2e18)]


def test_tokens_are_taken_where_both_tokens_and_compute_are_given(tmp_path: Path) -> None:
    assert read(tmp_path, "N,D,FLOP,loss\n1e8,5e9,1.2e18,3.4\n").tokens.tolist() == [5e9]


def test_a_column_with_an_unusual_heading_can_be_named(tmp_path: Path) -> None:
    runs = read(tmp_path, "width,seen,loss\n1e8,2e9,3.4\n", columns={"parameters": "Width", "tokens": "seen"})

    assert (runs.parameters[0], runs.tokens[0]) == (1e8, 2e9)
    assert runs.believed


def test_rows_are_chosen_by_the_value_of_a_column(tmp_path: Path) -> None:
    runs = read(tmp_path, "set,N,D,loss\na,1e8,2e9,3.4\nb,1e9,2e10,2.7\n", where={"SET": "b"})

    assert runs.parameters.tolist() == [1e9]
    assert runs.lines == (3,)


def test_a_mark_for_the_order_of_bytes_does_not_hide_the_first_heading(tmp_path: Path) -> None:
    assert len(read(tmp_path, "\ufeff" + SOUND).loss) == 9


def test_repetition_is_seen_in_tokens_beyond_the_unique_ones(tmp_path: Path) -> None:
    assert read(tmp_path, "N,D,U,loss\n1e8,2e9,1e9,3.4\n").repeats
    assert not read(tmp_path, "N,D,U,loss\n1e8,2e9,2e9,3.4\n").repeats


@pytest.mark.parametrize(
    ("text", "line", "code", "words"),
    [
        ("", 1, "runs-no-rows", "the table is empty"),
        ("N,D,loss\n", 1, "runs-no-rows", "a heading and no runs"),
        ("N,loss\n1e8,3.4\n", 1, "runs-missing-column", "no column for tokens"),
        ("D,loss\n1e8,3.4\n", 1, "runs-missing-column", "no column for parameters"),
        ("N,D\n1e8,2e9\n", 1, "runs-missing-column", "no column for loss"),
        ("N,D,loss,val_loss\n1e8,2e9,3.4,3.5\n", 1, "runs-column-twice", "`loss`, `val_loss`"),
        ("N,D,loss\n1e8,2e9,-3.4\n", 2, "runs-not-positive", "`loss`: -3.4 is not above 0"),
        ("N,D,loss\n1e8,0,3.4\n", 2, "runs-not-positive", "`D`: 0 is not above 0"),
        ("N,D,loss\n1e8,2e9,3.4\n1e8,2e9,nan\n", 3, "runs-not-finite", "`loss`: `nan` is not finite"),
        ("N,D,loss\n1e8,inf,3.4\n", 2, "runs-not-finite", "`D`: `inf` is not finite"),
        ("N,D,loss\n7B,2e9,3.4\n8B,2e9,3.4\n", 2, "runs-not-a-number", "`7B` is not a number (and in 1 more rows)"),
        ("N,D,loss\n1e8,2e9,\n", 2, "runs-empty-cell", "`loss` is empty"),
        ("N,D,loss\n1e8,2e9\n", 2, "runs-row-length", "2 cells below 3 headings"),
        ('N,D,loss\n1e8,"2e9,3.4\n', 2, "not-csv", "not a CSV table"),
    ],
)
def test_a_table_that_cannot_be_read_says_where_and_why(
    tmp_path: Path, text: str, line: int, code: str, words: str
) -> None:
    (problem,) = faults(tmp_path, text)

    assert (problem.where.line, problem.code) == (line, code)
    assert words in problem.message


def test_every_fault_of_a_table_is_reported_at_once(tmp_path: Path) -> None:
    problems = faults(tmp_path, "N,D,loss\n1e8,many,3.4\n-1,2e9,\n")

    assert [(each.where.line, each.code) for each in problems] == [
        (2, "runs-not-a-number"),
        (3, "runs-not-positive"),
        (3, "runs-empty-cell"),
    ]


def test_a_column_or_value_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    text = "subset,N,D,loss\nfull,1e8,2e9,3.4\n"

    (column,) = faults(tmp_path, text, where={"subsets": "full"})
    (value,) = faults(tmp_path, text, where={"subset": "ful"})

    assert (column.code, column.fix) == ("runs-unknown-column", "did you mean `subset`?")
    assert (value.code, value.fix) == ("runs-no-rows", "did you mean `full`?")


def rows(*triples: tuple[float, float, float]) -> str:
    return "params,tokens,loss\n" + "".join(f"{n!r},{d!r},{loss!r}\n" for n, d, loss in triples)


def grid(sizes: list[float], tokens: list[float]) -> str:
    return rows(*((n, d, 1.8 + 450 / n**0.34 + 1900 / d**0.36) for n in sizes for d in tokens))


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (rows((1e8, 2e9, 3.4), (1e9, 2e10, 2.7)), "runs-too-few", "2 runs are too few for 5 constants"),
        (grid([1e9], [10.0**power for power in range(9, 17)]), "runs-one-size", "all runs have one size (1e+09"),
        (grid([1e8, 1e9], [1e9, 1e10, 1e11, 1e12]), "runs-few-sizes", "only 2 sizes"),
        (grid([1e7, 3e7, 1e8, 3e8, 1e9, 2e9, 3e9, 4e9], [1e11]), "runs-few-lengths", "only 1 length"),
        (grid([1e9, 1.2e9, 1.5e9], [1e10, 1.4e10, 2e10]), "runs-short-range", "span 0.48 orders of magnitude"),
        (
            rows(*((n, 20 * n, 1.8 + 450 / n**0.34 + 700 / n**0.36) for n in np.geomspace(1e7, 1e10, 9).tolist())),
            "runs-one-ratio",
            "D ~ N^1.00",
        ),
        (
            grid([1e8, 3e8, 1e9, 3e9], [1e10, 3e10, 1e11]).replace("params,tokens", "tokens,params"),
            "runs-swapped",
            "parameters and tokens look swapped",
        ),
        (grid([0.1, 0.3, 1, 3, 10], [5, 20, 80]), "runs-units", "a run has 0.1 parameters"),
    ],
)
def test_runs_that_no_law_can_be_fitted_to_are_refused_with_the_reason(
    tmp_path: Path, text: str, code: str, words: str
) -> None:
    problems = faults(tmp_path, text)

    assert code in {problem.code for problem in problems}
    assert any(words in problem.message for problem in problems)


def test_a_table_with_one_fault_has_one_message(tmp_path: Path) -> None:
    for text, code in (
        (rows((1e8, 2e9, 3.4), (1e9, 2e10, 2.7)), "runs-too-few"),
        (grid([1e9], [10.0**power for power in range(9, 17)]), "runs-one-size"),
        (grid([1e8, 3e8, 1e9, 3e9], [1e10, 3e10, 1e11]).replace("params,tokens", "tokens,params"), "runs-swapped"),
    ):
        assert [problem.code for problem in faults(tmp_path, text)] == [code]


def test_columns_that_the_user_names_are_not_taken_for_swapped(tmp_path: Path) -> None:
    text = grid([1e9, 3e9, 1e10, 3e10], [1e8, 3e8, 1e9])

    runs = read(tmp_path, text, columns={"parameters": "params", "tokens": "tokens"})

    assert fit_law(runs, Options(resamples=0), np.random.default_rng(1)).constants["alpha"] == pytest.approx(0.34)


def test_holding_all_but_repetition_needs_runs_that_repeat(tmp_path: Path) -> None:
    options = Options(held=load_law("muennighoff-2023"), resamples=0)

    (problem,) = faults(tmp_path, SOUND, options)

    assert problem.code == "runs-no-repetition"


def test_as_many_runs_of_the_highest_loss_are_left_out_as_asked(
    tmp_path: Path, write_table: Callable[..., Path], make_runs: Callable[..., Runs]
) -> None:
    runs = read_runs(write_table(make_runs()))

    fit = fit_law(runs, Options(drop_worst=3, resamples=0), np.random.default_rng(1))

    worst = sorted(np.argsort(-runs.loss)[:3].tolist())
    assert fit.dropped == tuple(place + 2 for place in worst)
    assert len(fit.runs.loss) == 27
    assert any("highest loss were left out" in warning for warning in fit.warnings)
