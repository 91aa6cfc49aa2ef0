"""The way out of one socket: straight through while it takes what it is given, a bounded queue while it does not."""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from api.live.wire import OVERLOADED, Close

MOST_FRAMES = 256
MOST_BYTES = 1 << 20
SLOW_SECONDS = 20.0
CLOSING_SECONDS = 3.0

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


def cannot_abort() -> None:
    """For servers that cannot cut a connection."""


class Outgoing:
    """`push` never waits. Whoever reads too slowly is closed with 1013 and comes back to replay."""

    __slots__ = ("_abort", "_bytes", "_queue", "_send", "_task", "closed")

    def __init__(self, send: Send, abort: Callable[[], None]) -> None:
        self._send = send
        self._abort = abort
        self._queue: deque[str] | None = None
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    @property
    def behind(self) -> bool:
        """There is something that the peer has not taken yet."""
        return self._queue is not None

    def push(self, frame: str) -> None:
        if self.closed:
            return
        if self._queue is None:
            self._through(frame)
        elif len(self._queue) >= MOST_FRAMES or self._bytes + len(frame) > MOST_BYTES:
            self.close(OVERLOADED)
        else:
            self._queue.append(frame)
            self._bytes += len(frame)

    def push_or_drop(self, frame: str) -> None:
        """What is worth nothing later: a peer that does not keep up never hears of it, and pays nothing for it."""
        if not self.closed and self._queue is None and (waiting := self._begun(frame)):
            # It waits for the peer before it writes anything.
            waiting[0].close()

    def _through(self, frame: str) -> None:
        # A queue and a task for everybody cost half as much again as the frames themselves: the server's `send` is
        # stepped by hand, and only where it wants to wait for the peer does it get a task.
        if waiting := self._begun(frame):
            self._queue = deque()
            self._task = asyncio.get_running_loop().create_task(self._slowly(_resumed(*waiting)))

    def _begun(self, frame: str) -> tuple[Coroutine[Any, Any, None], Any] | None:
        """A send that waits for the peer, and for what; None where it has been done."""
        sending = self._send({"type": "websocket.send", "text": frame})
        try:
            return sending, sending.send(None)
        except StopIteration:
            return None
        except OSError:
            self.closed = True
            return None

    async def _slowly(self, first: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(SLOW_SECONDS):
                await first
                while self._queue and not self.closed:
                    frame = self._queue.popleft()
                    self._bytes -= len(frame)
                    await self._send({"type": "websocket.send", "text": frame})
            self._queue = None
        except TimeoutError:
            self.close(OVERLOADED)
        except OSError:
            self.closed = True

    def close(self, close: Close) -> None:
        """Say why and go; a peer that does not even take that is cut off."""
        if not self.closed:
            self.closed = True
            self._task = asyncio.get_running_loop().create_task(self._say_goodbye(close))

    async def taken(self) -> None:
        """Wait until the peer has taken what was pushed, or never will."""
        if self._queue is not None and self._task is not None:
            await self._task

    async def gone(self) -> None:
        """Wait for the goodbye: when the server's app returns, the connection is cut."""
        if self.closed and self._task is not None:
            await self._task

    async def _say_goodbye(self, close: Close) -> None:
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._send({"type": "websocket.close", "code": close.code, "reason": close.reason})
        except (TimeoutError, OSError, RuntimeError):
            self._abort()


@types.coroutine
def _resumed(sending: Coroutine[Any, Any, None], waited_for: Any) -> Generator[Any, Any, None]:
    """A coroutine that was stepped by hand up to its first wait, to be awaited from there."""
    try:
        yield waited_for
    except BaseException as error:  # noqa: BLE001
        sending.throw(error)
    while True:
        try:
            waited_for = sending.send(None)
        except StopIteration:
            return
        yield waited_for
