"""The files of one process: where they lie, what they are sealed with, and the threads that touch the disk."""

import asyncio
import errno
import io
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from api import ids
from api.clock import Clock
from api.errors import FileTypeRefused, ReadOnly
from api.files import sniff
from api.files.access import Readers
from api.files.keyring import open_keyring
from api.files.names import cleaned
from api.files.seal import SEGMENT
from api.files.store import Draft, Store
from api.files.types import File, Quota
from api.files.upload import Form
from api.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")
THREADS = 4
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EACCES)
log = logging.getLogger("porchlight.files")


class Files:
    """`arriving`: the keys of uploads whose bodies are still coming in."""

    store: Store

    def __init__(self, settings: Settings, clock: Clock, readers: Readers) -> None:
        self._settings = settings
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, "files")
        self.readers = readers
        self.quota = Quota(settings.file_quota_count, settings.file_quota_bytes)
        self.arriving: set[tuple[str, str]] = set()

    def open(self) -> None:
        """Raises BadSettings."""
        self.store = Store(self._settings.data_dir / "files", open_keyring(self._settings))

    def close(self) -> None:
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

    async def keep(self, draft: Draft, form: Form, owner_id: str) -> File:
        """What has arrived as it will be stored; its row is the caller's to write. Raises FileTypeRefused."""
        kind = await self.run(_kind_of, draft, form.name)
        if kind is None:
            raise FileTypeRefused
        blob = await self.run(self.store.keep, draft)
        return File(
            id=ids.new("file", self._clock()),
            owner_id=owner_id,
            purpose=form.purpose,
            state="ready",
            name=cleaned(form.name, kind),
            type=kind,
            size=draft.size,
            sha256=draft.sha256,
            width=None,
            height=None,
            duration_seconds=None,
            blob=blob,
            thumbnail=None,
            key_id=self.store.keyring.current.id,
        )

    async def forget(self, file: File) -> None:
        """It got no row after all."""
        await self.run(self.store.remove, file.blob)


def _kind_of(draft: Draft, name: str) -> str | None:
    with io.BufferedReader(draft.finish(), SEGMENT) as opened:
        return sniff.sniff(opened, name)
