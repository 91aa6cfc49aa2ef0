"""One function, one statement."""

from api.db import Tx
from api.notifications.feedback.types import Feedback
from api.platform.types import Booking

FEEDBACK = "booking_id, rating, comment, asked_at, given_at"


def ask(tx: Tx, booking: Booking) -> bool:
    """False where the customer has been asked already."""
    count = tx.run(
        "insert into feedback (booking_id, customer_id, provider_id, asked_at) values ($1, $2, $3, $4) "
        "on conflict (booking_id) do nothing",
        booking.id,
        booking.customer_id,
        booking.provider_id,
        tx.now,
    )
    return count == 1


def give(tx: Tx, booking_id: str, user_id: str, rating: int, comment: str | None) -> Feedback | None:
    """None where this customer was not asked, or has answered."""
    return tx.one(
        Feedback,
        "update feedback set rating = $3, comment = $4, given_at = $5 "
        f"where booking_id = $1 and customer_id = $2 and rating is null returning {FEEDBACK}",
        booking_id,
        user_id,
        rating,
        comment,
        tx.now,
    )


def feedback(tx: Tx, booking_id: str, user_id: str) -> Feedback | None:
    """As the customer who was asked and the provider it is about may see it."""
    return tx.one(
        Feedback,
        f"select {FEEDBACK} from feedback where booking_id = $1 and (customer_id = $2 or provider_id = $2)",
        booking_id,
        user_id,
    )


def reviewed(tx: Tx, booking_id: str) -> bool:
    """Whether the platform has told of a review."""
    found = tx.value(
        "select count(*) from platform_events where booking_id = $1 and type = 'review.created'", booking_id
    )
    return bool(found)
