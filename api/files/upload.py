"""A form with one file in it, taken in piece by piece: what has arrived is sealed and on its way to the disk."""

import asyncio
import codecs
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Container
from typing import Any

import msgspec
from litestar.types import Receive
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from api.errors import InvalidRequest, MalformedBody, Problem, TooLarge, TooSlow, UnsupportedMediaType
from api.files.store import Draft
from api.files.types import Purpose
from api.requests import MAX_BODY

# Enough for boundaries, headers and the other field.
WRAPPING = MAX_BODY
LONGEST_FIELD = 32
LONGEST_BOUNDARY = 70
# Written in one go, so that the disk's thread is not asked for each packet.
GATHERED = 262_144
# Whoever has not sent this much a second, after the grace, is not served: connections are not endless.
SLOWEST = 4096
GRACE_SECONDS = 30.0
# How long a caller who is refused may go on sending before the connection is cut: some read no answer before.
PARTING_SECONDS = 2.0

Run = Callable[..., Awaitable[Any]]


class Form(msgspec.Struct):
    """`name` as it was sent."""

    purpose: Purpose
    name: str


async def take_in(scope: Any, receive: Receive, draft: Draft, run: Run, limit: int) -> Form:
    """Write the form's file into the draft. `run` runs a function on a thread.

    Raises UnsupportedMediaType, MalformedBody, InvalidRequest, TooLarge, TooSlow.
    """
    boundary = _boundary(scope["headers"])
    if _declared(scope["headers"]) > limit + WRAPPING:
        raise _cut(TooLarge())
    body = _body(receive)
    try:
        return await _read(body, boundary, _Reading(draft, run, limit))
    except MultipartError:
        problem: Problem = MalformedBody("The form is not whole, or its boundary is not the one in the header.")
    except Problem as error:
        problem = error
    raise problem if await _finished(body) else _cut(problem)


def _cut(problem: Problem) -> Problem:
    """What else comes over this connection would be the rest of the body."""
    problem.headers["Connection"] = "close"
    return problem


async def _finished(body: AsyncIterator[bytes]) -> bool:
    """Whether the rest of the body comes within a moment."""
    try:
        async with asyncio.timeout(PARTING_SECONDS):
            async for _ in body:
                pass
    except (TimeoutError, Problem):
        return False
    return True


def _boundary(headers: list[tuple[bytes, bytes]]) -> str:
    kinds = [value for name, value in headers if name == b"content-type"]
    kind, options = parse_options_header(kinds[0].decode("latin-1")) if len(kinds) == 1 else ("", {})
    if kind != "multipart/form-data":
        raise UnsupportedMediaType("Send `Content-Type: multipart/form-data` with a boundary.")
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise MalformedBody("A form is UTF-8.")
    boundary = options.get("boundary", "")
    if not 1 <= len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii() or not boundary.isprintable():
        raise MalformedBody("The boundary must have 1 to 70 ASCII characters.")
    return str(boundary)


def _declared(headers: list[tuple[bytes, bytes]]) -> int:
    # The server has refused what is no number.
    return next((int(value) for name, value in headers if name == b"content-length"), 0)


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    """Raises TooSlow, and MalformedBody where the caller has left."""
    start, size, more = time.monotonic(), 0, True
    while more:
        patience = start + GRACE_SECONDS + size / SLOWEST - time.monotonic()
        try:
            async with asyncio.timeout(patience):
                event = await receive()
        except TimeoutError:
            raise _cut(TooSlow()) from None
        if event["type"] != "http.request":
            raise MalformedBody("The body ended early.")
        size += len(event["body"])
        more = event.get("more_body", False)
        yield event["body"]


async def _read(body: AsyncIterator[bytes], boundary: str, reading: "_Reading") -> Form:
    size = 0
    with PushMultipartParser(boundary, max_segment_count=3, strict=True) as parser:
        async for chunk in body:
            size += len(chunk)
            if size > reading.limit + WRAPPING:
                raise TooLarge
            for event in parser.parse(chunk) if chunk else ():
                reading.take(event)
            if len(reading.gathered) >= GATHERED:
                await reading.write()
    await reading.finish()
    return reading.form()


class _Reading:
    """What has been read of a form."""

    def __init__(self, draft: Draft, run: Run, limit: int) -> None:
        self._draft = draft
        self._run = run
        self.limit = limit
        self._part = ""
        self._names: dict[str, str] = {}
        self._purpose = b""
        self.gathered = bytearray()

    def take(self, event: MultipartSegment | bytes | None) -> None:
        """The beginning of a part, a piece of it, or its end. Raises InvalidRequest, MalformedBody, TooLarge."""
        if isinstance(event, MultipartSegment):
            self._part = _known(event, self._names)
            self._names[self._part] = event.filename or ""
        elif event and self._part == "file":
            self.gathered += event
            if self._draft.size + len(self.gathered) > self.limit:
                raise TooLarge(f"A file may have {self.limit} bytes.")
        elif event:
            # Longer than any purpose is as wrong as another one.
            self._purpose = (self._purpose + event)[:LONGEST_FIELD]

    async def write(self) -> None:
        await self._run(self._draft.write, bytes(self.gathered))
        self.gathered.clear()

    async def finish(self) -> None:
        await self.write()
        await self._run(self._draft.finish)

    def form(self) -> Form:
        """Raises InvalidRequest."""
        for name in ("file", "purpose"):
            if name not in self._names:
                raise InvalidRequest.at(f"/{name}", "required", "is missing")
        if not self._draft.size:
            raise InvalidRequest.at("/file", "empty", "has no content")
        try:
            return Form(msgspec.convert(self._purpose.decode(), Purpose), self._names["file"])
        except msgspec.ValidationError:
            raise InvalidRequest.at("/purpose", "invalid", "is none of the values in the reference") from None
        except UnicodeDecodeError:
            raise MalformedBody("A form is UTF-8.") from None


def _known(part: MultipartSegment, seen: Container[str]) -> str:
    name = str(part.name)
    if name not in ("file", "purpose"):
        raise InvalidRequest.at("", "unknown_field", "the form has a field that this address does not know")
    if name in seen:
        raise InvalidRequest.at(f"/{name}", "duplicate_key", "stands twice in one form")
    try:
        charset = codecs.lookup(part.charset or "utf-8").name
    except (LookupError, ValueError):
        raise MalformedBody("A part names a character set that is none.") from None
    if name == "purpose" and charset not in ("utf-8", "ascii"):
        raise MalformedBody("A form is UTF-8.")
    return name
