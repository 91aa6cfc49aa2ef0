import asyncio
from collections.abc import Callable
from typing import Any

from api import sweeps
from api.db import Database, Tx
from api.live import stream
from api.outbox.types import Due
from tests.conftest import Cast, SetClock, say

DAY = 24 * 3600


def row(kind: str) -> Due:
    return Due("due_1", kind, "", "{}", 0, 1)


def count(table: str) -> Callable[[Tx], Any]:
    return lambda tx: tx.value(f"select count(*) from {table}")


async def test_keys_are_forgotten_after_a_day_in_chunks(cast: Cast, db: Database, clock: SetClock) -> None:
    for number in range(3):
        await cast.pat.post(
            "/chat/booking/1/message", json={"text": "Hi"}, headers={"Idempotency-Key": f"key-{number}"}
        )
    clock.advance(DAY - 1)
    assert await db.write(sweeps.idempotency_keys, row("sweep.idempotency")) > clock.now
    assert await db.read(count("idempotency")) == 3
    clock.advance(2)
    await db.write(sweeps.idempotency_keys, row("sweep.idempotency"))
    assert await db.read(count("idempotency")) == 0


async def test_a_full_chunk_asks_for_the_next_at_once(db: Database, clock: SetClock) -> None:
    def tell(tx: Tx) -> None:
        for number in range(sweeps.CHUNK + 1):
            stream.tell(tx, ["user:pat"], "test.told", str(number), {})

    await db.write(tell)
    clock.advance(8 * DAY)
    assert await db.write(sweeps.streams, row("sweep.streams")) == clock.now
    assert await db.write(sweeps.streams, row("sweep.streams")) > clock.now
    assert await db.read(count("stream")) == 0


async def test_who_is_behind_what_was_swept_is_told_to_load_afresh(
    cast: Cast, device: Callable[..., Any], db: Database, clock: SetClock, token: Any
) -> None:
    carol = await device("carol")
    place = {"epoch": carol.welcome["epoch"], "positions": carol.welcome["positions"]}
    await say(cast.pat)
    clock.advance(8 * DAY)
    await db.write(sweeps.streams, row("sweep.streams"))
    back = await device("carol", token=token("carol"), resume=place)
    assert back.welcome["recovered"] is False


async def test_devices_of_a_process_that_died_are_listed_no_more(cast: Cast, db: Database, clock: SetClock) -> None:
    def left_behind(tx: Tx) -> None:
        tx.run(
            "insert into sockets (id, user_id, node, device, connected_at, seen_at) "
            "values ('sock_1', 'pat', 'node_gone', 'Phone', $1, $1)",
            tx.now,
        )

    await db.write(left_behind)
    assert len((await cast.pat.get("/me/sockets")).json()["items"]) == 1
    clock.advance(60)
    assert (await cast.pat.get("/me/sockets")).json()["items"] == []
    await db.write(sweeps.presence, row("sweep.presence"))
    assert await db.read(count("sockets")) == 0


async def test_the_server_sweeps_by_itself(cast: Cast, db: Database, clock: SetClock) -> None:
    await cast.pat.post("/chat/booking/1/message", json={"text": "Hi"}, headers={"Idempotency-Key": "key"})
    clock.advance(2 * DAY)
    async with asyncio.timeout(60):
        while await db.read(count("idempotency")):
            await asyncio.sleep(0.05)
