"""One function, one statement."""

from collections.abc import Sequence
from typing import Any

import msgspec

from api.db import Tx
from api.files.types import ROOT, Attachment, File, Hung, Purpose, Quota, Usage

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


def link_key(tx: Tx) -> str:
    return tx.only(str, "select value from meta where name = 'file_link_key'")


def begin_link_key(tx: Tx, key: str) -> None:
    tx.run("insert into meta (name, value) values ('file_link_key', $1) on conflict (name) do nothing", key)
