"""The memo says what a board needs, with the numbers of the plan, and lets no text of a file act."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from gambits.cli import main

Sections = Callable[[str], dict[str, str]]
Tables = Callable[[str], list[list[list[str]]]]

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    title: Hybrid backbone
    path: architect
    owner: architecture
    source: Doe 2026
    cost: 16 to 25
    success: 0.6
    effects: {data_efficiency: 1.2 to 2.0}
    takes: 3
  play:
    title: Self-play
    path: alchemist
    source: "judgement: a guess"
    cost: 20
    effects: {post_training: 1.4, compute: 0.9}
    requires: [verifier]
  verifier:
    title: Verifiers
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 12
    takes: 2
  rented:
    title: Rented compute
    path: scale
    source: "judgement: a price list"
    cost: 40
    effects: {compute: 1.1}
    never: true
  licences:
    title: Licences
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 3
    after: [archive]
    value: 1
  archive:
    title: Archive
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 3
"""
HEADINGS = [
    "The decision",
    "Recommendation",
    "The options",
    "Commit now",
    "What could go wrong",
    "What 2027Q1 commits",
    "Money by initiative and period",
    "Not funded",
    "What it gains",
    "The data wall",
    "The case for the other gambit",
    "Assumptions",
    "How this can mislead you",
    "Certificate",
]


@pytest.fixture(scope="module")
def memo(memo_of: Callable[..., str]) -> str:
    return memo_of(LAB, "challenger")


@pytest.fixture(scope="module")
def plan(plan_of: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return plan_of(LAB, "challenger")


def number(cell: str) -> float:
    """Read a figure as the memo writes it."""
    cell = cell.strip("*× ").replace(",", "")
    if cell == "–":
        return 0.0
    return float(cell.removesuffix("%")) / 100 if cell.endswith("%") else float(cell)


def test_the_memo_has_its_sections_in_the_order_in_which_a_board_reads(memo: str, sections: Sections) -> None:
    found = list(sections(memo))
    positions = [next(i for i, each in enumerate(found) if each.startswith(heading)) for heading in HEADINGS]

    assert positions == sorted(positions)


def test_the_memo_states_the_decision(memo: str, sections: Sections) -> None:
    decision = sections(memo)["The decision"]

    assert "How should 40.0 USD million from 2027Q1 to 2027Q4 be split over 6 initiatives" in decision
    assert "Architect" in decision
    assert "Alchemist" in decision


def test_the_memo_recommends_what_the_plan_funds(memo: str, plan: dict[str, Any], sections: Sections) -> None:
    told = sections(memo)["Recommendation"]
    funded = [each for each in plan["initiatives"].values() if each["total"] >= 0.05]

    assert f"**Fund {len(funded)} of 6 initiatives with {plan['total_spend']:.1f} USD million" in told
    for path in ("architect", "alchemist"):
        assert f"{plan['shares'][path]:.0%} {path}" in told
    assert f"it is worth {plan['objective']:.3f} OOM" in told


def test_the_memo_shows_the_plan_s_money_by_initiative_and_quarter(
    memo: str, plan: dict[str, Any], sections: Sections, tables: Tables
) -> None:
    (table,) = tables(sections(memo)["Money by initiative and period"])
    rows = {row[0]: row for row in table[2:]}
    by_title = {each["title"]: each for each in plan["initiatives"].values()}

    assert table[0][2:] == [*plan["periods"], "total", "funded"]
    assert set(rows) - {"**all**"} == {title for title, each in by_title.items() if each["total"] >= 0.05}
    for title, each in by_title.items():
        if title in rows:
            assert rows[title][1] == each["path"]
            assert [number(cell) for cell in rows[title][2:6]] == pytest.approx(each["spend"], abs=0.0501)
            assert number(rows[title][6]) == pytest.approx(each["total"], abs=0.0501)
            assert number(rows[title][7]) == pytest.approx(each["funded"], abs=0.00501)
    assert [number(cell) for cell in rows["**all**"][2:6]] == pytest.approx(plan["spend_by_period"], abs=0.0501)
    assert number(rows["**all**"][6]) == pytest.approx(plan["total_spend"], abs=0.0501)


def test_the_memo_says_what_to_commit_in_the_first_quarter_and_to_whom(
    memo: str, plan: dict[str, Any], sections: Sections, tables: Tables
) -> None:
    (table,) = tables(sections(memo)["What 2027Q1 commits"])
    rows = {row[0]: row for row in table[2:]}

    for each in plan["initiatives"].values():
        if each["spend"][0] >= 0.05:
            assert number(rows[each["title"]][2]) == pytest.approx(each["spend"][0], abs=0.0501)
    assert rows["Hybrid backbone"][1] == "architecture"
    assert number(rows["**all**"][2]) == pytest.approx(plan["spend_by_period"][0], abs=0.0501)


def test_the_memo_shows_gains_in_oom_and_in_words(
    memo: str, plan: dict[str, Any], sections: Sections, tables: Tables
) -> None:
    gains, _, parts = tables(sections(memo)["What it gains, and from where"])
    baseline, gain, multiple = ([number(cell) for cell in row[1:]] for row in gains[2:])

    assert baseline == pytest.approx(plan["baseline"][:4], abs=0.00501)
    assert gain == pytest.approx(plan["gain"][:4], abs=0.000501)
    assert multiple == pytest.approx([10**each for each in plan["gain"][:4]], abs=0.00501)
    assert f"multiplied by {10 ** plan['gain'][3]:.2f}×" in sections(memo)["Recommendation"]
    shown = {row[0]: number(row[2]) for row in parts[2:]}
    for each in plan["initiatives"].values():
        assert shown.get(each["title"], 0) == pytest.approx(each["contribution"], abs=0.000501)


def test_parts_of_the_value_add_up_to_it(plan: dict[str, Any], memo: str) -> None:
    parts = [each["contribution"] for each in plan["initiatives"].values()]

    assert sum(parts) == pytest.approx(plan["expected"], abs=1e-10)
    assert f"the parts add up to {plan['expected']:.3f}" in memo


def test_the_memo_says_what_the_other_gambit_would_do(
    memo: str, plan_of: Callable[..., dict[str, Any]], sections: Sections, tables: Tables, plan: dict[str, Any]
) -> None:
    told = sections(memo)["The case for the other gambit"]
    other = plan_of(LAB, "incumbent")
    *_, table = tables(told)

    assert f"The **incumbent** would spend {other['total_spend']:.1f} USD million" in told
    assert f"{other['objective']:.3f} averaged over the horizon ({plan['objective']:.3f} here)" in told
    assert table[0][2:] == ["challenger", "incumbent"]
    by_title = {each["title"]: id for id, each in plan["initiatives"].items()}
    for title, _, here, there in table[2:]:
        id = by_title[title]
        assert number(here.split(" (")[0]) == pytest.approx(plan["initiatives"][id]["total"], abs=0.0501)
        assert number(there.split(" (")[0]) == pytest.approx(other["initiatives"][id]["total"], abs=0.0501)


def test_the_memo_says_what_the_rule_of_shares_costs(
    memo: str, plan_of: Callable[..., dict[str, Any]], plan: dict[str, Any], tmp_path: Path
) -> None:
    free_rules = tmp_path / "free.yaml"
    free_rules.write_text("name: free\naversion: 0.1\nmost_for_one: 0.40\n", encoding="utf-8")
    free = plan_of(LAB, free_rules)

    assert free["objective"] >= plan["objective"] - 1e-7
    assert f"would be worth {free['objective']:.3f} OOM" in memo
    assert f"the rule costs {free['objective'] - plan['objective']:.3f} OOM" in memo


def test_the_memo_gives_a_reason_for_everything_it_does_not_fund(memo: str, sections: Sections) -> None:
    told = sections(memo)["Not funded"]

    assert "- Rented compute: rented must never be funded." in told


def test_the_memo_lists_every_assumption_with_its_source(memo: str, sections: Sections, tables: Tables) -> None:
    table, law = tables(sections(memo)["Assumptions"])
    rows = {row[0]: row[1:] for row in table[2:]}

    assert len(rows) == 6
    assert rows["Hybrid backbone"] == [
        "16 to 25",
        "60%",
        "data efficiency 1.2 to 2×",
        "the author's figure, from the source named; 2027-01-01",
        "Doe 2026",
    ]
    assert rows["Self-play"] == [
        "20",
        "100%",
        "compute 0.9×; post training 1.4×",
        "judgement; 2027-01-01",
        "judgement: a guess",
    ]
    assert rows["Verifiers"][2:] == ["enabler", "no effect of its own; 2027-01-01", "judgement: no effect of its own"]
    assert [row[0].replace("\\", "") for row in law[2:]] == ["ln_A", "ln_B", "ln_E", "alpha", "beta", "R_D", "R_N"]
    assert all(row[3].startswith("R1: ") for row in law[2:])


def test_the_memo_says_how_much_of_the_value_rests_on_judgements(memo: str, plan: dict[str, Any]) -> None:
    parts = {id: max(0, each["contribution"]) for id, each in plan["initiatives"].items()}
    judged = sum(part for id, part in parts.items() if id != "hybrid")

    assert f"{judged / sum(parts.values()):.0%} of the value rests on judgement alone" in memo
    assert f"{1 - judged / sum(parts.values()):.0%} on figures of the author's, from the sources named" in memo


def test_the_memo_ends_with_its_certificate(memo: str, plan: dict[str, Any], sections: Sections) -> None:
    told = sections(memo)["Certificate"]

    assert f"Status {plan['status']}" in told
    assert f"Value {plan['objective']:.6f} OOM, bound {plan['bound']:.6f} OOM" in told
    assert f"Inputs (hash) {plan['input_sha256']}." in told
    assert all(f"{name} {version}" in told for name, version in plan["versions"].items())


def test_the_memo_says_so_when_the_shares_cannot_be_met(memo_of: Callable[..., str]) -> None:
    memo = memo_of(LAB.replace("path: architect", "path: product"))

    assert "- Look at: the plan funds nothing on alchemist and architect" in memo
    assert "no initiative on path architect can get money" in memo


def test_the_memo_of_a_portfolio_without_a_frontier_is_about_points(memo_of: Callable[..., str]) -> None:
    memo = memo_of("""\
format: gambits/1
name: Points only
as_of: 2027-01-01
periods: {first: 2027, count: 2}
money: EUR
budget: {per_period: 1000}
objective: {value: 1}
initiatives:
  survey: {path: architect, source: x, cost: 500, value: 3}
  panel: {path: alchemist, source: x, cost: 700, value: 2}
""")

    assert memo.startswith("# Points only: the incumbent's plan")
    assert "The law:" not in memo
    assert "Extrapolation" not in memo


def test_the_gain_at_the_end_of_the_horizon_is_that_of_its_last_period(
    memo_of: Callable[..., str], plan_of: Callable[..., dict[str, Any]], sections: Sections
) -> None:
    held = LAB.replace("initiatives:", "objective: {after_horizon: 4}\ninitiatives:")
    gain = plan_of(held)["gain"][3]

    assert (
        f"By the end of 2027Q4 that is worth {gain:.3f} orders of magnitude (OOM)"
        in sections(memo_of(held))["Recommendation"]
    )


def test_the_memo_of_a_plan_over_draws_speaks_of_many_futures_with_the_plan_s_figures(tmp_path: Path) -> None:
    (tmp_path / "portfolio.yaml").write_text(LAB, encoding="utf-8")
    options = [str(tmp_path), "--gambit", "challenger", "--draws", "50", "--seed", "7", "--batches", "2"]
    run = CliRunner().invoke
    memo = run(main, ["memo", *options], catch_exceptions=False).stdout
    plan = json.loads(run(main, ["solve", *options, "--json"], catch_exceptions=False).stdout)
    fresh, missing = plan["out_of_sample"], plan["missing_money"]

    assert "One future" not in memo
    assert "50 draws, seed 7" in memo
    assert f"over 50 futures it is worth {plan['expected']:.3f} OOM" in memo
    assert f"in the worst 20% of them still {plan['cvar']:.3f} OOM" in memo
    assert f"on fresh ones {fresh['expected']:.3f} (standard error {fresh['standard_error']:.3f})" in memo
    assert f"and {fresh['cvar']:.3f} in the worst 20%" in memo
    assert f"{missing['expected']:.1f} USD million more on average" in memo or missing["expected"] < 0.05
    assert f"the parts add up to {plan['expected']:.3f}" in memo


NASTY = (
    "<script>alert(1)</script> <b>bold</b> **bold** __bold__ [link](javascript:alert) [ref] ![i](x) <http://x.y> "
    "`code` | cell # head ~~struck~~ $x$ &c. \\ {{ 7*7 }} {% raw %} 100 % * _"
)


def rendered(memo: str) -> str:
    """Turn Markdown into HTML, with everything on that a reader's program may have on."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(memo)


@pytest.fixture(scope="module")
def nasty_memo(memo_of: Callable[..., str]) -> str:
    quoted = json.dumps(NASTY)
    text = (
        LAB.replace("name: Small lab", f"name: {quoted}")
        .replace("money: USD million", f"money: {quoted}")
        .replace("title: Hybrid backbone", f"title: {quoted}")
        .replace("owner: architecture", f"owner: {quoted}")
        .replace("source: Doe 2026", f"source: {quoted}")
        .replace("title: Rented compute", f"title: {quoted}")
        .replace("path: scale", f"path: {quoted}")
    )
    return memo_of(text, "challenger")


def test_text_of_a_file_comes_out_as_it_was_written_and_does_nothing(nasty_memo: str) -> None:
    html = rendered(nasty_memo)

    assert html.count(escape(NASTY, quote=False)) >= 6
    for tag in ("<script", "<b>", "<a ", "<img", "<s>"):
        assert tag not in html
    assert "<code>" not in html


def test_text_of_a_file_breaks_no_table(nasty_memo: str, memo_of: Callable[..., str]) -> None:
    plain = memo_of(LAB.replace("path: scale", "path: other"), "challenger")

    assert rendered(nasty_memo).count("<td") == rendered(plain).count("<td")


def test_no_text_of_a_gambit_acts_either(memo_of: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "gambit.yaml"
    file.write_text(f"name: {json.dumps(NASTY)}\nshares: {{architect: 0.5, alchemist: 0.5}}\n", encoding="utf-8")
    html = rendered(memo_of(LAB, str(file)))

    assert html.count(escape(NASTY, quote=False)) >= 3
    assert "<script" not in html
    assert "<a " not in html


@pytest.mark.parametrize("title", ["- a list", "+ a list", "1. a list", "2) a list"])
def test_a_title_begins_no_list(title: str, memo_of: Callable[..., str]) -> None:
    html = rendered(memo_of(LAB.replace("title: Rented compute", f"title: {json.dumps(title)}"), "challenger"))

    assert f"<li>{title}: rented must never be funded" in html


def test_an_entity_in_a_text_stays_as_it_was_written(memo_of: Callable[..., str]) -> None:
    html = rendered(memo_of(LAB.replace("source: Doe 2026", "source: Doe &lt;2026&gt;")))

    assert "Doe &amp;lt;2026&amp;gt;" in html


def test_the_memo_has_no_blank_gaps_and_no_stray_template(memo: str, frontier_memo: str) -> None:
    for text in (memo, frontier_memo):
        assert "\n\n\n" not in text
        assert "{%" not in text
        assert "{{" not in text
        assert text.endswith("\n")
        assert not any(line.rstrip() != line for line in text.splitlines())


def test_every_table_of_the_memo_is_rectangular(memo: str, frontier_memo: str, tables: Tables) -> None:
    for text in (memo, frontier_memo):
        for table in tables(text):
            assert len({len(row) for row in table}) == 1, table[0]
            assert all(re.fullmatch(r"-+:?", cell) for cell in table[1]), table[0]
