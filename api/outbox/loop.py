"""Due work: claim, do, retry, give up. One loop in each process; each row takes effect once."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import msgspec

from api.clock import Clock
from api.db import Database, Tx
from api.errors import Problem
from api.loops import forever
from api.outbox import queries
from api.outbox.types import Due

log = logging.getLogger("porchlight.outbox")

IDLE_SECONDS = 0.5
LEASE_MS = 30_000
AT_ONCE = 100
MOST_ATTEMPTS = 10
LONGEST_WAIT_MS = 3_600_000
# Ends before the lease: what takes longer would be taken over, and would hold one of the places for ever.
OUTSIDE_SECONDS = 25.0
STOPPING_SECONDS = 2.0


class Work(msgspec.Struct, frozen=True):
    """How a kind of row is done.

    `within(tx, row)` runs in the transaction that removes the row, so it takes effect exactly once; it returns when to
    do it again (epoch milliseconds), or None. `outside(row)` runs before that transaction, for effects elsewhere: it
    may happen again after a crash, so it carries `row.id` as its key.
    """

    within: Callable[[Tx, Due], int | None] | None = None
    outside: Callable[[Due], Awaitable[None]] | None = None


class Outbox:
    def __init__(self, db: Database, works: Mapping[str, Work], clock: Clock, node: str) -> None:
        self._db = db
        self._works = works
        self._clock = clock
        self._lease = node
        self._doing: set[asyncio.Task[None]] = set()
        self._finished = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; then what is leased is given back."""
        try:
            await forever(self._step)
        finally:
            await self._stop()

    async def _step(self) -> None:
        self._finished.clear()
        if not await self._claim():
            # A row that was done meanwhile may be due again at once, as a sweep is that has more to do.
            with suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._finished.wait()

    async def _claim(self) -> int:
        """Start what is due; how many rows that was. Waits while too many are being done."""
        if len(self._doing) >= AT_ONCE:
            await asyncio.wait(self._doing, return_when=asyncio.FIRST_COMPLETED)
        try:
            rows = await self._db.write(queries.claim, self._lease, LEASE_MS, AT_ONCE - len(self._doing))
        except Problem as problem:
            log.warning("due work cannot be claimed", extra={"code": problem.code})
            return 0
        for row in rows:
            task = asyncio.get_running_loop().create_task(self._do(row))
            self._doing.add(task)
            task.add_done_callback(self._done)
        return len(rows)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._doing.discard(task)
        self._finished.set()

    async def _do(self, row: Due) -> None:
        try:
            work = self._works[row.kind]
            if work.outside is not None:
                async with asyncio.timeout(OUTSIDE_SECONDS):
                    await work.outside(row)
            await self._db.write(finish, row, self._lease, work.within)
        except Exception as error:
            log.warning("due work failed", exc_info=error, extra={"kind": row.kind, "id": row.id})
            await self._failed(row, f"{type(error).__name__}: {error}"[:500])

    async def _failed(self, row: Due, reason: str) -> None:
        try:
            if row.attempts >= MOST_ATTEMPTS:
                await self._db.write(queries.give_up, row.id, self._lease, reason)
            else:
                due_at = self._clock() + backoff(row.attempts, random.random())  # noqa: S311
                await self._db.write(queries.put_off, row.id, self._lease, due_at, row.attempts)
        except Problem as problem:
            # Its lease runs out and it is tried again.
            log.warning("due work cannot be put off", extra={"code": problem.code})

    async def _stop(self) -> None:
        """What is nearly done is finished: given back, its effect would happen again."""
        if self._doing:
            await asyncio.wait(self._doing, timeout=STOPPING_SECONDS)
        for task in self._doing:
            task.cancel()
        await asyncio.gather(*self._doing, return_exceptions=True)
        try:
            await self._db.write(queries.give_back, self._lease)
        except Problem as problem:
            log.warning("leases run out by themselves", extra={"code": problem.code})


def finish(tx: Tx, row: Due, lease: str, within: Callable[[Tx, Due], int | None] | None) -> None:
    """Do what belongs into the transaction and remove the row, or put it off; nothing when the lease was lost."""
    if queries.lock_leased(tx, row.id, lease) is None:
        return
    again = within(tx, row) if within is not None else None
    if again is None:
        queries.finish(tx, row.id, lease)
    else:
        queries.put_off(tx, row.id, lease, again, 0)


def backoff(attempts: int, chance: float) -> int:
    """Milliseconds until the next try: doubled each time, an hour at most; `chance` (0..1) spreads it by half."""
    longest: int = min(LONGEST_WAIT_MS, 1000 * 2**attempts)
    return round(longest * (0.5 + chance / 2))
