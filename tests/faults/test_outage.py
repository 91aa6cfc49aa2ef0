"""PostgreSQL goes away and comes back."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from psycopg import conninfo

from api.db import Database, open_database
from api.errors import Unavailable
from api.settings import Settings
from tests.conftest import SetClock, free_port
from tests.db.notes import note, notes, only_postgres

pytestmark = only_postgres


class Cable:
    """Between us and the server: can be pulled and put back."""

    def __init__(self, host: str, port: int) -> None:
        self._far = host, port
        self._near: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = free_port()

    async def plug(self) -> None:
        self._near = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    def pull(self) -> None:
        assert self._near is not None
        self._near.close()
        for writer in self._open:
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._far)
        self._open |= {writer, far_writer}
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def cable(settings: Settings) -> AsyncIterator[Cable]:
    parts = conninfo.conninfo_to_dict(settings.database_url)
    cable = Cable(str(parts.get("host") or "127.0.0.1"), int(parts.get("port") or 5432))
    await cable.plug()
    yield cable
    cable.pull()


@pytest.fixture
async def behind(cable: Cable, settings: Settings, clock: SetClock) -> AsyncIterator[Database]:
    url = conninfo.make_conninfo(settings.database_url, host="127.0.0.1", port=cable.port)
    database = open_database(replace(settings, database_url=url), clock)
    await database.open()
    yield database
    await database.close()


@pytest.mark.parametrize("seconds", [0, pytest.param(36, marks=pytest.mark.slow)])
async def test_an_outage_refuses_and_is_over_soon_after_the_server_is_back(
    behind: Database, cable: Cable, seconds: float
) -> None:
    await behind.write(note, "before")
    cable.pull()
    end = time.monotonic() + seconds
    while True:
        for call in (behind.write, behind.read):
            with pytest.raises(Unavailable):
                await call(notes)
        if time.monotonic() > end:
            break
    assert (await behind.health()).problems == ["The database cannot be reached"]
    await cable.plug()
    async with asyncio.timeout(6):
        assert await at_last(behind) == ["after", "before"]


async def at_last(db: Database) -> list[str]:
    while True:
        try:
            await db.write(note, "after")
            return await db.read(notes)
        except Unavailable:
            await asyncio.sleep(0.1)
