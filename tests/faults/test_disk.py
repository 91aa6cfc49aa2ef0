"""A disk that takes no more writes."""

import asyncio
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from api.settings import Settings
from tests.conftest import Cast, say
from tests.db.notes import only_sqlite

SEND = "/chat/booking/1/message"


@contextmanager
def no_file_grows_beyond(path: Path) -> Iterator[None]:
    """Writes beyond its present size fail (EFBIG), in every file of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(path), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def readyz(cast: Cast) -> httpx.Response:
    return await cast.anon.get(str(cast.anon.base_url.join("/readyz")))


async def sent_at_last(cast: Cast, text: str) -> Any:
    deadline = time.monotonic() + 60
    while (answer := await cast.pat.post(SEND, json={"text": text})).status_code == 503:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    return answer.json()


@only_sqlite
async def test_a_disk_without_room_is_read_only_until_it_has_some(cast: Cast, settings: Settings) -> None:
    before = await say(cast.pat, "Before")
    with no_file_grows_beyond(settings.data_dir / "porchlight.db-wal"):
        for _ in range(3):
            answer = await cast.pat.post(SEND, json={"text": "During"})
            assert (answer.status_code, answer.json()["code"]) == (503, "read_only")
            assert answer.headers["retry-after"] == "1"
        assert (await cast.carol.get("/chat/booking/1/history")).json()["items"] == [before]
        assert "read-only: " in (await readyz(cast)).json()["problems"][0]
    assert (await sent_at_last(cast, "After"))["seq"] == 2
    assert (await readyz(cast)).status_code == 200


@only_sqlite
async def test_a_read_only_server_stays_so_while_its_probe_fails(cast: Cast, settings: Settings) -> None:
    await say(cast.pat)
    with no_file_grows_beyond(settings.data_dir / "porchlight.db-wal"):
        assert (await cast.pat.post(SEND, json={"text": "During"})).status_code == 503
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            assert "read-only: " in (await readyz(cast)).text
            await asyncio.sleep(0.05)
    assert (await sent_at_last(cast, "After"))["seq"] == 2
