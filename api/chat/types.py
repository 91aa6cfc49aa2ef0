"""Messages, conversations and what callers send to change them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.auth import Role
from api.clock import Time
from api.db.rows import Record
from api.ids import PlatformId
from api.paging import Page
from api.platform.types import BookingStatus
from api.requests import Body

MessageType = Literal["text"]
MessageId = Annotated[str, Meta(min_length=1, max_length=64)]


class Draft(Body):
    """`text`: at most CHAT_MESSAGE_LIMIT characters. Repeat a `clientMessageId` and you get the first message again."""

    text: Annotated[str, Meta(min_length=1)]
    type: MessageType = "text"
    client_message_id: PlatformId | None = None


class Read(Body):
    """Either the messages that were read, or a room and the `seq` up to which it was."""

    message_ids: Annotated[list[MessageId], Meta(min_length=1, max_length=100)] | None = None
    booking_id: PlatformId | None = None
    seq: Annotated[int, Meta(ge=0, lt=2**53)] | None = None


class Person(Record):
    id: str
    role: Role
    name: str


class Message(Record, kw_only=True):
    """`seq` counts from 1 in each room, without gaps. `read_by`: ids of the other members who have read it."""

    id: str
    booking_id: str
    seq: int
    sender: Person
    type: MessageType
    text: str
    attachments: list[str] = []
    location: None = None
    reply_to: None = None
    client_message_id: str | None
    created_at: Time
    edited_at: Time | None = None
    deleted_at: Time | None = None
    read_by: list[str] = []


class History(Record):
    """`items` in order of `seq`."""

    items: list[Message]
    has_more_before: bool
    has_more_after: bool


class Unread(Record):
    unread: int


class Receipt(Record):
    """A member has read a room up to `seq`; `unread` is what is left for them there."""

    booking_id: str
    user_id: str
    seq: int
    unread: int


class UnreadCount(Record):
    total: int
    by_booking: dict[str, int]


class Conversation(Record):
    """A room as its member sees it, a former one as it was then; `active_at` is its last message, or its beginning."""

    booking_id: str
    booking_status: BookingStatus
    service: str
    scheduled_at: Time | None
    members: list[Person]
    last_message: Message | None
    unread: int
    read_seq: int
    active_at: Time


class Member(Record):
    """`until_seq` is null for a present member."""

    booking_id: str
    id: str
    role: Role
    name: str
    read_seq: int
    until_seq: int | None


class ConversationPage(Record):
    items: list[Conversation]
    page: Page
    total: int | msgspec.UnsetType = msgspec.UNSET


class LeftWith(Record):
    """What a former member last saw of a room; `read_seqs` by member."""

    booking_status: BookingStatus
    service: str
    scheduled_at: Time | None
    members: list[Person]
    read_seqs: dict[str, int]


class Room(Record):
    """A room as one member may see it: up to `last_seq`, and for a former one as it was then."""

    booking_id: str
    last_seq: int
    last_message_at: int
    read_seq: int
    left_with: LeftWith | None
