"""A thread with a connection to SQLite, and the functions that wait for it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import aiosqlite

from api.db.database import WAITING_LIMIT, settle
from api.db.tx import After, Tx
from api.errors import Overloaded

R = TypeVar("R")


class Thread(aiosqlite.Connection):
    """aiosqlite has no public call that runs a function on its thread, nor one that hands out the connection."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        super().__init__(self._keep, 64)
        self._open = connect
        self._made: Any = None

    async def start(self) -> "Thread":
        try:
            await self
        except BaseException:
            # It has been told to stop, and would speak to a loop that is closed by then.
            self._thread.join()
            # Cancelled while the thread was connecting: aiosqlite has never heard of the connection.
            if self._made is not None:
                self._made.close()
            raise
        return self

    def _keep(self) -> Any:
        self._made = self._open()
        return self._made

    async def run(self, fn: Callable[..., R], *args: Any) -> R:
        return await self._execute(fn, *args)  # type: ignore[no-any-return, no-untyped-call]

    @property
    def raw(self) -> Any:
        return self._conn


class Job:
    __slots__ = ("after", "args", "fn", "future", "kwargs", "outcome", "queued")

    def __init__(self, fn: Callable[..., Any], args: Any, kwargs: Any, future: "asyncio.Future[Any]") -> None:
        self.fn, self.args, self.kwargs, self.future = fn, args, kwargs, future
        self.queued = time.monotonic()
        self.outcome: Any = None
        self.after: Sequence[After] = ()

    def run(self, tx: Tx) -> None:
        self.after = tx.after
        self.outcome = self.fn(tx, *self.args, **self.kwargs)

    def fail(self, error: Exception) -> None:
        self.outcome, self.after = error, ()


class Lane:
    """Functions waiting for one connection's thread, which takes them in batches of all that wait.

    `transact` runs the first functions of a batch on the thread and says how many; the rest go back to the front.
    """

    def __init__(self, transact: Callable[[list[Job]], int], most: int) -> None:
        self._transact = transact
        self._most = most
        self._waiting: deque[Job] = deque()
        # A Thread once it is open.
        self._thread: Any = None
        self._closing = False
        self._drain: asyncio.Task[None] | None = None

    async def open(self, connect: Callable[[], Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = await Thread(connect).start()

    async def close(self) -> None:
        """What waits already is still done."""
        self._closing = True
        if self._drain is not None:
            await self._drain
        if self._thread is not None:
            await self._thread.close()

    @property
    def conn(self) -> Any:
        return self._thread.raw

    async def run(self, fn: Callable[..., R], *args: Any) -> R:
        """For opening, while nothing else waits for the thread."""
        return await self._thread.run(fn, *args)  # type: ignore[no-any-return]

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def lag(self) -> float:
        """Seconds the oldest waiting function has waited."""
        try:
            return time.monotonic() - self._waiting[0].queued
        except IndexError:
            # The thread may have taken it since any look at the length.
            return 0.0

    async def call(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if self._closing:
            raise Overloaded("Porchlight is stopping.")
        if len(self._waiting) >= WAITING_LIMIT:
            raise Overloaded
        job = Job(fn, args, kwargs, self._loop.create_future())
        self._waiting.append(job)
        if self._drain is None or self._drain.done():
            self._drain = self._loop.create_task(self._empty())
        return await job.future

    async def _empty(self) -> None:
        # Looked at again on the loop, where functions are added: none can slip in between the look and the end.
        while self._waiting:
            await self._thread.run(self._work)

    def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
            count = self._transact(batch)
            self._waiting.extendleft(reversed(batch[count:]))
            self._loop.call_soon_threadsafe(_settle, batch[:count])


def _settle(batch: list[Job]) -> None:
    for job in batch:
        settle(job.future, job.outcome, job.after)
