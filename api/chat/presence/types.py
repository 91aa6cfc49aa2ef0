"""Who is there, and who is writing."""

from api.clock import Time
from api.db.rows import Record
from api.ids import PlatformId
from api.requests import Body


class OnlineStatus(Record):
    """Offline and never seen is also what somebody looks like who keeps it to themselves."""

    id: str
    online: bool
    last_seen_at: Time | None


class OnlineStatuses(Record):
    users: list[OnlineStatus]


class TypingDraft(Body):
    typing: bool


class TypingFrame(TypingDraft):
    booking_id: PlatformId


class Typing(Record):
    """True is good for `expires_in_ms` from when it is heard, and null with false."""

    booking_id: str
    user_id: str
    typing: bool
    expires_in_ms: int | None
