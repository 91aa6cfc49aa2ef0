"""SQLite: one writer that commits for many callers at once, one read-only reader, each on its own thread."""

import asyncio
import itertools
import logging
import re
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from api.clock import Clock
from api.db import migrate
from api.db.database import WAITING_SECONDS, Closed, Health, Report, WriteGate, silent
from api.db.lane import Job, Lane, Thread
from api.db.tx import Tx
from api.errors import Overloaded, ReadOnly, Unavailable

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
PARAMETER = re.compile(r"\$([0-9]+)")
# Primary result codes (sqlite.org/rescode.html) of a disk that takes no writes.
NO_WRITES = (sqlite.SQLITE_FULL, sqlite.SQLITE_IOERR, sqlite.SQLITE_READONLY)


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
    try:
        for name, value in pragmas.items():
            _set(conn, name, value)
    except BaseException:
        conn.close()
        raise
    return conn


def _set(conn: Any, name: str, value: Any) -> None:
    conn.execute(f"PRAGMA {name}={value}")
    row = conn.execute(f"PRAGMA {name}").fetchone()
    # Builds that leave mmap out do not answer for it.
    if row is not None and row[0] != value:
        raise Closed(f"SQLite did not take PRAGMA {name}={value} (it says {row[0]})")


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
        self.gate = WriteGate(self._probe)
        self.publish: Callable[[list[Any]], None] = silent
        # Functions that have failed after they wrote: what such a one did is undone by a savepoint of its own.
        self._careful: set[Callable[..., Any]] = set()
        self._damage: list[str] = []
        self._check: asyncio.Task[None] | None = None

    async def open(self, report: Report = silent) -> None:
        self._loop = asyncio.get_running_loop()
        report(
            f"SQLite {sqlite.sqlite_version}" + (f": {w}" if (w := warning_about(sqlite.sqlite_version_info)) else "")
        )
        wal = self.path.with_name(self.path.name + "-wal")
        unclean = wal.exists() and wal.stat().st_size > 0
        self.path.touch(mode=0o600)
        try:
            if unclean:
                report("the last stop was not a clean one: checking the database first")
                await self._refuse_damage()
            await self._open_lanes(report)
        except sqlite.DatabaseError as error:
            raise Closed(f"{self.path} cannot be opened: {error}") from error
        if not unclean:
            self._check = self._loop.create_task(self._check_beside())

    async def _refuse_damage(self) -> None:
        # The writer would empty the WAL as it closes, and the next start would think the stop a clean one.
        if damage := await self._quick_check():
            raise Closed(f"{self.path} is damaged ({damage[0]}): restore a backup")

    async def _open_lanes(self, report: Report) -> None:
        await self._writer.open(lambda: connect(self.path, WRITER_PRAGMAS))
        self._write = _binder(self._writer.conn)
        await self._writer.run(migrate.apply, migrate.SQLITE, self._write, self._clock(), report)
        await self._reader.open(lambda: connect(self.path, READER_PRAGMAS, read_only=True))
        self._read = _binder(self._reader.conn)
        # A reader that is stuck keeps the WAL from being reset: it grew to 101 MB.
        self._reader.conn.set_progress_handler(lambda: time.monotonic() > self._read_deadline, 50_000)

    async def close(self) -> None:
        # The writer last: the last connection to close empties the WAL, and a read-only one cannot.
        await self._reader.close()
        if self._check is not None:
            self._check.cancel()
            await asyncio.wait([self._check])
        await self._writer.close()
        await self.gate.close()

    async def _check_beside(self) -> None:
        self._damage = await self._quick_check()
        if self._damage:
            log.error("the database is damaged", extra={"findings": self._damage})

    async def _quick_check(self) -> list[str]:
        thread = await Thread(lambda: connect(self.path, READER_PRAGMAS, read_only=True)).start()
        try:
            return await thread.run(quick_check, thread.raw)
        finally:
            # Stopping waits for no check: on a large database it takes minutes.
            thread.raw.interrupt()
            await thread.close()

    async def read(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._reader.call(fn, args, kwargs)  # type: ignore[no-any-return]

    async def write(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        self.gate.check()
        return await self._writer.call(fn, args, kwargs)  # type: ignore[no-any-return]

    def _read_batch(self, batch: list[Job]) -> int:
        conn = self._reader.conn
        for job in batch:
            self._read_deadline = time.monotonic() + READ_SECONDS
            try:
                _refuse_stale(job)
                _roll_back(conn)
                conn.execute("BEGIN")
                job.run(Tx(self._read, self._clock(), slow_seconds=self._slow))
                conn.execute("COMMIT")
            except Exception as error:  # noqa: BLE001
                self._give_up(conn, job, _translated(error))
        return len(batch)

    def _write_batch(self, batch: list[Job]) -> int:
        conn = self._writer.conn
        begun: list[Job] = []
        # Before the wait for a lock that another program holds: else those behind would wait for it anew.
        if stale := list(itertools.takewhile(_stale, batch)):
            return _fail(stale, Overloaded())
        try:
            _roll_back(conn)
            conn.execute("BEGIN IMMEDIATE")
        except sqlite.Error as error:
            return _fail(batch, self._write_error(error))
        end = time.monotonic() + BATCH_SECONDS
        whole = self._writing()
        try:
            for job in batch:
                begun.append(job)
                self._in_batch(conn, job, whole)
                if time.monotonic() > end:
                    break
            _finish(whole)
            # All of it is called before any caller of the batch goes on: they are answered in one step of the loop.
            begun[-1].after = [*begun[-1].after, *whole.after]
            conn.execute("COMMIT")
        except (sqlite.Error, Ended):
            # Nothing of the batch has happened and nobody has been answered.
            for job in begun:
                self._alone(conn, job)
        return len(begun)

    def _in_batch(self, conn: Any, job: Job, whole: Tx) -> None:
        """Most functions look before they write: where one fails there is nothing to undo, and no savepoint needed."""
        if job.fn in self._careful:
            self._in_savepoint(conn, job, whole)
            return
        changes = conn.total_changes
        try:
            _refuse_stale(job)
            tx = self._writing()
            job.run(tx)
        except Exception as error:
            if conn.total_changes != changes or not conn.in_transaction:
                self._careful.add(job.fn)
                raise Ended from error
            job.fail(self._write_error(error))
        else:
            tx.hand_to(whole)

    def _in_savepoint(self, conn: Any, job: Job, whole: Tx) -> None:
        conn.execute("SAVEPOINT f")
        try:
            _refuse_stale(job)
            tx = self._writing()
            job.run(tx)
        except Exception as error:
            if not conn.in_transaction:
                raise Ended from error
            conn.execute("ROLLBACK TO f")
            job.fail(self._write_error(error))
        else:
            tx.hand_to(whole)
        conn.execute("RELEASE f")

    def _alone(self, conn: Any, job: Job) -> None:
        try:
            _refuse_stale(job)
            _roll_back(conn)
            conn.execute("BEGIN IMMEDIATE")
            tx = self._writing()
            job.run(tx)
            tx.finish()
            conn.execute("COMMIT")
        except Exception as error:  # noqa: BLE001
            self._give_up(conn, job, self._write_error(error))

    def _writing(self) -> Tx:
        return Tx(self._write, self._clock(), slow_seconds=self._slow, publish=self.publish)

    def _give_up(self, conn: Any, job: Job, error: Exception) -> None:
        job.fail(error)
        # Where even this fails, the next function begins by trying it again.
        with suppress(sqlite.Error):
            _roll_back(conn)

    def _write_error(self, error: Exception) -> Exception:
        if _code(error) in NO_WRITES:
            self._loop.call_soon_threadsafe(self.gate.shut, str(error))
            return ReadOnly()
        return _translated(error)

    async def _probe(self) -> None:
        await self._writer.call(migrate.probe, (), {})

    async def health(self) -> Health:
        damage = [f"the database is damaged: {self._damage[0]}"] if self._damage else []
        return Health(
            engine="sqlite",
            waiting=self._writer.waiting,
            lag_ms=round(self._writer.lag * 1000),
            wal_bytes=_size(self.path.with_name(self.path.name + "-wal")),
            disk_free_bytes=shutil.disk_usage(self.path.parent).free,
            problems=damage + self.gate.problems,
        )


def _binder(conn: Any) -> Callable[[str, Sequence[Any]], Any]:
    execute, numbered = conn.execute, _Numbered()
    return lambda sql, params: execute(numbered[sql], params)


class _Numbered(dict[str, str]):
    """`$1` is a parameter with a name to SQLite, looked up in a dict at each call; `?1` takes its place in a tuple."""

    def __missing__(self, sql: str) -> str:
        self[sql] = text = PARAMETER.sub(r"?\1", sql)
        return text


def _finish(whole: Tx) -> None:
    try:
        whole.finish()
    except Exception as error:
        # Whose doing it is shows when each runs alone.
        raise Ended from error


def _stale(job: Job) -> bool:
    return time.monotonic() - job.queued > WAITING_SECONDS


def _refuse_stale(job: Job) -> None:
    if _stale(job):
        raise Overloaded


def _fail(jobs: list[Job], error: Exception) -> int:
    for job in jobs:
        job.fail(error)
    return len(jobs)


def _roll_back(conn: Any) -> None:
    if conn.in_transaction:
        conn.execute("ROLLBACK")


def _code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _translated(error: Exception) -> Exception:
    match _code(error):
        case sqlite.SQLITE_BUSY | sqlite.SQLITE_LOCKED:
            return Overloaded("Another program holds the database.")
        case sqlite.SQLITE_INTERRUPT:
            return Overloaded("The answer took too long to read.")
        case sqlite.SQLITE_IOERR:
            return Unavailable("The disk cannot be read.")
    return error


def quick_check(conn: Any) -> list[str]:
    """What SQLite finds wrong with a database; nothing in a sound one."""
    try:
        rows = [" ".join(row[0].split()) for row in conn.execute(f"PRAGMA quick_check({QUICK_CHECK_ROWS})")]
    except sqlite.DatabaseError as error:
        # Damage may be such that the check itself cannot go on.
        return [str(error)]
    return [] if rows == ["ok"] else rows


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
