"""Backup of a running Porchlight, and its restore: the database whole, and what else the data folder holds."""

import hashlib
import os
import secrets
import shutil
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from api import __version__
from api.clock import rfc3339, system_clock
from api.db import Closed
from api.db.open import RESTORING
from api.db.sqlite import READER_PRAGMAS, WRITER_PRAGMAS, connect, quick_check
from api.settings import Settings, shown

DATABASE = "porchlight.db"
DUMP = "postgres.dump"
MANIFEST = "manifest.json"
ASIDE = "before-restore-"
PARTIAL = f"{RESTORING}.partial"
# Of `files`: what is still on its way.
ARRIVING = shutil.ignore_patterns("arriving")
# The lock is the running process's, and the database is copied on its own.
NOT_COPIED = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "lock", PARTIAL)


class Manifest(msgspec.Struct):
    """What a backup holds: `files` by their SHA-256, `settings` as they were, secrets masked."""

    porchlight: str
    made_at: str
    files: dict[str, str]
    settings: list[str]
    notes: list[str]


def backup(settings: Settings, into: Path) -> tuple[Path, list[str]]:
    """Make a new folder in `into` while Porchlight runs, and open what is in it. Raises Closed."""
    if into.resolve().is_relative_to(settings.data_dir.resolve()):
        raise Closed(f"{into} lies in the data folder, which would hold its own backup: name another")
    folder = into / time.strftime("porchlight-%Y%m%dT%H%M%SZ", time.gmtime())
    partial = folder.with_suffix(".partial")
    try:
        partial.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise Closed(f"{partial} cannot be made: {error.strerror}") from error
    notes = _dump_postgres(settings, partial) if settings.database_url else _copy_sqlite(settings, partial)
    _copy_files(settings.data_dir, partial)
    notes += _without_files(partial)
    manifest = Manifest(__version__, rfc3339(system_clock()), _hashes(partial), list(shown(settings)), notes)
    (partial / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    partial.rename(folder)
    return folder, notes


def _copy_sqlite(settings: Settings, folder: Path) -> list[str]:
    source, target = settings.data_dir / DATABASE, folder / DATABASE
    if not source.exists():
        raise Closed(f"there is no database in {settings.data_dir}")
    # One step: in small ones it would begin again at each commit and never end. Read-only: it must not checkpoint.
    with closing(connect(source, READER_PRAGMAS, read_only=True)) as reader, closing(connect(target, {})) as copy:
        reader.backup(copy, pages=-1)
        # One file: a log beside it would be made by the next who looks, also by one who may not write there.
        copy.execute("PRAGMA journal_mode=DELETE")
    target.chmod(0o600)
    _verify(target)
    return []


def _verify(path: Path) -> None:
    with closing(connect(path, {}, read_only=True)) as conn:
        findings = quick_check(conn) or [str(row) for row in conn.execute("PRAGMA foreign_key_check")]
    if findings:
        raise Closed(f"{path} is damaged: {findings[0]}")


def _dump_postgres(settings: Settings, folder: Path) -> list[str]:
    tool = shutil.which("pg_dump")
    if tool is None:
        return ["the database is not in this backup: pg_dump is not installed here"]
    _run(settings, tool, "--format=custom", "--no-owner", f"--file={folder / DUMP}")
    return []


def _run(settings: Settings, tool: str, *arguments: str) -> None:
    """One of PostgreSQL's own tools on our database; the password goes by the environment, which others cannot list."""
    parts = urlsplit(settings.database_url)
    bare = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()
    environ = os.environ | ({"PGPASSWORD": unquote(parts.password)} if parts.password else {})
    command = [tool, *arguments, f"--dbname={bare}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)  # noqa: S603
    if done.returncode:
        raise Closed(f"{Path(tool).name} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")


def _copy_files(source: Path, folder: Path) -> None:
    for path in source.iterdir():
        if path.name in NOT_COPIED or path.name.startswith(ASIDE):
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name, ignore=ARRIVING, copy_function=_copy_unless_gone)
        else:
            shutil.copy2(path, folder / path.name)


def _copy_unless_gone(source: str, target: str) -> None:
    """What is swept away while we copy has lost its row too, or is told of below."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)


def _without_files(folder: Path) -> list[str]:
    """The database was copied first: what a row of it names and is not here was deleted in between."""
    if not (folder / DATABASE).exists():
        return []
    with closing(connect(folder / DATABASE, {}, read_only=True)) as conn:
        names = [
            row[0] for row in conn.execute("select blob from files union all select thumbnail from files") if row[0]
        ]
    missing = sum(not (folder / "files" / name[:2] / name).exists() for name in names)
    return [f"{missing} stored files were deleted while the backup was made"] if missing else []


def _hashes(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): _sha256(path) for path in paths}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def restore(settings: Settings, folder: Path) -> Path:
    """Put a backup in the place of what is there; where that went. A new epoch makes every client load afresh.

    The data folder must be ours alone (`data_folder`). Raises Closed.
    """
    _check(folder)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    partial, fresh, aside = (settings.data_dir / name for name in (PARTIAL, RESTORING, f"{ASIDE}{stamp}"))
    for left_over in (partial, fresh):
        shutil.rmtree(left_over, ignore_errors=True)
    shutil.copytree(folder, partial, ignore=shutil.ignore_patterns(MANIFEST, DUMP))
    if settings.database_url:
        _restore_postgres(settings, folder)
    else:
        _new_epoch(partial / DATABASE)
    # From here on the folder is neither the old one nor the new: nobody may serve it until this is done.
    partial.rename(fresh)
    aside.mkdir(mode=0o700)
    for path in list(settings.data_dir.iterdir()):
        if path.name not in ("lock", fresh.name) and not path.name.startswith(ASIDE):
            path.rename(aside / path.name)
    for path in list(fresh.iterdir()):
        path.rename(settings.data_dir / path.name)
    fresh.rmdir()
    return aside


def _check(folder: Path) -> None:
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise Closed(f"{folder} is not a backup: it has no readable {MANIFEST}") from error
    for name, digest in manifest.files.items():
        if not (folder / name).is_file() or _sha256(folder / name) != digest:
            raise Closed(f"{folder / name} is missing or has changed since the backup")
    if DATABASE in manifest.files:
        _verify(folder / DATABASE)


def _new_epoch(path: Path) -> None:
    with closing(connect(path, WRITER_PRAGMAS)) as conn:
        conn.execute("update meta set value = ? where name = 'epoch'", (secrets.token_hex(8),))


def _restore_postgres(settings: Settings, folder: Path) -> None:
    tools = shutil.which("pg_restore"), shutil.which("psql")
    if not (folder / DUMP).exists() or None in tools:
        raise Closed("this backup holds no database, or pg_restore and psql are not installed here")
    pg_restore, psql = map(str, tools)
    _run(settings, pg_restore, "--clean", "--if-exists", "--no-owner", "--single-transaction", str(folder / DUMP))
    _run(settings, psql, "-qc", f"update meta set value = '{secrets.token_hex(8)}' where name = 'epoch'")
