import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.db import Closed, migrate, open_database, postgres
from api.db.migrate import Dialect, Execute
from api.settings import Settings
from tests.conftest import SetClock
from tests.db.notes import only_postgres
from tests.faults.process import PORCHLIGHT, environment

Database = tuple[Dialect, Execute]


@pytest.fixture
def blank(settings: Settings) -> Iterator[Database]:
    """An empty database of each engine, and how to run a statement on it."""
    if settings.database_url:
        with psycopg.connect(settings.database_url, autocommit=True, cursor_factory=psycopg.RawCursor) as pg:
            yield migrate.POSTGRES, lambda sql, params: pg.execute(sql, params)
    else:
        conn = sqlite3.connect(":memory:", isolation_level=None)
        yield migrate.SQLITE, lambda sql, params: conn.execute(sql, {f"{n}": p for n, p in enumerate(params, 1)})
        conn.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_one.sql").write_text("CREATE TABLE one (id TEXT PRIMARY KEY);\nINSERT INTO one VALUES ('1');\n")
    return folder


def apply(blank: Database, folder: Path) -> list[str]:
    lines: list[str] = []
    migrate.apply(*blank, 7, lines.append, folder)
    return lines


def rows(blank: Database, sql: str) -> Any:
    return blank[1](sql, ()).fetchall()


TABLE = "CREATE TABLE t (i INTEGER PRIMARY KEY, t TEXT NOT NULL, r REAL, b BLOB)"


@pytest.mark.parametrize(
    ("statement", "for_sqlite", "for_postgres"),
    [
        (
            TABLE,
            TABLE + " STRICT",
            'CREATE TABLE t (i BIGINT PRIMARY KEY, t TEXT COLLATE "C" NOT NULL, r DOUBLE PRECISION, b BYTEA)',
        ),
        (
            "CREATE TABLE t (i INTEGER PRIMARY KEY) WITHOUT ROWID",
            "CREATE TABLE t (i INTEGER PRIMARY KEY) WITHOUT ROWID, STRICT",
            "CREATE TABLE t (i BIGINT PRIMARY KEY)",
        ),
        ("CREATE INDEX t_by_i ON t (i)", "CREATE INDEX t_by_i ON t (i)", "CREATE INDEX t_by_i ON t (i)"),
        ("UPDATE t SET t = cast(i as text)",) * 3,
    ],
)
def test_the_dialect_is_spelled_for_each_engine(statement: str, for_sqlite: str, for_postgres: str) -> None:
    assert migrate.for_sqlite(statement) == for_sqlite
    assert migrate.for_postgres(statement) == for_postgres


def test_each_engine_takes_its_own_files_and_the_common_ones(folder: Path) -> None:
    for name in ("0002_two.sqlite.sql", "0002_two.postgres.sql", "0003_three.sql"):
        (folder / name).write_text(f"-- {name}\nINSERT INTO one VALUES ('{name}');")
    found = [[found.number, found.name] for found in migrate.migrations("sqlite", folder)]
    assert found == [[1, "one"], [2, "two"], [3, "three"]]
    assert "postgres" in migrate.migrations("postgres", folder)[1].sql


def test_each_migration_is_applied_once(blank: Database, folder: Path) -> None:
    assert apply(blank, folder) == ["migrated to 0001 (one)"]
    assert apply(blank, folder) == []
    assert rows(blank, "select number, name, applied_at from migrations") == [(1, "one", 7)]


def test_a_migration_that_was_changed_is_refused(blank: Database, folder: Path) -> None:
    apply(blank, folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE one (id INTEGER PRIMARY KEY);\n")
    with pytest.raises(Closed, match=r"0001 \(one\) has changed"):
        apply(blank, folder)


def test_a_database_newer_than_the_code_is_refused(blank: Database, folder: Path) -> None:
    (folder / "0002_two.sql").write_text("CREATE TABLE two (id TEXT PRIMARY KEY);\n")
    apply(blank, folder)
    (folder / "0002_two.sql").unlink()
    with pytest.raises(Closed, match="at migration 0002, this Porchlight knows 0001"):
        apply(blank, folder)


def test_a_migration_that_fails_leaves_nothing_half_done(blank: Database, folder: Path) -> None:
    bad = folder / "0002_two.sql"
    bad.write_text(
        "CREATE TABLE two (id TEXT PRIMARY KEY);\nINSERT INTO one VALUES ('2');\nINSERT INTO none VALUES (1);\n"
    )
    with pytest.raises(Exception, match="none"):
        apply(blank, folder)
    assert rows(blank, "select id from one") == [("1",)]
    bad.write_text("CREATE TABLE two (id TEXT PRIMARY KEY);\n")
    assert apply(blank, folder) == ["migrated to 0002 (two)"]


@only_postgres
async def test_a_migration_of_another_process_is_waited_for(settings: Settings, clock: SetClock) -> None:
    db = open_database(settings, clock)
    with psycopg.connect(settings.database_url, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", (postgres.MIGRATION_LOCK,))
        opening = asyncio.create_task(db.open())
        # Longer than the lock timeout of a request.
        await asyncio.to_thread(other.execute, "select pg_sleep(2.5)")
        assert not opening.done()
    await opening
    await db.close()


@only_postgres
def test_two_processes_may_migrate_at_once(settings: Settings) -> None:
    command = [*PORCHLIGHT, "migrate"]
    environ = environment(settings)
    both = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert "".join(said).count("migrated to 0001") == 1


def test_a_kill_in_the_middle_leaves_the_old_or_the_new(settings: Settings) -> None:
    command = [sys.executable, "-m", "tests.db.killed_in_migration", settings.database_url or str(settings.data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    states = done.stdout.split()
    numbers = [str(migration.number) for migration in migrate.migrations("sqlite")]
    whole = ["-"] + [",".join(numbers[:end]) for end in range(1, len(numbers) + 1)]
    assert list(dict.fromkeys(states)) == whole
    statements = sum(len(list(migrate.statements(migration.sql))) for migration in migrate.migrations("sqlite"))
    assert len(states) > statements + len(whole)
