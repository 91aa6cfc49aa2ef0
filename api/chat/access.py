"""The only functions that return a room or a message for somebody."""

from api.auth import Actor
from api.chat import queries
from api.chat.messages import queries as messages
from api.chat.types import Message, Room
from api.db import Tx
from api.errors import NotFound, RoomClosed


def room_for_reading(tx: Tx, actor: Actor, booking_id: str) -> Room:
    """Members read all, former members what was written while they were one. Raises NotFound."""
    room = queries.room(tx, booking_id, actor.id)
    if room is None:
        raise NotFound
    return room


def present_room(tx: Tx, actor: Actor, booking_id: str) -> Room:
    """A present member's room, its row locked until the commit; it may be closed. Raises NotFound."""
    room = queries.lock_room(tx, booking_id, actor.id)
    if room is None:
        raise NotFound
    return room


def room_for_writing(tx: Tx, actor: Actor, booking_id: str) -> Room:
    """A present member's room, its row locked until the commit. Raises NotFound, RoomClosed."""
    room = present_room(tx, actor, booking_id)
    if room.is_closed(tx.now):
        raise RoomClosed
    return room


def message_for_reading(tx: Tx, actor: Actor, message_id: str) -> Message:
    """Raises NotFound."""
    message = messages.seen_message(tx, message_id, actor.id)
    if message is None:
        raise NotFound
    return message


def own_message(tx: Tx, actor: Actor, message_id: str) -> tuple[Room, Message]:
    """One that the actor wrote, and its room, where they are present, locked until the commit. Raises NotFound."""
    room = present_room(tx, actor, message_for_reading(tx, actor, message_id).booking_id)
    # As it is under the lock: it may have changed while we waited.
    message = message_for_reading(tx, actor, message_id)
    if message.sender.id != actor.id or message.type == "system":
        raise NotFound
    return room, message


def may_read_files(tx: Tx, actor: Actor, message_id: str) -> bool:
    """Those of a message; with it they are gone, and held."""
    message = messages.seen_message(tx, message_id, actor.id)
    if message is None or message.deleted_at is not None:
        return False
    return not message.held or message.sender.id == actor.id
