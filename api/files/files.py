"""The files of one process: where they lie, what they are sealed with, and the threads that touch the disk."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import ParamSpec, TypeVar

from api import ids
from api.clock import Clock
from api.errors import IdempotencyInProgress, RateLimited, ReadOnly
from api.files import scan
from api.files.access import Readers
from api.files.decoder import Decoded, Decoder, Take
from api.files.keyring import open_keyring
from api.files.seal import SEGMENT, Opened
from api.files.store import Draft, Store
from api.files.types import Quota
from api.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")
THREADS = 4
# Of one user: whoever sends slowly holds a draft for long.
ARRIVING = 20
# Read and opened in one go; so much of a file is in memory for each of its readers.
PIECE = 4 * SEGMENT
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EACCES)
log = logging.getLogger("porchlight.files")


class Files:
    store: Store

    def __init__(self, settings: Settings, clock: Clock, readers: Readers) -> None:
        self._settings = settings
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, "files")
        self._decoder = Decoder()
        self.readers = readers
        self.quota = Quota(settings.file_quota_count, settings.file_quota_bytes)
        self._arriving: dict[str, list[str | None]] = {}

    def open(self, *, alone: bool) -> None:
        """`alone`: no other process uses the folder, so what was left half-way is nobody's. Raises BadSettings."""
        self.store = Store(self._settings.data_dir / "files", open_keyring(self._settings))
        if alone:
            self.store.sweep_drafts(before=float("inf"))

    async def close(self) -> None:
        await self._decoder.close()
        self._threads.shutdown()

    async def run(self, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """On a thread: it may wait for the disk. Raises ReadOnly where the disk takes no writes."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, lambda: fn(*args, **kwargs))
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            log.error("a file cannot be written", extra={"reason": error.strerror})  # noqa: TRY400
            raise ReadOnly from None

    @contextmanager
    def arrival(self, user_id: str, key: str | None) -> Iterator[None]:
        """While an upload's body comes in. Raises IdempotencyInProgress, RateLimited."""
        theirs = self._arriving.setdefault(user_id, [])
        if key is not None and key in theirs:
            raise IdempotencyInProgress
        if len(theirs) >= ARRIVING:
            raise RateLimited(f"At most {ARRIVING} uploads at once.", headers={"Retry-After": "1"})
        theirs.append(key)
        try:
            yield
        finally:
            theirs.remove(key)
            if not theirs:
                del self._arriving[user_id]

    @asynccontextmanager
    async def drafting(self) -> AsyncIterator["Drafting"]:
        """Drafts that are gone at the end, unless they were kept."""
        drafting = Drafting(self)
        try:
            yield drafting
        finally:
            for draft in drafting.drafts:
                await self.run(draft.discard)

    async def pieces(self, opened: Opened, first: int, end: int) -> AsyncIterator[bytes]:
        while first < end:
            piece = await self.run(_piece, opened, first, min(end, first + PIECE))
            first += len(piece)
            yield piece

    async def look(self, open_file: Callable[[], Opened]) -> scan.Verdict:
        """What the scanner says of a file."""
        with await self.run(open_file) as opened:
            return await scan.look(self._settings.file_scanner, self.pieces(opened, 0, opened.size))

    async def decode(self, kind: str, draft: Draft, into: Sequence[Draft]) -> Decoded:
        """Raises FileTypeRefused, FileDamaged, ImageTooLarge, Overloaded."""
        takes = [self._writer(each) for each in into]
        with await self.run(draft.opened) as opened:
            return await self._decoder.decode(kind, opened.size, self.pieces(opened, 0, opened.size), takes)

    def _writer(self, draft: Draft) -> Take:
        return lambda piece: self.run(draft.write, piece)

    def new_id(self) -> str:
        return ids.new("file", self._clock())


class Drafting:
    def __init__(self, files: Files) -> None:
        self._files = files
        self.drafts: list[Draft] = []

    async def begin(self) -> Draft:
        draft = await self._files.run(self._files.store.begin)
        self.drafts.append(draft)
        return draft


def _piece(opened: Opened, first: int, end: int) -> bytes:
    return b"".join(opened.pieces(first, end))
