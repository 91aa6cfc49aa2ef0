"""Migrate a database and die at the first statement; then again and die at the second; and so on, and from the first
again as soon as another migration is done, so that there is a death at each statement of each.

Prints the migrations found after each death, `-` for none.
"""

import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from api.db import migrate
from api.db.database import silent
from api.db.migrate import Dialect, Execute


def connect(place: str) -> tuple[Dialect, Execute]:
    if place.startswith("/"):
        conn = sqlite3.connect(Path(place) / "porchlight.db", isolation_level=None)
        conn.execute("PRAGMA journal_mode=wal")
        return migrate.SQLITE, lambda sql, params: conn.execute(sql, {f"{n}": p for n, p in enumerate(params, 1)})
    pg: Any = psycopg.connect(place, autocommit=True, cursor_factory=psycopg.RawCursor)
    return migrate.POSTGRES, pg.execute


def migrate_and_die(place: str, at: int) -> None:
    dialect, execute = connect(place)
    statements = itertools.count(1)

    def counted(sql: str, params: Sequence[Any]) -> Any:
        if next(statements) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params)

    migrate.apply(dialect, counted, 0, silent)


def found(place: str) -> str:
    _, execute = connect(place)
    # Until the first death behind it there is no such table.
    try:
        rows = execute("select number from migrations order by number", ()).fetchall()
    except (sqlite3.Error, psycopg.Error):
        return "-"
    return ",".join(str(number) for (number,) in rows) or "-"


def main(place: str) -> None:
    status, at, done = int(signal.SIGKILL), 0, "-"
    while not os.WIFEXITED(status):
        at += 1
        child = os.fork()
        if not child:
            migrate_and_die(place, at)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if (now := found(place)) != done:
            at, done = 0, now
        print(now, flush=True)


main(sys.argv[1])
