"""One function, one statement."""

import msgspec

from api.clock import milliseconds
from api.db import Tx
from api.platform.types import Booking, BookingDraft, EventDraft, PlatformEvent, User, UserDraft

USER = "id, role, name, email, phone, timezone, locale, disabled, version, created_at, updated_at"
BOOKING = "id, provider_id, customer_id, service, status, scheduled_at, version, created_at, updated_at"
EVENT = "id, type, user_id, booking_id, occurred_at, data, received_at"


def user(tx: Tx, user_id: str) -> User | None:
    return tx.one(User, f"select {USER} from users where id = $1", user_id)


def timezone(tx: Tx, user_id: str) -> str | None:
    found: str | None = tx.value("select timezone from users where id = $1", user_id)
    return found


def lock_user(tx: Tx, user_id: str) -> User | None:
    return tx.lock(User, f"select {USER} from users where id = $1", user_id)


def insert_user(tx: Tx, user_id: str, draft: UserDraft) -> User | None:
    """None when there is one already."""
    return tx.one(
        User,
        "insert into users (id, role, name, email, phone, timezone, locale, disabled, created_at, updated_at) "
        f"values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) on conflict (id) do nothing returning {USER}",
        user_id,
        draft.role,
        draft.name,
        draft.email,
        draft.phone,
        draft.timezone,
        draft.locale,
        draft.disabled,
        tx.now,
    )


def update_user(tx: Tx, user_id: str, draft: UserDraft) -> User:
    return tx.only(
        User,
        "update users set role = $2, name = $3, email = $4, phone = $5, timezone = $6, locale = $7, disabled = $8, "
        "auth_changed_at = $9, updated_at = $9, version = version + 1 "
        f"where id = $1 returning {USER}",
        user_id,
        draft.role,
        draft.name,
        draft.email,
        draft.phone,
        draft.timezone,
        draft.locale,
        draft.disabled,
        tx.now,
    )


def revoke(tx: Tx, user_id: str) -> int:
    return tx.run(
        "update users set revoked_at = $2, auth_changed_at = $3 where id = $1", user_id, tx.now // 1000, tx.now
    )


def booking(tx: Tx, booking_id: str) -> Booking | None:
    return tx.one(Booking, f"select {BOOKING} from bookings where id = $1", booking_id)


def lock_booking(tx: Tx, booking_id: str) -> Booking | None:
    return tx.lock(Booking, f"select {BOOKING} from bookings where id = $1", booking_id)


def insert_booking(tx: Tx, booking_id: str, draft: BookingDraft) -> Booking | None:
    """None when there is one already."""
    return tx.one(
        Booking,
        "insert into bookings (id, provider_id, customer_id, service, status, scheduled_at, created_at, updated_at) "
        f"values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict (id) do nothing returning {BOOKING}",
        booking_id,
        draft.provider_id,
        draft.customer_id,
        draft.service,
        draft.status,
        milliseconds(draft.scheduled_at) if draft.scheduled_at else None,
        tx.now,
    )


def update_booking(tx: Tx, booking_id: str, draft: BookingDraft) -> Booking:
    return tx.only(
        Booking,
        "update bookings set provider_id = $2, customer_id = $3, service = $4, status = $5, scheduled_at = $6, "
        f"updated_at = $7, version = version + 1 where id = $1 returning {BOOKING}",
        booking_id,
        draft.provider_id,
        draft.customer_id,
        draft.service,
        draft.status,
        milliseconds(draft.scheduled_at) if draft.scheduled_at else None,
        tx.now,
    )


def known_users(tx: Tx, user_ids: str) -> list[str]:
    """Which of a JSON list of ids are known."""
    return tx.all(str, "select id from users where id in (select value from json_each(cast($1 as text)))", user_ids)


def event(tx: Tx, event_id: str) -> PlatformEvent:
    return tx.only(PlatformEvent, f"select {EVENT} from platform_events where id = $1", event_id)


def insert_event(tx: Tx, draft: EventDraft) -> PlatformEvent | None:
    """None when there is one with this id."""
    return tx.one(
        PlatformEvent,
        f"insert into platform_events ({EVENT}) values ($1, $2, $3, $4, $5, $6, $7) "
        f"on conflict (id) do nothing returning {EVENT}",
        draft.id,
        draft.type,
        draft.user_id,
        draft.booking_id,
        milliseconds(draft.occurred_at) if draft.occurred_at else tx.now,
        msgspec.json.encode(draft.data).decode(),
        tx.now,
    )
