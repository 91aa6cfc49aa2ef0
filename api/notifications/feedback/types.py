"""What a customer says of a job."""

from typing import Annotated

from msgspec import Meta

from api.clock import Time
from api.db.rows import Record
from api.requests import Body


class FeedbackDraft(Body):
    rating: Annotated[int, Meta(ge=1, le=5)]
    comment: Annotated[str, Meta(max_length=2000)] | None = None


class Feedback(Record):
    """`rating` (1 to 5) and `comment` are null until it is given."""

    booking_id: str
    rating: int | None
    comment: str | None
    asked_at: Time
    given_at: Time | None
