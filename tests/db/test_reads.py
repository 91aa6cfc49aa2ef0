import asyncio
import threading

import pytest

from api.db import Database, Tx
from api.settings import Settings
from tests.db.notes import note, notes, only_sqlite


async def test_a_read_of_two_statements_across_a_commit_sees_one_state(db: Database) -> None:
    looked, committed = threading.Event(), threading.Event()

    def twice(tx: Tx) -> list[list[str]]:
        first = notes(tx)
        looked.set()
        assert committed.wait(10)
        return [first, notes(tx)]

    reading = asyncio.create_task(db.read(twice))
    await asyncio.to_thread(looked.wait, 10)
    await db.write(note, "later")
    committed.set()
    assert await reading == [[], []]
    assert await db.read(notes) == ["later"]


async def test_who_was_answered_reads_what_they_wrote(db: Database) -> None:
    for number in range(50):
        await db.write(note, f"{number:02}")
        assert len(await db.read(notes)) == number + 1


async def test_a_read_that_fails_leaves_the_next_one_unharmed(db: Database) -> None:
    with pytest.raises(Exception, match="nowhere"):
        await db.read(lambda tx: tx.value("select 1 from nowhere"))
    assert await db.read(notes) == []


@only_sqlite
async def test_a_read_that_writes_is_a_mistake_not_a_full_disk(db: Database, settings: Settings) -> None:
    with pytest.raises(Exception, match="readonly database"):
        await db.read(note, "a")
    await asyncio.sleep(0)
    assert (await db.health()).problems == []
    assert await db.write(note, "a") == "a"
