"""Which database the settings name, and who may open it."""

import fcntl
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from api.clock import Clock, system_clock
from api.db.database import Closed, Database
from api.db.sqlite import SQLite
from api.settings import Settings


def open_database(settings: Settings, clock: Clock = system_clock) -> Database:
    """Not connected yet: `await database.open()`. Raises Closed where the extra for PostgreSQL is not installed."""
    slow = settings.slow_query_ms / 1000
    if not settings.database_url:
        return SQLite(settings.data_dir / "porchlight.db", clock, slow_seconds=slow)
    try:
        postgres = importlib.import_module("api.db.postgres")
    except ImportError as error:
        raise Closed(
            "PORCHLIGHT_DATABASE_URL needs the extra `postgres`: pip install 'porchlight[postgres]'"
        ) from error
    return postgres.Postgres(settings.database_url, clock, slow_seconds=slow)  # type: ignore[no-any-return]


# Stands in the data folder while a restore changes what is in it.
RESTORING = "restoring"


@contextmanager
def data_folder(settings: Settings, *, restoring: bool = False) -> Iterator[None]:
    """The data folder, made if needed and, for SQLite, ours alone: two processes would be two checkpointers.

    Raises Closed when another process has it, when it cannot be made or written to, or when a restore broke off in it.
    """
    if (settings.data_dir / RESTORING).exists() and not restoring:
        raise Closed(f"a restore of the data folder {settings.data_dir} broke off: run it again")
    path = settings.data_dir / "lock"
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not truncated on opening: until the lock is ours, the number in it is another's.
        handle = None if settings.database_url else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Closed(f"the data folder {settings.data_dir} cannot be used ({error.strerror})") from error
    if handle is None:
        yield
        return
    with os.fdopen(handle, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Closed(
                f"the data folder {settings.data_dir} is in use by process {lock.read()}: stop it first"
            ) from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
