"""A helper, a second technician or an agent comes into a room, and leaves it."""

from api.auth import Actor
from api.chat import actions as rooms
from api.chat import queries as members
from api.chat.location.actions import booking_changed
from api.chat.members import access, queries
from api.chat.members.types import MemberDraft
from api.chat.messages.actions import announce
from api.chat.search import actions as search
from api.chat.types import Person
from api.db import Tx
from api.errors import Forbidden, NotFound, TooMany

MOST_MEMBERS = 12


def add(tx: Tx, actor: Actor, booking_id: str, draft: MemberDraft) -> Person:
    """Who is in the room already stays as they are. Raises NotFound, Forbidden, TooMany."""
    room = access.room_of(tx, actor, booking_id)
    person = access.newcomer(tx, actor, room, draft.user_id)
    present = members.present_members(tx, booking_id)
    if person.id not in present:
        if len(present) >= MOST_MEMBERS:
            raise TooMany(f"At most {MOST_MEMBERS} people in a room.")
        members.add_member(tx, booking_id, person.id, actor.id)
        search.admit(tx, booking_id, person.id)
        rooms.tell_conversation(tx, booking_id, [*present, person.id])
        announce(tx, booking_id, room, f"{person.name} joined the chat.")
    return person


def remove(tx: Tx, actor: Actor, booking_id: str, user_id: str) -> None:
    """From the commit on they hear nothing, and keep what was written until then. Raises NotFound, Forbidden."""
    room = access.room_of(tx, actor, booking_id)
    present = dict(members.present_with_sponsors(tx, booking_id))
    if user_id not in present:
        raise NotFound
    added_by = present[user_id]
    if added_by is None:
        raise Forbidden("The provider and the customer belong to the booking: they change with it.")
    if actor.role != "service" and actor.id not in (user_id, added_by):
        raise Forbidden("Who added somebody removes them, or they leave themselves.")
    rooms.leave(tx, booking_id, user_id, room.last_seq)
    booking_changed(tx, booking_id)
    rooms.tell_conversation(tx, booking_id, present)
    announce(tx, booking_id, room, f"{queries.name(tx, user_id)} left the chat.")
