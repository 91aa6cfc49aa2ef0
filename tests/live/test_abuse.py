"""What a hostile client may try; on SQLite only, the database has no part in it."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.app import PREFIX
from api.live import live as live_module
from api.settings import Settings
from tests.conftest import SECRET, Cast

Open = Callable[..., Any]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(env="development", data_dir=tmp_path, jwt_secret=SECRET)


def address(server: str) -> str:
    return server.replace("http", "ws", 1) + PREFIX + "/realtime"


async def answered(server: str, request: bytes) -> bytes:
    host, _, port = server.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    async with asyncio.timeout(60):
        answer = await reader.read(4096)
    writer.close()
    return answer


def handshake(*lines: bytes, key: bytes = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==") -> bytes:
    head = [f"GET {PREFIX}/realtime HTTP/1.1".encode(), b"Host: localhost", b"Upgrade: websocket"]
    return b"\r\n".join([*head, b"Connection: Upgrade", key, b"Sec-WebSocket-Version: 13", *lines, b"", b""])


@pytest.mark.parametrize(
    "request_bytes",
    [
        handshake(b"Sec-WebSocket-Protocol: \xff\xfe"),
        handshake(key=b"X-None: 1"),
        handshake(key=b"Sec-WebSocket-Key: short"),
        handshake().replace(b"Version: 13", b"Version: 99"),
        handshake(b"Authorization: Bearer \xff"),
        handshake(b"Authorization: Bearer a", b"Authorization: Bearer b"),
        handshake(b"Origin: https://evil.example"),
        handshake(b"X-Long: " + b"a" * 100_000),
        handshake(*[b"X-Many: 1"] * 200),
        handshake(b"X-Odd\xff: 1"),
    ],
)
async def test_a_broken_handshake_is_refused_and_the_next_one_works(
    cast: Cast, server: str, device: Open, request_bytes: bytes
) -> None:
    status = (await answered(server, request_bytes)).partition(b"\r\n")[0]
    assert status.split()[1:2] in ([b"101"], [b"400"], [b"401"], [b"403"], [b"426"], [b"431"])
    assert (await (await device("pat")).ask("ping"))["type"] == "ack"


async def test_more_frames_than_anybody_needs_end_in_4429(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    with suppress(ConnectionClosed):
        for number in range(1000):
            await pat.connection.send(json.dumps({"type": "ping", "id": 1000 + number}))
    assert await pat.closed() == 4429


async def test_sending_has_the_limit_of_rest_and_the_socket_stays(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    codes = []
    for number in range(120):
        message = {"text": "Hi", "clientMessageId": f"c-{number}"}
        answer = await pat.ask("message.send", bookingId="1", message=message)
        codes.append(answer.get("problem", {}).get("code"))
    assert codes[:60] == [None] * 60
    assert "rate_limited" in codes
    assert (await pat.ask("ping"))["type"] == "ack"


async def test_typing_has_a_limit_of_its_own_and_others_hear_no_more(cast: Cast, device: Open) -> None:
    pat, carol = await device("pat"), await device("carol")
    answers = [await pat.ask("typing", bookingId="1", typing=number % 2 == 0) for number in range(100)]
    codes = [answer.get("problem", {}).get("code") for answer in answers]
    assert codes[:60] == [None] * 60
    assert "rate_limited" in codes
    message = {"text": "Hi", "clientMessageId": "c-1"}
    await pat.ask("message.send", bookingId="1", message=message)
    heard = 0
    while (await carol.event())["type"] == "typing":
        heard += 1
    assert 60 <= heard <= codes.count(None)


async def test_five_hundred_frames_of_typing_at_once_end_in_4429(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    for number in range(500):
        frame = {"type": "typing", "id": 1000 + number, "bookingId": "1", "typing": True}
        await pat.connection.send(json.dumps(frame))
    assert await pat.closed() == 4429


async def test_a_message_of_endless_fragments_ends_in_1009(cast: Cast, device: Open) -> None:
    pat = await device("pat")

    async def fragments() -> Any:
        for _ in range(70):
            yield "x" * 1000

    await pat.connection.send(fragments())
    assert await pat.closed() == 1009


async def test_sockets_without_a_hello_have_a_cap(cast: Cast, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "UNKNOWN_SOCKETS_OF_AN_ADDRESS", 5)
    silent = [await connect(address(server), proxy=None) for _ in range(5)]
    with pytest.raises(InvalidStatus) as refused:
        await connect(address(server), proxy=None)
    assert refused.value.response.status_code == 503
    await silent[0].close()
    again = await connect(address(server), proxy=None)
    for one in [*silent[1:], again]:
        await one.close()


async def test_an_aborted_device_is_forgotten(cast: Cast, device: Open) -> None:
    pat = await device("pat")
    pat.connection.transport.abort()
    async with asyncio.timeout(60):
        while (await cast.pat.get("/me/sockets")).json()["items"]:
            await asyncio.sleep(0.02)
