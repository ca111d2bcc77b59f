"""`gambits fit`: the law as a table, as JSON, as a file that a portfolio uses, as a picture; and refusals."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

Run = Callable[..., Result]

# design.md, section 5: at least these, and none renamed.
KEYS = {"law", "constants", "intervals", "objective", "extrapolation_error", "warnings"}
QUICK = ("--bootstrap", "100")


def table(*, repeats: bool = False, noise: float = 0.004) -> str:
    """Give 30 runs of a known law, of six sizes; if asked, half of them of two epochs."""
    sizes, ratios = np.meshgrid(np.geomspace(2e7, 1e10, 6), np.geomspace(2, 300, 5))
    n, d = sizes.ravel(), (sizes * ratios).ravel()
    scatter = np.exp(np.random.default_rng(1).normal(0, noise, len(n)))
    losses = (1.8 + 450 / n**0.34 + 1900 / d**0.36) * scatter
    # Two epochs at most, as good as new: nothing in these runs bounds what repetition is worth.
    epochs = np.tile([1, 2, 1, 2, 1], 6)
    columns = [n, d, *([d / epochs] if repeats else []), losses]
    heading = "params,tokens,unique,loss" if repeats else "params,tokens,loss"
    return "\n".join([heading, *(",".join(f"{cell:.6g}" for cell in row) for row in zip(*columns, strict=True))]) + "\n"


@pytest.fixture
def runs(write: Callable[[str, str], Path]) -> Path:
    return write("runs.csv", table())


@pytest.fixture
def repeated(write: Callable[[str, str], Path]) -> Path:
    return write("repeated.csv", table(repeats=True))


def test_json_has_every_key_that_is_promised_and_the_constants_of_the_runs(runs: Path, run: Run) -> None:
    record = json.loads(run("fit", runs, *QUICK, "--json").stdout)

    assert set(record) >= KEYS
    assert (record["format"], record["status"], record["law"]) == ("gambits/fit/1", "fitted", "chinchilla")
    assert set(record["constants"]) == {"A", "B", "E", "alpha", "beta"}
    assert record["constants"]["E"] == pytest.approx(1.8, rel=0.03)
    for name, (low, high) in record["intervals"].items():
        assert low < record["constants"][name] < high
    assert record["borrowed"]["constants"] == {"R_D": 15.387756, "R_N": 5.309743}
    assert 0 < record["extrapolation_error"] < 0.02
    assert record["problems"] == []


def test_the_table_fits_a_page_and_says_what_to_do_next(runs: Path, run: Run) -> None:
    shown = run("fit", runs, *QUICK).stdout

    assert max(map(len, shown.splitlines())) <= 100
    assert "L = E + A/N^alpha + B/D^beta: fitted to 30 runs" in shown
    for word in ("constant", "huber", "95 % interval", "over all losses", "absolute", "square", "muennighoff-2023"):
        assert word in shown
    assert "of their loss" in " ".join(shown.split())
    assert "Look at: no run repeats tokens" in shown
    assert "-o my-law.yaml" in shown


def test_a_fitted_law_decides_a_portfolio_beside_it(runs: Path, lab: Path, run: Run) -> None:
    """The whole circle: runs, a law with its draws, a portfolio that names it, a plan."""
    fitted = run("fit", runs, *QUICK, "-o", runs.with_name("my-law.yaml"))
    usual = run("solve", lab, "--certain", "--json").stdout
    text = lab.read_text(encoding="utf-8").replace("frontier:\n", "frontier:\n  law: my-law.yaml\n")
    lab.write_text(text, encoding="utf-8")

    certain = run("solve", lab, "--certain", "--json")
    drawn = run("solve", lab, "--draws", "40", "--batches", "0", "--json")

    assert fitted.exit_code == certain.exit_code == drawn.exit_code == 0
    assert "Wrote" in fitted.stderr
    assert json.loads(certain.stdout)["objective"] > 0
    assert json.loads(certain.stdout)["objective"] != json.loads(usual)["objective"]
    assert json.loads(drawn.stdout)["expected"] > 0
    assert run("check", lab).exit_code == 0


def test_the_same_runs_and_seed_give_the_same_bytes(runs: Path, run: Run) -> None:
    def files(name: str, *options: str) -> list[str]:
        folder = runs.parent / name
        run("fit", runs, *QUICK, "-o", folder / "law.yaml", *options)
        return [folder.joinpath(each).read_text("utf-8") for each in ("law.yaml", "law-draws.csv")]

    assert files("one") == files("two")
    assert files("one") != files("three", "--seed", "1")


def test_repetition_that_is_not_identified_is_refused_with_the_ridge(repeated: Path, run: Run) -> None:
    law = repeated.with_name("law.yaml")

    refused = run("fit", repeated, *QUICK, "-o", law)

    assert refused.exit_code == 3
    assert "R_D is not identified: any value" in refused.stderr
    assert "[fit-not-identified]" in refused.stderr
    assert "Next: " in refused.stderr
    assert "the ridge" in refused.stdout
    assert not law.exists()


def test_a_refusal_in_json_is_one_document_with_the_fit_in_it(repeated: Path, run: Run) -> None:
    refused = run("fit", repeated, *QUICK, "--json")

    record = json.loads(refused.stdout)
    assert refused.exit_code == 3
    assert record["status"] == "refused"
    assert record["identified"]["R_D"] is False
    assert {problem["code"] for problem in record["problems"]} == {"fit-not-identified"}
    assert any("R_D is not identified" in warning for warning in record["warnings"])
    assert len(record["ridge"]) > 5
    assert set(record["ridge"][0]) == {"R_D", "R_N", "objective"}


def test_repetition_that_is_not_identified_can_be_drawn(repeated: Path, run: Run) -> None:
    law = repeated.with_name("law.yaml")

    fitted = run("fit", repeated, *QUICK, "--draw-unidentified", "-o", law)

    assert fitted.exit_code == 0
    assert "R_D: {value: " in law.read_text(encoding="utf-8")
    assert "not identified" in law.read_text(encoding="utf-8")


def test_the_rest_of_the_law_can_be_held(repeated: Path, run: Run) -> None:
    record = json.loads(run("fit", repeated, *QUICK, "--hold", "muennighoff-2023", "--json").stdout)

    assert set(record["constants"]) == {"R_D", "R_N"}
    assert record["borrowed"]["from"] == "muennighoff-2023"
    assert record["borrowed"]["constants"]["alpha"] == 0.3526596


def test_columns_and_rows_are_chosen_on_the_command_line(write: Callable[[str, str], Path], run: Run) -> None:
    heading, *rows = table().splitlines()
    text = "\n".join([f"kind,{heading.replace('params', 'width')}", *(f"a,{row}" for row in rows), "b,1,1,9"])
    file = write("runs.csv", text)

    chosen = ("--column", "parameters=width", "--where", "kind=a")

    assert json.loads(run("fit", file, *QUICK, *chosen, "--json").stdout)["runs"] == 30
    assert "no column for parameters" in run("fit", file).stderr


def test_a_table_that_no_law_fits_is_refused_in_words_and_in_json(write: Callable[[str, str], Path], run: Run) -> None:
    file = write("runs.csv", "N,D,loss\n1e8,2e9,-3.4\n")

    in_words, in_json = run("fit", file), run("fit", file, "--json")

    assert in_words.exit_code == in_json.exit_code == 3
    assert "runs.csv:2: `loss`: -3.4 is not above 0 [runs-not-positive]" in in_words.stderr
    assert json.loads(in_json.stdout)["problems"][0]["code"] == "runs-not-positive"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-o", "law.csv"), "ends in .yaml"),
        (("-o", "law.yaml", "--bootstrap", "10"), "--bootstrap 100 or more"),
        (("--plot", "fit.pdf"), ".svg or .png"),
        (("--tie", "--hold", "muennighoff-2023"), "exclude each other"),
        (("--column", "width=N"), "is none of parameters"),
        (("--where", "subset"), "HEADING=VALUE"),
    ],
)
def test_options_that_make_no_sense_are_a_usage_error(
    runs: Path, run: Run, options: tuple[str, ...], words: str
) -> None:
    result = run("fit", runs, *options)

    assert result.exit_code == 2
    assert words in result.stderr


def test_the_picture_has_axes_with_units_and_is_the_same_every_time(repeated: Path, run: Run) -> None:
    pytest.importorskip("vl_convert", reason="charts are an extra")
    pictures = [repeated.with_name(name) for name in ("one.svg", "two.svg")]
    for picture in pictures:
        run("fit", repeated, *QUICK, "--plot", picture)

    text = " ".join(ET.parse(pictures[0]).getroot().itertext())
    for words in (
        "measured loss (nats a token)",
        "fitted loss (nats a token)",
        "training compute (FLOP)",
        "fitted above measured (%)",
        "tokens repeated",
    ):
        assert words in text
    assert pictures[0].read_bytes() == pictures[1].read_bytes()


def test_the_picture_can_be_made_of_pixels(runs: Path, run: Run) -> None:
    pytest.importorskip("vl_convert", reason="charts are an extra")

    run("fit", runs, *QUICK, "--plot", runs.with_name("fit.png"))

    assert runs.with_name("fit.png").read_bytes().startswith(b"\x89PNG")


def test_without_the_extra_the_picture_says_how_to_install_it(
    runs: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)

    result = run("fit", runs, *QUICK, "--plot", runs.with_name("fit.svg"))

    assert result.exit_code == 1
    assert "pip install 'gambits[charts]'" in result.stderr
