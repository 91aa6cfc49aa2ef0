"""What an event of the platform must say."""

from typing import get_args

from api.errors import InvalidRequest
from api.platform.types import BookingStatus, EventDraft

STATUSES: tuple[BookingStatus, ...] = get_args(BookingStatus)


def check(draft: EventDraft) -> None:
    """Raises InvalidRequest."""
    announced = draft.type == "system.announcement"
    if draft.user_id is None and not announced:
        raise InvalidRequest.at("/userId", "required", "is missing")
    if draft.user_id is not None and announced:
        raise InvalidRequest.at("/userId", "misplaced", "does not belong to an announcement")
    if draft.booking_id is None and draft.type.startswith("booking."):
        raise InvalidRequest.at("/bookingId", "required", "is missing")
    if draft.type == "booking.status_changed" and draft.data.get("status") not in STATUSES:
        raise InvalidRequest.at("/data/status", "invalid", f"is none of {', '.join(STATUSES)}")
