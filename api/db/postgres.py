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
from api.db.database import WAITING_LIMIT, WAITING_SECONDS, Closed, Health, Report, WriteGate, settle, silent
from api.db.tx import After, LockTimeout, Tx
from api.errors import Overloaded, Problem, ReadOnly, Unavailable

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("porchlight.db")

WRITERS = 8
READERS = 4
RETRIES = 3
CONNECT_SECONDS = 2
MIGRATION_LOCK = 0x706F726368
OPTIONS = {
    "lock_timeout": "2000",
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "10000",
    "synchronous_commit": "on",
    "timezone": "UTC",
}
# A server that vanishes without a word would else hold a thread for the quarter of an hour that TCP is patient.
NETWORK = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
READ_ONLY = (errors.DiskFull, errors.ReadOnlySqlTransaction)
BEATEN = (errors.SerializationFailure, errors.DeadlockDetected)
Execute = Callable[[str, Sequence[Any]], Any]
Outcome = tuple[Any, list[After]]
Transact = Callable[[psycopg.Connection[Any]], Outcome]


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
        self._size = size
        self._closing = False
        self._threads = ThreadPoolExecutor(size, "postgres")
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            configure=configure,
            # Given up this soon, a connection is tried for again by the next caller instead of minutes later.
            reconnect_timeout=CONNECT_SECONDS,
            kwargs={"cursor_factory": psycopg.RawCursor},
        )

    def open(self) -> None:
        self._pool.open(wait=True, timeout=5)

    async def close(self) -> None:
        """What waits already is still done."""
        self._closing = True
        await asyncio.get_running_loop().run_in_executor(None, self._end)

    def _end(self) -> None:
        self._threads.shutdown()
        self._pool.close()

    async def call(self, transact: Transact) -> Any:
        """Run it on a thread. A caller that is cancelled cancels nothing."""
        if self._closing:
            raise Overloaded("Porchlight is stopping.")
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        ticket = self.waiting.add()

        def work() -> None:
            outcome, after = self._attempt(ticket, transact)
            loop.call_soon_threadsafe(settle, future, outcome, after)

        self._threads.submit(work)
        return await future

    def _attempt(self, ticket: int, transact: Transact) -> Outcome:
        try:
            self.waiting.take(ticket)
            return self._on_a_connection(transact)
        except Exception as error:  # noqa: BLE001
            return _translated(error), []

    def _on_a_connection(self, transact: Transact) -> Outcome:
        # A restart of the server leaves each connection of the pool dead, and nothing was committed on a dead one.
        for _ in range(self._size + 1):
            with self._pool.connection(timeout=CONNECT_SECONDS) as conn:
                try:
                    return transact(conn)
                except psycopg.OperationalError as error:
                    if not _lost(conn, error):
                        raise
                    conn.close()
        raise Unavailable


def _lost(conn: psycopg.Connection[Any], error: Exception) -> bool:
    # The server's last words may be read before the end of the connection is noticed.
    return conn.closed or isinstance(error, errors.AdminShutdown | errors.CrashShutdown)


def _translated(error: Exception) -> Exception:
    if isinstance(error, Problem):
        return error
    if isinstance(error, READ_ONLY):
        return ReadOnly()
    if isinstance(error, (LockTimeout, *BEATEN)):
        return Overloaded("Others are changing the same thing.")
    if isinstance(error, errors.QueryCanceled):
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
        self.gate = WriteGate(self._probe)
        self.publish: Callable[[list[Any]], None] = silent

    async def open(self, report: Report = silent) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            await self._loop.run_in_executor(None, self._prepare, report)
        except (psycopg.Error, PoolTimeout) as error:
            raise Closed(f"PostgreSQL does not answer as it should: {_first_line(error)}") from error

    def _prepare(self, report: Report) -> None:
        with psycopg.connect(self._url, autocommit=True, cursor_factory=psycopg.RawCursor) as conn:
            report(f"PostgreSQL {conn.info.parameter_status('server_version')}")
            execute = _binder(conn)
            if execute("show fsync", ()).fetchone()[0] != "on":
                report("warning: fsync is off on this server: a power cut there loses acknowledged writes")
            # Another process may be migrating, and both may take long.
            execute("set lock_timeout = 0", ())
            execute("set statement_timeout = 0", ())
            execute("select pg_advisory_lock($1)", (MIGRATION_LOCK,))
            migrate.apply(migrate.POSTGRES, execute, self._clock(), report)
        self._writes.open()
        self._reads.open()

    async def close(self) -> None:
        await self._reads.close()
        await self._writes.close()
        await self.gate.close()

    async def read(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        def transact(conn: psycopg.Connection[Any]) -> Outcome:
            return fn(self._tx(conn), *args, **kwargs), []

        return await self._reads.call(transact)  # type: ignore[no-any-return]

    async def write(self, fn: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        self.gate.check()
        return await self._writes.call(lambda conn: self._retried(conn, fn, args, kwargs))  # type: ignore[no-any-return]

    def _retried(self, conn: psycopg.Connection[Any], fn: Callable[..., Any], args: Any, kwargs: Any) -> Outcome:
        beaten = doubled = 0
        while True:
            try:
                return self._once(conn, fn, args, kwargs)
            except BEATEN:
                conn.rollback()
                beaten += 1
                if beaten > RETRIES:
                    raise
                time.sleep(random.uniform(0, 0.02 * beaten))  # noqa: S311
            except errors.UniqueViolation:
                # Somebody committed the same row between our look and our write: look again, once.
                conn.rollback()
                doubled += 1
                if doubled > 1:
                    raise
            except READ_ONLY as error:
                self._loop.call_soon_threadsafe(self.gate.shut, _first_line(error))
                raise

    def _once(self, conn: psycopg.Connection[Any], fn: Callable[..., Any], args: Any, kwargs: Any) -> Outcome:
        tx = self._tx(conn)
        result = fn(tx, *args, **kwargs)
        tx.finish()
        _commit(conn)
        return result, tx.after

    def _tx(self, conn: psycopg.Connection[Any]) -> Tx:
        return Tx(_binder(conn), self._clock(), for_update=" for update", slow_seconds=self._slow, publish=self.publish)

    async def _probe(self) -> None:
        await self._writes.call(lambda conn: self._retried(conn, migrate.probe, (), {}))

    async def health(self) -> Health:
        problems = self.gate.problems
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
    """The connection string with our timeouts added; those it has itself stay as they are. Raises Closed."""
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        # Not its own words: they quote the password.
        raise Closed("PORCHLIGHT_DATABASE_URL is none that PostgreSQL understands: are its parts %-encoded?") from None
    ours = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
    return conninfo.make_conninfo("", **{**NETWORK, **parts, "options": f"{ours} {parts.get('options') or ''}".strip()})


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
        if _lost(conn, error):
            # Whether it happened is not known, so it must not be tried again from here.
            raise Unavailable from error
        raise


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
