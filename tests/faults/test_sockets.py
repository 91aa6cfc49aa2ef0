"""Sockets on a server that is killed, stopped, stormed, or shared with a client that never reads."""

import asyncio
import random
import signal
import socket
import statistics
import sys
import time
from contextlib import AsyncExitStack

from api.app import PREFIX
from api.settings import Settings
from tests.db.notes import only_postgres, only_sqlite
from tests.faults.client import Client
from tests.faults.process import Served, history, served, until


async def run_until_killed(server: Served, clients: list[Client]) -> None:
    async with AsyncExitStack() as stack:
        connections = [await client.connected(server.address) for client in clients]
        tasks = [asyncio.create_task(client.listen(line)) for client, line in zip(clients, connections, strict=True)]
        tasks += [
            asyncio.create_task(client.talk(line, f"s{number}"))
            for number, (client, line) in enumerate(zip(clients, connections, strict=True))
        ]
        for line in connections:
            stack.push_async_callback(line.close)
        before = sum(client.sent for client in clients)
        await until(lambda: sum(client.sent for client in clients) >= before + 2 * len(clients))
        await asyncio.sleep(random.uniform(0, 0.3))
        server.process.kill()
        await asyncio.gather(*tasks)


async def test_twenty_clients_resume_after_each_kill_without_a_hole(settings: Settings) -> None:
    clients = [Client(settings, ("pat", "carol")[number % 2]) for number in range(20)]
    for _ in range(3):
        with served(settings) as server:
            await server.book("1")
            await run_until_killed(server, clients)
    with served(settings) as server:
        lines = [await client.connected(server.address) for client in clients]
        async with server.client("pat") as pat:
            stored = await history(pat, "1")
        listening = [asyncio.create_task(client.listen(line)) for client, line in zip(clients, lines, strict=True)]
        await until(lambda: all(client.messages and client.messages[-1]["seq"] == len(stored) for client in clients))
        for line in lines:
            await line.close()
        await asyncio.gather(*listening)
    by_id = {message["clientMessageId"]: message["seq"] for message in stored}
    assert [message["seq"] for message in stored] == list(range(1, len(stored) + 1))
    for client in clients:
        assert client.acknowledged.items() <= by_id.items()
        assert client.recovered[1:] == [True] * 3
        assert client.positions == list(range(client.positions[0], client.positions[-1] + 1))


async def test_stopping_answers_frames_in_work_and_tells_everybody_when_to_come_back(settings: Settings) -> None:
    clients = [Client(settings, ("pat", "carol")[number % 2]) for number in range(20)]
    with served(settings) as server:
        await server.book("1")
        lines = [await client.connected(server.address) for client in clients]
        tasks = [asyncio.create_task(client.listen(line)) for client, line in zip(clients, lines, strict=True)]
        tasks += [
            asyncio.create_task(client.talk(line, f"s{number}"))
            for number, (client, line) in enumerate(zip(clients, lines, strict=True))
        ]
        await until(lambda: sum(client.sent for client in clients) > 100)
        server.process.send_signal(signal.SIGTERM)
        start = time.monotonic()
        await asyncio.gather(*tasks)
        assert await asyncio.to_thread(server.process.wait, 15) == 0
    assert time.monotonic() - start < 15
    assert {code for client in clients for code in client.close_codes} == {1012}
    waits = [wait for client in clients for wait in client.notices]
    assert len(waits) == 20
    assert len(set(waits)) > 10
    assert max(waits) <= 10_000
    with served(settings) as server:
        async with server.client("pat") as pat:
            stored = {message["clientMessageId"] for message in await history(pat, "1")}
    assert {client_id for client in clients for client_id in client.acknowledged} <= stored


@only_sqlite
async def test_five_hundred_come_back_at_once_and_miss_nothing(settings: Settings) -> None:
    # Two people with a raised cap make the same storm as fifty with ten devices each.
    clients = [Client(settings, ("pat", "carol")[number % 2]) for number in range(500)]
    command = [sys.executable, "-c", CAPLESS]
    with served(settings, command) as server:
        await server.book("1")
        lines = await asyncio.gather(*[client.connected(server.address) for client in clients])
        server.process.kill()
        await asyncio.gather(*[client.listen(line) for client, line in zip(clients, lines, strict=True)])
    with served(settings, command) as server:
        async with server.client("pat") as pat:
            for number in range(10):
                await pat.post("/chat/booking/1/message", json={"text": str(number)})
        start = time.monotonic()
        lines = await asyncio.gather(*[client.connected(server.address) for client in clients])
        listening = [asyncio.create_task(client.listen(line)) for client, line in zip(clients, lines, strict=True)]
        await until(lambda: all(len(client.messages) == 10 for client in clients))
        assert time.monotonic() - start < 20
        assert all(client.recovered == [False, True] for client in clients)
        server.process.kill()
        await asyncio.gather(*listening)


CAPLESS = "from api.live import live; live.SOCKETS_OF_A_USER = 1000; from api.cli import main; main(['serve'])"


@only_sqlite
async def test_who_never_reads_is_closed_and_slows_nobody(settings: Settings) -> None:
    with served(settings) as server:
        await server.book("1")
        listener = Client(settings, "carol")
        line = await listener.connected(server.address)
        listening = asyncio.create_task(listener.listen(line))
        alone, beside = list[float](), list[float]()
        # In turn, so that whatever else this machine does slows both.
        for _ in range(5):
            alone += await delays(server, listener, 30)
            stuck = [never_reading(server, listener.token) for _ in range(3)]
            beside += await delays(server, listener, 30)
            for one in stuck:
                one.close()
        await line.close()
        await listening
    assert statistics.median(beside) <= 1.5 * statistics.median(alone)


async def delays(server: Served, listener: Client, count: int) -> list[float]:
    """Seconds from a send to its delivery, long texts one after the other."""
    found = []
    async with server.client("pat") as pat:
        for _ in range(count):
            heard, start = len(listener.messages), time.perf_counter()
            await pat.post("/chat/booking/1/message", json={"text": "x" * 1000})
            while len(listener.messages) == heard:
                await asyncio.sleep(0)
            found.append(time.perf_counter() - start)
    return found


def never_reading(server: Served, token: str) -> socket.socket:
    """A socket that says hello and then takes nothing."""
    host, _, port = server.address.removeprefix("http://").partition(":")
    line = socket.create_connection((host, int(port)))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    upgrade = (
        f"GET {PREFIX}/realtime HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    )
    line.sendall(upgrade.encode())
    line.recv(1024)
    hello = b'{"type":"hello","id":1}'
    # A client's frames are masked; a mask of zeros changes nothing.
    line.sendall(bytes([0x81, 0x80 | len(hello)]) + b"\0\0\0\0" + hello)
    return line


@only_postgres
async def test_a_socket_on_one_process_hears_what_the_other_commits_within_two_seconds(settings: Settings) -> None:
    with served(settings) as one, served(settings) as other:
        await one.book("1")
        carol = Client(settings, "carol")
        line = await carol.connected(other.address)
        listening = asyncio.create_task(carol.listen(line))
        late = []
        async with one.client("pat") as pat:
            for number in range(40):
                await pat.post("/chat/booking/1/message", json={"text": str(number)})
                if number % 8 == 7:
                    start = time.monotonic()
                    await until(lambda: len(carol.messages) == number + 1)  # noqa: B023
                    late.append(time.monotonic() - start)
        assert statistics.median(late) < 2
        await line.close()
        await listening
    assert [message["seq"] for message in carol.messages] == list(range(1, 41))
    assert carol.positions == list(range(carol.positions[0], carol.positions[0] + 40))


@only_postgres
async def test_who_is_revoked_on_one_process_loses_the_socket_on_the_other_within_five_seconds(
    settings: Settings,
) -> None:
    with served(settings) as one, served(settings) as other:
        await one.book("1")
        carol = Client(settings, "carol")
        line = await carol.connected(other.address)
        async with one.client("plat") as plat:
            await plat.post("/platform/users/carol/revoke")
        async with asyncio.timeout(5):
            await carol.listen(line)
    assert carol.close_codes == [4401]


@only_postgres
async def test_a_device_is_ended_on_whatever_process_it_is(settings: Settings) -> None:
    with served(settings) as one, served(settings) as other:
        await one.book("1")
        carol = Client(settings, "carol")
        line = await carol.connected(other.address)
        async with one.client("carol") as client:
            [item] = (await client.get("/me/sockets")).json()["items"]
            assert (await client.delete(f"/me/sockets/{item['id']}")).status_code == 204
        async with asyncio.timeout(5):
            await carol.listen(line)
    assert carol.close_codes == [1000]


@only_sqlite
async def test_a_feed_that_nobody_reads_does_not_hold_up_the_stop(settings: Settings) -> None:
    with served(settings) as server:
        await server.book("1")
        stuck = unread_feed(server, Client(settings, "pat").token)
        async with server.client("carol") as carol:
            # More than the line and the queue hold.
            for _ in range(40):
                sending = [carol.post("/chat/booking/1/message", json={"text": "x" * 1000}) for _ in range(100)]
                await asyncio.gather(*sending)
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.process.wait, 15) == 0
        stuck.close()


def unread_feed(server: Served, token: str) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect((host, int(port)))
    made.sendall(
        f"GET {PREFIX}/events HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    return made
