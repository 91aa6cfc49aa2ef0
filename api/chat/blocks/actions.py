"""Somebody does not want to hear somebody else, in any of their rooms."""

from api.auth import Actor
from api.chat.actions import tell_conversation
from api.chat.blocks import queries
from api.db import Tx
from api.errors import Forbidden, NotFound
from api.outbox import queries as outbox
from api.outbox.loop import Work
from api.outbox.types import Due

# Rooms at once; two people seldom share more.
CHUNK = 20


def block(tx: Tx, actor: Actor, other_id: str) -> None:
    """Raises NotFound for whom the actor never met, Forbidden for the support desk."""
    role = queries.met(tx, actor.id, other_id)
    if role is None:
        raise NotFound
    if role not in ("provider", "customer"):
        raise Forbidden("The support desk cannot be blocked.")
    if queries.block(tx, actor.id, other_id):
        _tell(tx, actor.id, other_id, "")


def unblock(tx: Tx, actor: Actor, other_id: str) -> None:
    """Raises NotFound for whom the actor never met."""
    if queries.met(tx, actor.id, other_id) is None:
        raise NotFound
    if queries.unblock(tx, actor.id, other_id):
        _tell(tx, actor.id, other_id, "")


def _tell(tx: Tx, user_id: str, other_id: str, after: str) -> None:
    """The user's own devices, of each room in which the two are."""
    rooms = queries.shared_rooms(tx, user_id, other_id, after, CHUNK)
    for booking_id in rooms:
        tell_conversation(tx, booking_id, [user_id])
    if len(rooms) == CHUNK:
        outbox.add(tx, "chat.blocked", f"{user_id}/{other_id}/{rooms[-1]}", "{}", tx.now)


def _go_on(tx: Tx, row: Due) -> None:
    _tell(tx, *row.subject.split("/"))


works = {"chat.blocked": Work(within=_go_on)}
