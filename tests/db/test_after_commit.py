import asyncio
from typing import Any

import pytest

from api.db import Database, Tx
from tests.db.notes import note, notes


def tells(tx: Tx, name: str, told: list[Any]) -> None:
    note(tx, name)
    tx.after_commit(told.append, name)


async def test_a_call_after_the_commit_comes_before_the_answer(db: Database) -> None:
    order: list[str] = []
    await asyncio.ensure_future(db.write(tells, "told", order))
    order.append("answered")
    assert order == ["told", "answered"]


async def test_what_is_told_after_the_commit_can_be_read_by_others(db: Database) -> None:
    readings: list[asyncio.Task[list[str]]] = []

    def look() -> None:
        readings.append(asyncio.create_task(db.read(notes)))

    def tells(tx: Tx) -> None:
        note(tx, "seen")
        tx.after_commit(look)

    await db.write(tells)
    assert await readings[0] == ["seen"]


async def test_nothing_is_told_of_a_function_that_fails(db: Database) -> None:
    told: list[str] = []

    def fails(tx: Tx) -> None:
        tells(tx, "a", told)
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(fails)
    assert told == []


async def test_a_call_that_fails_after_the_commit_takes_nobodys_answer(db: Database) -> None:
    def broken(tx: Tx) -> str:
        tx.after_commit([].pop)
        return note(tx, "a")

    answers = asyncio.gather(db.write(broken), db.write(note, "b"))
    assert list(await asyncio.wait_for(answers, 5)) == ["a", "b"]


async def test_a_function_that_raises_stop_iteration_is_answered_too(db: Database) -> None:
    answers = asyncio.gather(db.write(lambda tx: next(iter([]))), db.write(note, "b"), return_exceptions=True)
    error, stored = await asyncio.wait_for(answers, 5)
    assert (type(error), stored) == (RuntimeError, "b")
