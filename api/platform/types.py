"""What the home-services platform tells us."""

from datetime import datetime
from typing import Annotated, Literal

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
