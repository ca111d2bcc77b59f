"""What a command imports is what its user waits for."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"highspy", "jinja2", "networkx", "numpy", "pandas", "pulp", "rich.console", "yaml"}


def heavy_modules_after(code: str) -> set[str]:
    """Run code in a fresh interpreter; give back which of the heavy modules it has loaded by the end."""
    report = "import sys, json; print('\\n' + json.dumps(list(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return HEAVY & set(json.loads(ran.stdout.splitlines()[-1]))


def test_importing_gambits_imports_nothing_heavy() -> None:
    assert heavy_modules_after("import gambits") == set()


def test_help_imports_nothing_heavy() -> None:
    assert heavy_modules_after("from gambits.cli import main; main(['--help'], standalone_mode=False)") == set()


def test_no_room_imports_pandas_before_a_table_is_asked_for() -> None:
    every_room = """
import importlib, pkgutil, gambits
for module in pkgutil.walk_packages(gambits.__path__, "gambits."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""

    assert "pandas" not in heavy_modules_after(every_room)
