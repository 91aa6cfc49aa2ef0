"""The life of a room: it opens with its booking, changes members with it, and closes some time after it."""

from collections.abc import Iterable, Sequence

import msgspec

from api.chat import queries
from api.chat.conversations.actions import name, with_members
from api.chat.conversations.queries import conversation_of
from api.chat.notices import actions as notices
from api.chat.search import actions as search
from api.chat.stats.queries import begin_anew
from api.chat.types import LeftWith
from api.db import Tx
from api.live import stream
from api.platform.types import Booking, BookingStatus
from api.settings import Settings

HOUR = 3_600_000
ENDED = ("completed", "cancelled")


def open_room(tx: Tx, booking_id: str, people: Sequence[str], status: BookingStatus, settings: Settings) -> None:
    """The room of a booking that was just recorded."""
    queries.insert_room(tx, booking_id, closes_at(status, tx.now, settings))
    for user_id in people:
        queries.add_member(tx, booking_id, user_id, None)
    tell_conversation(tx, booking_id, people)


def closes_at(status: BookingStatus, now: int, settings: Settings) -> int | None:
    return now + settings.room_close_hours * HOUR if status in ENDED else None


def tell_conversation(tx: Tx, booking_id: str, people: Iterable[str]) -> None:
    """Each hears of the room as they see it themselves, but for what was written: that may be edited, and this not.

    And by what they see of it they find it from now on.
    """
    for user_id in people:
        found = conversation_of(tx, booking_id, user_id)
        with_members(tx, user_id, [found])
        name(tx, found, user_id)
        found.last_message = msgspec.UNSET
        stream.tell(tx, [stream.user_topic(user_id)], "conversation.updated", booking_id, found)


def dismiss(tx: Tx, booking_id: str, people: Sequence[str]) -> list[str]:
    """Before a booking changes: who it no longer names leaves, and whom they added. Who was in the room."""
    last_seq = queries.lock_place(tx, booking_id).last_seq
    present = queries.present_with_sponsors(tx, booking_id)
    gone = {user_id for user_id, added_by in present if added_by is None} - set(people)
    gone |= {user_id for user_id, added_by in present if added_by in gone} - set(people)
    for user_id in sorted(gone):
        leave(tx, booking_id, user_id, last_seq)
    if gone:
        begin_anew(tx, booking_id)
    return [user_id for user_id, _ in present]


def leave(tx: Tx, booking_id: str, user_id: str, last_seq: int) -> None:
    """Under the room's lock: a member keeps it as it is now."""
    seen = conversation_of(tx, booking_id, user_id)
    with_members(tx, user_id, [seen])
    progress = queries.progress(tx, booking_id, user_id)
    left = LeftWith(seen.booking_status, seen.service, seen.scheduled_at, seen.members, progress)
    queries.end_membership(tx, booking_id, user_id, last_seq, left)


def follow(tx: Tx, booking: Booking, was: BookingStatus, present: Sequence[str], settings: Settings) -> None:
    """After a booking has changed: who is new sees all of its room, everybody hears of it, and a new status is said."""
    people = [booking.provider_id, booking.customer_id]
    own = [user_id for user_id, added_by in queries.present_with_sponsors(tx, booking.id) if added_by is None]
    for user_id in people:
        if user_id not in own:
            queries.add_member(tx, booking.id, user_id, None)
            search.admit(tx, booking.id, user_id)
    if booking.status != was:
        queries.set_status(tx, booking.id, booking.status)
        queries.close_at(tx, booking.id, closes_at(booking.status, tx.now, settings))
    # Who is new hears of the room before they hear what is said in it.
    tell_conversation(tx, booking.id, dict.fromkeys([*present, *people]))
    if booking.status != was:
        notices.report(tx, booking.id, booking.status, notices.RECORD)
