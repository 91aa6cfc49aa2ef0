"""Messages, conversations and what callers send to change them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.auth import Role
from api.chat.filter.types import Finding
from api.clock import Time
from api.db.rows import Record
from api.files.types import Attachment
from api.ids import PlatformId
from api.paging import Page
from api.platform.types import BookingStatus, Instant
from api.requests import Body

DraftType = Literal["text", "image", "file", "voice", "location"]
MessageType = Literal["text", "image", "file", "voice", "location", "system"]
RoomState = Literal["active", "unread", "archived"]
MessageId = Annotated[str, Meta(min_length=1, max_length=64)]
MOST_ATTACHMENTS = 10


class Location(Body):
    """A point in degrees (WGS 84), kept to the millionth; `accuracy` in metres."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    accuracy: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None


class Draft(Body):
    """`text`: at most CHAT_MESSAGE_LIMIT characters; besides files or a location it may be left out.

    `image`, `file` and `voice` need `attachmentIds`, `location` needs `location`. `replyTo` is a message of the same
    room. Repeat a `clientMessageId` and you get the first message again.
    """

    type: DraftType = "text"
    text: str | None = None
    attachment_ids: Annotated[list[MessageId], Meta(min_length=1, max_length=MOST_ATTACHMENTS)] | None = None
    location: Location | None = None
    reply_to: MessageId | None = None
    client_message_id: PlatformId | None = None


class Edit(Body):
    """The new text, in the place of the one before."""

    text: str


class Read(Body):
    """Either the messages that were read, or a room and the `seq` up to which it was."""

    message_ids: Annotated[list[MessageId], Meta(min_length=1, max_length=100)] | None = None
    booking_id: PlatformId | None = None
    seq: Annotated[int, Meta(ge=0, lt=2**53)] | None = None


class Mute(Body):
    """`until`: a moment that lies ahead; left out, until it is unmuted."""

    until: Instant | None = None


class Person(Record):
    id: str
    role: Role
    name: str


# Who speaks where nobody wrote: told apart by the type `system`, whatever a user is called.
SYSTEM = Person("system", "service", "Porchlight")


class Message(Record, kw_only=True):
    """`seq` counts from 1 in each room, without gaps. `read_by`: ids of the other members who have read it;
    `delivered_to`: of those whose devices have been sent it, but for you. Whoever keeps their receipts to themselves is
    in neither.

    `version` counts its edits, and its deletion, from 1 on; a deleted message has no content any more. A `held` one
    waits for an agent, and until then has content for its sender only. `warnings`: what was found in the text that was
    sent, in the answer to its sender only.
    """

    id: str
    booking_id: str
    seq: int
    sender: Person
    type: MessageType
    text: str
    attachments: list[Attachment] = []
    location: Location | None = None
    reply_to: str | None = None
    client_message_id: str | None = None
    created_at: Time
    edited_at: Time | None = None
    deleted_at: Time | None = None
    version: int = 1
    held: bool = False
    read_by: list[str] = []
    delivered_to: list[str] = []
    warnings: list[Finding] | msgspec.UnsetType = msgspec.UNSET


class MessageChange(Record):
    """That a message was edited or deleted, never what stood there: whoever may see it reads it anew."""

    id: str
    booking_id: str
    seq: int
    version: int


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
    """A room as its member sees it, a former one as it was then; `active_at` is its last message, or its beginning.

    `writable_until` is null while the booking goes on. `archived`, `marked_unread` and `muted_until` are what the
    member has decided, `blocked` the ids of those in the room whom they have blocked. Events come without the last
    message, which may be edited.
    """

    booking_id: str
    booking_status: BookingStatus
    service: str
    scheduled_at: Time | None
    members: list[Person]
    unread: int
    read_seq: int
    active_at: Time
    writable: bool
    writable_until: Time | None
    archived: bool
    marked_unread: bool
    muted_until: Time | None
    blocked: list[str] = []
    last_message: Message | msgspec.UnsetType | None = msgspec.UNSET


class Progress(Record):
    """How far a member has read a room and been sent it, as somebody else may see it."""

    id: str
    read_seq: int
    delivered_seq: int


class Member(Record):
    """With their `Progress`; `until_seq` is null for a present member."""

    booking_id: str
    id: str
    role: Role
    name: str
    until_seq: int | None
    read_seq: int
    delivered_seq: int


class Chosen(msgspec.Struct, frozen=True):
    """Which rooms a list holds; None for all. `words`: beginnings, each of them that of a word of the room."""

    status: BookingStatus | None
    state: RoomState | None
    words: tuple[str, ...] | None


class ConversationPage(Record):
    items: list[Conversation]
    page: Page
    total: int | msgspec.UnsetType = msgspec.UNSET


class LeftWith(Record):
    """What a former member last saw of a room."""

    booking_status: BookingStatus
    service: str
    scheduled_at: Time | None
    members: list[Person]
    progress: list[Progress]


class Room(Record):
    """A room as one member may see it: up to `last_seq`, and for a former one as it was then.

    Only known of a room that was locked: whose answer is waited for (`asked_id`) since when (`asked_at`), how often one
    was (`turns`), and whether there is somebody whom the member has blocked or who has blocked them (`blocks`).
    """

    booking_id: str
    last_seq: int
    last_message_at: int
    read_seq: int
    left_with: LeftWith | None
    closes_at: int | None
    asked_id: str | None = None
    asked_at: int = 0
    turns: int = 0
    blocks: bool = False

    def is_closed(self, now: int) -> bool:
        return self.closes_at is not None and self.closes_at <= now


class Place(Record):
    """How far a room has come."""

    last_seq: int
    last_message_at: int
