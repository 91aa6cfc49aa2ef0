import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from api.db import Database, Tx, open_database
from api.outbox import loop, queries
from api.outbox.loop import MOST_ATTEMPTS, Outbox, Work, backoff
from api.outbox.types import Due
from api.settings import Settings
from tests.conftest import SetClock


@asynccontextmanager
async def running(db: Database, clock: SetClock, node: str = "one", **works: Work) -> AsyncIterator[None]:
    task = asyncio.create_task(Outbox(db, works, clock, node).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


async def left(db: Database) -> list[tuple[str, str, int]]:
    def rows(tx: Tx) -> list[tuple[str, str, int]]:
        return tx.all(lambda *row: row, "select subject, state, attempts from due order by subject")

    return await db.read(rows)


async def until_empty(db: Database) -> None:
    """A row goes a moment after its work was done; a loop that is stopped in between gives it back."""
    async with asyncio.timeout(60):
        while await left(db):
            await asyncio.sleep(0.01)


def add(tx: Tx, kind: str, subject: str, wait: float = 0) -> None:
    queries.add(tx, kind, subject, "{}", tx.now + round(wait * 1000))


async def test_a_row_is_done_when_it_is_due_and_not_before(db: Database, clock: SetClock) -> None:
    done: list[str] = []

    async def note(row: Due) -> None:
        done.append(row.subject)

    await db.write(add, "note", "now")
    await db.write(add, "note", "later", 60)
    async with running(db, clock, note=Work(outside=note)):
        await until(lambda: done == ["now"])
        clock.advance(60)
        await until(lambda: done == ["now", "later"])
        await until_empty(db)


async def test_an_effect_that_never_ends_is_put_off_and_holds_nobody_up(
    db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "OUTSIDE_SECONDS", 0.1)
    monkeypatch.setattr(loop, "AT_ONCE", 1)
    done: list[str] = []

    async def deliver(row: Due) -> None:
        if row.subject == "endless":
            await asyncio.Event().wait()
        done.append(row.subject)

    await db.write(add, "deliver", "endless")
    async with running(db, clock, deliver=Work(outside=deliver)):
        await db.write(add, "deliver", "other")
        await until(lambda: done == ["other"])
    assert [(subject, state) for subject, state, _ in await left(db)] == [("endless", "waiting")]


async def test_a_sweep_with_more_to_do_goes_on_at_once(
    db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "IDLE_SECONDS", 1000.0)
    swept: list[int] = []

    def sweep(tx: Tx, row: Due) -> int:
        tx.after_commit(swept.append, 1)
        return tx.now

    await db.write(add, "sweep", "")
    async with running(db, clock, sweep=Work(within=sweep)):
        await until(lambda: len(swept) >= 20)


async def test_a_loop_that_stops_finishes_what_has_happened(db: Database, clock: SetClock) -> None:
    entered, free = asyncio.Event(), asyncio.Event()

    async def deliver(row: Due) -> None:
        entered.set()
        await free.wait()

    await db.write(add, "deliver", "a")
    async with running(db, clock, deliver=Work(outside=deliver)):
        await entered.wait()
        asyncio.get_running_loop().call_later(0.1, free.set)
    assert await left(db) == []


async def test_what_happens_within_happens_with_the_removal_or_not_at_all(db: Database, clock: SetClock) -> None:
    def mark(tx: Tx, row: Due) -> None:
        tx.run("insert into meta (name, value) values ($1, 'done')", row.subject)
        if row.attempts == 1:
            raise RuntimeError("too early")

    await db.write(add, "mark", "a")
    async with running(db, clock, mark=Work(within=mark)):
        async with asyncio.timeout(60):
            while await left(db):
                clock.advance(5)
                await asyncio.sleep(0.05)
    assert await db.read(lambda tx: tx.value("select count(*) from meta where name = 'a'")) == 1


async def test_a_poison_row_is_given_up_with_its_reason_and_holds_nobody_up(db: Database, clock: SetClock) -> None:
    done: list[str] = []

    async def deliver(row: Due) -> None:
        if row.subject == "poison":
            raise ValueError("no such address")
        done.append(row.subject)

    for subject in ("poison", *"abcde"):
        await db.write(add, "deliver", subject)
    async with running(db, clock, deliver=Work(outside=deliver)):
        await until(lambda: sorted(done) == list("abcde"))
        async with asyncio.timeout(60):
            while not (dead := await db.read(queries.dead, "", 10)):
                clock.advance(3600)
                await asyncio.sleep(0.05)
    assert [(row.subject, row.attempts, row.reason) for row in dead] == [
        ("poison", MOST_ATTEMPTS, "ValueError: no such address")
    ]


async def test_a_dead_row_is_tried_again_by_hand(db: Database, clock: SetClock) -> None:
    done: list[str] = []

    async def note(row: Due) -> None:
        done.append(row.subject)

    await db.write(add, "note", "a")
    [row] = await db.write(queries.claim, "one", 1000, 1)
    await db.write(queries.give_up, row.id, "one", "because")
    async with running(db, clock, note=Work(outside=note)):
        assert await db.write(queries.revive, row.id) == 1
        await until(lambda: done == ["a"])


async def test_an_unknown_kind_is_put_off_not_lost(db: Database, clock: SetClock) -> None:
    await db.write(add, "nobody-knows", "a")
    async with running(db, clock):
        async with asyncio.timeout(60):
            while (await left(db))[0][2] == 0:
                await asyncio.sleep(0.01)
    assert [(subject, state) for subject, state, _ in await left(db)] == [("a", "waiting")]


async def test_a_lease_that_ran_out_is_taken_over_and_the_first_changes_nothing(db: Database, clock: SetClock) -> None:
    await db.write(add, "note", "a")
    [first] = await db.write(queries.claim, "one", 1000, 10)
    assert await db.write(queries.claim, "two", 1000, 10) == []
    clock.advance(2)
    [second] = await db.write(queries.claim, "two", 1000, 10)
    assert (second.id, second.attempts) == (first.id, 2)
    assert await db.write(queries.finish, first.id, "one") == 0
    assert await db.write(queries.finish, first.id, "two") == 1


async def test_a_stopped_loop_gives_back_what_it_held(db: Database, clock: SetClock) -> None:
    started = asyncio.Event()

    async def stuck(row: Due) -> None:
        started.set()
        await asyncio.Event().wait()

    await db.write(add, "stuck", "a")
    async with running(db, clock, stuck=Work(outside=stuck)):
        await started.wait()
    [row] = await db.write(queries.claim, "two", 1000, 10)
    assert row.attempts == 1


async def test_two_processes_do_each_row_once(db: Database, settings: Settings, clock: SetClock) -> None:
    done: Counter[str] = Counter()

    async def note(row: Due) -> None:
        done[row.subject] += 1

    def many(tx: Tx) -> None:
        for number in range(300):
            add(tx, "note", str(number))

    await db.write(many)
    # On SQLite both loops share the one process; on PostgreSQL each has a pool of its own.
    other = open_database(settings, clock) if not db.alone else db
    if other is not db:
        await other.open()
    work = {"note": Work(outside=note)}
    async with running(db, clock, "one", **work), running(other, clock, "two", **work):
        await until(lambda: done.total() >= 300)
        await until_empty(db)
    if other is not db:
        await other.close()
    assert (len(done), done.total()) == (300, 300)


@pytest.mark.parametrize(
    ("attempts", "chance", "wait"),
    [(1, 0.0, 1000), (1, 1.0, 2000), (5, 0.0, 16_000), (5, 1.0, 32_000), (10, 1.0, 1_024_000), (40, 1.0, 3_600_000)],
)
def test_the_wait_doubles_up_to_an_hour(attempts: int, chance: float, wait: int) -> None:
    assert backoff(attempts, chance) == wait


async def test_the_same_subject_waits_once(db: Database, clock: SetClock) -> None:
    for _ in range(3):
        await db.write(add, "note", "a")
    assert len(await left(db)) == 1
