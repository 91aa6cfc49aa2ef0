"""What a transcript begins with."""

from api.chat.types import Person
from api.clock import Time
from api.db.rows import Record


class Heading(Record):
    """`last_seq`: the transcript ends there, whatever is written while it is read."""

    booking_id: str
    service: str
    members: list[Person]
    made_at: Time
    last_seq: int
