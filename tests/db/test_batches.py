"""One function goes wrong in a batch of 20."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

from api.db import Database, Tx
from api.errors import NotFound, ReadOnly
from tests.db.notes import note, notes, only_sqlite

NAMES = [f"n{number:02}" for number in range(20)]
Fails = Callable[[Tx], Any]


def raises(tx: Tx) -> None:
    note(tx, "lost")
    raise NotFound


def violates(tx: Tx) -> None:
    note(tx, "lost")
    note(tx, "probe")


def fails_at_commit(tx: Tx) -> None:
    note(tx, "lost")
    tx.run("insert into pairs (id, other) values ('a', 'nobody')")


def fills_the_disk_with_one_row(tx: Tx) -> None:
    note(tx, "lost", "x" * 1_000_000)


def fills_the_disk_with_many_rows(tx: Tx) -> None:
    note(tx, "lost")
    tx.run(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) "
        "insert into meta (name, value) select 'full' || i, hex(randomblob(500)) from n"
    )


async def in_a_batch(db: Database, bad: Fails) -> list[Any]:
    calls = [functools.partial(db.write, note, name) for name in NAMES]
    calls[7] = functools.partial(db.write, bad)
    return await asyncio.gather(*[call() for call in calls], return_exceptions=True)


async def room_for_few(db: Database) -> None:
    pages = await db.write(lambda tx: tx.value("PRAGMA page_count"))
    await db.write(lambda tx: tx.value(f"PRAGMA max_page_count={pages + 5}"))


@pytest.mark.parametrize("bad", [raises, violates])
async def test_one_fails_and_nineteen_are_answered_and_stored(db: Database, bad: Fails) -> None:
    answers = await in_a_batch(db, bad)
    assert isinstance(answers.pop(7), Exception)
    assert answers == [name for name in NAMES if name != "n07"]
    assert await db.read(notes) == answers


@only_sqlite
async def test_a_function_that_failed_after_it_wrote_costs_its_batch_one_second_run_only(db: Database) -> None:
    runs: list[str] = []

    def counted(tx: Tx, name: str) -> None:
        runs.append(name)
        note(tx, name)

    for letter in "ab":
        calls = [db.write(counted, f"{letter}1"), db.write(raises), db.write(counted, f"{letter}2")]
        await asyncio.gather(*calls, return_exceptions=True)
    assert runs == ["a1", "a1", "a2", "b1", "b2"]
    assert await db.read(notes) == ["a1", "a2", "b1", "b2"]


@only_sqlite
@pytest.mark.parametrize("bad", [fills_the_disk_with_one_row, fills_the_disk_with_many_rows])
async def test_one_fills_the_disk_and_nineteen_are_answered_and_stored(db: Database, bad: Fails) -> None:
    await room_for_few(db)
    answers = await in_a_batch(db, bad)
    assert isinstance(answers.pop(7), ReadOnly)
    assert await db.read(notes) == answers == [name for name in NAMES if name != "n07"]


async def test_a_failing_commit_costs_only_the_one_that_made_it_fail(db: Database) -> None:
    table = "create table pairs (id text primary key, other text references pairs deferrable initially deferred)"
    await db.write(lambda tx: tx.run(table))
    answers = await in_a_batch(db, fails_at_commit)
    assert "foreign key" in str(answers.pop(7)).lower()
    assert await db.read(notes) == answers == [name for name in NAMES if name != "n07"]


@only_sqlite
async def test_what_waits_for_the_commit_is_told_once_when_the_engine_ends_the_batch(db: Database) -> None:
    await room_for_few(db)
    told: list[str] = []

    def noted(tx: Tx, name: str) -> None:
        note(tx, name)
        tx.after_commit(told.append, name)

    def lost(tx: Tx) -> None:
        tx.after_commit(told.append, "lost")
        fills_the_disk_with_one_row(tx)

    await asyncio.gather(db.write(noted, "a"), db.write(lost), db.write(noted, "b"), return_exceptions=True)
    assert told == ["a", "b"]


@only_sqlite
async def test_functions_that_wait_together_share_one_commit(db: Database) -> None:
    before = (await db.health()).wal_bytes or 0
    await asyncio.gather(*[db.write(note, name) for name in NAMES])
    # A commit writes each page it changed, and 20 commits would write 20 at least.
    assert ((await db.health()).wal_bytes or 0) < before + 20 * 4096


async def test_what_one_collects_fails_at_the_end_and_nineteen_are_answered_and_stored(db: Database) -> None:
    def write(tx: Tx, items: list[str]) -> None:
        for item in items:
            note(tx, item)

    def collects(tx: Tx, name: str) -> str:
        tx.collect(write, f"collected-{name}")
        return note(tx, name)

    def collects_what_stands_there(tx: Tx) -> None:
        tx.collect(write, "probe")

    calls = [db.write(collects, name) for name in NAMES if name != "n07"]
    answers = await asyncio.gather(*calls[:7], db.write(collects_what_stands_there), *calls[7:], return_exceptions=True)
    assert isinstance(answers.pop(7), Exception)
    stored = sorted(name for name in NAMES if name != "n07")
    assert answers == stored
    assert await db.read(notes) == [f"collected-{name}" for name in stored] + stored
