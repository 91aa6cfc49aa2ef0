"""One function, one statement."""

from collections.abc import Sequence
from typing import Any

import msgspec

from api.chat.types import Conversation, LeftWith, Member, Message, Person, Room
from api.clock import rfc3339
from api.db import Tx

MESSAGE = (
    "m.id, m.booking_id, m.seq, m.sender_id, u.role, u.name, m.type, m.text, m.client_message_id, m.created_at "
    "from messages m join users u on u.id = m.sender_id"
)
ROOM = (
    "select r.booking_id, coalesce(m.until_seq, r.last_seq) as last_seq, r.last_message_at, m.read_seq, m.left_with "
    "from rooms r join members m on m.booking_id = r.booking_id where r.booking_id = $1 and m.user_id = $2"
)


def message(*row: Any) -> Message:
    """A row of MESSAGE."""
    message_id, booking_id, seq, sender_id, role, name, kind, text, client_message_id, created_at = row
    return Message(
        id=message_id,
        booking_id=booking_id,
        seq=seq,
        sender=Person(sender_id, role, name),
        type=kind,
        text=text,
        client_message_id=client_message_id,
        created_at=rfc3339(created_at),
    )


def room(tx: Tx, booking_id: str, user_id: str) -> Room | None:
    return tx.one(Room, ROOM, booking_id, user_id)


def lock_room(tx: Tx, booking_id: str, user_id: str) -> Room | None:
    return tx.lock(
        Room,
        "select r.booking_id, r.last_seq, r.last_message_at, m.read_seq, m.left_with "
        "from rooms r join members m on m.booking_id = r.booking_id "
        "where r.booking_id = $1 and m.user_id = $2 and m.until_seq is null",
        booking_id,
        user_id,
    )


def insert_message(tx: Tx, message: Message, moment: int) -> bool:
    """False when this sender's client id stands in the room already."""
    count = tx.run(
        "insert into messages (booking_id, seq, id, sender_id, client_message_id, type, text, created_at) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8) "
        "on conflict (booking_id, sender_id, client_message_id) where client_message_id is not null do nothing",
        message.booking_id,
        message.seq,
        message.id,
        message.sender.id,
        message.client_message_id,
        message.type,
        message.text,
        moment,
    )
    return count == 1


def message_by_client_id(tx: Tx, booking_id: str, sender_id: str, client_message_id: str | None) -> Message:
    return tx.only(
        message,
        f"select {MESSAGE} where m.booking_id = $1 and m.sender_id = $2 and m.client_message_id = $3",
        booking_id,
        sender_id,
        client_message_id,
    )


def advance(tx: Tx, booking_id: str, seq: int, moment: int) -> None:
    tx.run("update rooms set last_seq = $2, last_message_at = $3 where booking_id = $1", booking_id, seq, moment)


def count_unread(tx: Tx, booking_id: str, sender_id: str, moment: int) -> list[str]:
    """One more unread for everybody but the sender; who is present. The room is locked, so no order matters here."""
    return tx.all(
        str,
        "update members set active_at = $3, unread = unread + (case when user_id = $2 then 0 else 1 end) "
        "where booking_id = $1 and until_seq is null returning user_id",
        booking_id,
        sender_id,
        moment,
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


def read_positions(tx: Tx, booking_id: str) -> list[tuple[str, int]]:
    return tx.all(_pair, "select user_id, read_seq from members where booking_id = $1 order by user_id", booking_id)


def places(tx: Tx, user_id: str, message_ids: Sequence[str]) -> list[tuple[str, int]]:
    """The rooms of these messages and the last seq among them, in room order; only rooms the user is a member of."""
    return tx.all(
        _pair,
        "select m.booking_id, max(m.seq) from messages m "
        "join members me on me.booking_id = m.booking_id and me.user_id = $1 "
        "where m.id in (select value from json_each(cast($2 as text))) "
        "and (me.until_seq is null or m.seq <= me.until_seq) group by m.booking_id order by m.booking_id",
        user_id,
        msgspec.json.encode(message_ids).decode(),
    )


def lock_seen_room(tx: Tx, booking_id: str, user_id: str) -> Room | None:
    """As `room`, for former members too, the row locked until the commit."""
    return tx.lock(Room, ROOM, booking_id, user_id)


def mark_read(tx: Tx, booking_id: str, user_id: str, seq: int, last: int) -> int:
    """Under the room's lock: how much of what others wrote after `seq` is left unread."""
    return tx.only(
        int,
        "update members set read_seq = $3, unread = (select count(*) from messages "
        "where booking_id = $1 and seq > $3 and seq <= $4 and sender_id <> $2) where booking_id = $1 and user_id = $2 "
        "returning unread",
        booking_id,
        user_id,
        seq,
        last,
    )


def unread_total(tx: Tx, user_id: str) -> int:
    total: int = tx.value(
        "select cast(coalesce(sum(unread), 0) as bigint) from members where user_id = $1 and unread > 0", user_id
    )
    return total


def unread_by_booking(tx: Tx, user_id: str) -> list[tuple[str, int]]:
    return tx.all(
        _pair,
        "select booking_id, unread from members where user_id = $1 and unread > 0 order by booking_id",
        user_id,
    )


def insert_room(tx: Tx, booking_id: str) -> None:
    tx.run("insert into rooms (booking_id) values ($1)", booking_id)


def add_member(tx: Tx, booking_id: str, user_id: str) -> None:
    """A new member sees the room from its start; a former one comes back to where they were."""
    tx.run(
        "insert into members (booking_id, user_id, active_at, unread) "
        "values ($1, $2, $3, (select count(*) from messages where booking_id = $1)) "
        "on conflict (booking_id, user_id) do update set until_seq = null, left_status = null, "
        "left_with = null, active_at = excluded.active_at, "
        "unread = (select count(*) from messages where messages.booking_id = members.booking_id "
        "and messages.seq > members.read_seq and messages.sender_id <> members.user_id)",
        booking_id,
        user_id,
        tx.now,
    )


def lock_room_row(tx: Tx, booking_id: str) -> int:
    """Its last seq."""
    return tx.lock(int, "select last_seq from rooms where booking_id = $1", booking_id) or 0


def present_members(tx: Tx, booking_id: str) -> list[str]:
    return tx.all(str, "select user_id from members where booking_id = $1 and until_seq is null", booking_id)


def end_membership(tx: Tx, booking_id: str, user_id: str, seq: int, left: LeftWith) -> None:
    tx.run(
        "update members set until_seq = $3, left_status = $4, left_with = $5 where booking_id = $1 and user_id = $2",
        booking_id,
        user_id,
        seq,
        left.booking_status,
        msgspec.json.encode(left).decode(),
    )


CONVERSATION = """
select m.booking_id, b.status, b.service, b.scheduled_at, m.left_with, m.unread, m.read_seq, m.active_at,
  x.id, x.seq, x.sender_id, u.role, u.name, x.type, x.text, x.client_message_id, x.created_at
from members m
join rooms r on r.booking_id = m.booking_id
join bookings b on b.id = m.booking_id
left join messages x on x.booking_id = m.booking_id and x.seq = coalesce(m.until_seq, r.last_seq)
left join users u on u.id = x.sender_id
where m.user_id = $1 and (cast($2 as text) is null or coalesce(m.left_status, b.status) = $2) and m.active_at <= $3
"""


def conversation_of(tx: Tx, booking_id: str, user_id: str) -> Conversation:
    return tx.only(conversation, CONVERSATION + "and m.booking_id = $4", user_id, None, 2**53, booking_id)


def conversations_before(
    tx: Tx, user_id: str, status: str | None, pinned: int, place: tuple[int, str], limit: int
) -> list[Conversation]:
    """Those less lately active than `place`, the latest first; what was active after `pinned` is left out."""
    return tx.all(
        conversation,
        CONVERSATION
        + "and (m.active_at, m.booking_id) < ($4, $5) order by m.active_at desc, m.booking_id desc limit $6",
        user_id,
        status,
        pinned,
        *place,
        limit,
    )


def conversations_after(
    tx: Tx, user_id: str, status: str | None, pinned: int, place: tuple[int, str], limit: int
) -> list[Conversation]:
    """Those more lately active than `place`, the nearest to it first."""
    return tx.all(
        conversation,
        CONVERSATION + "and (m.active_at, m.booking_id) > ($4, $5) order by m.active_at, m.booking_id limit $6",
        user_id,
        status,
        pinned,
        *place,
        limit,
    )


def conversation(*row: Any) -> Conversation:
    """A row of CONVERSATION; the members of a present member's room are still to come."""
    booking_id, status, service, scheduled_at, left_with, unread, read_seq, active_at, message_id, *rest = row
    found = Conversation(
        booking_id=booking_id,
        booking_status=status,
        service=service,
        scheduled_at=None if scheduled_at is None else rfc3339(scheduled_at),
        members=[],
        last_message=None if message_id is None else message(message_id, booking_id, *rest),
        unread=unread,
        read_seq=read_seq,
        active_at=rfc3339(active_at),
    )
    return found if left_with is None else as_left(found, msgspec.json.decode(left_with, type=LeftWith))


def as_left(found: Conversation, left: LeftWith) -> Conversation:
    """What its former member saw last."""
    if found.last_message is not None:
        found.last_message.read_by = readers(found.last_message, list(left.read_seqs.items()))
    found.booking_status, found.service = left.booking_status, left.service
    found.scheduled_at, found.members = left.scheduled_at, left.members
    return found


def readers(message: Message, positions: Sequence[tuple[str, int]]) -> list[str]:
    return [user_id for user_id, seq in positions if seq >= message.seq and user_id != message.sender.id]


def members_of(tx: Tx, booking_ids: Sequence[str]) -> list[Member]:
    """Present and former members of these rooms, by room, the provider first."""
    return tx.all(
        Member,
        "select m.booking_id, u.id, u.role, u.name, m.read_seq, m.until_seq "
        "from members m join users u on u.id = m.user_id "
        "where m.booking_id in (select value from json_each(cast($1 as text))) "
        "order by m.booking_id, u.role desc, u.id",
        msgspec.json.encode(booking_ids).decode(),
    )


def latest_activity(tx: Tx, user_id: str) -> int:
    """In the caller's rooms; it may lie ahead of our clock."""
    return tx.value("select max(active_at) from members where user_id = $1", user_id) or 0


def count_conversations(tx: Tx, user_id: str, status: str | None) -> int:
    total: int = tx.value(
        "select count(*) from members m join bookings b on b.id = m.booking_id "
        "where m.user_id = $1 and (cast($2 as text) is null or coalesce(m.left_status, b.status) = $2)",
        user_id,
        status,
    )
    return total


def _pair(name: str, number: int) -> tuple[str, int]:
    return name, number
