"""One function, one statement."""

from typing import Any

import msgspec

from api.chat.messages.queries import COLUMNS, message
from api.chat.readers import name_readers
from api.chat.types import Conversation, LeftWith
from api.clock import rfc3339
from api.db import Tx

CONVERSATION = f"""
select me.booking_id, b.status, b.service, b.scheduled_at, me.left_with, me.unread, me.read_seq, me.active_at,
  case when me.until_seq is null and (r.closes_at is null or r.closes_at > $1) then 1 else 0 end, r.closes_at, {COLUMNS}
from members me
join rooms r on r.booking_id = me.booking_id
join bookings b on b.id = me.booking_id
left join messages m on m.booking_id = me.booking_id and m.seq = coalesce(me.until_seq, r.last_seq)
left join users u on u.id = m.sender_id
where me.user_id = $2 and (cast($3 as text) is null or coalesce(me.left_status, b.status) = $3) and me.active_at <= $4
"""


def conversation_of(tx: Tx, booking_id: str, user_id: str) -> Conversation:
    return tx.only(conversation, CONVERSATION + "and me.booking_id = $5", tx.now, user_id, None, 2**53, booking_id)


def conversations_before(
    tx: Tx, user_id: str, status: str | None, pinned: int, place: tuple[int, str], limit: int
) -> list[Conversation]:
    """Those less lately active than `place`, the latest first; what was active after `pinned` is left out."""
    return tx.all(
        conversation,
        CONVERSATION
        + "and (me.active_at, me.booking_id) < ($5, $6) order by me.active_at desc, me.booking_id desc limit $7",
        tx.now,
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
        CONVERSATION + "and (me.active_at, me.booking_id) > ($5, $6) order by me.active_at, me.booking_id limit $7",
        tx.now,
        user_id,
        status,
        pinned,
        *place,
        limit,
    )


def conversation(*row: Any) -> Conversation:
    """A row of CONVERSATION; the members of a present member's room are still to come."""
    booking_id, status, service, scheduled_at, left_with, unread, read_seq, active_at, writable, closes_at = row[:10]
    found = Conversation(
        booking_id=booking_id,
        booking_status=status,
        service=service,
        scheduled_at=None if scheduled_at is None else rfc3339(scheduled_at),
        members=[],
        unread=unread,
        read_seq=read_seq,
        active_at=rfc3339(active_at),
        writable=bool(writable),
        writable_until=None if closes_at is None else rfc3339(closes_at),
        last_message=None if row[10] is None else message(*row[10:]),
    )
    return found if left_with is None else as_left(found, msgspec.json.decode(left_with, type=LeftWith))


def as_left(found: Conversation, left: LeftWith) -> Conversation:
    """What its former member saw last."""
    if found.last_message:
        name_readers(found.last_message, left.progress)
    found.booking_status, found.service = left.booking_status, left.service
    found.scheduled_at, found.members, found.writable_until = left.scheduled_at, left.members, None
    return found


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
