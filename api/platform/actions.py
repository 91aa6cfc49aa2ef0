"""What follows when the platform tells us of a user or a booking."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from api.chat import actions as rooms
from api.chat.conversations.renaming import renamed
from api.chat.location import actions as location
from api.chat.notices import actions as notices
from api.clock import milliseconds, rfc3339
from api.db import Tx
from api.errors import InvalidRequest, NotFound, UnknownBooking, UnknownUser
from api.etags import IfMatch, tag
from api.notifications import told
from api.notifications.feedback import actions as feedback
from api.platform import events, queries
from api.platform.types import Booking, BookingDraft, EventDraft, PlatformEvent, User, UserDraft
from api.settings import Settings

Forget = Callable[[str], None]
# What can be written with four digits for the year, in UTC.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def put_user(tx: Tx, user_id: str, draft: UserDraft, condition: IfMatch, forget: Forget) -> tuple[User, bool]:
    """The user as recorded, and whether it is new. `forget` drops the user's remembered tokens."""
    there = queries.lock_user(tx, user_id)
    condition.check(tag(there.version) if there else None)
    if there is None:
        if new := queries.insert_user(tx, user_id, draft):
            return new, True
        # Another process put the same user a moment ago; what it put is now ours to replace.
    elif _same(there, draft):
        return there, False
    tx.after_commit(forget, user_id)
    changed = queries.update_user(tx, user_id, draft)
    if there is not None and (there.name, there.role) != (changed.name, changed.role):
        renamed(tx, user_id, changed.version)
    return changed, False


def revoke(tx: Tx, user_id: str, forget: Forget) -> None:
    """Refuse every token of the user issued in this second or before. Raises NotFound."""
    if not queries.revoke(tx, user_id):
        raise NotFound
    tx.after_commit(forget, user_id)


def put_booking(
    tx: Tx, booking_id: str, draft: BookingDraft, condition: IfMatch, settings: Settings
) -> tuple[Booking, bool]:
    """The booking as recorded, and whether it is new; its room follows. Raises UnknownUser, InvalidRequest."""
    _check_instant("/scheduledAt", draft.scheduled_at)
    if draft.provider_id == draft.customer_id:
        raise InvalidRequest.at("/customerId", "invalid", "must be somebody else than the provider")
    people = [draft.provider_id, draft.customer_id]
    if len(queries.known_users(tx, msgspec.json.encode(people).decode())) < 2:
        raise UnknownUser
    there = queries.lock_booking(tx, booking_id)
    condition.check(tag(there.version) if there else None)
    if there is None and (new := queries.insert_booking(tx, booking_id, draft)):
        rooms.open_room(tx, booking_id, people, draft.status, settings)
        return new, True
    # Where another process put the same booking a moment ago, what it put is now ours to replace.
    there = there or queries.lock_booking(tx, booking_id)
    if there is not None and _same(there, draft):
        return there, False
    present = rooms.dismiss(tx, booking_id, people)
    changed = queries.update_booking(tx, booking_id, draft)
    rooms.follow(tx, changed, there.status if there else changed.status, present, settings)
    location.booking_changed(tx, booking_id)
    if changed.status == "completed":
        feedback.job_completed(tx, booking_id)
    return changed, False


def take_event(tx: Tx, draft: EventDraft, author_id: str) -> PlatformEvent:
    """Store an event once, tell whoever it concerns, and say in the room what happened to its booking.

    One with a known id returns the first. Raises InvalidRequest, UnknownUser, UnknownBooking.
    """
    events.check(draft)
    _check_instant("/occurredAt", draft.occurred_at)
    if draft.user_id is not None and queries.user(tx, draft.user_id) is None:
        raise UnknownUser
    booking = None if draft.booking_id is None else queries.booking(tx, draft.booking_id)
    if draft.booking_id is not None and booking is None:
        raise UnknownBooking
    told.check(draft.type, draft.data)
    event = queries.insert_event(tx, draft)
    if event is None:
        return queries.event(tx, draft.id)
    told.tell(tx, event, author_id, booking)
    if event.booking_id is not None and event.type == "booking.created":
        notices.report(tx, event.booking_id, "created", f"user:{event.user_id}")
    elif event.booking_id is not None and event.type == "booking.status_changed":
        notices.report(tx, event.booking_id, event.data["status"], f"user:{event.user_id}")
    return event


def _check_instant(pointer: str, moment: datetime | None) -> None:
    if moment is not None and not EARLIEST <= moment <= LATEST:
        raise InvalidRequest.at(pointer, "out_of_range", "must be in the years 1970 to 9999")


def _same(there: User | Booking, draft: UserDraft | BookingDraft) -> bool:
    return all(getattr(there, name) == _stored(getattr(draft, name)) for name in draft.__struct_fields__)


def _stored(value: Any) -> Any:
    return rfc3339(milliseconds(value)) if isinstance(value, datetime) else value
