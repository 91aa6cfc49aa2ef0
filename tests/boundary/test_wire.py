import asyncio
import contextlib
from collections.abc import Callable

import pytest

from api.app import PREFIX
from tests.conftest import Cast

BODY = b'{"text":"smuggled"}'
SIZE = b"%x" % len(BODY)
CHUNKED = SIZE + b"\r\n" + BODY + b"\r\n0\r\n\r\n"

# Headers and body of a POST that two readers could understand differently.
AMBIGUOUS = {
    "length and chunks": b"Content-Length: 19\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 19\r\n\r\n" + CHUNKED,
    "unknown encoding": b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
    "chunked is not last": b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "space before the colon": b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED,
    "two lengths": b"Content-Length: 19\r\nContent-Length: 20\r\n\r\n" + BODY,
    "negative length": b"Content-Length: -1\r\n\r\n" + BODY,
    "plus in the length": b"Content-Length: +19\r\n\r\n" + BODY,
    "hexadecimal prefix": b"Transfer-Encoding: chunked\r\n\r\n0x" + CHUNKED,
    "endless chunk size": b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n" + BODY,
    "bare LF in a chunk": b"Transfer-Encoding: chunked\r\n\r\n" + SIZE + b"\n" + BODY + b"\n0\n\n",
    "folded header": b"X-A: b\r\n c\r\nContent-Length: 19\r\n\r\n" + BODY,
    "bare CR": b"X-A: b\rX-B: c\r\nContent-Length: 19\r\n\r\n" + BODY,
    "NUL in a header": b"X-A: b\0c\r\nContent-Length: 19\r\n\r\n" + BODY,
}


async def exchange(server: str, sent: bytes) -> bytes:
    """What the server answers until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.rpartition(":")[2]))
    writer.write(sent)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("name", AMBIGUOUS)
async def test_an_ambiguous_request_is_refused_and_its_connection_closed(
    cast: Cast, server: str, token: Callable[..., str], name: str
) -> None:
    start = f"POST {PREFIX}/chat/booking/1/message HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token('pat')}\r\n"
    answer = await exchange(server, start.encode() + b"Content-Type: application/json\r\n" + AMBIGUOUS[name])
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert (await cast.pat.get("/chat/booking/1/history")).json()["items"] == []


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n"])
async def test_a_request_names_one_host(server: str, hosts: str) -> None:
    answer = await exchange(server, f"GET /healthz HTTP/1.1\r\n{hosts}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    "line",
    [
        b"GET /healthz HTTP/3.0\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\nHost: a\n\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz?\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"SELECT /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_not_http_gets_a_bare_400(server: str, line: bytes) -> None:
    assert (await exchange(server, line)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "PATCH"])
async def test_other_methods_get_a_405_that_echoes_nothing(server: str, method: str) -> None:
    sent = f"{method} /healthz HTTP/1.1\r\nHost: a\r\nX-Canary: canary\r\nConnection: close\r\n\r\n"
    answer = await exchange(server, sent.encode())
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"allow: GET, HEAD, OPTIONS" in answer
    assert b"canary" not in answer


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"X-Anything: \xff\xfe", b"200"),
        (b"X-Request-Id: \xff\xfe", b"200"),
        (b"Origin: \xff", b"200"),
        (b"User-Agent: \x1b[31m", b"400"),
        (b"Cookie: \xe2\x80\xa8", b"200"),
    ],
)
async def test_a_header_that_is_not_ascii_breaks_nothing(server: str, header: bytes, status: bytes) -> None:
    answer = await exchange(server, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + header + b"\r\n\r\n")
    assert answer.split()[1] == status
    assert b"\xff" not in answer


async def test_a_header_that_ends_a_line_ends_the_request(server: str) -> None:
    sent = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Request-Id: a%0d%0aX-Evil: 1\r\nConnection: close\r\n\r\n"
    answer = await exchange(server, sent)
    assert b"x-evil" not in answer.lower()


async def test_a_caller_who_leaves_in_the_middle_of_a_body_stores_nothing(
    cast: Cast, server: str, token: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    head = f"POST {PREFIX}/chat/booking/1/message HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token('pat')}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.rpartition(":")[2]))
    writer.write(head.encode() + b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n" + BODY)
    writer.write_eof()
    assert b"201" not in await reader.read()
    assert (await cast.pat.get("/chat/booking/1/history")).json()["items"] == []
    assert "unhandled" not in caplog.messages
    writer.close()
