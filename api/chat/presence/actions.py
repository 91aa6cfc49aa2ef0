"""What others hear of somebody who comes, goes or writes."""

from collections.abc import Sequence

from api.auth import Actor
from api.chat.access import room_for_reading
from api.chat.blocks import queries as blocks
from api.chat.presence import access, queries
from api.chat.presence.types import OnlineStatus, OnlineStatuses
from api.chat.privacy.queries import privacy_of
from api.db import Tx
from api.errors import RoomClosed
from api.live import sockets, stream


def online_status(tx: Tx, actor: Actor, booking_id: str) -> OnlineStatuses:
    """Two of whom one has blocked the other do not see each other. Raises NotFound."""
    people = access.people_of(tx, actor, booking_id)
    apart = blocks.apart(tx, actor.id, people)
    found = queries.statuses(tx, people)
    return OnlineStatuses([OnlineStatus(one.id, False, None) if one.id in apart else one for one in found])


def typing_hearers(tx: Tx, actor: Actor, booking_id: str) -> list[str]:
    """Who is to hear that the actor writes; nobody where they keep it to themselves. Raises NotFound, RoomClosed."""
    if room_for_reading(tx, actor, booking_id).is_closed(tx.now):
        raise RoomClosed
    others = [user_id for user_id in access.people_of(tx, actor, booking_id) if user_id != actor.id]
    return _together(tx, actor.id, others) if privacy_of(tx, actor.id).typing else []


def _together(tx: Tx, user_id: str, people: Sequence[str]) -> list[str]:
    apart = blocks.apart(tx, user_id, people)
    return [person for person in people if person not in apart]


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
    hearers = _together(tx, status.id, queries.acquaintances(tx, status.id))
    stream.whisper(tx, map(stream.user_topic, hearers), "presence", status)
