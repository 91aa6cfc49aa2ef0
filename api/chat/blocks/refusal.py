"""Who may not write to whom."""

from api.auth import Actor
from api.chat.blocks import queries
from api.chat.types import Room
from api.db import Tx
from api.errors import Blocking, MessagesRefused, Problem


def refusal(tx: Tx, actor: Actor, room: Room) -> Problem | None:
    """Where nobody in a room is left who would hear the actor.

    Whoever is blocked is told what they could find out anyway, that nothing is taken here, not by whom and why. With a
    third member in the room, a helper or an agent, everybody goes on writing to that one.
    """
    others = queries.between(tx, room.booking_id, actor.id) if room.blocks else []
    if not others or any(not other.blocked and not other.blocking for other in others):
        return None
    return Blocking() if any(other.blocked for other in others) else MessagesRefused()
