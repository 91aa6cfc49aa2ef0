"""Rotation: what an older key has sealed is sealed anew with the current one, a few files at a time."""

import logging
import time

from api.db import Database
from api.files import queries
from api.files.files import Files
from api.files.seal import Damaged
from api.files.types import File

AT_ONCE = 200
# A step is due work, and is over before its lease is.
SECONDS = 15.0
log = logging.getLogger("porchlight.files")


async def step(files: Files, db: Database) -> int:
    """How many files were sealed anew; 0 when no older key is needed any more."""
    until = time.monotonic() + SECONDS
    done = 0
    for file in await db.read(queries.sealed_otherwise, files.store.keyring.current.id, AT_ONCE):
        if time.monotonic() > until:
            break
        try:
            await _seal_anew(files, db, file)
            done += 1
        except Damaged as damaged:
            log.error("a file cannot be sealed anew", extra={"id": file.id, "reason": str(damaged)})  # noqa: TRY400
    return done


async def _seal_anew(files: Files, db: Database, file: File) -> None:
    """The new copy is on disk before the row names it; the old one is left for backups and readers of this moment."""
    blob = await _copy(files, file.blob)
    thumbnail = await _copy(files, file.thumbnail) if file.thumbnail else None
    changed = await db.write(queries.reseal, file.id, file.blob, blob, thumbnail, files.store.keyring.current.id)
    # Whoever was quicker has sealed it too, or it was deleted meanwhile: then ours are the copies to go.
    for name in (file.blob, file.thumbnail) if changed else (blob, thumbnail):
        if name is not None:
            await files.run(files.store.leave, name)


async def _copy(files: Files, name: str) -> str:
    async with files.drafting() as drafting:
        draft = await drafting.begin()
        with await files.run(files.store.open, name) as opened:
            async for piece in files.pieces(opened, 0, opened.size):
                await files.run(draft.write, piece)
        await files.run(draft.finish)
        return await files.run(files.store.keep, draft)
