"""What somebody of the platform tells many at once."""

from typing import Annotated, Literal

from msgspec import Meta

from api.clock import Time
from api.db.rows import Record
from api.ids import PlatformId
from api.notifications.kinds import Priority
from api.paging import Page
from api.platform.types import Instant
from api.requests import Body

Audience = Literal["provider", "customer", "agent", "admin"]


class AnnouncementDraft(Body):
    """To everybody, to a `role`, or to `userIds`; at once or at `startsAt`, and shown until `endsAt`."""

    title: Annotated[str, Meta(min_length=1, max_length=120)]
    body: Annotated[str, Meta(min_length=1, max_length=4000)]
    priority: Priority = "medium"
    role: Audience | None = None
    user_ids: Annotated[list[PlatformId], Meta(min_length=1, max_length=500)] | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None


class Announcement(Record):
    """`reached`: how many people have been told so far."""

    id: str
    title: str
    body: str
    priority: Priority
    role: Audience | None
    user_ids: list[str] | None
    author_id: str
    starts_at: Time
    ends_at: Time | None
    cancelled_at: Time | None
    reached: int
    created_at: Time


class AnnouncementPage(Record):
    items: list[Announcement]
    page: Page
