"""One function, one statement."""

from api.db import Tx
from api.db.rows import Record


class Waiting(Record):
    """What a present member has not read and wants to hear of; `sender` is the name of whoever wrote last."""

    unread: int
    last_seq: int
    service: str
    sender: str


def waiting(tx: Tx, booking_id: str, user_id: str) -> Waiting | None:
    return tx.one(
        Waiting,
        "select m.unread, r.last_seq, b.service, u.name as sender from members m "
        "join rooms r on r.booking_id = m.booking_id join bookings b on b.id = m.booking_id "
        "join messages x on x.booking_id = m.booking_id and x.seq = (select max(y.seq) from messages y "
        "where y.booking_id = m.booking_id and y.seq > m.read_seq and y.type <> 'system' and y.sender_id <> m.user_id "
        "and not exists (select 1 from blocks k where k.user_id = m.user_id and k.blocked_id = y.sender_id)) "
        "join users u on u.id = x.sender_id "
        "where m.booking_id = $1 and m.user_id = $2 and m.until_seq is null and m.unread > 0 "
        "and (m.muted_until is null or m.muted_until <= $3)",
        booking_id,
        user_id,
        tx.now,
    )
