"""What is thrown away of files in time, and what is done later: all due work, in steps that hold nobody up."""

import time

from api.db import Database, Tx
from api.files import actions, queries, reseal
from api.files.files import Files
from api.files.intake import STATES
from api.files.store import FORGOTTEN_SECONDS
from api.outbox.loop import Work
from api.outbox.types import Due

HOURS_LOOSE = 24
MINUTE = 60_000
CHUNK = 200
SHARDS = 256


def works(files: Files, db: Database) -> dict[str, Work]:
    """What goes on for ever."""

    async def sweep(_: Due) -> None:
        for name in await db.write(actions.drop_loose, HOURS_LOOSE, CHUNK):
            await files.run(files.store.remove, name)
        await files.run(files.store.sweep_drafts, time.time() - FORGOTTEN_SECONDS)
        # Another folder each minute, so that all have had their turn every four hours.
        await sweep_shard(files, db, int(time.time()) // 60 % SHARDS)

    async def seal_anew(_: Due) -> None:
        await reseal.step(files, db)

    return {
        "sweep.files": Work(outside=sweep, within=again_in_a_minute),
        "sweep.seals": Work(outside=seal_anew, within=again_in_a_minute),
    }


def scans(files: Files, db: Database) -> dict[str, Work]:
    """A row for each file that waits for the scanner."""

    async def scan(row: Due) -> None:
        await look_again(files, db, row.subject)

    return {actions.SCAN: Work(outside=scan, within=while_pending)}


def again_in_a_minute(tx: Tx, _: Due) -> int:
    return tx.now + MINUTE


def while_pending(tx: Tx, row: Due) -> int | None:
    """The scanner may be away for longer than the outbox would try."""
    file = queries.file(tx, row.subject)
    return tx.now + MINUTE if file is not None and file.state == "pending" else None


async def sweep_shard(files: Files, db: Database, shard: int) -> None:
    """Remove what got no row: its process died after the file was there, and before the row was."""
    names = await files.run(files.store.old, shard)
    for start in range(0, len(names), CHUNK):
        some = names[start : start + CHUNK]
        known = set(await db.read(queries.blobs_among, some))
        for name in some:
            if name not in known:
                await files.run(files.store.remove, name)


async def look_again(files: Files, db: Database, file_id: str) -> None:
    file = await db.read(queries.file, file_id)
    if file is None or file.state != "pending":
        return
    verdict = await files.look(lambda: files.store.open(file.blob))
    if verdict != "unknown":
        await db.write(queries.settle, file_id, STATES[verdict])
