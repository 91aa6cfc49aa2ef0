"""The only function that returns who is in a room for somebody."""

from api.auth import Actor
from api.chat.queries import present_members
from api.db import Tx
from api.errors import NotFound


def people_of(tx: Tx, actor: Actor, booking_id: str) -> list[str]:
    """The present members of a room, to one of them. Raises NotFound."""
    people = present_members(tx, booking_id)
    if actor.id not in people:
        raise NotFound
    return people
