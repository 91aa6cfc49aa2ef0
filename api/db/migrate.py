"""Numbered migrations, each in one transaction, written once in a dialect of five words (see ARCHITECTURE.md)."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from api.db.database import Closed, Report
from api.db.tx import Tx

FOLDER = Path(__file__).parent / "migrations"
Execute = Callable[[str, Sequence[Any]], Any]
POSTGRES_WORDS = {"INTEGER": "BIGINT", "TEXT": 'TEXT COLLATE "C"', "REAL": "DOUBLE PRECISION", "BLOB": "BYTEA"}


class Dialect(msgspec.Struct, frozen=True):
    engine: str
    begin: str
    spell: Callable[[str], str]


class Migration(msgspec.Struct, frozen=True):
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def for_sqlite(statement: str) -> str:
    if not statement.startswith("CREATE TABLE"):
        return statement
    return statement + (", STRICT" if statement.endswith("WITHOUT ROWID") else " STRICT")


def for_postgres(statement: str) -> str:
    statement = statement.replace(" WITHOUT ROWID", "")
    return re.sub(r"\b(INTEGER|TEXT|REAL|BLOB)\b", lambda word: POSTGRES_WORDS[word[0]], statement)


SQLITE = Dialect("sqlite", "BEGIN IMMEDIATE", for_sqlite)
POSTGRES = Dialect("postgres", "BEGIN", for_postgres)


def migrations(engine: str, folder: Path = FOLDER) -> list[Migration]:
    """In order of their numbers: `0001_name.sql` for both engines, or `0001_name.sqlite.sql` and `….postgres.sql`."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        number, _, name = path.name.removesuffix(".sql").partition("_")
        name, _, only = name.partition(".")
        if only in ("", engine):
            found.append(Migration(int(number), name, path.read_text()))
    return found


def statements(sql: str) -> Iterator[str]:
    """Each ends with a semicolon at the end of a line; a line that begins with `--` is a comment."""
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    for part in re.split(r";[ \t]*$", "\n".join(lines), flags=re.MULTILINE):
        if part.strip():
            yield part.strip()


def apply(dialect: Dialect, execute: Execute, now: int, report: Report, folder: Path = FOLDER) -> None:
    """Bring the database to the newest migration. Raises Closed where it is newer than the code, or was changed."""
    execute(
        dialect.spell(
            "CREATE TABLE IF NOT EXISTS migrations "
            "(number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL)"
        ),
        (),
    )
    known = migrations(dialect.engine, folder)
    done = dict(execute("select number, checksum from migrations", ()).fetchall())
    _refuse_foreign(known, done)
    for migration in known:
        if migration.number not in done:
            _apply_one(dialect, execute, migration, now)
            report(f"migrated to {migration.number:04} ({migration.name})")


def _refuse_foreign(known: list[Migration], done: dict[int, str]) -> None:
    newest = max((migration.number for migration in known), default=0)
    if ahead := [number for number in done if number > newest]:
        raise Closed(
            f"the database is at migration {max(ahead):04}, this Porchlight knows {newest:04}: update Porchlight"
        )
    for migration in known:
        if migration.number in done and done[migration.number] != migration.checksum:
            raise Closed(f"migration {migration.number:04} ({migration.name}) has changed since it was applied")


def _apply_one(dialect: Dialect, execute: Execute, migration: Migration, now: int) -> None:
    execute(dialect.begin, ())
    try:
        for statement in statements(migration.sql):
            execute(dialect.spell(statement), ())
        execute(
            "insert into migrations (number, name, checksum, applied_at) values ($1, $2, $3, $4)",
            (migration.number, migration.name, migration.checksum, now),
        )
        execute("COMMIT", ())
    except BaseException:
        execute("ROLLBACK", ())
        raise


def probe(tx: Tx) -> None:
    """The smallest write there is, for a database that took none a moment ago."""
    tx.run("update meta set value = cast($1 as text) where name = 'probe'", tx.now)
