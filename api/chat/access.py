"""The only functions that return a room for somebody."""

from api.auth import Actor
from api.chat import queries
from api.chat.types import Room
from api.db import Tx
from api.errors import NotFound


def room_for_reading(tx: Tx, actor: Actor, booking_id: str) -> Room:
    """Members read all, former members what was written while they were one. Raises NotFound."""
    room = queries.room(tx, booking_id, actor.id)
    if room is None:
        raise NotFound
    return room


def room_for_writing(tx: Tx, actor: Actor, booking_id: str) -> Room:
    """A present member's room, its row locked until the commit. Raises NotFound."""
    room = queries.lock_room(tx, booking_id, actor.id)
    if room is None:
        raise NotFound
    return room
