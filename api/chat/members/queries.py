"""One function, one statement."""

from api.chat.members.types import Standing
from api.chat.types import Person
from api.db import Tx


def lock_room(tx: Tx, booking_id: str) -> str | None:
    """None where there is no such room."""
    return tx.lock(str, "select booking_id from rooms where booking_id = $1", booking_id)


def standing(tx: Tx, booking_id: str, user_id: str) -> Standing:
    return tx.only(
        Standing,
        "select r.last_seq, r.last_message_at, b.status as booking_status, "
        "case when m.user_id is not null and m.until_seq is null then 1 else 0 end as present, "
        "case when b.provider_id = $2 then 1 else 0 end as is_provider "
        "from rooms r join bookings b on b.id = r.booking_id "
        "left join members m on m.booking_id = r.booking_id and m.user_id = $2 where r.booking_id = $1",
        booking_id,
        user_id,
    )


def person(tx: Tx, user_id: str) -> Person | None:
    return tx.one(Person, "select id, role, name from users where id = $1 and disabled = 0", user_id)


def name(tx: Tx, user_id: str) -> str:
    return tx.only(str, "select name from users where id = $1", user_id)
