import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest

from api.app import create_app
from api.boundary import Boundary
from api.files import sweeping
from api.outbox.types import Due
from api.settings import Settings
from tests.conftest import Cast, SetClock
from tests.files.conftest import TEXT, members, upload, uploaded

# What every scanner takes for a virus and no machine does; in two parts, so that none finds it in here.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    """Speaks the protocol of clamd, and knows one virus."""

    def __init__(self) -> None:
        self.server: asyncio.Server | None = None
        self.seen: list[bytes] = []

    async def start(self, port: int = 0) -> int:
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", port)
        return int(self.server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()
            self.server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack(">I", await reader.readexactly(4))[0]:
            content += await reader.readexactly(size)
        self.seen.append(content)
        writer.write(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0")
        await writer.drain()
        writer.close()


@pytest.fixture
async def clamd() -> AsyncIterator[Clamd]:
    clamd = Clamd()
    yield clamd
    await clamd.stop()


@pytest.fixture
async def app(settings: Settings, clock: SetClock, clamd: Clamd) -> Boundary:
    scanner = f"tcp://127.0.0.1:{await clamd.start()}"
    app = create_app(msgspec.structs.replace(settings, file_scanner=scanner), clock)
    app._app.state.files.readers = {"ticket": members}
    return app


async def scanned_again(app: Boundary, file_id: str) -> Any:
    """What the outbox does with a file that waits."""
    state = app._app.state
    work = sweeping.scans(state.files, state.db)["files.scan"]
    row = Due("due_1", "files.scan", file_id, "{}", 0, 1)
    assert work.outside is not None
    assert work.within is not None
    await work.outside(row)
    return await state.db.write(work.within, row)


async def test_the_scanner_sees_what_will_be_stored(cast: Cast, clamd: Clamd) -> None:
    assert (await uploaded(cast.pat))["state"] == "ready"
    assert clamd.seen == [TEXT]


async def test_what_the_scanner_finds_is_quarantined_for_everybody(
    cast: Cast, attach: Callable[..., Awaitable[Any]]
) -> None:
    found = await uploaded(cast.pat, EICAR, purpose="ticket")
    assert found["state"] == "quarantined"
    own = await cast.pat.get(f"/files/{found['id']}")
    assert (own.status_code, own.json()["code"]) == (409, "file_quarantined")
    assert (await cast.carol.get(f"/files/{found['id']}")).status_code == 404
    with pytest.raises(Exception, match="found something"):
        await attach("pat", found["id"])


async def test_while_the_scanner_is_away_a_file_waits_and_is_not_open(
    cast: Cast, app: Boundary, clamd: Clamd, attach: Callable[..., Awaitable[Any]], clock: SetClock
) -> None:
    assert clamd.server is not None
    port = clamd.server.sockets[0].getsockname()[1]
    await clamd.stop()
    clean, bad = [(await uploaded(cast.pat, content, purpose="ticket"))["id"] for content in (TEXT, EICAR)]
    waiting = await cast.pat.get(f"/files/{clean}")
    assert (waiting.status_code, waiting.json()["code"], waiting.headers["retry-after"]) == (409, "file_not_ready", "5")
    with pytest.raises(Exception, match="not answered yet"):
        await attach("pat", clean)
    assert await scanned_again(app, clean) == clock.now + 60_000
    await clamd.start(port)
    assert [await scanned_again(app, file_id) for file_id in (clean, bad)] == [None, None]
    answers = [await cast.pat.get(f"/files/{file_id}") for file_id in (clean, bad)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert len(await attach("pat", clean)) == 1


@pytest.mark.parametrize(
    ("command", "states"),
    [
        ("sh -c '! grep -q EICAR'", ["ready", "quarantined"]),
        ("sh -c 'exit 2'", ["pending", "pending"]),
        ("/nowhere/scanner", ["pending", "pending"]),
        ("true", ["ready", "ready"]),
    ],
)
async def test_a_command_says_it_by_how_it_ends(cast: Cast, app: Boundary, command: str, states: list[str]) -> None:
    files = app._app.state.files
    files._settings = msgspec.structs.replace(files._settings, file_scanner=command)
    answers = [await upload(cast.pat, content) for content in (TEXT, EICAR * 2000)]
    assert [answer.json()["state"] for answer in answers] == states
