"""Rooms and their members: one function, one statement."""

from collections.abc import Sequence

import msgspec

from api.chat.types import LeftWith, Member, Place, Progress, Room
from api.db import Tx

ROOM = (
    "select r.booking_id, coalesce(m.until_seq, r.last_seq) as last_seq, r.last_message_at, m.read_seq, m.left_with, "
    "r.closes_at "
    "from rooms r join members m on m.booking_id = r.booking_id where r.booking_id = $1 and m.user_id = $2"
)
# Zero for those who keep their receipts to themselves. Who has read as far has been sent it too; that the one who looks
# ($2) was sent what they look at goes without saying, and they are not told of it.
PROGRESS = (
    "case when coalesce(v.receipts, 1) = 1 then m.read_seq else 0 end as read_seq, "
    "case when coalesce(v.receipts, 1) = 0 or m.user_id = $2 then 0 when d.seq > m.read_seq then d.seq "
    "else m.read_seq end as delivered_seq from members m left join privacy v on v.user_id = m.user_id "
    "left join deliveries d on d.booking_id = m.booking_id and d.user_id = m.user_id"
)


def room(tx: Tx, booking_id: str, user_id: str) -> Room | None:
    return tx.one(Room, ROOM, booking_id, user_id)


def lock_room(tx: Tx, booking_id: str, user_id: str) -> Room | None:
    return tx.lock(
        Room,
        "select r.booking_id, r.last_seq, r.last_message_at, m.read_seq, m.left_with, r.closes_at, "
        "r.asked_id, r.asked_at, r.turns, "
        "case when exists (select 1 from blocks b where b.user_id = m.user_id or b.blocked_id = m.user_id) "
        "then 1 else 0 end as blocks "
        "from rooms r join members m on m.booking_id = r.booking_id "
        "where r.booking_id = $1 and m.user_id = $2 and m.until_seq is null",
        booking_id,
        user_id,
    )


def advance(tx: Tx, booking_id: str, seq: int, moment: int) -> None:
    tx.run("update rooms set last_seq = $2, last_message_at = $3 where booking_id = $1", booking_id, seq, moment)


def count_unread(tx: Tx, booking_id: str, sender_id: str, moment: int) -> list[str]:
    """One more unread for everybody but the sender; who is present. The room is locked, so no order matters here."""
    return tx.all(
        str,
        "update members set active_at = $3, archived = 0, "
        "unread = unread + (case when user_id = $2 then 0 else 1 end) "
        "where booking_id = $1 and until_seq is null returning user_id",
        booking_id,
        sender_id,
        moment,
    )


def touch(tx: Tx, booking_id: str, moment: int) -> list[str]:
    """Something has happened that nobody wrote; who is present."""
    return tx.all(
        str,
        "update members set active_at = $2, archived = 0 where booking_id = $1 and until_seq is null returning user_id",
        booking_id,
        moment,
    )


def progress(tx: Tx, booking_id: str, viewer_id: str) -> list[Progress]:
    sql = f"select m.user_id as id, {PROGRESS} where m.booking_id = $1 order by m.user_id"
    return tx.all(Progress, sql, booking_id, viewer_id)


def insert_room(tx: Tx, booking_id: str, closes_at: int | None) -> None:
    tx.run("insert into rooms (booking_id, closes_at) values ($1, $2)", booking_id, closes_at)


def close_at(tx: Tx, booking_id: str, closes_at: int | None) -> None:
    tx.run("update rooms set closes_at = $2 where booking_id = $1", booking_id, closes_at)


def add_member(tx: Tx, booking_id: str, user_id: str, added_by: str | None) -> None:
    """A new member sees the room from its start; a former one comes back to where they were."""
    tx.run(
        "insert into members (booking_id, user_id, active_at, added_by, status, unread) values ($1, $2, $3, $4, "
        "(select status from bookings where id = $1), "
        "(select count(*) from messages where booking_id = $1 and sender_id is not null)) "
        "on conflict (booking_id, user_id) do update set until_seq = null, left_with = null, "
        "status = excluded.status, archived = 0, added_by = excluded.added_by, active_at = excluded.active_at, "
        "unread = (select count(*) from messages where messages.booking_id = members.booking_id "
        "and messages.seq > members.read_seq and messages.sender_id <> members.user_id)",
        booking_id,
        user_id,
        tx.now,
        added_by,
    )


def lock_place(tx: Tx, booking_id: str) -> Place:
    """Of a booking's room, which is there; its row is locked until the commit."""
    found = tx.lock(Place, "select last_seq, last_message_at from rooms where booking_id = $1", booking_id)
    if found is None:
        raise LookupError(booking_id)
    return found


def set_status(tx: Tx, booking_id: str, status: str) -> None:
    """As the present members see it; whoever left keeps what was then."""
    tx.run("update members set status = $2 where booking_id = $1 and until_seq is null", booking_id, status)


def present_members(tx: Tx, booking_id: str) -> list[str]:
    return tx.all(str, "select user_id from members where booking_id = $1 and until_seq is null", booking_id)


def present_with_sponsors(tx: Tx, booking_id: str) -> list[tuple[str, str | None]]:
    """Who is present, and who added them: nobody, for the booking's own provider and customer."""
    return tx.all(
        _sponsored,
        "select user_id, added_by from members where booking_id = $1 and until_seq is null order by user_id",
        booking_id,
    )


def end_membership(tx: Tx, booking_id: str, user_id: str, seq: int, left: LeftWith) -> None:
    tx.run(
        "update members set until_seq = $3, left_with = $4 where booking_id = $1 and user_id = $2",
        booking_id,
        user_id,
        seq,
        msgspec.json.encode(left).decode(),
    )


def members_of(tx: Tx, booking_ids: Sequence[str], viewer_id: str) -> list[Member]:
    """Present and former members of these rooms, by room, its provider and its customer first."""
    return tx.all(
        Member,
        f"select m.booking_id, u.id, u.role, u.name, m.until_seq, {PROGRESS} join users u on u.id = m.user_id "
        "where m.booking_id in (select value from json_each(cast($1 as text))) "
        "order by m.booking_id, case when m.added_by is null then 0 else 1 end, u.role desc, u.id",
        msgspec.json.encode(booking_ids).decode(),
        viewer_id,
    )


def _sponsored(user_id: str, added_by: str | None) -> tuple[str, str | None]:
    return user_id, added_by
