"""What was decided before: since last time, what people bound themselves to, who objects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gambits.cli import main

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
budget: {per_period: 10}
frontier:
  compute: {flop: 1e27, growth_per_year: 4}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    title: Hybrid backbone
    path: architect
    source: Doe 2026
    cost: 20
    success: 0.6
    effects: {data_efficiency: 1.6}
    takes: 3
    review_every: 1 quarter
  play:
    title: Self-play
    path: alchemist
    owner: head of RL
    source: "judgement: a guess"
    cost: 20
    effects: {post_training: 1.4}
    success: 0.5
    requires: [verifier]
    kill: [{metric: success, below: 0.7, by: 2026-12-31}, {metric: cost, above: 30, by: 2027-06-30}]
    dissent: [{by: CFO, text: "*Three* teams for <1 result."}]
  verifier:
    title: Verifiers
    path: alchemist
    source: "judgement: no effect of its own"
    cost: 6
    success: 0.9
"""
Sections = Callable[[str], dict[str, str]]
Tables = Callable[[str], list[list[list[str]]]]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab whose plan was kept and recorded before its hybrid became likelier to work."""
    folder = tmp_path_factory.mktemp("lab")
    file = folder / "portfolio.yaml"
    file.write_text(LAB.replace("as_of: 2027-01-01", "as_of: 2026-07-01"), encoding="utf-8")
    assert run("solve", folder, "--certain", "-o", folder / "old.json", "--record").exit_code == 0
    assert run("runs", "approve", "1", "--by", "Ada", "--ledger", folder / ".gambits" / "ledger.db").exit_code == 0
    file.write_text(LAB.replace("success: 0.6", "success: 0.8"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def memo(lab: Path) -> str:
    result = run("memo", lab, "--certain", "--against", lab / "old.json")
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def difference(lab: Path) -> dict[str, Any]:
    new = lab / "new.json"
    run("solve", lab, "--certain", "-o", new)
    return dict(json.loads(run("diff", lab / "old.json", new, "--json").stdout))


def test_the_first_page_says_what_moved_since_last_time(
    memo: str, difference: dict[str, Any], sections: Sections
) -> None:
    told = sections(memo)["What moved since last time"]

    assert "estimates of 2026-07-01" in told
    assert f"from {difference['value']['old']:.3f} to {difference['value']['new']:.3f} OOM" in told
    assert difference["total"]["money_moved"] < 0.05
    assert "OOM, and no money moved." in told
    assert f"success of Hybrid backbone ({difference['total']['value']:+.3f})" in told
    assert told.startswith("\nSince old.json (")


def test_the_lines_of_the_bridge_add_up_in_the_memo(
    memo: str, difference: dict[str, Any], sections: Sections, tables: Tables
) -> None:
    (table,) = tables(sections(memo)["Which edit moved what"])
    *lines, total = [[float(cell.strip("*").replace("–", "0")) for cell in row[1:]] for row in table[2:]]

    assert sum(line[0] for line in lines) == pytest.approx(total[0], abs=0.0005 * len(lines))
    assert sum(line[1] for line in lines) == pytest.approx(total[1], abs=0.05 * len(lines))
    assert total == pytest.approx([difference["total"]["value"], difference["total"]["money_moved"]], abs=0.051)


def test_the_older_plan_is_valued_under_today_s_estimates(memo: str, lab: Path, sections: Sections) -> None:
    again = json.loads(run("rerun", lab, "--against", lab / "old.json", "--json", "--worlds", "0").stdout)
    told = re.search(r"would be worth (\d\.\d+) OOM today", sections(memo)["What moved since last time"])

    assert told is not None
    assert float(told[1]) == pytest.approx(again["old_plan_today"], abs=0.000501)


def test_criteria_that_are_met_or_were_not_measured_stand_on_the_first_page(memo: str, sections: Sections) -> None:
    recommended = sections(memo)["Recommendation"]

    assert "**hit:** Self-play stops if success is below 0.7 by 2026-12-31 (now 0.5)" in recommended
    assert "cost is above 30" not in recommended
    assert "cost is above 30 by 2027-06-30 (now 20): holds" in sections(memo)["Approvals, objections, tripwires"]


def test_objections_stand_on_the_first_page_and_say_nothing_but_their_words(memo: str, sections: Sections) -> None:
    assert "CFO on Self-play: \\*Three\\* teams for \\<1 result." in sections(memo)["The other side"]


def test_approvals_and_old_estimates_come_from_the_ledger(memo: str, sections: Sections) -> None:
    told = sections(memo)["Approvals, objections, tripwires"]

    assert re.search(r"Last approved under the incumbent: run 1, by Ada on \d{4}-\d\d-\d\d\.", told)
    assert "Hybrid backbone: stand since" not in told  # it was edited since


def test_a_memo_against_a_run_verifies_from_what_it_carries(lab: Path, tmp_path: Path) -> None:
    memo = tmp_path / "memo.html"
    assert run("memo", lab, "--certain", "--against", "1", "-o", memo).exit_code == 0
    text = memo.read_text(encoding="utf-8")

    assert '"against": "1"' in text
    assert "chart-bridge" in text
    assert run("memo", lab, "--check", memo).exit_code == 0


def test_what_a_memo_is_set_against_has_to_be_there(lab: Path, tmp_path: Path) -> None:
    assert run("memo", lab, "--certain", "--against", "77").exit_code == 3
    (tmp_path / "portfolio.yaml").write_text(LAB, encoding="utf-8")
    assert run("memo", tmp_path, "--certain", "--against", "77").exit_code == 2


def test_an_answer_that_has_not_moved_says_so(lab: Path) -> None:
    run("solve", lab, "--certain", "-o", lab / "same.json")
    text = run("memo", lab, "--certain", "--against", lab / "same.json").stdout

    assert "Nothing moved." in text


def test_risks_have_owners_and_bottlenecks_what_stands_behind_them(
    memo: str, sections: Sections, tables: Tables
) -> None:
    risks, bottlenecks = tables(sections(memo)["Risks, and who answers for them"])

    assert ["Self-play", "head of RL", "50%"] in [row[:3] for row in risks]
    assert bottlenecks[2][:4] == ["Verifiers", "–", "10%", "1"]
