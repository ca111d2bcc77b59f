"""What a plan or a run was made from is written into its folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gambits.errors import InputError
from gambits.rerun.worlds import World


@pytest.mark.parametrize(
    ("law", "name"),
    [
        ("../outside/mine.yaml", "mine.yaml"),
        ("mine.yaml", "../outside.yaml"),
        ("mine.yaml", "{tmp}/outside.yaml"),
        ("{tmp}/mine.yaml", "mine.yaml"),
    ],
)
def test_a_law_that_would_be_written_elsewhere_is_refused(law: str, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    folder.mkdir()
    inputs = {"frontier.law": law.format(tmp=tmp_path)}
    world = World(inputs, {"name": "x"}, {}, {f"law/{name.format(tmp=tmp_path)}": "owned"})

    with pytest.raises(InputError, match="1 problem"):
        world.build(folder)
    assert [file.name for file in tmp_path.rglob("*")] == ["world"]
