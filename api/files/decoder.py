"""Hands pictures and sounds to a process of its own, one at a time, and takes back what may be kept."""

import asyncio
import importlib.util
import logging
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from api.errors import FileDamaged, FileTypeRefused, ImageTooLarge, Overloaded
from api.files.scan import feed

PROCESS = Path(__file__).with_name("decode_process.py")
SECONDS = 10.0
# Memory that a decoder has lost is given back with the process.
RECYCLED_AFTER = 100
MOST_WAITING = 20
PIECE = 262_144
AVAILABLE = importlib.util.find_spec("PIL") is not None and importlib.util.find_spec("tinytag") is not None
Take = Callable[[bytes], Awaitable[None]]
log = logging.getLogger("porchlight.files")


class Decoded(msgspec.Struct):
    """`refused`: `too_large`, `damaged` or `unknown`. `sizes`: of the picture and its thumbnail, which follow."""

    sizes: list[int]
    refused: str = ""
    type: str = ""
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


class Decoder:
    """The process is started when it is first needed."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: asyncio.subprocess.Process | None = None
        self._served = 0

    async def decode(self, kind: str, size: int, pieces: AsyncIterator[bytes], takes: list[Take]) -> Decoded:
        """What is in it; `takes` are given the picture and its thumbnail.

        Raises FileTypeRefused, FileDamaged, ImageTooLarge, Overloaded.
        """
        if self._waiting >= MOST_WAITING:
            raise Overloaded
        self._waiting += 1
        try:
            async with self._turn:
                return await self._decode(kind, size, pieces, takes)
        finally:
            self._waiting -= 1

    async def _decode(self, kind: str, size: int, pieces: AsyncIterator[bytes], takes: list[Take]) -> Decoded:
        whole = False
        try:
            process = await self._started()
            async with asyncio.timeout(SECONDS):
                decoded = await _exchange(process, kind, size, pieces, takes)
            whole = True
        except TimeoutError:
            raise ImageTooLarge("It takes too long to be decoded.") from None
        except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError):
            raise FileDamaged from None
        finally:
            # Half an exchange cannot be gone on with.
            if not whole or self._served >= RECYCLED_AFTER:
                await self.close()
        if decoded.refused:
            raise {"too_large": ImageTooLarge, "unknown": FileTypeRefused}.get(decoded.refused, FileDamaged)
        return decoded

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            self._served = 0
            # Nothing of our environment, and no folder of ours: what is in there is not to be trusted.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-B",
                str(PROCESS),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
                cwd="/",
            )
        self._served += 1
        return self._process

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        # Nobody reads what it still has to say, and an unread pipe would outlive it.
        await process.communicate()


async def _exchange(process: Any, kind: str, size: int, pieces: AsyncIterator[bytes], takes: list[Take]) -> Decoded:
    head = msgspec.json.encode({"type": kind, "size": size})
    if process.stdin.is_closing():
        raise BrokenPipeError
    process.stdin.write(struct.pack(">I", len(head)) + head)
    await feed(process.stdin, pieces)
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    decoded = msgspec.json.decode(await process.stdout.readexactly(length), type=Decoded)
    for left, take in zip(decoded.sizes, takes, strict=False):
        while left > 0:
            piece = await process.stdout.readexactly(min(left, PIECE))
            left -= len(piece)
            await take(piece)
    return decoded
