"""One function, one statement."""

from collections.abc import Sequence
from typing import Any

import msgspec

from api.db import Tx
from api.files.types import ROOT, Attachment, Blobs, File, Hung, Purpose, Quota, State, Usage

FILE = ", ".join(File.__struct_fields__)


def hung(*row: Any) -> Hung:
    """A row of `attachments`; its addresses want the caller's token."""
    subject, thumbnail, file_id, name, kind, size, width, height, seconds = row
    url = f"{ROOT}/{file_id}"
    small = f"{url}?variant=thumbnail" if thumbnail else None
    return Hung(subject, Attachment(file_id, name, kind, size, width, height, seconds, url, small))


def file(tx: Tx, file_id: str) -> File | None:
    return tx.one(File, f"select {FILE} from files where id = $1", file_id)


def lock_file(tx: Tx, file_id: str) -> File | None:
    return tx.lock(File, f"select {FILE} from files where id = $1", file_id)


def insert_file(tx: Tx, file: File) -> None:
    tx.run(
        f"insert into files ({FILE}, created_at) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        *msgspec.structs.astuple(file),
        tx.now,
    )


def hang(tx: Tx, file_id: str, subject: str, place: int) -> int:
    return tx.run(
        "update files set subject = $2, place = $3 where id = $1 and subject is null and state = 'ready'",
        file_id,
        subject,
        place,
    )


def attachments(tx: Tx, purpose: Purpose, subjects: Sequence[str]) -> list[Hung]:
    """What hangs on these subjects, in its order."""
    return tx.all(
        hung,
        "select subject, thumbnail, id, name, type, size, width, height, duration_seconds from files "
        "where purpose = $1 and subject in (select value from json_each(cast($2 as text))) order by subject, place",
        purpose,
        msgspec.json.encode(list(subjects)).decode(),
    )


def usage(tx: Tx, user_id: str) -> Usage | None:
    return tx.one(Usage, "select files, bytes from file_usage where user_id = $1", user_id)


def begin_usage(tx: Tx, user_id: str) -> None:
    tx.run("insert into file_usage (user_id, files, bytes) values ($1, 0, 0) on conflict (user_id) do nothing", user_id)


def take_room(tx: Tx, user_id: str, size: int, quota: Quota) -> int:
    """One more file; no row changes when the quota does not hold it."""
    return tx.run(
        "update file_usage set files = files + 1, bytes = bytes + $2 "
        "where user_id = $1 and files < $3 and bytes + $2 <= $4",
        user_id,
        size,
        quota.files,
        quota.bytes,
    )


def give_room_back(tx: Tx, user_id: str, size: int) -> None:
    tx.run("update file_usage set files = files - 1, bytes = bytes - $2 where user_id = $1", user_id, size)


def loose(tx: Tx, before: int, limit: int) -> list[str]:
    """Ids of files that hang on nothing since before then, the oldest first."""
    return tx.all(
        str,
        "select id from files where subject is null and created_at < $1 order by created_at limit $2",
        before,
        limit,
    )


def drop(tx: Tx, file_id: str) -> Blobs | None:
    """Remove a file unless it hangs on something by now; what it was."""
    return tx.one(
        Blobs,
        "delete from files where id = $1 and subject is null returning owner_id, size, blob, thumbnail",
        file_id,
    )


def blobs_among(tx: Tx, names: Sequence[str]) -> list[str]:
    """Those of these names that some file has."""
    return tx.all(
        str,
        "select blob from files where blob in (select value from json_each(cast($1 as text))) union all "
        "select thumbnail from files where thumbnail in (select value from json_each(cast($1 as text)))",
        msgspec.json.encode(list(names)).decode(),
    )


def settle(tx: Tx, file_id: str, state: State) -> int:
    """What the scanner has said of a file that waited for it."""
    return tx.run("update files set state = $2 where id = $1 and state = 'pending'", file_id, state)


def sealed_otherwise(tx: Tx, key_id: str, limit: int) -> list[File]:
    """Files that another key has sealed."""
    return tx.all(File, f"select {FILE} from files where key_id <> $1 order by key_id, id limit $2", key_id, limit)


def count_sealed_otherwise(tx: Tx, key_id: str) -> int:
    return tx.only(int, "select count(*) from files where key_id <> $1", key_id)


def reseal(tx: Tx, file_id: str, earlier: str, blob: str, thumbnail: str | None, key_id: str) -> int:
    return tx.run(
        "update files set blob = $3, thumbnail = $4, key_id = $5 where id = $1 and blob = $2",
        file_id,
        earlier,
        blob,
        thumbnail,
        key_id,
    )


def link_key(tx: Tx) -> str:
    return tx.only(str, "select value from meta where name = 'file_link_key'")


def begin_link_key(tx: Tx, key: str) -> None:
    tx.run("insert into meta (name, value) values ('file_link_key', $1) on conflict (name) do nothing", key)
