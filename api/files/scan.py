"""Whether a virus scanner finds something: a clamd, or a command that reads the file from its standard input."""

import asyncio
import logging
import shlex
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import urlsplit

from api.settings import Settings

NAME = "PORCHLIGHT_FILE_SCANNER"
SECONDS = 20.0
# unknown: the scanner cannot be asked now, or does not say.
Verdict = Literal["clean", "infected", "unknown"]
# Of a command, by its exit code.
VERDICTS: dict[int, Verdict] = {0: "clean", 1: "infected"}
log = logging.getLogger("porchlight.files")


async def look(scanner: str, pieces: AsyncIterator[bytes]) -> Verdict:
    """Clean where no scanner is set."""
    if not scanner:
        return "clean"
    try:
        async with asyncio.timeout(SECONDS):
            ask = _clamd if scanner.startswith(("tcp://", "unix://")) else _command
            return await ask(scanner, pieces)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        log.warning("the virus scanner cannot be asked", extra={"reason": f"{type(error).__name__}: {error}"})
        return "unknown"


async def _clamd(scanner: str, pieces: AsyncIterator[bytes]) -> Verdict:
    """INSTREAM of clamd(8): pieces with their lengths, an empty one at the end, then one answer up to a NUL."""
    address = urlsplit(scanner)
    if address.scheme == "unix":
        reader, writer = await asyncio.open_unix_connection(address.path)
    else:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(b"zINSTREAM\0")
        async for piece in pieces:
            writer.write(struct.pack(">I", len(piece)) + piece)
            await writer.drain()
        writer.write(struct.pack(">I", 0))
        answer = await reader.readuntil(b"\0")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    if answer.endswith(b" FOUND\0"):
        return "infected"
    return "clean" if answer.endswith(b": OK\0") else "unknown"


async def _command(scanner: str, pieces: AsyncIterator[bytes]) -> Verdict:
    process: Any = await asyncio.create_subprocess_exec(
        *shlex.split(scanner),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        # Some know enough after the first bytes, and read no more.
        with suppress(BrokenPipeError, ConnectionResetError):
            await feed(process.stdin, pieces)
        if not process.stdin.is_closing():
            process.stdin.close()
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return VERDICTS.get(process.returncode, "unknown")


async def feed(pipe: Any, pieces: AsyncIterator[bytes]) -> None:
    """Write for as long as somebody reads: a pipe that was closed takes it ill to be written to."""
    async for piece in pieces:
        if pipe.is_closing():
            return
        pipe.write(piece)
        await pipe.drain()


def mistakes(settings: Settings) -> Iterable[str]:
    if settings.file_scanner and not _is_known(settings.file_scanner):
        yield f"{NAME}: is neither tcp://HOST:PORT, unix:///PATH nor a command"


def _is_known(scanner: str) -> bool:
    try:
        address = urlsplit(scanner)
        if address.scheme == "tcp":
            return bool(address.hostname and address.port)
        return bool(address.path) if address.scheme == "unix" else bool(shlex.split(scanner))
    except ValueError:
        return False
