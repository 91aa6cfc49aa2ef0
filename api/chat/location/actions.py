"""A position is shared, moves, and is forgotten: at the end of its time, at stop, and when the booking ends."""

import msgspec

from api.auth import Actor
from api.chat.access import present_room
from api.chat.location import queries
from api.chat.location.types import Located, Position, Positions, Share, ShareDraft
from api.chat.presence.access import people_of
from api.chat.queries import present_members
from api.clock import rfc3339
from api.db import Tx
from api.db.rows import Record
from api.errors import BookingNotActive, InvalidRequest
from api.live import stream
from api.outbox import queries as outbox
from api.outbox.loop import Work
from api.outbox.types import Due

DEFAULT_SHARE_SECONDS = 900
DUE = "chat.location"


class Sharer(Record):
    booking_id: str
    user_id: str


def share(tx: Tx, actor: Actor, booking_id: str, draft: ShareDraft) -> Share:
    """Show where the actor is, or stop. Raises NotFound, BookingNotActive, InvalidRequest."""
    if draft.stop:
        _check_stop(draft)
        return _stop(tx, actor, booking_id)
    if draft.latitude is None or draft.longitude is None:
        raise InvalidRequest("Send latitude and longitude, or stop.")
    present_room(tx, actor, booking_id)
    if not queries.is_active(tx, booking_id):
        raise BookingNotActive
    ends_at = _end(tx, actor, booking_id, draft.share_for_seconds)
    accuracy = None if draft.accuracy is None else round(draft.accuracy)
    place = (_millionths(draft.latitude), _millionths(draft.longitude), accuracy)
    position = queries.put(tx, booking_id, actor.id, *place, ends_at)
    _tell(tx, booking_id, actor.id, position)
    return Share(rfc3339(ends_at))


def _check_stop(draft: ShareDraft) -> None:
    if (draft.latitude, draft.longitude, draft.accuracy, draft.share_for_seconds) != (None, None, None, None):
        raise InvalidRequest.at("/stop", "invalid", "stands alone")


def _stop(tx: Tx, actor: Actor, booking_id: str) -> Share:
    people_of(tx, actor, booking_id)
    if queries.remove(tx, booking_id, actor.id):
        _tell(tx, booking_id, actor.id, None)
    return Share(None)


def _end(tx: Tx, actor: Actor, booking_id: str, seconds: int | None) -> int:
    """When the share ends, with its due row."""
    running = queries.end_of_share(tx, booking_id, actor.id)
    if running is not None and seconds is None:
        return running
    ends_at = tx.now + (seconds or DEFAULT_SHARE_SECONDS) * 1000
    sharer = msgspec.json.encode(Sharer(booking_id, actor.id)).decode()
    outbox.add_or_hasten(tx, DUE, f"{booking_id} {actor.id}", sharer, ends_at)
    return ends_at


def _millionths(degrees: float) -> int:
    return round(degrees * queries.MILLION)


def _tell(tx: Tx, booking_id: str, user_id: str, position: Position | None) -> None:
    hearers = [other for other in present_members(tx, booking_id) if other != user_id]
    stream.whisper(tx, map(stream.user_topic, hearers), "location", Located(booking_id, user_id, position))


def positions(tx: Tx, actor: Actor, booking_id: str) -> Positions:
    """Raises NotFound."""
    people_of(tx, actor, booking_id)
    return Positions(queries.current(tx, booking_id))


def booking_changed(tx: Tx, booking_id: str) -> None:
    """Forget the positions of those who may no longer share one there."""
    for user_id in queries.remove_unfounded(tx, booking_id):
        _tell(tx, booking_id, user_id, None)


def expire(tx: Tx, row: Due) -> int | None:
    """The end of a share, unless it was made longer meanwhile."""
    sharer = msgspec.json.decode(row.body, type=Sharer)
    if queries.remove_ended(tx, sharer.booking_id, sharer.user_id):
        _tell(tx, sharer.booking_id, sharer.user_id, None)
    return queries.end_of_share(tx, sharer.booking_id, sharer.user_id)


works = {DUE: Work(within=expire)}
