"""One function, one statement."""

from collections.abc import Sequence

import msgspec

from api.chat.queries import ROOM
from api.chat.types import Room
from api.db import Tx


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
        "update members set read_seq = $3, marked_unread = 0, unread = (select count(*) from messages "
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


def _pair(name: str, number: int) -> tuple[str, int]:
    return name, number
