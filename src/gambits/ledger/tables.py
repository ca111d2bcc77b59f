"""The tables of a ledger, and how an older ledger becomes one of today: the same in SQLite and PostgreSQL.

A migration is text that stays as it was once a ledger has been made with it; what changes is a new migration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import column, table

MIGRATIONS: Final = (
    (
        "CREATE TABLE documents (sha256 TEXT PRIMARY KEY, text TEXT NOT NULL)",
        """CREATE TABLE runs (
            number {serial},
            sha256 TEXT NOT NULL,
            reduced_sha256 TEXT NOT NULL,
            recorded_at TEXT NOT NULL,
            host TEXT NOT NULL,
            environment TEXT NOT NULL,
            command TEXT NOT NULL,
            portfolio TEXT NOT NULL,
            file TEXT NOT NULL,
            gambit TEXT NOT NULL,
            status TEXT NOT NULL,
            objective DOUBLE PRECISION NOT NULL,
            total_spend DOUBLE PRECISION NOT NULL,
            money TEXT NOT NULL
        )""",
        "CREATE INDEX runs_by_portfolio ON runs (portfolio, gambit)",
        "CREATE INDEX runs_by_sha256 ON runs (sha256)",
        """CREATE TABLE parts (
            run {reference} NOT NULL REFERENCES runs (number),
            name TEXT NOT NULL,
            document TEXT NOT NULL REFERENCES documents (sha256),
            PRIMARY KEY (run, name)
        )""",
        """CREATE TABLE events (
            number {serial},
            run {reference} NOT NULL REFERENCES runs (number),
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            text TEXT NOT NULL
        )""",
        "CREATE INDEX events_by_run ON events (run)",
    ),
    (
        """CREATE TABLE outcomes (
            number {serial},
            recorded_at TEXT NOT NULL,
            portfolio TEXT NOT NULL,
            estimate TEXT NOT NULL,
            value DOUBLE PRECISION NOT NULL,
            observed_on TEXT NOT NULL,
            name TEXT NOT NULL
        )""",
        "CREATE INDEX outcomes_by_portfolio ON outcomes (portfolio, estimate)",
    ),
)
"""What makes version 1 from nothing, version 2 from version 1, and so on."""

_MADE: Final = ("documents", "runs", "parts", "events"), ("outcomes",)
"""The tables that each migration makes: their rows are kept from being changed."""

_TYPES: Final = {
    "sqlite": {"serial": "INTEGER PRIMARY KEY AUTOINCREMENT", "reference": "INTEGER"},
    "postgresql": {"serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "reference": "BIGINT"},
}
DIALECTS: Final = tuple(_TYPES)

VERSION: Final = "CREATE TABLE IF NOT EXISTS ledger (version INTEGER PRIMARY KEY)"

ledger = table("ledger", column("version"))
documents = table("documents", column("sha256"), column("text"))
runs = table(
    "runs",
    *map(
        column,
        (
            "number",
            "sha256",
            "reduced_sha256",
            "recorded_at",
            "host",
            "environment",
            "command",
            "portfolio",
            "file",
            "gambit",
            "status",
            "objective",
            "total_spend",
            "money",
        ),
    ),
)
parts = table("parts", column("run"), column("name"), column("document"))
events = table("events", *map(column, ("number", "run", "at", "kind", "name", "text")))
outcomes = table(
    "outcomes", *map(column, ("number", "recorded_at", "portfolio", "estimate", "value", "observed_on", "name"))
)


def statements(version: int, dialect: str) -> Iterator[str]:
    """List what brings a ledger from the version before to this one, in the words of a dialect."""
    for statement in MIGRATIONS[version - 1]:
        yield statement.format(**_TYPES[dialect])
    for name in _MADE[version - 1]:
        yield from _kept(name, dialect)


def _kept(name: str, dialect: str) -> Iterator[str]:
    """Refuse every change of a row, whoever asks for it."""
    if dialect == "sqlite":
        for change in ("UPDATE", "DELETE"):
            refuse = "BEGIN SELECT RAISE(ABORT, 'a ledger is never changed'); END"
            yield f"CREATE TRIGGER keep_{name}_from_{change.lower()} BEFORE {change} ON {name} {refuse}"
        return
    yield (
        "CREATE OR REPLACE FUNCTION keep_ledger() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a ledger is never changed'; END $$"
    )
    yield (
        f"CREATE TRIGGER keep_{name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger()"
    )
