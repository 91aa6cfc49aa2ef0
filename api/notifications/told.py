"""The platform's events as notices to the people they concern."""

from collections.abc import Mapping
from typing import Any

from api.db import Tx
from api.errors import InvalidRequest
from api.notifications.actions import notify
from api.notifications.announcements.actions import announce
from api.notifications.announcements.types import AnnouncementDraft
from api.notifications.times import shown
from api.notifications.types import Notice
from api.platform import queries as platform
from api.platform.types import Booking, PlatformEvent
from api.requests import fit

# What each type's `data` must hold for its text; all of it is text or a number.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "payment.received": ("amount", "currency"),
    "withdrawal.status_changed": ("amount", "currency", "status"),
    "review.created": ("rating",),
    "rating.updated": ("rating",),
}
ACTIONS = {"payment": "/earnings", "withdrawal": "/earnings", "review": "/reviews", "rating": "/reviews"}
LONGEST = 100


def check(event_type: str, data: Mapping[str, Any]) -> None:
    """Raises InvalidRequest where a text could not be made of it."""
    for name in NEEDED.get(event_type, ()):
        value = data.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or not 0 < len(str(value)) <= LONGEST:
            raise InvalidRequest.at(f"/data/{name}", "required", "must be a short text or a number")


def tell(tx: Tx, event: PlatformEvent, author_id: str, booking: Booking | None) -> None:
    """Tell whoever an event concerns. Raises InvalidRequest."""
    if event.type == "system.announcement":
        announce(tx, author_id, fit(_audience(event.data), AnnouncementDraft))
        return
    user_id = event.user_id or ""
    kind = event.type.partition(".")[0]
    at = f"/bookings/{booking.id}" if booking and kind == "booking" else ACTIONS.get(kind)
    notice = Notice(
        kind=event.type,
        values=_values(tx, event, booking),
        # A booking's news are of no interest once it is cancelled, but for the news that it is.
        cause=f"booking:{booking.id}" if booking and event.type == "booking.created" else f"event:{event.id}",
        dedupe_key=f"event:{event.id}",
        action=at,
        booking_id=event.booking_id,
    )
    notify(tx, [user_id], notice)


def _audience(data: Mapping[str, Any]) -> dict[str, Any]:
    """`audience`: "all", a role, or a list of user ids."""
    rest = {name: value for name, value in data.items() if name != "audience"}
    audience = data.get("audience", "all")
    if isinstance(audience, list):
        return rest | {"userIds": audience}
    return rest if audience == "all" else rest | {"role": audience}


def _values(tx: Tx, event: PlatformEvent, booking: Booking | None) -> dict[str, Any]:
    data = event.data
    if booking is not None and event.type.startswith("booking."):
        zone = platform.timezone(tx, event.user_id or "")
        values: dict[str, Any] = {"service": booking.service, "when": shown(booking.scheduled_at, zone)}
        return values | ({"status": _words(data["status"])} if event.type == "booking.status_changed" else {})
    values = {name: data[name] for name in NEEDED[event.type] if name != "currency"}
    if "amount" in values:
        values["amount"] = f"{data['amount']} {data['currency']}"
    return values | ({"status": _words(data["status"])} if "status" in values else {})


def _words(status: Any) -> str:
    return str(status).replace("_", " ")


def unwanted(tx: Tx, user_id: str, booking_id: str) -> str | None:
    """Asked before the news of a booking goes out: it was cancelled, or is somebody else's now."""
    booking = platform.booking(tx, booking_id)
    gone = booking is None or booking.status == "cancelled" or user_id not in (booking.provider_id, booking.customer_id)
    return "handled" if gone else None
