"""Too much to do, callers who leave, and stopping."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from api.db import Database, Tx, open_database, postgres, sqlite
from api.db.database import WAITING_LIMIT
from api.errors import Overloaded
from api.settings import Settings
from tests.conftest import SetClock
from tests.db.notes import note, notes, only_postgres, only_sqlite, value


@pytest.fixture
def opened() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def all_threads_busy(db: Database, opened: threading.Event) -> list[asyncio.Task[bool]]:
    started = threading.Semaphore(0)

    def wait(_: Tx) -> bool:
        started.release()
        return opened.wait(20)

    busy = [asyncio.create_task(db.write(wait)) for _ in range(postgres.WRITERS)]
    threads = 1 if isinstance(db, sqlite.SQLite) else postgres.WRITERS
    for _ in range(threads):
        await asyncio.to_thread(started.acquire)
    return busy


async def test_a_function_that_waited_too_long_is_refused_without_having_run(
    db: Database, opened: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = await all_threads_busy(db, opened)
    late = asyncio.create_task(db.write(note, "late"))
    await asyncio.sleep(0)
    for engine in (sqlite, postgres):
        monkeypatch.setattr(engine, "WAITING_SECONDS", 0.0)
    opened.set()
    with pytest.raises(Overloaded):
        await late
    await asyncio.gather(*busy, return_exceptions=True)
    monkeypatch.undo()
    assert await db.read(notes) == []


async def test_a_read_that_waited_too_long_is_refused_without_having_run(
    db: Database, opened: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, ran = threading.Semaphore(0), list[str]()

    def wait(_: Tx) -> bool:
        started.release()
        return opened.wait(20)

    busy = [asyncio.create_task(db.read(wait)) for _ in range(postgres.READERS)]
    await asyncio.to_thread(started.acquire)
    late = asyncio.create_task(db.read(lambda tx: ran.append("late")))
    await asyncio.sleep(0)
    for engine in (sqlite, postgres):
        monkeypatch.setattr(engine, "WAITING_SECONDS", 0.0)
    opened.set()
    with pytest.raises(Overloaded):
        await late
    await asyncio.gather(*busy, return_exceptions=True)
    assert ran == []


@only_sqlite
async def test_a_function_that_waited_too_long_for_a_lock_is_refused_without_having_run(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite.connect(settings.data_dir / "porchlight.db", {})
    other.execute("begin immediate")
    late = asyncio.create_task(db.write(note, "late"))
    await taken(db)
    monkeypatch.setattr(sqlite, "WAITING_SECONDS", 0.0)
    other.close()
    with pytest.raises(Overloaded):
        await late
    monkeypatch.undo()
    assert await db.read(notes) == []


async def test_a_full_queue_refuses_at_once_and_keeps_what_it_took(db: Database, opened: threading.Event) -> None:
    busy = await all_threads_busy(db, opened)
    more = WAITING_LIMIT - (await db.health()).waiting
    waiting = [asyncio.create_task(db.write(note, f"{number}")) for number in range(more)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await asyncio.wait_for(db.write(note, "one too many"), 1)
    opened.set()
    await asyncio.gather(*busy, *waiting)
    assert len(await db.read(notes)) == more


async def test_the_waiting_and_their_lag_are_reported(db: Database, opened: threading.Event) -> None:
    busy = await all_threads_busy(db, opened)
    late = asyncio.create_task(db.write(note, "late"))
    deadline = time.monotonic() + 30
    while (health := await db.health()).lag_ms < 20:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert health.waiting >= 1
    opened.set()
    await asyncio.gather(*busy, late)


async def test_callers_who_leave_half_way_lock_nothing_and_double_nothing(
    db: Database, alone: Callable[[], None]
) -> None:
    def counted(tx: Tx, name: str) -> str:
        tx.run("update meta set value = cast(cast(value as bigint) + 1 as text) where name = 'probe'")
        return note(tx, name)

    async def calls(caller: int) -> list[str]:
        return [await db.write(counted, f"{caller}-{number}") for number in range(10)]

    callers = [asyncio.create_task(calls(number)) for number in range(64)]
    for leaving in random.sample(callers, 3):
        await asyncio.sleep(0.005)
        leaving.cancel()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    answered = [name for names in outcomes if isinstance(names, list) for name in names]
    await db.write(counted, "last")
    stored = await db.read(notes)
    assert set(answered) <= set(stored)
    assert int(await db.read(value, "probe")) == len(stored)
    alone()


@pytest.fixture
def alone(settings: Settings) -> Callable[[], None]:
    """Fails where anybody holds a lock on the database."""

    def check() -> None:
        if not settings.database_url:
            conn: Any = sqlite.connect(settings.data_dir / "porchlight.db", {"busy_timeout": 0})
            conn.execute("begin immediate")
        else:
            conn = psycopg.connect(settings.database_url)
            conn.execute("lock table meta in access exclusive mode nowait")
        conn.close()

    return check


async def test_what_waits_when_the_database_closes_is_still_done(settings: Settings, clock: SetClock) -> None:
    db = open_database(settings, clock)
    await db.open()
    writes = [asyncio.create_task(db.write(note, f"{number:03}")) for number in range(300)]
    reads = [asyncio.create_task(db.read(notes)) for _ in range(30)]
    await asyncio.sleep(0)
    await db.close()
    assert len(await asyncio.wait_for(asyncio.gather(*writes, *reads), 10)) == 330
    with pytest.raises(Overloaded, match="stopping"):
        await db.write(note, "late")


@only_sqlite
async def test_a_stuck_read_is_cut_at_its_deadline(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "READ_SECONDS", 0.2)
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    with pytest.raises(Overloaded, match="too long"):
        await asyncio.wait_for(db.read(lambda tx: tx.value(endless)), 5)
    monkeypatch.undo()
    assert await db.read(notes) == []


@only_postgres
async def test_a_stuck_read_is_cut_by_the_server(db: Database) -> None:
    with pytest.raises(Overloaded):
        await asyncio.wait_for(db.read(lambda tx: tx.value("select pg_sleep(20)")), 10)
    assert await db.read(notes) == []


@only_sqlite
async def test_a_lock_of_another_program_refuses_writes_not_reads_until_it_goes(
    db: Database, settings: Settings
) -> None:
    await db.write(lambda tx: tx.value("PRAGMA busy_timeout=200"))
    other = sqlite.connect(settings.data_dir / "porchlight.db", {})
    other.execute("begin immediate")
    answers = await asyncio.gather(db.write(note, "a"), db.write(note, "b"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Overloaded, Overloaded]
    assert await db.read(notes) == []
    other.execute("rollback")
    other.close()
    assert await db.write(note, "a") == "a"


async def taken(db: Database) -> None:
    """What was handed to the database a moment ago waits in its queue no more."""
    await asyncio.sleep(0)
    deadline = time.monotonic() + 30
    while (await db.health()).waiting:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


@only_sqlite
async def test_those_behind_a_lock_do_not_wait_for_it_in_turn(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAITING_SECONDS", 0.5)
    await db.write(lambda tx: tx.value("PRAGMA busy_timeout=2000"))
    other = sqlite.connect(settings.data_dir / "porchlight.db", {})
    other.execute("begin immediate")
    start = time.monotonic()
    first = asyncio.create_task(db.write(note, "first"))
    await taken(db)
    answers = await asyncio.gather(first, *[db.write(note, f"{n}") for n in range(20)], return_exceptions=True)
    assert {type(answer) for answer in answers} == {Overloaded}
    assert time.monotonic() - start < 3.5
    other.close()
