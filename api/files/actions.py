"""What happens to files; other features use `attach` and `attached`."""

from collections.abc import Sequence

from api.auth import Actor
from api.db import Tx
from api.errors import FileNotReady, FileQuarantined, InvalidRequest, NotFound, QuotaExceeded
from api.files import queries
from api.files.types import Attachment, File, Purpose, Quota, Uploaded
from api.outbox import queries as outbox

HOUR = 3_600_000
# The kind of due work that asks the scanner again.
SCAN = "files.scan"


def admit(tx: Tx, actor: Actor, quota: Quota) -> None:
    """Before a body is taken in for nothing. Raises QuotaExceeded."""
    usage = queries.usage(tx, actor.id)
    if usage is not None and (usage.files >= quota.files or usage.bytes >= quota.bytes):
        raise QuotaExceeded


def record(tx: Tx, file: File, quota: Quota) -> Uploaded:
    """The row of a file that is on disk. Raises QuotaExceeded."""
    queries.begin_usage(tx, file.owner_id)
    if not queries.take_room(tx, file.owner_id, file.size, quota):
        raise QuotaExceeded
    queries.insert_file(tx, file)
    if file.state == "pending":
        outbox.add(tx, SCAN, file.id, "{}", tx.now)
    return Uploaded(
        file.id,
        file.name,
        file.type,
        file.size,
        file.sha256,
        file.state,
        file.width,
        file.height,
        file.duration_seconds,
    )


def attach(
    tx: Tx, actor: Actor, file_ids: Sequence[str], purpose: Purpose, subject: str, *, pointer: str = "/attachmentIds"
) -> list[Attachment]:
    """Hang files on something, in this order. Their addresses want the reader's token; `links.signed` makes others.

    Raises NotFound for what is not the actor's own of this purpose or hangs somewhere already, InvalidRequest,
    FileNotReady, FileQuarantined.
    """
    if len(set(file_ids)) != len(file_ids):
        raise InvalidRequest.at(pointer, "duplicate", "names a file twice")
    # In the order of ids, so that two functions never wait for each other in a ring.
    for file_id in sorted(file_ids):
        _lock_own(tx, actor, file_id, purpose)
    for place, file_id in enumerate(file_ids):
        queries.hang(tx, file_id, subject, place)
    return [item.attachment for item in queries.attachments(tx, purpose, [subject])] if file_ids else []


def _lock_own(tx: Tx, actor: Actor, file_id: str, purpose: Purpose) -> None:
    file = queries.lock_file(tx, file_id)
    if file is None or file.owner_id != actor.id or file.purpose != purpose or file.subject is not None:
        raise NotFound
    if file.state == "pending":
        raise FileNotReady
    if file.state == "quarantined":
        raise FileQuarantined


def drop_loose(tx: Tx, hours: int, limit: int) -> list[str]:
    """Forget what hangs on nothing after so many hours; the names on disk that are nobody's any more."""
    names: list[str] = []
    for file_id in sorted(queries.loose(tx, tx.now - hours * HOUR, limit)):
        if dropped := queries.drop(tx, file_id):
            queries.give_room_back(tx, dropped.owner_id, dropped.size)
            names += filter(None, (dropped.blob, dropped.thumbnail))
    return names


def attached(tx: Tx, purpose: Purpose, subjects: Sequence[str]) -> dict[str, list[Attachment]]:
    """What hangs on each of these subjects; those with nothing are left out."""
    found: dict[str, list[Attachment]] = {}
    for item in queries.attachments(tx, purpose, subjects):
        found.setdefault(item.subject, []).append(item.attachment)
    return found
