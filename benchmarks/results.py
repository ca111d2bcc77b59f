"""Results of benchmarks: sections of RESULTS.md, each replaced by its next run."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).with_name("RESULTS.md")
HEAD = (
    "# Results of the benchmarks\n\n"
    "Times are of shared machines: read the ratios, which were measured side by side in one run.\n"
)


def write_section(name: str, text: str) -> None:
    """Write a section, in place of the one of that name."""
    whole = FILE.read_text(encoding="utf-8") if FILE.exists() else HEAD
    whole = re.sub(rf"\n## {re.escape(name)}\n.*?(?=\n## |\Z)", "", whole, flags=re.DOTALL)
    FILE.write_text(f"{whole.rstrip()}\n\n## {name}\n\n{versions()}\n\n{text.strip()}\n", encoding="utf-8")


def versions() -> str:
    """Say what ran."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "highspy", "pulp"))
    return f"Python {platform.python_version()}, {packages}, {os.cpu_count()} cores."


def table(heads: list[str], rows: list[list[object]]) -> str:
    """Lay out a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
