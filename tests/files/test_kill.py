"""kill -9 while files come in: whatever has a row has its file, whole."""

import asyncio
import random
import sqlite3
from contextlib import closing
from typing import Any

import httpx
import psycopg

from api.files.keyring import Keyring
from api.files.store import Store
from api.settings import Settings
from tests.faults.process import Served, served, until
from tests.files.conftest import upload

ROUNDS = 4
KEY = "a-key-for-a-server-that-is-killed-77"


async def send(server: Served, number: int, answered: dict[str, Any]) -> None:
    async with server.client("pat") as pat:
        while True:
            content = b"%PDF-1.7\n" + random.Random(number).randbytes(random.randrange(1000, 400_000))
            try:
                answer = await upload(pat, content, "scan.pdf")
            except httpx.TransportError:
                return
            answered[answer.json()["id"]] = answer.json()


def rows(settings: Settings) -> list[tuple[str, str, int]]:
    sql = "select id, blob, size from files"
    if settings.database_url:
        with psycopg.connect(settings.database_url) as conn:
            return conn.execute(sql).fetchall()
    with closing(sqlite3.connect(settings.data_dir / "porchlight.db")) as conn:
        return conn.execute(sql).fetchall()


async def test_a_kill_leaves_no_row_without_its_whole_file(settings: Settings) -> None:
    answered: dict[str, Any] = {}
    for _ in range(ROUNDS):
        with served(settings, PORCHLIGHT_ENCRYPTION_KEY=KEY) as server:
            await server.book("1")
            before = len(answered)
            sending = [asyncio.create_task(send(server, number, answered)) for number in range(6)]
            await until(lambda: len(answered) > before + 6)  # noqa: B023
            await asyncio.sleep(random.uniform(0, 0.2))
            server.process.kill()
            await asyncio.gather(*sending)
    store = Store(settings.data_dir / "files", Keyring([KEY]))
    found = rows(settings)
    assert set(answered) <= {file_id for file_id, _, _ in found}
    for _, blob, size in found:
        with store.open(blob) as opened:
            assert sum(map(len, opened.pieces(0, opened.size))) == size


async def test_half_a_file_of_a_killed_process_is_gone_at_the_next_start(settings: Settings) -> None:
    drafts = settings.data_dir / "files" / "arriving"
    drafts.mkdir(parents=True)
    (drafts / "half").write_bytes(b"half a file")
    with served(settings):
        # Another process on the same PostgreSQL may be writing it still.
        assert (drafts / "half").exists() is bool(settings.database_url)
