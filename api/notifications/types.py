"""Notifications, and what callers send about them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from api.clock import Time
from api.db.rows import Record
from api.ids import PlatformId
from api.notifications.kinds import Category, Priority
from api.paging import Page
from api.requests import Body

State = Literal["active", "unread", "archived"]
Change = Literal["counted", "read", "seen", "archived", "restored", "deleted"]
NotificationId = Annotated[str, Meta(min_length=1, max_length=64)]


class Notice(msgspec.Struct, frozen=True):
    """Something that people are to be told.

    `cause`: what it is about, kind and id ("booking:12"). `dedupe_key`: once for each person and key. `group`:
    while one of it is unread, `values["count"]` is told anew instead of another one. `action`: what the app opens.
    """

    kind: str
    values: dict[str, Any]
    cause: str
    dedupe_key: str
    action: str | None = None
    booking_id: str | None = None
    group: str | None = None
    priority: Priority | None = None
    ends_at: int | None = None


class Person(Record):
    """Whoever is told, and in which language."""

    id: str
    locale: str | None


class Notification(Record):
    """`count` is more than 1 where further ones were folded into it; `active_at` is the latest of them.

    `action` is the address within the app that it is about.
    """

    id: str
    type: str
    category: Category
    priority: Priority
    title: str
    body: str
    action: str | None
    booking_id: str | None
    count: int
    created_at: Time
    active_at: Time
    seen_at: Time | None
    read_at: Time | None
    archived_at: Time | None


class NotificationPage(Record):
    items: list[Notification]
    page: Page
    total: int | msgspec.UnsetType = msgspec.UNSET


class Counts(Record):
    """`unseen`: came since the list was last looked at; `unread`: not opened yet."""

    unread: int
    unseen: int


class Created(Record):
    """An event: a new notification, and the counts with it."""

    notification: Notification
    counts: Counts


class Marked(Record):
    """An event: what has become of some; `ids` null: of many. `counted`: one counts further things, and is with it."""

    ids: list[str] | None
    change: Change
    counts: Counts
    notification: Notification | None = None


class Marks(Body):
    """Exactly one of `ids`, `category` and `all`."""

    ids: Annotated[list[NotificationId], Meta(min_length=1, max_length=100)] | None = None
    category: Category | None = None
    all: bool = False


class Chosen(Body):
    ids: Annotated[list[NotificationId], Meta(min_length=1, max_length=100)]


class AnnouncementDraft(Body):
    """To everybody, or to a `role`, or to `userIds`; from `startsAt`, shown until `endsAt`."""

    title: Annotated[str, Meta(min_length=1, max_length=120)]
    body: Annotated[str, Meta(min_length=1, max_length=4000)]
    priority: Priority = "medium"
    role: str | None = None
    user_ids: Annotated[list[PlatformId], Meta(min_length=1, max_length=1000)] | None = None
