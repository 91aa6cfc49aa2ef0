"""What the rest of Porchlight sees of a database, whichever engine it is, and what the engines share."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import msgspec

from api.db.tx import After, Tx
from api.errors import ReadOnly, Unavailable

P = ParamSpec("P")
R = TypeVar("R")
Report = Callable[[str], None]
log = logging.getLogger("porchlight.db")

# More than this many functions waiting means the database has fallen behind: refuse at once instead of queueing.
WAITING_LIMIT = 2000
# A caller has given up on a function that waited this long; running it would only delay the others.
WAITING_SECONDS = 5.0
PROBE_SECONDS = 1.0


class Closed(Exception):
    """The database cannot be opened or used as it is; the text says what to do, in one line."""


class Health(msgspec.Struct, rename="camel"):
    """`lag_ms`: how long the oldest waiting write has waited. `problems` is empty when all is well."""

    engine: str
    waiting: int
    lag_ms: int
    wal_bytes: int | None
    disk_free_bytes: int | None
    problems: list[str]


class Database(Protocol):
    """`alone`: no other process can write to it. `publish` takes the events of a commit, on the event loop; `gate` says
    whether it takes writes now, and tells when that changes.
    """

    alone: bool
    publish: Callable[[list[Any]], None]
    gate: "WriteGate"

    async def open(self, report: Report = ...) -> None:
        """Check, migrate and connect; `report` hears one line for each step. Raises Closed."""

    async def close(self) -> None: ...

    async def read(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(tx, *args)` where it sees one state of the database. Raises Overloaded."""

    async def write(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `fn(tx, *args)` in one transaction and return after it is on disk.

        It may run more than once, so it touches nothing but `tx`. A caller that is cancelled cancels nothing.
        Raises Overloaded, ReadOnly, or whatever `fn` raised, and then nothing of it has happened.
        """

    async def health(self) -> Health: ...


def silent(_: Any) -> None: ...


def settle(future: "asyncio.Future[Any]", outcome: Any, after: Iterable[After] = ()) -> None:
    """On the event loop: what waited for the commit, then the answer. An `outcome` that is an exception is raised."""
    for call, args in after:
        try:
            call(*args)
        except Exception:
            # It is on disk, and whoever asked for it is still to hear so.
            log.exception("a call after the commit failed")
    # A cancelled caller has left; what it asked for has happened all the same.
    if future.done():
        return
    if isinstance(outcome, StopIteration):
        # No future takes one.
        outcome = RuntimeError("StopIteration")
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class WriteGate:
    """Shut while the disk takes no writes: they are refused at once, and `probe` is tried once a second."""

    def __init__(self, probe: Callable[[], Awaitable[None]]) -> None:
        self._probe = probe
        self.tell_mode: Callable[[bool], None] = silent
        self._probing: asyncio.Task[None] | None = None
        self.reason = ""

    @property
    def problems(self) -> list[str]:
        return [f"read-only: {self.reason}"] if self.reason else []

    def check(self) -> None:
        """Raises ReadOnly."""
        if self.reason:
            raise ReadOnly

    def shut(self, reason: str) -> None:
        if not self.reason:
            log.error("read-only: the database takes no writes", extra={"reason": reason})
            self.reason = reason
            self._probing = asyncio.get_running_loop().create_task(self._until_a_write_succeeds())
            self.tell_mode(True)

    async def _until_a_write_succeeds(self) -> None:
        while self.reason:
            await asyncio.sleep(PROBE_SECONDS)
            try:
                await self._probe()
            except Unavailable:
                continue
            except Exception:
                # Whatever it is, nobody else would open the gate again.
                log.exception("a write was tried and failed")
                continue
            log.warning("the database takes writes again")
            self.reason = ""
            self.tell_mode(False)

    async def close(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])
