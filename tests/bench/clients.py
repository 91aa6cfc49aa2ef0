"""Clients of the socket, as lean as Python allows: protocols on raw connections, bytes made beforehand."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import msgspec

from tests.bench import frames

# Fewer than may be without a hello at once.
WAVE = 200
WAVE_SECONDS = 30


class Client(asyncio.Protocol):
    """Says hello and is `ready` once it is welcomed. What it did not expect ends the whole run."""

    def __init__(self, path: str, token: str) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handshake = frames.handshake(path)
        self._hello = frames.written(msgspec.json.encode({"type": "hello", "id": 0, "token": token}))
        self._reader = frames.Reader()
        self._answer: bytes | None = b""
        self._leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's.
        self.write = cast(asyncio.Transport, transport).write
        self.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        if self._answer is not None:
            data = self._upgraded(data)
        for kind, payload in self._reader.read(data):
            if kind == frames.TEXT:
                self._take(payload)
            elif kind == frames.PING:
                self.write(frames.written(payload, frames.PONG))
            elif not self._leaving:
                self._fail(f"closed: {payload!r}")

    def _upgraded(self, data: bytes) -> bytes:
        answer, end, rest = ((self._answer or b"") + data).partition(b"\r\n\r\n")
        if not end:
            self._answer = answer
            return b""
        if not answer.startswith(b"HTTP/1.1 101 "):
            self._fail(answer.decode())
        self._answer = None
        self.write(self._hello)
        return rest

    def _take(self, payload: bytes) -> None:
        if payload.startswith(b'{"type":"error"'):
            self._fail(payload.decode())
        elif self.ready.done():
            self.heard(payload)
        elif payload.startswith(b'{"type":"welcome"'):
            self.ready.set_result(None)

    def heard(self, payload: bytes) -> None: ...

    def _fail(self, why: str) -> None:
        raise SystemExit(f"bench: a socket failed: {why}")

    def connection_lost(self, _: Exception | None) -> None:
        if not self._leaving:
            self._fail("cut off")

    def leave(self) -> None:
        self._leaving = True
        self.write(frames.written(b"\x03\xe8", frames.CLOSE))


class Sender(Client):
    """The next frame on each ack; `latencies` in seconds, of those acked since `begin`."""

    def __init__(self, path: str, token: str, payload: bytes) -> None:
        """In `payload`, `@count@` becomes ten digits that stand once in a run."""
        super().__init__(path, token)
        whole = frames.written(payload.replace(b"@count@", b"0" * 10))
        place = len(whole) - len(payload) + payload.index(b"@count@") - 3
        self._before, self._after = whole[:place], whole[place + 10 :]
        self._count = 0
        self._stopped = False
        self.latencies: list[float] = []

    def begin(self) -> None:
        self.latencies = []

    def send(self) -> None:
        self._count += 1
        self._sent = time.perf_counter()
        self.write(b"%b%010d%b" % (self._before, self._count, self._after))

    def heard(self, payload: bytes) -> None:
        if payload.startswith(b'{"type":"ack"'):
            self.latencies.append(time.perf_counter() - self._sent)
            if not self._stopped:
                self.send()

    def stop(self) -> None:
        self._stopped = True


class Hearer(Client):
    """Tells `told` of each event, and of each ack."""

    def __init__(self, path: str, token: str, told: Callable[[], None]) -> None:
        super().__init__(path, token)
        self._told = told

    def heard(self, _: bytes) -> None:
        self._told()


C = TypeVar("C", bound=Client)


async def connected(port: int, clients: Sequence[C]) -> Sequence[C]:
    """In waves, because a server bounds how many may be about to say hello."""
    loop = asyncio.get_running_loop()
    for start in range(0, len(clients), WAVE):
        async with asyncio.timeout(WAVE_SECONDS):
            wave = clients[start : start + WAVE]
            await asyncio.gather(*(loop.create_connection(lambda it=client: it, "127.0.0.1", port) for client in wave))  # type: ignore[misc]
            await asyncio.gather(*(client.ready for client in wave))
    return clients
