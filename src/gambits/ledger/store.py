"""The one module that speaks to a database: SQLite in a file, or PostgreSQL by its URL.

A run is written in one transaction that takes the write lock at once: writers wait for one another, a reader never
waits, and one that is killed leaves nothing of its run. Rows are only ever added.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gambits.errors import GambitsError, InputError, Problem, VerificationError, Where
from gambits.ledger import tables
from gambits.ledger.records import HASHED, Event, Kind, NewRun, Outcome, Run, hash_of, sha256

_HEAD: Final = b"SQLite format 3\0"
_WAIT_SECONDS: Final = 60
_TRIES: Final = 30
_LOCK: Final = 0x67616D62
"""Key of PostgreSQL's advisory lock under which a ledger is brought up to date: `gamb`."""
_LEAST_OF_A_HASH: Final = 6

_Found = TypeVar("_Found")


class Ledger:
    """A ledger that is open: runs, what was said of them, outcomes. ``place`` is how its user knows it."""

    def __init__(self, engine: sa.Engine, place: str) -> None:
        self._engine = engine
        self.place = place

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def record(self, run: NewRun, recorded_at: str, host: str) -> int:
        """Write a run, whole or not at all, and give its number.

        Parameters
        ----------
        run
            What to record.
        recorded_at
            The time, ISO 8601.
        host
            The machine's name.
        """

        def write(connection: sa.Connection) -> int:
            hashes = {name: sha256(text) for name, text in sorted(run.parts.items())}
            # Sorted, so that two writers of the same documents never wait for each other in a circle.
            for hash, text in sorted((hashes[name], text) for name, text in run.parts.items()):
                self._keep(connection, hash, text)
            values = {name: getattr(run, name) for name in NewRun.__slots__ if name != "parts"}
            values |= {"sha256": run.sha256, "recorded_at": recorded_at, "host": host}
            number = connection.execute(sa.insert(tables.runs).values(values).returning(tables.runs.c.number)).scalar()
            rows = [{"run": number, "name": name, "document": hash} for name, hash in hashes.items()]
            connection.execute(sa.insert(tables.parts), rows)
            return int(number or 0)

        return self._write(write)

    def say(self, event: Event) -> None:
        """Add something said of a run.

        Raises
        ------
        InputError
            If the run is locked: only whether it verifies can still be added.
        """

        def write(connection: sa.Connection) -> None:
            query = sa.select(tables.events.c.name).where(
                tables.events.c.run == event.run, tables.events.c.kind == Kind.LOCKED.value
            )
            locked = connection.execute(query).first()
            if locked is not None and event.kind not in (Kind.VERIFIED, Kind.FAILED):
                message = f"run {event.run} was locked by {locked.name}"
                raise self._refused("run-locked", message, "record and approve another run")
            values = {
                "run": event.run,
                "at": event.at,
                "kind": event.kind.value,
                "name": event.name,
                "text": event.text,
            }
            connection.execute(sa.insert(tables.events).values(values))

        self._write(write)

    def add_outcomes(self, outcomes: tuple[Outcome, ...], recorded_at: str) -> None:
        """Add what estimates turned out to be, all of them or none."""
        rows = [{name: getattr(each, name) for name in Outcome.__slots__} for each in outcomes]
        rows = [row | {"recorded_at": recorded_at} for row in rows]
        self._write(lambda connection: connection.execute(sa.insert(tables.outcomes), rows))

    def runs(self, **values: str) -> tuple[Run, ...]:
        """List the runs, oldest first: all, or those with some values, as ``portfolio="Lab"`` or ``sha256=…``."""
        query = sa.select(tables.runs).order_by(tables.runs.c.number)
        return self._read_runs(query.where(*(tables.runs.c[name] == value for name, value in values.items())))

    def events(self, run: int | None = None) -> tuple[Event, ...]:
        """List what was said of a run, or of every run, in the order in which it was."""
        query = sa.select(tables.events).order_by(tables.events.c.number)
        if run is not None:
            query = query.where(tables.events.c.run == run)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return tuple(Event(row.run, row.at, Kind(row.kind), row.name, row.text) for row in rows)

    def outcomes(self) -> tuple[Outcome, ...]:
        """List every outcome; of one estimate the last counts, since a row cannot be changed."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(tables.outcomes).order_by(tables.outcomes.c.number)).all()
        return tuple(Outcome(*(getattr(row, name) for name in Outcome.__slots__)) for row in rows)

    def approved(self, portfolio: str, gambit: str) -> Run | None:
        """Give the last run of a portfolio under a gambit that was approved."""
        runs, events = tables.runs.c, tables.events.c
        approved = sa.select(events.run).where(events.kind == Kind.APPROVED.value)
        query = sa.select(tables.runs).order_by(runs.number.desc()).limit(1)
        query = query.where(runs.portfolio == portfolio, runs.gambit == gambit, runs.number.in_(approved))
        return next(iter(self._read_runs(query)), None)

    def find(self, word: str) -> Run:
        """Find the run that a user means: its number, the start of its hash, ``latest`` or ``approved``.

        Raises
        ------
        InputError
            If there is none, or more than one whose content differs.
        """
        found = self._read_runs(self._query(word))
        if not found:
            raise self._refused("unknown-run", f"there is no run `{word}`", "see `gambits runs list`")
        if len({run.sha256 for run in found}) > 1:
            message = f"`{word}` is the start of more than one hash"
            raise self._refused("unknown-run", message, "give more of it, or the number of the run")
        return found[-1]

    def _query(self, word: str) -> sa.Select[Any]:
        query = sa.select(tables.runs).order_by(tables.runs.c.number)
        last = sa.select(tables.runs).order_by(tables.runs.c.number.desc()).limit(1)
        if word == "latest":
            return last
        if word == "approved":
            approved = sa.select(tables.events.c.run).where(tables.events.c.kind == Kind.APPROVED.value)
            return last.where(tables.runs.c.number.in_(approved))
        if word.isdecimal() and len(word) < len(str(2**62)):
            return query.where(tables.runs.c.number == int(word))
        if len(word) < _LEAST_OF_A_HASH or not word.isalnum():
            return query.where(sa.false())
        return query.where(tables.runs.c.sha256.startswith(word))

    def text(self, run: Run, part: str) -> str:
        """Give the text of a part of a run.

        Raises
        ------
        VerificationError
            If the text is not the one that was recorded.
        """
        query = sa.select(tables.documents.c.text).where(tables.documents.c.sha256 == run.parts[part])
        with self._reading() as connection:
            text = connection.execute(query).scalar()
        if text is None or sha256(text) != run.parts[part]:
            hint = "take the ledger from a backup; this run can no longer be trusted"
            raise VerificationError(f"the {part} of run {run.number} is not what was recorded", hint)
        return str(text)

    def check(self, run: Run) -> None:
        """Hold every part of a run against its hash, and the run against its own.

        Raises
        ------
        VerificationError
            If anything is not what was recorded.
        """
        for name in run.parts:
            self.text(run, name)
        if not set(HASHED) <= set(run.parts) or hash_of(run.parts) != run.sha256:
            raise VerificationError(f"run {run.number} does not have the hash that was recorded", "take a backup")

    def _read_runs(self, query: sa.Select[Any]) -> tuple[Run, ...]:
        with self._reading() as connection:
            rows = connection.execute(query).all()
            numbers = query.with_only_columns(tables.runs.c.number)
            wanted = sa.select(tables.parts).where(tables.parts.c.run.in_(numbers)).order_by(tables.parts.c.name)
            parts: dict[int, dict[str, str]] = {}
            for part in connection.execute(wanted):
                parts.setdefault(part.run, {})[part.name] = part.document
        return tuple(_run(row, parts.get(row.number, {})) for row in rows)

    def _keep(self, connection: sa.Connection, hash: str, text: str) -> None:
        """Add a document, unless the ledger holds it already."""
        insert = postgresql.insert if self._is_postgresql else sqlite.insert
        connection.execute(insert(tables.documents).values(sha256=hash, text=text).on_conflict_do_nothing())

    @property
    def _is_postgresql(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._explained(), self._engine.connect() as connection:
            yield connection

    def _write(self, work: Callable[[sa.Connection], _Found]) -> _Found:
        """Do some work in one transaction, again where another writer was in its way."""
        for attempt in range(_TRIES):
            try:
                with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
                    return work(connection)
            except sa.exc.OperationalError as error:
                if attempt == _TRIES - 1 or not _passes(error):
                    raise self._failed(error) from error
                _wait(attempt)
            except sa.exc.DatabaseError as error:
                raise self._failed(error) from error
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self._failed(error) from error

    def _failed(self, error: sa.exc.DBAPIError) -> GambitsError:
        """Explain what a database said."""
        cause = error.orig
        if isinstance(cause, sqlite3.DatabaseError) and _is_damage(cause):
            return self._refused("ledger-damaged", f"the ledger is damaged: {cause}", _BACKUP)
        return GambitsError(f"the ledger {self.place}: {_first_line(cause)}", _REACHED)

    def _refused(self, code: str, message: str, fix: str) -> InputError:
        return InputError((Problem(code, Where(self.place), message, fix),))

    # Opening: look first, and touch nothing that is not a sound ledger of a known version.

    def prepare(self, *, create: bool) -> None:
        """Bring the ledger up to date; make its tables where there are none and ``create`` allows it."""
        version = self._version()
        if version > len(tables.MIGRATIONS):
            message = f"the ledger has version {version}; this program knows versions up to {len(tables.MIGRATIONS)}"
            raise self._refused("ledger-newer", message, "use a newer gambits")
        if version == 0 and not create:
            raise self._refused(
                "no-ledger", "there is no ledger here", "record a run with --record, or name it with --ledger"
            )
        if not self._is_postgresql:
            self._write_ahead()
        if version < len(tables.MIGRATIONS):
            self._write(self._migrate)

    def _version(self) -> int:
        with self._reading() as connection:
            if not self._is_postgresql:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
                if found != "ok":
                    raise self._refused("ledger-damaged", f"the ledger is damaged: {found}", _BACKUP)
            names = sa.inspect(connection).get_table_names()
            if "ledger" in names:
                return int(connection.execute(sa.select(sa.func.max(tables.ledger.c.version))).scalar() or 0)
        if names and not self._is_postgresql:
            raise self._refused("not-a-ledger", "the database is no ledger", "name another file")
        return 0

    def _write_ahead(self) -> None:
        """Let readers read while a writer writes; the switch needs the file to itself for a moment."""
        for attempt in range(_TRIES):
            try:
                with closing(self._engine.raw_connection()) as connection:
                    connection.cursor().execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if _code(error) == sqlite3.SQLITE_READONLY:
                    return  # who may only read needs no more
                if attempt == _TRIES - 1 or _code(error) not in _BUSY:
                    raise GambitsError(f"the ledger {self.place}: {error}", _REACHED) from error
                _wait(attempt)

    def _migrate(self, connection: sa.Connection) -> None:
        if self._is_postgresql:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        connection.exec_driver_sql(tables.VERSION)
        # Whoever held the lock before may have done it already.
        done = int(connection.execute(sa.select(sa.func.max(tables.ledger.c.version))).scalar() or 0)
        for version in range(done + 1, len(tables.MIGRATIONS) + 1):
            for statement in tables.statements(version, self._engine.dialect.name):
                connection.exec_driver_sql(statement)
            connection.execute(sa.insert(tables.ledger).values(version=version))


_REACHED: Final = "check that it can be reached and written"
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BACKUP: Final = "take it from a backup; it was left as it is"


def open_ledger(place: str, *, create: bool = False) -> Ledger:
    """Open the ledger in a SQLite file or at a PostgreSQL URL.

    Parameters
    ----------
    place
        A path, or a URL as ``postgresql://user@host/name``.
    create
        Whether to make it where there is none.

    Raises
    ------
    InputError
        If there is none, or what is there is damaged, of a newer version, or no ledger. It is left as it is.
    GambitsError
        If the database cannot be reached.
    """
    ledger = _at_url(place) if "://" in place else _in_file(Path(place), create=create)
    try:
        ledger.prepare(create=create)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _in_file(path: Path, *, create: bool) -> Ledger:
    shown = path.as_posix()
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(len(_HEAD))
        if head and head != _HEAD:
            problem = Problem("ledger-damaged", Where(shown), "the file is no ledger, or damaged", _BACKUP)
            raise InputError((problem,))
    elif not create:
        fix = "record a run with --record, or name the ledger with --ledger"
        raise InputError((Problem("no-ledger", Where(shown), "there is no ledger here", fix),))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": _WAIT_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()  # not every SQLAlchemy does, and what is open leaves files beside the ledger
            raise

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        # A writer that begins as a reader could be refused later, where waiting no longer helps.
        kind = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
        connection.exec_driver_sql(f"BEGIN {kind}")

    return Ledger(engine, shown)


def _at_url(place: str) -> Ledger:
    try:
        url = sa.make_url(place)
    except sa.exc.ArgumentError:
        raise _no_url(place) from None
    if url.get_backend_name() == "sqlite" and url.database:
        return _in_file(Path(url.database), create=True)
    if url.get_backend_name() != "postgresql":
        raise _no_url(url.render_as_string())
    try:
        # A connection that has gone is found out before it is used.
        engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ImportError:
        hint = "install it with the extra: pip install 'gambits[postgresql]'"
        raise GambitsError("a ledger on PostgreSQL needs psycopg, which is not installed", hint) from None
    return Ledger(engine, url.render_as_string(hide_password=True))


def _no_url(place: str) -> InputError:
    fix = "give a file, or a URL as postgresql://user@host/name"
    return InputError((Problem("not-a-ledger", Where(place), "this is no place for a ledger", fix),))


def _run(row: Any, parts: Mapping[str, str]) -> Run:
    values = {name: getattr(row, name) for name in Run.__slots__ if name not in ("parts", "environment")}
    return Run(**values, environment=json.loads(row.environment), parts=parts)


def _passes(error: sa.exc.OperationalError) -> bool:
    """Whether another writer was in the way: a lock in SQLite; a deadlock or a lost race in PostgreSQL."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return _code(error.orig) in _BUSY
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01", "55P03")


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _code(error: sqlite3.Error) -> int:
    """Give SQLite's own code of an error, without its finer distinctions."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _wait(attempt: int) -> None:
    time.sleep(0.01 * 2 ** min(attempt, 6))


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().splitlines()[0] if error and str(error).strip() else "it failed without a reason"
