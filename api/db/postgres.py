"""PostgreSQL, for more than one machine: each function is a transaction of its own, on a pool of threads."""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg import conninfo, errors
from psycopg_pool import ConnectionPool, PoolTimeout

from api.clock import Clock
from api.db import migrate
from api.db.database import WAITING_LIMIT, WAITING_SECONDS, Closed, Health, Report, silent
from api.db.tx import LockTimeout, Tx
from api.errors import Overloaded, Problem, ReadOnly, Unavailable

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("porchlight.db")

WRITERS = 8
READERS = 4
TRIES = 3
PROBE_SECONDS = 1.0
MIGRATION_LOCK = 0x706F726368
OPTIONS = {
    "lock_timeout": "2000",
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "10000",
    "synchronous_commit": "on",
    "timezone": "UTC",
}
READ_ONLY = (errors.DiskFull, errors.ReadOnlySqlTransaction)
Execute = Callable[[str, Sequence[Any]], Any]
Transact = Callable[[psycopg.Connection[Any]], tuple[Any, list[Any]]]


class Waiting:
    """How many functions wait for a thread, and since when the oldest does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[int, float] = {}
        self._next = 0

    def add(self) -> int:
        with self._lock:
            if len(self._since) >= WAITING_LIMIT:
                raise Overloaded
            self._next += 1
            self._since[self._next] = time.monotonic()
            return self._next

    def take(self, ticket: int) -> None:
        with self._lock:
            if time.monotonic() - self._since.pop(ticket) > WAITING_SECONDS:
                raise Overloaded

    def __len__(self) -> int:
        return len(self._since)

    @property
    def lag(self) -> float:
        with self._lock:
            return time.monotonic() - min(self._since.values(), default=time.monotonic())


class Lane:
    """A pool of connections with a thread for each, so that a function that has a thread has a connection."""

    def __init__(self, url: str, size: int, configure: Callable[[psycopg.Connection[Any]], None]) -> None:
        self.waiting = Waiting()
        self._threads = ThreadPoolExecutor(size, "postgres")
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            configure=configure,
            kwargs={"cursor_factory": psycopg.RawCursor},
        )

    def open(self) -> None:
        self._pool.open(wait=True, timeout=5)

    def close(self) -> None:
        self._threads.shutdown()
        self._pool.close()

    async def call(self, transact: Transact) -> Any:
        """Run it on a thread. A caller that is cancelled cancels nothing."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        ticket = self.waiting.add()

        def work() -> None:
            try:
                self.waiting.take(ticket)
                outcome = self._on_a_connection(transact)
            except Exception as error:  # noqa: BLE001
                outcome = _translated(error)
            loop.call_soon_threadsafe(_settle, future, outcome)

        self._threads.submit(work)
        return await future

    def _on_a_connection(self, transact: Transact) -> Any:
        for _ in range(TRIES):
            try:
                with self._pool.connection(timeout=2) as conn:
                    return transact(conn)
            except psycopg.OperationalError:
                # The server was restarted under a connection of the pool, and nothing was committed on it.
                if not conn.closed:
                    raise
        raise Unavailable


def _settle(future: "asyncio.Future[Any]", outcome: Any) -> None:
    if isinstance(outcome, Exception):
        if not future.done():
            future.set_exception(outcome)
        return
    result, after = outcome
    for call, args in after:
        call(*args)
    if not future.done():
        future.set_result(result)


def _translated(error: Exception) -> Exception:
    if isinstance(error, Problem):
        return error
    if isinstance(error, READ_ONLY):
        return ReadOnly()
    if isinstance(error, LockTimeout | errors.SerializationFailure | errors.DeadlockDetected):
        return Overloaded("Others are changing the same thing.")
    if isinstance(error, errors.QueryCanceled | PoolTimeout | errors.TooManyConnections):
        return Overloaded()
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return Unavailable()
    return error


class Postgres:
    """The Database for several processes side by side."""

    alone = False

    def __init__(self, url: str, clock: Clock, *, slow_seconds: float = 0.1) -> None:
        self._clock = clock
        self._slow = slow_seconds
        self._url = with_options(url)
        self._writes = Lane(self._url, WRITERS, _for_writing)
        self._reads = Lane(self._url, READERS, _for_reading)
        self._read_only = ""
        self.publish: Callable[[list[Any]], None] = silent
        self.tell_mode: Callable[[bool], None] = silent
        self._probing: asyncio.Task[None] | None = None

    async def open(self, report: Report = silent) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            await self._loop.run_in_executor(None, self._prepare, report)
        except (psycopg.Error, PoolTimeout) as error:
            raise Closed(f"PostgreSQL does not answer as it should: {_first_line(error)}") from error

    def _prepare(self, report: Report) -> None:
        with psycopg.connect(self._url, autocommit=True, connect_timeout=5, cursor_factory=psycopg.RawCursor) as conn:
            report(f"PostgreSQL {conn.info.parameter_status('server_version')}")
            execute = _binder(conn)
            if execute("show fsync", ()).fetchone()[0] != "on":
                report("warning: fsync is off on this server: a power cut there loses acknowledged writes")
            execute("select pg_advisory_lock($1)", (MIGRATION_LOCK,))
            migrate.apply(migrate.POSTGRES, execute, self._clock(), report)
        self._writes.open()
        self._reads.open()

    async def close(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
        for lane in (self._reads, self._writes):
            await asyncio.get_running_loop().run_in_executor(None, lane.close)

    async def read(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        def transact(conn: psycopg.Connection[Any]) -> tuple[R, list[Any]]:
            return fn(self._tx(conn), *args, **kwargs), []

        return await self._reads.call(transact)  # type: ignore[no-any-return]

    async def write(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._read_only:
            raise ReadOnly

        def transact(conn: psycopg.Connection[Any]) -> tuple[R, list[Any]]:
            return self._retried(conn, fn, args, kwargs)

        return await self._writes.call(transact)  # type: ignore[no-any-return]

    def _retried(self, conn: psycopg.Connection[Any], fn: Callable[..., R], args: Any, kwargs: Any) -> tuple[R, Any]:
        doubled = False
        for attempt in range(1, TRIES + 1):
            try:
                tx = self._tx(conn)
                result = fn(tx, *args, **kwargs)
                tx.finish()
                _commit(conn)
                return result, tx.after  # noqa: TRY300
            except (errors.SerializationFailure, errors.DeadlockDetected):
                conn.rollback()
                if attempt == TRIES:
                    raise
                time.sleep(random.uniform(0, 0.02 * attempt))  # noqa: S311
            except errors.UniqueViolation:
                # Somebody committed the same row between our look and our write: look again, once.
                conn.rollback()
                if doubled:
                    raise
                doubled = True
            except READ_ONLY as error:
                self._loop.call_soon_threadsafe(self._enter_read_only, _first_line(error))
                raise
        raise Overloaded

    def _tx(self, conn: psycopg.Connection[Any]) -> Tx:
        return Tx(_binder(conn), self._clock(), for_update=" for update", slow_seconds=self._slow, publish=self.publish)

    def _enter_read_only(self, reason: str) -> None:
        if not self._read_only:
            log.error("read-only: the database takes no writes", extra={"reason": reason})
            self._read_only = reason
            self.tell_mode(True)
            self._probing = self._loop.create_task(self._probe())

    async def _probe(self) -> None:
        """Try one row a second until a write succeeds."""
        while self._read_only:
            await asyncio.sleep(PROBE_SECONDS)
            try:
                await self._writes.call(lambda conn: self._retried(conn, migrate.probe, (), {}))
            except Unavailable:
                continue
            log.warning("the database takes writes again")
            self._read_only = ""
            self.tell_mode(False)

    @property
    def read_only(self) -> bool:
        return bool(self._read_only)

    async def health(self) -> Health:
        problems = [f"read-only: {self._read_only}"] if self._read_only else []
        try:
            await self.read(lambda tx: tx.value("select 1"))
        except Unavailable as error:
            problems.append(error.title)
        return Health(
            engine="postgres",
            waiting=len(self._writes.waiting),
            lag_ms=round(self._writes.waiting.lag * 1000),
            wal_bytes=None,
            disk_free_bytes=None,
            problems=problems,
        )


def with_options(url: str) -> str:
    """The connection string with our timeouts added to its `options`."""
    parts = conninfo.conninfo_to_dict(url)
    ours = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
    return conninfo.make_conninfo("", **{**parts, "options": f"{ours} {parts.get('options') or ''}".strip()})


def _for_writing(conn: psycopg.Connection[Any]) -> None:
    conn.isolation_level = psycopg.IsolationLevel.READ_COMMITTED


def _for_reading(conn: psycopg.Connection[Any]) -> None:
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    conn.read_only = True


def _binder(conn: psycopg.Connection[Any]) -> Execute:
    def execute(sql: str, params: Sequence[Any]) -> Any:
        try:
            # PostgreSQL knows no 1 for true.
            return conn.execute(sql, [int(p) if p is True or p is False else p for p in params])
        except errors.LockNotAvailable as error:
            raise LockTimeout from error

    return execute


def _commit(conn: psycopg.Connection[Any]) -> None:
    try:
        conn.commit()
    except psycopg.OperationalError as error:
        if conn.closed:
            # Whether it happened is not known, so it must not be tried again from here.
            raise Unavailable from error
        raise


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
