import asyncio
import signal
import sqlite3
import time

import httpx

from api.settings import Settings
from tests.db.notes import only_sqlite
from tests.faults.process import Served, history, line, served, until


async def send_until_refused(server: Served, name: str, answered: list[str]) -> None:
    # Without keep-alive: an idle connection may be closed just as the next request sets out on it.
    async with server.client(name, keepalive=0) as client:
        while True:
            try:
                answer = await client.post("/chat/booking/1/message", json={"text": "Still here"})
            except httpx.TransportError:
                return
            assert answer.status_code == 201
            answered.append(answer.json()["id"])


async def test_stopping_answers_what_is_in_work_and_tells_the_balancer_first(settings: Settings) -> None:
    answered: list[str] = []
    with served(settings) as server:
        await server.book("1")
        sending = [
            asyncio.create_task(send_until_refused(server, ("pat", "carol")[n % 2], answered)) for n in range(20)
        ]
        await until(lambda: len(answered) >= 100)
        server.process.send_signal(signal.SIGTERM)
        start = time.monotonic()
        answers, closed = await readyz_while_listening(server)
        await asyncio.gather(*sending)
        assert await asyncio.to_thread(server.process.wait, 15) == 0
        assert time.monotonic() - start < 15
    assert answers > 0
    # A slow machine sees it later, never earlier.
    assert closed > 0.9
    with served(settings) as server:
        async with server.client("pat") as pat:
            stored = [message["id"] for message in await history(pat, "1")]
    assert sorted(stored) == sorted(answered)


async def readyz_while_listening(server: Served) -> tuple[int, float]:
    """How often /readyz answered 503, and how many seconds from now nobody listened any more."""
    start, seen = time.monotonic(), 0
    async with httpx.AsyncClient(transport=line(keepalive=0)) as client:
        while True:
            try:
                answer = await client.get(f"{server.address}/readyz")
            except httpx.TransportError:
                return seen, time.monotonic() - start
            if answer.status_code == 503:
                assert "stopping" in answer.json()["problems"]
                seen += 1


@only_sqlite
async def test_a_lock_of_another_program_does_not_hold_up_the_stop(settings: Settings) -> None:
    with served(settings) as server:
        await server.book("1")
        other = sqlite3.connect(settings.data_dir / "porchlight.db", isolation_level=None)
        other.execute("begin immediate")
        async with server.client("pat") as pat:
            sending = [asyncio.create_task(pat.post("/chat/booking/1/message", json={"text": "a"})) for _ in range(20)]
            assert (await pat.get("/chat/unread-count")).status_code == 200
            server.process.send_signal(signal.SIGTERM)
            assert {answer.status_code for answer in await asyncio.gather(*sending)} == {503}
        assert await asyncio.to_thread(server.process.wait, 15) == 0
        other.close()


@only_sqlite
async def test_a_stop_leaves_no_wal_behind(settings: Settings) -> None:
    with served(settings) as server:
        await server.book("1")
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.process.wait, 15) == 0
    assert not list(settings.data_dir.glob("*-wal"))


@only_sqlite
async def test_an_interrupt_stops_at_once_and_cleanly(settings: Settings) -> None:
    with served(settings) as server:
        server.process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(server.process.wait, 15) == 0
