"""After a job its customer is asked once how it went."""

from api.auth import Actor
from api.db import Tx
from api.errors import FeedbackGiven, NotFound
from api.live import stream
from api.notifications.actions import clear, notify
from api.notifications.feedback import queries
from api.notifications.feedback.types import Feedback, FeedbackDraft
from api.notifications.types import Notice
from api.outbox import queries as outbox
from api.outbox.loop import Work
from api.outbox.types import Due
from api.platform import queries as platform

WAIT_MS = 3_600_000


def job_completed(tx: Tx, booking_id: str) -> None:
    """Ask in an hour, unless a review has come by then."""
    outbox.add(tx, "feedback.ask", booking_id, "{}", tx.now + WAIT_MS)


def _ask(tx: Tx, row: Due) -> None:
    booking = platform.booking(tx, row.subject)
    if booking is None or booking.status != "completed" or queries.reviewed(tx, booking.id):
        return
    if queries.ask(tx, booking):
        notice = Notice(
            kind="feedback.asked",
            values={"service": booking.service},
            cause=f"feedback:{booking.id}",
            dedupe_key=f"feedback:{booking.id}",
            action=f"/bookings/{booking.id}/feedback",
            booking_id=booking.id,
        )
        notify(tx, [booking.customer_id], notice)


def give(tx: Tx, actor: Actor, booking_id: str, draft: FeedbackDraft) -> Feedback:
    """The provider sees it, and the platform hears of it. Raises NotFound, FeedbackGiven."""
    booking = platform.booking(tx, booking_id)
    given = queries.give(tx, booking_id, actor.id, draft.rating, draft.comment)
    if given is None or booking is None:
        there = queries.feedback(tx, booking_id, actor.id)
        if there is None or there.rating is None:
            raise NotFound
        raise FeedbackGiven
    clear(tx, [actor.id], f"feedback:{booking_id}")
    stream.tell(tx, ["platform"], "feedback.given", f"feedback:{booking_id}", given)
    notice = Notice(
        kind="feedback.given",
        values={"service": booking.service, "rating": draft.rating},
        cause=f"event:feedback:{booking_id}",
        dedupe_key=f"feedback.given:{booking_id}",
        action=f"/bookings/{booking_id}/feedback",
        booking_id=booking_id,
    )
    notify(tx, [booking.provider_id], notice)
    return given


def unwanted(tx: Tx, user_id: str, booking_id: str) -> str | None:
    """Asked before the question goes out: an answer or a review has come."""
    there = queries.feedback(tx, booking_id, user_id)
    return "handled" if there is None or there.rating is not None or queries.reviewed(tx, booking_id) else None


works = {"feedback.ask": Work(within=_ask)}
