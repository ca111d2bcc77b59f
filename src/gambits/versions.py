"""The versions of what decides an answer."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

_DECIDE: Final = ("gambits", "pulp", "highspy", "numpy")


def versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that decide an answer, by name; the solver is highspy."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _DECIDE}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
