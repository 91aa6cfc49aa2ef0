"""One JSON line for each event, written by a thread of its own: a blocked sink stops no request."""

import json
import logging
import os
import queue
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler, QueueListener
from typing import Any

from api.clock import rfc3339

WAITING_LINES = 10_000
STOP_SECONDS = 1.0
STDERR = 2
QUOTED = re.compile(r"^(DETAIL|CONTEXT|LINE \d+):.*$", re.MULTILINE)
# What every record has; the rest came in by `extra`.
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": rfc3339(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        # PostgreSQL's details quote the row: what somebody wrote has no place in a log.
        return QUOTED.sub("", super().formatException(ei))


class Sink(logging.Handler):
    """Standard error, past Python's buffer and without a lock: a write that blocks must not keep us from exiting."""

    def createLock(self) -> None:  # noqa: N802
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        # Where nobody reads, nobody can be told.
        with suppress(OSError):
            os.write(STDERR, self.format(record).encode() + b"\n")


class Listener(QueueListener):
    queue: "queue.Queue[Any]"
    _thread: threading.Thread | None

    def stop(self) -> None:
        """Write what waits, but leave a sink that is blocked: the thread is a daemon."""
        with suppress(queue.Full):
            self.queue.put(None, timeout=STOP_SECONDS)
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            self._thread = None


class Dropping(QueueHandler):
    """Counts what a full queue had no room for, and says so in the next line that fits."""

    dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        if self.dropped:
            record.dropped_before = self.dropped
        try:
            self.queue.put_nowait(record)
            self.dropped = 0
        except queue.Full:
            self.dropped += 1

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        # The formatter runs in this process: the exception may travel as it is.
        return record


@contextmanager
def logging_to_stderr(level: str) -> Iterator[None]:
    sink = Sink()
    sink.setFormatter(Lines())
    waiting: queue.Queue[Any] = queue.Queue(WAITING_LINES)
    listener = Listener(waiting, sink)
    root = logging.getLogger()
    root.handlers = [Dropping(waiting)]
    root.setLevel(level.upper())
    # aiosqlite would write what people wrote, every statement with its arguments; uvicorn and httpx only chat.
    for name in ("aiosqlite", "httpx", "httpcore", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
