"""One function, one statement."""

from typing import Any

from api.chat.location.types import Position
from api.clock import rfc3339
from api.db import Tx
from api.platform.types import BookingStatus

ACTIVE: tuple[BookingStatus, ...] = ("confirmed", "in_progress")
IS_ACTIVE = f"b.status in ({', '.join(repr(status) for status in ACTIVE)})"
MILLION = 1_000_000


def position(*row: Any) -> Position:
    user_id, latitude, longitude, accuracy, updated_at, ends_at = row
    place = (latitude / MILLION, longitude / MILLION, accuracy)
    return Position(user_id, *place, rfc3339(updated_at), rfc3339(ends_at))


def current(tx: Tx, booking_id: str) -> list[Position]:
    """Shares that run, of present members, while the booking is active; by member."""
    return tx.all(
        position,
        "select l.user_id, l.latitude, l.longitude, l.accuracy, l.updated_at, l.ends_at from locations l "
        "join bookings b on b.id = l.booking_id "
        "join members m on m.booking_id = l.booking_id and m.user_id = l.user_id and m.until_seq is null "
        f"where l.booking_id = $1 and l.ends_at > $2 and {IS_ACTIVE} order by l.user_id",
        booking_id,
        tx.now,
    )


def is_active(tx: Tx, booking_id: str) -> bool:
    return tx.value(f"select 1 from bookings b where b.id = $1 and {IS_ACTIVE}", booking_id) is not None


def end_of_share(tx: Tx, booking_id: str, user_id: str) -> int | None:
    """When a share that runs ends."""
    found: int | None = tx.value(
        "select ends_at from locations where booking_id = $1 and user_id = $2 and ends_at > $3",
        booking_id,
        user_id,
        tx.now,
    )
    return found


def put(
    tx: Tx, booking_id: str, user_id: str, latitude: int, longitude: int, accuracy: int | None, ends_at: int
) -> Position:
    """In millionths of a degree; what was there before is gone."""
    return tx.only(
        position,
        "insert into locations (booking_id, user_id, latitude, longitude, accuracy, updated_at, ends_at) "
        "values ($1, $2, $3, $4, $5, $6, $7) on conflict (booking_id, user_id) do update set "
        "latitude = excluded.latitude, longitude = excluded.longitude, accuracy = excluded.accuracy, "
        "updated_at = excluded.updated_at, ends_at = excluded.ends_at "
        "returning user_id, latitude, longitude, accuracy, updated_at, ends_at",
        booking_id,
        user_id,
        latitude,
        longitude,
        accuracy,
        tx.now,
        ends_at,
    )


def remove(tx: Tx, booking_id: str, user_id: str) -> int:
    return tx.run("delete from locations where booking_id = $1 and user_id = $2", booking_id, user_id)


def remove_ended(tx: Tx, booking_id: str, user_id: str) -> int:
    return tx.run(
        "delete from locations where booking_id = $1 and user_id = $2 and ends_at <= $3", booking_id, user_id, tx.now
    )


def remove_unfounded(tx: Tx, booking_id: str) -> list[str]:
    """Shares in a booking that is no longer active, and of those who are no longer its members; whose they were."""
    return tx.all(
        str,
        "delete from locations where booking_id = $1 and "
        f"(not exists (select 1 from bookings b where b.id = $1 and {IS_ACTIVE}) or user_id not in "
        "(select user_id from members where booking_id = $1 and until_seq is null)) returning user_id",
        booking_id,
    )
