"""Whom somebody does not want to hear."""

from api.auth import Role
from api.clock import Time
from api.db.rows import Record


class Blocked(Record):
    id: str
    role: Role
    name: str
    blocked_at: Time


class BlockedPeople(Record):
    """The latest first."""

    items: list[Blocked]


class Between(Record):
    """Another member of a room: whether the actor blocks them, and they the actor."""

    blocked: bool
    blocking: bool
