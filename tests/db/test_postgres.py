"""The rules that make one function right on PostgreSQL too."""

import asyncio
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from api.db import Database, LockTimeout, Tx, postgres
from api.errors import Overloaded, ReadOnly, Unavailable
from api.settings import Settings
from tests.db.notes import note, notes, only_postgres, value

pytestmark = only_postgres
FAILS = "do $$ begin raise exception using errcode = '{}'; end $$"


@pytest.fixture
def other(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(settings.database_url) as conn:
        yield conn


def terminate(conn: psycopg.Connection[Any], pids: list[int]) -> None:
    conn.execute("select pg_terminate_backend(pid) from unnest(%s::int[]) pid", (pids,))
    conn.commit()


def pid(tx: Tx) -> int:
    return int(tx.value("select pg_backend_pid()"))


def failing(code: str, times: int, runs: list[int]) -> Callable[[Tx], str]:
    """Notes something, and fails with an SQLSTATE on its first runs."""

    def fn(tx: Tx) -> str:
        runs.append(len(runs))
        name = note(tx, "once")
        if len(runs) <= times:
            tx.run(FAILS.format(code))
        return name

    return fn


async def test_a_locked_row_is_not_changed_between_the_look_and_the_write(db: Database) -> None:
    def count(tx: Tx) -> None:
        found = tx.lock(str, "select value from meta where name = $1", "probe")
        tx.run("update meta set value = $1 where name = 'probe'", str(int(found or 0) + 1))

    await asyncio.gather(*[db.write(count) for _ in range(40)])
    assert await db.read(value, "probe") == "40"


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_a_function_that_lost_a_race_runs_again_up_to_three_times(db: Database, code: str) -> None:
    runs: list[int] = []
    assert await db.write(failing(code, 3, runs)) == "once"
    assert (len(runs), await db.read(notes)) == (4, ["once"])


async def test_a_function_that_loses_every_race_is_refused(db: Database) -> None:
    runs: list[int] = []
    with pytest.raises(Overloaded):
        await db.write(failing("40001", 4, runs))
    assert (len(runs), await db.read(notes)) == (4, [])


async def test_two_functions_that_lock_each_other_out_are_both_done(db: Database) -> None:
    both = threading.Barrier(2)
    await db.write(lambda tx: (note(tx, "a"), note(tx, "b")))

    def crossed(tx: Tx, names: str, runs: list[int]) -> None:
        runs.append(1)
        for name in names:
            tx.run("update meta set value = value || '+' where name = $1", name)
            if len(runs) == 1 and name == names[0]:
                both.wait(5)

    one, two = list[int](), list[int]()
    await asyncio.gather(db.write(crossed, "ab", one), db.write(crossed, "ba", two))
    assert len(one + two) == 3
    assert await db.read(value, "a") == await db.read(value, "b") == "++"


async def test_a_row_that_another_put_meanwhile_is_looked_at_again_once(db: Database) -> None:
    runs: list[int] = []
    assert await db.write(failing("23505", 1, runs)) == "once"
    with pytest.raises(psycopg.errors.UniqueViolation):
        await db.write(failing("23505", 9, runs := []))
    assert len(runs) == 2


async def test_nothing_is_told_of_a_run_that_was_given_up(db: Database) -> None:
    told: list[int] = []
    runs: list[int] = []
    fails_twice = failing("40001", 2, runs)

    def tells(tx: Tx) -> None:
        tx.after_commit(told.append, len(runs))
        fails_twice(tx)

    await db.write(tells)
    assert told == [2]


async def test_a_lock_held_too_long_is_the_functions_to_catch(db: Database, other: psycopg.Connection[Any]) -> None:
    other.execute("select * from meta for update")

    def locks(tx: Tx) -> None:
        tx.run("set local lock_timeout = 100")
        tx.lock(str, "select value from meta where name = 'probe'")

    def catches(tx: Tx) -> str:
        try:
            locks(tx)
        except LockTimeout:
            raise LookupError from None
        return "not locked"

    with pytest.raises(LookupError):
        await db.write(catches)
    with pytest.raises(Overloaded):
        await db.write(locks)


async def test_a_connection_lost_before_the_commit_is_tried_on_another(
    db: Database, other: psycopg.Connection[Any]
) -> None:
    runs: list[int] = []

    def interrupted(tx: Tx) -> str:
        runs.append(pid(tx))
        if len(runs) == 1:
            terminate(other, runs)
        return note(tx, "once")

    assert await db.write(interrupted) == "once"
    assert (len(runs), await db.read(notes)) == (2, ["once"])


async def test_a_connection_lost_at_the_commit_is_not_tried_again(db: Database, other: psycopg.Connection[Any]) -> None:
    runs: list[int] = []

    def interrupted(tx: Tx) -> None:
        note(tx, "once")
        runs.append(pid(tx))
        terminate(other, runs)

    with pytest.raises(Unavailable, match="same key"):
        await db.write(interrupted)
    assert len(runs) == 1


async def test_a_restart_of_the_server_under_idle_connections_costs_nobody_an_answer(
    db: Database, other: psycopg.Connection[Any]
) -> None:
    together = threading.Barrier(postgres.WRITERS)

    def pid_of_its_own(tx: Tx) -> int:
        together.wait(10)
        return pid(tx)

    pids = await asyncio.gather(*[db.write(pid_of_its_own) for _ in range(postgres.WRITERS)])
    assert len(set(pids)) == postgres.WRITERS
    terminate(other, pids)
    assert len(await asyncio.gather(*[db.write(note, f"{n}") for n in range(20)])) == 20


async def test_every_connection_has_its_time_limits(db: Database) -> None:
    for name, limit in (
        ("lock_timeout", "2s"),
        ("statement_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("synchronous_commit", "on"),
    ):
        show = functools.partial(Tx.value, sql=f"show {name}")
        assert await db.write(lambda tx: show(tx)) == await db.read(lambda tx: show(tx)) == limit  # noqa: B023


def test_what_the_operators_address_says_itself_stays(settings: Settings) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(postgres.with_options(settings.database_url + " connect_timeout=9"))
    assert (str(parts["connect_timeout"]), str(parts["tcp_user_timeout"])) == ("9", "10000")
    assert "search_path=porchlight_test" in str(parts["options"])


async def test_a_read_cannot_write(db: Database) -> None:
    with pytest.raises(ReadOnly):
        await db.read(note, "a")
    assert await db.write(note, "a") == "a"


async def test_a_server_that_takes_no_writes_is_read_only_until_it_does(
    db: Database, other: psycopg.Connection[Any]
) -> None:
    server = await db.write(lambda tx: (pid(tx), tx.run("set default_transaction_read_only = on"))[0])
    for _ in range(2):
        with pytest.raises(ReadOnly):
            await db.write(note, "a")
    assert (await db.health()).problems == ["read-only: cannot execute INSERT in a read-only transaction"]
    assert await db.read(notes) == []
    terminate(other, [server])
    assert await eventually(db, "a") == "a"
    assert (await db.health()).problems == []


async def eventually(db: Database, name: str) -> str:
    async with asyncio.timeout(60):
        while True:
            try:
                return await db.write(note, name)
            except ReadOnly:
                await asyncio.sleep(0.05)
