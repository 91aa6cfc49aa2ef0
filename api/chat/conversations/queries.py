"""One function, one statement."""

from collections.abc import Sequence
from typing import Any

import msgspec

from api.chat.messages.queries import COLUMNS, message
from api.chat.readers import name_readers
from api.chat.types import Chosen, Conversation, LeftWith
from api.clock import rfc3339
from api.db import Tx

CONVERSATION = f"""
select me.booking_id, b.status, b.service, b.scheduled_at, me.left_with, me.unread, me.read_seq, me.active_at,
  case when me.until_seq is null and (r.closes_at is null or r.closes_at > $1) then 1 else 0 end, r.closes_at,
  me.archived, me.marked_unread, me.muted_until, {COLUMNS}
from members me
join rooms r on r.booking_id = me.booking_id
join bookings b on b.id = me.booking_id
left join messages m on m.booking_id = me.booking_id and m.seq = coalesce(me.until_seq, r.last_seq)
left join users u on u.id = m.sender_id
where me.user_id = $2
"""
# Beyond every word that begins with the one before it.
LAST = "\U0010ffff"
CHOSEN = """
from members where user_id = $1 and active_at <= $2 and (cast($3 as text) is null or status = $3)
and (cast($4 as text) is null or
  case $4 when 'active' then archived = 0 when 'archived' then archived = 1 else unread > 0 or marked_unread = 1 end)
and (cast($5 as text) is null or booking_id in (
  select w.booking_id from json_each(cast($5 as text)) asked join room_words w
  on w.user_id = $1 and w.word >= asked.value and w.word < asked.value || cast($6 as text)
  group by w.booking_id having count(distinct asked.value) = $7))
"""


def conversation_of(tx: Tx, booking_id: str, user_id: str) -> Conversation:
    return tx.only(conversation, CONVERSATION + "and me.booking_id = $3", tx.now, user_id, booking_id)


def places_before(
    tx: Tx, user_id: str, chosen: Chosen, pinned: int, place: tuple[int, str], limit: int
) -> list[tuple[int, str]]:
    """Of the rooms less lately active than `place`, the latest first; what was active after `pinned` is left out."""
    return tx.all(
        _place,
        f"select active_at, booking_id {CHOSEN} and (active_at, booking_id) < ($8, $9) "
        "order by active_at desc, booking_id desc limit $10",
        *_chosen(user_id, chosen, pinned),
        *place,
        limit,
    )


def places_after(
    tx: Tx, user_id: str, chosen: Chosen, pinned: int, place: tuple[int, str], limit: int
) -> list[tuple[int, str]]:
    """Of those more lately active than `place`, the nearest to it first."""
    return tx.all(
        _place,
        f"select active_at, booking_id {CHOSEN} and (active_at, booking_id) > ($8, $9) "
        "order by active_at, booking_id limit $10",
        *_chosen(user_id, chosen, pinned),
        *place,
        limit,
    )


def count(tx: Tx, user_id: str, chosen: Chosen) -> int:
    total: int = tx.value(f"select count(*) {CHOSEN}", *_chosen(user_id, chosen, 2**53))
    return total


def _chosen(user_id: str, chosen: Chosen, pinned: int) -> tuple[Any, ...]:
    words = None if chosen.words is None else msgspec.json.encode(chosen.words).decode()
    return user_id, pinned, chosen.status, chosen.state, words, LAST, len(chosen.words or ())


def conversations(tx: Tx, user_id: str, booking_ids: Sequence[str]) -> list[Conversation]:
    """The latest first."""
    return tx.all(
        conversation,
        CONVERSATION + "and me.booking_id in (select value from json_each(cast($3 as text))) "
        "order by me.active_at desc, me.booking_id desc",
        tx.now,
        user_id,
        msgspec.json.encode(booking_ids).decode(),
    )


def conversation(*row: Any) -> Conversation:
    """A row of CONVERSATION; the members of a present member's room are still to come."""
    booking_id, status, service, scheduled_at, left_with, unread, read_seq, active_at, writable, closes_at = row[:10]
    archived, marked_unread, muted_until, *last = row[10:]
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
        archived=bool(archived),
        marked_unread=bool(marked_unread),
        muted_until=None if muted_until is None else rfc3339(muted_until),
        last_message=None if last[0] is None else message(*last),
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


def archive(tx: Tx, booking_id: str, user_id: str, archived: bool) -> bool:
    """Whether that changed anything."""
    count = tx.run(
        "update members set archived = $3 where booking_id = $1 and user_id = $2 and archived <> $3",
        booking_id,
        user_id,
        archived,
    )
    return count == 1


def mark_unread(tx: Tx, booking_id: str, user_id: str, unread: bool) -> bool:
    """Whether that changed anything."""
    count = tx.run(
        "update members set marked_unread = $3 where booking_id = $1 and user_id = $2 and marked_unread <> $3",
        booking_id,
        user_id,
        unread,
    )
    return count == 1


def mute(tx: Tx, booking_id: str, user_id: str, until: int | None) -> bool:
    """Whether that changed anything."""
    count = tx.run(
        "update members set muted_until = $3 where booking_id = $1 and user_id = $2 "
        "and coalesce(muted_until, -1) <> coalesce(cast($3 as bigint), -1)",
        booking_id,
        user_id,
        until,
    )
    return count == 1


def forget_words(tx: Tx, booking_id: str, user_id: str) -> None:
    tx.run("delete from room_words where booking_id = $1 and user_id = $2", booking_id, user_id)


def insert_words(tx: Tx, booking_id: str, user_id: str, words: Sequence[str]) -> None:
    tx.run(
        "insert into room_words (booking_id, user_id, word) select $1, $2, value from json_each(cast($3 as text))",
        booking_id,
        user_id,
        msgspec.json.encode(words).decode(),
    )


def rooms_after(tx: Tx, user_id: str, booking_id: str, limit: int) -> list[str]:
    """The rooms in which a user is present, in the order of their ids."""
    return tx.all(
        str,
        "select booking_id from members where user_id = $1 and until_seq is null and booking_id > $2 "
        "order by booking_id limit $3",
        user_id,
        booking_id,
        limit,
    )


def _place(active_at: int, booking_id: str) -> tuple[int, str]:
    return active_at, booking_id
