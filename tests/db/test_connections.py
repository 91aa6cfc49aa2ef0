"""What every connection to SQLite has, and which SQLite it is."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from api.db import Closed, Database, Tx, open_database
from api.db import sqlite as module
from api.db.lane import Thread
from api.settings import Settings
from tests.conftest import SetClock
from tests.db.notes import only_sqlite
from tests.faults.process import until

EVERYWHERE = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "busy_timeout": 5000,
    "mmap_size": 0,
    "journal_size_limit": 67_108_864,
}


def pragmas(tx: Tx, names: list[str]) -> dict[str, Any]:
    return {name: tx.value(f"PRAGMA {name}") for name in names}


@only_sqlite
async def test_writer_and_reader_have_every_pragma_and_only_the_writer_checkpoints(db: Database) -> None:
    names = [*EVERYWHERE, "wal_autocheckpoint", "query_only"]
    writer = EVERYWHERE | {"wal_autocheckpoint": 2000, "query_only": 0}
    reader = EVERYWHERE | {"wal_autocheckpoint": 0, "query_only": 1}
    assert await db.write(pragmas, names) == writer
    assert await db.read(pragmas, names) == reader


@only_sqlite
async def test_every_connection_has_its_pragmas_and_one_of_them_checkpoints(
    settings: Settings, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    connect = module.connect

    def recorded(*args: Any, **options: Any) -> Any:
        conn = connect(*args, **options)
        made.append(
            {name: conn.execute(f"PRAGMA {name}").fetchone()[0] for name in (*EVERYWHERE, "wal_autocheckpoint")}
        )
        return conn

    monkeypatch.setattr(module, "connect", recorded)
    db = open_database(settings, clock)
    await db.open()
    await until(lambda: len(made) == 3)
    await db.close()
    assert [row.pop("wal_autocheckpoint") for row in made] == [2000, 0, 0]
    assert made == [EVERYWHERE] * 3


def test_a_pragma_that_does_not_take_refuses_the_connection(tmp_path: Path) -> None:
    with pytest.raises(Closed, match="synchronous=7"):
        module.connect(tmp_path / "a.db", {"synchronous": 7})


@pytest.mark.parametrize(
    ("version", "warned"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_versions_with_the_wal_reset_bug_are_named(version: tuple[int, int, int], warned: bool) -> None:
    assert ("WAL-reset" in module.warning_about(version)) is warned


@only_sqlite
async def test_the_first_line_at_start_names_the_version(settings: Settings, clock: SetClock) -> None:
    lines: list[str] = []
    db = open_database(settings, clock)
    await db.open(lines.append)
    await db.close()
    version = lines[0].split()[1].rstrip(":")
    assert ("WAL-reset" in lines[0]) is bool(module.warning_about(tuple(map(int, version.split(".")))))


def test_pysqlite3_is_used_when_it_is_installed(tmp_path: Path) -> None:
    package = tmp_path / "pysqlite3"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "dbapi2.py").write_text("from sqlite3.dbapi2 import *\nsqlite_version = '3.99.0'\n")
    code = "from api.db.sqlite import sqlite; print(sqlite.__name__, sqlite.sqlite_version)"
    environ = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pysqlite3.dbapi2", "3.99.0"]


def test_aiosqlite_still_has_what_the_one_subclass_stands_on() -> None:
    assert callable(aiosqlite.Connection._execute)
    assert isinstance(aiosqlite.Connection._conn, property)
    assert hasattr(aiosqlite.Connection(lambda: sqlite3.connect(":memory:"), 64), "_thread")


async def test_functions_run_on_the_connections_own_thread(tmp_path: Path) -> None:
    thread = await Thread(lambda: sqlite3.connect(tmp_path / "a.db")).start()
    assert await thread.run(lambda: thread.raw.execute("select 1").fetchone()) == (1,)
    await thread.close()
