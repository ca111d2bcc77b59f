"""The records that a ledger holds. Frozen, and free of any database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

HASHED: Final = ("inputs", "plan", "settings")
"""The parts that the hash of a run is of: what was asked, and what was answered."""


def sha256(text: str) -> str:
    """Hash a text as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of(parts: Mapping[str, str]) -> str:
    """Hash a run from the hashes of its parts, by name. Versions, times, hosts and layout stay outside."""
    return sha256("\n".join(f"{name} {parts[name]}" for name in HASHED))


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be recorded.

    ``parts`` holds texts by name: ``inputs``, ``settings`` and ``plan`` (JSON), ``memo`` (Markdown), ``analyses``
    (JSON, what else was found out about the plan), and ``source/NAME`` for each file that was read. ``reduced_sha256``
    is the hash of what the answer depends on. ``environment`` is JSON: versions and platform.
    """

    command: str
    portfolio: str
    file: str
    gambit: str
    status: str
    objective: float
    total_spend: float
    money: str
    reduced_sha256: str
    environment: str
    parts: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """The hash of the run."""
        return hash_of({name: sha256(self.parts[name]) for name in HASHED})


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run; ``parts`` holds the hash of each part by name, its text is the ledger's to give."""

    number: int
    sha256: str
    reduced_sha256: str
    recorded_at: str
    host: str
    environment: Mapping[str, Any]
    command: str
    portfolio: str
    file: str
    gambit: str
    status: str
    objective: float
    total_spend: float
    money: str
    parts: Mapping[str, str]


class Kind(Enum):
    """What can be said of a run after it was recorded."""

    APPROVED = "approved"
    LOCKED = "locked"
    NOTE = "note"
    VERIFIED = "verified"
    FAILED = "did not verify"


@dataclass(frozen=True, slots=True)
class Event:
    """Something said of a run: when, what, by whom, in which words."""

    run: int
    at: str
    kind: Kind
    name: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {"at": self.at, "kind": self.kind.value, "name": self.name, "text": self.text}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an estimate turned out to be: its dotted key in a portfolio, the value, the day, and who says so.

    The value is in the unit of the estimate; for a ``success`` it is 1 or 0.
    """

    portfolio: str
    estimate: str
    value: float
    observed_on: str
    name: str = ""
