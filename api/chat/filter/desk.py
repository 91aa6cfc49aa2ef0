"""An agent decides what becomes of a message that the filter holds."""

from api.auth import Actor
from api.chat import queries as rooms
from api.chat.filter import queries
from api.chat.filter.types import Filtered, State
from api.chat.messages import queries as messages
from api.chat.messages.actions import tell_deleted, tell_edited
from api.chat.types import Message
from api.db import Tx
from api.errors import NotFound, NotHeld


def release(tx: Tx, actor: Actor, filtered_id: str) -> Filtered:
    """Everybody in the room sees it from now on. Raises NotFound, NotHeld."""
    decided = _decide(tx, actor, filtered_id, "released")
    messages.release(tx, decided.message_id, decided.shown)
    tell_edited(tx, _message(tx, decided))
    return decided


def reject(tx: Tx, actor: Actor, filtered_id: str) -> Filtered:
    """An empty message stays in its place. Raises NotFound, NotHeld."""
    decided = _decide(tx, actor, filtered_id, "rejected")
    messages.delete(tx, decided.message_id)
    tell_deleted(tx, _message(tx, decided))
    return decided


def _decide(tx: Tx, actor: Actor, filtered_id: str, state: State) -> Filtered:
    found = _filtered(tx, filtered_id)
    # Under the room's lock, as its sender's own changes are.
    rooms.lock_place(tx, found.booking_id)
    if not queries.decide(tx, filtered_id, state, actor.id):
        raise NotHeld
    return _filtered(tx, filtered_id)


def _filtered(tx: Tx, filtered_id: str) -> Filtered:
    found = queries.filtered(tx, filtered_id)
    if found is None:
        raise NotFound
    return found


def _message(tx: Tx, decided: Filtered) -> Message:
    found = messages.message_by_id(tx, decided.message_id)
    if found is None:
        raise NotFound
    return found
