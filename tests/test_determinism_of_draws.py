"""Draws and all that follows from them are the same bytes in every process, whatever its threads and the file's order.

On another platform the last digits of a sum may differ, so there the plan of the minimal portfolio is compared with
``tests/golden/minimal-plan.json`` at 6 significant digits. When a change is meant to move the plan, renew the file
and look at what moved:

    GAMBITS_RENEW_GOLDEN=1 .venv/bin/pytest tests/test_determinism_of_draws.py
    git diff tests/golden/minimal-plan.json
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gambits.files.bundled import portfolio_folder

COMMAND = Path(sys.executable).with_name("gambits")
GOLDEN = Path(__file__).parent / "golden" / "minimal-plan.json"
DRAWS = ("--draws", "200")


def solve(portfolio: Path, *options: str, hash_seed: str = "0", threads: str = "1") -> bytes:
    """Solve in a process of its own; give the JSON as printed."""
    pools = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, **pools}
    command = [COMMAND, "solve", portfolio, "--json", *options]
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def minimal() -> Any:
    folder = portfolio_folder("minimal")
    assert folder is not None
    return yaml.safe_load((folder / "portfolio.yaml").read_text(encoding="utf-8"))


def written(document: Any, folder: Path) -> Path:
    folder.mkdir()
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    (folder / "portfolio.yaml").write_text(text, encoding="utf-8")
    return folder


def shuffled(value: Any, chance: random.Random) -> Any:
    """Shuffle the keys of every mapping."""
    if not isinstance(value, dict):
        return value
    items = [(key, shuffled(item, chance)) for key, item in value.items()]
    chance.shuffle(items)
    return dict(items)


@pytest.fixture(scope="module")
def plan(minimal: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Solve the minimal portfolio, as the other tests of this module do in other circumstances."""
    return solve(written(minimal, tmp_path_factory.mktemp("minimal") / "lab"), *DRAWS)


def test_another_hash_seed_more_threads_and_another_order_of_rows_change_no_byte(
    plan: bytes, minimal: Any, tmp_path: Path
) -> None:
    again = shuffled(minimal, random.Random(1))
    assert list(again["initiatives"]) != list(minimal["initiatives"])

    assert json.loads(plan)["stability"]
    assert solve(written(again, tmp_path / "lab"), *DRAWS, hash_seed="1", threads="2") == plan


def test_long_sums_are_the_same_bytes_with_any_threads(minimal: Any, tmp_path: Path) -> None:
    """Two years of months in blocks of full size: arrays that a linear algebra library would share out."""
    months = minimal | {
        "periods": {"first": "2027-01", "count": 24},
        "budget": {"per_period": 1},
        "correlation": {"path": 0.3, "scenario": 0.2},
        "scenarios": [
            {"name": "as planned", "probability": 0.7},
            {"name": "early wall", "probability": 0.3, "change": {"frontier.unique_tokens.count": "5e12 to 9e12"}},
        ],
    }
    folder = written(months, tmp_path / "lab")
    options = ("--draws", "520", "--batches", "0")

    assert solve(folder, *options) == solve(folder, *options, hash_seed="1", threads="2")


# Other platforms.

NOT_COMPARED = ("versions", "input_sha256", "inputs", "warnings", "rounds", "bound", "gap")
"""What names the platform or the words of the input, and what tells how the search went: the plan is compared."""


def rounded(value: Any) -> Any:
    """Round to 6 significant digits; what is below a billionth is nothing."""
    if isinstance(value, float):
        return 0.0 if abs(value) < 1e-9 else float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value


def test_the_plan_of_the_minimal_portfolio_is_the_one_that_is_kept(plan: bytes) -> None:
    found = rounded({key: value for key, value in json.loads(plan).items() if key not in NOT_COMPARED})
    if os.environ.get("GAMBITS_RENEW_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))

    assert found == kept
