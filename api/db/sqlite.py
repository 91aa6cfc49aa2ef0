"""SQLite: one writer that commits for many callers at once, one read-only reader, each on its own thread."""

import asyncio
import logging
import shutil
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite

from api.clock import Clock
from api.db import migrate
from api.db.database import WAITING_LIMIT, WAITING_SECONDS, Closed, Health, Report, silent
from api.db.tx import Tx
from api.errors import Overloaded, ReadOnly

try:
    from pysqlite3 import dbapi2 as sqlite
except ImportError:
    import sqlite3 as sqlite

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("porchlight.db")

BATCH_FUNCTIONS = 256
BATCH_SECONDS = 0.020
READ_SECONDS = 5.0
PROBE_SECONDS = 1.0
QUICK_CHECK_ROWS = 10
# The WAL is reset at a checkpoint, and cut to this after it: a bound on what a burst leaves on the disk.
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "busy_timeout": 5000,
    "mmap_size": 0,
    "temp_store": 2,
    "cache_size": -32768,
    "journal_size_limit": 64 << 20,
}
# A checkpoint by a second connection beside a commit is what corrupts databases before 3.51.3.
WRITER_PRAGMAS = PRAGMAS | {"wal_autocheckpoint": 2000}
READER_PRAGMAS = PRAGMAS | {"wal_autocheckpoint": 0, "query_only": 1}
NAMES = tuple(str(number) for number in range(1, 400))


def warning_about(version: tuple[int, ...]) -> str:
    """A sentence when this SQLite has the WAL-reset bug (3.7.0 to 3.51.2), else nothing."""
    if (3, 7, 0) <= version < (3, 51, 3):
        return (
            "this version has the WAL-reset bug, which Porchlight avoids by checkpointing from its one writer only; "
            "`pip install pysqlite3` brings a newer one"
        )
    return ""


def connect(path: Path, pragmas: dict[str, Any], *, read_only: bool = False) -> Any:
    """A connection with every pragma set and read back: a pragma that does not take is an error here, not later."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    conn = sqlite.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512)
    for name, value in pragmas.items():
        conn.execute(f"PRAGMA {name}={value}")
        row = conn.execute(f"PRAGMA {name}").fetchone()
        # Builds that leave mmap out do not answer for it.
        if row is not None and row[0] != value:
            conn.close()
            raise Closed(f"SQLite did not take PRAGMA {name}={value} (it says {row[0]})")
    return conn


class Thread(aiosqlite.Connection):
    """aiosqlite has no public call that runs a function on its thread, nor one that hands out the connection."""

    async def start(self) -> "Thread":
        await self
        return self

    async def run(self, fn: Callable[..., R], *args: Any) -> R:
        return await self._execute(fn, *args)  # type: ignore[no-any-return, no-untyped-call]

    @property
    def raw(self) -> Any:
        return self._conn


class Job:
    __slots__ = ("after", "args", "error", "fn", "future", "kwargs", "queued", "result")

    def __init__(self, fn: Callable[..., Any], args: Any, kwargs: Any, future: "asyncio.Future[Any]") -> None:
        self.fn, self.args, self.kwargs, self.future = fn, args, kwargs, future
        self.queued = time.monotonic()
        self.result: Any = None
        self.error: BaseException | None = None
        self.after: list[Any] = []

    def run(self, tx: Tx) -> None:
        self.error, self.after = None, tx.after
        self.result = self.fn(tx, *self.args, **self.kwargs)
        tx.finish()

    def fail(self, error: Exception) -> None:
        self.error, self.after = error, []

    def settle(self) -> None:
        for call, args in self.after:
            call(*args)
        # A cancelled caller has left; what it asked for has happened all the same.
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Lane:
    """Functions waiting for one connection's thread, which takes them in batches of all that wait.

    `transact` runs the first functions of a batch on the thread and says how many; the rest go back to the front.
    """

    def __init__(self, transact: Callable[[list[Job]], int], most: int) -> None:
        self._transact = transact
        self._most = most
        self._waiting: deque[Job] = deque()
        self._thread: Thread | None = None
        self._drain: asyncio.Task[None] | None = None

    async def open(self, path: Path, pragmas: dict[str, Any], *, read_only: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = await Thread(lambda: connect(path, pragmas, read_only=read_only), 64).start()

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if self._drain is not None:
            await self._drain
        if thread is not None:
            await thread.close()

    @property
    def thread(self) -> Thread:
        if self._thread is None:
            raise Overloaded("Porchlight is stopping.")
        return self._thread

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def lag(self) -> float:
        """Seconds the oldest waiting function has waited."""
        return time.monotonic() - self._waiting[0].queued if self._waiting else 0.0

    async def call(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        thread = self.thread
        if len(self._waiting) >= WAITING_LIMIT:
            raise Overloaded
        job = Job(fn, args, kwargs, self._loop.create_future())
        self._waiting.append(job)
        if self._drain is None or self._drain.done():
            self._drain = self._loop.create_task(self._empty(thread))
        return await job.future

    async def _empty(self, thread: Thread) -> None:
        # Looked at again on the loop, where functions are added: none can slip in between the look and the end.
        while self._waiting:
            await thread.run(self._work)

    def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
            count = self._transact(batch)
            self._waiting.extendleft(reversed(batch[count:]))
            self._loop.call_soon_threadsafe(_settle, batch[:count])


def _settle(batch: list[Job]) -> None:
    for job in batch:
        job.settle()


class Ended(Exception):
    """The engine rolled the whole transaction back by itself."""


class SQLite:
    """The default Database: a file in the data folder."""

    alone = True

    def __init__(self, path: Path, clock: Clock, *, slow_seconds: float = 0.1) -> None:
        self.path = path
        self._clock = clock
        self._slow = slow_seconds
        self._writer = Lane(self._write_batch, BATCH_FUNCTIONS)
        self._reader = Lane(self._read_batch, 16)
        self._read_deadline = 0.0
        self._read_only = ""
        self.publish: Callable[[list[Any]], None] = silent
        self.tell_mode: Callable[[bool], None] = silent
        self._damage: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, report: Report = silent) -> None:
        self._loop = asyncio.get_running_loop()
        report(
            f"SQLite {sqlite.sqlite_version}" + (f": {w}" if (w := warning_about(sqlite.sqlite_version_info)) else "")
        )
        wal = self.path.with_name(self.path.name + "-wal")
        unclean = wal.exists() and wal.stat().st_size > 0
        self.path.touch(mode=0o600)
        try:
            await self._open_lanes(report, unclean)
        except sqlite.DatabaseError as error:
            raise Closed(f"{self.path} cannot be opened: {error}") from error
        if not unclean:
            self._start(self._check_beside())

    async def _open_lanes(self, report: Report, unclean: bool) -> None:
        await self._writer.open(self.path, WRITER_PRAGMAS)
        self._write = _binder(self._writer.thread.raw)
        if unclean:
            report("the last stop was not a clean one: checking the database first")
            if damage := await self._writer.thread.run(quick_check, self._writer.thread.raw):
                raise Closed(f"{self.path} is damaged ({damage[0]}): restore a backup")
        await self._writer.thread.run(migrate.apply, migrate.SQLITE, self._write, self._clock(), report)
        await self._reader.open(self.path, READER_PRAGMAS, read_only=True)
        reader = self._reader.thread.raw
        self._read = _binder(reader)
        # A reader that is stuck keeps the WAL from being reset: it grew to 101 MB.
        reader.set_progress_handler(lambda: time.monotonic() > self._read_deadline, 50_000)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # The reader first: the last connection to close empties the WAL, and a read-only one cannot.
        await self._reader.close()
        await self._writer.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check_beside(self) -> None:
        thread = await Thread(lambda: connect(self.path, READER_PRAGMAS, read_only=True), 64).start()
        try:
            self._damage = await thread.run(quick_check, thread.raw)
        finally:
            await thread.close()
        if self._damage:
            log.error("the database is damaged", extra={"findings": self._damage})

    async def read(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._reader.call(fn, args, kwargs)  # type: ignore[no-any-return]

    async def write(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._read_only:
            raise ReadOnly
        return await self._writer.call(fn, args, kwargs)  # type: ignore[no-any-return]

    def _read_batch(self, batch: list[Job]) -> int:
        conn = self._reader.thread.raw
        for job in batch:
            self._read_deadline = time.monotonic() + READ_SECONDS
            try:
                _refuse_stale(job)
                conn.execute("BEGIN")
                job.run(Tx(self._read, self._clock(), slow_seconds=self._slow))
                conn.execute("COMMIT")
            except Exception as error:  # noqa: BLE001
                job.fail(self._translated(error))
                if conn.in_transaction:
                    conn.execute("ROLLBACK")
        return len(batch)

    def _write_batch(self, batch: list[Job]) -> int:
        conn = self._writer.thread.raw
        begun: list[Job] = []
        end = time.monotonic() + BATCH_SECONDS
        try:
            conn.execute("BEGIN IMMEDIATE")
        except sqlite.Error as error:
            for job in batch:
                job.fail(self._translated(error))
            return len(batch)
        try:
            for job in batch:
                begun.append(job)
                self._in_savepoint(conn, job)
                if time.monotonic() > end:
                    break
            conn.execute("COMMIT")
        except (sqlite.Error, Ended):
            # Nothing of the batch has happened and nobody has been answered.
            for job in begun:
                self._alone(conn, job)
        return len(begun)

    def _in_savepoint(self, conn: Any, job: Job) -> None:
        conn.execute("SAVEPOINT f")
        try:
            _refuse_stale(job)
            job.run(self._writing())
        except Exception as error:
            if not conn.in_transaction:
                raise Ended from error
            conn.execute("ROLLBACK TO f")
            job.fail(self._translated(error))
        conn.execute("RELEASE f")

    def _alone(self, conn: Any, job: Job) -> None:
        try:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            conn.execute("BEGIN IMMEDIATE")
            job.run(self._writing())
            conn.execute("COMMIT")
        except Exception as error:  # noqa: BLE001
            job.fail(self._translated(error))
            if conn.in_transaction:
                conn.execute("ROLLBACK")

    def _writing(self) -> Tx:
        return Tx(self._write, self._clock(), slow_seconds=self._slow, publish=self.publish)

    def _translated(self, error: Exception) -> Exception:
        code = getattr(error, "sqlite_errorcode", 0)
        match code & 0xFF:
            case sqlite.SQLITE_FULL | sqlite.SQLITE_IOERR | sqlite.SQLITE_READONLY:
                self._loop.call_soon_threadsafe(self._enter_read_only, str(error))
                return ReadOnly()
            case sqlite.SQLITE_BUSY | sqlite.SQLITE_LOCKED:
                return Overloaded("Another program holds the database.")
            case sqlite.SQLITE_INTERRUPT:
                return Overloaded("The answer took too long to read.")
        return error

    def _enter_read_only(self, reason: str) -> None:
        if not self._read_only:
            log.error("read-only: the disk takes no writes", extra={"reason": reason})
            self._read_only = reason
            self.tell_mode(True)
            self._start(self._probe())

    async def _probe(self) -> None:
        """Try one row a second until a write succeeds."""
        while self._read_only:
            await asyncio.sleep(PROBE_SECONDS)
            try:
                await self._writer.call(migrate.probe, (), {})
            except ReadOnly:
                continue
            log.warning("the disk takes writes again")
            self._read_only = ""
            self.tell_mode(False)

    @property
    def read_only(self) -> bool:
        return bool(self._read_only)

    async def health(self) -> Health:
        problems = [f"the database is damaged: {self._damage[0]}"] if self._damage else []
        if self._read_only:
            problems.append(f"read-only: {self._read_only}")
        return Health(
            engine="sqlite",
            waiting=self._writer.waiting,
            lag_ms=round(self._writer.lag * 1000),
            wal_bytes=_size(self.path.with_name(self.path.name + "-wal")),
            disk_free_bytes=shutil.disk_usage(self.path.parent).free,
            problems=problems,
        )


def _binder(conn: Any) -> Callable[[str, Sequence[Any]], Any]:
    # `$1` is a named parameter to SQLite.
    return lambda sql, params: conn.execute(sql, dict(zip(NAMES, params, strict=False)))


def _refuse_stale(job: Job) -> None:
    if time.monotonic() - job.queued > WAITING_SECONDS:
        raise Overloaded


def quick_check(conn: Any) -> list[str]:
    rows = [row[0] for row in conn.execute(f"PRAGMA quick_check({QUICK_CHECK_ROWS})")]
    return [] if rows == ["ok"] else rows


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
