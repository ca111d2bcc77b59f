"""The whole memos of the bundled portfolios, to be read when it changes: pytest --snapshot-update writes it anew.

What differs between machines and releases is masked: versions, the hash of the inputs, and how the solver went.
Figures may differ by a unit or two in their last place, since plans of the same value may differ by so little.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
MASKS = {
    r"\n<!-- gambits-memo .*? -->\n": "",
    r"[0-9a-f]{64}": "<hash>",
    r"Made with .*": "Made with <versions>.",
    r"\d\.\de[-+]\d\d OOM": "<gap> OOM",
    r"gap \d\.\de[-+]\d\d": "gap <gap>",
    r"\d+ rounds": "<n> rounds",
    r"(Value|bound) (\d\.\d{4})\d\d": r"\1 \2",
}
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def masked(memo: str) -> str:
    for pattern, mask in MASKS.items():
        memo = re.sub(pattern, mask, memo, flags=re.DOTALL if "memo" in pattern else 0)
    return memo


def unit_in_last_place(number: str) -> float:
    return 10.0 ** -len(number.partition(".")[2])


@pytest.mark.parametrize(
    ("portfolio", "gambit"),
    [
        ("minimal", "incumbent"),
        ("minimal", "challenger"),
        ("frontier-lab", "incumbent"),
        ("challenger-startup", "incumbent"),
    ],
)
def test_the_memo_of_a_bundled_portfolio(
    portfolio: str, gambit: str, memo_of: Callable[..., str], request: pytest.FixtureRequest
) -> None:
    memo, file = masked(memo_of(portfolio, gambit)), GOLDEN / f"{portfolio}-{gambit}.md"
    if request.config.getoption("update_snapshots"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(memo, encoding="utf-8")
    golden = file.read_text(encoding="utf-8")

    assert NUMBER.sub("#", memo) == NUMBER.sub("#", golden)
    for found, expected in zip(NUMBER.findall(memo), NUMBER.findall(golden), strict=True):
        number, wanted = (float(each.replace(",", "")) for each in (found, expected))
        assert number == pytest.approx(wanted, abs=2.01 * unit_in_last_place(expected)), f"{found} for {expected}"
