"""How far a member's devices have been sent a room."""

import msgspec

from api.db.rows import Record


class Delivered(Record):
    """A member's devices have been sent a room up to `seq`."""

    booking_id: str
    user_id: str
    seq: int


class Hearer(msgspec.Struct):
    """Who is to be told of a delivery."""

    booking_id: str
    user_id: str
    seq: int
    hearer: str
