"""What the rest of Porchlight sees of a database, whichever engine it is."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import msgspec

from api.db.tx import Tx

P = ParamSpec("P")
R = TypeVar("R")
Report = Callable[[str], None]

# More than this many functions waiting means the database has fallen behind: refuse at once instead of queueing.
WAITING_LIMIT = 2000
# A caller has given up on a function that waited this long; running it would only delay the others.
WAITING_SECONDS = 5.0


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
    """`alone`: no other process can write to it. `publish` takes the events of a commit, `tell_mode` a change to
    read-only and back; both are called on the event loop.
    """

    alone: bool
    publish: Callable[[list[Any]], None]
    tell_mode: Callable[[bool], None]

    @property
    def read_only(self) -> bool: ...

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


Call = tuple[Callable[..., Any], tuple[Any, ...]]
