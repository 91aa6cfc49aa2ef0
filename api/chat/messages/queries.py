"""One function, one statement."""

from typing import Any

from api.chat.types import SYSTEM, Location, Message, Person
from api.clock import rfc3339
from api.db import Tx

DEGREE = 1_000_000
COLUMNS = (
    "m.id, m.booking_id, m.seq, m.sender_id, u.role, u.name, m.type, m.text, m.latitude, m.longitude, m.accuracy, "
    "m.reply_to, m.client_message_id, m.created_at, m.edited_at, m.deleted_at, m.version, m.held"
)
MESSAGE = f"{COLUMNS} from messages m left join users u on u.id = m.sender_id"


def message(*row: Any) -> Message:
    """A row of COLUMNS."""
    message_id, booking_id, seq, sender_id, role, name, kind, text, *place, reply_to, client_message_id = row[:-5]
    created_at, edited_at, deleted_at, version, held = row[-5:]
    return Message(
        id=message_id,
        booking_id=booking_id,
        seq=seq,
        sender=SYSTEM if sender_id is None else Person(sender_id, role, name),
        type=kind,
        text=text,
        location=None if place[0] is None else _location(*place),
        reply_to=reply_to,
        client_message_id=client_message_id,
        created_at=rfc3339(created_at),
        edited_at=None if edited_at is None else rfc3339(edited_at),
        deleted_at=None if deleted_at is None else rfc3339(deleted_at),
        version=version,
        held=bool(held),
    )


def _location(latitude: int, longitude: int, accuracy: float | None) -> Location:
    return Location(latitude=latitude / DEGREE, longitude=longitude / DEGREE, accuracy=accuracy)


def insert_message(tx: Tx, message: Message, moment: int) -> bool:
    """False when this sender's client id stands in the room already."""
    place = message.location
    count = tx.run(
        "insert into messages (booking_id, seq, id, sender_id, client_message_id, type, text, latitude, longitude, "
        "accuracy, reply_to, created_at, held) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
        "on conflict (booking_id, sender_id, client_message_id) where client_message_id is not null do nothing",
        message.booking_id,
        message.seq,
        message.id,
        None if message.sender is SYSTEM else message.sender.id,
        message.client_message_id,
        message.type,
        message.text,
        None if place is None else round(place.latitude * DEGREE),
        None if place is None else round(place.longitude * DEGREE),
        None if place is None else place.accuracy,
        message.reply_to,
        moment,
        message.held,
    )
    return count == 1


def message_by_client_id(tx: Tx, booking_id: str, sender_id: str, client_message_id: str) -> Message | None:
    return tx.one(
        message,
        f"select {MESSAGE} where m.booking_id = $1 and m.sender_id = $2 and m.client_message_id = $3",
        booking_id,
        sender_id,
        client_message_id,
    )


def seen_message(tx: Tx, message_id: str, user_id: str) -> Message | None:
    """One of a room that the user is a member of, or was when it was written."""
    return tx.one(
        message,
        f"select {MESSAGE} join members me on me.booking_id = m.booking_id and me.user_id = $2 "
        "where m.id = $1 and (me.until_seq is null or m.seq <= me.until_seq)",
        message_id,
        user_id,
    )


def message_by_id(tx: Tx, message_id: str) -> Message | None:
    """Whoever may read it."""
    return tx.one(message, f"select {MESSAGE} where m.id = $1", message_id)


def stands_in(tx: Tx, booking_id: str, message_id: str) -> bool:
    return tx.value("select 1 from messages where id = $1 and booking_id = $2", message_id, booking_id) is not None


def is_kept_by_others(tx: Tx, booking_id: str, seq: int) -> bool:
    """Whether a former member reads it, who must not read in it what was written since."""
    found = tx.value("select 1 from members where booking_id = $1 and until_seq >= $2 limit 1", booking_id, seq)
    return found is not None


def keep_text(tx: Tx, message_id: str) -> None:
    """What a message says now, before it is replaced; only reviewers read it."""
    tx.run(
        "insert into message_versions (message_id, version, text, replaced_at) "
        "select id, version, text, cast($2 as bigint) from messages where id = $1",
        message_id,
        tx.now,
    )


def edit(tx: Tx, message_id: str, text: str, held: bool) -> None:
    tx.run(
        "update messages set text = $2, held = $3, edited_at = $4, version = version + 1 where id = $1",
        message_id,
        text,
        held,
        tx.now,
    )


def release(tx: Tx, message_id: str, text: str) -> None:
    """What was held is shown from now on; nobody has edited it."""
    tx.run("update messages set text = $2, held = 0, version = version + 1 where id = $1", message_id, text)


def delete(tx: Tx, message_id: str) -> None:
    """Leave an empty message in its place."""
    tx.run(
        "update messages set text = '', latitude = null, longitude = null, accuracy = null, deleted_at = $2, "
        "held = 0, version = version + 1 where id = $1",
        message_id,
        tx.now,
    )


def messages_after(tx: Tx, booking_id: str, seq: int, last: int, limit: int) -> list[Message]:
    """Those with a greater seq, up to `last`, in order."""
    return tx.all(
        message,
        f"select {MESSAGE} where m.booking_id = $1 and m.seq > $2 and m.seq <= $3 order by m.seq limit $4",
        booking_id,
        seq,
        last,
        limit,
    )


def messages_before(tx: Tx, booking_id: str, seq: int, limit: int) -> list[Message]:
    """Those with a smaller seq, in order."""
    found = tx.all(
        message,
        f"select {MESSAGE} where m.booking_id = $1 and m.seq < $2 order by m.seq desc limit $3",
        booking_id,
        seq,
        limit,
    )
    return found[::-1]
