"""Every block of rules as the rows that it states, to be read when they change: pytest --snapshot-update.

Each block is stated alone, on a small portfolio that breaks into it; columns that it does not use are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gambits.allocate.export import readable
from gambits.allocate.layout import Layout, lay_out
from gambits.allocate.limits import Limits
from gambits.allocate.programme import BLOCKS, build
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.model import Portfolio

GOLDEN = Path(__file__).parent / "golden"
HEAD = """\
format: gambits/1
name: One block
as_of: 2027-01-01
periods: {first: 2027Q1, count: 3}
money: USD million
budget: {per_period: 10}
frontier: {compute: {flop: 1e26}, unique_tokens: {count: 1e13}}
initiatives:
  kernels: {path: architect, source: judgement, cost: 8, effects: {compute: 2}}
"""
AGENTS = "  agents: {path: alchemist, source: judgement, cost: 15, effects: {compute: 3}}\n"


def kernels(keys: str) -> str:
    """Give the portfolio with more keys on its first initiative."""
    return HEAD.replace("cost: 8,", f"cost: 8, {keys},")


GRANT = "funds: [{name: a grant, paths: [alchemist], per_period: [2, 3, 4]}]"
BEGUN = kernels("spent: {2026Q4: 2}")


# For each block: a portfolio and a gambit in which it has rows.
EXAMPLES = {
    "keep_what_is_paid": (HEAD, "name: free"),
    "pace": (kernels("takes: 2"), "name: free"),
    "wait_for_the_start": (kernels("start: 2027Q3"), "name: free"),
    "fund_what_must_be": (kernels("must: true"), "name: free"),
    "fund_prerequisites_first": (
        kernels("requires: [agents], after: [data]")
        + AGENTS
        + "  data: {path: alchemist, source: judgement, cost: 5}\n",
        "name: free",
    ),
    "limit_spend": (
        HEAD.replace("{per_period: 10}", f"{{per_period: [10, 10, 5], total: 20, reserve: 0.05, {GRANT}}}") + AGENTS,
        "{name: careful, reserve: 0.1}",
    ),
    "limit_resources": (
        kernels("uses: {people: 20}") + "resources: {people: {unit: FTE-quarters, capacity: [8, 10, 12]}}\n",
        "name: free",
    ),
    "hold_shares": (HEAD + AGENTS, "{name: band, shares: {architect: 0.7, alchemist: [0.2, 0.3]}}"),
    "limit_each": (HEAD + AGENTS, "{name: spread, most_for_one: 0.25}"),
    "limit_extrapolation": (kernels("fitted_to: 1e26") + AGENTS, "{name: near, extrapolation_cap: 0.3}"),
    "hold_floor": (HEAD, "{name: floor, cvar_floor: 0.2}"),
    "stop_what_may_not_go_on": (BEGUN.replace("spent", "never: true, spent"), "name: free"),
    "choose_among_prerequisites": (
        kernels("requires: [{k: 1, of: [agents, data], share: 0.5, lag: 1}]")
        + AGENTS
        + "  data: {path: alchemist, source: judgement, cost: 5}\n",
        "name: free",
    ),
    "pay_for_serving": (
        HEAD.replace("{per_period: 10}", "{per_period: 10, includes_serving: true}").replace(
            "{compute: 2}", "{inference_cost: 4}, response: 0.5"
        )
        + "market: {sectors: {all: {tokens_per_day: 1e12, value_per_million: 1e-6, cost_per_million: 2e-8}}}\n",
        "name: free",
    ),
    "spend_funds": (
        HEAD.replace("{per_period: 10}", f"{{per_period: 10, {GRANT}}}") + AGENTS,
        "name: free",
    ),
    "hold_groups": (HEAD + AGENTS + "groups: [{among: [agents], min: 0.2, max: 0.6}]\n", "name: free"),
    "switch_on": (kernels("whole: true"), "name: free"),
    "all_or_nothing": (kernels("whole: true"), "name: free"),
    "begin_once": (kernels("whole: true, takes: 2"), "name: free"),
    "fund_enough": (BEGUN.replace("spent", "minimum: 0.6, spent"), "name: free"),
    "choose_one_size": (
        HEAD.replace(
            "cost: 8, effects: {compute: 2}", "levels: [{cost: 8, effects: {compute: 2}}, {name: big, cost: 9}]"
        )
        + AGENTS,
        "name: free",
    ),
    "exclude": (HEAD + AGENTS + "excludes: [[kernels, agents]]\n", "name: free"),
    "count_initiatives": (HEAD + AGENTS + "counts: {min: 1, max: 2}\n", "{name: few, most_initiatives: 1}"),
}


def stated(layout: Layout, limits: Limits) -> str:
    """Give the LP text of some rows and the columns that they use."""
    used = set(limits.column.tolist())
    model = build(layout, limits, [(0, 0.0)])
    model.solve()
    columns = readable(layout.names)
    unused = {name for k, name in enumerate(columns) if k not in used}
    rows = model.text("lp", columns, readable(model.row_names())).partition("\nst\n")[2]
    return "".join(f"{line}\n" for line in rows.splitlines() if line and unused.isdisjoint(line.split()))


def test_every_block_has_an_example_and_every_golden_file_a_block() -> None:
    blocks = {block.__name__ for block in BLOCKS}

    assert set(EXAMPLES) == blocks, "add a portfolio in which the block has rows to EXAMPLES, then --snapshot-update"
    assert {file.stem for file in GOLDEN.glob("*.lp")} == blocks, "remove the file of a block that is gone"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_a_block_states_these_rows(
    block: Callable[[Layout], Limits],
    read: Callable[[str], Portfolio],
    read_gambit: Callable[[str], Gambit],
    request: pytest.FixtureRequest,
) -> None:
    text, gambit_text = EXAMPLES[block.__name__]
    portfolio, gambit = read(text), read_gambit(gambit_text)
    layout = lay_out(portfolio, gambit, portfolio.initiatives, portfolio.objective.weights, gambit.aversion, bare=True)
    limits = block(layout)
    assert len(limits), "the example has a rule for this block"

    found, file = stated(layout, limits), GOLDEN / f"{block.__name__}.lp"
    if request.config.getoption("update_snapshots"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")

    assert found == file.read_text(encoding="utf-8")
