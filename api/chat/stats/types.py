"""What the figures of a user's chats are read and answered as."""

import msgspec

from api.clock import Time
from api.db.rows import Record


class Conversations(Record):
    """A user's rooms at this moment; `active` is how many of them they may write in."""

    total: int
    active: int
    unread: int


class Stats(Record, kw_only=True):
    """Conversations and unread messages as they are now, everything else of the window from `from` up to `to`.

    Seconds are null where nothing was answered, rates where nothing was asked; averages are exact, medians within 5 %.
    `first`: the answer to the message that began a conversation; `next`: every later one.
    """

    from_: Time = msgspec.field(name="from")
    to: Time
    timezone: str
    total_conversations: int
    active_conversations: int
    unread_messages: int
    recent_messages: int
    response_rate: float | None
    average_response_seconds: float | None
    median_response_seconds: float | None
    first_response_rate: float | None
    average_first_response_seconds: float | None
    median_first_response_seconds: float | None
    average_next_response_seconds: float | None
    median_next_response_seconds: float | None
