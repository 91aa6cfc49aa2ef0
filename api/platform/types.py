"""What the home-services platform tells us."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from api.auth import Role
from api.clock import Time
from api.db.rows import Record
from api.ids import PlatformId
from api.requests import Body

BookingStatus = Literal["requested", "confirmed", "in_progress", "completed", "cancelled", "disputed"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Instant = Annotated[datetime, Meta(tz=True)]


class UserDraft(Body):
    """`timezone` is an IANA zone, `locale` a BCP 47 tag. A field left out becomes null; `disabled` becomes false."""

    role: Role
    name: Name
    email: Annotated[str, Meta(max_length=254)] | None = None
    phone: Annotated[str, Meta(max_length=32)] | None = None
    timezone: Annotated[str, Meta(max_length=64)] | None = None
    locale: Annotated[str, Meta(max_length=35)] | None = None
    disabled: bool = False


class User(Record):
    id: str
    role: Role
    name: str
    email: str | None
    phone: str | None
    timezone: str | None
    locale: str | None
    disabled: bool
    version: int
    created_at: Time
    updated_at: Time


class BookingDraft(Body):
    """Both people must be known already."""

    provider_id: PlatformId
    customer_id: PlatformId
    service: Name
    status: BookingStatus
    scheduled_at: Instant | None = None


class Booking(Record):
    id: str
    provider_id: str
    customer_id: str
    service: str
    status: BookingStatus
    scheduled_at: Time | None
    version: int
    created_at: Time
    updated_at: Time


EventType = Literal[
    "booking.created",
    "booking.status_changed",
    "payment.received",
    "withdrawal.status_changed",
    "review.created",
    "rating.updated",
    "system.announcement",
]


class EventDraft(Body):
    """`userId` is who is told; `system.announcement` has none, but an audience. `id` is the platform's own.

    `booking.…` need `bookingId`, and `booking.status_changed` the new `status` in `data`. `occurredAt`: now, when left
    out.
    """

    id: PlatformId
    type: EventType
    user_id: PlatformId | None = None
    booking_id: PlatformId | None = None
    occurred_at: Instant | None = None
    data: dict[str, Any] = {}


class PlatformEvent(Record):
    id: str
    type: EventType
    user_id: str | None
    booking_id: str | None
    occurred_at: Time
    data: dict[str, Any]
    received_at: Time
