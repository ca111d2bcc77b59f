"""What made a run: versions, the program's own text, the machine. Recorded beside a run, outside its hash."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_PROCESSOR: Final = Path("/proc/cpuinfo")


def environment(versions: Mapping[str, str]) -> dict[str, Any]:
    """Give what decides the last digits of an answer, beside the versions that a plan carries.

    ``code`` is the hash of the program's own text, since a version stands still while it is developed;
    ``processor`` matters because numerical libraries choose their kernels by it.
    """
    return {
        "versions": dict(versions),
        "scipy": version("scipy"),
        "code": code_sha256(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
    }


@functools.cache
def code_sha256() -> str:
    """Hash the text of every module of the package, by name."""
    found = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        found.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _processor() -> str:
    if _PROCESSOR.is_file():
        for line in _PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor()
