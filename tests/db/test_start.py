"""What `porchlight` refuses to start on, in one line."""

import asyncio
import os
import shutil
import sqlite3
from pathlib import Path

import httpx
import pytest

from api.db import open_database
from api.db.open import data_folder
from api.settings import Settings
from tests.conftest import SetClock
from tests.db.notes import only_sqlite
from tests.faults.process import run, served, wait_until

pytestmark = only_sqlite


def one_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize("command", ["serve", "migrate", "demo"])
def test_a_second_process_on_a_data_folder_is_refused(settings: Settings, command: str) -> None:
    with data_folder(settings):
        done = run(settings, command)
    assert done.returncode == 1
    assert f"in use by process {os.getpid()}" in one_line(done.stderr)


def test_a_data_folder_is_free_again_when_its_process_is_killed(settings: Settings) -> None:
    with served(settings):
        pass
    assert run(settings, "migrate").returncode == 0


def stopped_uncleanly(path: Path) -> None:
    """As if killed after a commit: the WAL still stands beside the database."""
    conn = sqlite3.connect(path)
    conn.execute("update meta set value = '1'")
    conn.commit()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{path}-copy{suffix}")
    conn.close()
    for suffix in ("", "-wal"):
        os.replace(f"{path}-copy{suffix}", f"{path}{suffix}")


def damage(path: Path) -> None:
    """Spoil the root page of `messages`."""
    conn = sqlite3.connect(path)
    (page,) = conn.execute("select rootpage from sqlite_schema where name = 'messages'").fetchone()
    conn.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xde\xad" * 2048)


def test_damage_after_an_unclean_stop_is_refused_at_every_start(settings: Settings) -> None:
    run(settings, "migrate")
    path = settings.data_dir / "porchlight.db"
    damage(path)
    stopped_uncleanly(path)
    for command in ("serve", "serve", "migrate"):
        done = run(settings, command)
        assert done.returncode == 1
        assert "is damaged" in one_line(done.stderr)
        assert "restore a backup" in done.stderr


def test_a_file_that_is_no_database_is_refused(settings: Settings) -> None:
    (settings.data_dir / "porchlight.db").write_text("no database at all, only a text" * 1000)
    done = run(settings, "serve")
    assert done.returncode == 1
    assert "file is not a database" in one_line(done.stderr)


def test_an_unclean_stop_is_told_and_its_database_served_when_it_is_whole(settings: Settings) -> None:
    run(settings, "migrate")
    stopped_uncleanly(settings.data_dir / "porchlight.db")
    done = run(settings, "migrate")
    assert "not a clean one" in done.stdout
    assert "not a clean one" not in run(settings, "migrate").stdout


def test_damage_after_a_clean_stop_is_found_beside_the_work_and_reported(settings: Settings) -> None:
    run(settings, "migrate")
    damage(settings.data_dir / "porchlight.db")
    with served(settings) as server:
        wait_until(lambda: httpx.get(f"{server.address}/readyz").status_code == 503)
        assert "the database is damaged" in httpx.get(f"{server.address}/readyz").json()["problems"][0]


@pytest.mark.parametrize("pause", [0.0, 0.0005, 0.002])
async def test_opened_and_closed_at_once_it_leaves_no_wal(settings: Settings, clock: SetClock, pause: float) -> None:
    for _ in range(20):
        db = open_database(settings, clock)
        await db.open()
        await asyncio.sleep(pause)
        await db.close()
        assert not (settings.data_dir / "porchlight.db-wal").exists()
