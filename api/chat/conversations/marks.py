"""What a member decides about a room for themselves; their own devices hear of it, and nobody else."""

from datetime import UTC, datetime

from api.auth import Actor
from api.chat import access
from api.chat.actions import tell_conversation
from api.chat.conversations import queries
from api.chat.conversations.actions import one
from api.chat.types import Conversation
from api.clock import milliseconds
from api.db import Tx
from api.errors import InvalidRequest

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)


def archive(tx: Tx, actor: Actor, booking_id: str, archived: bool) -> Conversation:
    """The next message brings it back. Raises NotFound."""
    access.room_for_reading(tx, actor, booking_id)
    return _told(tx, actor, booking_id, queries.archive(tx, booking_id, actor.id, archived))


def mark_unread(tx: Tx, actor: Actor, booking_id: str, unread: bool) -> Conversation:
    """Until it is read again; nobody's receipts change. Raises NotFound."""
    access.room_for_reading(tx, actor, booking_id)
    return _told(tx, actor, booking_id, queries.mark_unread(tx, booking_id, actor.id, unread))


def mute(tx: Tx, actor: Actor, booking_id: str, until: datetime) -> Conversation:
    """Raises NotFound, InvalidRequest."""
    access.room_for_reading(tx, actor, booking_id)
    if until > FOR_EVER or milliseconds(until) <= tx.now:
        raise InvalidRequest.at("/until", "out_of_range", "must lie ahead, before the year 10000")
    return _told(tx, actor, booking_id, queries.mute(tx, booking_id, actor.id, milliseconds(until)))


def unmute(tx: Tx, actor: Actor, booking_id: str) -> Conversation:
    """Raises NotFound."""
    access.room_for_reading(tx, actor, booking_id)
    return _told(tx, actor, booking_id, queries.mute(tx, booking_id, actor.id, None))


def _told(tx: Tx, actor: Actor, booking_id: str, changed: bool) -> Conversation:
    if changed:
        tell_conversation(tx, booking_id, [actor.id])
    return one(tx, actor, booking_id)
