"""The whole memo of a small portfolio, to be read when it changes: pytest --snapshot-update writes it anew.

What differs between machines and releases is masked: versions, the hash of the inputs, and how the solver went.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class Markdown(SingleFileSnapshotExtension):
    """Keeps each memo as a Markdown file of its own."""

    _write_mode = WriteMode.TEXT
    file_extension = "md"


MASKS = {
    r"`[0-9a-f]{64}`": "`<hash>`",
    r"Made with .*": "Made with <versions>.",
    r"\d\.\de[-+]\d\d OOM": "<gap> OOM",
    r"gap \d\.\de[-+]\d\d": "gap <gap>",
    r"\d+ rounds": "<n> rounds",
    r"(Value|bound) (\d\.\d{4})\d\d": r"\1 \2",
}


@pytest.mark.parametrize("gambit", ["incumbent", "challenger"])
def test_the_memo_of_the_minimal_portfolio(
    gambit: str, memo_of: Callable[..., str], snapshot: SnapshotAssertion
) -> None:
    memo = memo_of("minimal", gambit)
    for pattern, mask in MASKS.items():
        memo = re.sub(pattern, mask, memo)

    assert memo == snapshot(extension_class=Markdown)
