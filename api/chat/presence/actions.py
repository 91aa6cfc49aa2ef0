"""What others hear of somebody who comes, goes or writes."""

from collections.abc import Sequence

from api.auth import Actor
from api.chat.access import room_for_reading
from api.chat.presence import access, queries
from api.chat.presence.types import OnlineStatus, OnlineStatuses
from api.chat.privacy.queries import privacy_of
from api.db import Tx
from api.errors import RoomClosed
from api.live import sockets, stream


def online_status(tx: Tx, actor: Actor, booking_id: str) -> OnlineStatuses:
    """Raises NotFound."""
    return OnlineStatuses(queries.statuses(tx, access.people_of(tx, actor, booking_id)))


def typing_hearers(tx: Tx, actor: Actor, booking_id: str) -> list[str]:
    """Who is to hear that the actor writes; nobody where they keep it to themselves. Raises NotFound, RoomClosed."""
    if room_for_reading(tx, actor, booking_id).is_closed(tx.now):
        raise RoomClosed
    others = [user_id for user_id in access.people_of(tx, actor, booking_id) if user_id != actor.id]
    return others if privacy_of(tx, actor.id).typing else []


def note_presence(tx: Tx, came: Sequence[str], here: Sequence[str], gone: Sequence[str], node: str) -> None:
    """The users of a process: who came just now, who is to be marked as seen, and who has been gone for the grace."""
    arrived = queries.newly_here(tx, came, node) if came else []
    if here:
        sockets.see(tx, here)
    for status in arrived:
        _tell(tx, status)
    if gone:
        tell_offline(tx, gone)


def tell_offline(tx: Tx, user_ids: Sequence[str]) -> None:
    """Of those among them who are."""
    for status in queries.offline(tx, user_ids):
        _tell(tx, status)


def tell_presence(tx: Tx, user_id: str) -> None:
    """As others may see it now."""
    for status in queries.statuses(tx, [user_id]):
        _tell(tx, status)


def _tell(tx: Tx, status: OnlineStatus) -> None:
    hearers = queries.acquaintances(tx, status.id)
    stream.whisper(tx, map(stream.user_topic, hearers), "presence", status)
