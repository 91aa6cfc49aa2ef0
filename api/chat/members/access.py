"""Who may bring somebody into a room, and whom."""

from api.auth import Actor, Role
from api.chat.members import queries
from api.chat.members.types import Standing
from api.chat.types import Person
from api.db import Tx
from api.errors import Forbidden, NotFound

ADDED_BY_PLATFORM: tuple[Role, ...] = ("provider", "customer", "agent", "admin")


def room_of(tx: Tx, actor: Actor, booking_id: str) -> Standing:
    """The room, locked until the commit, as its members, the platform, and agents in a dispute may reach it.

    Raises NotFound.
    """
    if queries.lock_room(tx, booking_id) is None:
        raise NotFound
    standing = queries.standing(tx, booking_id, actor.id)
    may_join = actor.role in ("agent", "admin") and standing.booking_status == "disputed"
    if not (standing.present or actor.role == "service" or may_join):
        raise NotFound
    return standing


def newcomer(tx: Tx, actor: Actor, standing: Standing, user_id: str) -> Person:
    """Agents and admins join a dispute themselves, the booking's provider adds providers, the platform everybody.

    Raises Forbidden, NotFound.
    """
    person = queries.person(tx, user_id)
    if actor.role == "service":
        allowed = ADDED_BY_PLATFORM
    elif user_id == actor.id:
        allowed = (actor.role,)
    elif standing.is_provider:
        allowed = ("provider",)
    else:
        raise Forbidden("Only the booking's provider adds somebody to its room.")
    # Whoever cannot be added looks like nobody, so that no id can be tried out for its role.
    if person is None or person.role not in allowed:
        raise NotFound
    return person
