"""What the system says in a room about its booking."""

from typing import Literal

from api.chat import queries as rooms
from api.chat.messages.actions import announce
from api.chat.notices import queries
from api.db import Tx
from api.platform.types import BookingStatus

Change = Literal["created"] | BookingStatus
# The platform's record of a booking, as a source of changes; the other ones are users who are told of them by events.
RECORD = "record"
TEXTS: dict[Change, str] = {
    "created": "The booking was created.",
    "requested": "The booking is requested again.",
    "confirmed": "The booking is confirmed.",
    "in_progress": "The work has begun.",
    "completed": "The booking is completed.",
    "cancelled": "The booking was cancelled.",
    "disputed": "The booking is disputed.",
}


def report(tx: Tx, booking_id: str, change: Change, source: str) -> None:
    """Say it in the room, unless another source has reported the same change already.

    The platform records a status and sends an event to each user it concerns, in any order: each of them reports a
    change once, so what one of them has not reported yet is the change that another has.
    """
    place = rooms.lock_place(tx, booking_id)
    seq = queries.unreported(tx, booking_id, change, source)
    if seq is None:
        seq = announce(tx, booking_id, place, TEXTS[change]).seq
    queries.add(tx, booking_id, seq, change, source)
