"""What a function that reads or writes is handed: one transaction, on either engine."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from api.db.rows import Make, maker

T = TypeVar("T")
After = tuple[Callable[..., None], tuple[Any, ...]]
log = logging.getLogger("porchlight.db")


class Cursor(Protocol):
    @property
    def description(self) -> Any: ...
    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


# SQL texts are constants, so this stays small; reading a description costs more than the rest of a row.
_makers: dict[tuple[Callable[..., Any], str], Make] = {}


def _maker(kind: Callable[..., Any], sql: str, cursor: Cursor) -> Make:
    make = _makers.get((kind, sql))
    if make is None:
        make = _makers[kind, sql] = maker(kind, tuple(column[0] for column in cursor.description))
    return make


class LockTimeout(Exception):
    """Another transaction held a lock for longer than `lock_timeout`. The transaction is over."""


class Tx:
    """SQL has `$1, $2` for its parameters. Nothing here awaits; a function given a Tx touches nothing else.

    `now` is the transaction's time in epoch milliseconds.
    """

    __slots__ = ("_collected", "_execute", "_for_update", "_slow", "after", "now", "publish", "statements")

    def __init__(
        self,
        execute: Callable[[str, Sequence[Any]], Cursor],
        now: int,
        *,
        for_update: str = "",
        slow_seconds: float = 0.1,
        publish: Callable[..., None] | None = None,
    ) -> None:
        self._execute = execute
        self._for_update = for_update
        self._slow = slow_seconds
        self.now = now
        self.after: list[After] = []
        self.statements = 0
        # Where events go after the commit; the functions that write them know of no hub.
        self.publish = publish
        self._collected: dict[Callable[[Tx, list[Any]], None], list[Any]] = {}

    def _run(self, sql: str, params: Sequence[Any]) -> Cursor:
        self.statements += 1
        start = time.perf_counter()
        cursor = self._execute(sql, params)
        if (seconds := time.perf_counter() - start) > self._slow:
            log.warning("slow query", extra={"sql": " ".join(sql.split()), "ms": round(seconds * 1000)})
        return cursor

    def all(self, kind: Callable[..., T], sql: str, *params: Any) -> list[T]:
        cursor = self._run(sql, params)
        rows = cursor.fetchall()
        make = _maker(kind, sql, cursor)
        return [make(row) for row in rows]

    def one(self, kind: Callable[..., T], sql: str, *params: Any) -> T | None:
        cursor = self._run(sql, params)
        row = cursor.fetchone()
        if row is None:
            return None
        return _maker(kind, sql, cursor)(row)  # type: ignore[no-any-return]

    def only(self, kind: Callable[..., T], sql: str, *params: Any) -> T:
        """`one` where the row is known to be there."""
        found = self.one(kind, sql, *params)
        if found is None:
            raise LookupError(sql)
        return found

    def lock(self, kind: Callable[..., T], sql: str, *params: Any) -> T | None:
        """`one`, and the row stays locked until the commit; on SQLite the writer is alone anyway."""
        return self.one(kind, sql + self._for_update, *params)

    def value(self, sql: str, *params: Any) -> Any:
        """The first column of the first row, or None."""
        row = self._run(sql, params).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, *params: Any) -> int:
        """How many rows the statement changed."""
        return self._run(sql, params).rowcount

    def either(self, *, sqlite: str, postgres: str) -> str:
        """For the few statements that have no common form: the text for this engine."""
        return postgres if self._for_update else sqlite

    def after_commit(self, call: Callable[..., None], *args: Any) -> None:
        """Call it on the event loop once the transaction is on disk, before the caller is answered."""
        self.after.append((call, args))

    def collect(self, write: Callable[["Tx", list[Any]], None], item: Any) -> None:
        """Hand `item` to `write`, with all others collected for it, once, just before the commit.

        On SQLite that is with those of all functions that commit together.
        """
        self._collected.setdefault(write, []).append(item)

    def hand_to(self, other: "Tx") -> None:
        """Let another of the same transaction write what was collected here."""
        for write, items in self._collected.items():
            other._collected.setdefault(write, []).extend(items)

    def finish(self) -> None:
        for write, items in self._collected.items():
            write(self, items)
