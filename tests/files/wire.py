"""Uploads written to a connection byte by byte, as no client library would."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx

from api.app import PREFIX

BOUNDARY = "owl"
PURPOSE = b'--owl\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nchat\r\n'
FILE = b'--owl\r\nContent-Disposition: form-data; name="file"; filename="note.txt"\r\n\r\n'
END = b"\r\n--owl--\r\n"


def form(content: bytes = b"A note.") -> bytes:
    return PURPOSE + FILE + content + END


async def post(
    who: httpx.AsyncClient, body: bytes, kind: str = "multipart/form-data; boundary=owl", **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await who.post("/files", content=body, headers={"Content-Type": kind} | named)


class Line:
    """One connection on which an upload begins."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """Status and all that follows until the server closes."""
        async with asyncio.timeout(30):
            head = await self.reader.readuntil(b"\r\n\r\n")
            rest = await self.reader.read(65_536)
        return int(head.split()[1]), head + rest

    def cut(self) -> None:
        self.writer.transport.abort()


@asynccontextmanager
async def begin(who: httpx.AsyncClient, *headers: str) -> AsyncIterator[Line]:
    """The head of an upload; what goes into its body is the caller's."""
    url = urlsplit(str(who.base_url))
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    lines = [
        f"POST {PREFIX}/files HTTP/1.1",
        f"Host: {url.netloc}",
        f"Authorization: {who.headers['Authorization']}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        *headers,
    ]
    writer.write("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
