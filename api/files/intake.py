"""From what somebody sent to what may be stored: its type is told, images are made anew, the scanner has looked."""

import io

import msgspec

from api.errors import FileTypeRefused
from api.files import scan, sniff
from api.files.decoder import AVAILABLE
from api.files.files import Drafting, Files
from api.files.names import cleaned
from api.files.seal import SEGMENT
from api.files.store import Draft
from api.files.types import File, State
from api.files.upload import Form

STATES: dict[scan.Verdict, State] = {"clean": "ready", "infected": "quarantined", "unknown": "pending"}


class Safe(msgspec.Struct):
    """What will be stored of a file."""

    type: str
    main: Draft
    thumbnail: Draft | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


async def keep(files: Files, drafting: Drafting, draft: Draft, form: Form, owner_id: str) -> File:
    """A file that is on disk for good; its row is the caller's to write.

    Raises FileTypeRefused, FileDamaged, ImageTooLarge, Overloaded.
    """
    kind = await files.run(_kind, draft, form.name)
    safe = await _safe(files, drafting, draft, kind)
    verdict = await files.look(safe.main.opened)
    return File(
        id=files.new_id(),
        owner_id=owner_id,
        purpose=form.purpose,
        state=STATES[verdict],
        name=cleaned(form.name, safe.type),
        type=safe.type,
        size=safe.main.size,
        sha256=safe.main.sha256,
        width=safe.width,
        height=safe.height,
        duration_seconds=safe.seconds,
        blob=await files.run(files.store.keep, safe.main),
        thumbnail=await files.run(files.store.keep, safe.thumbnail) if safe.thumbnail else None,
        key_id=files.store.keyring.current.id,
    )


async def forget(files: Files, file: File) -> None:
    """It got no row after all."""
    for name in (file.blob, file.thumbnail):
        if name is not None:
            await files.run(files.store.remove, name)


def _kind(draft: Draft, name: str) -> str:
    with io.BufferedReader(draft.opened(), SEGMENT) as content:
        kind = sniff.sniff(content, name)
    if kind is None:
        raise FileTypeRefused
    if kind.startswith("image/") and not AVAILABLE:
        raise FileTypeRefused("This server takes no images: its operator has not installed the extra `media`.")
    return kind


async def _safe(files: Files, drafting: Drafting, draft: Draft, kind: str) -> Safe:
    if kind.startswith("image/"):
        return await _picture(files, drafting, draft, kind)
    if AVAILABLE and kind.startswith(("audio/", "video/")):
        told = await files.decode(kind, draft, [])
        return Safe(kind, draft, seconds=told.seconds)
    return Safe(kind, draft)


async def _picture(files: Files, drafting: Drafting, draft: Draft, kind: str) -> Safe:
    main, thumbnail = await drafting.begin(), await drafting.begin()
    told = await files.decode(kind, draft, [main, thumbnail])
    await files.run(main.finish)
    await files.run(thumbnail.finish)
    return Safe(told.type, main, thumbnail, told.width, told.height)
