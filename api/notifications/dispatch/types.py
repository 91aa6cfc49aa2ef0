"""How a notification went out."""

from typing import Literal

from api.clock import Time
from api.db.rows import Record
from api.notifications.kinds import Category, Priority
from api.notifications.preferences.types import ChannelName

Status = Literal["queued", "held", "attempted", "sent", "delivered", "bounced", "failed", "not_sent", "unknown"]


class Delivery(Record):
    id: str
    notification_id: str
    user_id: str
    channel: ChannelName
    category: Category
    priority: Priority
    status: Status
    due_at: int
    letter_key: str | None


class Moved(Record):
    """A delivery whose status has just changed."""

    user_id: str
    category: Category
    priority: Priority
    channel: ChannelName


class Subject(Record):
    """A notification and its person, as far as sending needs them; `over` says why it need not go out any more."""

    id: str
    user_id: str
    kind: str
    category: Category
    priority: Priority
    title: str
    body: str
    action: str | None
    cause: str
    group_key: str | None
    locale: str | None
    over: str | None


class Step(Record):
    """One way a notification took, or did not: `rule` for programs, `explanation` for people."""

    channel: ChannelName
    status: Status
    rule: str
    explanation: str
    due_at: Time
    sent_at: Time | None
    attempts: int
    changed_at: Time


class Trace(Record):
    """Why a notification reached somebody or did not, way by way."""

    steps: list[Step]
