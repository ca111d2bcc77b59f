"""The ledger keeps what it is given, whoever writes beside it and whatever happens to them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gambits.errors import GambitsError, InputError, VerificationError
from gambits.ledger import tables
from gambits.ledger.records import Event, Kind, NewRun, Outcome
from gambits.ledger.store import Ledger, open_ledger

AT = "2027-01-01T09:00:00Z"
NewRuns = Callable[..., NewRun]

# Each process writes its own runs, and documents that all of them share.
WRITER = """
import json, sys
from gambits.ledger.records import NewRun
from gambits.ledger.store import open_ledger

place, writer, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open_ledger(place, create=True) as ledger:
    for number in range(count):
        parts = {"inputs": json.dumps([writer, number]), "settings": "{}", "plan": str(number), "source/a": "shared"}
        run = NewRun("solve", "lab", "f", writer, "optimal", number, 1.0, "USD", "0", "{}", parts)
        ledger.record(run, "2027-01-01T09:00:00Z", "host")
        print(number, flush=True)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".gambits" / "ledger.db"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def place(request: pytest.FixtureRequest, file: Path) -> Iterator[str]:
    """Give an empty place for a ledger, of each kind."""
    if request.param == "sqlite":
        yield str(file)
        return
    url = request.getfixturevalue("postgresql")
    _empty(url)
    yield url


def _empty(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def _writer(place: str, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, place, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_run_is_read_back_as_it_was_recorded(place: str, new_run: NewRuns) -> None:
    given = new_run(3)
    with open_ledger(place, create=True) as ledger:
        number = ledger.record(given, AT, "here")
    with open_ledger(place) as ledger:
        (found,) = ledger.runs()
        texts = {name: ledger.text(found, name) for name in found.parts}
        ledger.check(found)

    assert texts == given.parts
    assert (found.number, found.recorded_at, found.host) == (number, AT, "here")
    assert (found.sha256, found.objective, found.environment) == (given.sha256, given.objective, {"python": "3.11"})


def test_eight_writers_of_200_runs_each_lose_none(place: str) -> None:
    writers = [_writer(place, f"writer-{number}", 200) for number in range(8)]
    ended = [writer.communicate() for writer in writers]

    assert [writer.returncode for writer in writers] == [0] * 8, ended[0][1]
    with open_ledger(place) as ledger:
        runs = ledger.runs()
        for run in runs:
            ledger.check(run)
    assert len(runs) == 1600
    assert len({run.sha256 for run in runs}) == 1600
    for number in range(8):
        written = [run.objective for run in runs if run.gambit == f"writer-{number}"]
        assert written == list(range(200))


def test_a_writer_that_is_killed_loses_at_most_its_unfinished_run(place: str, new_run: NewRuns) -> None:
    writer = _writer(place, "killed", 100_000)
    assert writer.stdout is not None
    for _ in range(25):
        last = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.communicate()[0].split()
    told = int(rest[-1]) if rest else last

    with open_ledger(place) as ledger:
        runs = ledger.runs()
        for run in runs:
            ledger.check(run)
        ledger.record(new_run(), AT, "here")
    # A run is told of after it is written, so one more may be there.
    assert told + 1 <= len(runs) <= told + 2
    assert [run.objective for run in runs] == list(range(len(runs)))


def test_nothing_that_is_written_can_be_changed(place: str, new_run: NewRuns) -> None:
    with open_ledger(place, create=True) as ledger:
        ledger.record(new_run(), AT, "here")
        ledger.say(Event(1, AT, Kind.NOTE, "Ann", "looks right"))
        ledger.add_outcomes((Outcome("lab", "initiatives.play.cost", 3.0, "2027-02-01"),), AT)
    for name in ("documents", "runs", "parts", "events", "outcomes"):
        for change in (f"DELETE FROM {name}", f"UPDATE {name} SET {_first_column(name)} = {_first_column(name)}"):
            with pytest.raises(Exception, match="a ledger is never changed"):
                _execute(place, change)


def _first_column(name: str) -> str:
    return {"documents": "text", "parts": "name", "events": "name"}.get(name, "portfolio")


def _execute(place: str, statement: str) -> None:
    connection: Any
    if "://" in place:
        import psycopg

        connection = psycopg.connect(place, autocommit=True)
    else:
        connection = sqlite3.connect(place)
    try:
        connection.execute(statement)
    finally:
        connection.close()


def test_a_run_is_found_by_number_by_hash_by_latest_and_by_approved(place: str, new_run: NewRuns) -> None:
    with open_ledger(place, create=True) as ledger:
        for number in range(4):
            ledger.record(new_run(number), AT, "here")
        ledger.say(Event(2, AT, Kind.APPROVED, "Ann", ""))
        ledger.say(Event(3, AT, Kind.NOTE, "Bob", "why?"))

        assert ledger.find("3").number == 3
        assert ledger.find("latest").number == 4
        assert ledger.find("approved").number == 2
        assert ledger.find(ledger.find("2").sha256[:12]).number == 2
        assert [event.text for event in ledger.events(3)] == ["why?"]
        for word in ("5", "0", "", "abcdef", "-1", "%", "9" * 30, "lätest"):
            with pytest.raises(InputError) as caught:
                ledger.find(word)
            assert caught.value.problems[0].code == "unknown-run"


def test_the_same_run_twice_is_two_records_of_one_content(place: str, new_run: NewRuns) -> None:
    with open_ledger(place, create=True) as ledger:
        numbers = [ledger.record(new_run(), AT, host) for host in ("here", "there")]
        first, second = ledger.runs()

        assert numbers == [1, 2]
        assert first.sha256 == second.sha256
        assert ledger.find(first.sha256[:10]).number == 2


def test_a_locked_run_takes_no_more_words_but_can_be_verified(place: str, new_run: NewRuns) -> None:
    with open_ledger(place, create=True) as ledger:
        ledger.record(new_run(), AT, "here")
        ledger.say(Event(1, AT, Kind.LOCKED, "Ann", ""))
        for kind in (Kind.APPROVED, Kind.NOTE, Kind.LOCKED):
            with pytest.raises(InputError) as caught:
                ledger.say(Event(1, AT, kind, "Bob", "but"))
            assert "locked by Ann" in caught.value.problems[0].message
        ledger.say(Event(1, AT, Kind.VERIFIED, "", "the same bytes"))

        assert [event.kind for event in ledger.events()] == [Kind.LOCKED, Kind.VERIFIED]


def test_outcomes_are_kept_in_the_order_in_which_they_came(place: str) -> None:
    given = (
        Outcome("lab", "initiatives.play.cost", 3.25, "2027-02-01", "Ann"),
        Outcome("lab", "initiatives.play.success", 1.0, "2027-02-01"),
    )
    with open_ledger(place, create=True) as ledger:
        ledger.add_outcomes(given, AT)

        assert ledger.outcomes() == given


def test_a_ledger_of_an_older_version_is_brought_up_to_date_with_what_it_holds(
    place: str, new_run: NewRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(tables, "MIGRATIONS", tables.MIGRATIONS[:1])
        with open_ledger(place, create=True) as ledger:
            ledger.record(new_run(), AT, "here")
    with open_ledger(place) as ledger:
        assert ledger.outcomes() == ()
        (run,) = ledger.runs()
        ledger.check(run)


def test_a_ledger_of_a_newer_version_is_refused_and_left_as_it_is(place: str, file: Path, new_run: NewRuns) -> None:
    with open_ledger(place, create=True) as ledger:
        ledger.record(new_run(), AT, "here")
    _execute_and_keep(place, f"INSERT INTO ledger VALUES ({len(tables.MIGRATIONS) + 1})")
    before = file.read_bytes() if file.exists() else b""
    for create in (False, True):
        with pytest.raises(InputError) as caught:
            open_ledger(place, create=create)
        assert caught.value.problems[0].code == "ledger-newer"
        assert "use a newer gambits" in caught.value.problems[0].fix

    assert (file.read_bytes() if file.exists() else b"") == before


def _execute_and_keep(place: str, statement: str) -> None:
    if "://" in place:
        return _execute(place, statement)
    connection = sqlite3.connect(place)
    with connection:
        connection.execute(statement)
    connection.close()
    return None


def _filled(file: Path, new_run: NewRuns) -> bytes:
    with open_ledger(str(file), create=True) as ledger:
        for number in range(50):
            ledger.record(new_run(number), AT, "here")
    return file.read_bytes()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda data: data[: len(data) // 2],
    "its head lost": lambda data: b"\0" * 512 + data[512:],
    "another file": lambda _: b"format: gambits/1\n" * 100,
    "pages in the middle lost": lambda data: data[:8192] + b"\xa5" * 16384 + data[24576:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_ledger_is_refused_and_left_as_it_is(
    damage: Callable[[bytes], bytes], file: Path, new_run: NewRuns
) -> None:
    damaged = damage(_filled(file, new_run))
    file.write_bytes(damaged)
    for create in (False, True):
        with pytest.raises(InputError) as caught:
            open_ledger(str(file), create=create)
        assert caught.value.problems[0].code == "ledger-damaged"
        assert "backup" in caught.value.problems[0].fix

    assert file.read_bytes() == damaged
    assert sorted(path.name for path in file.parent.iterdir()) == ["ledger.db"]


def test_a_text_that_was_changed_behind_our_back_is_found(file: Path, new_run: NewRuns) -> None:
    data = _filled(file, new_run)
    file.write_bytes(data.replace(b'"budget.per_period": 7}', b'"budget.per_period": 9}'))
    with open_ledger(str(file)) as ledger:
        ledger.check(ledger.find("7"))
        with pytest.raises(VerificationError, match="the inputs of run 8 is not what was recorded"):
            ledger.check(ledger.find("8"))


def test_a_database_of_something_else_is_no_ledger(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    _execute_and_keep(str(file), "CREATE TABLE orders (number INTEGER)")
    before = file.read_bytes()
    with pytest.raises(InputError) as caught:
        open_ledger(str(file), create=True)

    assert caught.value.problems[0].code == "not-a-ledger"
    assert file.read_bytes() == before


def test_where_there_is_no_ledger_none_is_made_to_look_into(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        open_ledger(str(tmp_path / "ledger.db"))

    assert caught.value.problems[0].code == "no-ledger"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["mysql://somewhere/x", "://", "postgresql+nothing://x/y", "http://x"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(GambitsError) as caught:
        open_ledger(place)

    assert "Error" not in caught.value.message


def test_a_server_that_cannot_be_reached_is_a_plain_failure_that_shows_no_password() -> None:
    with pytest.raises(GambitsError) as caught:
        open_ledger("postgresql://me:secret@127.0.0.1:1/lab")

    assert caught.value.exit_code == 1
    assert "secret" not in caught.value.message
    assert "127.0.0.1" in caught.value.message


def test_two_that_make_the_same_ledger_at_once_make_one(place: str) -> None:
    writers = [_writer(place, f"writer-{number}", 1) for number in range(4)]
    for writer in writers:
        assert writer.wait(timeout=60) == 0
        writer.communicate()

    with open_ledger(place) as ledger:
        assert isinstance(ledger, Ledger)
        assert len(ledger.runs()) == 4
